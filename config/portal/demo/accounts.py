"""One account a role, named after it, so that anybody can look at the house from every side."""

from datetime import date

from django.contrib.auth.hashers import make_password

from members.choices import BodyKind, Role, System
from members.models import Appointment, Body, Person

Seat = tuple[str, BodyKind, System]

# Where each role sits; whoever is not named here sits in the committee's own office.
HOME: Seat = ("市政协办公室", BodyKind.OFFICE, System.CPPCC)
UNIT: Seat = ("市教育局", BodyKind.DEPARTMENT, System.GOVERNMENT)
COMMITTEE: Seat = ("市政协提案委员会", BodyKind.CPPCC_COMMITTEE, System.CPPCC)
PARTY: Seat = ("市委办公室", BodyKind.PARTY_BODY, System.PARTY)
GOVERNMENT: Seat = ("市政府办公室", BodyKind.DEPARTMENT, System.GOVERNMENT)
SEATS: dict[Role, Seat] = {
    Role.UNIT_CLERK: UNIT,
    Role.UNIT_HANDLER: UNIT,
    Role.UNIT_DEPUTY: UNIT,
    Role.UNIT_HEAD: UNIT,
    Role.PROPOSAL_STAFF: COMMITTEE,
    Role.PROPOSAL_DIRECTOR: COMMITTEE,
    Role.SESSION_STAFF: COMMITTEE,
    Role.ASSIGNING_OFFICER: GOVERNMENT,
    Role.GOVERNMENT_OFFICE: GOVERNMENT,
    Role.PARTY_OFFICE: PARTY,
    Role.CONVENER: ("教育界", BodyKind.SECTOR, System.CPPCC),
    Role.ORGANISATION_SECRETARY: ("民盟市委会", BodyKind.DEMOCRATIC_PARTY, System.CPPCC),
}


def make_accounts(*, password: str, since: date) -> list[Person]:
    """Make the accounts that are missing, each appointed since that day."""
    sealed = make_password(password)  # once for all: it takes a second, on purpose
    return [_account(role, sealed=sealed, since=since) for role in Role]


def _account(role: Role, *, sealed: str, since: date) -> Person:
    person = Person.objects.filter(username=role.value).first()
    if person is None:
        name = f"{role.label}（演示）"
        person = Person.objects.create(username=role.value, password=sealed, name=name, is_demo=True)
    name, kind, system = SEATS.get(role, HOME)
    body = Body.objects.filter(name=name).first() or Body.objects.create(name=name, kind=kind, system=system)
    Appointment.objects.get_or_create(person=person, body=body, role=role, defaults={"starts_on": since})
    return person
