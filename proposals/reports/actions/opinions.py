"""Opinions are received (意见建议)."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from members.errors import Refused
from members.models import Body, Person
from proposals.handling import clocks, numbering, readers
from proposals.handling.models import Exposure, Kind, Matter, Participant
from proposals.reports.models import Opinion


@transaction.atomic
def receive(origin: Matter, *, text: str, office: Body, consent: str, by: Person, now: datetime) -> Opinion:
    """Make an opinion of a matter that was not filed; its proposers stay behind it and its clock starts.

    `consent` says when and how the proposer agreed.
    """
    session = origin.session
    if session is None:
        raise Refused("原件没有届次，不能转为意见建议。")
    matter = Matter.objects.create(
        kind=Kind.OPINION,
        session=session,
        title=origin.title,
        unit_title=origin.unit_title or origin.title,
        access=origin.access,
        exposure=Exposure.OFFICE,
        stage="reviewing",
    )
    Participant.objects.bulk_create(
        Participant(
            matter=matter, person=row.person, body=row.body, role=row.role, order=row.order, name_public=row.name_public
        )
        for row in origin.participants.filter(left_at=None)
    )
    opinion = Opinion.objects.create(
        matter=matter, source=Opinion.Source.PROPOSAL, origin=origin, text=text, consent=consent, received_at=now
    )
    clocks.start(matter, "opinion", body=office, anchor_on=timezone.localdate(now), by=by, now=now)
    readers.refresh(matter)
    matter.number = f"意{numbering.take(session, 'opinion')}"
    matter.save(update_fields=["number"])
    matter.record("opinion_received", by=by, now=now, origin=origin.label, consent=consent)
    return opinion
