"""A matter in the hands of units, and the people around it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from members.choices import BodyKind, Role, System
from members.models import AssigningOffice, Body, Person
from proposals.handling.actions import Part, assign
from proposals.handling.models import Assignment, EvaluationRound, Matter, Participant, Reason, ResultClass
from tests.factories import BodyFactory, MatterFactory, appoint

NOW = timezone.make_aware(datetime(2026, 3, 4, 10, 0))


@dataclass
class House:
    """Who and what the stories need; `later()` is a moment a minute after the last one."""

    office: Body
    staff: Person
    colleague: Person
    director: Person
    assigning: Body
    officer: Person
    unit: Body
    clerk: Person
    head: Person
    handler: Person
    other_unit: Body
    other_clerk: Person
    third_unit: Body
    third_clerk: Person
    member: Person
    cosigner: Person
    now: datetime = NOW
    moments: int = field(default=0)

    def later(self, **delta: float) -> datetime:
        self.now += timedelta(**delta)
        self.moments += 1
        return self.now + timedelta(minutes=self.moments)


def build_house() -> House:
    office = BodyFactory(name="市政协提案委测试", kind=BodyKind.CPPCC_COMMITTEE, system=System.CPPCC)
    assigning = BodyFactory(name="市政府督查室测试", kind=BodyKind.OFFICE, system=System.GOVERNMENT)
    AssigningOffice.objects.update_or_create(system=System.GOVERNMENT, defaults={"office": assigning})
    AssigningOffice.objects.update_or_create(system=System.CPPCC, defaults={"office": office})
    unit, other, third = (BodyFactory(name=f"市{name}局测试") for name in ("民政", "财政", "住建"))
    return House(
        office=office,
        staff=appoint(Role.PROPOSAL_STAFF, office, name="何晓"),
        colleague=appoint(Role.PROPOSAL_STAFF, office, name="江南"),
        director=appoint(Role.PROPOSAL_DIRECTOR, office, name="高原"),
        assigning=assigning,
        officer=appoint(Role.ASSIGNING_OFFICER, assigning, name="严明"),
        unit=unit,
        clerk=appoint(Role.UNIT_CLERK, unit, name="沈青"),
        head=appoint(Role.UNIT_HEAD, unit, name="方正"),
        handler=appoint(Role.UNIT_HANDLER, unit, name="邹平"),
        other_unit=other,
        other_clerk=appoint(Role.UNIT_CLERK, other, name="温良"),
        third_unit=third,
        third_clerk=appoint(Role.UNIT_CLERK, third, name="易安"),
        member=appoint(Role.MEMBER, name="林溪"),
        cosigner=appoint(Role.MEMBER, name="白露"),
    )


@pytest.fixture
def house(db: None) -> House:
    return build_house()


def give(house: House, *roles: tuple[Body, str], cosigned: bool = False, matter: Matter | None = None) -> Matter:
    """Hand a matter to units: `(unit, role)` pairs, one sole unit by default."""
    matter = matter or MatterFactory(by=house.member)
    if cosigned:
        matter.participants.create(person=house.cosigner, role=Participant.Role.COSIGNER, order=1)
    parts = [Part(unit, role, house.assigning) for unit, role in roles or [(house.unit, "sole")]]
    assign(matter, parts, by=house.officer, now=house.later())
    matter.refresh_from_db()
    return matter


def part_of(matter: Matter, unit: Body) -> Assignment:
    return matter.assignments.current().select_related("matter", "unit", "office").get(unit=unit)


def signed(house: House, matter: Matter, unit: Body | None = None, clerk: Person | None = None) -> Assignment:
    from proposals.handling.actions import sign_for

    return sign_for(part_of(matter, unit or house.unit), by=clerk or house.clerk, now=house.later())


def result_class(code: str = "A") -> ResultClass:
    return ResultClass.objects.get(code=code, ends_on=None)


def reason(use: str) -> Reason:
    found = Reason.objects.filter(use=use).order_by("pk").first()
    assert found is not None
    return found


def round_of(assignment: Assignment, number: int | None = None) -> EvaluationRound:
    return assignment.evaluation_rounds.get(round=number or assignment.round)
