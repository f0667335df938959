"""What a message says is known to the floor that owns its subject; owners register here at start-up."""

import logging
from collections.abc import Callable, Collection, Hashable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from members.models import Person
from members.rights import read_once

logger = logging.getLogger(__name__)

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


@dataclass(frozen=True)
class Broken:
    """The template failed; `why` is for the log and the list of undelivered mail."""

    why: str


Pair = tuple[str, Subject]  # the name of a template, and what it is about
RenderOne = Callable[[Subject, Person], Rendered | None]
RenderMany = Callable[[Sequence[Pair], Person], Sequence[Rendered | None]]
Words = Callable[[Sequence[Pair]], Sequence[Rendered | None]]
Family = TypeVar("Family", bound=Hashable)

_templates: dict[str, RenderMany] = {}
_readerless: dict[str, Words] = {}
_headings: dict[str, str] = {}
_workdays_before: Callable[[date, int], date] | None = None
_by_number: Callable[[str, Person], tuple[list[str], list[int]]] | None = None
_running: Callable[[Collection[int]], dict[int, int]] | None = None
_clock: Callable[[], datetime] = timezone.now
_beat: Callable[[datetime], None] | None = None


def register_template(name: str, render: RenderOne) -> None:
    """Register how one message is put into words; None means this recipient may not see its subject now."""
    register_templates([name], lambda pairs, person: [render(subject, person) for _, subject in pairs])


def register_templates(names: Iterable[str], render: RenderMany, *, readerless: Words | None = None) -> None:
    """The same for a family of templates: one call puts a whole page of them into words, whichever they are.

    `readerless` only tries whether it can be done, for no reader and thus for many messages at once.
    """
    for name in names:
        if name in _templates:
            raise RuntimeError(f"the message template {name} is registered twice")
        _templates[name] = render
        if readerless:
            _readerless[name] = readerless


def register_heading(sending: str, heading: str) -> None:
    """Name what a sending of several facts is called; `{n}` is their number."""
    _headings[sending] = heading


def heading(sending: str, count: int) -> str:
    return _headings.get(sending, "您有 {n} 件事项").format(n=count)


def render(pairs: Sequence[Pair], person: Person) -> list[Rendered | Broken | None]:
    """Render (template, subject) pairs for one recipient, one call per family of templates, in the order given."""
    families = [_templates.get(name, _unknown) for name, _ in pairs]
    with read_once(person):
        return _by_family(pairs, families, lambda family, some: family(some, person))


def is_readerless(name: str) -> bool:
    return name in _readerless


def render_for_nobody(pairs: Sequence[Pair]) -> list[Rendered | Broken | None]:
    """Try whether readerless templates can be put into words; what they say is shown to nobody."""
    return _by_family(pairs, [_readerless[name] for name, _ in pairs], lambda family, some: family(some))


def _by_family(
    pairs: Sequence[Pair],
    families: Sequence[Family],
    ask: Callable[[Family, Sequence[Pair]], Sequence[Rendered | None]],
) -> list[Rendered | Broken | None]:
    rendered: list[Rendered | Broken | None] = [None] * len(pairs)
    for family in dict.fromkeys(families):
        places = [place for place, one in enumerate(families) if one is family]
        words = _render_some(partial(ask, family), [pairs[place] for place in places])
        for place, word in zip(places, words, strict=True):
            rendered[place] = word
    return rendered


def _unknown(pairs: Sequence[Pair], person: Person) -> Sequence[Rendered | None]:
    raise LookupError(f"no message template {pairs[0][0]}")


def _render_some(family: Words, pairs: Sequence[Pair]) -> Sequence[Rendered | Broken | None]:
    """Render messages of one family; one that breaks does not break the others."""
    try:
        with _unharmed():
            return family(pairs)
    except (OperationalError, InterfaceError):  # the database's fault, not the template's: all of it again, later
        raise
    except Exception as error:  # whatever a template raises
        if len(pairs) == 1:
            logger.exception("template %s", pairs[0][0])
            return [Broken(f"{type(error).__name__}: {error}")]
    return [_render_some(family, [pair])[0] for pair in pairs]


def _unharmed() -> AbstractContextManager[None]:
    """Inside a transaction an error of the database must not spoil what comes after."""
    return transaction.atomic() if transaction.get_connection().in_atomic_block else nullcontext()


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


def register_numbers(find: Callable[[str, Person], tuple[list[str], list[int]]]) -> None:
    """What a number stands for lives above: ids of matters this person may see, and of their clocks."""
    global _by_number
    _by_number = find


def by_number(number: str, person: Person) -> tuple[list[str], list[int]]:
    return _by_number(number, person) if _by_number else ([], [])


def register_running(running: Callable[[Collection[int]], dict[int, int]]) -> None:
    """The time limits live above: it locks those named that still run, and tells the epoch of each."""
    global _running
    _running = running


def running(limits: Collection[int]) -> dict[int, int]:
    return _running(limits) if _running and limits else {}


def register_clock(engine_now: Callable[[], datetime]) -> None:
    """The engine's one door to the time lives above; the sender started by a doorbell asks it too."""
    global _clock
    _clock = engine_now


def engine_now() -> datetime:
    return _clock()


def register_beat(beat: Callable[[datetime], None]) -> None:
    """Where the sender writes that it went well lies above, too."""
    global _beat
    _beat = beat


def beat(now: datetime) -> None:
    if _beat:
        _beat(now)
