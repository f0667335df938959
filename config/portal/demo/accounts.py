"""One account a role, named after it, so that anybody can look at the house from every side."""

from datetime import date

from django.contrib.auth.hashers import make_password

from members.choices import Role
from members.models import Appointment, Body, Person

# Where each role sits, by any name of the body; whoever is not named here sits in the committee itself.
UNIT, COMMITTEE, HOME = "市教育局", "市政协提案委员会", "中国人民政治协商会议市委员会"
SEATS: dict[Role, str] = {
    Role.UNIT_CLERK: UNIT,
    Role.UNIT_HANDLER: UNIT,
    Role.UNIT_DEPUTY: UNIT,
    Role.UNIT_HEAD: UNIT,
    Role.PROPOSAL_STAFF: COMMITTEE,
    Role.PROPOSAL_DIRECTOR: COMMITTEE,
    Role.SESSION_STAFF: COMMITTEE,
    Role.ASSIGNING_OFFICER: "市政府督查室",
    Role.GOVERNMENT_OFFICE: "市政府办公室",
    Role.PARTY_OFFICE: "市委办公室",
    Role.CONVENER: "教育界",
    Role.ORGANISATION_SECRETARY: "民盟市委会",
}


def make_accounts(*, password: str, since: date) -> list[Person]:
    """Make the accounts that are missing, each appointed since that day."""
    hashed = make_password(password)  # once for all: it takes a second, on purpose
    return [_account(role, hashed=hashed, since=since) for role in Role]


def _account(role: Role, *, hashed: str, since: date) -> Person:
    person: Person | None = Person.objects.filter(username=role.value).first()
    if person is None:
        name, mail = f"{role.label}（演示）", f"{role.value}@demo.example"
        person = Person.objects.create(
            username=role.value, password=hashed, name=name, mail=mail, gateway="ding", is_demo=True
        )
    body, _ = Body.objects.match(SEATS.get(role, HOME))
    assert body is not None, f"no default body for {role}"
    Appointment.objects.get_or_create(person=person, body=body, role=role, defaults={"starts_on": since})
    return person
