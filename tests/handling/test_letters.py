"""A finished letter goes out with its reply and reaches the proposer, each round's with its own (P6)."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from proposals.handling import actions
from proposals.handling.models import Assignment, Attachment, Reply
from tests.handling.conftest import House, give, round_of, signed
from tests.handling.test_acts import rated
from tests.uploads import made
from tests.uploads.made import upload


@pytest.fixture(autouse=True)
def files(house: House, settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path
    house.now = timezone.now() - timedelta(days=20)


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def draft(house: House, part: Assignment, **fields: Any) -> Any:
    """What the clerk types on the page; a whole answer unless fields say otherwise."""
    current = part.replies.filter(round=part.round).first()
    typed = {"result": "A", "text_1": "已办", "class_1": "A", "same_2": "1", "no_contact_reason": "已书面征求"}
    url = reverse("handling:draft_reply", args=[part.public_id])
    version = str(current.version) if current else "0"
    answer = signed_in(house.clerk).post(url, {**typed, "version": version, **fields})
    assert answer.status_code == 302, answer.context["form"].errors
    return answer


def send(house: House, part: Assignment) -> Any:
    return signed_in(house.clerk).post(reverse("handling:reply", args=[part.public_id]))


def links(person: Any, page: str) -> set[str]:
    """The names of the letters that this person finds on the page and can open."""
    client = signed_in(person)
    body = client.get(page).content.decode()
    found = set()
    for letter in Attachment.objects.filter(purpose="letter"):
        url = reverse("handling:attachment", args=[letter.public_id])
        answer = client.get(url)
        if answer.status_code == 200:
            assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # a download; read, it is closed
            found.add(letter.name)
            assert url in body, letter.name
        else:
            assert url not in body, letter.name
    return found


def test_each_rounds_letter_reaches_the_proposer_with_its_reply(house: House) -> None:
    part = signed(house, give(house))
    page = part.matter.get_absolute_url()

    draft(house, part, letter=upload("第一次答复.pdf", made.pdf()))
    assert links(house.member, page) == set()
    assert send(house, part).status_code == 302
    assert links(house.member, page) == {"第一次答复.pdf"}

    house.now = timezone.now()
    rated(house, round_of(part), house.member, "dissatisfied")
    actions.confirm_dissatisfaction(round_of(part), by=house.staff, now=house.later())
    part.refresh_from_db()
    draft(house, part, letter=upload("二次答复.pdf", made.pdf()))
    assert links(house.member, page) == {"第一次答复.pdf"}
    assert send(house, part).status_code == 302

    assert links(house.member, page) == {"第一次答复.pdf", "二次答复.pdf"}
    tied = Attachment.objects.filter(purpose="letter").order_by("pk").values_list("reply__round", flat=True)
    assert list(tied) == [1, 2]


def test_the_page_that_sends_a_reply_shows_a_units_draft_to_no_proposal_office(house: House) -> None:
    part = signed(house, give(house))
    draft(house, part, letter=upload("未发出.pdf", made.pdf()))
    url = reverse("handling:reply", args=[part.public_id])
    assert "未发出.pdf" in signed_in(house.clerk).get(url).content.decode()

    for answer in (signed_in(house.staff).get(url, follow=True), signed_in(house.staff).post(url, follow=True)):
        words = answer.content.decode()
        assert "承办单位正在拟写答复" in words and "未发出.pdf" not in words
    assert part.replies.get().state == Reply.State.DRAFT


def test_a_letter_that_was_a_mistake_is_taken_out_before_it_goes(house: House) -> None:
    part = signed(house, give(house))
    draft(house, part, letter=upload("误传.pdf", made.pdf()))
    draft(house, part, letter=upload("正式.pdf", made.pdf()), drop="0")

    send(house, part)

    assert links(house.member, part.matter.get_absolute_url()) == {"正式.pdf"}


def test_an_earlier_date_is_shown_by_a_scan_and_not_by_a_text_file(house: House) -> None:
    part = signed(house, give(house))
    letter_on = timezone.localdate() - timedelta(days=5)
    draft(house, part, letter=upload("答复.docx", made.docx()), letter_on=letter_on)
    answer = send(house, part)
    assert (answer.status_code, "请同时上传盖章扫描件" in answer.content.decode()) == (422, True)

    draft(house, part, letter=upload("盖章.pdf", made.pdf()), letter_on=letter_on)
    assert send(house, part).status_code == 302
    reply = part.replies.get()
    assert reply.state == Reply.State.CHECKING
    client, url = signed_in(house.officer), reverse("handling:check_reply", args=[reply.public_id])
    assert "盖章.pdf" in client.get(url).content.decode()
    assert client.post(url, {"result": "A", "class_1": "A"}).status_code == 302

    assert links(house.member, part.matter.get_absolute_url()) == {"答复.docx", "盖章.pdf"}


def test_on_screen_a_file_may_go_with_minutes_contacts_and_objections(house: House) -> None:
    house.now = timezone.now()
    part = signed(house, give(house))
    client = signed_in(house.clerk)
    today = timezone.localdate()
    contact = {"when": "before", "mode": "phone", "held_on": today, "persons": "林溪", "text": "已沟通"}
    url = reverse("handling:record_contact", args=[part.public_id])
    assert client.post(url, {**contact, "file": upload("签字表.pdf", made.pdf())}).status_code == 302
    objection = {"reason": "duty", "text": "不属本单位职责。", "approved_by": "方正"}
    url = reverse("handling:object", args=[part.public_id])
    assert client.post(url, {**objection, "file": upload("函.docx", made.docx())}).status_code == 422
    assert client.post(url, {**objection, "file": upload("函.pdf", made.pdf())}).status_code == 302
    row = part.objections.get()
    meeting = actions.call_coordination(
        row.assignment, meets_on=today, place="三楼", units=[house.other_unit], by=house.officer, now=timezone.now()
    )
    url = reverse("handling:rule_coordination", args=[meeting.public_id])
    held = {"held_on": today, "chair": "严明", "present": "两个单位", "ruling": "keep", "text": "由原单位办理。"}
    assert signed_in(house.officer).post(url, {**held, "file": upload("纪要.docx", made.docx())}).status_code == 302

    kept = part.attachments.order_by("pk").values_list("purpose", "name")
    assert list(kept) == [("contact", "签字表.pdf"), ("sheet", "函.pdf"), ("minutes", "纪要.docx")]
