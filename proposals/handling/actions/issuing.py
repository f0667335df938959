"""A prepared 督办单 leaves the house only when somebody of the office has approved it (P2)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Person
from proposals.handling import queries
from proposals.handling.models import Assignment, ChaseSheet, Checkpoint, Commitment
from proposals.handling.reminders import name_of, spoken

from .giving import subject_of
from .paper import Paper, lock, office_sheet_needed, paper_facts

How = ChaseSheet.How


def prepared_text(checkpoint: Checkpoint) -> str:
    """The words that the officer starts from."""
    clock = checkpoint.obligation
    unit = clock.holder_body
    if promise := Commitment.objects.filter(clock=clock).first():
        return (
            f"{unit}：\n　　你单位在答复{name_of(clock.matter)}时承诺“{promise.text}”（{promise.measure}），期限为"
            f"{spoken(clock.due_on)}{clock.mark}，至今没有落实。请抓紧落实，并于收到本单后3个工作日内书面说明进展和完成时间。"
        )
    return (
        f"{unit}：\n　　你单位承办的{name_of(clock.matter)}，{clock.rule.name}期限为{spoken(clock.due_on)}{clock.mark}，"
        "至今没有办结。请抓紧办理，并于收到本单后3个工作日内书面说明进展和完成时间。"
    )


@transaction.atomic
def issue_sheet(
    checkpoint: Checkpoint,
    *,
    text: str,
    how: str,
    note: str = "",
    by: Person,
    now: datetime,
    paper: Paper | None = None,
) -> ChaseSheet:
    """Approve a prepared sheet and print or send it, or lay it aside with a reason; each is recorded.

    What is sent goes to the unit's head and clerks, never to a leader. The assigning office approves; the proposal
    committee records that from its sheet.
    """
    assignment = checkpoint.obligation.assignment
    if assignment is None:
        raise WrongStep("这项时限不属于承办单位。")
    office_sheet_needed(assignment, by=by, now=now, paper=paper)
    assignment = lock(assignment)
    if ChaseSheet.objects.filter(checkpoint=checkpoint).exists():
        raise WrongStep("这份督办单已经处理过了。")
    if not text.strip():
        raise Refused("请填写督办内容。", field="text")
    if how == How.ASIDE and not note.strip():
        raise Refused("不发的，请写明原因。", field="note")
    sheet = ChaseSheet.objects.create(
        checkpoint=checkpoint, text=text, how=how, note=note if how == How.ASIDE else "", by=by, at=now
    )
    if how == How.ASIDE:
        assignment.matter.record("sheet_aside", by=by, now=now, assignment=assignment, note=note, **paper_facts(paper))
        return sheet
    event = assignment.matter.record(
        "sheet_issued",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        how=sheet.get_how_display(),
        sheet=str(sheet.public_id),
        **paper_facts(paper),
    )
    if how == How.SENT:
        tell(
            addressees(assignment, now=now),
            event_id=event.pk,
            template="sheet_issued",
            subject={**subject_of(assignment), "sheet": str(sheet.public_id)},
            now=now,
        )
    return sheet


def addressees(assignment: Assignment, *, now: datetime) -> list[int]:
    today = timezone.localdate(now)
    heads = queries.people_in(queries.HEAD_ROLES, on=today, bodies=[assignment.unit_id])
    return sorted({*heads, *queries.clerks_of([assignment.unit_id], on=today)})
