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
