"""A check that cannot lie: every running clock is derived again from its events and compared with what is stored."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice, pairwise

from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, Subquery

from . import clockface
from .clockwork.calendar import OutOfCalendar, WorkCalendar
from .clockwork.fold import open_since
from .clockwork.ladder import Firing, due_now, office_moment, waiting
from .models import Checkpoint, ClockEvent, LadderStep, Obligation
from .workdays import working_calendar

BATCH = 500
SET_ASIDE = timedelta(hours=1)
"""So long a clock waits whose reminder could not be made; the engine sets it aside."""
Kind, Status = ClockEvent.Kind, Obligation.Status
BECOMES = {
    Kind.START: Status.OPEN,
    Kind.PAUSE: Status.PAUSED,
    Kind.RESUME: Status.OPEN,
    Kind.COMPLETE: Status.DONE,
    Kind.CANCEL: Status.CANCELLED,
    Kind.REOPEN: Status.OPEN,
}
"""What a clock is after such an event; the others leave it as it was."""


@dataclass(frozen=True)
class Difference:
    """One value that is not what follows from the events."""

    obligation: int
    what: str
    stored: str
    derived: str

    def __str__(self) -> str:
        return f"时限 {self.obligation}：{self.what}存为 {self.stored}，应为 {self.derived}"


def differences(*, now: datetime) -> list[Difference]:
    """Return what differs, clock by clock; a sound database has nothing. Whatever goes on meanwhile is not seen."""
    with _snapshot():
        calendar = working_calendar()
        found = list(_ended())
        rows = Obligation.objects.running().select_related("rule").order_by("id").iterator(chunk_size=BATCH)
        while batch := list(islice(rows, BATCH)):
            found += _batch(batch, calendar, now=now)
    return found


def count_running() -> int:
    return Obligation.objects.running().count()


@contextmanager
def _snapshot() -> Iterator[None]:
    """Clocks and their events are read as they stood at one moment: else what commits in between would differ."""
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _ended() -> Iterator[Difference]:
    """Ended clocks whose last change was not their end, or that stand on another day than they ended with."""
    last = ClockEvent.objects.filter(obligation=OuterRef("pk")).order_by("-seq")
    ended = Obligation.objects.exclude(status__in=Obligation.RUNNING).annotate(
        last_kind=Subquery(last.values("kind")[:1]), last_due=Subquery(last.values("new_due")[:1])
    )
    sound = Q(status=Status.DONE, last_kind=Kind.COMPLETE) | Q(status=Status.CANCELLED, last_kind=Kind.CANCEL)
    odd = ended.exclude(sound & Q(last_due=F("due_on"))).order_by("id")
    for pk, status, due, kind, last_due in odd.values_list("pk", "status", "due_on", "last_kind", "last_due"):
        became = BECOMES.get(Kind(kind)) if kind else None
        if became != status:
            yield Difference(pk, "状态", status, became or "open")
        else:
            yield Difference(pk, "末条记录的到期日", str(last_due), str(due))


def _events_of(rows: Sequence[Obligation]) -> dict[int, list[ClockEvent]]:
    events: dict[int, list[ClockEvent]] = {row.pk: [] for row in rows}
    for event in ClockEvent.objects.filter(obligation__in=events).order_by("obligation_id", "seq"):
        events[event.obligation_id].append(event)
    return events


def _batch(rows: Sequence[Obligation], calendar: WorkCalendar, *, now: datetime) -> Iterator[Difference]:
    events = _events_of(rows)
    steps = clockface.steps_by_ladder(row.rule.ladder_id for row in rows if row.rule.ladder_id)
    epochs = {row.pk: row.epoch for row in rows}
    fired = Checkpoint.objects.filter(obligation__in=epochs).values_list("obligation_id", "epoch", "step_id", "n")
    handled = clockface.handled_by_obligation((pk, step, n) for pk, epoch, step, n in fired if epoch == epochs[pk])
    for row in rows:
        yield from _story(row, events[row.pk])
        yield from _clock(row, events[row.pk], calendar)
        if row.status == Status.OPEN and row.calendar_version == calendar.version:
            ladder = steps.get(row.rule.ladder_id or 0, [])
            yield from _ladder(row, ladder, handled.get(row.pk, set()), calendar, now=now)


def _story(row: Obligation, events: Sequence[ClockEvent]) -> Iterator[Difference]:
    """The events are numbered without a gap, and each goes on from the day on which the last one ended."""
    numbers = [event.seq for event in events]
    if numbers != list(range(1, len(events) + 1)):
        yield Difference(row.pk, "记录序号", str(numbers), f"1—{len(events)}")
    for before, after in pairwise(events):
        if before.new_due != after.old_due:
            yield Difference(row.pk, f"第 {after.seq} 条记录的原到期日", str(after.old_due), str(before.new_due))
    if events and events[-1].new_due != row.due_on:
        yield Difference(row.pk, "末条记录的到期日", str(events[-1].new_due), str(row.due_on))


def _clock(row: Obligation, events: Sequence[ClockEvent], calendar: WorkCalendar) -> Iterator[Difference]:
    if row.calendar_version > calendar.version:
        yield Difference(row.pk, "日历版本", str(row.calendar_version), f"不高于 {calendar.version}")
    elif row.calendar_version == calendar.version:
        yield from _due(row, events, calendar)
    became = [BECOMES[kind] for event in events if (kind := Kind(event.kind)) in BECOMES]
    status = became[-1] if became else Status.OPEN
    standing = open_since([clockface.fact_of(event) for event in events]) is not None
    if status != row.status or standing != (row.status == Status.PAUSED):
        yield Difference(
            row.pk, "状态", row.status, status if status != row.status else "paused" if standing else "open"
        )
    rules = [event.rule_id for event in events if event.kind == Kind.RULE_CHANGE]
    if rules and rules[-1] != row.rule_id:
        yield Difference(row.pk, "适用规则", str(row.rule_id), str(rules[-1]))


def _due(row: Obligation, events: Sequence[ClockEvent], calendar: WorkCalendar) -> Iterator[Difference]:
    try:
        due = clockface.due_of(row, events, calendar)
    except OutOfCalendar as error:
        yield Difference(row.pk, "到期日", str(row.due_on), f"无法推算（{error}）")
        return
    if due != row.due_on:
        yield Difference(row.pk, "到期日", str(row.due_on), str(due))
    provisional = calendar.is_provisional(row.anchor_on, row.due_on)
    if provisional != row.provisional:
        yield Difference(row.pk, "暂定", str(row.provisional), str(provisional))


def _ladder(
    row: Obligation,
    steps: Sequence[LadderStep],
    handled: set[tuple[int, int]],
    calendar: WorkCalendar,
    *,
    now: datetime,
) -> Iterator[Difference]:
    """What fires next is the first step not handled, or the office's next hour after that has passed.

    What was set aside waits up to an hour longer.
    """
    try:
        coming = waiting(clockface.firings_of(row, steps, calendar), handled)
    except OutOfCalendar as error:
        yield Difference(row.pk, "下次提醒", str(row.next_at), f"无法推算（{error}）")
        return
    first = coming[0].at if coming else None
    wait = SET_ASIDE if row.error else timedelta()
    caught_up = first and row.next_at and first < row.next_at <= office_moment(now + wait, calendar)
    if row.next_at != first and not caught_up:
        yield Difference(row.pk, "下次提醒", str(row.next_at), str(first))
    elif row.next_at is not None:
        yield from _step(row, coming, row.next_at)


def _step(row: Obligation, coming: Sequence[Firing], moment: datetime) -> Iterator[Difference]:
    """Of several that come together the most severe; what was set aside keeps the one that it was set aside with."""
    chosen, others = due_now(coming, moment)
    possible = [one.key for one in (chosen, *others) if one]
    stored = (row.next_step_id, row.next_n)
    if stored not in (possible if row.error else possible[:1]):
        yield Difference(row.pk, "下次提醒的节点", str(stored), str(possible[0] if possible else None))
