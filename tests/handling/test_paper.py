"""Acts on paper by whoever keeps the file (P1), and what is known inside a unit only."""

from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.errors import Refused
from members.inbox.models import Message
from members.models import Person
from proposals.handling import actions
from proposals.handling.attachments import attachment_for
from proposals.handling.models import Assignment
from proposals.handling.panels import panels_of
from tests.handling.conftest import House, give, part_of, reason, signed
from tests.uploads import made

SHEET = {"paper_who": "温良", "paper_sheet": "来函"}


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def waiting(house: House) -> Assignment:
    """A unit's part with an objection and an extension that nobody decided yet."""
    house.now = timezone.now() - timedelta(days=2)
    matter = give(house)
    part = signed(house, matter)
    actions.object_to(
        part, reason=reason("objection"), text="不属本单位职责。", approved_by="温良", suggested=None,
        by=house.clerk, now=house.later(),
    )  # fmt: skip
    due = part.obligations.get(stage="reply").due_on
    actions.ask_extension(part, to=due + timedelta(days=7), reason="调研未完", by=house.clerk, now=house.later())
    return part_of(matter, house.unit)


def test_a_unit_on_paper_takes_back_what_it_asked(house: House) -> None:
    part = waiting(house)
    objection, request = part.objections.get(), part.obligations.get(stage="reply").extension_requests.get()
    with pytest.raises(Refused, match="代其他单位登记"):
        actions.withdraw_objection(objection, by=house.officer, now=house.later())
    desk = signed_in(house.officer)
    today = timezone.localdate().isoformat()
    offered = [act.label for one in panels_of(house.officer, part.matter).requests for act in one.acts]
    assert offered.count("登记单位撤回（纸质）") == 2

    for name, row in (("withdraw_objection", objection), ("withdraw_extension", request)):
        url = reverse(f"handling:{name}", args=[row.public_id])
        scan = SimpleUploadedFile("来函.pdf", made.pdf(), "application/pdf")
        assert desk.post(url, {}).status_code == 422
        assert desk.post(url, {**SHEET, "paper_on": today, "paper_scan": scan}).status_code == 302

    objection.refresh_from_db()
    request.refresh_from_db()
    assert (objection.state, request.state) == ("withdrawn", "withdrawn")
    lines = [line for line in panels_of(house.clerk, part.matter).happenings if "撤回" in line.what]
    assert ["纸质办理" in line.note and "月" in line.note for line in lines] == [True, True]
    assert all(attachment_for(house.clerk, line.file_url.split("/")[-2]) for line in lines)
    theirs = panels_of(house.member, part.matter).happenings
    assert not any(line.file_url for line in theirs), "a proposer may not open the unit's sheet"


def test_a_ready_draft_is_told_to_the_clerk_and_to_nobody_outside(house: House) -> None:
    house.now = timezone.now() - timedelta(days=2)
    matter = give(house)
    part = signed(house, matter)
    actions.pass_inside(part, handler=house.handler, by=house.clerk, now=house.later())
    desk, url = signed_in(house.handler), reverse("handling:draft_reply", args=[part.public_id])

    saved = desk.post(url, {"opening": "初稿", "version": "0"}, follow=True)
    assert "还没有请联络员核对" in saved.content.decode()
    assert not matter.events.filter(verb="reply_drafted").exists()
    ready = desk.post(url, {"opening": "定稿", "version": "1", "ready": "1"}, follow=True)

    assert "已请本单位联络员核对" in ready.content.decode()
    told = Message.objects.filter(template="reply_drafted")
    assert set(told.values_list("recipient", flat=True)) == {house.clerk.pk}
    words = "写好答复稿，请联络员核对"
    readers = {
        person: words in [line.what for line in panels_of(person, matter).happenings]
        for person in (house.clerk, house.handler, house.staff, house.officer, house.member)
    }
    assert [person for person, reads in readers.items() if reads] == [house.clerk, house.handler]
