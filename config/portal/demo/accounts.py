"""One account a role, named after it, so that anybody can look at the house from every side."""

from datetime import date

from django.contrib.auth.hashers import make_password

from members.choices import BodyKind, Role, System
from members.models import Appointment, Body, Person

# Where each role sits, by any name of the body; whoever is not named here sits in the committee itself.
UNIT, COMMITTEE, HOME = "市教育局", "市政协提案委员会", "中国人民政治协商会议市委员会"
REPORTS, LIAISON, COUNTY = "市政协社情民意工作室", "城东街道委员联络室", "东城区政协"
ROOMS = {REPORTS: BodyKind.OFFICE, LIAISON: BodyKind.LIAISON_OFFICE, COUNTY: BodyKind.OFFICE}
"""Where some work, besides the bodies that are there from the first migration."""
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
    Role.REPORT_STAFF: REPORTS,
    Role.REPORT_EDITOR: REPORTS,
    Role.LIAISON_OFFICER: LIAISON,
    Role.COUNTY_CPPCC: COUNTY,
}


def make_accounts(*, password: str, since: date) -> list[Person]:
    """Make the accounts that are missing, each appointed since that day."""
    for name, kind in ROOMS.items():
        Body.objects.get_or_create(name=name, defaults={"kind": kind, "system": System.CPPCC})
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
