"""Filed proposals are handed to their units, many at a press (批量交办, P16)."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from members.errors import Refused, WrongStep
from members.inbox.actions import tell_many
from members.models import Body, Person, Session
from proposals.handling import clocks
from proposals.handling.actions import Given, Paper, announce, assign
from proposals.handling.actions.giving import check_parts
from proposals.handling.workdays import working_calendar
from proposals.models import Batch, Proposal, Status

from .allocating import parts_of
from .base import end_clocks, lock, proposers, subject_of, today


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
    public_id: uuid.UUID | None = None,
) -> tuple[Batch, list[Refusal]]:
    """Give proposals to the units of their drafts, and each clerk one message with the whole list.

    Those that cannot go stay as they are and are returned with the reason. `fixed_on` is the batch's own
    reply date, which wins over the period; `public_id` names the batch beforehand, so that a long job can
    tell whether it was made. Raises Refused if none can go.
    """
    if fixed_on and fixed_on <= today(now):
        raise Refused("统一答复期限应晚于今天。", field="fixed_on")
    batch = Batch.objects.create(
        public_id=public_id or uuid.uuid4(),
        session=session,
        name=name.strip() or f"{today(now):%Y年%m月%d日}交办",
        fixed_due_on=fixed_on,
        notice=notice.strip(),
        by=by,
        at=now,
    )
    given, refused = [], []
    for proposal in sorted(proposals, key=lambda proposal: proposal.matter_id):
        try:
            given.append(_hand_over_one(proposal, by=by, now=now, fixed_on=fixed_on, paper=paper))
        except (Refused, WrongStep) as error:
            refused.append(Refusal(proposal, str(error)))
    if not given:
        raise Refused(
            "没有可以交办的提案：" + "；".join(f"{row.proposal.matter.label}{row.reason}" for row in refused[:5])
        )
    batch.total = len(given)
    batch.save(update_fields=["total"])
    batch.proposals.set([one.event.matter.proposal for one in given])
    announce(given, sending=f"handover:{batch.public_id}", now=now)
    _tell_proposers(given, batch, now=now)
    return batch, refused


@transaction.atomic
def _hand_over_one(
    proposal: Proposal, *, by: Person, now: datetime, fixed_on: date | None, paper: Paper | None
) -> Given:
    proposal = lock(proposal)
    if reason := obstacle(proposal):
        raise WrongStep(reason)
    parts = parts_of(proposal, now=now)
    check_parts(parts)
    end_clocks(proposal.matter, "assignment", by=by, now=now)
    return assign(proposal.matter, parts, by=by, now=now, fixed_on=fixed_on, paper=paper)


def _tell_proposers(given: Sequence[Given], batch: Batch, *, now: datetime) -> None:
    facts = []
    for one in given:
        proposal = one.event.matter.proposal
        followers = [proposal, *Proposal.objects.filter(matter__merged_into=proposal.matter)]
        for row in followers:
            people = proposers(row.matter, on=today(now))
            facts += [(person, one.event.pk, "proposal_handed_over", subject_of(proposal)) for person in people]
    tell_many(facts, sending=f"handed_over:{batch.public_id}", now=now)
