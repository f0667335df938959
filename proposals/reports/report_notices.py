"""What messages about reports say, for whoever may see the report then (S4, S20)."""

from collections.abc import Sequence

from members.inbox.registry import Pair, Rendered, register_templates
from members.models import Person
from proposals.handling.models import Access
from proposals.reports.models import Report

PREFIX = "report_"  # of a template's name
WORDS: dict[str, str] = {
    "submitted": "信息已收到，编号{number}",
    "urgent": "收到急报，请当日筛选",
    "returned": "信息退回修改",
    "kept": "信息留存备查",
    "referred": "信息已转有关单位研究",
    "accepted": "信息已采用，正在编辑",
    "led": "信息转为提案线索，您可以据此写提案",
    "withdrawn": "信息已撤回",
}
REASONED = ("returned", "kept", "referred", "led")
"""These carry what the office wrote for the author."""


def register() -> None:
    register_templates((f"{PREFIX}{name}" for name in WORDS), _render)


def _render(pairs: Sequence[Pair], person: Person) -> list[Rendered | None]:
    wanted = [subject["matter"] for _, subject in pairs]
    found = Report.objects.visible_to(person).filter(matter__public_id__in=wanted)
    rows = {str(row.matter.public_id): row for row in found.select_related("matter", "decided_reason")}
    return [_words(name.removeprefix(PREFIX), rows.get(subject["matter"])) for name, subject in pairs]


def _words(name: str, report: Report | None) -> Rendered | None:
    if report is None:
        return None
    matter = report.matter
    title = WORDS[name].format(number=matter.number or "")
    reason = f"{report.decided_reason}。" if report.decided_reason else ""
    said = f"{reason}{report.decided_text}" if name in REASONED else ""
    return Rendered(
        title=title,
        body="\n".join(part for part in (f"《{matter.title}》", said) if part),
        url=matter.get_absolute_url(),
        outside=title if matter.access == Access.OPEN else "",
    )
