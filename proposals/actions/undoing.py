"""A hand-over that no unit has heard of is undone (撤销交办): its proposals wait for the hand-over again."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from members.errors import Refused, WrongStep
from members.inbox.actions import lock_sendings, sendings_of, take_back, tell_many
from members.inbox.models import Channel, Message
from members.models import Person
from proposals.handling import clocks, readers
from proposals.handling.actions.taking_back import take_back_many, why_units_know
from proposals.handling.models import Access, Matter, Obligation, Stage, record_many
from proposals.models import Batch, Proposal, Status, become_all
from proposals.rights import in_hands_of

from .base import lock_many, proposers_by_matter, subject_of, today

UNDO = "proposals.undo_hand_over"
ONE_BY_ONE = "，不能再撤销。要改的，请在办理台账逐件调整承办单位。"


@transaction.atomic
def undo_hand_over(batch: Batch, *, reason: str, by: Person, now: datetime) -> Batch:
    """Undo a whole hand-over, as long as nothing of it has left the house.

    No unit has acted, opened a proposal or read its message, and no mail was handed off. Those of the proposers who have
    read of it are told; everything else that was told is taken back. Raises WrongStep with what has left.
    """
    rows = lock_many(batch.proposals.order_by("pk"))
    batch = Batch.objects.select_for_update(of=("self",)).get(pk=batch.pk)
    if not reason.strip():
        raise Refused("请写明撤销交办的原因。", field="reason")
    sendings = lock_sendings(told_by(batch))
    if sentence := why_not_undone(batch, rows, sendings, by=by, now=now):
        raise WrongStep(sentence)
    matters = [row.matter for row in rows]
    take_back_many(matters, reason=reason.strip(), by=by, now=now)
    become_all(rows, Status.FILED)
    for matter in matters:
        matter.stage = Stage.FILED
    Matter.objects.filter(pk__in=[matter.pk for matter in matters]).update(stage=Stage.FILED)
    _count_anew(matters, by=by, now=now)
    readers.refresh_many(matters)
    events = record_many({matter: {"reason": reason.strip()} for matter in matters}, "hand_over_undone", by=by, now=now)
    read = {row.recipient_id for row in sendings if row.has_left}
    take_back([row for row in sendings if not row.has_left])
    people = proposers_by_matter(matters, on=today(now))
    facts = [
        (person, events[row.matter_id].pk, "proposal_hand_over_undone", subject_of(row))
        for row in rows
        for person in people[row.matter_id]
        if person in read
    ]
    tell_many(facts, sending=f"hand_over_undone:{batch.public_id}", now=now)
    batch.undone_by, batch.undone_at, batch.undo_reason = by, now, reason.strip()[:200]
    batch.save(update_fields=["undone_by", "undone_at", "undo_reason"])
    return batch


def told_by(batch: Batch) -> tuple[str, str]:
    """What the hand-over told: to units and offices, and to the proposers."""
    return f"handover:{batch.public_id}", f"handed_over:{batch.public_id}"


def obstacle_to_undo(batch: Batch, *, by: Person, now: datetime) -> str:
    """The same question for a page that shows it beforehand."""
    rows = list(batch.proposals.select_related("matter").order_by("pk"))
    return why_not_undone(batch, rows, list(sendings_of(told_by(batch))), by=by, now=now)


def why_not_undone(
    batch: Batch, rows: Sequence[Proposal], sendings: Sequence[Message], *, by: Person, now: datetime
) -> str:
    """Why this hand-over cannot be undone, in a sentence that says what to do instead; empty if it can."""
    if batch.undone_at:
        return "这批交办已经撤销过了。"
    if any(row.matter.access == Access.SUSPENDED for row in rows):
        return "本批有提案正在保密核查，暂停办理。请联系提案委。"
    if batch.doc_no:
        return f"本批交办通知已经编号（{batch.doc_no}）{ONE_BY_ONE}"
    mine = set(in_hands_of(Proposal.objects.filter(batches=batch), by, UNDO).values_list("pk", flat=True))
    if moved := next((row for row in rows if row.status != Status.ASSIGNED), None):
        return f"{moved.matter.label}现在是“{moved.matter.get_stage_display()}”{ONE_BY_ONE}"
    if any(row.pk not in mine for row in rows):
        return "本批有的提案不由您单位牵头交办，请由提案委撤销。"
    if sentence := why_units_know([row.matter for row in rows], given_at=batch.at, on=today(now)):
        return sentence + ONE_BY_ONE
    to_units = told_by(batch)[0]
    for row in sendings:
        if row.has_left and row.channel != Channel.INAPP:
            return f"发给{row.recipient}的{row.by_what()}已经送出{ONE_BY_ONE}"
        if row.has_left and row.key.startswith(to_units):
            return f"{row.recipient}已经看过交办通知{ONE_BY_ONE}"
    return ""


def _count_anew(matters: Sequence[Matter], *, by: Person, now: datetime) -> None:
    """The office has the days to hand over that it had: the same rule from the same day."""
    ended = Obligation.objects.filter(matter__in=matters, stage="assignment").select_related("rule", "holder_body")
    last = {row.matter_id: row for row in ended.order_by("matter_id", "pk")}
    wanted = [
        clocks.Wanted(
            matter, row.rule.code, row.anchor_on, stage="assignment", body=row.holder_body, fixed_on=row.fixed_on
        )
        for matter in matters
        if (row := last.get(matter.pk))
    ]
    clocks.start_many(wanted, by=by, now=now)
