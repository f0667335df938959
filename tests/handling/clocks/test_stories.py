"""The real commands in any order, over calendars that change meanwhile, against a reference that counts day by day."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from members.errors import Refused, WrongStep
from proposals.handling import audit, clocks, engine, workdays
from proposals.handling.models import ClockEvent, Matter, Obligation, TimeRule
from tests.handling import factories, reference
from tests.handling.factories import at, house

from .strategies import UNITS, any_limits

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
FIRST = date(2026, 1, 5)
BOUND = reference.Bound(10, 2)
LEAD, FOLLOWER, ALONE = "story_lead", "story_follower", "story_alone"
some = st.sampled_from([LEAD, FOLLOWER, ALONE])
back = st.integers(0, 4)


@dataclass
class Case:
    """One clock as the reference knows it."""

    row: Obligation
    limit: reference.Limit
    anchor: date
    fixed: date | None = None
    bound: reference.Bound | None = None
    changes: list[reference.Change] = field(default_factory=list)
    state: str = "open"
    due: date = date.min
    version: int = 0
    turned_on: date = date.min
    reopened_on: date = date.min

    @property
    def seq(self) -> int:
        return self.row.events.count() + 1

    @property
    def lead(self) -> date | None:
        leads = [change.to_on for change in self.changes if change.kind == "follow"]
        return leads[-1] if leads else None


class Stories(RuleBasedStateMachine):
    """A lead, its follower, and a clock for itself; each step is a command, the reference moves along."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.today = FIRST
        self.home = house()
        self.days = self.known_days()
        self.cases: dict[str, Case] = {}
        self.holidays = 0

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    @property
    def now(self) -> datetime:
        return at(self.today)

    @property
    def version(self) -> int:
        return workdays.working_calendar().version

    def known_days(self) -> reference.Days:
        calendar = workdays.working_calendar()
        span = [date(2022, 1, 1) + timedelta(days=n) for n in range(9 * 366)]
        off = {day for day in span if day.weekday() < 5 and not calendar.is_workday(day)}
        return reference.Days(off, {day for day in span if day.weekday() >= 5 and calendar.is_workday(day)})

    def expected(self, case: Case, *more: reference.Change) -> date:
        changes = [*case.changes, *more]
        return reference.due(case.limit, case.anchor, changes, self.days, case.fixed, case.bound)

    def settle(self, code: str) -> None:
        """The clock was folded: on today's calendar, and whoever follows it goes with it."""
        case = self.cases[code]
        new = self.expected(case)
        moved, case.due, case.version = new != case.due, new, self.version
        follower = self.cases.get(FOLLOWER)
        if moved and code == LEAD and follower and follower.state != "done" and follower.lead != new:
            follower.changes.append(reference.Change("follow", self.today, follower.seq - 1, to_on=new))
            self.settle(FOLLOWER)

    def do(self, code: str, command: Callable[[Case], object], **change: object) -> None:
        """Give a command that folds; `change` is what the reference hears of it."""
        case = self.cases[code]
        seq = case.seq
        command(case)
        case.changes.append(reference.Change(seq=seq, **change))  # type: ignore[arg-type]  # its fields
        self.settle(code)

    # the story -------------------------------------------------------------------------------------------------------

    @initialize(
        limits=st.tuples(any_limits, any_limits, any_limits), fixed=st.none() | st.integers(5, 90), led=st.booleans()
    )
    def begin(self, limits: tuple[reference.Limit, ...], fixed: int | None, led: bool) -> None:
        matter = factories.matter(self.home)
        order = [LEAD, FOLLOWER, ALONE] if led else [FOLLOWER, LEAD, ALONE]
        for code, limit in zip(order, limits, strict=True):
            bound = BOUND if code == FOLLOWER else None
            time_rule = make_rule(code, limit, date(2000, 1, 1))
            on = FIRST + timedelta(days=fixed) if fixed and code == ALONE else None
            self.start(code, time_rule, limit, matter, on, bound)

    def start(
        self,
        code: str,
        time_rule: TimeRule,
        limit: reference.Limit,
        matter: Matter,
        fixed: date | None,
        bound: reference.Bound | None,
    ) -> None:
        row = clocks.start(
            matter, time_rule.code, body=self.home.unit.body, anchor_on=FIRST, fixed_on=fixed, by=None, now=self.now
        )
        case = self.cases[code] = Case(row, limit, FIRST, fixed, bound, turned_on=FIRST)
        lead = self.cases.get(LEAD)
        if code == FOLLOWER and lead:
            case.changes.append(reference.Change("follow", FIRST, 2, to_on=lead.due))
        self.settle(code)

    @rule(days=st.integers(1, 12))
    def wait(self, days: int) -> None:
        self.today += timedelta(days=days)

    @rule(code=some, before=back)
    def pause(self, code: str, before: int) -> None:
        case, on = self.cases[code], self.today - timedelta(days=before)
        if case.state != "open" or on < case.turned_on:
            with pytest.raises((WrongStep, Refused)):
                clocks.pause(case.row, by=None, now=self.now, reason="x", on=on)
            return
        seq = case.seq
        clocks.pause(case.row, by=None, now=self.now, reason="x", on=on)
        case.changes.append(reference.Change("pause", on, seq))
        case.state, case.turned_on = "paused", on

    @rule(code=some, before=back)
    def resume(self, code: str, before: int) -> None:
        case, on = self.cases[code], self.today - timedelta(days=before)
        if case.state != "paused" or on < case.turned_on:
            with pytest.raises((WrongStep, Refused)):
                clocks.resume(case.row, by=None, now=self.now, on=on)
            return
        case.state, case.turned_on = "open", on
        self.do(code, lambda case: clocks.resume(case.row, by=None, now=self.now, on=on), kind="resume", on=on)

    @rule(code=some, amount=st.integers(1, 9), unit=st.sampled_from(sorted(UNITS)))
    def extend_by(self, code: str, amount: int, unit: str) -> None:
        self.extend(code, reference.Change("extend", self.today, self.cases[code].seq, amount=amount, unit=unit))

    @rule(code=some, later=st.integers(-3, 60))
    def extend_to(self, code: str, later: int) -> None:
        case = self.cases[code]
        to_on = case.due + timedelta(days=later)
        self.extend(code, reference.Change("extend", self.today, case.seq, to_on=to_on))

    def extend(self, code: str, change: reference.Change) -> None:
        case = self.cases[code]
        wanted = {"to_on": change.to_on} if change.to_on else {"amount": change.amount, "unit": UNITS[change.unit]}

        def command(case: Case) -> object:
            return clocks.extend(case.row, by=None, now=self.now, reason="x", override=True, **wanted)

        useless = case.state == "done" or (change.to_on or date.max) <= case.due
        if useless or self.expected(case, change) <= case.due:
            with pytest.raises((WrongStep, Refused)), transaction.atomic():
                command(case)
            return
        self.do(code, command, kind="extend", on=change.on, amount=change.amount, unit=change.unit, to_on=change.to_on)

    @rule(code=some)
    def revoke(self, code: str) -> None:
        case = self.cases[code]
        gone = {change.takes_back for change in case.changes}
        granted = [change.seq for change in case.changes if change.kind == "extend" and change.seq not in gone]
        if case.state == "done" or not granted:
            with pytest.raises(WrongStep):
                clocks.revoke(case.row, by=None, now=self.now, reason="x")
            return

        def command(case: Case) -> object:
            return clocks.revoke(case.row, by=None, now=self.now, reason="x")

        self.do(code, command, kind="take_back", on=self.today, takes_back=max(granted))

    @precondition(lambda self: self.today > FIRST)
    @rule(code=some, limit=any_limits)
    def change_rule(self, code: str, limit: reference.Limit) -> None:
        case = self.cases[code]
        last = TimeRule.objects.get(code=code, valid__upper_inf=True)
        if case.state == "done" or last.valid.lower >= self.today:
            return
        last.valid = (last.valid.lower, self.today)
        last.save(update_fields=["valid"])
        new = make_rule(code, limit, self.today)

        def command(case: Case) -> object:
            return clocks.apply_rule(case.row, new, by=self.home.staff, now=self.now, reason="x")

        self.do(code, command, kind="new_rule", on=self.today, limit=limit)

    @rule(code=some, before=back)
    def complete(self, code: str, before: int) -> None:
        case = self.cases[code]
        if case.state == "done":
            with pytest.raises(WrongStep):
                clocks.complete(case.row, by=None, now=self.now)
            return
        wanted = self.today - timedelta(days=before)
        if wanted < case.reopened_on:
            with pytest.raises(Refused), transaction.atomic():
                clocks.complete(case.row, by=None, now=self.now, on=wanted)
            return
        on, seq = max(wanted, case.turned_on), case.seq
        row = clocks.complete(case.row, by=None, now=self.now, on=on)
        stopped = case.turned_on if case.state == "paused" else None
        assert row.late_workdays == self.days.between(case.due, min(on, stopped or on)), "I18: frozen as it was"
        case.changes.append(reference.Change("complete", on, seq))
        case.state, case.turned_on = "done", on

    @rule(code=some)
    def reopen(self, code: str) -> None:
        case = self.cases[code]
        if case.state != "done":
            with pytest.raises(WrongStep):
                clocks.reopen(case.row, by=None, now=self.now, reason="x")
            return
        case.state, case.turned_on, case.reopened_on = "open", self.today, self.today

        def command(case: Case) -> object:
            return clocks.reopen(case.row, by=None, now=self.now, reason="x")

        self.do(code, command, kind="reopen", on=self.today)

    @rule(code=some)
    def transfer(self, code: str) -> None:
        case = self.cases[code]
        if case.state != "done":
            clocks.move_holder(case.row, self.home.office, by=None, now=self.now)

    @rule(later=st.integers(-5, 45), count_again=st.booleans())
    def edit_calendar(self, later: int, count_again: bool) -> None:
        """A day is worked or not after all; clocks are recounted at once, or what happens meanwhile comes first."""
        on = self.today + timedelta(days=later)
        worked = not self.days.worked(on)
        workdays.set_local_day(on, is_workday=worked, name="x")
        (self.days.work if worked else self.days.off).add(on)
        (self.days.off if worked else self.days.work).discard(on)
        if count_again:
            self.recount()

    @rule()
    def recount(self) -> None:
        behind = [(one.version, one.row.pk, code) for code, one in self.cases.items()]
        engine.refold(now=self.now)
        for version, _, code in sorted(behind):
            if version < self.version and self.cases[code].state != "done":
                self.settle(code)

    @rule()
    def look(self) -> None:
        engine.scan(now=self.now)

    @invariant()
    def i1_what_is_stored_is_what_the_reference_counts_and_the_audit_finds_nothing(self) -> None:
        rows = Obligation.objects.in_bulk([case.row.pk for case in self.cases.values()])
        for code, case in self.cases.items():
            row = rows[case.row.pk]
            assert (code, row.status, row.due_on) == (code, case.state, case.due)
        assert audit.differences(now=self.now) == []


def make_rule(code: str, limit: reference.Limit, since: date) -> TimeRule:
    bound = {"bound_stage": LEAD, "bound_workdays": BOUND.workdays} if code == FOLLOWER else {}
    made = factories.rule(
        code,
        limit.amount,
        limit.unit,
        ({"offset_workdays": -3}, {"offset_workdays": 1, "repeat_every": 2, "max_repeats": 3}),
        direction="before" if limit.before else "after",
        roll="next_workday" if limit.rolls else "none",
        valid=(since, None),
        **bound,
    )
    made.refresh_from_db()
    return made


def test_i1_whatever_people_do_and_whenever_the_calendar_changes_every_stored_day_follows_from_its_events() -> None:
    run_state_machine_as_test(
        Stories,
        settings=settings(
            stateful_step_count=10,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],  # to shrink a story would take minutes
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert not ClockEvent.objects.exists(), "each story is taken back"
