"""Rows that are there, asked for by those they are not for: each gets what an address of nothing gets (S1)."""

import uuid
from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import resolve, reverse
from pytest_django.fixtures import Settings

from members.choices import Role, System
from members.models import Person
from members.pages.lists import ListPage
from members.uploads import Use, check
from proposals import actions as front
from proposals.handling.actions.attaching import attach
from proposals.handling.models import Assignment, Attachment, Contact, ExtensionRequest, Objection, Purpose
from proposals.models import CoSignature, Fate, HandedDown, PreConsultation, Proposal, SentUp, Text
from tests.channels import WAYS, words_of
from tests.factories import BodyFactory, MatterFactory, SessionFactory, appoint
from tests.handling.conftest import House, build_house
from tests.handling.test_aspects import MARKS, planted
from tests.rights.table import TABLE
from tests.rights.test_walk import ROUTES
from tests.uploads.made import pdf, upload

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.rights.bare_urls"),
    pytest.mark.usefixtures("persons_read_once"),
]
DRAFT, FILED = "暗号无人见过的草稿", "暗号尚未交办的提案"
ID = "<uuid:public_id>"


@pytest.fixture
def house(db: None, settings: Settings, tmp_path: Path) -> House:
    settings.MEDIA_ROOT = tmp_path
    return build_house()


def invited(house: House, author: Person) -> Proposal:
    """A draft that nobody but its author may read, and somebody was asked to co-sign."""
    proposal = front.begin(front.Behind(person=author), by=author, now=house.later())
    text = Text(DRAFT, f"{DRAFT}的情况。", "分析。", ("建议。",))
    proposal = front.save_text(proposal, text, version=proposal.version, by=author, now=house.later())
    front.invite(proposal, [house.cosigner], by=author, now=house.later())
    return proposal


def objects(part: Assignment, *more: Proposal) -> dict[str, list[Any]]:
    """The rows of this matter and of these proposals, by the beginning of the addresses that name them."""
    matter = part.matter
    proposals = [matter.proposal, *more]
    return {
        "/handling/parts/": [part],
        "/handling/objections/": list(Objection.objects.filter(assignment=part)),
        "/handling/extensions/": list(ExtensionRequest.objects.filter(obligation__assignment=part)),
        "/handling/contacts/": list(Contact.objects.filter(assignment=part)),
        "/handling/letters/": list(part.replies.all()),
        "/handling/clocks/": list(matter.obligations.filter(stage__in=["reply", "internal"])),
        "/handling/files/": list(matter.attachments.all()),
        "/handling/matters/": [matter],
        "/proposals/invitations/": list(CoSignature.objects.all()),
        "/proposals/cosigners/": list(CoSignature.objects.all()),
        "/proposals/sent-up/": list(SentUp.objects.filter(proposal__in=proposals)),
        "/proposals/sent-up/fates/": list(Fate.objects.all()),
        "/proposals/handed-down/": [row.matter for row in HandedDown.objects.select_related("matter")],
        "/proposals/handed-down/files/": list(Attachment.objects.filter(matter__handed_down__isnull=False)),
        "/proposals/consultations/": list(PreConsultation.objects.all()),
        "/proposals/": [proposal.matter for proposal in proposals],
    }


def addresses(rows: dict[str, list[Any]], role: Role) -> Iterator[tuple[str, str, str]]:
    """Each address of a row that `role` has the right to, its name, and the same with an id that nothing has."""
    for name, route in ROUTES.items():
        start, found, rest = route.partition(ID)
        if not found or role not in TABLE[name].roles:
            continue
        rest = rest.replace("<int:round>", "1")
        for row in rows.get(start, []):
            yield name, f"{start}{row.public_id}{rest}", f"{start}{uuid.uuid4()}{rest}"


def answers(client: Client, url: str) -> list[int]:
    """What the page answers, a fragment of it for the printer, and a form sent to it."""
    asked = [client.get(url), client.get(f"{url}?print=1", headers={"HX-Request": "true"}), client.post(url)]
    return [answer.status_code for answer in asked]


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def told_apart(person: Person, role: Role, rows: dict[str, list[Any]], *, but: Iterable[str] = ()) -> list[str]:
    """Addresses of rows that answer otherwise than addresses of nothing."""
    client = signed_in(person)
    found, of_nothing = [], dict[str, list[int]]()
    for name, real, none in addresses(rows, role):
        if name in but:
            continue
        if name not in of_nothing:
            of_nothing[name] = answers(client, none)
        if (seen := answers(client, real)) != of_nothing[name] or 200 in seen:
            found.append(f"{role} {name}: {seen}")
    return found if of_nothing else [f"{role}: nothing was looked at"]


