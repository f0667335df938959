"""The working calendar (工作日历): counting days, statutory holidays and make-up workdays (调休) included."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

FIRST = date(2000, 1, 1)
LAST = date(2060, 12, 31)
ONE_DAY = timedelta(days=1)
SATURDAY = 5
WEEKDAYS = "一二三四五六日"


class OutOfCalendar(ValueError):
    """A count left the years that any calendar covers; the text is for people."""

    def __init__(self) -> None:
        super().__init__(f"日期超出日历范围（{FIRST.year}—{LAST.year} 年）。")


@dataclass(frozen=True)
class Day:
    """What the calendar says of one day; `name` is the holiday it belongs to."""

    on: date
    is_workday: bool
    name: str = ""
    source: str = "weekend"

    @property
    def label(self) -> str:
        if self.source == "makeup":
            return f"{self.name}调休上班" if self.name else "调休上班"
        if self.name:
            return self.name
        return f"星期{WEEKDAYS[self.on.weekday()]}"


def weekday(on: date) -> Day:
    """Return what a day is when no notice says otherwise."""
    return Day(on, is_workday=on.weekday() < SATURDAY)


class WorkCalendar:
    """Which days are worked on. Days that `days` does not name are ordinary weekdays or weekends.

    A year outside `published` is provisional (暂定): its holidays are not known yet.
    """

    def __init__(
        self,
        days: Mapping[date, Day],
        published: Collection[int],
        *,
        version: int = 0,
        first: date = FIRST,
        last: date = LAST,
    ) -> None:
        self._days = dict(days)
        self.published = frozenset(published)
        self.version = version
        known = {on.toordinal(): day.is_workday for on, day in self._days.items()}
        span = range(first.toordinal(), last.toordinal() + 1)
        self._workdays = [n for n in span if known.get(n, (n + 6) % 7 < SATURDAY)]

    def day(self, on: date) -> Day:
        return self._days.get(on) or weekday(on)

    def is_workday(self, on: date) -> bool:
        return self.day(on).is_workday

    def is_provisional(self, start: date, end: date) -> bool:
        """Whether any year from `start` to `end` still waits for its notice."""
        first, last = sorted((start.year, end.year))
        return any(year not in self.published for year in range(first, last + 1))

    def add(self, start: date, workdays: int) -> date:
        """Return the `workdays`-th workday after `start`, which is not counted itself.

        >>> WorkCalendar({}, ()).add(date(2026, 3, 6), 1)
        datetime.date(2026, 3, 9)
        """
        if workdays < 1:
            raise ValueError("workdays must be at least 1")
        return self._at(bisect_right(self._workdays, start.toordinal()) + workdays - 1)

    def back(self, start: date, workdays: int) -> date:
        """Return the `workdays`-th workday before `start`, which is not counted itself."""
        if workdays < 1:
            raise ValueError("workdays must be at least 1")
        return self._at(bisect_left(self._workdays, start.toordinal()) - workdays)

    def shift(self, start: date, workdays: int) -> date:
        """Return the day `workdays` away, in either direction; 0 is `start` or the next workday."""
        if workdays > 0:
            return self.add(start, workdays)
        return self.back(start, -workdays) if workdays else self.roll(start)

    def count(self, start: date, end: date) -> int:
        """Count the workdays after `start` up to and including `end`; 0 if `end` is not later."""
        first = bisect_right(self._workdays, start.toordinal())
        return max(0, bisect_right(self._workdays, end.toordinal()) - first)

    def roll(self, on: date) -> date:
        """Return `on`, or the next workday if it is none (Civil Code 民法典, article 203)."""
        return self._at(bisect_left(self._workdays, on.toordinal()))

    def roll_back(self, on: date) -> date:
        """Return `on`, or the last workday before it if it is none."""
        return self._at(bisect_right(self._workdays, on.toordinal()) - 1)

    def _at(self, index: int) -> date:
        if not 0 <= index < len(self._workdays):
            raise OutOfCalendar
        return date.fromordinal(self._workdays[index])
