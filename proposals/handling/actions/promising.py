"""Promises are written with the draft, given with the reply, and pass on with the duty."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, Max
from django.utils import timezone

from members.days import short_day
from members.errors import Refused, WrongStep
from members.models import Person
from proposals.handling import clocks, owners, queries
from proposals.handling.models import (
    Access,
    Assignment,
    Commitment,
    CommitmentStep,
    Obligation,
    PublicWord,
    Reply,
    ReplyPoint,
)
from proposals.handling.models.clocks import ObligationQuerySet

from .paper import in_the_open, lock

DRAFTED = (Reply.State.DRAFT, Reply.State.RETURNED)
NO_PROMISES = "本件的办理意见送交办机构，不登记承诺事项；需要说明的，请写在办理意见中。"


@transaction.atomic
def promise(
    point: ReplyPoint,
    *,
    text: str,
    measure: str,
    due_on: date,
    by: Person,
    now: datetime,
    change: Commitment | None = None,
) -> Commitment:
    """Write one more promise (承诺事项) for the answer to a suggestion, or `change` one of the draft."""
    reply = _lock_draft(point)
    if not owners.course_of(reply.assignment.matter).promises:
        raise Refused(NO_PROMISES)
    if point.same_as_id:
        raise Refused("本条与另一条相同，请在那一条填写承诺事项。", field="point")
    if not point.result_id:
        raise Refused("请先在答复稿中选择本条的办理结果，再填写承诺事项。", field="point")
    if not text.strip():
        raise Refused("请写明承诺做什么。", field="text")
    if not measure.strip():
        raise Refused("请写明可检验的结果，如数量、地点、完成的标志。", field="measure")
    since = reply.letter_on or timezone.localdate(now)
    if due_on <= since:
        raise Refused(f"承诺完成日期应晚于答复日期（{short_day(since)}）。", field="due_on")
    row = change or Commitment(assignment=reply.assignment, by=by)
    if row.state != Commitment.State.DRAFT:
        raise WrongStep("这项承诺已随答复发出，不能再改；时间有变化的，请申请调整时间。")
    row.point, row.text, row.measure, row.due_on = point, text.strip(), measure.strip(), due_on
    row.save()
    _changed(reply)
    return row


@transaction.atomic
def drop_promise(row: Commitment, *, by: Person, now: datetime) -> None:
    """Take a promise out of the draft."""
    reply = _lock_draft(row.point)
    if not Commitment.objects.filter(pk=row.pk, state=Commitment.State.DRAFT).delete()[0]:
        raise WrongStep("这项承诺已经不在答复稿中。请刷新页面。")
    _changed(reply)


def _lock_draft(point: ReplyPoint) -> Reply:
    assignment = lock(point.reply.assignment)
    in_the_open(assignment)
    reply = Reply.objects.select_for_update(of=("self",)).get(pk=point.reply_id)
    reply.assignment = assignment
    if reply.state not in DRAFTED or assignment.state != Assignment.State.SIGNED:
        raise WrongStep(f"答复现在是“{reply.get_state_display()}”，承诺事项不能再改。")
    return reply


def _changed(reply: Reply) -> None:
    """It is another draft than the one somebody may have open beside it."""
    Reply.objects.filter(pk=reply.pk).update(version=F("version") + 1)


def unpromised(reply: Reply) -> list[ReplyPoint]:
    """Answers whose class asks for a promise, and that have none."""
    if not owners.course_of(reply.assignment.matter).promises:
        return []
    rows = reply.points.filter(result__promises=True, same_as=None, commitments=None)
    return list(rows.select_related("suggestion").order_by("suggestion__matter_id", "suggestion__number"))


def faults_of_promises(reply: Reply, *, on: date) -> list[str]:
    """What is still wrong with the draft's promises, a sentence each."""
    faults = []
    if missing := unpromised(reply):
        labels = queries.labels_of(queries.suggestions_of(reply.assignment.matter))
        named = "、".join(labels[row.suggestion_id] for row in missing if row.suggestion_id in labels)
        faults.append(f"{named}答复为正在解决或列入计划，请填写承诺事项、可检验的结果和完成日期。")
    since = reply.letter_on or on
    late = Commitment.objects.filter(point__reply=reply, due_on__lte=since).order_by("due_on", "pk")
    faults += [f"“{row.text}”的承诺完成日期应晚于答复日期（{short_day(since)}）。" for row in late]
    return faults


