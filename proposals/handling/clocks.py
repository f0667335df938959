"""Commands on clocks (时限): each one transaction, one event, one fold.

Lock order: matter, obligation, message. A due date that the fold moves makes a new epoch: what older epochs
planned and had not handed off is taken back, and the ladder is set anew.
"""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import IntegrityError, InterfaceError, OperationalError, connection, transaction

from members.days import short_day
from members.errors import Refused, WrongStep
from members.inbox import actions as inbox
from members.models import Body, Person

from . import chase, clockface, knowing
from .clockwork import explain as explaining
from .clockwork.calendar import OutOfCalendar, WorkCalendar
from .clockwork.fold import fold, open_since, standing
from .clockwork.fold import late_workdays as lateness
from .clockwork.ladder import ZONE, Firing, due_now, local_day, waiting
from .clockwork.rules import Unit, months_after, plus
from .models import (
    Assignment,
    Checkpoint,
    ClockEvent,
    ExtensionRequest,
    LadderStep,
    Matter,
    Obligation,
    TimeRule,
)
from .models.clocks import ObligationQuerySet
from .workdays import working_calendar

logger = logging.getLogger(__name__)

NO_ROWS_FAULT = (OperationalError, InterfaceError)
"""What the database could not do now: no row is set aside for it, all of it is tried again."""
UNCOUNTED = 0
"""The calendar version of a clock that could not go with its lead: the recount takes it up."""
GATHERED = timedelta(minutes=30)
"""Mail about many clocks moved at once waits so long, so that it is one mail."""
Kind = ClockEvent.Kind
Status = Obligation.Status
TURNS = (Kind.PAUSE, Kind.RESUME, Kind.COMPLETE, Kind.CANCEL, Kind.REOPEN)

OUTLASTING = ("commitment", "promise_check")
"""What runs on when its matter is answered, closed and archived: a promise, and the office's word on it."""
SAME_STEP = {"reply_key": "reply", "report_feedback": "reply", "report_urgent": "report_screening"}
"""Rules of a stage that has another name."""
SAME = ("matter_id", "assignment_id", "stage", "round")
"""What two running clocks of one body never share."""


@dataclass
class _Bench:
    """One clock on the table: its locked row, what happened to it, and the calendar it counts on."""

    row: Obligation
    calendar: WorkCalendar
    now: datetime
    by: Person | None
    events: list[ClockEvent] = field(default_factory=list)
    ladder: list[LadderStep] | None = None
    sending: str = ""
    """The act that moves many clocks at once, if this is part of one: whoever it concerns is told in its name."""

    @property
    def today(self) -> date:
        return local_day(self.now)

    def steps(self) -> list[LadderStep]:
        if self.ladder is not None:
            return self.ladder
        ladder = self.row.rule.ladder_id
        return clockface.steps_by_ladder([ladder]).get(ladder, []) if ladder else []

    def handled(self) -> clockface.Handled:
        """What this epoch has fired or passed over."""
        fired = Checkpoint.objects.filter(obligation=self.row, epoch=self.row.epoch)
        return frozenset(fired.values_list("step_id", "n"))


# what people and rooms above ask for ---------------------------------------------------------------------------------


def open_for(
    matter: Matter | None = None, assignment: Assignment | None = None, stage: str | None = None
) -> ObligationQuerySet:
    """Return the running clocks (open or paused) of a matter or an assignment, by id."""
    found = Obligation.objects.running().select_related("rule").order_by("id")
    if assignment is not None:
        found = found.filter(matter=assignment.matter_id, assignment=assignment)
    if matter is not None:
        found = found.filter(matter=matter)
    return found.filter(stage=stage) if stage else found


def running_epochs(obligations: Collection[int]) -> dict[int, int]:
    """The epochs of those that still run, locked until the transaction ends: nobody ends one meanwhile."""
    rows = Obligation.objects.running().filter(pk__in=obligations).select_for_update(no_key=True).order_by("pk")
    return dict(rows.values_list("pk", "epoch"))


def rule_for(code: str, *, on: date) -> TimeRule:
    """Return the rule of `code` in force on that day, or raise Refused."""
    rule = TimeRule.objects.in_force(on).filter(code=code).first()
    if rule is None:
        raise Refused(f"{short_day(on)}没有适用的时限规则（{code}），请先在“设置—时限规则”中补上。")
    return rule


