"""Questions about reports and bulletins that span tables."""

from collections.abc import Iterable
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from members.rights import may
from proposals.handling.likeness import pairs_of
from proposals.reports.models import Edition, Issue, IssueItem, Report, Status, Submission, Words

LOOK_BACK, OFFERED, READY = 400, 40, 100
GOING_IN = (Status.SUBMITTED, Status.KEPT, Status.REFERRED, Status.EDITING)


def in_editing(user: Any) -> QuerySet[Report]:
    """What is being edited, those that went into another one aside."""
    rows = Report.objects.visible_to(user).filter(status=Status.EDITING, matter__merged_into=None)
    return rows.select_related("matter__session")


def in_hand(user: Any) -> QuerySet[IssueItem]:
    """What stands in an issue that this person sees and that is not out yet."""
    return IssueItem.objects.not_out_yet().filter(issue__in=Issue.objects.visible_to(user))


def ready_for(user: Any, issue: Issue | None = None) -> list[Edition]:
    """The latest edited text of each report that may stand in an issue, those of this one first, then the urgent ones."""
    last = Edition.objects.filter(report=OuterRef("pk")).order_by("-number").values("pk")[:1]
    taken = IssueItem.objects.not_out_yet().exclude(issue=issue.pk if issue else 0)
    rows = in_editing(user).exclude(pk__in=taken.values("report")).annotate(last=Subquery(last)).exclude(last=None)
    mine = dict(issue.items.values_list("report", "order")) if issue else {}
    found = list(
        Edition.objects.filter(pk__in=rows.order_by("-urgent", "-pk").values("last")[:READY]).select_related(
            "report__matter"
        )
    )
    return sorted(found, key=lambda one: (mine.get(one.report_id, 1000), not one.report.urgent, -one.report_id))


def alike(report: Report, user: Any) -> list[Report]:
    """Reports that may go into this one: the very same text first, then those on the same subject.

    Who does not screen is offered what is being edited.
    """
    states = GOING_IN if may(user, "reports.screen") else (Status.EDITING,)
    rows = Report.objects.visible_to(user).main().filter(status__in=states).exclude(pk=report.pk)
    found = list(rows.select_related("matter__session").order_by("-submitted_at", "-pk")[:LOOK_BACK])
    own = set(pairs_of(report.matter.title))

    def nearness(row: Report) -> tuple[bool, float]:
        return bool(row.fingerprint) and row.fingerprint == report.fingerprint, _likeness(
            own, set(pairs_of(row.matter.title))
        )

    return sorted(found, key=nearness, reverse=True)[:OFFERED]


def seen_of(public_ids: Iterable[str], user: Any) -> list[Report]:
    """Those of the reports named that this person sees, whatever has become of them. Raises ValidationError for no id."""
    rows = Report.objects.visible_to(user).filter(matter__public_id__in=list(public_ids))
    return list(rows.select_related("matter__session").order_by("pk"))


def _likeness(own: set[str], other: set[str]) -> float:
    return len(own & other) / len(own | other) if own | other else 0


def words_of(reports: Iterable[Report]) -> dict[int, Words]:
    """What was handed in last, by report, in one query."""
    rows = Submission.objects.filter(report__in=list(reports)).order_by("report_id", "-number").distinct("report_id")
    return {row.report_id: row.words for row in rows}
