"""What is ordinary: people, bodies, sessions and appointments."""

import itertools
from collections.abc import Callable
from datetime import date
from typing import Any, Generic, TypeVar

from members.choices import BodyKind, Role, System
from members.models import Appointment, Body, Membership, Person, Session, Term
from proposals.handling import readers
from proposals.handling.models import Exposure, Kind, Matter, Stage
from proposals.models import Proposal, Status

M = TypeVar("M")

LONG_AGO = date(2020, 1, 1)
PASSWORD = "秋水共长天一色-2026"
numbers = itertools.count(1)


class Factory(Generic[M]):
    """Makes saved rows; what a test does not say is ordinary."""

    def __init__(self, make: Callable[..., M]) -> None:
        self.make = make

    def __call__(self, **facts: Any) -> M:
        return self.make(**facts)

    def create_batch(self, amount: int, **facts: Any) -> list[M]:
        return [self.make(**facts) for _ in range(amount)]


@Factory
def BodyFactory(**facts: Any) -> Body:
    ordinary = {"name": f"市测试{next(numbers)}局", "kind": BodyKind.DEPARTMENT, "system": System.GOVERNMENT}
    return Body.objects.create(**{**ordinary, **facts})


@Factory
def PersonFactory(*, password: str = "", **facts: Any) -> Person:
    """Make somebody without a role; with `password` the account can sign in."""
    number = next(numbers)
    person = Person(**{"username": f"person{number}", "name": f"测试人员{number}", **facts})
    person.set_password(password or None)
    person.save()
    return person


@Factory
def TermFactory(*, number: int = 14, **facts: Any) -> Term:
    """Return the term of that number, made if it is not there."""
    ordinary = {"name": f"第{number}届", "starts_on": date(2022, 1, 10)}
    term, _made = Term.objects.get_or_create(number=number, defaults={**ordinary, **facts})
    return term


@Factory
def SessionFactory(*, code: str = "14-2", **facts: Any) -> Session:
    """Return the session of that code, made if it is not there."""
    term, number = (int(part) for part in code.split("-"))
    ordinary = {
        "term": facts.pop("term", None) or TermFactory(number=term),
        "number": number,
        "name": f"{term}届{number}次会议",
        "opens_on": date(2026, 1, 12),
        "closes_on": date(2026, 1, 16),
    }
    session, _made = Session.objects.get_or_create(code=code, defaults={**ordinary, **facts})
    return session


@Factory
def AppointmentFactory(**facts: Any) -> Appointment:
    """Make an appointment as set up on the server, in force since long ago."""
    facts["person"] = facts.get("person") or PersonFactory()
    facts["body"] = facts.get("body") or BodyFactory()
    return Appointment.objects.create(**{"role": Role.UNIT_CLERK, "starts_on": LONG_AGO, **facts})


@Factory
def MembershipFactory(**facts: Any) -> Membership:
    facts["person"] = facts.get("person") or PersonFactory()
    facts["term"] = facts.get("term") or TermFactory()
    return Membership.objects.create(**{"starts_on": date(2022, 1, 10), **facts})


HOME = {
    Role.UNIT_CLERK: (BodyKind.DEPARTMENT, System.GOVERNMENT),
    Role.UNIT_HANDLER: (BodyKind.DEPARTMENT, System.GOVERNMENT),
    Role.UNIT_DEPUTY: (BodyKind.DEPARTMENT, System.GOVERNMENT),
    Role.UNIT_HEAD: (BodyKind.DEPARTMENT, System.GOVERNMENT),
    Role.ORGANISATION_SECRETARY: (BodyKind.DEMOCRATIC_PARTY, System.CPPCC),
    Role.CONVENER: (BodyKind.SECTOR, System.CPPCC),
}


def appoint(role: Role | str, body: Body | None = None, *, person: Person | None = None, **kw: Any) -> Person:
    """Return a person with this role in force; a member also has a membership of the fourteenth term.

    `person=` appoints somebody who exists; `starts_on=`, `ends_on=` date the appointment; the rest makes the person.
    """
    role = Role(role)
    dates = {name: kw.pop(name) for name in ("starts_on", "ends_on") if name in kw}
    if body is None:
        kind, system = HOME.get(role, (BodyKind.OFFICE, System.CPPCC))
        body = BodyFactory(kind=kind, system=system)
    person = person or PersonFactory(**kw)
    AppointmentFactory(person=person, body=body, role=role, **dates)
    if role == Role.MEMBER and not person.memberships.exists():
        MembershipFactory(person=person, **dates)
    return person


@Factory
def MatterFactory(*, by: Person | None = None, suggestions: int = 2, **facts: Any) -> Matter:
    """A filed proposal's matter, with its owner, a first proposer (`by`) and suggestions."""
    n = next(numbers)
    ordinary = {
        "kind": Kind.PROPOSAL,
        "number": str(n),
        "title": f"关于测试事项{n}的建议",
        "unit_title": f"关于测试事项{n}的建议",
        "exposure": Exposure.OFFICE,
        "stage": Stage.FILED,
    }
    session = facts.pop("session", None) or SessionFactory()
    matter = Matter.objects.create(session=session, **{**ordinary, **facts})
    Proposal.objects.create(matter=matter, status=Status.FILED, situation="情况。", analysis="分析。")
    matter.participants.create(person=by or appoint(Role.MEMBER), role="first", order=0)
    for number in range(1, suggestions + 1):
        matter.suggestions.create(number=number, text=f"第{number}条建议。")
    readers.refresh(matter)
    return matter
