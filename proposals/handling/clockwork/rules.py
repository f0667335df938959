"""A rule's period and what it says of a date (期间计算, Civil Code 民法典, articles 200-204)."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from .calendar import ONE_DAY, OutOfCalendar, WorkCalendar

Unit = Literal["workday", "day", "month"]
UNIT_NAMES: dict[str, str] = {"workday": "个工作日", "day": "天", "month": "个月"}


def months_after(start: date, months: int) -> date:
    """Return the day `months` calendar months after `start` (before it, if negative).

    A day that the target month lacks becomes that month's last day.
    Source: Civil Code (民法典), articles 201-202.

    >>> months_after(date(2026, 11, 30), 3)
    datetime.date(2027, 2, 28)
    """
    month = start.year * 12 + start.month - 1 + months
    year, index = divmod(month, 12)
    if not 1 <= year <= 9999:
        raise OutOfCalendar
    return date(year, index + 1, min(start.day, monthrange(year, index + 1)[1]))


@dataclass(frozen=True)
class Rule:
    """A period (时限规则) as the calculation needs it.

    `bound` binds a follower: it falls due that many workdays before the obligation it follows, yet
    not before its own `floor`-th workday (P7: a co-handler and the lead).
    """

    unit: Unit
    amount: int
    before: bool = False
    rolls: bool = True
    bound: int | None = None
    floor: int = 2

    def nominal(self, anchor: date, amount: int, calendar: WorkCalendar) -> date:
        """Return the period's last day before it rolls to a workday. The anchor is not counted."""
        if self.unit == "workday":
            return _workdays(anchor, -amount if self.before else amount, calendar)
        return plus(anchor, -amount if self.before else amount, self.unit, calendar)

    def roll(self, day: date, calendar: WorkCalendar) -> date:
        """Move a last day that is no workday: on, or back for a limit *before* a date."""
        if not self.rolls:
            return day
        return calendar.roll_back(day) if self.before else calendar.roll(day)


def plus(day: date, amount: int, unit: Unit, calendar: WorkCalendar) -> date:
    """Return the day `amount` units away from `day`."""
    if unit == "month":
        return months_after(day, amount)
    if unit == "workday":
        return calendar.shift(day, amount) if amount else day
    try:
        return day + timedelta(days=amount)
    except OverflowError as error:
        raise OutOfCalendar from error


def _workdays(anchor: date, amount: int, calendar: WorkCalendar) -> date:
    """0 workdays is the anchor itself, or the next workday: a limit of the same day."""
    return calendar.shift(anchor, amount) if amount else calendar.add(anchor - ONE_DAY, 1)
