"""What happens to a report outside, in words: for the timeline, and for those who stand behind it (S4, S20)."""

from members.inbox.registry import Rendered, Subject
from proposals.handling import events, matter_notices
from proposals.handling.events import AUTHORS, Verb
from proposals.handling.eyes import Eye
from proposals.handling.models import Access, Matter
from proposals.handling.reminders import name_of

VERBS = {
    "report_adopted": Verb("{adopter}采用（{form}）{journal}，采用日期{on}", AUTHORS, "ok"),
    "report_adoption_dropped": Verb("撤销{adopter}的采用记录：{reason}", AUTHORS, "warn"),
    "report_read": Verb("{level}领导圈阅", frozenset({Eye.STAFF})),
    "report_instructed": Verb("{level}领导{kind}", AUTHORS, "ok"),
    "report_read_dropped": Verb("撤销{level}领导{kind}的记录：{reason}", frozenset({Eye.STAFF}), "warn"),
    "report_instruction_dropped": Verb("撤销{level}领导{kind}的记录：{reason}", AUTHORS, "warn"),
    "report_instruction_released": Verb("{level}领导批示的内容可以告知反映人", AUTHORS),
    "report_given": Verb("交{units}办理", AUTHORS),
    "report_given_again": Verb("再次交{units}办理", AUTHORS),
    "report_imported": Verb("历史登记（{source}）：{note}", frozenset({Eye.STAFF})),
    "report_answered": Verb("{on}向反映人反馈{units}的办理结果", AUTHORS, "ok"),
    "report_answer_corrected": Verb("{on}更正{before}的反馈：{reason}", AUTHORS, "warn"),
}
WORDS = {
    "report_adopted": "您反映的信息已被采用",
    "report_adoption_dropped": "一条采用记录已更正",
    "report_instructed": "您反映的信息得到领导批示",
    "report_instruction_dropped": "一条领导批示记录已更正",
    "report_instruction_released": "领导批示的内容可以查看",
    "report_given": "您反映的信息已交有关部门办理",
    "report_given_again": "您反映的信息再次交有关部门办理",
    "report_answered": "您反映的信息有了办理结果，请查看",
    "report_answer_corrected": "以前告知您的办理结果有更正，请查看",
}


def register() -> None:
    events.register(VERBS)
    matter_notices.register(WORDS, _words)


def _words(name: str, subject: Subject, matter: Matter) -> Rendered:
    """Outside the house no title, and of what is not open not even the step."""
    outside = WORDS[name] if matter.access == Access.OPEN else ""
    return Rendered(title=f"{WORDS[name]}：{name_of(matter)}", url=matter.get_absolute_url(), outside=outside)
