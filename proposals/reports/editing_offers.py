"""What editing and bulletins put on the page of a report: the next step, the question to an author, where it was printed."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse

from members.days import short_day
from members.shown import Act, Fact
from proposals.reports.actions.delivering import UPWARD
from proposals.reports.hands import main_hidden
from proposals.reports.models import IssueItem, Report, Status
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
    return _questions(report)


def _questions(report: Report) -> list[Act]:
    """The edited text that waits for this author's word."""
    if report.status not in (Status.EDITING, Status.COMBINED):
        return []
    asked = getattr(report, "asked", None)  # the page asked it with its row
    if asked is None:
        return []
    return [Act("核对编辑稿", reverse("reports:confirm_edition", args=[asked]), "circle-check", "primary")]


def panels(user: Any, report: Report) -> Sequence[Panel]:
    """In which issues it was printed, and where that went; an author reads of what went up, the office of everything."""
    if report.status not in (Status.ISSUED, Status.COMBINED):
        return []
    if main_hidden(user, report):
        return []
    office = user.has_perm("reports.issues")
    rows = IssueItem.objects.issued().filter(report__matter=report.matter.merged_into_id or report.matter_id)
    columns = ("issue__public_id", "issue__series__name", "issue__year", "issue__number", "issue__issued_on")
    sent = tuple(f"issue__deliveries__{name}" for name in ("recipient__name", "recipient__kind", "sent_on"))
    printed: dict[str, Fact] = {}
    went: list[Fact] = []
    for public_id, series, year, number, on, name, kind, sent_on in rows.order_by(
        "pk", "issue__deliveries__sent_on", "issue__deliveries__pk"
    ).values_list(*columns, *sent):
        url = reverse("reports:issue", args=[public_id]) if office else ""
        printed[public_id] = Fact("刊发", f"{series}{year}年第{number}期，{short_day(on)}", url=url)
        if name and (office or kind in UPWARD):
            went.append(Fact("报送" if kind in UPWARD else "发送", f"{name}，{short_day(sent_on)}"))
    return [Panel("刊发情况", [*printed.values(), *went])] if printed else []
