"""Which running limits an edit would move, and who would hear of it, before it is made.

By name whoever looks is shown the limits that he may know of; the others are numbers, and what a unit counts inside is
not shown at all.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from django.db.models import Q

from members.models import Person

from . import chase, clockface, knowing
from .clockwork.calendar import OutOfCalendar, WorkCalendar
from .clockwork.fold import Clock, Fact, fold
from .clockwork.rules import Rule
from .clockwork.years import Year
from .models import Assignment, ClockEvent, Matter, Obligation, TimeRule
from .models.clocks import ObligationQuerySet, mark_of
from .workdays import calendar_with, calendar_with_day, today, working_calendar

SHOWN = 200
"""As many limits as a preview names; beyond that it gives their number."""
Kind = ClockEvent.Kind
COUNTING = (Kind.PAUSE, Kind.RESUME, Kind.EXTEND, Kind.REVOKE, Kind.FOLLOW, Kind.COMPLETE, Kind.CANCEL, Kind.REOPEN)
AFTER_ALL = 1_000_000


class _Row(NamedTuple):
    """A running clock, as plain values: there may be tens of thousands."""

    pk: int
    matter: int
    round: int
    stage: str
    rule: int
    anchor_on: date
    fixed_on: date | None
    due_on: date
    holder_body: int | None
    holder_person: int | None
    office: int | None
    handler: int | None
    matter_office: int | None
    exposure: str
    assigned: int | None


_FIELDS = (
    "pk", "matter", "round", "stage", "rule", "anchor_on", "fixed_on", "due_on", "holder_body", "holder_person",
    "assignment__office", "assignment__handler", "matter__office", "matter__exposure",
    "assignment",
)  # fmt: skip


@dataclass(frozen=True)
class Moved:
    """A running limit with its old and its new last day, and who will be told."""

    obligation: Obligation
    old: date
    new: date
    told: list[str] = field(default_factory=list)
    provisional: bool = False

    @property
    def mark(self) -> str:
        return mark_of(provisional=self.provisional)

    @property
    def label(self) -> str:
        return self.obligation.matter.label

    @property
    def stage(self) -> str:
        return self.obligation.rule.name

    @property
    def holder(self) -> str:
        return str(self.obligation.holder_body or self.obligation.holder_person)


@dataclass(frozen=True)
class Counted:
    """Limits of one stage that are not named: how many move from one day to another."""

    stage: str
    old: date
    new: date
    amount: int


@dataclass(frozen=True)
class Effect:
    """What an edit would do: the limits that it names, the others in numbers, how many persons hear of it."""

    moved: list[Moved]
    counted: list[Counted]
    people: int

    @property
    def amount(self) -> int:
        return len(self.moved) + sum(one.amount for one in self.counted)


def effect_of(year: Year, *, viewer: Person | None, now: datetime, shown: int = SHOWN) -> Effect:
    """What loading `year` would do, as `viewer` may know it; nobody is shown numbers. The queries are constant."""
    return _effect_of_calendar(calendar_with(year), viewer=viewer, now=now, shown=shown)


def effect_of_local_day(on: date, *, is_workday: bool, viewer: Person, now: datetime) -> Effect:
    """What it would do if this city alone worked that day, or did not."""
    return _effect_of_calendar(calendar_with_day(on, is_workday=is_workday), viewer=viewer, now=now, shown=SHOWN)


def _effect_of_calendar(calendar: WorkCalendar, *, viewer: Person | None, now: datetime, shown: int) -> Effect:
    rows = _read(Obligation.objects.running())
    return _effect(rows, _new_days(rows, calendar), calendar, viewer=viewer, now=now, shown=shown)


def effect_of_rule(rule: TimeRule, *, viewer: Person, now: datetime) -> Effect:
    """What it would do if the running limits of the same stage followed `rule`."""
    rows, calendar = _read(_touched_by(rule)), working_calendar()
    return _effect(rows, _new_days(rows, calendar, rule), calendar, viewer=viewer, now=now, shown=SHOWN)


def moved_by_rule(rule: TimeRule) -> list[int]:
    """Return by id the running limits of that stage that `rule` itself would move; their followers go with them."""
    rows = _read(Obligation.objects.running().filter(rule__code=rule.code).exclude(rule=rule))
    new = _new_days(rows, working_calendar(), rule)
    return sorted(row.pk for row in rows if new[row.pk] != row.due_on)


def _touched_by(rule: TimeRule) -> ObligationQuerySet:
    """The limits of that stage, and those that follow one of them."""
    return Obligation.objects.running().filter(Q(rule__code=rule.code) & ~Q(rule=rule) | Q(rule__bound_stage=rule.code))


def _read(running: ObligationQuerySet) -> list[_Row]:
    return [_Row(*values) for values in running.order_by("due_on", "id").values_list(*_FIELDS)]


def _new_days(rows: Sequence[_Row], calendar: WorkCalendar, rule: TimeRule | None = None) -> dict[int, date]:
    """Return the last day of each by id: first of those that follow nobody, then of their followers."""
    rules = {row.pk: row for row in TimeRule.objects.all()}
    counted = {pk: clockface.rule_of(one) for pk, one in rules.items()}
    if rule is not None:
        changed = clockface.rule_of(rule)
        counted |= {pk: changed for pk, one in rules.items() if one.code == rule.code}
    facts = _facts(rows)
    known: dict[tuple[Rule, date, date | None], date] = {}
    new: dict[int, date] = {}
    leads: dict[tuple[int, int, str], date] = {}

    def count(row: _Row, more: Sequence[Fact] = ()) -> date:
        mine = [*facts.get(row.pk, ()), *more]
        key = (counted[row.rule], row.anchor_on, row.fixed_on)
        try:
            if mine:
                return fold(Clock(*key, mine), calendar)
            if key not in known:
                known[key] = fold(Clock(*key), calendar)
            return known[key]
        except OutOfCalendar:  # it stays where it is, and the engine sets it aside
            return row.due_on

    for row in rows:
        if not rules[row.rule].bound_stage:
            new[row.pk] = count(row)
            if new[row.pk] != row.due_on:
                leads[row.matter, row.round, row.stage] = new[row.pk]
    for row in rows:
        if stage := rules[row.rule].bound_stage:
            lead = leads.get((row.matter, row.round, stage))
            new[row.pk] = count(row, [Fact("follow", row.anchor_on, AFTER_ALL, to_on=lead)] if lead else [])
    return new


def _facts(rows: Sequence[_Row]) -> dict[int, list[Fact]]:
    """What counts in the folds of these clocks; most have nothing but their beginning."""
    events = ClockEvent.objects.filter(obligation__status__in=Obligation.RUNNING, kind__in=COUNTING)
    wanted = {row.pk for row in rows}
    found: dict[int, list[Fact]] = {}
    for event in events.order_by("obligation_id", "seq"):
        if event.obligation_id in wanted:
            found.setdefault(event.obligation_id, []).append(clockface.fact_of(event))
    return found


def _effect(
    rows: Sequence[_Row],
    new: dict[int, date],
    calendar: WorkCalendar,
    *,
    viewer: Person | None,
    now: datetime,
    shown: int,
) -> Effect:
    moved = [row for row in rows if new[row.pk] != row.due_on and row.stage not in knowing.INSIDE_UNITS]
    concerned = _concerned(moved, now=now)
    people = set[int]().union(*concerned.values())
    names = dict(Person.objects.filter(pk__in=people, is_active=True).values_list("pk", "name"))
    named = _named(moved, viewer)[:shown]
    found = Obligation.objects.select_related("rule", "matter", "holder_body", "holder_person").in_bulk(
        [row.pk for row in named]
    )
    lines = [
        Moved(
            found[row.pk],
            row.due_on,
            new[row.pk],
            [names[one] for one in sorted(concerned[row.pk]) if one in names],
            provisional=calendar.is_provisional(row.anchor_on, new[row.pk]),
        )
        for row in named
    ]
    return Effect(lines, _counted(moved, found, new), len(names))


def _named(rows: Sequence[_Row], viewer: Person | None) -> list[_Row]:
    """Those of matters that `viewer` sees, and of which he may know."""
    if viewer is None:
        return []
    known = set(knowing.named_to(Obligation.objects.running(), viewer).values_list("pk", flat=True))
    return [row for row in rows if row.pk in known]


def _counted(rows: Sequence[_Row], named: Collection[int], new: dict[int, date]) -> list[Counted]:
    stages = dict(TimeRule.objects.values_list("pk", "name"))
    amounts = Counter((stages[row.rule], row.due_on, new[row.pk]) for row in rows if row.pk not in named)
    return [Counted(*key, amount) for key, amount in sorted(amounts.items())]


def _concerned(rows: Collection[_Row], *, now: datetime) -> dict[int, frozenset[int]]:
    """Whom each of these limits concerns, by id; the same people are looked up once."""
    bodies = {body for row in rows for body in (row.holder_body, row.office, row.matter_office) if body}
    holders = {row.holder_person for row in rows if row.holder_person}
    directory = chase.Directory.read(bodies, people=holders, on=today(now))
    known: dict[tuple[int | str | None, ...], frozenset[int]] = {}
    found: dict[int, frozenset[int]] = {}
    for row in rows:
        key = (
            row.holder_body, row.holder_person, row.office, row.handler, row.matter_office, row.assigned and 1, row.stage,
            row.exposure,
        )  # fmt: skip
        if key not in known:
            known[key] = chase.concerned(_holding(row), directory)
        found[row.pk] = known[key]
    return found


def _holding(row: _Row) -> Obligation:
    """The clock without its story, as far as `chase` asks."""
    held = Assignment(office_id=row.office or 0, handler_id=row.handler) if row.assigned else None
    matter = Matter(pk=row.matter, office_id=row.matter_office, exposure=row.exposure)
    return Obligation(
        matter=matter,
        stage=row.stage,
        assignment=held,
        holder_body_id=row.holder_body,
        holder_person_id=row.holder_person,
    )
