"""Rules, ladders and calendars are rows: changing them is an act with a date, and moves nothing by itself."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise

from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange

from members import audit
from members.days import full_day, short_day
from members.errors import Refusal, Refused, WrongStep
from members.inbox.doorbell import ring_after_commit
from members.models import Person
from proposals.handling import clockface, clocks, engine, reminders, workdays
from proposals.handling.clockwork.ladder import office_moment
from proposals.handling.clockwork.years import Year
from proposals.handling.models import Audience, Ladder, LadderStep, Obligation, TimeRule
from proposals.handling.models.clocks import OFFICE_CLOSES, OFFICE_OPENS
from proposals.handling.moving import moved_by_rule

TICK = 50
AT_ONCE = 50
"""As many clocks as are recounted while a page waits; a worker hears the bell for the others."""
REFOLD = "proposals.handling.jobs.refold"
FARTHEST = 250
"""A step this many working days away, about a year, is the farthest that is believed."""


@transaction.atomic
def replace_rule(
    old: TimeRule,
    *,
    amount: int,
    unit: str,
    ladder: Ladder | None,
    extend_amount: int | None,
    cap_months: int | None,
    starts_on: date,
    basis: str,
    by: Person,
    now: datetime,
) -> TimeRule:
    """End a rule and put a new row in its place from `starts_on`. Running clocks keep theirs."""
    old = TimeRule.objects.select_for_update(of=("self",)).get(pk=old.pk)
    if old.valid.upper is not None:
        raise WrongStep("这条规则已经有了后继的规则，请修改最新的一条。")
    if starts_on <= old.valid.lower:
        raise Refused(f"生效日期应晚于现行规则的生效日期（{short_day(old.valid.lower)}）。", field="starts_on")
    if amount < 1:
        raise Refused("期限至少为 1。", field="amount")
    check_order(old.code, amount=amount, unit=unit, starts_on=starts_on, now=now)
    old.valid = DateRange(old.valid.lower, starts_on)
    old.save(update_fields=["valid"])
    new = TimeRule.objects.create(
        code=old.code,
        name=old.name,
        amount=amount,
        unit=unit,
        direction=old.direction,
        roll=old.roll,
        ladder=ladder,
        valid=DateRange(starts_on, None),
        extend_amount=extend_amount,
        extend_count=old.extend_count,
        cap_months=cap_months,
        bound_stage=old.bound_stage,
        bound_workdays=old.bound_workdays,
        floor_workdays=old.floor_workdays,
        basis=basis,
    )
    audit.record(
        "handling.replace_rule", by=by, now=now, subject=old.code, amount=amount, unit=unit, starts_on=starts_on
    )
    return new


IN_ORDER = ("sign_for", "first_contact", "reply")
"""What a unit owes one after the other: a limit never runs out before the one that comes earlier."""


def check_order(code: str, *, amount: int, unit: str, starts_on: date, now: datetime) -> None:
    """Raise Refused if a unit would owe its answer before its first contact, or that before it signs for."""
    if code not in IN_ORDER:
        return
    calendar, today = workdays.working_calendar(), workdays.today(now)
    rules = {row.code: row for row in TimeRule.objects.in_force(starts_on).filter(code__in=IN_ORDER)}
    rules[code] = TimeRule(
        code=code,
        name=rules[code].name,
        amount=amount,
        unit=unit,
        direction=rules[code].direction,
        roll=rules[code].roll,
    )
    dues = [
        (rule, clockface.due_of(Obligation(rule=rule, anchor_on=today), [], calendar))
        for rule in map(rules.get, IN_ORDER)
        if rule
    ]
    for (earlier, first), (later, then) in pairwise(dues):
        if then < first:
            raise Refused(
                f"{later.name}的期限不能早于{earlier.name}的期限：{earlier.name}为{earlier.amount}{earlier.get_unit_display()}。",
                field="amount",
            )


@dataclass(frozen=True)
class StepFacts:
    """A step of a ladder as somebody wrote it down."""

    name: str
    anchor: str
    offset: int
    at: time
    severity: int
    audience: tuple[str, ...]
    template: str
    every: int | None = None
    times: int | None = None

    @property
    def same(self) -> tuple[object, ...]:
        return self.anchor, self.offset, self.at, self.template, frozenset(self.audience)


@transaction.atomic
def replace_ladder(old: Ladder, *, name: str, steps: Sequence[StepFacts], by: Person, now: datetime) -> Ladder:
    """Make a new version of a ladder, for rules made from now on; rules that have the old one keep it.

    Raises Refused for a ladder that could not run, WrongStep if the old one has been replaced already.
    """
    old = Ladder.objects.select_for_update(of=("self",)).get(pk=old.pk)
    if Ladder.objects.filter(replaces=old).exists():
        raise WrongStep("这套节点已经有了新版本，请修改最新的一版。")
    check_steps(steps)
    number = old.code.rpartition("-v")[2] if "-v" in old.code else "1"
    stem = old.code.rpartition("-v")[0] if "-v" in old.code else old.code
    new = Ladder.objects.create(code=f"{stem}-v{int(number) + 1}", name=name.strip() or old.name, replaces=old)
    LadderStep.objects.bulk_create(
        LadderStep(
            ladder=new,
            code=f"s{place}",
            name=step.name,
            anchor=step.anchor,
            offset_workdays=step.offset,
            at_time=step.at,
            severity=step.severity,
            audience_rule=list(step.audience),
            template=step.template,
            repeat_every=step.every,
            max_repeats=step.times or 1,
        )
        for place, step in enumerate(steps, start=1)
    )
    audit.record("handling.replace_ladder", by=by, now=now, subject=new.code, steps=len(steps))
    return new


def check_steps(steps: Sequence[StepFacts]) -> None:
    """Raise Refused with everything that keeps these steps from running."""
    faults = [] if steps else ["至少要有一个节点；不需要提醒的规则请选“不提醒”。"]
    for place, step in enumerate(steps, start=1):
        faults += [f"第 {place} 个节点：{fault}" for fault in _faults(step)]
        if any(step.same == other.same for other in steps[: place - 1]):
            faults.append(f"第 {place} 个节点：与前面的节点完全相同。")
    if faults:
        raise Refused("".join(faults))


def _faults(step: StepFacts) -> Iterator[str]:
    if not step.name.strip():
        yield "请填写名称。"
    if step.anchor not in LadderStep.Anchor.values:
        yield f"没有“{step.anchor}”这种起点。"
    if abs(step.offset) > FARTHEST:
        yield f"偏移不能超过 {FARTHEST} 个工作日。"
    if step.anchor == LadderStep.Anchor.START and step.offset < 0:
        yield "不能早于起算日。"
    if not OFFICE_OPENS <= step.at <= OFFICE_CLOSES:
        yield "时刻应在 9:00 至 17:30 之间。"
    if not step.audience:
        yield "请选择提醒对象。"
    for one in sorted(set(step.audience) - set(Audience.values)):
        yield f"没有“{one}”这类提醒对象。"
    if step.every and not step.times:
        yield "重复提醒须写明最多次数。"
    if (step.times or 1) > 1 and not step.every:
        yield "写了次数，还须写明每隔几个工作日。"
    if step.every is not None and not (1 <= step.every <= FARTHEST and 1 <= (step.times or 1) <= 99):
        yield "间隔应为 1 至 250 个工作日，次数应为 1 至 99 次。"
    yield from reminders.faults_of(step.template)


def apply_rule(
    rule: TimeRule, *, by: Person, now: datetime, tick: Callable[[int, int], None] = lambda done, total: None
) -> int:
    """Let the running clocks that `rule` would move follow it; return how many did.

    One transaction each: what a run that broke off has left is found by the next. `tick` hears now and then how
    many of how many have been looked at.
    """
    if not rule.valid.lower <= workdays.today(now):
        raise WrongStep(f"这条规则自{short_day(rule.valid.lower)}起适用，之前不能用于进行中的期限。")
    wanted = moved_by_rule(rule)
    moved = 0
    for number, pk in enumerate(wanted, start=1):
        moved += _apply(pk, rule, by=by, now=now)
        if number % TICK == 0 or number == len(wanted):
            tick(number, len(wanted))
    audit.record("handling.apply_rule", by=by, now=now, subject=rule.code, moved=moved)
    return moved


def _apply(pk: int, rule: TimeRule, *, by: Person, now: datetime) -> bool:
    """One that has ended meanwhile, or follows the rule already, is passed over."""
    reason = f"时限规则自{full_day(rule.valid.lower)}起调整"
    try:
        clocks.apply_rule(Obligation.objects.get(pk=pk), rule, by=by, now=now, reason=reason)
    except Refusal:
        return False
    return True


@transaction.atomic
def load_year(year: Year, *, by: Person | None, now: datetime) -> bool:
    """Load a year's holidays; running limits are recounted by the engine. False if it changes nothing."""
    changed = workdays.publish(year).changed
    if changed:
        audit.record("handling.load_year", by=by, now=now, subject=str(year.number), notice=year.notice)
    return changed


