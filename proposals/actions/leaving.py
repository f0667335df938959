"""A proposer has died or was removed: who goes on with the proposal (P13)."""

from datetime import datetime

from django.db import transaction

from members.errors import Refused
from members.models import Person
from proposals.handling import actions as handling
from proposals.handling import clocks
from proposals.handling.models import Participant
from proposals.models import Proposal

from .base import first_proposer, lock, today, told

Role = Participant.Role


@transaction.atomic
def take_out(proposal: Proposal, person: Person, *, reason: str, by: Person, now: datetime) -> Participant | None:
    """End a proposer's part; where he led, the next co-signer leads, and without one the proposal office goes on.

    Returns who leads now. The proposal, its number and what he did before stay as they are.
    """
    if not reason.strip():
        raise Refused("请写明原因。", field="reason")
    proposal = lock(proposal)
    behind = proposal.matter.participants.filter(left_at=None, role__in=[Role.FIRST, Role.COSIGNER])
    place = behind.filter(person=person).select_related("person").first()
    if place is None:
        raise Refused(f"{person.name}不在这件提案的提案者之中。", field="person")
    place.matter = proposal.matter
    stages = handling.leave(place, reason=reason.strip(), by=by, now=now)
    heir = _next_leader(proposal) if place.role == Role.FIRST else None
    if heir and "revision" in stages:
        clocks.start(
            proposal.matter,
            "revision",
            round=proposal.submissions,
            person=heir.person,
            anchor_on=today(now),
            by=by,
            now=now,
        )
    going_on = f"，由{heir}继续" if heir else "，由提案委继续" if place.role == Role.FIRST else ""
    event = proposal.matter.record(
        "proposer_left", by=by, now=now, name=str(place), reason=reason.strip(), going_on=going_on
    )
    told(proposal, first_proposer(proposal.matter, on=today(now)), event, "proposer_left", now=now)
    return heir


def _next_leader(proposal: Proposal) -> Participant | None:
    cosigners = proposal.matter.participants.filter(left_at=None, role=Role.COSIGNER, person__isnull=False)
    heir = cosigners.select_related("person").order_by("order", "pk").first()
    if heir:
        heir.role = Role.FIRST
        heir.save(update_fields=["role"])
    return heir
