"""What becomes of a promise: progress, another date, kept (跟踪落实)."""

from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from members.days import short_day
from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Person
from proposals.handling import clocks, queries
from proposals.handling.blanks import refuse_blanks
from proposals.handling.models import Commitment, CommitmentStep, Obligation, PublicWord

from .giving import subject_of
from .paper import (
    Paper,
    acted_at,
    acted_on,
    lock,
    not_in_judgement,
    not_own_proposal,
    office_sheet_needed,
    paper_facts,
    unit_sheet_needed,
)
from .promising import checks_of, resume, say_outside

Kind, State = CommitmentStep.Kind, CommitmentStep.State


def lock_promise(row: Commitment) -> Commitment:
    """The promise as it is now, matter and assignment locked first; it must still be running."""
    assignment = lock(row.assignment)
    fresh = Commitment.objects.select_for_update(of=("self",)).get(pk=row.pk)
    fresh.assignment = assignment
    if fresh.state != Commitment.State.RUNNING:
        raise WrongStep(f"这项承诺现在是“{fresh.get_state_display()}”，不能这样做。请刷新页面。")
    return fresh


def clock_of(row: Commitment) -> Obligation:
    return Obligation.objects.select_related("rule").get(commitment=row)


@transaction.atomic
def report_progress(
    row: Commitment, *, text: str, by: Person, now: datetime, paper: Paper | None = None
) -> CommitmentStep:
    """How far the unit is (进展); the day stays as it is."""
    unit_sheet_needed(row.assignment, by=by, now=now, paper=paper)
    row = lock_promise(row)
    if not text.strip():
        raise Refused("请写明进展情况。", field="text")
    step = _step(row, Kind.PROGRESS, State.NOTED, text, by=by, now=now, paper=paper)
    _record(row, "promise_progress", by=by, now=now, paper=paper, text=text.strip())
    return step


@transaction.atomic
def ask_delay(
    row: Commitment, *, to: date, text: str, by: Person, now: datetime, paper: Paper | None = None
) -> CommitmentStep:
    """Ask the assigning office for another day (申请调整时间), with the reason, before the day is over."""
    unit_sheet_needed(row.assignment, by=by, now=now, paper=paper)
    row = _nothing_asked(lock_promise(row))
    due = clock_of(row).due_on
    if acted_on(paper, now=now) > due:
        raise Refused(
            f"承诺的日期（{short_day(due)}）已过，不能再申请调整。请尽快落实后报告落实情况，此前可以报告进展。"
        )
    if to <= due:
        raise Refused(f"调整后的日期应晚于现在的日期（{short_day(due)}）。", field="to")
    if not text.strip():
        raise Refused("请写明需要调整时间的理由。", field="text")
    step = _step(row, Kind.DELAY, State.ASKED, text, by=by, now=now, paper=paper, old_due=due, to_on=to)
    _ask_office(step, "promise_delay_asked", by=by, now=now, paper=paper, to=to, reason=text.strip())
    return step


@transaction.atomic
def report_kept(
    row: Commitment, *, text: str, reply: str, by: Person, now: datetime, paper: Paper | None = None
) -> CommitmentStep:
    """Report a promise as kept (报告落实); its clock stands until the assigning office has looked.

    `reply` is the second reply (再次答复), which the proposers get once the office agrees.
    """
    unit_sheet_needed(row.assignment, by=by, now=now, paper=paper)
    not_own_proposal(row.assignment, by=by, paper=paper)
    row = _nothing_asked(lock_promise(row))
    if not text.strip():
        raise Refused("请对照可检验的结果，写明落实到什么程度。", field="text")
    if not reply.strip():
        raise Refused("请写再次答复：核实后会发给每一位提案者。", field="reply")
    refuse_blanks("再次答复", reply, field="reply")
    step = _step(row, Kind.KEPT, State.ASKED, text, by=by, now=now, paper=paper, reply=reply.strip())
    clocks.pause(clock_of(row), by=by, now=now, reason="报告落实，待交办机构核实")
    _ask_office(step, "promise_reported", by=by, now=now, paper=paper)
    return step