def would_be_due(code: str, *, anchor_on: date, fixed_on: date | None = None) -> date:
    """Return the due date that `start` would give, for a page that shows it beforehand."""
    rule = rule_for(code, on=anchor_on)
    row = Obligation(rule=rule, anchor_on=anchor_on, fixed_on=fixed_on)
    return clockface.due_of(row, [], working_calendar())


@dataclass(frozen=True)
class Wanted:
    """A clock to be started: by the rule `code` from the anchor's day, held by a body or a person."""

    matter: Matter
    code: str
    anchor_on: date
    stage: str = ""
    assignment: Assignment | None = None
    round: int = 1
    body: Body | None = None
    person: Person | None = None
    fixed_on: date | None = None
    cap_on: date | None = None


def start(
    matter: Matter,
    code: str,
    *,
    stage: str = "",
    assignment: Assignment | None = None,
    round: int = 1,
    body: Body | None = None,
    person: Person | None = None,
    anchor_on: date,
    fixed_on: date | None = None,
    cap_on: date | None = None,
    fire_past: bool = True,
    by: Person | None,
    now: datetime,
) -> Obligation:
    """Start one clock; see `start_many`."""
    wanted = Wanted(matter, code, anchor_on, stage, assignment, round, body, person, fixed_on, cap_on)
    return start_many([wanted], fire_past=fire_past, by=by, now=now)[0]


@transaction.atomic
def start_many(
    wanted: Sequence[Wanted], *, fire_past: bool = True, by: Person | None, now: datetime
) -> list[Obligation]:
    """Start clocks by the rules in force on their anchors' days, in a constant number of queries.

    Steps of the ladder already past come to the single most severe; with `fire_past=False` (imported
    history) none fires. Raises WrongStep if one of them is already running.
    """
    calendar, today = working_calendar(), local_day(now)
    _lock_matters({one.matter.pk for one in wanted})
    rules = {key: rule_for(key[0], on=key[1]) for key in {(one.code, min(one.anchor_on, today)) for one in wanted}}
    steps = clockface.steps_by_ladder(rule.ladder_id for rule in rules.values() if rule.ladder_id)
    rows = [_new_row(one, rules[one.code, min(one.anchor_on, today)], today) for one in wanted]
    benches = [_Bench(row, calendar, now, by, ladder=steps.get(row.rule.ladder_id or 0, [])) for row in rows]
    leading = _lead_dues(rows)
    for bench in sorted(benches, key=lambda bench: bool(bench.row.rule.bound_stage)):  # leaders first
        row = bench.row
        _draft_event(bench, Kind.START, on=row.anchor_on)
        if lead_due := leading.get(_place_of(row)):
            _draft_event(bench, Kind.FOLLOW, on=today, to_on=lead_due)
        _fold(bench)
        _set_next(bench, clockface.NOTHING)
        place = (row.matter_id, row.round, row.stage)
        leading[place] = min(leading.get(place, row.due_on), row.due_on)
    _insert(benches)
    if not fire_past:
        for bench in benches:
            _pass_over_past(bench)
    _lead_followers(benches)
    return rows


def complete(obligation: Obligation, *, by: Person | None, now: datetime, on: date | None = None) -> Obligation:
    """End a clock as done, on an earlier day if it happened on paper; lateness is frozen now."""
    return complete_many([obligation], by=by, now=now, on=on)[0]


@transaction.atomic
def complete_many(
    obligations: Iterable[Obligation], *, by: Person | None, now: datetime, on: date | None = None
) -> list[Obligation]:
    """End clocks as done on one day, in a constant number of queries."""
    benches = [_still_running(bench) for bench in _locked_many(obligations, by=by, now=now)]
    if not benches:
        return []
    for bench in benches:
        done_on = on or bench.today
        if done_on > bench.today:
            raise Refused("完成日期不能晚于今天。")
        reopened_on = max((event.on_date for event in bench.events if event.kind == Kind.REOPEN), default=done_on)
        if done_on < reopened_on:
            raise Refused(f"完成日期不能早于{short_day(reopened_on)}：时限在这一天重新开启，请填写这一天或以后的日期。")
        since = open_since([clockface.fact_of(event) for event in bench.events])
        bench.row.late_workdays = lateness(bench.row.due_on, done_on, since, bench.calendar)
        bench.row.status = Status.DONE
        bench.row.done_at = now if done_on == bench.today else datetime.combine(done_on, time(), ZONE)
        _draft_still_event(bench, Kind.COMPLETE, on=done_on)
    ClockEvent.objects.bulk_create(bench.events[-1] for bench in benches)
    _close(benches)
    return [bench.row for bench in benches]


