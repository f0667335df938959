"""Invented, believable texts for demonstration data: the same seed and number give the same words.

No name, place or case here is real.
"""

import random
from dataclasses import dataclass

from .topics import TOPICS, Topic

PLACES = (
    "望澜区",
    "云汀区",
    "临澈新区",
    "清禾县",
    "松屿县",
    "霁月街道",
    "白苇街道",
    "桂垄镇",
    "柳塘镇",
    "青葙镇",
    "鹭洲片区",
    "石榴巷社区",
    "东篱路沿线",
    "兰圃片区",
    "杏坞村一带",
    "长禾湾",
    "望澜老城",
    "云汀大学园区",
    "临澈科创园",
    "清禾河两岸",
    "松屿北部山区",
    "梧桐里社区",
)
SURNAMES = "周吴郑冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻柏水窦章云苏潘葛奚范彭郎鲁韦昌马苗凤花方俞任袁柳酆鲍史唐"
DOUBLE_SURNAMES = ("欧阳", "司徒", "上官", "诸葛", "慕容", "端木")
FIRST_OF_NAME = "听望怀知见若疏沐以景书砚云清予南北秋青临可远素闻亦半初"
LAST_OF_NAME = "山雨禾澜舟秋溪松野川岚竹棠屿澄汀苇霁渔麓鹿桐榆桥砚石白夏微宁"
RARE_NAMES = ("䶮", "𠮷", "㛃", "堃", "翀", "頔", "喆", "𬱖", "犇", "昇䶮", "𠮷禾", "沐𬱖")
OPENINGS = (
    "近期，我们就此走访了相关单位和居民。",
    "这一问题群众反映较为集中。",
    "经实地察看和座谈，现将有关情况说明如下。",
    "随着城市发展，这项工作已有一定基础，但仍有短板。",
    "在调研中，基层同志和群众普遍提到以下情况。",
)
TITLE_ENDS = ("的建议", "的提案", "的几点建议", "的若干建议")
REASONS = {
    "objection": (
        "本单位“三定”规定中没有这项职责，相关工作由{other}主管，建议调整。",
        "提案主要内容涉及{other}的审批事项，我单位仅负责其中一个环节，建议改为会办。",
        "机构改革后该职责已划转，现由{other}承担。",
        "该路段由{other}建设并养护，我单位没有管理权限。",
    ),
    "extension": (
        "需与{other}共同踏勘后才能确定方案，踏勘安排在下月上旬。",
        "涉及资金安排，需待预算调整后答复，申请延期。",
        "提案者目前在外地，约定回来后当面沟通，申请延期。",
        "相关管理办法正在公开征求意见，待意见汇总后一并答复。",
    ),
    "return": (
        "案由与内容不一致，请围绕一件事情提出。",
        "建议部分较笼统，请写明希望由谁做什么。",
        "引用的数据没有写明来源，请补充。",
        "内容涉及两件不相干的事，请分别提出。",
    ),
    "decline": (
        "所提事项属于诉讼程序中的问题，按规定不予立案，建议通过司法途径解决。",
        "所提问题属于个人诉求，已转有关部门按信访程序处理。",
        "内容已在本次会议其他提案中提出并立案，作为意见转送参考。",
    ),
    "dissatisfied": (
        "答复只说了已经做的工作，没有回答所提的第二条建议。",
        "没有与我联系沟通就作出答复，情况与实际不符。",
        "列入计划但没有时间表，希望明确何时完成。",
        "与三年前的答复几乎相同，问题依旧。",
    ),
}
CONTACTS = (
    "上门走访，介绍了前期工作和初步打算，听取对{subject}的意见。",
    "邀请提案者到现场察看，就存在的问题逐条交换意见。",
    "电话沟通了办理进度，约定答复前再当面听取意见。",
    "召开座谈会，会办单位参加，提案者补充了基层的具体情况。",
)
CO_OPINIONS = (
    "我单位赞成所提建议。涉及我单位的事项，已列入年度工作安排，将配合主办单位推进。",
    "所提建议中涉及资金的部分，建议在现有专项中统筹，不足部分纳入明年预算。",
    "我单位已就相关要求作了梳理，建议在实施方案中明确各方分工和时限。",
)
ANSWERS = {
    "A": ("该项工作已经完成：{done}", "您所提的建议已经采纳并落实。{done}", "目前已经解决。{done}"),
    "B": (
        "该建议已列入工作计划，预计{when}完成。{plan}",
        "我们正在抓紧推进：{plan}力争{when}见到成效。",
        "此项已纳入年度任务，{plan}",
    ),
    "C": (
        "受{limit}限制，目前暂不具备实施条件，您的建议我们将留作工作参考。",
        "目前条件尚不具备，待时机成熟再作研究。",
        "经会同有关单位研究，近期难以解决，主要是{limit}。",
    ),
    "E": (
        "该事项由省级主管部门决定，我们已将建议如实反映。",
        "审批权限在省里，市里已按程序报告。",
        "相关标准由省里统一制定，您的建议我们已书面上报。",
    ),
}
DONE = (
    "相关办法已印发执行，并向社会公布。",
    "首批点位已建成投用，群众反映较好。",
    "排查出的问题已逐一整改，并建立了巡查台账。",
)
PLANS = ("已完成现场踏勘和方案比选。", "已落实牵头科室和责任人，按月调度。", "正在履行立项程序，同步征求居民意见。")
WHENS = ("今年年底前", "明年上半年", "两年内", "明年汛期前")
LIMITS = ("用地条件", "现行政策", "财力", "建设时序")