def _nothing_asked(row: Commitment) -> Commitment:
    if row.steps.asked().exists():
        raise WrongStep("这项承诺已有申请或报告等待交办机构决定，请等决定后再提。")
    return row


def _step(
    row: Commitment,
    kind: str,
    state: str,
    text: str,
    *,
    by: Person,
    now: datetime,
    paper: Paper | None,
    **fields: Any,
) -> CommitmentStep:
    at = acted_at(paper, now=now)
    return CommitmentStep.objects.create(
        commitment=row, kind=kind, state=state, text=text.strip(), by=by, at=at, **fields
    )


def _record(row: Commitment, verb: str, *, by: Person, now: datetime, paper: Paper | None, **facts: Any) -> Any:
    unit = str(row.assignment.unit)
    known = {"unit": unit, "number": row.number, "promise": row.text, **facts, **paper_facts(paper)}
    return row.assignment.matter.record(verb, by=by, now=now, assignment=row.assignment, **known)


def _ask_office(
    step: CommitmentStep, verb: str, *, by: Person, now: datetime, paper: Paper | None, **facts: Any
) -> None:
    """The office has days of its own for its word (P7), and is told."""
    row, assignment, today = step.commitment, step.commitment.assignment, timezone.localdate(now)
    clocks.start(
        assignment.matter,
        "promise_check",
        assignment=assignment,
        round=row.number or 0,
        body=assignment.office,
        anchor_on=today,
        by=by,
        now=now,
    )
    event = _record(row, verb, by=by, now=now, paper=paper, **facts)
    subject = {**subject_of(assignment), "step": str(step.public_id)}
    officers = queries.officers_of(assignment.office, on=today)
    tell(officers, event_id=event.pk, template=verb, subject=subject, now=now)


def _lock_question(step: CommitmentStep, *, by: Person, now: datetime, paper: Paper | None) -> CommitmentStep:
    """What waits for the office, as it is now; somebody who stands behind the matter leaves it to colleagues (P13)."""
    assignment = step.commitment.assignment
    office_sheet_needed(assignment, by=by, now=now, paper=paper, since=step.at)
    not_in_judgement(assignment, by=by)
    row = lock_promise(step.commitment)
    fresh = CommitmentStep.objects.select_for_update(of=("self",)).get(pk=step.pk)
    fresh.commitment = row
    if fresh.state != State.ASKED:
        raise WrongStep(f"这份申请或报告现在是“{fresh.get_state_display()}”，不能再决定。请刷新页面。")
    return fresh


def _decide(step: CommitmentStep, state: str, text: str, *, by: Person, now: datetime, paper: Paper | None) -> None:
    step.state, step.decision = state, text.strip()
    step.decided_by, step.decided_at = by, acted_at(paper, now=now)
    step.save(update_fields=["state", "decision", "decided_by", "decided_at"])
    for clock in checks_of(step.commitment):
        clocks.complete(clock, by=by, now=now, on=acted_on(paper, now=now))


@transaction.atomic
def send_back(
    step: CommitmentStep, *, text: str, by: Person, now: datetime, paper: Paper | None = None
) -> CommitmentStep:
    """The office does not agree and says why; the promise goes on with its day as it was."""
    step = _lock_question(step, by=by, now=now, paper=paper)
    if not text.strip():
        raise Refused("不同意的，请写明原因，单位会看到。", field="text")
    _decide(step, State.BACK, text, by=by, now=now, paper=paper)
    resume(step.commitment, by=by, now=now)
    verb = "promise_delay_refused" if step.kind == Kind.DELAY else "promise_returned"
    event = _record(step.commitment, verb, by=by, now=now, paper=paper, reason=step.decision)
    _tell_unit(step, verb, event.pk, now=now)
    return step


