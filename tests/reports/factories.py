"""Reports as they lie on the office's desk."""

from datetime import datetime
from typing import Any

from django.utils import timezone

from members.choices import Role
from members.models import Person
from proposals.handling import readers
from proposals.handling.models import Access, Exposure, Kind, Matter, Participant
from proposals.reports.models import Report, Status, Words
from tests.factories import SessionFactory, appoint, numbers

NOW = timezone.make_aware(datetime(2026, 3, 4, 10, 0))
WORDS = Words(
    "关于老旧小区消防通道被占用的情况反映",
    "城东片区七个老旧小区的消防通道长期被私家车占用。",
    "停车位不足，物业没有执法权。",
    "建议划定标线并开展联合整治。",
)


def report(
    *authors: Person,
    words: Words = WORDS,
    status: Status = Status.SUBMITTED,
    access: Access = Access.OPEN,
    now: datetime = NOW,
    **facts: Any,
) -> Report:
    """A report that was handed in, without the clocks and messages of the act."""
    draft = status == Status.DRAFT
    matter = Matter.objects.create(
        kind=Kind.REPORT,
        session=SessionFactory(),
        number=None if draft else f"信{next(numbers):04d}",
        title=words.title,
        access=access,
        stage=status.value,
        exposure=Exposure.DRAFT if draft else Exposure.OFFICE,
    )
    made = Report.objects.create(
        matter=matter,
        status=status,
        title=words.title,
        situation=words.situation,
        cause=words.cause,
        suggestion=words.suggestion,
        fingerprint=words.fingerprint,
        submissions=0 if draft else 1,
        submitted_at=None if draft else now,
        **facts,
    )
    people = authors or (appoint(Role.MEMBER),)
    for order, person in enumerate(people):
        matter.participants.create(person=person, role=Participant.Role.AUTHOR, order=order)
    if not draft:
        made.originals.create(
            number=1,
            title=words.title,
            situation=words.situation,
            cause=words.cause,
            suggestion=words.suggestion,
            by=people[0],
            at=now,
        )
    readers.refresh(matter)
    return made