@dataclass(frozen=True)
class Draft:
    """An invented proposal; `units` are names of default bodies, the lead first."""

    title: str
    category: str
    subject: str
    situation: str
    analysis: str
    suggestions: tuple[str, ...]
    units: tuple[str, ...]


class Writer:
    """Writes by seed; asking twice for the same number gives the same text."""

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed

    def proposal(self, number: int) -> Draft:
        chance = self.chance("proposal", number)
        topic = chance.choice(TOPICS)
        place = chance.choice(PLACES)
        asks = chance.sample(topic.asks, chance.randint(min(2, len(topic.asks)), min(5, len(topic.asks))))
        return Draft(
            title=title_of(topic, place, chance),
            category=topic.category,
            subject=topic.subject,
            situation=paragraph(chance.choice(OPENINGS), topic.facts, place, chance),
            analysis=paragraph("造成上述情况的主要原因：", topic.causes, place, chance),
            suggestions=tuple(filled(ask, place, chance) for ask in asks),
            units=(topic.lead, *topic.co[: chance.choice((0, 1, 1, 2))]),
        )

    def person(self, number: int) -> str:
        """An invented name; about one in twenty-five has a character that many systems lose."""
        chance = self.chance("person", number)
        surname = chance.choice(DOUBLE_SURNAMES) if chance.random() < 0.02 else chance.choice(SURNAMES)
        if chance.random() < 0.04:
            return surname + chance.choice(RARE_NAMES)
        if chance.random() < 0.15:
            return surname + chance.choice(LAST_OF_NAME)
        return surname + chance.choice(FIRST_OF_NAME) + chance.choice(LAST_OF_NAME)

    def reply(self, number: int, draft: Draft) -> str:
        """The general part of a reply letter."""
        chance = self.chance("reply", number)
        thanks = chance.choice(
            (
                "感谢您对这项工作的关心和支持。",
                "您的提案调研深入，对我们改进工作很有帮助。",
                "收到提案后，我单位高度重视，专题作了研究。",
            )
        )
        met = chance.choice(
            ("办理中，我们与您当面沟通了情况。", "我们会同会办单位到现场作了察看。", "承办科室与您电话交换了意见。")
        )
        return f"您提出的“{draft.title}”收悉。{thanks}{met}现将办理情况答复如下。"

    def answer(self, number: int, result: str) -> str:
        """The answer to one suggestion in class A, B, C or E."""
        chance = self.chance("answer", number)
        parts = {
            "done": chance.choice(DONE),
            "plan": chance.choice(PLANS),
            "when": chance.choice(WHENS),
            "limit": chance.choice(LIMITS),
        }
        return chance.choice(ANSWERS[result]).format(**parts)

    def reason(self, number: int, use: str, other: str = "其他单位") -> str:
        """A reason for `use`: objection, extension, return, decline or dissatisfied."""
        return self.chance(use, number).choice(REASONS[use]).format(other=other)

    def contact(self, number: int, subject: str) -> str:
        return self.chance("contact", number).choice(CONTACTS).format(subject=subject)

    def opinion(self, number: int) -> str:
        return self.chance("opinion", number).choice(CO_OPINIONS)

    def doc_no(self, unit: str) -> str:
        """How a unit numbers its letters, such as 教育函〔{年}〕{序号}号, from its own name."""
        return unit.removeprefix("市").removeprefix("委")[:2] + "函〔{年}〕{序号}号"

    def chance(self, kind: str, number: int) -> random.Random:
        return random.Random(f"{self.seed}:{kind}:{number}")  # noqa: S311  # the same words each time are the point


def title_of(topic: Topic, place: str, chance: random.Random) -> str:
    verb = chance.choice(topic.verbs.split())
    where = chance.choice((place, "我市", "全市", ""))
    return f"关于{verb}{where}{topic.subject}{chance.choice(TITLE_ENDS)}"


def paragraph(opening: str, sentences: tuple[str, ...], place: str, chance: random.Random) -> str:
    chosen = chance.sample(sentences, chance.randint(min(2, len(sentences)), len(sentences)))
    words = ("一是", "二是", "三是", "四是")
    return (
        opening
        + "\n"
        + "\n".join(word + filled(sentence, place, chance) for word, sentence in zip(words, chosen, strict=False))
    )


def filled(sentence: str, place: str, chance: random.Random) -> str:
    return sentence.format(
        place=place, n=chance.randint(12, 48), m=chance.randint(2, 9), y=chance.choice((2022, 2023, 2024, 2025))
    )
