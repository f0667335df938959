"""A slow, obvious reference of the clocks: it counts day by day and imports nothing of the engine.

Dates of a limit are found by walking the days one at a time; reminders by trying every moment of a ladder.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta, timezone

DAY = timedelta(days=1)
CHINA = timezone(timedelta(hours=8))


@dataclass
class Days:
    """Which days are worked on: the holidays and make-up days, everything else by the weekday."""

    off: set[date] = field(default_factory=set)
    work: set[date] = field(default_factory=set)

    def worked(self, day: date) -> bool:
        if day in self.work:
            return True
        return day not in self.off and day.isoweekday() <= 5

    def on_or_after(self, day: date) -> date:
        while not self.worked(day):
            day += DAY
        return day

    def on_or_before(self, day: date) -> date:
        while not self.worked(day):
            day -= DAY
        return day

    def later(self, day: date, n: int) -> date:
        while n:
            day += DAY
            n -= self.worked(day)
        return day

    def earlier(self, day: date, n: int) -> date:
        while n:
            day -= DAY
            n -= self.worked(day)
        return day

    def between(self, start: date, end: date) -> int:
        """Workdays after `start` up to `end`."""
        count = 0
        while start < end:
            start += DAY
            count += self.worked(start)
        return count


def month_later(day: date, months: int) -> date:
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    number = day.day
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


@dataclass(frozen=True)
class Limit:
    """A limit as the law states it."""

    unit: str
    amount: int
    before: bool = False
    rolls: bool = True


@dataclass(frozen=True)
class Change:
    """pause, resume, extend (by amount in the limit's own unit, or to a day), take_back."""

    kind: str
    on: date
    seq: int
    amount: int = 0
    to_on: date | None = None
    takes_back: int | None = None


def due(limit: Limit, anchor: date, changes: Sequence[Change], days: Days, fixed: date | None = None) -> date:
    """Walk from the anchor (or from the date a decision set) to the last day."""
    gone = {change.takes_back for change in changes if change.kind == "take_back"}
    known = sorted((c for c in changes if c.seq not in gone), key=lambda c: (c.on, c.seq))
    stopped = standing_days(known)
    last, more, since = fixed, 0, date.min
    for change in known:
        if change.kind != "extend":
            continue
        if change.to_on is None:
            more += change.amount
            continue
        until_now = {day for day in stopped if since <= day < change.on}
        if change.to_on > walk(limit, anchor, last, more, until_now, days):
            last, more, since = change.to_on, 0, change.on
    return walk(limit, anchor, last, more, {day for day in stopped if day >= since}, days)


def counting(limit: Limit, anchor: date, stopped: set[date]) -> set[date]:
    """Of the days on which the clock stood, those that the limit would have counted."""
    return {day for day in stopped if day > anchor or (day == anchor and not limit.amount)}


def standing_days(changes: Iterable[Change]) -> set[date]:
    """Every day on which the clock stood: from the day it was stopped, without the day it went on."""
    found: set[date] = set()
    stopped: date | None = None
    for change in changes:
        if change.kind == "pause" and stopped is None:
            stopped = change.on
        elif change.kind == "resume" and stopped is not None:
            while stopped < change.on:
                found.add(stopped)
                stopped += DAY
            stopped = None
    return found


def walk(limit: Limit, anchor: date, last: date | None, more: int, stopped: set[date], days: Days) -> date:
    if limit.before:
        return before(limit, anchor, more, days)
    if limit.unit == "workday":
        return walk_workdays(limit, anchor, last, more, stopped, days)
    return walk_days(limit, anchor, last, more, stopped, days)


def before(limit: Limit, anchor: date, more: int, days: Days) -> date:
    amount = limit.amount - more
    if limit.unit == "workday":
        if amount == 0:
            return days.on_or_after(anchor)
        return days.earlier(anchor, amount) if amount > 0 else days.later(anchor, -amount)
    day = anchor - amount * DAY if limit.unit == "day" else month_later(anchor, -amount)
    return days.on_or_before(day) if limit.rolls else day


def walk_workdays(limit: Limit, anchor: date, last: date | None, more: int, stopped: set[date], days: Days) -> date:
    """The day on which the last workday of the period is used up; days on which the clock stood use up none."""
    skipped = counting(limit, anchor, stopped)
    if last is not None:
        day = days.on_or_after(last) if limit.rolls else last
        left, today, first = days.between(date(last.year - 1, 1, 1), day) + more, date(last.year - 1, 1, 1), False
    else:
        left, today, first = limit.amount + more, anchor, limit.amount == 0 and more == 0
    if first:
        left, today = 1, anchor - DAY
    while left:
        today += DAY
        if days.worked(today) and today not in skipped:
            left -= 1
    return today


def walk_days(limit: Limit, anchor: date, last: date | None, more: int, stopped: set[date], days: Days) -> date:
    """The day the period ends by the calendar, put off by each day that the clock stood before it had run out."""
    base = last or anchor
    amount = more if last else limit.amount + more
    end = base + amount * DAY if limit.unit == "day" else month_later(base, amount)
    counted = counting(limit, anchor, stopped)
    for day in sorted(stopped):
        rolled = days.on_or_after(end) if limit.rolls else end
        if day > rolled and day - DAY not in stopped:
            break
        if day > end and day - DAY not in stopped:
            end = rolled
        if day in counted:
            end += DAY
    return days.on_or_after(end) if limit.rolls else end
