"""What editing and bulletins put on the page of a report: the next step, the question to an author, where it was printed."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone

from members.days import short_day
from members.shown import Act, Fact
from proposals.reports.actions.base import speaking_for
from proposals.reports.actions.delivering import UPWARD
from proposals.reports.models import AuthorWord, Delivery, IssueItem, Report, Status
from proposals.reports.offers import OFFERS, PANELS, Panel


def register() -> None:
    OFFERS.append(offers)
    PANELS.append(panels)


def offers(user: Any, report: Report) -> list[Act]:
    at = [report.matter.public_id]
    if user.has_perm("reports.edit"):
        if report.status == Status.EDITING:
            return [
                Act("编辑", reverse("reports:edit", args=at), "pen-line", "primary"),
                Act("合并同类信息", reverse("reports:combine", args=at), "copy"),
            ]
        if report.status == Status.COMBINED:
            return [Act("取消合并", reverse("reports:separate", args=at), "undo-2")]
        return []
    return _questions(user, report)


def _questions(user: Any, report: Report) -> list[Act]:
    """The edited text that waits for this author's word."""
    if report.status not in (Status.EDITING, Status.COMBINED):
        return []
    rows = AuthorWord.objects.filter(
        participant__matter=report.matter_id, answer="", edition__report__status=Status.EDITING
    )
    for word in rows.select_related("participant").order_by("-pk")[:5]:
        if user.pk in speaking_for([word.participant], on=timezone.localdate()):
            way = reverse("reports:confirm_edition", args=[word.public_id])
            return [Act("核对编辑稿", way, "circle-check", "primary")]
    return []


def panels(user: Any, report: Report) -> Sequence[Panel]:
    """In which issues it was printed, and where that went; an author reads of what went up, the office of everything."""
    main = report.matter.merged_into_id or report.matter_id
    items = list(IssueItem.objects.issued().filter(report__matter=main).select_related("issue__series").order_by("pk"))
    if not items:
        return []
    office = user.has_perm("reports.issues")
    sent = Delivery.objects.filter(issue__in=[one.issue_id for one in items]).select_related("recipient")
    if not office:
        sent = sent.filter(recipient__kind__in=UPWARD)
    facts = [
        Fact(
            "刊发", f"{one.issue}，{short_day(one.issue.issued_on)}", url=one.issue.get_absolute_url() if office else ""
        )
        for one in items
    ]
    facts += [
        Fact("报送" if one.recipient.kind in UPWARD else "发送", f"{one.recipient}，{short_day(one.sent_on)}")
        for one in sent.order_by("sent_on", "pk")
    ]
    return [Panel("刊发情况", facts)]
