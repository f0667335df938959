"""What can be done about the copies of an issue: slips printed, returns entered, and what leaders wrote on which item (P18)."""

from collections.abc import Sequence

from django.urls import reverse

from members.shown import Act
from proposals.reports.models import Delivery, IssueItem, Recipient


def instructions_on(item: IssueItem, deliveries: Sequence[Delivery]) -> list[Act]:
    """Where what a leader wrote on this item is entered, a way for each slip that came back with more than his mark."""
    at = reverse("reports:record_instruction", args=[item.report.matter.public_id])
    written = [row for row in deliveries if row.returned not in ("", Delivery.Returned.READ)]
    return [
        Act(
            f"登记{row.recipient}的批示",
            f"{at}?delivery={row.public_id}",
            "pen-line",
            "ghost",
            about=item.edition.title,
        )
        for row in written
    ]


def ways_of(row: Delivery) -> list[Act]:
    """What can be done about a copy: its slip printed for a leader, its return entered."""
    ways = []
    if row.recipient.kind == Recipient.Kind.LEADER:
        ways.append(Act("送阅单", reverse("reports:slip", args=[row.public_id]), about=str(row.recipient)))
    words = "更正退回" if row.returned else "登记退回"
    ways.append(Act(words, reverse("reports:record_return", args=[row.public_id]), about=str(row.recipient)))
    if not row.returned:
        ways.append(Act("撤销发送", reverse("reports:drop_delivery", args=[row.public_id]), about=str(row.recipient)))
    return ways
