"""Handling ends, and goes to the archive."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell, tell_many
from members.models import Person
from proposals.handling import clocks, owners, queries, readers
from proposals.handling.models import Assignment, EvaluationRound, JointConsultation, Matter, Stage

from .disclosing import STAGE
from .paper import Paper, lock, office_sheet_needed, paper_facts

State = Assignment.State
Outcome = EvaluationRound.Outcome


def settle_if_done(assignment: Assignment, *, by: Person | None, now: datetime) -> None:
    """Close the matter once every answering unit's latest round has ended well (P8). Matter locked."""
    matter = assignment.matter
    for row in matter.assignments.current().answering():
        last = row.evaluation_rounds.filter(round=row.round).first()
        if last is None or last.closed_at is None:
            return
        if last.outcome == Outcome.DISSATISFIED and not row.consultations.filter(round=row.round).exists():
            return
    settle(matter, by=by, now=now)


def settle(matter: Matter, *, by: Person | None, now: datetime, closed_at: datetime | None = None) -> None:
    """Handling is over: every clock ends but that of its publication; silence shows as 办结（未反馈 n 人）. `closed_at` if it ended earlier."""
    rounds = EvaluationRound.objects.filter(assignment__matter=matter, assignment__ended_at=None)
    latest = [row for row in rounds.select_related("assignment") if row.round == row.assignment.round]
    missing = sum(row.missing for row in latest)
    silent = any(row.outcome == Outcome.NOT_RETURNED for row in latest)
    matter.assignments.current().update(state=State.SETTLED)
    clocks.cancel_all(matter=matter, keep=(STAGE,), by=by, now=now, reason="办结")
    matter.closed_at = closed_at or now
    matter.stage = Stage.CLOSED_SILENT if silent else Stage.CLOSED
    matter.save(update_fields=["closed_at", "stage"])
    event = matter.record("closed", by=by, now=now, note=f"（未反馈{missing}人）" if missing else "", missing=missing)
    owners.of(matter).settled(matter)
    readers.refresh(matter)
    today = timezone.localdate(now)
    units = matter.assignments.current().values_list("unit_id", flat=True)
    people = {*queries.people_behind(queries.evaluators(matter), on=today), *queries.clerks_of(units, on=today)}
    subject = {"matter": str(matter.public_id)}
    if by is not None:
        tell(sorted(people), event_id=event.pk, template="closed", subject=subject, now=now)
        return
    gathered = [(one, event.pk, "closed", subject) for one in sorted(people)]  # the engine closes many in one round
    tell_many(gathered, sending=f"closed:{today}", now=now, mail_at=now + clocks.GATHERED)


@transaction.atomic
def consult_jointly(
    assignment: Assignment,
    *,
    held_on: date,
    present: str,
    minutes: str,
    by: Person,
    now: datetime,
    paper: Paper | None = None,
) -> JointConsultation:
    """Gather proposers and unit after a second dissatisfaction (联合会商), write minutes, and close."""
    office_sheet_needed(assignment, by=by, now=now, paper=paper)
    assignment = lock(assignment)
    row = assignment.evaluation_rounds.filter(round=assignment.round).first()
    if row is None or row.outcome != Outcome.DISSATISFIED or assignment.round < 2:
        raise WrongStep("二次办理后仍不满意的，才进行联合会商。")
    if assignment.consultations.filter(round=assignment.round).exists():
        raise WrongStep("联合会商已经登记过了。")
    if not minutes.strip() or not present.strip():
        raise Refused("请填写参加人员和会商纪要。")
    if held_on > timezone.localdate(now):
        raise Refused("会商日期不能晚于今天。")
    meeting = JointConsultation.objects.create(
        assignment=assignment, round=assignment.round, held_on=held_on, present=present, minutes=minutes, by=by, at=now
    )
    for obligation in clocks.open_for(assignment=assignment, stage="joint_consultation"):
        clocks.complete(obligation, by=by, now=now)
    assignment.matter.record(
        "joint_consulted",
        by=by,
        now=now,
        assignment=assignment,
        held_on=held_on,
        **paper_facts(paper),
    )
    settle_if_done(assignment, by=by, now=now)
    return meeting


@transaction.atomic
def archive(matter: Matter, *, by: Person, now: datetime) -> Matter:
    """Put a closed matter's whole file away (归档)."""
    matter = matter.locked()
    if matter.stage not in (Stage.CLOSED, Stage.CLOSED_SILENT):
        raise WrongStep("只有办结的件可以归档。")
    matter.stage = Stage.ARCHIVED
    matter.save(update_fields=["stage"])
    matter.record("archived", by=by, now=now)
    return matter
