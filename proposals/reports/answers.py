"""What units answered, in the words that the office begins with when it tells those behind a matter."""

from django.db.models import QuerySet

from proposals.handling.models import Matter, Reply


def said_by_units(matter: Matter) -> list[Reply]:
    """The delivered replies of the units that have the matter now, each of its latest round."""
    return _latest(Reply.objects.filter(assignment__matter=matter, assignment__ended_at=None))


def said_before(matter: Matter) -> list[Reply]:
    """What units answered when they had the matter before it was given anew."""
    return _latest(Reply.objects.filter(assignment__matter=matter, assignment__ended_at__isnull=False))


def _latest(replies: QuerySet[Reply]) -> list[Reply]:
    rows = replies.filter(state=Reply.State.DELIVERED)
    latest = rows.order_by("assignment", "-round").distinct("assignment")
    return list(latest.select_related("issuer").prefetch_related("points"))


def words_of(reply: Reply) -> str:
    """The opening and the answers of a reply, one under the other."""
    points = sorted(reply.points.all(), key=lambda point: point.pk)
    said = [reply.opening.strip(), *(point.text.strip() for point in points if point.same_as_id is None)]
    return "\n".join(filter(None, said))