@transaction.atomic
def cancel(obligation: Obligation, *, by: Person | None, now: datetime, reason: str) -> Obligation:
    """End a clock that no longer matters; nothing about it is sent after this commits."""
    return cancel_many([obligation], by=by, now=now, reason=reason)[0]


@transaction.atomic
def cancel_many(
    obligations: Iterable[Obligation], *, by: Person | None, now: datetime, reason: str
) -> list[Obligation]:
    """The same for many clocks, in a constant number of queries."""
    benches = [_still_running(bench) for bench in _locked_many(obligations, by=by, now=now)]
    if not benches:
        return []
    for bench in benches:
        _draft_still_event(bench, Kind.CANCEL, on=bench.today, reason=reason)
        bench.row.status = Status.CANCELLED
    ClockEvent.objects.bulk_create((bench.events[-1] for bench in benches), batch_size=CHUNK)
    _close(benches)
    return [bench.row for bench in benches]


@transaction.atomic
def cancel_all(
    matter: Matter | None = None,
    assignment: Assignment | None = None,
    *,
    keep: Collection[str] = (),
    by: Person | None,
    now: datetime,
    reason: str,
) -> int:
    """Cancel the running clocks of a matter or of an assignment, and return how many.

    Those of promises run on until the promise is kept, whatever becomes of the matter; those of the stages to `keep` do now.
    """
    if matter is None and assignment is None:
        raise ValueError("a matter or an assignment is needed")
    rows = list(open_for(matter=matter, assignment=assignment).exclude(stage__in=[*OUTLASTING, *keep]))
    return len(cancel_many(rows, by=by, now=now, reason=reason)) if rows else 0


@transaction.atomic
def pause(
    obligation: Obligation, *, by: Person | None, now: datetime, reason: str, on: date | None = None
) -> Obligation:
    """Stop a clock from this day on (the day itself no longer counts); its reminders rest."""
    bench = _running(obligation, by=by, now=now)
    if bench.row.status != Status.OPEN:
        raise WrongStep("该时限已经暂停。")
    paused_on, begun_on = on or bench.today, _last_turn(bench)
    if paused_on > bench.today:
        raise Refused("暂停日期不能晚于今天。")
    if paused_on < begun_on:
        raise Refused(f"暂停日期不能早于{short_day(begun_on)}：时限从这一天起才（重新）计时。")
    _write_event(bench, Kind.PAUSE, on=paused_on, reason=reason)
    bench.row.status = Status.PAUSED
    _settle(bench)
    inbox.cancel(bench.row.pk)
    return bench.row


@transaction.atomic
def resume(
    obligation: Obligation, *, by: Person | None, now: datetime, reason: str = "", on: date | None = None
) -> Obligation:
    """Let a paused clock run again; the day it resumes counts."""
    bench = _running(obligation, by=by, now=now)
    since = open_since([clockface.fact_of(event) for event in bench.events])
    if bench.row.status != Status.PAUSED or since is None:
        raise WrongStep("该时限没有暂停。")
    resumed_on = on or bench.today
    if resumed_on < since or resumed_on > bench.today:
        raise Refused(f"恢复日期应在暂停日期（{short_day(since)}）与今天之间。")
    old = bench.row.due_on
    event = _draft_event(bench, Kind.RESUME, on=resumed_on, reason=reason)
    bench.row.status = Status.OPEN
    _fold_and_write(bench, event, old)
    return bench.row