def part_of_a_year(house: House) -> Assignment:
    """A matter with everything, a file that its unit may open and one that is the committee's among it."""
    part = planted(house)
    proposal, now = part.matter.proposal, house.later()
    today: dict[str, Any] = {"answered_on": now.date(), "sent_on": now.date()}
    by = {f"{step}_by": house.staff for step in ("asked", "answered", "sent")}
    up = SentUp.objects.create(
        proposal=proposal, to="省政协", reason="权限在省里", state="known", asked_at=now, **by, **today
    )
    up.fates.create(kind="taken_up", on=now.date(), text="已受理", by=house.staff, at=now)
    file = check(upload("来文.pdf", pdf()), use=Use.ATTACHMENT)
    facts = {"level": "provincial", "from_body": "省政协", "their_number": "1", "proposers": "", "text": "某事。"}
    days = {"received_on": now.date(), "due_on": now.date() + timedelta(days=60)}
    front.enter_handed_down(
        {**facts, **days}, title="上级某事", office=house.assigning, file=file, by=house.officer, now=now
    )
    for purpose in (Purpose.LETTER, Purpose.EVALUATION):
        file = check(upload(f"{purpose.label}.pdf", pdf()), use=Use.ATTACHMENT)
        attach(part.matter, file, purpose=purpose, assignment=part, by=house.director, now=house.later())
    return part


STRANGERS = (Role.UNIT_CLERK, Role.UNIT_HANDLER, Role.MEMBER, Role.ORGANISATION_SECRETARY)
"""Of each relation to a row the role that may do most, and the one that may do least."""


def test_a_sibling_unit_another_office_and_other_members_find_nothing(house: House) -> None:
    rows = objects(part_of_a_year(house), invited(house, house.member))
    people = {role: appoint(role) for role in STRANGERS}
    people[Role.ASSIGNING_OFFICER] = appoint(Role.ASSIGNING_OFFICER, BodyFactory(system=System.PARTY))

    assert "\n".join(one for role, person in people.items() for one in told_apart(person, role, rows)) == ""


def test_a_co_handler_does_nothing_with_the_part_of_the_lead(house: House) -> None:
    part = part_of_a_year(house)
    rows = {start: found for start, found in objects(part).items() if start.startswith("/handling/")}
    of_the_matter = {"handling:why", "handling:attachment", "handling:part"}
    page = signed_in(house.other_clerk).get(reverse("handling:part", args=[part.public_id]))

    assert (page.status_code, str(part.public_id) in page.headers.get("Location", "")) == (302, False), "it leads on"
    assert told_apart(house.other_clerk, Role.UNIT_CLERK, rows, but=of_the_matter) == []


def test_whoever_does_not_handle_a_part_of_his_own_unit_reads_it_and_no_more(house: House) -> None:
    part = part_of_a_year(house)
    rows = {start: found for start, found in objects(part).items() if start.startswith("/handling/")}
    reads = {"handling:part", "handling:contact_details", "handling:why", "handling:attachment", "handling:papers"}

    assert told_apart(house.handler, Role.UNIT_HANDLER, rows, but=reads) == []
    assert signed_in(house.handler).get(reverse("handling:part", args=[part.public_id])).status_code == 200


def test_a_draft_is_there_for_its_author_alone(house: House) -> None:
    draft = invited(house, house.member)
    rows: dict[str, list[Any]] = {
        "/proposals/": [draft.matter],
        "/handling/clocks/": list(draft.matter.obligations.all()),
    }

    wrong = told_apart(house.director, Role.PROPOSAL_DIRECTOR, rows)
    wrong += told_apart(house.officer, Role.ASSIGNING_OFFICER, rows)

    assert "\n".join(wrong) == ""
    assert signed_in(house.member).get(f"/proposals/{draft.public_id}/write/").status_code == 200


def test_no_list_print_or_table_names_what_is_another_s_or_not_yet_out(house: House) -> None:
    part = part_of_a_year(house)
    draft = invited(house, house.member)
    filed = MatterFactory(by=house.member, title=FILED, unit_title=FILED, session=SessionFactory())
    marks = {*MARKS, DRAFT, FILED, part.matter.title}
    hidden = {
        appoint(Role.UNIT_CLERK): (Role.UNIT_CLERK, marks),
        appoint(Role.MEMBER): (Role.MEMBER, marks),
        house.clerk: (Role.UNIT_CLERK, {DRAFT, FILED}),
        house.staff: (Role.PROPOSAL_STAFF, {DRAFT}),
    }
    assert draft.pk and filed.pk

    seen = []
    for person, (role, secret) in hidden.items():
        client = signed_in(person)
        for name, route in ROUTES.items():
            if "<" in route or role not in TABLE[name].roles or not is_list(route):
                continue
            for way in WAYS:
                words = words_of(client.get(route + way))
                seen += [f"{role} {name}{way}: {mark}" for mark in secret if mark in words]

    assert seen == []


def is_list(route: str) -> bool:
    return issubclass(getattr(resolve(route).func, "view_class", object), ListPage)
