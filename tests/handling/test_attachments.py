"""Files of a matter: who may open which, and how they are served."""

from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from members.errors import WrongStep
from members.models import AuditEntry, Person
from members.uploads import BadFile, Clean, Use, check
from proposals.handling.actions import draft_reply
from proposals.handling.actions.attaching import admit, attach, detach, erase
from proposals.handling.attachments import attachments_of
from proposals.handling.models import Access, Attachment, Matter, Purpose, Reply
from proposals.handling.readers import refresh
from tests.handling.conftest import House, give, signed
from tests.uploads import made
from tests.uploads.made import upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def clean(name: str = "文件.pdf") -> Clean:
    return check(upload(name, made.pdf()), use=Use.ATTACHMENT)


def kept(house: House, matter: Matter, purpose: Purpose, by: Person | None = None) -> Attachment:
    return attach(
        matter,
        clean(f"{purpose.label}.pdf"),
        purpose=purpose,
        assignment=matter.assignments.get(unit=house.unit),
        by=by or house.director,
        now=house.later(),
    )


def delivered(letter: Attachment, house: House) -> None:
    Attachment.objects.filter(pk=letter.pk).update(released_at=house.later())


def names(matter: Matter, person: Person) -> set[str]:
    return {attachment.purpose for attachment in attachments_of(matter, person)}


def test_each_file_is_for_those_whom_its_purpose_names(house: House) -> None:
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    for purpose in Purpose:
        kept(house, matter, purpose)

    seen = {
        "proposer": names(matter, house.member),
        "staff": names(matter, house.staff),
        "officer": names(matter, house.officer),
        "own unit": names(matter, house.clerk),
        "co-handler": names(matter, house.other_clerk),
        "no unit of it": names(matter, house.third_clerk),
    }

    assert seen == {
        "proposer": {"text", "original", "signatures", "contact", "report"},
        "staff": set(Purpose.values) - {"letter", "signing", "office"},
        "officer": {"text", "sheet", "signing", "minutes", "contact", "opinion", "letter"},
        "own unit": {"text", "sheet", "signing", "minutes", "contact", "opinion", "letter"},
        "co-handler": {"text"},
        "no unit of it": set(),
    }


def test_the_proposal_office_sees_a_letter_only_while_its_date_waits_to_be_confirmed(house: House) -> None:
    matter = give(house)
    part = signed(house, matter)
    letter = kept(house, matter, Purpose.LETTER, by=house.clerk)
    reply = draft_reply(part, {}, {}, by=house.clerk, now=house.later())
    Attachment.objects.filter(pk=letter.pk).update(reply=reply)

    seen = {}
    for state in (Reply.State.DRAFT, Reply.State.CHECKING, Reply.State.RETURNED):
        Reply.objects.filter(pk=reply.pk).update(state=state, date_to_confirm=state == Reply.State.CHECKING)
        seen[state] = (names(matter, house.staff), names(matter, house.officer))

    assert seen == {
        Reply.State.DRAFT: (set(), {"letter"}),
        Reply.State.CHECKING: ({"letter"}, {"letter"}),
        Reply.State.RETURNED: (set(), {"letter"}),
    }


def test_a_letter_is_the_proposers_once_it_is_delivered(house: House) -> None:
    matter = give(house)
    letter = kept(house, matter, Purpose.LETTER)
    assert names(matter, house.member) == set()

    delivered(letter, house)

    assert names(matter, house.member) == {"letter"}


def test_a_file_is_a_download_that_can_run_nothing_and_is_written_down(house: House, client: Client) -> None:
    matter = give(house)
    attachment = kept(house, matter, Purpose.TEXT)
    client.force_login(house.clerk)

    answer = client.get(reverse("handling:attachment", args=[attachment.public_id]))

    assert b"".join(answer) == made.pdf()
    headers = {name: answer.headers[name] for name in ("X-Content-Type-Options", "Cache-Control", "Content-Type")}
    assert headers == {
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
        "Content-Type": "application/pdf",
    }
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert AuditEntry.objects.get(verb="download").by == house.clerk


def test_a_file_that_is_not_for_someone_is_not_there(house: House, client: Client) -> None:
    matter = give(house)
    sheet = reverse("handling:attachment", args=[kept(house, matter, Purpose.SHEET).public_id])

    client.force_login(house.member)
    assert client.get(sheet).status_code == 404
    client.force_login(house.third_clerk)
    assert client.get(sheet).status_code == 404
    client.logout()
    assert client.get(sheet).status_code == 302


def test_nothing_of_a_suspended_matter_can_be_opened(house: House, client: Client) -> None:
    matter = give(house)
    attachment = kept(house, matter, Purpose.TEXT, by=house.clerk)
    matter.access = Access.SUSPENDED
    matter.save()
    refresh(matter)

    client.force_login(house.clerk)
    assert client.get(reverse("handling:attachment", args=[attachment.public_id])).status_code == 404


def test_only_files_outside_the_record_can_be_taken_away(house: House, files: Path) -> None:
    matter = give(house)
    letter = kept(house, matter, Purpose.LETTER)
    own = attach(matter, clean("正文.pdf"), purpose=Purpose.TEXT, by=house.director, now=house.later())
    delivered(letter, house)

    with pytest.raises(WrongStep):
        detach(letter, by=house.director, now=house.later())
    detach(own, by=house.director, now=house.later())
    with pytest.raises(WrongStep):
        detach(own, by=house.director, now=house.later())

    assert [one.purpose for one in attachments_of(matter, house.director)] == ["letter"]


@pytest.mark.django_db(transaction=True)
def test_a_purge_leaves_no_copy_of_a_file(house: House, files: Path) -> None:
    matter = give(house)
    kept(house, matter, Purpose.TEXT)
    assert len(list(files.rglob("*.pdf"))) == 1

    assert erase(matter, by=house.director, now=house.later()) == 1

    assert list(files.rglob("*.pdf")) == []
    assert Attachment.objects.get().name == "已清除"


def test_what_a_person_has_stored_counts_against_the_quota(house: House, settings: Settings) -> None:
    settings.OFFICE_QUOTA = 1024
    attachment = kept(house, give(house), Purpose.TEXT)
    Attachment.objects.filter(pk=attachment.pk).update(size=2**30)

    with pytest.raises(BadFile, match="超过每人"):
        admit(upload("a.pdf", made.pdf()), purpose=Purpose.TEXT, by=house.director)
    admit(upload("a.pdf", made.pdf()), purpose=Purpose.TEXT, by=house.staff)


def test_paper_sheets_come_in_as_scans_only(house: House) -> None:
    with pytest.raises(BadFile, match="这里不能上传"):
        admit(upload("签名.docx", made.docx()), purpose=Purpose.SIGNATURES, by=house.staff)


def test_the_list_of_files_costs_the_same_for_one_and_for_many(
    house: House, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    matter = give(house)
    kept(house, matter, Purpose.TEXT)

    with django_assert_num_queries(9):
        attachments_of(matter, fresh(house.staff))
    for _ in range(10):
        kept(house, matter, Purpose.SHEET)
    with django_assert_num_queries(9):
        attachments_of(matter, fresh(house.staff))


def fresh(person: Person) -> Person:
    """The same person at the next request."""
    again: Person = Person.objects.get(pk=person.pk)
    return again