@transaction.atomic
def extend(
    obligation: Obligation,
    *,
    to_on: date | None = None,
    amount: int | None = None,
    unit: Unit | None = None,
    by: Person | None,
    now: datetime,
    reason: str,
    override: bool = False,
) -> Obligation:
    """Grant more time (延期), to a date or by an amount in the rule's unit.

    It never shortens. Unless `override`, it must have been asked for before the limit ran out, within
    the rule's number of times, single length and total.
    """
    bench = _running(obligation, by=by, now=now)
    row, old = bench.row, bench.row.due_on
    if (to_on is None) == (amount is None):
        raise Refused("请填写延期天数或延期后的日期，二者只填其一。")
    if amount is not None and amount < 1:
        raise Refused("延期时间应至少为 1。")
    if to_on is not None and to_on <= old:
        raise Refused(f"延期后的日期应晚于现在的期限（{short_day(old)}）。")
    chosen = unit or _unit(row.rule)
    if not override:
        _check_asked_in_time(bench)
        _check_extension(bench, to_on=to_on, amount=amount, unit=chosen)
    details: dict[str, Any] = {"to_on": to_on} if to_on else {"amount": amount, "unit": chosen}
    event = _draft_event(bench, Kind.EXTEND, on=bench.today, reason=reason, **details)
    _fold(bench)
    if row.due_on <= old:
        raise Refused("这样延期后期限不会变化：会办意见须早于主办期限提交。")
    if not override and row.due_on > _cap(row, bench.calendar):
        raise Refused(f"延期后不得晚于{short_day(_cap(row, bench.calendar))}（总期限）。")
    _fold_and_write(bench, event, old)
    return row


@transaction.atomic
def check_extension(obligation: Obligation, *, to_on: date, now: datetime) -> None:
    """Raise what `extend` would raise for an extension asked at `now`; nothing is changed."""
    bench = _running(obligation, by=None, now=now)
    if to_on <= bench.row.due_on:
        raise Refused(f"延期后的日期应晚于现在的期限（{short_day(bench.row.due_on)}）。")
    _check_asked_in_time(bench)
    _check_extension(bench, to_on=to_on, amount=None, unit=_unit(bench.row.rule))
    if to_on > _cap(bench.row, bench.calendar):
        raise Refused(f"延期后不得晚于{short_day(_cap(bench.row, bench.calendar))}（总期限）。")


@transaction.atomic
def revoke(
    obligation: Obligation, *, seq: int | None = None, by: Person | None, now: datetime, reason: str
) -> Obligation:
    """Take an extension back (the last one, or the event `seq`), as if it had never been granted."""
    bench = _running(obligation, by=by, now=now)
    facts = standing([clockface.fact_of(event) for event in bench.events])
    granted = [fact.seq for fact in facts if fact.kind == Kind.EXTEND]
    if not granted or (seq is not None and seq not in granted):
        raise WrongStep("没有可以撤销的延期。")
    old = bench.row.due_on
    event = _draft_event(bench, Kind.REVOKE, on=bench.today, reason=reason, takes_back=seq or max(granted))
    _fold_and_write(bench, event, old)
    return bench.row


@transaction.atomic
def apply_rule(obligation: Obligation, rule: TimeRule, *, by: Person | None, now: datetime, reason: str) -> Obligation:
    """Let a running clock follow a newer rule of the same code; pauses and extensions are kept.

    If its last day moves, that stands on the timeline, and the holder and the assigning office are told.
    """
    bench = _running(obligation, by=by, now=now)
    bench.sending = f"clocks:r{rule.pk}"
    row = bench.row
    if _step_of(rule) != _step_of(row.rule) or rule.pk == row.rule_id:
        raise Refused("只能改用同一环节的另一条规则。")
    old = row.due_on
    event = _draft_event(bench, Kind.RULE_CHANGE, on=bench.today, reason=reason, rule=rule)
    other_ladder = row.rule.ladder_id != rule.ladder_id
    row.rule = rule
    _fold_and_write(bench, event, old, rearm=other_ladder)
    return row


@transaction.atomic
def reopen(
    obligation: Obligation, *, by: Person | None, now: datetime, reason: str, on: date | None = None
) -> Obligation:
    """Let a clock that was ended run again; the time in between does not count, and its reminders start anew."""
    bench = _locked(obligation, by=by, now=now)
    if bench.row.is_running:
        raise WrongStep("该时限仍在进行，不需要重新开启。")
    reopened_on = on or bench.today
    ended_on = _last_turn(bench)
    if reopened_on < ended_on or reopened_on > bench.today:
        raise Refused(f"重新开启的日期应在结束日期（{short_day(ended_on)}）与今天之间。")
    old = bench.row.due_on
    event = _draft_event(bench, Kind.REOPEN, on=reopened_on, reason=reason)
    bench.row.status, bench.row.done_at, bench.row.late_workdays = Status.OPEN, None, None
    try:
        with transaction.atomic():
            _fold_and_write(bench, event, old, rearm=True)
    except IntegrityError as error:
        raise WrongStep("同一环节已有正在计算的时限，不能重新开启。") from error
    return bench.row


