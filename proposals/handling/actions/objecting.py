"""A unit says that a matter is not its own; the suggested unit is asked first, the office decides."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Body, Person
from proposals.handling import clocks, queries, readers
from proposals.handling.models import COORDINATE_AFTER, Assignment, Event, Objection, Reason

from .giving import restage, subject_of
from .paper import (
    Paper,
    acted_at,
    acted_on,
    expect,
    lock,
    office_sheet_needed,
    paper_facts,
    sheet_needed,
    unit_sheet_needed,
)
from .sharing import call_off, known_unit, let_go, move, returns_of

State = Objection.State


@transaction.atomic
def object_to(
    assignment: Assignment,
    *,
    reason: Reason,
    text: str,
    approved_by: str,
    suggested: Body | None,
    by: Person,
    now: datetime,
    paper: Paper | None = None,
) -> Objection:
    """Ask to give the matter back (申请退回), within the objection window and with the head's approval.

    Only the sign-for ladder rests meanwhile; every other clock runs on (H3).
    """
    unit_sheet_needed(assignment, by=by, now=now, paper=paper)
    assignment = lock(assignment)
    expect(assignment, Assignment.State.PENDING, Assignment.State.SIGNED)
    if assignment.replies.checking().exists():
        raise Refused("答复已送交办机构审核或确认落款日期，不能再申请退回。确需退回的，请先联系交办机构退回答复函。")
    if assignment.replies.signing().exists():
        raise Refused("答复稿正在签批，不能申请退回。确需退回的，请先撤回送签。")
    if assignment.ruling_id:
        raise Refused("该件已由协调会裁定由本单位承办，不再受理退回申请。确有新情况的，请联系交办机构重新召开协调会。")
    on = acted_on(paper, now=now)
    window = clocks.open_for(assignment=assignment, stage="objection_window").first()
    if window is None or on > window.due_on:
        raise Refused("申请退回的期限已过，请继续办理；确有困难请与交办机构联系。")
    if assignment.objections.undecided().exists():
        raise WrongStep("已有一份退回申请正在处理，请等待决定。")
    if suggested is not None and suggested == assignment.unit:
        raise Refused("建议承办单位不能是本单位。")
    if not text.strip():
        raise Refused("请写明退回的理由。", field="text")
    if not approved_by.strip():
        raise Refused("请填写本单位审批同意的领导。", field="approved_by")
    again = returns_of(assignment) >= COORDINATE_AFTER
    objection = Objection.objects.create(
        assignment=assignment,
        reason=reason,
        text=text,
        approved_by=approved_by,
        suggested=suggested,
        state=State.OPEN if suggested else State.DECIDING,
        raised_by=by,
        raised_at=acted_at(paper, now=now),
    )
    for obligation in clocks.open_for(assignment=assignment, stage="sign_for"):
        clocks.pause(obligation, by=by, now=now, reason="申请退回")
    if again:
        begin_coordinating(objection, on=on, by=by, now=now)
    else:
        clocks.start(
            assignment.matter,
            "objection_decision",
            assignment=assignment,
            body=assignment.office,
            anchor_on=on,
            by=by,
            now=now,
        )
    event = assignment.matter.record(
        "objected",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        reason=str(reason),
        suggested=str(suggested or ""),
        **paper_facts(paper),
    )
    today = timezone.localdate(now)
    tell(
        queries.officers_of(assignment.office, on=today),
        event_id=event.pk,
        template="objected",
        subject=subject_of(assignment),
        now=now,
    )
    if suggested is not None and not again:
        asked(objection, event, on=on, by=by, now=now)
    restage(assignment.matter)
    return objection


def asked(objection: Objection, event: Event, *, on: date, by: Person, now: datetime) -> None:
    """The unit that the objection names has its days to say whether it takes the matter; it may read it now."""
    assignment = objection.assignment
    assert objection.suggested is not None
    clocks.start(
        assignment.matter,
        "objection_opinion",
        assignment=assignment,
        body=objection.suggested,
        anchor_on=on,
        by=by,
        now=now,
    )
    tell(
        queries.clerks_of([objection.suggested.pk], on=timezone.localdate(now)),
        event_id=event.pk,
        template="objection_asked",
        subject={**subject_of(assignment), "objection": str(objection.public_id)},
        now=now,
    )


@transaction.atomic
def ask_unit(objection: Objection, unit: Body, *, by: Person, now: datetime, paper: Paper | None = None) -> Objection:
    """Ask a unit of the office's own choice whether it takes the matter (征求意见, P9).

    It takes the place of the unit that was asked before, whose answer stays on the timeline.
    """
    office_sheet_needed(objection.assignment, by=by, now=now, paper=paper, since=objection.raised_at)
    objection = lock_objection(objection, *Objection.DECIDABLE)
    if objection.state == State.OPEN:
        raise Refused(f"正在征求{objection.suggested}的意见。请等待答复，或用“代录建议单位意见”登记它的答复。")
    known_unit(unit)
    assignment = objection.assignment
    if unit == assignment.unit:
        raise Refused("请选择申请退回的单位以外的单位。", field="unit")
    objection.suggested, objection.state = unit, State.OPEN
    objection.suggested_accepts = objection.suggested_by = objection.suggested_at = None
    objection.suggested_text = ""
    objection.save()
    event = assignment.matter.record(
        "objection_asked",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(unit),
        **paper_facts(paper),
    )
    readers.refresh(assignment.matter)
    asked(objection, event, on=acted_on(paper, now=now), by=by, now=now)
    return objection


def lock_objection(objection: Objection, *states: str) -> Objection:
    """The objection as it is now, matter and assignment locked first."""
    assignment = lock(objection.assignment)
    fresh = Objection.objects.select_for_update(of=("self",)).select_related("suggested").get(pk=objection.pk)
    fresh.assignment = assignment
    if fresh.state == State.COORDINATING and State.COORDINATING not in states:
        raise WrongStep("该件由协调会裁定：请召开协调会，登记会议和裁定。")
    if fresh.state not in states:
        raise WrongStep(f"这份退回申请现在是“{fresh.get_state_display()}”，不能这样做。请刷新页面。")
    return fresh


@transaction.atomic
def answer_objection(
    objection: Objection, *, accepts: bool, text: str, by: Person, now: datetime, paper: Paper | None = None
) -> Objection:
    """The suggested unit says whether the matter is its own, before anything is decided (P9)."""
    if objection.suggested_id is None:
        raise WrongStep("这份退回申请没有建议单位。")
    sheet_needed(objection.suggested_id, by=by, now=now, paper=paper, since=objection.raised_at)
    objection = lock_objection(objection, State.OPEN)
    if not accepts and not text.strip():
        raise Refused("不同意接办时，请写明理由。")
    objection.suggested_accepts, objection.suggested_text = accepts, text
    objection.suggested_by, objection.suggested_at = by, acted_at(paper, now=now)
    objection.state = State.DECIDING
    objection.save(update_fields=["suggested_accepts", "suggested_text", "suggested_by", "suggested_at", "state"])
    assignment = objection.assignment
    for obligation in clocks.open_for(assignment=assignment, stage="objection_opinion"):
        clocks.complete(obligation, by=by, now=now, on=paper.on if paper else None)
    event = assignment.matter.record(
        "objection_answered",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(objection.suggested),
        answer=("同意接办" if accepts else "不同意接办") + (f"（{text.strip()}）" if text.strip() else ""),
        **paper_facts(paper),
    )
    readers.refresh(assignment.matter)
    tell(
        queries.officers_of(assignment.office, on=timezone.localdate(now)),
        event_id=event.pk,
        template="objection_answered",
        subject=subject_of(assignment),
        now=now,
    )
    return objection


def begin_coordinating(objection: Objection, *, on: date, by: Person, now: datetime) -> None:
    """From now on only a ruling decides; the clock of the office's own decision gives way to that of the meeting."""
    objection.state = State.COORDINATING
    objection.save(update_fields=["state"])
    for stage in ("objection_decision", "objection_opinion"):
        for obligation in clocks.open_for(assignment=objection.assignment, stage=stage):
            clocks.cancel(obligation, by=by, now=now, reason="转协调会")
    start_coordination(objection.assignment, on=on, by=by, now=now)


