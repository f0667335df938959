"""What is ordinary in handling: a matter, a unit that holds it, a running clock."""

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from members import keys
from members.choices import BodyKind, Role, System
from members.models import Body, Person
from proposals.handling import clocks
from proposals.handling.models import Assignment, Exposure, Kind, Ladder, LadderStep, Matter, Obligation, TimeRule
from tests.factories import BodyFactory, SessionFactory, appoint

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = date(2026, 3, 2)


def at(day: date, hour: int = 10, minute: int = 0) -> datetime:
    """A moment in Shanghai."""
    return datetime.combine(day, time(hour, minute), ZONE)


@dataclass
class Unit:
    """A unit with its people."""

    body: Body
    clerk: Person
    head: Person


@dataclass
class House:
    """An assigning office, the proposal office and one unit, each with its people."""

    office: Body
    officer: Person
    proposal_office: Body
    staff: Person
    unit: Unit
    admin: Person
    numbers: int = field(default=0)


def unit(name: str = "") -> Unit:
    body = BodyFactory(name=name) if name else BodyFactory()
    return Unit(body, appoint(Role.UNIT_CLERK, body), appoint(Role.UNIT_HEAD, body))


def house() -> House:
    office = BodyFactory(kind=BodyKind.OFFICE, system=System.GOVERNMENT)
    proposals = BodyFactory(kind=BodyKind.CPPCC_COMMITTEE, system=System.CPPCC)
    return House(
        office=office,
        officer=appoint(Role.ASSIGNING_OFFICER, office),
        proposal_office=proposals,
        staff=appoint(Role.PROPOSAL_STAFF, proposals),
        unit=unit(),
        admin=appoint(Role.SYSTEM_ADMINISTRATOR),
    )


def matter(home: House, **fields: Any) -> Matter:
    home.numbers += 1
    plain: dict[str, Any] = {
        "kind": Kind.PROPOSAL,
        "session": SessionFactory(),
        "number": f"{home.numbers:04d}",
        "title": f"关于测试事项{home.numbers}的建议",
        "unit_title": f"关于测试事项{home.numbers}的建议",
        "exposure": Exposure.HANDLING,
        "office": home.office,
        "readers": [keys.PROPOSAL_OFFICE],
    }
    return Matter.objects.create(**(plain | fields))


def assignment(home: House, case: Matter, body: Body | None = None, **fields: Any) -> Assignment:
    plain: dict[str, Any] = {
        "role": "sole",
        "office": home.office,
        "given_at": at(MONDAY),
        "unit": body or home.unit.body,
    }
    return Assignment.objects.create(matter=case, **(plain | fields))


def reply_clock(home: House, *, on: date = MONDAY, **fields: Any) -> Obligation:
    """A unit's reply clock on a matter of its own, started on `on`."""
    case = fields.pop("matter", None) or matter(home)
    held = fields.pop("assignment", None) or assignment(home, case)
    plain: dict[str, Any] = {"anchor_on": on, "body": held.unit, "by": None, "now": at(on, 8)}
    return clocks.start(case, "reply", assignment=held, **(plain | fields))


def rule(
    code: str, amount: int, unit: str = "workday", steps: tuple[dict[str, Any], ...] = (), **fields: Any
) -> TimeRule:
    """A rule with a ladder of its own."""
    ladder = Ladder.objects.create(code=f"l{Ladder.objects.count()}-{code}"[:40], name=code)
    for number, step in enumerate(steps):
        plain: dict[str, Any] = {
            "code": f"s{number}",
            "name": f"第{number}步",
            "severity": 10 * (number + 1),
            "template": "clock.soon",
        }
        LadderStep.objects.create(ladder=ladder, **(plain | {"audience_rule": ["holder_clerks"]} | step))
    valid = fields.pop("valid", (date(2000, 1, 1), None))
    return TimeRule.objects.create(code=code, name=code, amount=amount, unit=unit, ladder=ladder, valid=valid, **fields)
