"""Who has which share after the hand-over: a unit is changed, added, released, or made to lead (调整承办单位)."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell, tell_many
from members.models import Body, Person
from proposals.handling import clocks, owners, queries
from proposals.handling.models import (
    COORDINATE_AFTER,
    Assignment,
    Coordination,
    Event,
    ExtensionRequest,
    Objection,
    Reply,
    ReplyVersion,
)

from .closing import settle_if_done
from .giving import alarms, clocks_of, restage, subject_of
from .paper import Paper, acted_at, acted_on, expect, lock, office_sheet_needed, paper_facts
from .promising import carry_promises, refuse_to_strand_promises

Role = Assignment.Role
State = Assignment.State
IN_HAND = (State.PENDING, State.SIGNED)
ANSWERS = ("reply", "rehandle")


def returns_of(assignment: Assignment) -> int:
    """How often the matter has gone back already."""
    return Objection.objects.filter(assignment__matter=assignment.matter, state=Objection.State.UPHELD).count()


@transaction.atomic
def transfer(
    assignment: Assignment,
    unit: Body,
    *,
    reason: str,
    by: Person,
    now: datetime,
    paper: Paper | None = None,
) -> Assignment:
    """Give a unit's part to another unit (调整) by the office's own decision, unless only a meeting decides. See `move`."""
    old = lock(assignment)
    office_sheet_needed(old, by=by, now=now, paper=paper)
    decided_first(old)
    if coordinated_only(old):
        raise Refused("该件已两次调整，或者已经协调会裁定，只能由协调会决定：请召开协调会。")
    return move(old, unit, reason=reason, by=by, now=now, paper=paper)


def move(old: Assignment, unit: Body, *, reason: str, by: Person, now: datetime, paper: Paper | None) -> Assignment:
    """End the old unit's part with its clocks, and let the new unit start its own on the day of the decision (P7).

    The old part keeps its whole history; the new one `replaces` it. A co-handler that takes over the lead goes on
    with the part that it has.
    """
    expect(old, *IN_HAND)
    letter_first(old)
    known_unit(unit)
    there = old.matter.assignments.current().select_related("unit", "office").filter(unit=unit).first()
    if there and (old.role, there.role) != (Role.LEAD, Role.CO):
        raise Refused(f"{unit}已经在承办该件。只是不再由{old.unit}承办的，请用“不再承办”。", field="unit")
    if there:
        decided_first(there)
    end(old, reason=reason, by=by, now=now)
    if there:
        there.matter, new = old.matter, there
        drop_requests(new, by=by, now=now)
        for clock in clocks.open_for(assignment=new).exclude(stage="sign_for"):
            clocks.cancel(clock, by=by, now=now, reason="改为主办")
        take_role(new, Role.LEAD, round=old.round)
    else:
        new = begin(old, unit, old.role, by=by, now=now, paper=paper, replaces=old)
    carry_promises(old, new, by=by, now=now)
    start(new, by=by, now=now, paper=paper)
    led_by(new)
    event = changed(new, "reassigned", by=by, now=now, paper=paper, old=str(old.unit), new=str(unit), reason=reason)
    restage(old.matter)
    tell_unit(new, event, "made_lead" if there else "assigned", now=now)
    tell_unit(old, event, "taken_back", now=now)
    tell_others([new], event, now=now)
    return new


@transaction.atomic
def add_unit(
    beside: Assignment, unit: Body, *, reason: str, by: Person, now: datetime, paper: Paper | None = None
) -> Assignment:
    """Give one more unit a share (增加): a co-handler, or another of several that answer each for itself.

    It starts its own clocks; those of the others are unchanged. A unit that was alone leads from now on.
    """
    beside = lock(beside)
    office_sheet_needed(beside, by=by, now=now, paper=paper)
    return join(beside, unit, reason=reason, by=by, now=now, paper=paper)


def join(beside: Assignment, unit: Body, *, reason: str, by: Person, now: datetime, paper: Paper | None) -> Assignment:
    """What `add_unit` and a ruling have in common."""
    expect(beside, *IN_HAND)
    if not beside.answers:
        raise Refused("请在主办、独办或分办单位名下增加承办单位。")
    known_unit(unit)
    if beside.matter.assignments.current().filter(unit=unit).exists():
        raise Refused(f"{unit}已经在承办该件。", field="unit")
    if beside.role == Role.SOLE:
        take_role(beside, Role.LEAD, round=beside.round)
    role = Role.SPLIT if beside.role == Role.SPLIT else Role.CO
    new = begin(beside, unit, role, by=by, now=now, paper=paper)
    start(new, by=by, now=now, paper=paper)
    event = changed(
        new, "unit_added", by=by, now=now, paper=paper, unit=str(unit), role=new.get_role_display(), reason=reason
    )
    restage(beside.matter)
    tell_unit(new, event, "assigned", now=now)
    tell_others([new], event, now=now)
    return new


@transaction.atomic
def release(
    assignment: Assignment, *, reason: str, by: Person, now: datetime, paper: Paper | None = None
) -> Assignment:
    """Let a co-handler, or one of several split units, go (不再承办) without another in its place."""
    old = lock(assignment)
    office_sheet_needed(old, by=by, now=now, paper=paper)
    decided_first(old)
    not_ruled(old)
    return let_go(old, reason=reason, by=by, now=now, paper=paper)


def let_go(old: Assignment, *, reason: str, by: Person, now: datetime, paper: Paper | None) -> Assignment:
    """What `release` and an upheld objection have in common. The last one that is left handles the matter alone."""
    expect(old, *IN_HAND)
    letter_first(old)
    if old.role not in (Role.CO, Role.SPLIT):
        raise Refused(f"{old.unit}负责答复，须有单位接办：请选择调整为哪个单位，或先把一个会办单位改为主办。")
    refuse_to_strand_promises(old)
    end(old, reason=reason, by=by, now=now)
    left = list(old.matter.assignments.current().select_related("unit", "office"))
    if len(left) == 1:
        take_role(left[0], Role.SOLE, round=left[0].round)
    event = changed(old, "unit_released", by=by, now=now, paper=paper, unit=str(old.unit), reason=reason)
    restage(old.matter)
    tell_unit(old, event, "taken_back", now=now)
    tell_others([], event, now=now, matter=old)
    if all(row.state == State.ANSWERED for row in left if row.answers):
        answering = next(row for row in left if row.answers)
        answering.matter = old.matter
        owners.of(old.matter).answered(old.matter, answering.round)
        settle_if_done(answering, by=by, now=now)
    return old


@transaction.atomic
def make_lead(
    assignment: Assignment, *, reason: str, by: Person, now: datetime, paper: Paper | None = None
) -> Assignment:
    """A co-handler leads and the former lead co-handles (改为主办): they change places.

    The clocks of the answer pass to the new lead as they are, its opinion's ends; the former lead starts the clock
    of an opinion. What a co-handler takes over while the lead leaves is `transfer`.
    """
    new = lock(assignment)
    office_sheet_needed(new, by=by, now=now, paper=paper)
    expect(new, *IN_HAND, State.ANSWERED)
    if new.role != Role.CO:
        raise WrongStep(f"{new.unit}不是会办单位，不能改为主办。")
    old = new.matter.assignments.current().select_related("unit", "office").get(role=Role.LEAD)
    old.matter = new.matter
    expect(old, *IN_HAND)
    for row in (old, new):
        decided_first(row)
        not_ruled(row)
        drop_requests(row, by=by, now=now)
    letter_first(old)
    stop_signing(old, reason=f"改由{new.unit}主办", by=by, now=now)
    take_role(old, Role.CO, round=old.round)
    for clock in clocks.open_for(assignment=new, stage="co_opinion"):
        clocks.cancel(clock, by=by, now=now, reason="改为主办")
    take_role(new, Role.LEAD, round=old.round)
    for clock in clocks.open_for(assignment=old).filter(stage__in=[*ANSWERS, "first_contact"]):
        clocks.move_holder(clock, new.unit, assignment=new, by=by, now=now, reason=f"改由{new.unit}主办")
    carry_promises(old, new, by=by, now=now)
    start(old, "co_opinion", by=by, now=now, paper=paper)
    led_by(new)
    event = changed(
        new, "lead_changed", by=by, now=now, paper=paper, old=str(old.unit), new=str(new.unit), reason=reason
    )
    restage(new.matter)
    tell_unit(new, event, "made_lead", now=now)
    tell_unit(old, event, "made_co_handler", now=now)
    tell_others([new, old], event, now=now)
    return new


# how it is done ------------------------------------------------------------------------------------------------------


def decided_first(assignment: Assignment) -> None:
    """An objection that waits is answered by a decision, never passed over (P9)."""
    if assignment.objections.undecided().exists():
        raise Refused(f"{assignment.unit}的退回申请还没有决定，请先作出决定。")


def coordinated_only(assignment: Assignment) -> bool:
    """Whether only a meeting may change the unit: after the second return, and where one has ruled (P9)."""
    return assignment.ruling_id is not None or returns_of(assignment) >= COORDINATE_AFTER


def not_ruled(assignment: Assignment) -> None:
    """What a meeting has ruled only another meeting changes."""
    if assignment.ruling_id:
        raise Refused(f"{assignment.unit}承办由协调会裁定，不能直接改变：请重新召开协调会，并写明原因。")


def call_off(assignment: Assignment, *, by: Person, now: datetime) -> None:
    """A meeting about what is moot does not take place; who was invited is told."""
    for clock in clocks.open_for(assignment=assignment, stage="coordination"):
        clocks.cancel(clock, by=by, now=now, reason="不再需要")
    for row in Coordination.objects.open().filter(assignment=assignment):
        row.called_off_at = now
        row.save(update_fields=["called_off_at"])
        event = assignment.matter.record("coordination_off", by=by, now=now, assignment=assignment)
        tell(
            queries.clerks_of(row.opinions.values_list("unit", flat=True), on=timezone.localdate(now)),
            event_id=event.pk,
            template="coordination_off",
            subject={**subject_of(assignment), "coordination": str(row.public_id)},
            now=now,
        )


def letter_first(assignment: Assignment) -> None:
    if assignment.replies.checking().exists():
        raise Refused(f"{assignment.unit}的答复正在等待审核或确认落款日期，请先审核或退回修改。")


def known_unit(unit: Body) -> None:
    if not Body.objects.units().filter(pk=unit.pk).exists():
        raise Refused(f"{unit}不是承办单位，或已经撤销。", field="unit")


def end(assignment: Assignment, *, reason: str, by: Person, now: datetime) -> None:
    drop_requests(assignment, by=by, now=now)
    stop_signing(assignment, reason=reason, by=by, now=now)
    clocks.cancel_all(assignment=assignment, by=by, now=now, reason=reason)
    assignment.state, assignment.ended_at, assignment.ended_by, assignment.ended_reason = State.ENDED, now, by, reason
    assignment.save(update_fields=["state", "ended_at", "ended_by", "ended_reason"])


def stop_signing(assignment: Assignment, *, reason: str, by: Person, now: datetime) -> None:
    """A reply that waits for signatures waits no more: the unit has it as its draft again, and keeps the version."""
    for version in ReplyVersion.objects.filter(reply__assignment=assignment, state=ReplyVersion.State.SIGNING):
        for clock in clocks.open_for(matter=assignment.matter, stage="countersign"):
            clocks.cancel(clock, by=by, now=now, reason="答复稿撤回送签")
        version.state = ReplyVersion.State.DROPPED
        version.save(update_fields=["state"])
        assignment.matter.record(
            "reply_taken_back", by=by, now=now, assignment=assignment, number=version.number, reason=reason
        )
    assignment.replies.signing().update(state=Reply.State.DRAFT)


def drop_requests(assignment: Assignment, *, by: Person, now: datetime) -> bool:
    """What the unit asked for, more time or to give back, is moot now that the part has ended or changed.

    Returns whether an objection was waiting; the caller cancels its clocks with the others and writes the readers anew.
    """
    asked = ExtensionRequest.objects.asked().filter(obligation__assignment=assignment)
    asked.update(state=ExtensionRequest.State.WITHDRAWN, decided_by=by, decided_at=now)
    for clock in clocks.open_for(assignment=assignment, stage="extension_decision"):
        clocks.cancel(clock, by=by, now=now, reason="不再需要")
    call_off(assignment, by=by, now=now)
    objections = assignment.objections.undecided()
    return bool(objections.update(state=Objection.State.WITHDRAWN, decided_by=by, decided_at=now))


def begin(
    beside: Assignment,
    unit: Body,
    role: str,
    *,
    by: Person,
    now: datetime,
    paper: Paper | None,
    replaces: Assignment | None = None,
) -> Assignment:
    """A part of the same matter and round for another unit, assigned by the office of its own system (P9)."""
    own = None if owners.course_of(beside.matter).one_office else Body.objects.assigning_office_for(unit)
    return Assignment.objects.create(
        matter=beside.matter,
        unit=unit,
        role=role,
        round=beside.round,
        office=own or beside.office,
        given_at=acted_at(paper, now=now),
        given_by=by,
        replaces=replaces,
    )


def take_role(assignment: Assignment, role: str, *, round: int) -> None:
    """An opinion already given does not make an answer: the lead is in the middle of it."""
    assignment.role, assignment.round = role, round
    if assignment.state == State.ANSWERED and role == Role.LEAD:
        assignment.state = State.SIGNED
    assignment.save(update_fields=["role", "round", "state"])


def start(assignment: Assignment, *stages: str, by: Person, now: datetime, paper: Paper | None) -> None:
    """Start the clocks of a part, or `stages` only, from the day of the decision; what runs already goes on.

    A last day that nobody here may move is that of whoever answers now, too.
    """
    known = set(clocks.open_for(assignment=assignment).values_list("stage", flat=True))
    if assignment.signed_at:
        known.add("sign_for")
    limit = owners.last_day(assignment.matter, after=timezone.localdate(now))
    wanted = clocks_of(assignment, on=acted_on(paper, now=now), fixed_on=limit)
    chosen = [one for one in wanted if one.code not in known and (not stages or one.code in stages)]
    clocks.start_many(chosen, by=by, now=now)


def led_by(assignment: Assignment) -> None:
    """The office of the leading unit's system leads the matter (P9)."""
    matter = assignment.matter
    if assignment.role in (Role.SOLE, Role.LEAD) and matter.office_id != assignment.office_id:
        matter.office = assignment.office
        matter.save(update_fields=["office"])