@transaction.atomic
def move_holder(
    obligation: Obligation,
    body: Body,
    *,
    assignment: Assignment | None = None,
    by: Person | None,
    now: datetime,
    reason: str = "",
) -> Obligation:
    """Give a clock to a successor body, unchanged; what was about to go to the former one is taken back."""
    bench = _running(obligation, by=by, now=now)
    _write_event(bench, Kind.MOVE, on=bench.today, reason=reason or f"由{body}承接")
    bench.row.holder_body = body
    if assignment is not None:
        bench.row.assignment = assignment
    bench.row.save(update_fields=["holder_body", "assignment"])
    inbox.cancel(bench.row.pk)
    return bench.row


@transaction.atomic
def move_holders(obligations: Iterable[Obligation], body: Body, *, by: Person | None, now: datetime) -> None:
    """The same for many clocks in a constant number of queries; where the body runs such a clock already, one ends."""
    benches = [_still_running(bench) for bench in _locked_many(obligations, by=by, now=now)]
    theirs = Obligation.objects.running().held_by(body).filter(matter__in={bench.row.matter_id for bench in benches})
    taken = set(theirs.values_list(*SAME))
    doubled = [bench for bench in benches if tuple(getattr(bench.row, name) for name in SAME) in taken]
    moved = [bench for bench in benches if bench not in doubled]
    for bench in benches:
        kind = Kind.CANCEL if bench in doubled else Kind.MOVE
        _draft_still_event(bench, kind, on=bench.today, reason=f"由{body}承接")
    ClockEvent.objects.bulk_create(bench.events[-1] for bench in benches)
    for bench in doubled:
        bench.row.status = Status.CANCELLED
    _close(doubled)
    ids = [bench.row.pk for bench in moved]
    Obligation.objects.filter(pk__in=ids).update(holder_body=body)
    inbox.cancel(ids)


@transaction.atomic
def recount(obligation: Obligation, *, now: datetime) -> bool:
    """Fold a running clock on the calendar now in force; return whether its last day moved.

    Without a move there is no event, no epoch and no message; only the reminders' days may shift. A move
    stands on the timeline, and the holder and the assigning office are told, as far as they may know of it.
    """
    bench = _locked(obligation, by=None, now=now)
    bench.sending = f"clocks:c{bench.calendar.version}"
    if not bench.row.is_running:
        return False
    old = bench.row.due_on
    if bench.row.calendar_version == UNCOUNTED and (lead_due := _lead_dues([bench.row]).get(_place_of(bench.row))):
        _bind(bench, lead_due)
        if bench.row.due_on != old:
            return True
    _fold(bench)
    if bench.row.due_on == old:
        _settle(bench)
        return False
    _fold_and_write(bench, _draft_event(bench, Kind.CALENDAR, on=bench.today, reason="节假日安排调整"), old)
    return True


def due_under(obligation: Obligation, rule: TimeRule) -> date:
    """Return the last day that `apply_rule` would give; nothing is changed."""
    clock = clockface.clock_of(obligation, obligation.events.order_by("seq"), rule)
    return fold(clock, working_calendar())


def explain(obligation: Obligation, calendar: WorkCalendar | None = None) -> list[explaining.Line]:
    """Answer 为什么是这一天, day by day; the last line is the due date."""
    clock = clockface.clock_of(obligation, obligation.events.order_by("seq"))
    return explaining.explain(clock, calendar or working_calendar())


def planned(obligation: Obligation) -> list[tuple[Firing, LadderStep]]:
    """Return what the ladder plans for this clock, by moment: the preview of its reminders."""
    ladder = obligation.rule.ladder_id
    steps = clockface.steps_by_ladder([ladder]).get(ladder, []) if ladder else []
    by_key = {step.pk: step for step in steps}
    firings = clockface.firings_of(obligation, steps, working_calendar())
    return [(firing, by_key[firing.step]) for firing in firings]


def past_steps(obligations: Iterable[Obligation], *, now: datetime) -> int:
    """Count the clocks that have a step behind them which did not fire: an import tells their number in one message."""
    return sum(1 for row in obligations if any(firing.at <= now for firing, _ in planned(row)))


# how it is done ------------------------------------------------------------------------------------------------------


