"""Words that were not handed in are their writers', a title of the units' own is what units read (S2, S3)."""

import io
from dataclasses import replace

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.models import Body, Person
from proposals import actions
from proposals.handling import clocks
from proposals.handling.models import Attachment
from proposals.models import Proposal
from tests.factories import appoint
from tests.uploads import made

from .conftest import TEXT, House, category, reason
from .test_handing_over import shares
from .test_pages_thread import page_of, signed_in
from .test_reviewing import fresh

UNFINISHED = replace(TEXT, title="关于尚未写完的建议", situation="尚未写完的情况")
GIVEN = "关于单位所见事项的建议"


@pytest.fixture
def friend() -> Person:
    return appoint(Role.MEMBER, name="白露")


@pytest.fixture
def returned(house: House, draft, friend: Person) -> Proposal:
    """A joint proposal that was sent back, and is being rewritten by its first proposer."""
    proposal = draft()
    [row] = actions.invite(proposal, [friend], by=house.member, now=house.later())
    actions.answer_invitation(row, agrees=True, shown_hash=TEXT.hash, by=friend, now=house.later())
    actions.submit(proposal, not_secret=True, by=house.member, now=house.later())
    actions.send_back(proposal, reason=reason("return", "facts"), text="补充", by=house.staff, now=house.later())
    return actions.save_text(fresh(proposal), UNFINISHED, version=None, by=house.member, now=house.later())


def test_staff_and_cosigners_read_what_was_handed_in_title_included(
    house: House, returned: Proposal, friend: Person
) -> None:
    third = appoint(Role.MEMBER, name="季明")
    actions.invite(returned, [third], by=house.member, now=house.later())
    url = f"/proposals/{returned.public_id}/"

    for person in (house.staff, friend):
        client = signed_in(person)
        shown = page_of(client, url) + page_of(client, "/proposals/") + page_of(client, f"/proposals/?q={TEXT.title}")
        assert TEXT.title in shown and TEXT.situation in shown
        assert UNFINISHED.title not in shown and UNFINISHED.situation not in shown
        assert TEXT.title not in page_of(client, f"/proposals/?q={UNFINISHED.title}").replace(f'"{TEXT.title}"', "")
    own = page_of(signed_in(house.member), url)
    assert UNFINISHED.title in own and UNFINISHED.situation in own

    actions.ask_again(returned, by=house.member, now=house.later())
    for row in returned.cosignatures.filter(state="invited"):
        actions.remove_cosigner(row, by=house.member, now=house.later())
    again = actions.submit(returned, not_secret=True, by=house.member, now=house.later())

    assert (again.matter.title, again.draft_title, again.text()) == (UNFINISHED.title, None, UNFINISHED)
    assert UNFINISHED.title in page_of(signed_in(house.staff), "/proposals/")


def test_who_is_invited_reads_the_title_that_was_frozen(house: House, draft, friend: Person) -> None:
    proposal = draft()
    actions.invite(proposal, [friend], by=house.member, now=house.later())
    clocks.open_for(matter=proposal.matter, stage="cosign").update(due_on=timezone.localdate())
    actions.save_text(fresh(proposal), UNFINISHED, version=None, by=house.member, now=house.later())
    client = signed_in(friend)

    for url in (reverse("portal:desk"), reverse("proposals:invitations")):
        page = page_of(client, url)
        assert TEXT.title in page and UNFINISHED.title not in page


def test_a_file_added_while_returned_is_the_writers_until_it_is_handed_in(
    house: House, returned: Proposal, friend: Person
) -> None:
    upload = SimpleUploadedFile("数据.pdf", made.pdf(), "application/pdf")
    added = signed_in(house.member).post(
        f"/proposals/{returned.public_id}/file-upload/", {"file": upload, "purpose": "text"}
    )
    assert added.status_code == 302
    file, url = Attachment.objects.get(), f"/proposals/{returned.public_id}/"
    address = reverse("handling:attachment", args=[file.public_id])

    for person in (house.staff, friend):
        assert "数据.pdf" not in page_of(signed_in(person), url)
        assert signed_in(person).get(address).status_code == 404
    assert "数据.pdf" in page_of(signed_in(house.member), url)

    actions.ask_again(returned, by=house.member, now=house.later())
    for row in returned.cosignatures.filter(state="invited"):
        actions.remove_cosigner(row, by=house.member, now=house.later())
    actions.submit(returned, not_secret=True, by=house.member, now=house.later())
    assert "数据.pdf" in page_of(signed_in(house.staff), url)


def test_units_read_the_title_that_was_given_them_wherever_they_look(house: House, submitted, clerk_unit: Body) -> None:
    clerk = signed_in(clerk_unit.appointments.get().person)
    asked, given = (
        actions.file(submitted(), category=category(), unit_title=GIVEN, by=house.staff, now=house.later())
        for _ in range(2)
    )
    for row in (asked, given):
        actions.allocate(row, shares(clerk_unit), by=house.officer, now=house.later())
    [question] = actions.consult_units(asked, by=house.officer, now=house.later())
    actions.hand_over([given], session=house.session, by=house.officer, now=house.later())
    part = given.matter.assignments.get()
    pages = [
        "/proposals/",
        f"/proposals/?q={GIVEN}",
        f"/proposals/{asked.public_id}/",
        f"/proposals/{given.public_id}/",
        reverse("proposals:consultation", args=[question.public_id]),
        reverse("handling:part", args=[part.public_id]),
        reverse("handling:queue"),
    ]

    for url in pages:
        shown = page_of(clerk, url)
        assert GIVEN in shown and TEXT.title not in shown, url
    assert GIVEN not in page_of(clerk, f"/proposals/?q={TEXT.title}")
    sheet = openpyxl.load_workbook(io.BytesIO(clerk.get("/proposals/?export=xlsx").getvalue())).active
    assert sheet is not None
    cells = [cell.value for row in sheet.iter_rows() for cell in row]
    assert cells.count(GIVEN) == 2 and TEXT.title not in cells
    for person in (house.staff, house.officer, house.member):
        assert TEXT.title in page_of(signed_in(person), f"/proposals/{given.public_id}/")