def start_coordination(assignment: Assignment, *, on: date, by: Person, now: datetime) -> None:
    """The office has its days for the meeting, until it has ruled."""
    if clocks.open_for(assignment=assignment, stage="coordination").exists():
        return
    clocks.start(
        assignment.matter, "coordination", assignment=assignment, body=assignment.office, anchor_on=on, by=by, now=now
    )


def close_objection(
    objection: Objection, state: str, *, text: str, by: Person, now: datetime, paper: Paper | None
) -> None:
    objection.state, objection.decision_text = state, text
    objection.decided_by, objection.decided_at = by, acted_at(paper, now=now)
    objection.save(update_fields=["state", "decision_text", "decided_by", "decided_at", "new_unit"])
    for stage in ("objection_decision", "objection_opinion"):
        for obligation in clocks.open_for(assignment=objection.assignment, stage=stage):
            if stage == "objection_decision":
                clocks.complete(obligation, by=by, now=now, on=acted_on(paper, now=now))
            else:
                clocks.cancel(obligation, by=by, now=now, reason="已作决定")


def meeting_first(objection: Objection) -> None:
    if returns_of(objection.assignment) >= COORDINATE_AFTER:
        raise Refused("该件已两次调整，须由协调会裁定：请召开协调会。")


def asked_first(objection: Objection, unit: Body) -> None:
    """A unit takes over what it was asked about (P9)."""
    if unit != objection.suggested or objection.suggested_at is None:
        raise Refused(f"请先征求{unit}的意见；对方答复后再作决定。", field="unit")


