"""What stands on a person's desk. Each app registers small functions at start-up; who may do the work sees its figures.

A function gets the person and today's date and returns what it has, in a constant number of queries.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import QuerySet

from members.queries import amounts_of, shown_amount
from members.shown import Act, Count, Todo


@dataclass(frozen=True)
class Queue:
    """Some rows that wait for this person: the first few, and where all of them are."""

    title: str
    todos: list[Todo]
    url: str = ""
    amount: int | str | None = None
    empty: str = "现在没有待办事项。"


@dataclass(frozen=True)
class Waiting:
    """A figure of rows that wait; all such figures of a desk are counted in one query."""

    label: str
    rows: "QuerySet[Any]"
    url: str
    warn: bool = False
    only_if_any: bool = False


@dataclass
class Work:
    """A desk, filled."""

    entries: list[Act] = field(default_factory=list)
    counts: Sequence[Count | Waiting] = field(default_factory=list)
    queues: list[Queue] = field(default_factory=list)


Source = Callable[[Any, date], Work]
_sources: list[tuple[int, str, Source]] = []


def register(source: Source, *, action: str = "", order: int = 50) -> None:
    """Add a source of work; `action` is the right that the work needs ("" for everyone signed in)."""
    if (order, action, source) not in _sources:
        _sources.append((order, action, source))


def work_of(user: Any, on: date) -> Work:
    """Gather the desk of this person."""
    work = Work()
    for _, action, source in sorted(_sources, key=lambda entry: entry[0]):
        if not action or user.has_perm(action):
            part = source(user, on)
            work.entries += part.entries
            work.counts = [*work.counts, *part.counts]
            work.queues += part.queues
    work.counts = list(_counted(work.counts))
    return work


def _counted(counts: Sequence[Count | Waiting]) -> Iterator[Count]:
    waiting = [one for one in counts if isinstance(one, Waiting)]
    amounts = dict(zip(map(id, waiting), amounts_of([one.rows for one in waiting]), strict=True))
    for one in counts:
        if isinstance(one, Count):
            yield one
        elif (amount := amounts[id(one)]) or not one.only_if_any:
            yield Count(one.label, shown_amount(amount), one.url, tone="warn" if one.warn and amount else "")
