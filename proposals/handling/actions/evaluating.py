"""What the proposers say of a reply; it goes to the committee, never through the unit (S2, S9, P8)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Person
from proposals.handling import clocks, queries
from proposals.handling.models import (
    Assignment,
    Evaluation,
    EvaluationRound,
    Explanation,
    Obligation,
    Participant,
    Reason,
)

from .closing import settle_if_done
from .giving import restage, subject_of
from .paper import Paper, lock, not_blocked, not_in_judgement, paper_facts

Grade = Evaluation.Grade
Outcome = EvaluationRound.Outcome
State = Assignment.State


def lock_round(row: EvaluationRound) -> EvaluationRound:
    assignment = lock(row.assignment)
    fresh = EvaluationRound.objects.select_for_update(of=("self",)).get(pk=row.pk)
    fresh.assignment = assignment
    return fresh


@transaction.atomic
def evaluate(
    row: EvaluationRound,
    participant: Participant,
    *,
    work: str,
    result: str,
    by: Person,
    now: datetime,
    reason: Reason | None = None,
    text: str = "",
    approval: str = "",
    name_to_unit: bool = False,
    address: str | None = None,
    device: str = "",
    flags: Sequence[str] = (),
    paper: Paper | None = None,
) -> Evaluation:
    """One proposer's two ratings (委员评价). A form that comes after the round closed is kept as late.

    An organisation evaluates once, and says who in it approved that; on paper the sheet shows it (P14).
    On paper it counts once a second person has confirmed it (`confirm_evaluation`); the proposer's clock ends all the
    same on the day of the paper.
    """
    not_blocked(by, now=now)
    row = lock_round(row)
    if participant not in queries.evaluators(row.assignment.matter):
        raise Refused("只有提案者本人可以评价。")
    if row.evaluations.filter(participant=participant, withdrawn_at=None).exists():
        raise WrongStep("这一轮的评价已经提交过了。评价结束前，本人可以先撤回再重新评价。")
    if Grade.DISSATISFIED in (work, result) and not (reason or text.strip()):
        raise Refused("选择“不满意”时，请选择或写明原因，便于重新办理。")
    if participant.body_id and paper is None and not approval.strip():
        raise Refused("请写明本组织如何审定这份评价，例如：3月2日主委会议审定。", field="approval")
    late = row.closed_at is not None
    form = Evaluation.objects.create(
        round_row=row,
        participant=participant,
        work=work,
        result=result,
        reason=reason,
        text=text,
        approval=approval.strip() if participant.body_id else "",
        name_to_unit=name_to_unit,
        by=by,
        at=now,
        on_paper=paper is not None,
        late=late,
        address=address,
        device=device,
        flags=list(flags),
    )
    event = row.assignment.matter.record(
        "evaluation_late" if late else "evaluated",
        by=by,
        now=now,
        assignment=row.assignment,
        who=str(participant),
        round=row.round,
        **paper_facts(paper),
    )
    tell_rater(form, "evaluation_receipt", event_id=event.pk, now=now)
    end_clock(form, on=paper.on if paper else None, by=by, now=now)
    if paper is None:
        take_in(form, by=by, now=now, event_id=event.pk)
    return form


def tell_rater(form: Evaluation, template: str, *, event_id: int, now: datetime) -> None:
    """Tell whose form it is, by mail only at an address that has been proved (S9)."""
    people = queries.people_behind([form.participant], on=timezone.localdate(now), contacts=False)
    subject = subject_of(form.round_row.assignment)
    tell(people, event_id=event_id, template=template, subject=subject, now=now, proved_mail_only=True)


def end_clock(form: Evaluation, *, on: date | None, by: Person, now: datetime) -> None:
    """The proposer has answered: nothing chases him any more. A paper cannot have come before it was asked for."""
    row = form.round_row
    opened = timezone.localdate(row.opened_at)
    for obligation in clocks.open_for(assignment=row.assignment, stage="evaluation").filter(
        round=row.round, holder_person=form.participant.person, holder_body=form.participant.body
    ):
        clocks.complete(obligation, by=by, now=now, on=on and max(on, opened))


def start_clock(form: Evaluation, *, anchor_on: date, by: Person, now: datetime) -> None:
    """The form counts no more: its proposer is asked again."""
    row = form.round_row
    clocks.start(
        row.assignment.matter,
        "evaluation",
        assignment=row.assignment,
        round=row.round,
        person=form.participant.person,
        body=form.participant.body,
        anchor_on=anchor_on,
        by=by,
        now=now,
    )


def lock_form(form: Evaluation) -> Evaluation:
    """The form as it is now, matter, assignment and round locked first."""
    row = lock_round(form.round_row)
    fresh = Evaluation.objects.select_for_update(of=("self",)).select_related("participant").get(pk=form.pk)
    fresh.round_row = row
    return fresh


@transaction.atomic
def confirm_evaluation(form: Evaluation, *, by: Person, now: datetime) -> Evaluation:
    """A second person of the proposal office confirms a paper form; only then it counts.

    If the round closed meanwhile, it counts as one that came afterwards.
    """
    form = lock_form(form)
    row = form.round_row
    not_in_judgement(row.assignment, by=by)
    _awaits_confirmation(form)
    if form.by == by:
        raise Refused("纸质评价须由另一位同事核对，录入人不能自己核对。")
    form.confirmed_by, form.confirmed_at = by, now
    form.late = row.closed_at is not None
    form.save(update_fields=["confirmed_by", "confirmed_at", "late"])
    event = row.assignment.matter.record("evaluation_confirmed", by=by, now=now, assignment=row.assignment)
    take_in(form, by=by, now=now, event_id=event.pk)
    return form


@transaction.atomic
def reject_evaluation(form: Evaluation, *, reason: str, by: Person, now: datetime) -> Evaluation:
    """A paper form that does not agree with its scan is taken out; it may be entered anew, or filled in by the proposer.

    The proposer is told, and asked again from today unless the round is over.
    """
    form = lock_form(form)
    row = form.round_row
    not_in_judgement(row.assignment, by=by)
    _awaits_confirmation(form)
    if not reason.strip():
        raise Refused("请写明退回的原因，如哪一项与扫描件不符。", field="reason")
    form.withdrawn_at, form.rejected_by, form.rejected_reason = now, by, reason
    form.save(update_fields=["withdrawn_at", "rejected_by", "rejected_reason"])
    event = row.assignment.matter.record(
        "evaluation_rejected", by=by, now=now, assignment=row.assignment, who=str(form.participant), reason=reason
    )
    if row.closed_at is None:
        start_clock(form, anchor_on=timezone.localdate(now), by=by, now=now)
    tell_rater(form, "evaluation_rejected", event_id=event.pk, now=now)
    return form


def _awaits_confirmation(form: Evaluation) -> None:
    if not form.on_paper or form.confirmed_at or form.withdrawn_at:
        raise WrongStep("这份评价不需要核对，或已经核对过了。")


def take_in(form: Evaluation, *, by: Person, now: datetime, event_id: int) -> None:
    """The form counts: a dissatisfaction reaches the proposal office, the round may close."""
    row = form.round_row
    if not form.late:
        weigh(row, by=by, now=now)
    if form.worst == Grade.DISSATISFIED:
        words = "dissatisfied_late" if form.late else "dissatisfied" if is_dissatisfied(row) else "dissatisfied_noted"
        staff = queries.proposal_staff(on=timezone.localdate(now))
        tell(staff, event_id=event_id, template=words, subject=subject_of(row.assignment), now=now)
    if not form.late:
        close_if_complete(row, by=by, now=now)


def weigh(row: EvaluationRound, *, by: Person | None, now: datetime) -> None:
    """Whether the office has a dissatisfaction to confirm, and its own clock for that (P7), once a round."""
    confirming = clocks.open_for(assignment=row.assignment, stage="confirm_dissatisfaction")
    if not is_dissatisfied(row):
        for obligation in confirming:
            clocks.cancel(obligation, by=by, now=now, reason="目前的评价不构成不满意")
    elif not confirming.exists():
        clocks.start(
            row.assignment.matter,
            "confirm_dissatisfaction",
            assignment=row.assignment,
            round=row.round,
            body=queries.proposal_office(on=timezone.localdate(now)),
            anchor_on=timezone.localdate(now),
            by=by,
            now=now,
        )


def counted(row: EvaluationRound) -> list[Evaluation]:
    """Forms that count: not withdrawn, in time, and confirmed if on paper."""
    forms = row.evaluations.filter(withdrawn_at=None, late=False).select_related("participant", "explanation")
    return [form for form in forms if form.confirmed_at or not form.on_paper]


def is_explained(form: Evaluation) -> bool:
    return getattr(form, "explanation", None) is not None


def is_dissatisfied(row: EvaluationRound) -> bool:
    """Whether the forms so far make the reply unsatisfactory under the policy `evaluation_decides` (P8).

    A form whose proposer has accepted an explanation asks for nothing more.
    """
    against = [form for form in counted(row) if form.worst == Grade.DISSATISFIED and not is_explained(form)]
    rule = queries.policy("evaluation_decides", on=timezone.localdate(row.opened_at), default="any")
    if rule == "first":
        first = (Participant.Role.FIRST, Participant.Role.ORGANISATION)
        main = row.assignment.matter_id
        return any(form.participant.role in first and form.participant.matter_id == main for form in against)
    if rule == "majority":
        return len(against) * 2 > len(queries.evaluators(row.assignment.matter))
    return bool(against)


def outcome_of(row: EvaluationRound) -> str:
    """The round's outcome from the forms that count, leaving aside a dissatisfaction that does not decide."""
    forms = counted(row)
    if any(is_explained(form) for form in forms):
        return Outcome.EXPLAINED
    grades = {form.worst for form in forms} - {Grade.DISSATISFIED}
    if Grade.BASIC in grades:
        return Outcome.BASIC
    return Outcome.SATISFIED if grades else Outcome.NOT_RETURNED


