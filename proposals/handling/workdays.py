"""The working calendar as the database holds it: read once a version, published in one transaction."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import F

from members.errors import Refused

from .clockwork.calendar import Day, WorkCalendar, weekday
from .clockwork.ladder import local_day
from .clockwork.years import Year
from .models import CalendarDay, CalendarVersion, CalendarYear

LOCAL = CalendarDay.Source.LOCAL.value
_kept: dict[uuid.UUID, WorkCalendar] = {}


def working_calendar() -> WorkCalendar:
    """Return the calendar in force; one small query unless it was edited since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT version, stamp FROM handling_calendarversion WHERE id = 1")
        version, stamp = cursor.fetchone()
    if stamp not in _kept:
        _kept.clear()
        _kept[stamp] = _read(version)
    return _kept[stamp]


def _read(version: int) -> WorkCalendar:
    special = CalendarDay.objects.exclude(source=CalendarDay.Source.WEEKEND)
    days = {row.date: Day(row.date, row.is_workday, row.name, row.source) for row in special}
    published = CalendarYear.objects.filter(status=CalendarYear.Status.PUBLISHED)
    return WorkCalendar(days, published.values_list("year", flat=True), version=version)


def calendar_with(year: Year) -> WorkCalendar:
    """Return the calendar as it would be with `year` loaded, without writing anything; local days stay."""
    kept = {day.on: day for day in _special() if day.on.year != year.number or day.source == LOCAL}
    published = set(working_calendar().published) - {year.number}
    published |= {year.number} if year.published else set()
    return WorkCalendar({day.on: day for day in year.days()} | kept, published)


def calendar_with_day(on: date, *, is_workday: bool) -> WorkCalendar:
    """Return the calendar as it would be if this city alone worked that day, or did not."""
    days = {day.on: day for day in _special()} | {on: Day(on, is_workday=is_workday, source=LOCAL)}
    return WorkCalendar(days, working_calendar().published)


def local_days(year: int) -> list[date]:
    """Days of a year that this city alone works or does not work (本地调整)."""
    rows = CalendarDay.objects.filter(date__year=year, source=LOCAL).order_by("date")
    return list(rows.values_list("date", flat=True))


def check_loadable(year: Year) -> None:
    """Raise Refused for a year that would take back a notice that was published."""
    if not year.published and year.number in working_calendar().published:
        raise Refused(f"{year.number} 年的放假安排已经公布，不能改回暂定。")


def _special() -> list[Day]:
    rows = CalendarDay.objects.exclude(source=CalendarDay.Source.WEEKEND)
    return [Day(row.date, row.is_workday, row.name, row.source) for row in rows]


@dataclass(frozen=True)
class Published:
    """What became of a year that was loaded: nothing, if the calendar already said so."""

    changed: bool
    version: int


@transaction.atomic
def publish(year: Year) -> Published:
    """Write a year and bump the calendar's version; `engine.refold` then moves what runs.

    Local days stay as they are. Loading the same year again changes nothing. Raises Refused as `check_loadable` does.
    """
    current = CalendarVersion.objects.select_for_update().get(pk=1)
    check_loadable(year)
    fields = {
        "status": CalendarYear.Status.PUBLISHED if year.published else CalendarYear.Status.PROVISIONAL,
        "doc_no": year.notice,
        "published_on": year.published_on,
    }
    local = set(local_days(year.number))
    days = [day for day in year.days() if day.on not in local]
    beneath = {day.on: _columns(day) for day in year.days() if day.on in local}
    same_days = _stored(year.number) == [(day.on, *_columns(day).values()) for day in days]
    same_days = same_days and beneath == _beneath(year.number)
    if same_days and CalendarYear.objects.filter(year=year.number, **fields).exists():
        return Published(changed=False, version=current.version)
    row, created = CalendarYear.objects.get_or_create(year=year.number, defaults=fields)
    if not created:
        CalendarYear.objects.filter(pk=row.pk).update(**fields, version=F("version") + 1)
    _write_days(days)
    for on, columns in beneath.items():
        CalendarDay.objects.filter(date=on).update(year_says=columns)
    return Published(changed=True, version=_bump())


@transaction.atomic
def set_local_day(on: date, *, is_workday: bool, name: str) -> Published:
    """Record a day that this city alone works or does not work (本地调整); as the year has it, and it is the year's again."""
    CalendarVersion.objects.select_for_update().get(pk=1)
    said = year_says(on)
    if said.is_workday == is_workday:
        _write_days([said])
    else:
        _write_days([Day(on, is_workday=is_workday, name=name, source=LOCAL)])
        CalendarDay.objects.filter(date=on).update(year_says=_columns(said))
    return Published(changed=True, version=_bump())


def year_says(on: date) -> Day:
    """What the year that was loaded says of a day, whatever this city has made of it."""
    row = CalendarDay.objects.filter(date=on).first()
    if row is None:
        return weekday(on)
    if row.source != LOCAL:
        return Day(on, **_columns(row))
    return Day(on, **row.year_says) if row.year_says else weekday(on)


def _columns(day: Day | CalendarDay) -> dict[str, Any]:
    return {"is_workday": day.is_workday, "name": day.name, "source": str(day.source)}


def _beneath(year: int) -> dict[date, Any]:
    return dict(CalendarDay.objects.filter(date__year=year, source=LOCAL).values_list("date", "year_says"))


def _stored(year: int) -> list[tuple[date, bool, str, str]]:
    rows = CalendarDay.objects.filter(date__year=year).exclude(source=LOCAL).order_by("date")
    return list(rows.values_list("date", "is_workday", "name", "source"))


def _write_days(days: Sequence[Day]) -> None:
    CalendarDay.objects.bulk_create(
        [CalendarDay(date=day.on, is_workday=day.is_workday, name=day.name, source=day.source) for day in days],
        update_conflicts=True,
        unique_fields=["date"],
        update_fields=["is_workday", "name", "source", "year_says"],
    )


def _bump() -> int:
    CalendarVersion.objects.filter(pk=1).update(version=F("version") + 1, stamp=uuid.uuid4())
    return CalendarVersion.objects.values_list("version", flat=True).get(pk=1)


def today(now: datetime) -> date:
    """Return the day in Shanghai at `now`, wherever the server stands."""
    return local_day(now)
