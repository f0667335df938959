"""Filed proposals are handed to their units, many at a press (批量交办, P16)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import prefetch_related_objects

from members.days import short_day
from members.errors import Refused, WrongStep
from members.inbox.actions import tell_many
from members.models import Body, Person, Session
from proposals.handling import clocks
from proposals.handling.actions import Given, Paper, Part, announce, assign_many
from proposals.handling.actions.attaching import PutBy, attach_to_all
from proposals.handling.actions.giving import check_parts
from proposals.handling.actions.paper import acted_on
from proposals.handling.models import Access, Matter, Purpose
from proposals.handling.workdays import working_calendar
from proposals.models import Batch, Proposal, Status

from .allocating import end_questions, offices_of, parts_of
from .base import SUSPENDED, end_clocks_of, lock_many, proposers_by_matter, today

HELD = timedelta(minutes=10)
"""Mail about a hand-over of several proposals waits so long: what was a mistake is undone before it leaves the house."""


@dataclass(frozen=True)
class Refusal:
    """A proposal that stays behind, and why."""

    proposal: Proposal
    reason: str


@dataclass(frozen=True)
class Plan:
    """What a hand-over would do: shown before, and told after."""

    ready: list[Proposal]
    refused: list[Refusal]
    units: list[tuple[Body, int]]
    due_on: date
    provisional: bool = False


def plan(proposals: Sequence[Proposal], *, now: datetime, fixed_on: date | None = None) -> Plan:
    """Sort out which proposals can go, to how many units, and until when they are answered."""
    ready, refused, counts = [], [], dict[Body, int]()
    for proposal in proposals:
        if reason := obstacle(proposal):
            refused.append(Refusal(proposal, reason))
            continue
        ready.append(proposal)
        for part in proposal.allocation.all():
            counts[part.unit] = counts.get(part.unit, 0) + 1
    units = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0].name))
    due_on = clocks.would_be_due("reply", anchor_on=today(now), fixed_on=fixed_on)
    return Plan(ready, refused, units, due_on, working_calendar().is_provisional(today(now), due_on))


def obstacle(proposal: Proposal) -> str:
    """Why this proposal cannot be handed over, or nothing."""
    if proposal.matter.access == Access.SUSPENDED:
        return SUSPENDED
    if proposal.status != Status.FILED:
        return f"现在是“{proposal.get_status_display()}”，不是待交办。"
    rows = list(proposal.allocation.all())
    if not rows:
        return "还没有拟定承办单位。"
    if ended := [row.unit.name for row in rows if row.unit.ended_on]:
        return f"{'、'.join(ended)}已撤销，请重新拟定承办单位。"
    return ""


@transaction.atomic
def hand_over(
    proposals: Sequence[Proposal],
    *,
    session: Session,
    by: Person,
    now: datetime,
    name: str = "",
    fixed_on: date | None = None,
    notice: str = "",
    paper: Paper | None = None,
    scan: PutBy | None = None,
    public_id: uuid.UUID | None = None,
) -> tuple[Batch, list[Refusal]]:
    """Give proposals to the units of their drafts, and each clerk one message with the whole list.

    Those that cannot go stay as they are and are returned with the reason. `fixed_on` is the batch's own
    reply date, which wins over the period; `paper` names the meeting or sheet, from whose day the clocks run, `scan` shows it: it is
    kept with each proposal that goes. `public_id` names the batch beforehand, so that a long job can
    tell whether it was made. Mail about more than one waits for `HELD`, in which the batch can be undone. Raises Refused
    if none can go.
    """
    on = acted_on(paper, now=now)
    if on > today(now):
        raise Refused("交办日期不能晚于今天。", field="paper_on")
    if fixed_on:
        first = max(clocks.would_be_due(code, anchor_on=on) for code in ("sign_for", "first_contact"))
        if fixed_on <= first:
            raise Refused(f"统一答复期限应晚于签收和首次沟通的期限（{short_day(first)}）。", field="fixed_on")
    batch = Batch.objects.create(
        public_id=public_id or uuid.uuid4(),
        session=session,
        name=name.strip() or f"{today(now):%Y年%m月%d日}交办",
        fixed_due_on=fixed_on,
        notice=notice.strip(),
        by=by,
        at=now,
    )
    ready, refused = _sorted_out(proposals, on=on, now=now)
    if not ready:
        raise _nothing_to_give(refused)
    matters = [proposal.matter for proposal, _ in ready]
    end_clocks_of(matters, "assignment", by=by, now=now, on=on)
    end_questions(matters, by=by, now=now)
    scans = attach_to_all(matters, scan, purpose=Purpose.SHEET, by=by, now=now) if scan else None
    wanted = [(proposal.matter, parts) for proposal, parts in ready]
    given = assign_many(wanted, by=by, now=now, fixed_on=fixed_on, paper=paper, scans=scans)
    batch.total = len(given)
    batch.save(update_fields=["total"])
    batch.proposals.set([proposal for proposal, _ in ready])
    mail_at = now + HELD if len(given) > 1 else now
    announce(given, sending=f"handover:{batch.public_id}", now=now, mail_at=mail_at)
    _tell_proposers(matters, given, batch, now=now, mail_at=mail_at)
    return batch, refused


@transaction.atomic
def hand_over_by_session(
    proposals: Sequence[Proposal], *, public_id: uuid.UUID | None = None, **facts: Any
) -> tuple[list[Batch], list[Refusal]]:
    """`hand_over` for a choice across sessions: each session has a batch of its own.

    `public_id` names the first batch. A session of which none can go has no batch; Refused if there is no batch at all.
    """
    by_session: dict[Session | None, list[Proposal]] = {}
    for proposal in proposals:
        by_session.setdefault(proposal.matter.session, []).append(proposal)
    batches: list[Batch] = []
    refused: list[Refusal] = []
    for place, (session, rows) in enumerate(by_session.items(), start=1):
        reasons = {row.pk: obstacle(row) or ("" if session else "没有届次。") for row in rows}
        if all(reasons.values()):
            refused += [Refusal(row, reasons[row.pk]) for row in rows]
            if batches or place < len(by_session):
                continue
            raise _nothing_to_give(refused)
        assert session is not None
        batch, left = hand_over(rows, session=session, public_id=None if batches else public_id, **facts)
        batches.append(batch)
        refused += left
    return batches, refused


def _nothing_to_give(refused: Sequence[Refusal]) -> Refused:
    rows = "；".join(f"{row.proposal.matter.label}{row.reason}" for row in refused[:5])
    return Refused(f"没有可以交办的提案：{rows}")


def _sorted_out(
    proposals: Sequence[Proposal], *, on: date, now: datetime
) -> tuple[list[tuple[Proposal, list[Part]]], list[Refusal]]:
    """Lock them, and tell those that can go, with their units, from those that cannot, with the reason."""
    rows = lock_many(proposals)
    prefetch_related_objects(rows, "allocation__unit")
    offices = offices_of({part.unit for row in rows for part in row.allocation.all()}, now=now)
    ready, refused = [], []
    for proposal in rows:
        parts = parts_of(proposal.allocation.all(), offices)
        try:
            if reason := obstacle(proposal):
                raise WrongStep(reason)
            if proposal.filed_at and today(proposal.filed_at) > on:
                raise WrongStep(f"于{short_day(today(proposal.filed_at))}立案，不能早于这一天交办。")
            check_parts(parts)
        except (Refused, WrongStep) as error:
            refused.append(Refusal(proposal, str(error)))
        else:
            ready.append((proposal, parts))
    return ready, refused


def _tell_proposers(
    matters: Sequence[Matter], given: Sequence[Given], batch: Batch, *, now: datetime, mail_at: datetime
) -> None:
    """The proposers of each, and of those merged into it, hear where it went."""
    mains = {matter.pk: matter for matter in matters}
    followers = list(Matter.objects.filter(merged_into__in=matters))
    people = proposers_by_matter([*matters, *followers], on=today(now))
    for follower in followers:
        people[follower.merged_into_id or 0] += people[follower.pk]
    facts = [
        (person, one.event.pk, "proposal_handed_over", {"matter": str(mains[one.event.matter_id].public_id)})
        for one in given
        for person in sorted(set(people[one.event.matter_id]))
    ]
    tell_many(facts, sending=f"handed_over:{batch.public_id}", now=now, mail_at=mail_at)