def close_if_complete(row: EvaluationRound, *, by: Person | None, now: datetime) -> None:
    """Close the round when every form is in and no dissatisfaction waits to be confirmed."""
    missing = len(queries.evaluators(row.assignment.matter)) - len(counted(row))
    if missing <= 0 and not is_dissatisfied(row):
        close_round(row, outcome_of(row), missing=0, by=by, now=now)


def close_round(row: EvaluationRound, outcome: str, *, missing: int, by: Person | None, now: datetime) -> None:
    """Close the round in one event; no unit learns anything before it. Lock the round first."""
    row.closed_at, row.outcome, row.missing = now, outcome, missing
    row.save(update_fields=["closed_at", "outcome", "missing", "confirmed_by"])
    for stage in ("evaluation", "confirm_dissatisfaction"):
        for obligation in clocks.open_for(assignment=row.assignment, stage=stage).filter(round=row.round):
            if stage == "evaluation":
                clocks.cancel(obligation, by=by, now=now, reason="评价已结束")
            else:
                clocks.complete(obligation, by=by, now=now)
    row.assignment.matter.record(
        "round_closed",
        by=by,
        now=now,
        assignment=row.assignment,
        unit=str(row.assignment.unit),
        round=row.round,
        outcome=row.get_outcome_display(),
    )
    if outcome != Outcome.DISSATISFIED:
        settle_if_done(row.assignment, by=by, now=now)


