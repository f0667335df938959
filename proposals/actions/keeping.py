"""What is kept: closed proposals go to the archive, secret ones stand as a number only (P19)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from members.errors import Refused
from members.models import Person, Session
from proposals.handling import actions as handling
from proposals.handling import numbering, readers
from proposals.handling.actions import Part
from proposals.handling.models import Access, Exposure, Kind, Matter
from proposals.models import Category, Proposal, Status

from .base import lock, move


@transaction.atomic
def archive(proposal: Proposal, *, by: Person, now: datetime) -> Proposal:
    """Put the whole file away (归档)."""
    proposal = lock(proposal)
    proposal.become(Status.ARCHIVED)
    handling.archive(proposal.matter, by=by, now=now)
    return proposal


@transaction.atomic
def close_history(
    proposal: Proposal, *, closed_on: date | None, outcome: str = "", by: Person, now: datetime
) -> Proposal:
    """Close an imported proposal that was answered long ago (历史提案办结); see `handling.close_past`."""
    proposal = lock(proposal)
    handling.close_past(proposal.matter, closed_on=closed_on, outcome=outcome, by=by, now=now)
    return Proposal.objects.select_related("matter").get(pk=proposal.pk)


@transaction.atomic
def hold_place(
    session: Session, parts: Sequence[Part], *, form: str, by: Person, now: datetime, category: Category | None = None
) -> Proposal:
    """Keep a number for a proposal that is handled offline (涉密占位): kind, units, dates, no title, no text.

    Counts, numbers and clocks stay true; messages name only the number.
    """
    if not parts:
        raise Refused("请至少选择一个承办单位，时限才能计算。", field="units")
    matter = Matter.objects.create(
        kind=Kind.PROPOSAL,
        session=session,
        stage=Status.REVIEWING,
        exposure=Exposure.OFFICE,
        placeholder=True,
        access=Access.SENSITIVE,
        office=parts[0].office,
    )
    proposal = Proposal.objects.create(
        matter=matter,
        form=form,
        source=Proposal.Source.PAPER,
        status=Status.REVIEWING,
        entered_by=by,
        category=category,
        consents=False,
        consent_reason="线下办理",
        internal=True,
        filed_at=now,
        off_session=not session.accepts(now),
    )
    move(proposal, Status.FILED)
    matter.number = numbering.written(numbering.take(session, "proposal"))
    matter.save(update_fields=["number"])
    matter.record("placeholder_made", by=by, now=now, number=matter.number)
    given = handling.assign(matter, parts, by=by, now=now)
    handling.announce([given], sending=f"placeholder:{matter.public_id}", now=now)
    readers.refresh(matter)
    return Proposal.objects.get(pk=proposal.pk)
