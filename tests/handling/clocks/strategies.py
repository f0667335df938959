"""Generated calendars, limits and histories for the properties of the clocks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import strategies as st

from proposals.handling.clockwork.calendar import Day, WorkCalendar
from proposals.handling.clockwork.fold import Clock, Fact
from proposals.handling.clockwork.rules import Rule, Unit
from tests.handling import reference

FIRST, LAST = date(2025, 1, 1), date(2026, 12, 31)
ALL = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
KINDS = {"take_back": "revoke"}

dates = st.dates(FIRST, LAST)
weekends = st.sampled_from([day for day in ALL if day.weekday() >= 5])


@dataclass(frozen=True)
class Pair:
    """One calendar, as the engine and as the reference know it."""

    engine: WorkCalendar
    slow: reference.Days


def pair(off: Iterable[date], work: Iterable[date]) -> Pair:
    off, work = set(off), set(work)
    days = {day: Day(day, is_workday=False, name="假", source="statutory") for day in off - work}
    days |= {day: Day(day, is_workday=True, name="班", source="makeup") for day in work}
    return Pair(
        WorkCalendar(days, {2025, 2026}, first=date(2020, 1, 1), last=date(2044, 12, 31)),
        reference.Days(off - work, work),
    )


@st.composite
def calendars(draw: st.DrawFn) -> Pair:
    """Holidays in runs, as they are, and single make-up days on weekends."""
    off: set[date] = set()
    for start in draw(st.lists(dates, max_size=8)):
        off |= {start + timedelta(days=n) for n in range(draw(st.integers(1, 9)))}
    return pair(off, draw(st.sets(weekends, max_size=12)))


limits = st.builds(
    reference.Limit,
    unit=st.sampled_from(["workday", "day", "month"]),
    amount=st.integers(1, 6) | st.integers(1, 40),
    before=st.just(False),
    rolls=st.just(True),
)


UNITS: dict[str, Unit] = {"workday": "workday", "day": "day", "month": "month"}


def rule_of(limit: reference.Limit) -> Rule:
    return Rule(unit=UNITS[limit.unit], amount=limit.amount, before=limit.before, rolls=limit.rolls)


@st.composite
def histories(draw: st.DrawFn, *, extensions: bool = True, ends: bool = True) -> list[reference.Change]:
    """Pauses and resumptions by date, extensions among them, some taken back."""
    moments = sorted(draw(st.lists(dates, max_size=8)))
    if not ends and len(moments) % 2:
        moments = moments[:-1]
    changes = [reference.Change("pause" if n % 2 == 0 else "resume", on, seq=n + 2) for n, on in enumerate(moments)]
    if not extensions:
        return changes
    for on in draw(st.lists(dates, max_size=3)):
        seq = len(changes) + 2
        by_amount: bool = draw(st.booleans())
        if by_amount:
            changes.append(reference.Change("extend", on, seq, amount=draw(st.integers(1, 20))))
        else:
            to_on = on + timedelta(days=draw(st.integers(1, 90)))
            changes.append(reference.Change("extend", on, seq, to_on=to_on))
    granted = [change.seq for change in changes if change.kind == "extend"]
    taken_back: bool = draw(st.booleans())
    if granted and taken_back:
        seq = draw(st.sampled_from(granted))
        changes.append(reference.Change("take_back", draw(dates), len(changes) + 2, takes_back=seq))
    return changes


def clock(
    limit: reference.Limit, anchor: date, changes: Iterable[reference.Change], fixed: date | None = None
) -> Clock:
    rule = rule_of(limit)
    facts = [
        Fact(
            KINDS.get(change.kind, change.kind),
            change.on,
            change.seq,
            amount=change.amount,
            unit=rule.unit,
            to_on=change.to_on,
            takes_back=change.takes_back,
        )
        for change in changes
    ]
    return Clock(rule, anchor, fixed, facts)
