"""Which step of a ladder fires when: one pure function for the engine, the preview and the audit."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from .calendar import WorkCalendar

ZONE = ZoneInfo("Asia/Shanghai")
OPENS, CLOSES = time(9), time(17, 30)


@dataclass(frozen=True)
class Step:
    """A step of a ladder as the calculation needs it; `key` is its row."""

    key: int
    offset: int
    severity: int
    from_start: bool = False
    at: time = OPENS
    every: int = 0
    times: int = 1


@dataclass(frozen=True)
class Firing:
    """The `n`-th time (from 1) that a step is due, at a moment."""

    at: datetime
    severity: int
    step: int
    n: int

    @property
    def key(self) -> tuple[int, int]:
        return self.step, self.n

    @property
    def weight(self) -> tuple[int, datetime, int, int]:
        """By this the most severe of several is chosen; among equals the latest."""
        return self.severity, self.at, self.n, self.step


def plan(steps: Iterable[Step], started: date, due: date, calendar: WorkCalendar) -> list[Firing]:
    """Return every firing of a clock, by moment: always on a workday, within office hours.

    A reminder before the due date that would fall on or before the first day is left out: the holder
    has only just been told.
    """
    firings = [
        Firing(_moment(day, step.at), step.severity, step.key, n)
        for step in steps
        for n in range(1, step.times + 1)
        if (day := _day(step, n, started, due, calendar)) > started or step.offset >= 0
    ]
    return sorted(firings, key=lambda firing: (firing.at, firing.step, firing.n))


def _day(step: Step, n: int, started: date, due: date, calendar: WorkCalendar) -> date:
    """A last day of rest, where the rule does not roll, is announced on the workday before it, not after it is over."""
    days = step.offset + step.every * (n - 1)
    if step.from_start:
        return calendar.shift(started, days)
    return calendar.shift(due, days) if days else calendar.roll_back(due)


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, min(max(at, OPENS), CLOSES), ZONE)


def waiting(firings: Iterable[Firing], handled: Collection[tuple[int, int]]) -> list[Firing]:
    """Return the firings that have neither fired nor been passed over."""
    return [firing for firing in firings if firing.key not in handled]


def due_now(firings: Iterable[Firing], now: datetime) -> tuple[Firing | None, list[Firing]]:
    """Return the one that fires and those it supersedes, of all whose moment has come."""
    come = sorted((firing for firing in firings if firing.at <= now), key=lambda firing: firing.weight)
    return (come[-1], come[:-1]) if come else (None, [])


def next_firing(firings: Sequence[Firing], now: datetime, calendar: WorkCalendar) -> tuple[datetime, Firing] | None:
    """Return when the engine must look again, and what will fire then.

    Steps already past come to one, the most severe, at once if the office is open, else when it opens.
    """
    if not firings:
        return None
    past, _ = due_now(firings, now)
    if past:
        moment = office_moment(now, calendar)
        last, _ = due_now(firings, moment)
        return moment, last or past
    first = firings[0].at
    last, _ = due_now(firings, first)
    return first, last or firings[0]


def office_moment(now: datetime, calendar: WorkCalendar) -> datetime:
    """Return `now` if it lies within office hours of a workday, else the next opening."""
    local = now.astimezone(ZONE)
    if calendar.is_workday(local.date()) and local.time() <= CLOSES:
        return now if local.time() >= OPENS else _moment(local.date(), OPENS)
    return _moment(calendar.add(local.date(), 1), OPENS)


def local_day(moment: datetime) -> date:
    """Return the day in Shanghai, wherever the server stands."""
    return moment.astimezone(ZONE).date()


def ends_at(due: date) -> datetime:
    """Return the moment at which a limit has run out: midnight after its last day."""
    return datetime.combine(due + timedelta(days=1), time(), ZONE)
