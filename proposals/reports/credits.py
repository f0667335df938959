"""From whom a bulletin says that its words come: names only of those who agreed, and of nobody else a sign (S20)."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from proposals.handling.models import Participant
from proposals.reports.models import Report

HIDDEN = "来自政协委员"
OTHERS = "来自政协有关方面"


def sources_of(reports: Iterable[Report]) -> dict[int, list[Report]]:
    """The reports that stand behind each, by its matter: itself, then those combined with it; two queries for many."""
    mains = {report.matter_id: report for report in reports}
    found = {matter: [report] for matter, report in mains.items()}
    rows = Report.objects.filter(matter__merged_into__in=mains).select_related("matter").order_by("matter_id")
    for row in rows:
        found[row.matter.merged_into_id or 0].append(row)
    return found


def authors_of(matters: Collection[int]) -> dict[int, list[Participant]]:
    """Who wrote each, in their order, by matter."""
    found: dict[int, list[Participant]] = {matter: [] for matter in matters}
    rows = Participant.objects.filter(matter__in=matters, left_at=None).exclude(role=Participant.Role.DRAFTER)
    for row in rows.select_related("person", "body", "matter").order_by("matter_id", "order", "pk"):
        found[row.matter_id].append(row)
    return found


def credit(sources: Iterable[Report], authors: Mapping[int, list[Participant]]) -> str:
    """The line below an item: the names of those who agreed, how many there are besides, or only whence it comes."""
    named, hidden, members = [], 0, True
    for report in sources:
        people = authors.get(report.matter_id, [])
        if report.shows_name and report.matter.access != "suspended":
            named += [str(one) for one in people] or ([report.author_text] if report.author_text else [])
        else:
            hidden += 1
            members = members and report.source == Report.Source.MEMBER
    named = list(dict.fromkeys(named))
    if not named:
        return HIDDEN if members else OTHERS
    return f"{'、'.join(named)}{'等' if hidden else ''}反映"


def credits_of(behind: Mapping[int, Sequence[Report]]) -> dict[int, str]:
    """The line of each main report, by its matter, of what `sources_of` found; one query for many."""
    authors = authors_of([row.matter_id for rows in behind.values() for row in rows])
    return {matter: credit(rows, authors) for matter, rows in behind.items()}
