"""Units that pass a matter back and forth are gathered; the ruling binds them (协调会、裁定; P9)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from members.days import short_day
from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Body, Person
from proposals.handling import clocks, queries
from proposals.handling.models import Assignment, Coordination, CoordinationOpinion, Event, Objection

from .giving import restage, subject_of
from .objecting import begin_coordinating, close_objection, start_coordination
from .paper import Paper, acted_at, acted_on, expect, lock, office_sheet_needed, paper_facts, sheet_needed
from .sharing import IN_HAND, coordinated_only, join, known_unit, let_go, letter_first, move

Ruling = Coordination.Ruling
MANY = 12
"""More units than that are not gathered about one matter."""


@transaction.atomic
def call_coordination(
    assignment: Assignment,
    *,
    meets_on: date,
    place: str,
    units: Sequence[Body],
    reason: str = "",
    by: Person,
    now: datetime,
    paper: Paper | None = None,
) -> Coordination:
    """Invite units to a meeting about a part (召开协调会) and ask each whether it takes the matter over.

    There is an objection to decide, or only a meeting may decide about the part: after the second return, and where an
    earlier meeting has ruled, which needs a reason. The office's clock runs until the ruling.
    """
    office_sheet_needed(assignment, by=by, now=now, paper=paper)
    assignment = lock(assignment)
    expect(assignment, *IN_HAND)
    letter_first(assignment)
    if Coordination.objects.open().filter(assignment=assignment).exists():
        raise WrongStep("这一件的协调会已经召集，请登记会议和裁定。")
    objection = assignment.objections.undecided().first()
    if objection is None and not coordinated_only(assignment):
        raise Refused("没有退回申请的，不需要召开协调会；确需调整的，请直接调整承办单位。")
    if objection is None and not reason.strip():
        raise Refused("请写明召开协调会的原因。", field="reason")
    began = timezone.localdate(objection.raised_at if objection else assignment.given_at)
    if meets_on < began:
        raise Refused(f"会议日期不能早于{short_day(began)}。", field="meets_on")
    if not place.strip():
        raise Refused("请填写会议地点。", field="place")
    asked = list({unit.pk: unit for unit in units if unit != assignment.unit}.values())
    if not asked:
        raise Refused(f"请至少邀请一个{assignment.unit}以外的单位。", field="units")
    if len(asked) > MANY:
        raise Refused(f"一次协调会最多邀请{MANY}个单位。", field="units")
    for unit in asked:
        known_unit(unit)
    row = Coordination.objects.create(
        assignment=assignment,
        objection=objection,
        undoes=assignment.ruling,
        reason=reason.strip(),
        meets_on=meets_on,
        place=place.strip(),
        called_by=by,
        called_at=acted_at(paper, now=now),
    )
    opinions = [CoordinationOpinion.objects.create(coordination=row, unit=unit) for unit in asked]
    if objection is not None:
        begin_coordinating(objection, on=acted_on(paper, now=now), by=by, now=now)
    else:
        start_coordination(assignment, on=acted_on(paper, now=now), by=by, now=now)
    event = assignment.matter.record(
        "coordination_called",
        by=by,
        now=now,
        assignment=assignment,
        meets_on=meets_on,
        place=row.place,
        units="、".join(unit.name for unit in asked),
        **paper_facts(paper),
    )
    restage(assignment.matter)
    today = timezone.localdate(now)
    for opinion in opinions:
        subject = {**subject_of(assignment), "opinion": str(opinion.public_id)}
        clerks = queries.clerks_of([opinion.unit_id], on=today)
        tell(clerks, event_id=event.pk, template="coordination_asked", subject=subject, now=now)
    own = queries.clerks_of([assignment.unit_id], on=today)
    tell(own, event_id=event.pk, template="coordination_called", subject=subject_of(assignment), now=now)
    return row


def lock_coordination(row: Coordination) -> Coordination:
    """The meeting as it is now, matter and assignment locked first."""
    assignment = lock(row.assignment)
    fresh = Coordination.objects.select_for_update(of=("self",)).select_related("objection").get(pk=row.pk)
    fresh.assignment = assignment
    return fresh


@transaction.atomic
def give_coordination_opinion(
    opinion: CoordinationOpinion, *, accepts: bool, text: str, by: Person, now: datetime, paper: Paper | None = None
) -> CoordinationOpinion:
    """An invited unit says whether it takes the matter over; once, and before the ruling."""
    row = opinion.coordination
    sheet_needed(opinion.unit_id, by=by, now=now, paper=paper, since=row.called_at)
    row = lock_coordination(row)
    opinion = CoordinationOpinion.objects.select_related("unit").get(pk=opinion.pk)
    if row.ruled_at:
        raise WrongStep("协调会已经作出裁定，这份意见没有计入。如有新情况，请与交办机构联系。")
    if row.called_off_at:
        raise WrongStep("这次协调会已经取消，不需要再提交意见。")
    if opinion.at:
        raise WrongStep("本单位已经提交过意见。需要补充的，请在会上说明。")
    if not accepts and not text.strip():
        raise Refused("不同意接办时，请写明理由和职责依据。", field="text")
    opinion.accepts, opinion.text = accepts, text.strip()
    opinion.by, opinion.at = by, acted_at(paper, now=now)
    opinion.save(update_fields=["accepts", "text", "by", "at"])
    assignment = row.assignment
    event = assignment.matter.record(
        "coordination_opinion",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(opinion.unit),
        answer="同意接办" if accepts else "不同意接办",
        **paper_facts(paper),
    )
    officers = queries.officers_of(assignment.office, on=timezone.localdate(now))
    tell(officers, event_id=event.pk, template="coordination_opinion", subject=subject_of(assignment), now=now)
    return opinion


@transaction.atomic
def rule(
    row: Coordination,
    *,
    held_on: date,
    chair: str,
    present: str,
    minutes: str = "",
    scanned: bool = False,
    ruling: str,
    unit: Body | None = None,
    helpers: Sequence[Body] = (),
    text: str,
    by: Person,
    now: datetime,
    paper: Paper | None = None,
) -> Assignment:
    """Record the meeting and what it ruled (裁定); returns the part that came out of it.

    `unit` takes the part over in its role, `helpers` co-handle (or answer for themselves beside split units). The parts
    named are bound: no objection any more. The minutes stand as text or were `scanned`.
    """
    office_sheet_needed(row.assignment, by=by, now=now, paper=paper)
    row = lock_coordination(row)
    old = row.assignment
    _can_be_ruled(row, held_on=held_on, now=now)
    for name, value in (("chair", chair), ("present", present), ("text", text)):
        if not value.strip():
            raise Refused("请填写主持人、参加单位和人员、裁定理由。", field=name)
    if not minutes.strip() and not scanned and not (paper and paper.scan):
        raise Refused("请填写会议纪要，或上传纪要文件。", field="minutes")
    if ruling == Ruling.MOVE and (unit is None or unit == old.unit):
        raise Refused("请选择调整后的承办单位。", field="unit")
    row.held_on, row.chair, row.present, row.minutes = held_on, chair.strip(), present.strip(), minutes.strip()
    row.ruling, row.text, row.ruled_by, row.ruled_at = ruling, text.strip(), by, acted_at(paper, now=now)
    row.save()
    for clock in clocks.open_for(assignment=old, stage="coordination"):
        clocks.complete(clock, by=by, now=now, on=paper.on if paper else None)
    if row.objection is not None:
        row.objection.assignment = old
        kept = ruling == Ruling.KEEP
        row.objection.new_unit = unit if ruling == Ruling.MOVE else None
        state = Objection.State.REFUSED if kept else Objection.State.UPHELD
        close_objection(row.objection, state, text=row.text, by=by, now=now, paper=paper)
    new = _carried_out(row, unit, by=by, now=now, paper=paper)
    bound = [] if ruling == Ruling.RELEASE else [new]
    bound += [join(new, helper, reason=row.text[:200], by=by, now=now, paper=paper) for helper in helpers]
    for part in bound:
        bind(part, row, by=by, now=now)
    event = new.matter.record(
        "ruled",
        by=by,
        now=now,
        assignment=new,
        ruling=row.get_ruling_display(),
        units="、".join(
            str(part) for part in Assignment.objects.filter(pk__in=[part.pk for part in bound]).order_by("pk")
        )
        or f"{old.unit}不再承办",
        held_on=held_on,
        **paper_facts(paper),
    )
    restage(new.matter)
    tell_of_ruling(row, event, now=now)
    return new


def _can_be_ruled(row: Coordination, *, held_on: date, now: datetime) -> None:
    if row.ruled_at:
        raise WrongStep("协调会已经作出裁定。需要改变的，请重新召开协调会并写明原因。")
    if row.called_off_at:
        raise WrongStep("这次协调会已经取消：退回申请已经撤回，或者该件已经调整、答复。")
    expect(row.assignment, *IN_HAND)
    if held_on > timezone.localdate(now):
        raise Refused("会议还没有召开，开过以后再登记裁定。", field="held_on")
    if held_on < timezone.localdate(row.assignment.given_at):
        raise Refused("会议日期不能早于交办日期。", field="held_on")


def _carried_out(row: Coordination, unit: Body | None, *, by: Person, now: datetime, paper: Paper | None) -> Assignment:
    """Move the part, let it go, or leave it where it is with its sign-for ladder running again."""
    old, reason = row.assignment, f"协调会裁定：{row.text}"[:200]
    if row.ruling == Ruling.MOVE:
        assert unit is not None
        return move(old, unit, reason=reason, by=by, now=now, paper=paper)
    if row.ruling == Ruling.RELEASE:
        return let_go(old, reason=reason, by=by, now=now, paper=paper)
    for clock in clocks.open_for(assignment=old, stage="sign_for").filter(status="paused"):
        clocks.resume(clock, by=by, now=now)
    return old


def bind(part: Assignment, row: Coordination, *, by: Person, now: datetime) -> None:
    """Nobody objects to what a meeting has ruled: the window closes."""
    part.ruling = row
    part.save(update_fields=["ruling"])
    for clock in clocks.open_for(assignment=part, stage="objection_window"):
        clocks.cancel(clock, by=by, now=now, reason="经协调会裁定，不再申请退回")


def tell_of_ruling(row: Coordination, event: Event, *, now: datetime) -> None:
    """Every unit of the matter, and every one that was invited: these may not see the matter any more."""
    today = timezone.localdate(now)
    told = set()
    for part in row.assignment.matter.assignments.current().select_related("matter"):
        told.add(part.unit_id)
        clerks = queries.clerks_of([part.unit_id], on=today)
        tell(clerks, event_id=event.pk, template="ruled", subject=subject_of(part), now=now)
    others = {opinion.unit_id for opinion in row.opinions.all()} - told
    subject = {**subject_of(row.assignment), "coordination": str(row.public_id)}
    tell(queries.clerks_of(others, on=today), event_id=event.pk, template="coordination_over", subject=subject, now=now)
    people = queries.people_behind(queries.evaluators(row.assignment.matter), on=today)
    if row.ruling == Ruling.KEEP:  # of a change they hear by the change itself
        tell(people, event_id=event.pk, template="ruled_kept", subject=subject_of(row.assignment), now=now)
