"""One account a role, named after it, so that anybody can look at the house from every side."""

from datetime import date

from members.choices import BodyKind, Role
from members.models import Appointment, Body, Person

# Where each role sits; whoever is not named here sits in the committee's own office.
UNIT = ("市教育局", BodyKind.DEPARTMENT)
COMMITTEE = ("市政协提案委员会", BodyKind.CPPCC_COMMITTEE)
HOME = ("市政协办公室", BodyKind.OFFICE)
SEATS: dict[Role, tuple[str, BodyKind]] = {
    Role.UNIT_CLERK: UNIT,
    Role.UNIT_HANDLER: UNIT,
    Role.UNIT_DEPUTY: UNIT,
    Role.UNIT_HEAD: UNIT,
    Role.PROPOSAL_STAFF: COMMITTEE,
    Role.PROPOSAL_DIRECTOR: COMMITTEE,
    Role.SESSION_STAFF: COMMITTEE,
    Role.ASSIGNING_OFFICER: ("市政府办公室", BodyKind.OFFICE),
    Role.GOVERNMENT_OFFICE: ("市政府办公室", BodyKind.OFFICE),
    Role.PARTY_OFFICE: ("市委办公室", BodyKind.OFFICE),
    Role.CONVENER: ("教育界", BodyKind.SECTOR),
    Role.ORGANISATION_SECRETARY: ("民盟市委会", BodyKind.DEMOCRATIC_PARTY),
}


def make_accounts(*, password: str, since: date) -> list[Person]:
    """Make the accounts that are missing, each appointed since that day."""
    return [_account(role, password=password, since=since) for role in Role]


def _account(role: Role, *, password: str, since: date) -> Person:
    person = Person.objects.filter(username=role.value).first()
    if person is None:
        person = Person.objects.create_user(role.value, password, name=f"{role.label}（演示）", is_demo=True)
    name, kind = SEATS.get(role, HOME)
    body = Body.objects.filter(name=name).first() or Body.objects.create(name=name, kind=kind)
    Appointment.objects.get_or_create(person=person, body=body, role=role, defaults={"starts_on": since})
    return person
