"""What is ordinary: people, bodies, sessions and appointments."""

from datetime import date
from typing import Any

import factory
from factory.django import DjangoModelFactory

from members.choices import BodyKind, Role, System
from members.models import Appointment, Body, Membership, Person, Session, Term

LONG_AGO = date(2020, 1, 1)
PASSWORD = "秋水共长天一色-2026"


class BodyFactory(DjangoModelFactory[Body]):
    class Meta:
        model = Body

    name = factory.Sequence(lambda n: f"市测试{n}局")
    kind = BodyKind.DEPARTMENT
    system = System.GOVERNMENT


class PersonFactory(DjangoModelFactory[Person]):
    """Somebody without a role; `password=` sets a usable password."""

    class Meta:
        model = Person

    username = factory.Sequence(lambda n: f"person{n}")
    name = factory.Sequence(lambda n: f"测试人员{n}")
    is_active = True

    @classmethod
    def _create(cls, model_class: type[Person], *args: Any, password: str | None = None, **facts: Any) -> Person:
        person = model_class(*args, **facts)
        if password:
            person.set_password(password)
        else:
            person.set_unusable_password()
        person.save()
        return person


class TermFactory(DjangoModelFactory[Term]):
    class Meta:
        model = Term
        django_get_or_create = ("number",)

    number = 14
    name = factory.LazyAttribute(lambda term: f"第{term.number}届")
    starts_on = date(2022, 1, 10)


class SessionFactory(DjangoModelFactory[Session]):
    class Meta:
        model = Session
        django_get_or_create = ("code",)

    term = factory.SubFactory(TermFactory)
    number = 2
    code = factory.LazyAttribute(lambda session: f"{session.term.number}-{session.number}")
    name = factory.LazyAttribute(lambda session: f"{session.term.number}届{session.number}次会议")
    opens_on = date(2026, 1, 12)
    closes_on = date(2026, 1, 16)


class AppointmentFactory(DjangoModelFactory[Appointment]):
    """An appointment set up on the server, in force since long ago."""

    class Meta:
        model = Appointment

    person = factory.SubFactory(PersonFactory)
    body = factory.SubFactory(BodyFactory)
    role = Role.UNIT_CLERK
    starts_on = LONG_AGO


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    person = factory.SubFactory(PersonFactory)
    term = factory.SubFactory(TermFactory)
    starts_on = date(2022, 1, 10)


HOME = {
    Role.UNIT_CLERK: (BodyKind.DEPARTMENT, System.GOVERNMENT),
    Role.UNIT_HANDLER: (BodyKind.DEPARTMENT, System.GOVERNMENT),
    Role.UNIT_DEPUTY: (BodyKind.DEPARTMENT, System.GOVERNMENT),
    Role.UNIT_HEAD: (BodyKind.DEPARTMENT, System.GOVERNMENT),
    Role.ORGANISATION_SECRETARY: (BodyKind.DEMOCRATIC_PARTY, System.CPPCC),
    Role.CONVENER: (BodyKind.SECTOR, System.CPPCC),
}


def appoint(role: Role | str, body: Body | None = None, **kw: Any) -> Person:
    """Return a person with this role in force; a member also has a membership of the fourteenth term.

    `person=` appoints somebody who exists; `starts_on=`, `ends_on=` date the appointment; the rest makes the person.
    """
    role = Role(role)
    person: Person | None = kw.pop("person", None)
    dates = {name: kw.pop(name) for name in ("starts_on", "ends_on") if name in kw}
    if body is None:
        kind, system = HOME.get(role, (BodyKind.OFFICE, System.CPPCC))
        body = BodyFactory(kind=kind, system=system)
    person = person or PersonFactory(**kw)
    AppointmentFactory(person=person, body=body, role=role, **dates)
    if role == Role.MEMBER and not person.memberships.exists():
        MembershipFactory(person=person, **dates)
    return person