CHUNK = 1_000
ENDING = """
    UPDATE handling_obligation AS one SET status = ended.status, done_at = ended.done_at,
        late_workdays = ended.late_workdays, next_at = NULL, next_step_id = NULL, next_n = NULL, error = ''
    FROM unnest(%(ids)s::bigint[], %(statuses)s::text[], %(moments)s::timestamptz[], %(late)s::int[])
        AS ended(id, status, done_at, late_workdays)
    WHERE one.id = ended.id
"""
CHANGING = (
    "assignment",
    "holder_body",
    "rule",
    "due_on",
    "status",
    "epoch",
    "calendar_version",
    "provisional",
    "done_at",
    "late_workdays",
    "next_at",
    "next_step",
    "next_n",
    "error",
)


def _lock_matters(ids: Collection[int]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM handling_matter WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [list(ids)])


def _locked(obligation: Obligation, *, by: Person | None, now: datetime) -> _Bench:
    return _locked_many([obligation], by=by, now=now)[0]


def _locked_many(obligations: Iterable[Obligation], *, by: Person | None, now: datetime) -> list[_Bench]:
    """Lock clocks by id, their matters first, and put each on the table with its events."""
    given = list(obligations)
    _lock_matters({row.matter_id for row in given})
    locked = Obligation.objects.select_for_update(of=("self",), no_key=True).select_related("rule").order_by("id")
    calendar = working_calendar()
    benches = [_Bench(row, calendar, now, by) for row in locked.filter(pk__in=[row.pk for row in given])]
    by_id = {bench.row.pk: bench for bench in benches}
    for event in ClockEvent.objects.filter(obligation__in=by_id).order_by("obligation_id", "seq"):
        by_id[event.obligation_id].events.append(event)
    return benches


def _running(obligation: Obligation, *, by: Person | None, now: datetime) -> _Bench:
    return _still_running(_locked(obligation, by=by, now=now))


def _still_running(bench: _Bench) -> _Bench:
    if not bench.row.is_running:
        raise WrongStep("该时限已经结束。请刷新页面。")
    return bench


def _new_row(one: Wanted, rule: TimeRule, today: date) -> Obligation:
    return Obligation(
        matter=one.matter,
        assignment=one.assignment,
        stage=one.stage or one.code,
        round=one.round,
        holder_body=one.body,
        holder_person=one.person,
        rule=rule,
        anchor_on=one.anchor_on,
        fixed_on=one.fixed_on,
        cap_on=one.cap_on,
        started_on=min(one.anchor_on, today),
    )


def _fold(bench: _Bench) -> None:
    try:
        bench.row.due_on = clockface.due_of(bench.row, bench.events, bench.calendar)
    except OutOfCalendar as error:
        raise Refused(str(error)) from error
    bench.row.provisional = bench.calendar.is_provisional(bench.row.anchor_on, bench.row.due_on)
    bench.row.calendar_version = bench.calendar.version


def _fold_and_write(bench: _Bench, event: ClockEvent, old: date, *, rearm: bool = False) -> None:
    """Fold with the drafted event, write it, and set the ladder anew where the last day moved."""
    _fold(bench)
    event.old_due, event.new_due = old, bench.row.due_on
    event.save(force_insert=True)
    moved = bench.row.due_on != old
    if moved or rearm:
        bench.row.epoch += 1
        if not rearm:
            _carry_over(bench)
        inbox.cancel(bench.row.pk, before_epoch=bench.row.epoch)
    _settle(bench)
    if moved:
        _announce(bench, event)
        _lead_followers([bench])


def _carry_over(bench: _Bench) -> None:
    """A step counted from the first day does not move with the last one: what it has told is not told again.

    It is if something of it was taken back before it had left the house, as a pause does.
    """
    old, firm = bench.row.epoch - 1, [step for step in bench.steps() if step.anchor == LadderStep.Anchor.START]
    handled = Checkpoint.objects.filter(obligation=bench.row, epoch=old, step__in=firm) if firm else ()
    for point in handled:
        part = f":s{point.step_id}:n{point.n}:"
        if inbox.carry_over(bench.row.pk, part, epoch=old):
            point.pk, point.epoch = None, bench.row.epoch
            point.save(force_insert=True)


