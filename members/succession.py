"""What other floors do when a body ends: they take its open work to the successors, in the same transaction."""

from collections.abc import Callable
from datetime import date, datetime

from members.models import Body, Person

# (old, heirs, on, by, now): no heirs when the body ends without one; several after a split
Mover = Callable[[Body, list[Body], date, Person, datetime], None]
_movers: list[Mover] = []


def register(mover: Mover) -> None:
    """Have `mover` called whenever a body ends; it raises Refused to stop the whole act."""
    if mover not in _movers:
        _movers.append(mover)


def move(old: Body, heirs: list[Body], *, on: date, by: Person, now: datetime) -> None:
    """Upper floors first: they know what the clocks below them are for."""
    for mover in reversed(_movers):
        mover(old, heirs, on, by, now)


def heir_of(body: Body, *, of_split: bool = True) -> Body | None:
    """Who goes on for a body that ended, however often it changed since; None if nobody does.

    After a split that is the first of the heirs, as with what it raised itself; without `of_split` nobody.
    """
    seen: set[int] = set()
    while body.ended_on is not None:
        seen.add(body.pk)
        heirs = [row.new for row in body.changes.select_related("new").order_by("pk") if row.new]
        heirs = [heir for heir in heirs if heir.pk not in seen]
        if not heirs or (len(heirs) > 1 and not of_split):
            return None
        body = heirs[0]
    return body