def give_promises(reply: Reply, *, on: date, by: Person, now: datetime) -> list[Commitment]:
    """The reply is delivered: what it promises is frozen, and each promise starts its own clock."""
    assignment, matter = reply.assignment, reply.assignment.matter
    rows = Commitment.objects.filter(point__reply=reply, state=Commitment.State.DRAFT)
    drafts = list(rows.filter(point__same_as=None).order_by("point__suggestion__number", "due_on", "pk"))
    rows.exclude(point__same_as=None).delete()
    if not drafts:
        return []
    last = Commitment.objects.filter(assignment__matter=matter).aggregate(last=Max("number"))["last"] or 0
    wanted = [
        clocks.Wanted(
            matter, "commitment", on, assignment=assignment, round=number, body=assignment.unit, fixed_on=row.due_on
        )
        for number, row in enumerate(drafts, last + 1)
    ]
    started = clocks.start_many(wanted, by=by, now=now)
    for row, clock in zip(drafts, started, strict=True):
        row.number, row.clock, row.given_on, row.state = clock.round, clock, on, Commitment.State.RUNNING
    Commitment.objects.bulk_update(drafts, ["number", "clock", "given_on", "state"])
    matter.record("promised", by=by, now=now, assignment=assignment, unit=str(assignment.unit), count=len(drafts))
    for row in drafts:
        say_outside(row, PublicWord.Word.RUNNING, now=now)
    return drafts


def say_outside(row: Commitment, word: str, *, now: datetime, month: date | None = None) -> None:
    """Put a public change of the promise before the disclosure reviewer (P25); nothing of what is not open."""
    if row.assignment.matter.access == Access.OPEN:
        PublicWord.objects.create(commitment=row, word=word, month=month, text=row.text, at=now)


def carry_promises(old: Assignment, new: Assignment, *, by: Person, now: datetime) -> None:
    """What is still promised goes with the duty to another part of the matter, on its unchanged day.

    What the former unit had asked about it goes back: the new one reports for itself. The matter is locked.
    """
    rows = list(Commitment.objects.running().filter(assignment=old).order_by("pk"))
    if not rows:
        return
    reason = f"改由{new.unit}继续落实"
    settle_questions(CommitmentStep.objects.asked().filter(commitment__in=rows), reason=reason, by=by, now=now)
    for row in rows:
        clocks.move_holder(
            Obligation.objects.get(commitment=row), new.unit, assignment=new, by=by, now=now, reason=reason
        )
        row.assignment = new
        row.save(update_fields=["assignment"])
    new.matter.record("promises_carried", by=by, now=now, assignment=new, old=str(old.unit), unit=str(new.unit))


def settle_questions(steps: Iterable[CommitmentStep], *, reason: str, by: Person, now: datetime) -> None:
    """Nobody decides these any more; the promise's clock goes on."""
    for step in steps:
        step.state, step.decision, step.decided_by, step.decided_at = CommitmentStep.State.BACK, reason, by, now
        step.save(update_fields=["state", "decision", "decided_by", "decided_at"])
        row = step.commitment
        for clock in checks_of(row):
            clocks.cancel(clock, by=by, now=now, reason=reason)
        resume(row, by=by, now=now)


def checks_of(row: Commitment) -> ObligationQuerySet:
    """The office's days for its word on this promise (P7), while they run."""
    return clocks.open_for(assignment=row.assignment, stage="promise_check").filter(round=row.number or 0)


def resume(row: Commitment, *, by: Person, now: datetime) -> None:
    """The promise's clock goes on if it stood while the office looked at it: as if it had not, its day is the same."""
    for clock in Obligation.objects.filter(commitment=row, status=Obligation.Status.PAUSED):
        stood = clock.events.filter(kind="pause").latest("seq")
        clocks.resume(clock, by=by, now=now, on=stood.on_date)


def refuse_to_strand_promises(assignment: Assignment) -> None:
    """A unit leaves no promise behind: somebody takes it over."""
    if assignment.commitments.running().exists():
        raise Refused(f"{assignment.unit}在本件中还有没落实的承诺事项，须有单位接着落实：请选择调整为哪个单位。")
