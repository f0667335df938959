"""Proposals on the same matter are handled together (并案); each keeps its record and its proposers."""

from datetime import datetime

from django.db import transaction

from members.errors import Refused, WrongStep
from members.models import Person
from proposals.handling import actions as handling
from proposals.handling import clocks, readers
from proposals.handling.actions import Paper, paper_facts
from proposals.handling.actions.replying import drop_answers
from proposals.handling.models import Access, Event, Matter, Reply
from proposals.models import Claim, Proposal, Status

from .base import (
    SUSPENDED,
    concerned,
    handling_it,
    lock_many,
    move,
    proposal_office,
    proposers,
    today,
    told,
)
from .reviewing import held_by_nobody_else, not_own, start_assignment_clock, start_numbering_clock

BEFORE_HAND_OVER = (Status.SUBMITTED, Status.REVIEWING, Status.TO_NUMBER, Status.FILED)


@transaction.atomic
def merge(
    proposal: Proposal, into: Proposal, *, text: str, by: Person, now: datetime, paper: Paper | None = None
) -> Proposal:
    """Merge a proposal into a main one (并案): its clocks end, its proposers get the main one's reply.

    Those already merged into it move along, so that nobody follows a follower.
    """
    _check_pair(proposal, into)
    followers = list(Proposal.objects.filter(matter__merged_into=proposal.matter))
    locked = {row.pk: row for row in lock_many([proposal, into, *followers])}
    proposal, main = locked[proposal.pk], locked[into.pk]
    _check_pair(proposal, main)
    if Access.SUSPENDED in (proposal.matter.access, main.matter.access):
        raise WrongStep(SUSPENDED)
    not_own(proposal, by)
    not_own(main, by)
    held_by_nobody_else(proposal, by)
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
    event = proposal.matter.record(
        "merged", by=by, now=now, main=main.reference, text=text.strip(), **paper_facts(paper)
    )
    main.matter.record("took_in", by=by, now=now, other=proposal.reference)
    people = {*proposers(proposal.matter, on=today(now)), *proposers(main.matter, on=today(now))}
    told(proposal, sorted(people), event, "merged", now=now, main=main.reference)
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
    if Access.SUSPENDED in (proposal.matter.access, main.matter.access):
        raise WrongStep(SUSPENDED)
    not_own(proposal, by)
    if main.status not in (*BEFORE_HAND_OVER, Status.RETURNED):
        raise WrongStep("主案已经交办，不能再取消并案。")
    _go_on(proposal, by=by, now=now)
    readers.refresh(main.matter)
    event = proposal.matter.record("unmerged", by=by, now=now, main=main.reference, reason=reason.strip())
    main.matter.record("let_go", by=by, now=now, other=proposal.reference)
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


def not_answered(matter: Matter) -> None:
    """Raise WrongStep once a unit has answered: nobody takes back what has been answered."""
    if Reply.objects.filter(assignment__matter=matter, state=Reply.State.DELIVERED).exists():
        raise WrongStep("承办单位已经答复，不能再撤案。")


@transaction.atomic
def withdraw_follower(
    proposal: Proposal, *, reason: str, by: Person, now: datetime, paper: Paper | None = None
) -> Proposal:
    """A merged proposal is taken back (撤案) before any reply; the main one goes on for the others."""
    main = Proposal.objects.filter(matter__followers=proposal.matter_id).first()
    locked = {row.pk: row for row in lock_many([proposal, *([main] if main else [])])}
    proposal = locked[proposal.pk]
    if main is None or proposal.matter.merged_into_id != main.matter_id:
        raise WrongStep("并案情况已有变化，请刷新页面。")
    main = locked[main.pk]
    if Access.SUSPENDED in (proposal.matter.access, main.matter.access):
        raise WrongStep(SUSPENDED)
    not_answered(main.matter)
    drop_answers(proposal.matter)
    move(proposal, Status.WITHDRAWN, merged_into=None, closed_at=now)
    readers.refresh(main.matter)
    event = proposal.matter.record("withdrawn", by=by, now=now, reason=reason.strip(), **paper_facts(paper))
    told(proposal, sorted(concerned(proposal, on=today(now))), event, "withdrawn", now=now)
    went_on = main.matter.record("part_withdrawn", by=by, now=now, other=proposal.matter.label)
    _tell_handlers(main, went_on, now=now)
    return proposal


def withdraw_from_main(
    proposal: Proposal, *, reason: str, by: Person, now: datetime, paper: Paper | None = None
) -> Proposal:
    """The proposers of a main proposal in the units' hands take it back: handling goes on for those merged into it.

    Number, units and clocks stay; its own proposers are asked nothing more and evaluate nothing. Proposal locked.
    """
    matter = proposal.matter
    people = sorted(concerned(proposal, on=today(now)))
    for place in matter.participants.filter(left_at=None).select_related("person", "body").order_by("pk"):
        place.matter = matter
        handling.leave(place, reason="撤案", by=by, now=now, withdrew=True)
    event = matter.record("main_withdrawn", by=by, now=now, reason=reason.strip(), **paper_facts(paper))
    told(proposal, people, event, "withdrawn", now=now)
    _tell_handlers(proposal, event, now=now)
    return proposal


def _tell_handlers(main: Proposal, event: Event, *, now: datetime) -> None:
    units = list(main.matter.assignments.current().select_related("office"))
    told(main, sorted(handling_it(main.matter, units, on=today(now))), event, "part_withdrawn", now=now)
