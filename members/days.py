"""Days as people write them: 5月22日, with the year only if it is another one."""

from datetime import date, datetime, time

from django.utils import timezone

WEEKDAYS = "一二三四五六日"


def local_day(value: date | datetime) -> date:
    if isinstance(value, datetime):
        return timezone.localtime(value).date() if timezone.is_aware(value) else value.date()
    return value


def start_of(day: date) -> datetime:
    """The moment at which a local day begins."""
    return timezone.make_aware(datetime.combine(day, time()))


def end_of(day: date) -> datetime:
    """The last moment of a local day; the last day of the calendar has one, too."""
    return timezone.make_aware(datetime.combine(day, time.max))


def full_day(day: date) -> str:
    """2026年5月22日: for words that are kept and read in another year."""
    return f"{day.year}年{day.month}月{day.day}日"


def short_day(value: date | datetime | None) -> str:
    """5月22日, with the year if it is not this one."""
    if not value:
        return ""
    day = local_day(value)
    return f"{day.month}月{day.day}日" if day.year == timezone.localdate().year else full_day(day)


def long_day(value: date | datetime | None) -> str:
    """5月22日（星期五）, with the year if it is not this one."""
    return f"{short_day(value)}（星期{WEEKDAYS[local_day(value).weekday()]}）" if value else ""


def moment(value: datetime | None) -> str:
    """5月22日 14:32 in local time."""
    return f"{short_day(value)} {timezone.localtime(value):%H:%M}" if value else ""


def in_words(value: object) -> object:
    """A day or a moment as people write it; anything else as it is."""
    if isinstance(value, datetime):
        return moment(value)
    return short_day(value) if isinstance(value, date) else value
