"""Proposals on the same matter are handled together (并案); each keeps its record and its proposers."""

from datetime import datetime

from django.db import transaction

from members.errors import Refused, WrongStep
from members.models import Person
from proposals.handling import clocks, readers
from proposals.models import Claim, Proposal, Status

from .base import lock_many, move, proposal_office, proposers, today, told
from .reviewing import start_assignment_clock, start_numbering_clock

BEFORE_HAND_OVER = (Status.SUBMITTED, Status.REVIEWING, Status.TO_NUMBER, Status.FILED)


@transaction.atomic
def merge(proposal: Proposal, into: Proposal, *, text: str, by: Person, now: datetime) -> Proposal:
    """Merge a proposal into a main one (并案): its clocks end, its proposers get the main one's reply.

    Those already merged into it move along, so that nobody follows a follower.
    """
    _check_pair(proposal, into)
    followers = list(Proposal.objects.filter(matter__merged_into=proposal.matter))
    locked = {row.pk: row for row in lock_many([proposal, into, *followers])}
    proposal, main = locked[proposal.pk], locked[into.pk]
    _check_pair(proposal, main)
    if proposal.status not in BEFORE_HAND_OVER or main.status not in BEFORE_HAND_OVER:
        raise WrongStep("只有尚未交办的提案可以并案。请刷新页面查看最新情况。")
    if main.matter.merged_into_id:
        raise WrongStep("所选的主案已并入其他提案，请选择另一件。")
    if proposal.status == Status.SUBMITTED:
        proposal.become(Status.REVIEWING)
    clocks.cancel_all(matter=proposal.matter, by=by, now=now, reason="并案")
    Claim.objects.filter(proposal=proposal).delete()
    proposal.decided_text = text.strip()
    proposal.save(update_fields=["decided_text", "updated_at"])
    move(proposal, Status.MERGED, merged_into=main.matter)
    for row in locked.values():
        if row.matter.merged_into_id == proposal.matter_id:
            row.matter.merged_into = main.matter
            row.matter.save(update_fields=["merged_into"])
            readers.refresh(row.matter)
    readers.refresh(main.matter)
    event = proposal.matter.record("merged", by=by, now=now, main=main.matter.label, text=text.strip())
    main.matter.record("took_in", by=by, now=now, other=proposal.matter.label)
    people = {*proposers(proposal.matter, on=today(now)), *proposers(main.matter, on=today(now))}
    told(proposal, sorted(people), event, "merged", now=now, main=str(main.matter.public_id))
    return proposal


def _check_pair(proposal: Proposal, main: Proposal) -> None:
    if proposal.pk == main.pk:
        raise Refused("不能并入自己，请选择另一件提案。", field="main")
    if proposal.matter.session_id != main.matter.session_id:
        raise Refused("只能与同一届次的提案并案。", field="main")


@transaction.atomic
def unmerge(proposal: Proposal, *, reason: str, by: Person, now: datetime) -> Proposal:
    """Undo a merge until the main proposal is handed over; the follower goes on where it stood."""
    if not reason.strip():
        raise Refused("请写明取消并案的原因。", field="reason")
    main = Proposal.objects.filter(matter__followers=proposal.matter_id).first()
    if main is None:
        raise WrongStep("这件提案没有并案。")
    locked = {row.pk: row for row in lock_many([proposal, main])}
    proposal, main = locked[proposal.pk], locked[main.pk]
    if proposal.matter.merged_into_id != main.matter_id:
        raise WrongStep("并案情况已有变化，请刷新页面。")
    if main.status not in BEFORE_HAND_OVER:
        raise WrongStep("主案已经交办，不能再取消并案。")
    _go_on(proposal, by=by, now=now)
    readers.refresh(main.matter)
    event = proposal.matter.record("unmerged", by=by, now=now, main=main.matter.label, reason=reason.strip())
    main.matter.record("let_go", by=by, now=now, other=proposal.matter.label)
    told(proposal, proposers(proposal.matter, on=today(now)), event, "unmerged", now=now)
    return proposal


def _go_on(proposal: Proposal, *, by: Person, now: datetime) -> None:
    if proposal.filed_at is None:
        move(proposal, Status.REVIEWING, merged_into=None)
        clocks.start(
            proposal.matter,
            "review",
            round=proposal.submissions,
            body=proposal_office(on=today(now)),
            anchor_on=today(now),
            by=by,
            now=now,
        )
    elif proposal.matter.number is None:
        move(proposal, Status.TO_NUMBER, merged_into=None)
        start_numbering_clock(proposal, by=by, now=now)
    else:
        move(proposal, Status.FILED, merged_into=None)
        start_assignment_clock(proposal, by=by, now=now)
