"""Generated calendars, limits and histories for the properties of the clocks."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from hypothesis import strategies as st

from proposals.handling.clockwork.calendar import Day, WorkCalendar
from proposals.handling.clockwork.fold import Clock, Fact
from proposals.handling.clockwork.rules import Rule, Unit
from tests.handling import reference

FIRST, LAST = date(2025, 1, 1), date(2026, 12, 31)
ALL = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
KINDS = {"take_back": "revoke", "new_rule": "rule_change"}

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


any_limits = st.builds(
    reference.Limit,
    unit=st.sampled_from(["workday", "day", "month"]),
    amount=st.integers(1, 30),
    before=st.booleans(),
    rolls=st.booleans(),
)
"""Limits before a date, and such as do not roll, among them."""
few_dates = st.integers(0, 9).map(lambda n: date(2025, 9, 24) + timedelta(days=n))
"""Ten days around a long holiday: two draws are often the same."""

UNITS: dict[str, Unit] = {"workday": "workday", "day": "day", "month": "month"}


def rule_of(limit: reference.Limit, bound: reference.Bound | None = None) -> Rule:
    rule = Rule(unit=UNITS[limit.unit], amount=limit.amount, before=limit.before, rolls=limit.rolls)
    return replace(rule, bound=bound.workdays, floor=bound.floor) if bound else rule


@st.composite
def histories(
    draw: st.DrawFn,
    *,
    extensions: bool = True,
    ends: bool = True,
    by_date: bool = True,
    when: st.SearchStrategy[date] = dates,
) -> list[reference.Change]:
    """Pauses and resumptions by date, extensions among them, some taken back."""
    moments = sorted(draw(st.lists(when, max_size=8)))
    if not ends and len(moments) % 2:
        moments = moments[:-1]
    changes = [reference.Change("pause" if n % 2 == 0 else "resume", on, seq=n + 2) for n, on in enumerate(moments)]
    if not extensions:
        return changes
    for on in draw(st.lists(when, max_size=3)):
        seq = len(changes) + 2
        by_amount: bool = not by_date or draw(st.booleans())
        if by_amount:
            changes.append(reference.Change("extend", on, seq, amount=draw(st.integers(1, 20))))
        else:
            to_on = on + timedelta(days=draw(st.integers(1, 90)))
            changes.append(reference.Change("extend", on, seq, to_on=to_on))
    granted = [change.seq for change in changes if change.kind == "extend"]
    taken_back: bool = draw(st.booleans())
    if granted and taken_back:
        seq = draw(st.sampled_from(granted))
        changes.append(reference.Change("take_back", draw(when), len(changes) + 2, takes_back=seq))
    return changes


@st.composite
def stories(draw: st.DrawFn) -> list[reference.Change]:
    """All that can happen to a clock: ended and opened again, extended in any unit, another rule, a lead that moves."""
    changes = draw(histories(when=dates | few_dates))
    for kind in draw(st.lists(st.sampled_from(["complete", "cancel", "extend", "new_rule", "follow"]), max_size=5)):
        on, seq = draw(dates | few_dates), len(changes) + 2
        if kind in ("complete", "cancel"):
            changes.append(reference.Change(kind, on, seq))
            changes.append(reference.Change("reopen", on + timedelta(days=draw(st.integers(0, 40))), seq + 1))
        elif kind == "extend":
            unit = draw(st.sampled_from(sorted(UNITS)))
            changes.append(reference.Change(kind, on, seq, amount=draw(st.integers(1, 6)), unit=unit))
        elif kind == "new_rule":
            changes.append(reference.Change(kind, on, seq, limit=draw(any_limits)))
        else:
            changes.append(reference.Change(kind, on, seq, to_on=draw(dates)))
    return changes


def clock(
    limit: reference.Limit,
    anchor: date,
    changes: Iterable[reference.Change],
    fixed: date | None = None,
    bound: reference.Bound | None = None,
) -> Clock:
    """The same as the engine knows it. An amount without a unit is in that of the rule that counts in the end."""
    found = sorted(changes, key=lambda change: change.seq)
    last = next((change.limit for change in reversed(found) if change.limit), limit)
    rule = rule_of(limit, bound)
    facts = [
        Fact(
            KINDS.get(change.kind, change.kind),
            change.on,
            change.seq,
            amount=change.amount,
            unit=UNITS[change.unit or last.unit],
            to_on=change.to_on,
            takes_back=change.takes_back,
            rule=rule_of(change.limit, bound) if change.limit else None,
        )
        for change in found
    ]
    return Clock(rule, anchor, fixed, facts)