@transaction.atomic
def agree(
    step: CommitmentStep, *, text: str = "", by: Person, now: datetime, paper: Paper | None = None
) -> CommitmentStep:
    """The office agrees to the new day, or finds the promise kept; the proposers are told, the public word prepared."""
    step = _lock_question(step, by=by, now=now, paper=paper)
    _decide(step, State.AGREED, text, by=by, now=now, paper=paper)
    if step.kind == Kind.DELAY:
        _put_off(step, by=by, now=now, paper=paper)
    else:
        _keep(step, by=by, now=now, paper=paper)
    return step


def _put_off(step: CommitmentStep, *, by: Person, now: datetime, paper: Paper | None) -> None:
    row, to = step.commitment, step.to_on
    assert to is not None
    clocks.extend(clock_of(row), to_on=to, by=by, now=now, reason=step.text[:300], override=True)
    event = _record(row, "promise_delayed", by=by, now=now, paper=paper, old=step.old_due, to=to)
    say_outside(row, PublicWord.Word.MOVED, now=now, month=to.replace(day=1))
    _tell_unit(step, "promise_delayed", event.pk, now=now)
    _tell_proposers(step, "promise_delay_told", event.pk, now=now)


def _keep(step: CommitmentStep, *, by: Person, now: datetime, paper: Paper | None) -> None:
    """It was kept on the day of the unit's report, however long the office took."""
    row, on = step.commitment, timezone.localdate(step.at)
    clocks.complete(clock_of(row), by=by, now=now, on=on)
    row.state, row.kept_on = Commitment.State.KEPT, on
    row.save(update_fields=["state", "kept_on"])
    event = _record(row, "promise_kept", by=by, now=now, paper=paper, on=on)
    say_outside(row, PublicWord.Word.KEPT, now=now)
    _tell_unit(step, "promise_confirmed", event.pk, now=now)
    _tell_proposers(step, "promise_kept", event.pk, now=now)


def _tell_unit(step: CommitmentStep, template: str, event_id: int, *, now: datetime) -> None:
    assignment = step.commitment.assignment
    people = queries.clerks_of([assignment.unit_id], on=timezone.localdate(now))
    tell(people, event_id=event_id, template=template, subject=subject_of(assignment), now=now)


def _tell_proposers(step: CommitmentStep, template: str, event_id: int, *, now: datetime) -> None:
    assignment = step.commitment.assignment
    people = queries.people_behind(queries.evaluators(assignment.matter), on=timezone.localdate(now))
    tell(people, event_id=event_id, template=template, subject=subject_of(assignment), now=now)


@transaction.atomic
def review_word(
    word: PublicWord, *, passed: bool, text: str = "", reason: str = "", by: Person, now: datetime
) -> PublicWord:
    """The disclosure reviewer passes a public change, in his own words if need be, or keeps it inside (P25)."""
    matter = word.commitment.assignment.matter.locked()
    word = PublicWord.objects.select_for_update(of=("self",)).select_related("commitment").get(pk=word.pk)
    if word.state != PublicWord.State.WAITING:
        raise WrongStep("这项公开内容已经审查过了。")
    if matter.access != "open":
        raise WrongStep("该件不公开或正在保密核查，不能对外公开。")
    if passed and not text.strip():
        raise Refused("请填写公开的承诺事项。", field="text")
    if not passed and not reason.strip():
        raise Refused("不公开的，请写明原因。", field="reason")
    word.state = PublicWord.State.PASSED if passed else PublicWord.State.REFUSED
    word.text = text.strip() if passed else word.text
    word.reason = "" if passed else reason.strip()
    word.reviewed_by, word.reviewed_at = by, now
    word.save(update_fields=["state", "text", "reason", "reviewed_by", "reviewed_at"])
    facts: dict[str, Any] = {"number": word.commitment.number, "word": word.said, "reason": word.reason}
    matter.record("promise_word_passed" if passed else "promise_word_refused", by=by, now=now, **facts)
    return word
