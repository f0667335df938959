"""What can happen, in which words, and for whose eyes (S4)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import QuerySet

from members.days import short_day
from members.shown import Went

from .eyes import Eye, Eyes, eyes
from .models import Assignment, Event, Matter

ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
ALL = frozenset({Eye.PROPOSER, Eye.STAFF, Eye.OFFICE, Eye.UNIT, Eye.UNITS, Eye.LEADER})
INSIDE = frozenset({Eye.STAFF, Eye.OFFICE})
AUTHORS = frozenset({Eye.PROPOSER, Eye.STAFF})
OWN_UNIT = frozenset({Eye.STAFF, Eye.OFFICE, Eye.UNIT})
OWN_UNIT_AND_PROPOSER = OWN_UNIT | {Eye.PROPOSER}
INSIDE_UNIT = frozenset({Eye.UNIT})
REVIEWING = frozenset({Eye.STAFF, Eye.REVIEWER})


@dataclass(frozen=True)
class Verb:
    """`label` may name facts in braces; `tone` colours the timeline.

    `plain` are the words for those of the audience who learn of the fact and no more: the proposers (S2).
    What happens `by_rule` names nobody: the unit would learn whose form was the last (S2).
    """

    label: str
    audience: frozenset[Eye]
    tone: Went = ""
    plain: str = ""
    by_rule: bool = False


VERBS: dict[str, Verb] = {}


def register(verbs: Mapping[str, Verb]) -> None:
    VERBS.update(verbs)


register(
    {
        "assigned": Verb("交办给{units}", ALL, "ok"),
        "signed_for": Verb("{unit}签收", ALL, "ok"),
        "objected": Verb("{unit}申请退回：{reason}", OWN_UNIT_AND_PROPOSER, "warn", plain="{unit}申请退回"),
        "objection_answered": Verb("{unit}对接办的意见：{answer}", OWN_UNIT),
        "objection_asked": Verb("征求{unit}对接办的意见", OWN_UNIT),
        "coordination_called": Verb("定于{meets_on}在{place}召开协调会，邀请{units}", OWN_UNIT, "warn"),
        "coordination_opinion": Verb("{unit}对接办的意见：{answer}", OWN_UNIT),
        "coordination_off": Verb("协调会取消", OWN_UNIT),
        "ruled": Verb(
            "{held_on}协调会裁定：{ruling}（{units}）",
            OWN_UNIT_AND_PROPOSER,
            "warn",
            plain="经协调会研究，承办单位已经明确",
        ),
        "objection_coordinated": Verb("召开协调会", OWN_UNIT, "warn"),
        "objection_refused": Verb("退回申请未获同意，{unit}继续办理", OWN_UNIT_AND_PROPOSER),
        "objection_withdrawn": Verb("{unit}撤回退回申请", OWN_UNIT),
        "objection_lapsed": Verb("主办单位已答复，{unit}的退回申请不再处理", OWN_UNIT),
        "reassigned": Verb("由{old}调整为{new}办理", ALL, "warn"),
        "unit_added": Verb("增加{unit}{role}", ALL, "warn"),
        "unit_released": Verb("{unit}不再承办", ALL, "warn"),
        "lead_changed": Verb("改由{new}主办，{old}会办", ALL, "warn"),
        "successor_needed": Verb("{unit}已撤销，待指定承接单位", OWN_UNIT, "warn"),
        "succeeded": Verb("{old}的职责由{new}承接", ALL),
        "passed_inside": Verb("转{section}{handler}办理", INSIDE_UNIT),
        "extension_asked": Verb("{unit}申请延期至{to}", OWN_UNIT, "warn"),
        "extension_agreed": Verb("{office}同意{unit}延期，待另一方审批", OWN_UNIT),
        "extension_granted": Verb("同意{unit}延期，答复期限改为{to}", OWN_UNIT_AND_PROPOSER, "warn"),
        "extension_refused": Verb("不同意{unit}延期", OWN_UNIT),
        "extension_revoked": Verb("撤销{unit}的延期，期限改回{to}：{reason}", OWN_UNIT_AND_PROPOSER, "warn"),
        "extension_withdrawn": Verb("{unit}撤回延期申请", OWN_UNIT),
        "contacted": Verb("{unit}{mode}沟通", OWN_UNIT_AND_PROPOSER, "ok"),
        "contact_confirmed": Verb("提案者核对沟通记录：{answer}", OWN_UNIT_AND_PROPOSER),
        "opinion_sent": Verb("{unit}提交会办意见", OWN_UNIT | {Eye.LEAD}, "ok"),
        "reply_drafted": Verb("写好答复稿，请联络员核对", INSIDE_UNIT),
        "reply_sent_up": Verb("答复稿送签（第{number}稿）", INSIDE_UNIT),
        "reply_signed": Verb("{kind}：{who}同意", INSIDE_UNIT, "ok"),
        "reply_sent_back": Verb("{kind}：{who}退回修改：{reason}", INSIDE_UNIT, "warn"),
        "countersign_asked": Verb("{unit}的答复稿（第{number}稿）送{units}会签", OWN_UNIT | {Eye.CO}),
        "countersigned": Verb("{unit}会签{answer}{late}", OWN_UNIT | {Eye.LEAD}),
        "countersign_settled": Verb("主办单位对{unit}会签意见的处理：{text}", OWN_UNIT | {Eye.LEAD}),
        "reply_taken_back": Verb("第{number}稿撤回送签", INSIDE_UNIT),
        "reply_check_asked": Verb("{unit}的答复已签发，送交办机构审核", OWN_UNIT, "warn"),
        "class_changed": Verb("审核时将{what}由{old}类改为{new}类：{reason}", OWN_UNIT, "warn"),
        "reply_date_asked": Verb("{unit}补录答复函，待确认落款日期", OWN_UNIT, "warn"),
        "reply_returned": Verb("{unit}的答复退回修改", OWN_UNIT, "warn"),
        "replied_without": Verb("未等{units}的会办意见即答复：{reason}", OWN_UNIT),
        "replied": Verb("{unit}答复（{result}类）", ALL, "ok"),
        "appraised": Verb("{unit}评议提案", frozenset({Eye.STAFF, Eye.UNIT})),
        "disclosure_proposed": Verb("{unit}提出答复的公开属性：{attribute}", REVIEWING | {Eye.UNIT, Eye.OFFICE}),
        "disclosure_returned": Verb("公开属性退回{unit}补充：{reason}", REVIEWING | {Eye.UNIT}, "warn"),
        "evaluated": Verb("{who}提交评价", frozenset({Eye.STAFF})),
        "evaluation_withdrawn": Verb("{who}撤回评价", frozenset({Eye.STAFF})),
        "evaluation_confirmed": Verb("核对纸质评价", frozenset({Eye.STAFF})),
        "evaluation_rejected": Verb("{who}的纸质评价退回：{reason}", frozenset({Eye.STAFF})),
        "evaluation_checked": Verb("核查{who}的评价", frozenset({Eye.STAFF})),
        "dissatisfaction_explained": Verb("{on}向{who}作了说明，提案者接受", frozenset({Eye.STAFF})),
        "evaluation_late": Verb("{who}逾期提交评价", frozenset({Eye.STAFF})),
        "round_closed": Verb("{unit}第{round}轮评价结束", ALL, by_rule=True),
        "consultation_due": Verb("{unit}二次办理后仍不满意，由交办机构组织联合会商", OWN_UNIT_AND_PROPOSER, "warn"),
        "rehandling": Verb("转{unit}二次办理", ALL, "warn"),
        "joint_consulted": Verb("联合会商", ALL, "warn"),
        "closed": Verb("办结{note}", ALL, "ok", by_rule=True),
        "answered_offline": Verb("线下答复，答复日期{on}", ALL, "ok"),
        "history_closed": Verb("历史提案办结：登记簿记载于{on}办结", ALL, "ok"),
        "reopened": Verb("重新办理", ALL, "warn"),
        "archived": Verb("归档", ALL),
        "promised": Verb("{unit}承诺事项{count}项", ALL, "ok"),
        "promises_carried": Verb("{old}没有落实的承诺事项由{unit}继续落实", ALL, "warn"),
        "promise_progress": Verb("第{number}项承诺的进展：{text}", OWN_UNIT_AND_PROPOSER),
        "promise_delay_asked": Verb("{unit}申请把第{number}项承诺调整到{to}：{reason}", OWN_UNIT, "warn"),
        "promise_delayed": Verb("第{number}项承诺的日期由{old}调整为{to}", OWN_UNIT_AND_PROPOSER, "warn"),
        "promise_delay_refused": Verb("不同意调整第{number}项承诺的日期：{reason}", OWN_UNIT),
        "promise_reported": Verb("{unit}报告第{number}项承诺已落实，待核实", OWN_UNIT, "ok"),
        "promise_returned": Verb("第{number}项承诺的落实情况退回：{reason}", OWN_UNIT, "warn"),
        "promise_kept": Verb("{unit}第{number}项承诺已落实：{promise}", ALL, "ok"),
        "promise_missed": Verb("{unit}第{number}项承诺到期没有落实，重新办理：{promise}", OWN_UNIT, "warn"),
        "promise_word_passed": Verb("第{number}项承诺可以公开：{word}", INSIDE),
        "promise_word_refused": Verb("第{number}项承诺不公开：{reason}", INSIDE),
        "chased": Verb("催办{unit}　{text}", OWN_UNIT, "warn"),
        "quieted": Verb("停止自动催办：{reason}", INSIDE, "warn"),
        "unquieted": Verb("恢复自动催办：{reason}", INSIDE),
        "sheet_issued": Verb("向{unit}印发督办单（{how}）", OWN_UNIT, "warn"),
        "sheet_aside": Verb("督办单不发：{note}", INSIDE),
        "suspended": Verb("暂停查看（保密核查）", INSIDE, "warn"),
        "other_suspended": Verb("内容相关的{other}暂停查看，请核对本件是否也含有同样内容", INSIDE, "warn"),
        "suspension_lifted": Verb("恢复查看", INSIDE),
        "purge_asked": Verb("申请清除内容", INSIDE, "warn"),
        "purged": Verb("内容已清除", INSIDE, "warn"),
        "clock_changed": Verb("{clock}期限由{old}改为{new}：{reason}", OWN_UNIT),
        "office_clock_changed": Verb("{clock}期限由{old}改为{new}：{reason}", INSIDE),
        "person_clock_changed": Verb("{clock}期限由{old}改为{new}：{reason}", frozenset({Eye.STAFF})),
        "inside_clock_changed": Verb("{clock}期限由{old}改为{new}：{reason}", INSIDE_UNIT),
    }
)


def timeline(user: Any, matter: Matter, view: Eyes | None = None) -> list[tuple[Event, str, Went]]:
    """Events that `user` may read, newest first: (event, sentence, tone)."""
    view = view or eyes(user, matter)
    events: QuerySet[Event] = matter.events.select_related("by", "payload", "assignment").order_by("-seq")
    shown = []
    for event in events:
        verb = VERBS[event.verb]
        if readable(verb.audience, view, event.assignment):
            whole = not verb.plain or readable(OWN_UNIT, view, event.assignment)
            shown.append((event, sentence(verb.label if whole else verb.plain, event), verb.tone))
    return shown


def readable(audience: Iterable[Eye], view: Eyes, assignment: Assignment | None) -> bool:
    """Whether someone with this view reads what is about `assignment`, or about the matter as a whole."""
    return bool(view.of(assignment) & set(audience))


class _Facts(dict[str, Any]):
    def __getitem__(self, key: str) -> Any:
        value = super().__getitem__(key)
        return short_day(date.fromisoformat(value)) if isinstance(value, str) and ISO_DAY.fullmatch(value) else value

    def __missing__(self, key: str) -> str:
        return "…"


def sentence(label: str, event: Event) -> str:
    """The event in words; an erased payload leaves the bare words."""
    payload = getattr(event, "payload", None)
    return label.format_map(_Facts(payload.facts if payload else {}))