def _announce(bench: _Bench, event: ClockEvent) -> None:
    """Write a last day that was moved from afar on the timeline, and tell whom it concerns: once (P3)."""
    if not bench.sending:
        return
    row = bench.row
    directory = chase.Directory.read(chase.bodies_of(row), people=chase.holders_of([row]), on=bench.today)
    facts: dict[str, Any] = {"clock": row.rule.name, "old": event.old_due, "new": event.new_due, "reason": event.reason}
    written = row.matter.record(knowing.verb_of(row), by=bench.by, now=bench.now, assignment=row.assignment, **facts)
    subject = {"obligation": row.pk, "event": event.pk}
    told = [(one, written.pk, "clock.moved", subject) for one in sorted(chase.concerned(row, directory))]
    inbox.tell_many(told, sending=bench.sending, now=bench.now, mail_at=bench.now + GATHERED)


def _settle(bench: _Bench) -> None:
    _set_next(bench, bench.handled())
    bench.row.error = ""
    bench.row.save(update_fields=CHANGING)


def _set_next(bench: _Bench, handled: clockface.Handled) -> None:
    steps = bench.steps() if bench.row.status == Status.OPEN else []
    clockface.set_next(bench.row, steps, handled, bench.calendar, now=bench.now)


def _close(benches: Sequence[_Bench]) -> None:
    """Write how clocks ended, in one statement: they come by the thousand."""
    rows = [bench.row for bench in benches]
    for row in rows:
        row.next_at = row.next_step = row.next_n = None
        row.error = ""
    ids = [row.pk for row in rows]
    ended: dict[str, Any] = {
        "ids": ids,
        "statuses": [str(row.status) for row in rows],
        "moments": [row.done_at for row in rows],
        "late": [row.late_workdays for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(ENDING, ended)
    inbox.cancel(ids)


def _insert(benches: Sequence[_Bench]) -> None:
    try:
        with transaction.atomic():
            Obligation.objects.bulk_create((bench.row for bench in benches), batch_size=CHUNK)
    except IntegrityError as error:
        raise WrongStep("该环节的时限已经在计算。") from error
    for bench in benches:
        for event in bench.events:
            event.obligation, event.new_due = bench.row, bench.row.due_on
            event.old_due = None if event.kind == Kind.START else bench.row.due_on
    ClockEvent.objects.bulk_create((event for bench in benches for event in bench.events), batch_size=CHUNK)


def _draft_event(bench: _Bench, kind: str, *, on: date, reason: str = "", **details: Any) -> ClockEvent:
    """Put a new event on the table, unsaved: the fold must know it before its new date is known."""
    event = ClockEvent(
        obligation=bench.row,
        seq=bench.events[-1].seq + 1 if bench.events else 1,
        kind=kind,
        on_date=on,
        reason=reason[:300],
        actor=bench.by,
        at=bench.now,
        **details,
    )
    bench.events.append(event)
    return event


def _write_event(bench: _Bench, kind: str, *, on: date, reason: str = "", **details: Any) -> None:
    """Write an event that moves nothing by itself."""
    _draft_still_event(bench, kind, on=on, reason=reason, **details).save(force_insert=True)


def _draft_still_event(bench: _Bench, kind: str, *, on: date, reason: str = "", **details: Any) -> ClockEvent:
    event = _draft_event(bench, kind, on=on, reason=reason, **details)
    event.old_due = event.new_due = bench.row.due_on
    return event


def _pass_over_past(bench: _Bench) -> None:
    """Record the steps that imported history has behind it as passed over, and look at what comes."""
    steps = bench.steps()
    firings = clockface.firings_of(bench.row, steps, bench.calendar)
    last, others = due_now(firings, bench.now)
    past = [*others, last] if last else []
    Checkpoint.objects.bulk_create(
        Checkpoint(
            obligation=bench.row,
            epoch=bench.row.epoch,
            step_id=firing.step,
            n=firing.n,
            fired_at=bench.now,
            outcome=Checkpoint.Outcome.SUPERSEDED,
        )
        for firing in past
    )
    if past and len(waiting(firings, {firing.key for firing in past})) < len(firings):
        _set_next(bench, frozenset(firing.key for firing in past))
        bench.row.save(update_fields=["next_at", "next_step", "next_n"])


Place = tuple[int, int, str]
"""Matter, round and stage: where a clock stands that others may be bound to."""


def _place_of(follower: Obligation) -> Place:
    """Where the clock stands that this one is bound to."""
    return follower.matter_id, follower.round, follower.rule.bound_stage


def _lead_dues(rows: Iterable[Obligation]) -> dict[Place, date]:
    """Return the due dates that new followers are bound by, of the clocks they follow that run already."""
    bound = [row for row in rows if row.rule.bound_stage]
    if not bound:
        return {}
    leaders = Obligation.objects.running().filter(
        matter__in={row.matter_id for row in bound}, stage__in={row.rule.bound_stage for row in bound}
    )
    found: dict[Place, date] = {}
    for row in leaders:
        place = (row.matter_id, row.round, row.stage)
        found[place] = min(found.get(place, row.due_on), row.due_on)
    return found


def _lead_followers(benches: Sequence[_Bench]) -> None:
    """Clocks that follow these are bound anew when their last day is set or moved.

    One that cannot be counted is set aside with its error, and holds up neither its lead nor the others.
    """
    leads: dict[Place, date] = {
        (bench.row.matter_id, bench.row.round, bench.row.stage): bench.row.due_on for bench in benches
    }
    followers = Obligation.objects.running().filter(
        matter__in={matter for matter, _, _ in leads}, rule__bound_stage__in={stage for _, _, stage in leads}
    )
    others = followers.exclude(pk__in=[bench.row.pk for bench in benches]).select_related("rule").order_by("id")
    for follower in others:
        if not (lead_due := leads.get(_place_of(follower))):
            continue
        try:
            with transaction.atomic():
                bound = _locked(follower, by=benches[0].by, now=benches[0].now)
                bound.sending = benches[0].sending
                _bind(bound, lead_due)
        except NO_ROWS_FAULT:
            raise
        except Exception as error:  # one poisoned row never stops its neighbours
            logger.exception("obligation %s did not follow its lead", follower.pk)
            set_aside(follower.pk, error, calendar_version=UNCOUNTED)


def set_aside(pk: int, error: Exception, **facts: Any) -> None:
    """Write on a clock why it could not be counted or reminded of; staff see it on the engine's page."""
    Obligation.objects.filter(pk=pk).update(error=f"{type(error).__name__}: {error}"[:300], **facts)


def _bind(bench: _Bench, lead_due: date) -> None:
    last = next((event.to_on for event in reversed(bench.events) if event.kind == Kind.FOLLOW), None)
    if last == lead_due:
        return
    old = bench.row.due_on
    event = _draft_event(bench, Kind.FOLLOW, on=bench.today, to_on=lead_due, reason="主办期限调整")
    _fold_and_write(bench, event, old)


def _last_turn(bench: _Bench) -> date:
    """The latest day on which the clock began, stood or went on; a later turn is dated on it or after it."""
    return max((event.on_date for event in bench.events if event.kind in TURNS), default=bench.row.started_on)


def _step_of(rule: TimeRule) -> str:
    """What the rule is a limit of: key proposals (重点提案) are answered by a rule of their own."""
    return SAME_STEP.get(rule.code, rule.code)


def _unit(rule: TimeRule) -> Unit:
    return clockface.rule_of(rule).unit


def _cap(row: Obligation, calendar: WorkCalendar) -> date:
    """Return the last day that extensions may reach."""
    if row.cap_on:
        return row.cap_on
    if row.rule.cap_months is None:
        return date.max
    return max(calendar.roll(months_after(row.anchor_on, row.rule.cap_months)), row.fixed_on or date.min)


def _check_asked_in_time(bench: _Bench) -> None:
    """A request that is waiting was asked in time, or it would not have been taken."""
    waiting_request = ExtensionRequest.objects.asked().filter(obligation=bench.row)
    if bench.today > bench.row.due_on and not waiting_request.exists():
        raise Refused(f"期限已于{short_day(bench.row.due_on)}届满，延期须在到期前提出。")


def _check_extension(bench: _Bench, *, to_on: date | None, amount: int | None, unit: Unit) -> None:
    rule, due = bench.row.rule, bench.row.due_on
    granted = [fact for fact in standing([clockface.fact_of(event) for event in bench.events]) if fact.kind == "extend"]
    if rule.extend_count is not None and len(granted) >= rule.extend_count:
        raise Refused(f"该时限最多延期 {rule.extend_count} 次。")
    if rule.extend_amount is None:
        return
    longest = bench.calendar.roll(plus(due, rule.extend_amount, _unit(rule), bench.calendar))
    wanted = to_on or plus(due, amount or 0, unit, bench.calendar)
    if wanted > longest:
        raise Refused(f"一次延期不得晚于{short_day(longest)}。")
