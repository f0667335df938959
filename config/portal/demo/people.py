"""The invented people of the demonstration: members with their sectors, and clerks and heads of the units."""

from datetime import date

from members.choices import BodyKind, Role
from members.models import Appointment, Body, Membership, Person, Session, Term

from .texts import Writer

OFFICE_ROLES = {Role.UNIT_CLERK: "联络员", Role.UNIT_HEAD: "负责人"}


class People:
    """Finds or makes whoever the story needs; nobody made here can sign in."""

    def __init__(self, writer: Writer, *, since: date) -> None:
        self.writer = writer
        self.since = since
        self.serial = 0
        self.kept: dict[tuple[int, str], Person] = {}

    def account(self, role: Role) -> Person:
        """The demonstration account named after the role."""
        person: Person = Person.objects.get(username=role.value)
        return person

    def invent(self) -> Person:
        self.serial += 1
        person: Person = Person.objects.create_user(
            f"demo{self.serial:04d}", None, name=self.writer.person(self.serial), is_demo=True
        )
        return person

    def in_unit(self, unit: Body, role: Role = Role.UNIT_CLERK) -> Person:
        """The unit's own clerk or head: the demonstration account where it sits there, else an invented person."""
        key = (unit.pk, role)
        if key not in self.kept:
            held = Appointment.objects.filter(body=unit, role=role).select_related("person").order_by("pk").first()
            self.kept[key] = held.person if held else self._appoint(unit, role)
        return self.kept[key]

    def officer(self, office: Body) -> Person:
        return self.in_unit(office, Role.ASSIGNING_OFFICER)

    def _appoint(self, body: Body, role: Role) -> Person:
        person = self.invent()
        Appointment.objects.create(person=person, body=body, role=role, starts_on=self.since)
        return person

    def members(self, amount: int, term: Term) -> list[Person]:
        """`amount` members of the term, the demonstration account first, spread over the sectors."""
        committee = Body.objects.filter(kind=BodyKind.OFFICE, name__contains="政治协商").first()
        sectors = list(Body.objects.filter(kind=BodyKind.SECTOR, ended_on=None).order_by("pk"))
        parties = list(Body.objects.filter(kind=BodyKind.DEMOCRATIC_PARTY, ended_on=None).order_by("pk"))
        groups = list(Body.objects.filter(kind=BodyKind.CPPCC_COMMITTEE, ended_on=None).order_by("pk"))
        people = [self.account(Role.MEMBER)]
        while len(people) < amount:
            person = self.invent()
            people.append(person)
            Appointment.objects.create(
                person=person, body=committee or sectors[0], role=Role.MEMBER, starts_on=self.since
            )
        for place, person in enumerate(people):
            Membership.objects.create(
                person=person,
                term=term,
                sector=sectors[place % len(sectors)],
                party=parties[place % len(parties)] if place % 3 == 0 else None,
                committee=groups[place % len(groups)] if place % 4 == 0 else None,
                starts_on=self.since,
            )
        return people


def make_session(opens_on: date, closes_on: date, *, submissions_open_on: date, since: date) -> Session:
    """The first session of the fifteenth term; real registers belong to earlier ones."""
    term, _ = Term.objects.get_or_create(number=15, defaults={"name": "第十五届", "starts_on": since})
    session, _ = Session.objects.update_or_create(
        code="15-1",
        defaults={
            "term": term,
            "number": 1,
            "name": "十五届一次会议",
            "opens_on": opens_on,
            "closes_on": closes_on,
            "submissions_open_on": submissions_open_on,
        },
    )
    return session
