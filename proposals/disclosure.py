"""What a disclosure review looks at: the delivered replies of a proposal, point by point."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.db.models import Prefetch

from proposals.handling.models import Matter, Reply, ReplyPoint, Suggestion


def delivered(matter: Matter) -> list[Reply]:
    """The replies of all units that reached the proposers, the latest round last; three queries."""
    return delivered_of([matter])[matter.pk]


def delivered_of(matters: Iterable[Matter]) -> dict[int, list[Reply]]:
    """The same for many, by matter id, in as many queries."""
    found: dict[int, list[Reply]] = {matter.pk: [] for matter in matters}
    rows = Reply.objects.filter(assignment__matter__in=found, assignment__ended_at=None, state=Reply.State.DELIVERED)
    rows = rows.select_related("assignment__unit", "assignment__matter", "result", "disclosure")
    rows = rows.exclude(imported=True).prefetch_related(
        Prefetch("points", ReplyPoint.objects.select_related("result").order_by("suggestion__number", "pk"))
    )
    for row in rows.order_by("assignment__role", "assignment_id", "round"):
        found[row.assignment.matter_id].append(row)
    return found


def points_of(
    reply: Reply, suggestions: Sequence[Suggestion], labels: Mapping[int, str]
) -> Iterator[tuple[Suggestion, str, str]]:
    """Each suggestion with the words and the class of its answer; 同第 n 条 in words."""
    given = {point.suggestion_id: point for point in reply.points.all()}
    for one in suggestions:
        if (point := given.get(one.pk)) is not None:
            named = labels.get(point.same_as_id or 0)
            same = f"同{named}" if named else ""
            yield one, same or point.text or "与并案的提案一并答复。", f"{point.result.code}类" if point.result else ""
