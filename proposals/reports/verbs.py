"""What happens to opinions and reports, in which words, and for whose eyes (S4)."""

from proposals.handling import events
from proposals.handling.events import AUTHORS, Verb
from proposals.handling.eyes import Eye

OFFICE = frozenset({Eye.STAFF})

VERBS = {
    "opinion_received": Verb("由{origin}转为意见建议", AUTHORS),
    "opinion_entered": Verb("登记{source}意见建议（{on}）{occasion}", AUTHORS),
    "opinion_passed": Verb("{on}转{to}研究", AUTHORS),
    "opinion_answered": Verb("{unit}答复，答复日期{on}", AUTHORS, "ok"),
}

EDITING = {
    "report_edited": Verb("保存编辑稿（第{number}稿）", OFFICE),
    "report_author_asked": Verb("请{who}核对编辑稿（第{number}稿）", AUTHORS, plain="请反映人核对编辑稿"),
    "report_author_answered": Verb("{who}核对编辑稿：{answer}", AUTHORS, plain="反映人核对了编辑稿"),
    "report_combined": Verb("与{main}合并编辑", AUTHORS, plain="与同类信息合并编辑"),
    "report_took_in": Verb("{other}并入本篇", OFFICE),
    "report_parted": Verb("取消与{main}的合并：{reason}", AUTHORS, plain="改为单独编辑"),
    "report_let_go": Verb("{other}不再并入本篇", OFFICE),
    "report_sent_to_sign": Verb("编入{issue}送签", OFFICE),
    "report_sent_back": Verb("{issue}退回修改", OFFICE, "warn"),
    "report_issued": Verb("编入{issue}", AUTHORS, "ok"),
    "report_sent_up": Verb("{on}报送{to}", AUTHORS, "ok"),
    "report_delivery_dropped": Verb("撤销{on}发送{to}的登记：{reason}", OFFICE, "warn"),
    "report_issue_closed": Verb("{issue}不再向委员开放：{reason}", OFFICE, "warn"),
    "report_delivered": Verb("{on}发送{to}", OFFICE),
}
WRITING = {
    "report_submitted": Verb("提交，编号{number}", AUTHORS, "ok"),
    "report_resubmitted": Verb("修改后重新提交", AUTHORS, "ok"),
    "report_from_proposal": Verb("由{origin}转为社情民意信息，编号{number}", AUTHORS, "ok"),
    "report_discarded": Verb("删除草稿", AUTHORS),
    "report_withdrawn": Verb("撤回：{reason}", AUTHORS, "warn"),
}
SCREENING = {
    "report_claimed": Verb("开始筛选", OFFICE),
    "report_released": Verb("放回待筛选", OFFICE),
    "report_returned": Verb("退回修改：{reason}　{text}", AUTHORS, "warn"),
    "report_kept": Verb("留存备查：{reason}　{text}", AUTHORS),
    "report_referred": Verb("{on}原文转{to}研究", AUTHORS, "ok"),
    "report_accepted": Verb("采编，进入编辑", AUTHORS, "ok"),
    "report_led": Verb("转为提案线索", AUTHORS, "ok"),
    "report_lead_withdrawn": Verb("撤销转提案线索，重新筛选：{reason}", AUTHORS, "warn"),
    "report_became_proposal": Verb("据此起草提案", AUTHORS, "ok"),
    "report_level_set": Verb("级别由{old}调整为{new}：{reason}", OFFICE, "warn"),
}


def register() -> None:
    events.register(VERBS | WRITING | SCREENING | EDITING)
