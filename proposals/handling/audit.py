"""A check that cannot lie: every running clock is derived again from its events and compared with what is stored."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from . import clockface
from .clockwork.calendar import WorkCalendar
from .clockwork.fold import open_since
from .clockwork.ladder import office_moment, waiting
from .models import Checkpoint, ClockEvent, LadderStep, Obligation
from .workdays import working_calendar

BATCH = 500


@dataclass(frozen=True)
class Difference:
    """One value that is not what follows from the events."""

    obligation: int
    what: str
    stored: str
    derived: str

    def __str__(self) -> str:
        return f"时限 {self.obligation}：{self.what}存为 {self.stored}，应为 {self.derived}"


def differences(*, now: datetime) -> Iterator[Difference]:
    """Yield what differs, clock by clock; a sound database yields nothing."""
    calendar = working_calendar()
    rows = Obligation.objects.running().select_related("rule").order_by("id").iterator(chunk_size=BATCH)
    while batch := list(islice(rows, BATCH)):
        yield from _batch(batch, calendar, now=now)


def count_running() -> int:
    return Obligation.objects.running().count()


def _batch(rows: Sequence[Obligation], calendar: WorkCalendar, *, now: datetime) -> Iterator[Difference]:
    events: dict[int, list[ClockEvent]] = {row.pk: [] for row in rows}
    for event in ClockEvent.objects.filter(obligation__in=events).order_by("obligation_id", "seq"):
        events[event.obligation_id].append(event)
    steps = clockface.steps_by_ladder(row.rule.ladder_id for row in rows if row.rule.ladder_id)
    epochs = {row.pk: row.epoch for row in rows}
    fired = Checkpoint.objects.filter(obligation__in=epochs).values_list("obligation_id", "epoch", "step_id", "n")
    handled = clockface.handled_by_obligation((pk, step, n) for pk, epoch, step, n in fired if epoch == epochs[pk])
    for row in rows:
        yield from _clock(row, events[row.pk], calendar)
        if row.status == Obligation.Status.OPEN and not row.error:
            ladder = steps.get(row.rule.ladder_id or 0, [])
            yield from _ladder(row, ladder, handled.get(row.pk, set()), calendar, now=now)


def _clock(row: Obligation, events: Sequence[ClockEvent], calendar: WorkCalendar) -> Iterator[Difference]:
    numbers = [event.seq for event in events]
    if numbers != list(range(1, len(events) + 1)):
        yield Difference(row.pk, "记录序号", str(numbers), f"1—{len(events)}")
    due = clockface.due_of(row, events, calendar)
    if row.calendar_version == calendar.version and due != row.due_on:
        yield Difference(row.pk, "到期日", str(row.due_on), str(due))
    if events and events[-1].new_due != row.due_on:
        yield Difference(row.pk, "末条记录的到期日", str(events[-1].new_due), str(row.due_on))
    standing = open_since([clockface.fact_of(event) for event in events]) is not None
    if standing != (row.status == Obligation.Status.PAUSED):
        yield Difference(row.pk, "状态", row.status, "paused" if standing else "open")


def _ladder(
    row: Obligation,
    steps: Sequence[LadderStep],
    handled: set[tuple[int, int]],
    calendar: WorkCalendar,
    *,
    now: datetime,
) -> Iterator[Difference]:
    """What fires next is the first step not handled, or the office's next hour after that has passed."""
    if row.calendar_version != calendar.version:
        return
    coming = waiting(clockface.firings_of(row, steps, calendar), handled)
    first = coming[0].at if coming else None
    if row.next_at == first:
        return
    caught_up = first and row.next_at and first < row.next_at <= office_moment(now, calendar)
    if not caught_up:
        yield Difference(row.pk, "下次提醒", str(row.next_at), str(first))