@transaction.atomic
def confirm_dissatisfaction(row: EvaluationRound, *, by: Person, now: datetime, paper: Paper | None = None) -> None:
    """The proposal office confirms: the round closes and the unit handles the matter again (二次办理).

    After a second dissatisfaction the offices gather both sides (`consult_jointly`).
    """
    row = lock_round(row)
    if row.closed_at is not None:
        raise WrongStep("这一轮评价已经结束。")
    not_in_judgement(row.assignment, by=by)
    if not is_dissatisfied(row):
        raise WrongStep("按现行规则，目前的评价不构成“不满意”，不需要核实。")
    row.confirmed_by = by
    missing = len(queries.evaluators(row.assignment.matter)) - len(counted(row))
    close_round(row, Outcome.DISSATISFIED, missing=missing, by=by, now=now)
    if row.round == 1:
        rehandle(row.assignment, by=by, now=now)
    else:
        tell_of_consultation(row.assignment, by=by, now=now)


def rehandle(assignment: Assignment, *, by: Person, now: datetime) -> None:
    """A new full round of the same assignment, with its own clock; the first round stays as it is."""
    assignment.round += 1
    assignment.state = State.SIGNED
    assignment.save(update_fields=["round", "state"])
    today = timezone.localdate(now)
    clocks.start(
        assignment.matter,
        "rehandle",
        assignment=assignment,
        round=assignment.round,
        body=assignment.unit,
        anchor_on=today,
        by=by,
        now=now,
    )
    event = assignment.matter.record(
        "rehandling", by=by, now=now, assignment=assignment, unit=str(assignment.unit), round=assignment.round
    )
    restage(assignment.matter)
    heads = queries.people_in(queries.HEAD_ROLES, on=today, bodies=[assignment.unit_id])
    people = sorted({*queries.clerks_of([assignment.unit_id], on=today), *heads})
    tell(people, event_id=event.pk, template="rehandling", subject=subject_of(assignment), now=now)


