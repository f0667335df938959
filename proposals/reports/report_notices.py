"""What messages about reports say, for whoever may see the report then (S4, S20)."""

from functools import partial

from django.urls import reverse

from members.inbox.registry import Rendered, Subject, register_heading, register_template
from members.models import Person
from members.rights import may
from proposals.handling import matter_notices
from proposals.handling.models import Access, Matter
from proposals.reports.models import Referral

PREFIX = "report_"  # of a template's name
WORDS: dict[str, str] = {
    "submitted": "信息已收到，编号{number}",
    "urgent": "收到急报，请当日筛选",
    "returned": "信息退回修改",
    "kept": "信息留存备查",
    "referred": "信息已转有关单位研究",
    "accepted": "信息已采编，编辑正在整理",
    "led": "信息转为提案线索，您可以据此写提案",
    "lead_withdrawn": "信息不再作为提案线索，重新筛选",
    "withdrawn": "信息已撤回",
}
REASONED = ("returned", "kept", "referred", "led", "lead_withdrawn")
"""These carry what the office wrote for the author."""


LEADS = {
    "lead_came": "收到提案转来的社情民意线索",
    "lead_taken_back": "一条提案转来的社情民意线索已由提案委撤回，请不要再使用",
}
"""What the report office hears; which proposal it was stands in its list alone."""


def register() -> None:
    for name, title in LEADS.items():
        register_template(name, partial(_of_lead, title))
    register_heading("accepted", "您的 {n} 篇信息已采编，编辑正在整理")
    register_heading("kept", "您的 {n} 篇信息留存备查")
    matter_notices.register((f"{PREFIX}{name}" for name in WORDS), _words, related=["report__decided_reason"])


def _of_lead(title: str, subject: Subject, person: Person) -> Rendered | None:
    gone = subject and not Referral.objects.visible_to(person).filter(public_id=subject["referral"]).exists()
    if gone or not may(person, "reports.leads"):
        return None
    return Rendered(title=title, url=reverse("reports:leads"), outside=title)


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