@transaction.atomic
def uphold_objection(
    objection: Objection, *, unit: Body | None, text: str, by: Person, now: datetime, paper: Paper | None = None
) -> Assignment:
    """Agree (同意退回): the old unit's clocks end, the new unit starts its own on the day of the decision.

    Without a new unit a co-handler, or one of several split units, is simply released.
    """
    office_sheet_needed(objection.assignment, by=by, now=now, paper=paper, since=objection.raised_at)
    objection = lock_objection(objection, *Objection.DECIDABLE)
    meeting_first(objection)
    if unit is not None:
        asked_first(objection, unit)
    objection.new_unit = unit
    close_objection(objection, State.UPHELD, text=text, by=by, now=now, paper=paper)
    reason = text or "同意退回申请"
    if unit is None:
        return let_go(objection.assignment, reason=reason, by=by, now=now, paper=paper)
    return move(objection.assignment, unit, reason=reason, by=by, now=now, paper=paper)


@transaction.atomic
def refuse_objection(
    objection: Objection, *, text: str, by: Person, now: datetime, paper: Paper | None = None
) -> Objection:
    """Refuse (不同意): the unit goes on, and its clocks are as if nothing had been asked."""
    office_sheet_needed(objection.assignment, by=by, now=now, paper=paper, since=objection.raised_at)
    objection = lock_objection(objection, *Objection.DECIDABLE)
    meeting_first(objection)
    if not text.strip():
        raise Refused("不同意退回时，请写明理由，单位会看到。")
    close_objection(objection, State.REFUSED, text=text, by=by, now=now, paper=paper)
    return end_quietly(objection, "objection_refused", by=by, now=now, paper=paper)


@transaction.atomic
def withdraw_objection(objection: Objection, *, by: Person, now: datetime, paper: Paper | None = None) -> Objection:
    sheet_needed(objection.assignment.unit_id, by=by, now=now, paper=paper, since=objection.raised_at)
    objection = lock_objection(objection, *Objection.UNDECIDED)
    close_objection(objection, State.WITHDRAWN, text="", by=by, now=now, paper=paper)
    call_off(objection.assignment, by=by, now=now)
    return end_quietly(objection, "objection_withdrawn", by=by, now=now, paper=paper)


def end_quietly(objection: Objection, verb: str, *, by: Person, now: datetime, paper: Paper | None) -> Objection:
    """The sign-for ladder goes on, and the unit is told."""
    assignment = objection.assignment
    for obligation in clocks.open_for(assignment=assignment, stage="sign_for"):
        clocks.resume(obligation, by=by, now=now)
    event = assignment.matter.record(
        verb,
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        **paper_facts(paper),
    )
    restage(assignment.matter)
    tell(
        queries.clerks_of([assignment.unit_id], on=timezone.localdate(now)),
        event_id=event.pk,
        template=verb,
        subject=subject_of(assignment),
        now=now,
    )
    return objection
