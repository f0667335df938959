"""The offices press a unit by hand (催办), beside the ladder that runs by itself."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from members.errors import WrongStep
from members.inbox.actions import BULK, tell, tell_many
from members.models import Body, Person
from proposals.handling import queries
from proposals.handling.models import Assignment, Event

from .giving import subject_of
from .paper import expect, lock


def nobody_at(unit: Body) -> str:
    return f"{unit}没有在任的联络员或负责人，请电话催办。"


@transaction.atomic
def chase(assignment: Assignment, *, text: str = "", by: Person, now: datetime, sending: str = "") -> Event:
    """Tell the unit's clerks, and write it down. Those chased in one `sending` are one message a person (P3)."""
    assignment = lock(assignment)
    expect(assignment, Assignment.State.PENDING, Assignment.State.SIGNED)
    people = queries.clerks_of([assignment.unit_id], on=timezone.localdate(now))
    if not people:
        raise WrongStep(nobody_at(assignment.unit))
    event = assignment.matter.record(
        "chased", by=by, now=now, assignment=assignment, unit=str(assignment.unit), text=text.strip()
    )
    subject = subject_of(assignment)
    if sending:
        facts = [(one, event.pk, "chased", subject) for one in people]
        tell_many(facts, sending=f"chase:{sending}", now=now, mail_at=now + BULK)
    else:
        tell(people, event_id=event.pk, template="chased", subject=subject, now=now)
    return event
