"""The people of a story: a committee with its office, an assigning office, four units and some members."""

from dataclasses import dataclass
from datetime import timedelta

from django.utils import timezone

from members.choices import Role, System
from members.models import AssigningOffice, Body, Person, Session
from tests.factories import PASSWORD, SessionFactory, appoint, numbers


@dataclass
class Committee:
    """Bodies are those of the first migration; people are new in each story."""

    session: Session
    staff: Person
    colleague: Person
    officer: Person


def committee() -> Committee:
    """A committee in the days of its plenary, whose proposals of these days are the session's own."""
    today = timezone.localdate()
    days = {"opens_on": today - timedelta(days=1), "closes_on": today + timedelta(days=3)}
    session = SessionFactory(code="14-5", submissions_open_on=today - timedelta(days=30), **days)
    office = Body.objects.get(name="市政协提案委员会")
    assigning = AssigningOffice.objects.get(system=System.GOVERNMENT).office
    return Committee(
        session,
        staff=somebody(Role.PROPOSAL_STAFF, "何晓", office),
        colleague=somebody(Role.PROPOSAL_STAFF, "江南", office),
        officer=somebody(Role.ASSIGNING_OFFICER, "严明", assigning),
    )


def member(name: str) -> Person:
    return somebody(Role.MEMBER, name)


def unit(name: str) -> Body:
    return Body.objects.get(name=name)


def somebody(role: Role, name: str, body: Body | None = None) -> Person:
    """Who has proved an address and has a password."""
    person = appoint(role, body, name=name, mail=f"someone{next(numbers)}@example.cn", password=PASSWORD)
    person.mail_verified_at = timezone.now()
    person.save()
    return person
