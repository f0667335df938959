"""What the side menu offers of proposals."""

from members.navigation import Entry
from members.navigation import register as offer


def register() -> None:
    offer(
        Entry("我的", "写提案", "pen-line", "proposals:begin", "proposals.write", order=10),
        Entry("我的", "我的提案", "file-text", "proposals:mine", "proposals.own", order=20),
        Entry("办理", "提案", "list", "proposals:list", "proposals.list", order=10),
        Entry("办理", "收件登记", "clipboard-list", "proposals:register", "proposals.enter", order=20),
        Entry("办理", "审查立案", "gavel", "proposals:review_queue", "proposals.review", order=30),
        Entry("办理", "统一编号", "hash", "proposals:numbering", "proposals.number", order=40),
        Entry("办理", "拟办与交办", "send", "proposals:allocation", "proposals.allocate", order=50),
        Entry(
            "办理",
            "承办意向征求",
            "message-square-reply",
            "proposals:consultations",
            "proposals.answer_preconsultation",
            order=68,
        ),
        Entry("办理", "下载本单位提案", "download", "proposals:unit_papers", "handling.read_unit", order=70),
        Entry("办理", "公开审查", "eye", "proposals:disclosures", "proposals.disclosures", order=62),
        Entry("办理", "转报上级", "send", "proposals:sent_up", "proposals.sent_up", order=63),
        Entry("办理", "涉密占位", "lock", "proposals:placeholder", "proposals.placeholder", order=65),
        Entry("办理", "大会提案情况", "chart-column", "proposals:plenary", "proposals.plenary", order=60),
        Entry("办理", "上级交办件", "landmark", "proposals:handed_down", "proposals.handed_down", order=52),
        Entry("办理", "重点提案", "flag", "proposals:key_list", "proposals.key_list", order=55),
        Entry("办理", "表彰评选", "star", "proposals:honours", "proposals.honours", order=57),
        Entry("我的", "我领办的重点提案", "flag", "proposals:led", "proposals.led", order=30),
        Entry("管理", "提案设置", "sliders-horizontal", "proposal_settings:choices", "proposals.settings", order=69),
    )
