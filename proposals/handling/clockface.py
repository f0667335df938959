"""From rows to the pure calculation: what a clock's rule, events and ladder are."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from .clockwork.calendar import WorkCalendar
from .clockwork.fold import Clock, Fact, fold
from .clockwork.ladder import Firing, Step, next_firing, plan, waiting
from .clockwork.rules import Rule, Unit
from .models import ClockEvent, LadderStep, Obligation, TimeRule

UNITS: dict[str, Unit] = {"workday": "workday", "day": "day", "month": "month"}
Handled = frozenset[tuple[int, int]]
NOTHING: Handled = frozenset()


def rule_of(row: TimeRule) -> Rule:
    return Rule(
        unit=UNITS[row.unit],
        amount=row.amount,
        before=row.direction == TimeRule.Direction.BEFORE,
        rolls=row.roll == TimeRule.Roll.NEXT_WORKDAY,
        bound=row.bound_workdays,
        floor=row.floor_workdays,
    )


def fact_of(event: ClockEvent) -> Fact:
    return Fact(
        kind=event.kind,
        on=event.on_date,
        seq=event.seq,
        amount=event.amount or 0,
        unit=UNITS[event.unit or "workday"],
        to_on=event.to_on,
        takes_back=event.takes_back,
    )


def clock_of(obligation: Obligation, events: Iterable[ClockEvent], rule: TimeRule | None = None) -> Clock:
    """Return what the due date follows from. `obligation.rule` is the one applied last."""
    return Clock(
        rule=rule_of(rule or obligation.rule),
        anchor=obligation.anchor_on,
        fixed=obligation.fixed_on,
        facts=[fact_of(event) for event in events],
    )


def due_of(obligation: Obligation, events: Iterable[ClockEvent], calendar: WorkCalendar) -> date:
    return fold(clock_of(obligation, events), calendar)


def step_of(row: LadderStep) -> Step:
    return Step(
        key=row.pk,
        offset=row.offset_workdays,
        severity=row.severity,
        from_start=row.anchor == LadderStep.Anchor.START,
        at=row.at_time,
        every=row.repeat_every or 0,
        times=row.max_repeats,
    )


def steps_by_ladder(ladders: Iterable[int]) -> dict[int, list[LadderStep]]:
    """Return the steps of several ladders, in one query."""
    found: dict[int, list[LadderStep]] = {}
    for step in LadderStep.objects.filter(ladder__in=set(ladders)).order_by("ladder_id", "severity", "id"):
        found.setdefault(step.ladder_id, []).append(step)
    return found


def firings_of(obligation: Obligation, steps: Iterable[LadderStep], calendar: WorkCalendar) -> list[Firing]:
    """Return all that the ladder plans for the obligation as it stands."""
    return plan([step_of(step) for step in steps], obligation.started_on, obligation.due_on, calendar)


def set_next(
    obligation: Obligation,
    steps: Sequence[LadderStep],
    handled: Handled,
    calendar: WorkCalendar,
    *,
    now: datetime,
) -> None:
    """Write into the three columns what fires next; nothing while the clock does not run."""
    coming = None
    if obligation.status == Obligation.Status.OPEN:
        coming = next_firing(waiting(firings_of(obligation, steps, calendar), handled), now, calendar)
    obligation.next_at = coming[0] if coming else None
    obligation.next_step_id = coming[1].step if coming else None
    obligation.next_n = coming[1].n if coming else None


def handled_by_obligation(rows: Iterable[tuple[int, int, int]]) -> Mapping[int, set[tuple[int, int]]]:
    """Group (obligation, step, n) by obligation."""
    found: dict[int, set[tuple[int, int]]] = {}
    for obligation, step, n in rows:
        found.setdefault(obligation, set()).add((step, n))
    return found