def recount_now(*, now: datetime) -> int:
    """Recount what an edit of the calendar has left behind, as far as one request may; the engine does the rest."""
    ring_after_commit(REFOLD)
    return engine.refold(now=now, limit=AT_ONCE)


@transaction.atomic
def set_local_day(on: date, *, is_workday: bool, name: str, by: Person, now: datetime) -> None:
    """Record a day that this city alone works or does not work (本地调整)."""
    check_local_day(on, is_workday=is_workday, name=name, now=now)
    workdays.set_local_day(on, is_workday=is_workday, name=name.strip()[:40])
    audit.record("handling.set_local_day", by=by, now=now, subject=on.isoformat(), is_workday=is_workday)


def check_local_day(on: date, *, is_workday: bool, name: str, now: datetime) -> None:
    """Raise Refused for an adjustment that says nothing, or whose date cannot be meant."""
    if not name.strip():
        raise Refused("请写明调整的名称或依据。", field="name")
    if abs(on - workdays.today(now)) > timedelta(days=800):
        raise Refused("日期离今天太远，请检查年份。", field="on")
    if workdays.working_calendar().is_workday(on) == is_workday:
        raise Refused("这一天本来就是这样，不需要调整。", field="on")


@transaction.atomic
def try_again(*, by: Person, now: datetime) -> int:
    """Let the engine try at once, or when the office opens, what it has set aside; return how many clocks that are."""
    aside = Obligation.objects.running().exclude(error="").order_by("id").select_for_update(no_key=True)
    rows = [row.pk for row in aside]
    moment = office_moment(now, workdays.working_calendar())
    Obligation.objects.filter(pk__in=rows, next_at__isnull=False).update(next_at=moment)
    ring_after_commit(REFOLD)
    amount = len(rows)
    audit.record("handling.try_again", by=by, now=now, amount=amount)
    return amount
