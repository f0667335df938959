"""Which running limits an edit would move, before it is made."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from . import clockface
from .clockwork.calendar import WorkCalendar
from .clockwork.fold import fold
from .clockwork.years import Year
from .models import ClockEvent, Obligation, TimeRule
from .workdays import calendar_with, working_calendar

BATCH = 500


@dataclass(frozen=True)
class Moved:
    """A running limit with its old and its new last day."""

    obligation: Obligation
    old: date
    new: date

    @property
    def label(self) -> str:
        return self.obligation.matter.label

    @property
    def stage(self) -> str:
        return self.obligation.rule.name

    @property
    def holder(self) -> str:
        return str(self.obligation.holder_body or self.obligation.holder_person)


def moved_by(year: Year) -> list[Moved]:
    """Return the running limits that loading `year` would move."""
    return list(_moved(calendar_with(year), None))


def moved_by_rule(rule: TimeRule) -> list[Moved]:
    """Return the running limits of the same stage that would move if `rule` were applied to them."""
    return list(_moved(working_calendar(), rule))


def _moved(calendar: WorkCalendar, rule: TimeRule | None) -> Iterator[Moved]:
    running = Obligation.objects.running()
    if rule is not None:
        running = running.filter(rule__code=rule.code).exclude(rule=rule)
    related = running.select_related("rule", "matter", "holder_body", "holder_person")
    rows = related.order_by("due_on", "id").iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        events = _events(batch)
        for row in batch:
            new = fold(clockface.clock_of(row, events[row.pk], rule), calendar)
            if new != row.due_on:
                yield Moved(row, row.due_on, new)


def _events(rows: Sequence[Obligation]) -> dict[int, list[ClockEvent]]:
    found: dict[int, list[ClockEvent]] = {row.pk: [] for row in rows}
    for event in ClockEvent.objects.filter(obligation__in=found).order_by("obligation_id", "seq"):
        found[event.obligation_id].append(event)
    return found