def tell_of_consultation(assignment: Assignment, *, by: Person, now: datetime) -> None:
    event = assignment.matter.record(
        "consultation_due", by=by, now=now, assignment=assignment, unit=str(assignment.unit)
    )
    today = timezone.localdate(now)
    clocks.start(
        assignment.matter,
        "joint_consultation",
        assignment=assignment,
        round=assignment.round,
        body=assignment.office,
        anchor_on=today,
        by=by,
        now=now,
    )
    officers = queries.officers_of(assignment.office, on=today)
    tell(officers, event_id=event.pk, template="consult_jointly", subject=subject_of(assignment), now=now)


@transaction.atomic
def explain_dissatisfaction(
    form: Evaluation, *, mode: str, held_on: date, persons: str, text: str, by: Person, now: datetime
) -> Explanation:
    """Record that a dissatisfied proposer, spoken to by the office, accepts what was explained (经说明接受).

    The form and its grade stay; it no longer asks for a second handling. The proposer is told, and may still take
    the form back and give another while the round runs.
    """
    form = lock_form(form)
    row = form.round_row
    not_in_judgement(row.assignment, by=by)
    if form.withdrawn_at or form.worst != Grade.DISSATISFIED or (form.on_paper and not form.confirmed_at):
        raise WrongStep("只有已经生效的“不满意”评价才需要登记说明。")
    if is_explained(form):
        raise WrongStep("这份评价已经登记过说明。")
    if row.closed_at is not None and not form.late:
        raise WrongStep("这一轮评价已经结束。")
    if held_on > timezone.localdate(now):
        raise Refused("说明的日期不能晚于今天。", field="held_on")
    if held_on < timezone.localdate(form.at):
        raise Refused("说明的日期不能早于收到评价的日期。", field="held_on")
    if not persons.strip() or not text.strip():
        raise Refused("请写明参加人员、说明的情况和提案者的意见。")
    explanation = Explanation.objects.create(
        form=form, mode=mode, held_on=held_on, persons=persons, text=text, by=by, at=now
    )
    event = row.assignment.matter.record(
        "dissatisfaction_explained", by=by, now=now, assignment=row.assignment, who=str(form.participant), on=held_on
    )
    tell_rater(form, "dissatisfaction_explained", event_id=event.pk, now=now)
    if not form.late:
        weigh(row, by=by, now=now)
        close_if_complete(row, by=by, now=now)
    return explanation


