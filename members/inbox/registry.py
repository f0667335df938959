"""What a message says is known to the floor that owns its subject; owners register here at start-up."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone

from members.models import Person

Subject = dict[str, Any]

SENDING = "sending"
NEUTRAL = "您有一件待办"
GONE = "这条通知的内容现在不能查看"


@dataclass(frozen=True)
class Rendered:
    """A message in words, for one recipient, at this moment.

    `title`, `body` and `url` are shown inside, to the signed-in recipient. Only `outside` leaves the house by
    mail: number, step and date of an open matter; where it is empty the mail says no more than NEUTRAL.
    """

    title: str
    body: str = ""
    url: str = ""
    outside: str = ""


RenderOne = Callable[[Subject, Person], Rendered | None]
RenderMany = Callable[[Sequence[Subject], Person], Sequence[Rendered | None]]

_templates: dict[str, RenderMany] = {}
_headings: dict[str, str] = {}
_workdays_before: Callable[[date, int], date] | None = None
_clock: Callable[[], datetime] = timezone.now


def register_template(name: str, render: RenderOne) -> None:
    """Register how one message is put into words; None means this recipient may not see its subject now."""
    register_batch_template(name, lambda subjects, person: [render(subject, person) for subject in subjects])


def register_batch_template(name: str, render: RenderMany) -> None:
    """The same for a whole list at once, so that a page of messages costs the same queries as one message."""
    if name in _templates:
        raise RuntimeError(f"the message template {name} is registered twice")
    _templates[name] = render


def register_heading(sending: str, heading: str) -> None:
    """Name what a sending of several facts is called; `{n}` is their number."""
    _headings[sending] = heading


def heading(sending: str, count: int) -> str:
    return _headings.get(sending, "您有 {n} 件事项").format(n=count)


def knows(name: str) -> bool:
    return name in _templates


def render(pairs: Sequence[tuple[str, Subject]], person: Person) -> list[Rendered | None]:
    """Render (template, subject) pairs for one recipient, one call per template, in the order given."""
    rendered: list[Rendered | None] = [None] * len(pairs)
    for name in dict.fromkeys(name for name, _ in pairs):
        places = [place for place, pair in enumerate(pairs) if pair[0] == name]
        words = _templates[name]([pairs[place][1] for place in places], person)
        for place, word in zip(places, words, strict=True):
            rendered[place] = word
    return rendered


def register_calendar(workdays_before: Callable[[date, int], date]) -> None:
    """The working calendar lives above; it tells which day was `n` working days before a day."""
    global _workdays_before
    _workdays_before = workdays_before


def workdays_before(day: date, count: int) -> date:
    """The day `count` working days before `day`; Monday to Friday until a calendar is registered."""
    if _workdays_before is not None:
        return _workdays_before(day, count)
    while count:
        day -= timedelta(days=1)
        count -= day.weekday() < 5
    return day


def register_clock(engine_now: Callable[[], datetime]) -> None:
    """The engine's one door to the time lives above; the sender started by a doorbell asks it too."""
    global _clock
    _clock = engine_now


def engine_now() -> datetime:
    return _clock()
