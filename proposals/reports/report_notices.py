"""What messages about reports say, for whoever may see the report then (S4, S20)."""

from members.inbox.registry import Rendered, Subject, register_heading
from proposals.handling import matter_notices
from proposals.handling.models import Access, Matter

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
    register_heading("accepted", "您的 {n} 篇信息已采用，正在编辑")
    register_heading("kept", "您的 {n} 篇信息留存备查")
    matter_notices.register((f"{PREFIX}{name}" for name in WORDS), _words, related=["report__decided_reason"])


def _words(template: str, subject: Subject, matter: Matter) -> Rendered:
    name, report = template.removeprefix(PREFIX), matter.report
    title = WORDS[name].format(number=matter.number or "")
    reason = f"{report.decided_reason}。" if report.decided_reason else ""
    said = f"{reason}{report.decided_text}" if name in REASONED else ""
    return Rendered(
        title=title,
        body="\n".join(part for part in (f"《{matter.title}》", said) if part),
        url=matter.get_absolute_url(),
        outside=title if matter.access == Access.OPEN else "",
    )