@transaction.atomic
def check_flags(form: Evaluation, *, note: str, by: Person, now: datetime) -> Evaluation:
    """Somebody of the office has looked into what seemed odd about a form (S9); the form itself is the proposer's."""
    form = lock_form(form)
    not_in_judgement(form.round_row.assignment, by=by)
    if not form.flags or form.checked_at:
        raise WrongStep("这份评价没有需要核查的提示，或已经核查过了。")
    if not note.strip():
        raise Refused("请写明怎样核查的，如向谁电话核实。", field="note")
    form.checked_by, form.checked_at, form.checked_note = by, now, note
    form.save(update_fields=["checked_by", "checked_at", "checked_note"])
    assignment = form.round_row.assignment
    assignment.matter.record("evaluation_checked", by=by, now=now, assignment=assignment, who=str(form.participant))
    return form


@transaction.atomic
def withdraw_evaluation(form: Evaluation, *, by: Person, now: datetime) -> Evaluation:
    """The rater takes the form back until the round closes, and may evaluate anew."""
    form = lock_form(form)
    row = form.round_row
    if row.closed_at is not None:
        raise WrongStep("这一轮评价已经结束，不能再撤回。")
    if form.withdrawn_at is not None:
        raise WrongStep("这份评价已经撤回。")
    form.withdrawn_at = now
    form.save(update_fields=["withdrawn_at"])
    event = row.assignment.matter.record(
        "evaluation_withdrawn", by=by, now=now, assignment=row.assignment, who=str(form.participant)
    )
    tell_rater(form, "evaluation_withdrawn", event_id=event.pk, now=now)
    start_clock(form, anchor_on=timezone.localdate(row.opened_at), by=by, now=now)
    weigh(row, by=by, now=now)
    return form


@transaction.atomic
def clear_evaluation(form: Evaluation, *, cleared: bool, by: Person, now: datetime) -> Evaluation:
    """Let the unit read this form's reasons after the round closed, or stop it (S2)."""
    row = lock_round(form.round_row)
    not_in_judgement(row.assignment, by=by)
    form.text_cleared = cleared
    form.save(update_fields=["text_cleared"])
    return form


@transaction.atomic
def close_lapsed(row: EvaluationRound, *, now: datetime) -> bool:
    """Close one round whose clocks and reminders are over; silence is "not returned", never "satisfied".

    A dissatisfaction that came to decide because somebody left is put before the office instead.
    """
    row = lock_round(row)
    waiting = clocks.open_for(assignment=row.assignment, stage="evaluation").filter(round=row.round)
    if row.closed_at is not None:
        return False
    if is_dissatisfied(row):
        weigh(row, by=None, now=now)
        return False
    if waiting.filter(next_at__isnull=False).exists() or waiting.filter(due_on__gte=timezone.localdate(now)).exists():
        return False
    missing = len(queries.evaluators(row.assignment.matter)) - len(counted(row))
    close_round(row, outcome_of(row), missing=max(missing, 0), by=None, now=now)
    return True


def close_lapsed_rounds(*, now: datetime, limit: int = 200) -> int:
    """Close what has lapsed (办结（未反馈 n 人）); one transaction each, safe to run at any time.

    Rounds with a dissatisfaction to confirm, or with a paper form to check, wait for the proposal office, however long
    it takes.
    """
    running = Obligation.objects.running().filter(assignment=OuterRef("assignment"), round=OuterRef("round"))
    running = running.exclude(stage__in=clocks.OUTLASTING)
    waiting = running.filter(Q(stage="evaluation", due_on__gte=timezone.localdate(now)) | Q(next_at__isnull=False))
    confirming = running.filter(stage="confirm_dissatisfaction")
    unchecked = Evaluation.objects.to_confirm().filter(round_row=OuterRef("pk"))
    rows = EvaluationRound.objects.filter(~Exists(waiting), ~Exists(confirming), ~Exists(unchecked), closed_at=None)
    return sum(close_lapsed(row, now=now) for row in rows.select_related("assignment__matter").order_by("id")[:limit])