def changed(
    assignment: Assignment, verb: str, *, by: Person, now: datetime, paper: Paper | None, **facts: Any
) -> Event:
    return assignment.matter.record(verb, by=by, now=now, assignment=assignment, **facts, **paper_facts(paper))


def tell_unit(assignment: Assignment, event: Event, template: str, *, now: datetime) -> None:
    today = timezone.localdate(now)
    post = queries.posts_at([assignment.unit_id], on=today)[assignment.unit_id]
    tell(post.people, event_id=event.pk, template=template, subject=subject_of(assignment), now=now)
    if not post.manned and template in ("assigned", "made_lead"):
        tell_many(alarms([(event, assignment)], on=today), sending=f"handover:e{event.pk}", now=now)


def tell_others(told: Iterable[Assignment], event: Event, *, now: datetime, matter: Assignment | None = None) -> None:
    """The other units of the matter and its proposers hear that the units have changed."""
    known = list(told)
    about = matter or known[0]
    for row in about.matter.assignments.current().exclude(pk__in=[one.pk for one in known]).select_related("matter"):
        tell_unit(row, event, "units_changed", now=now)
    people = queries.people_behind(queries.evaluators(about.matter), on=timezone.localdate(now))
    tell(people, event_id=event.pk, template="unit_changed", subject=subject_of(about), now=now)
