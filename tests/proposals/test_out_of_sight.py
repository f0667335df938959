"""A suspended proposal is in nobody's list, count, invitation or message; forged forms are no errors (S5, S11)."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from config.portal.models import SavedView
from members.choices import Role
from members.desk import work_of
from members.inbox.models import Message
from members.inbox.registry import render
from proposals import actions
from proposals.handling import actions as handling
from proposals.models import Proposal
from tests.factories import BodyFactory, appoint

from .conftest import TEXT, House
from .test_pages_thread import page_of, signed_in

NUL = "\x00"


def suspended(house: House, proposal: Proposal) -> None:
    handling.suspend(proposal.matter, reason="核查", by=house.staff, now=house.later())


def test_an_invitation_to_a_suspended_proposal_is_gone(house: House, draft) -> None:
    house.now = timezone.now()
    friend = appoint(Role.MEMBER)
    [row] = actions.invite(draft(), [friend], by=house.member, now=house.later())
    client, url = signed_in(friend), reverse("proposals:invitation", args=[row.public_id])
    pages = [reverse("portal:desk"), reverse("proposals:invitations"), reverse("inbox:list")]
    assert TEXT.title in page_of(client, pages[0])
    assert client.get(url).status_code == 200

    suspended(house, row.proposal)

    assert client.get(url).status_code == 404
    assert not any(TEXT.title in page_of(client, page) for page in pages)
    message = Message.objects.filter(recipient=friend, channel="inapp").get()
    assert render([(message.template, message.subject)], friend) == [None]


def test_a_suspended_proposal_is_not_counted_among_those_to_number(house: House, submitted) -> None:
    proposal = submitted()
    Proposal.objects.update(status="to_number")
    assert len(actions.waiting(house.session, "receipt")) == 1

    suspended(house, proposal)

    assert actions.waiting(house.session, "receipt") == []
    assert "待编号" not in {count.label for count in work_of(house.staff, house.now.date()).counts}
    assert TEXT.title not in page_of(signed_in(house.staff), "/proposals/numbering/")


def test_an_individual_proposal_has_no_organisation_page(house: House, draft) -> None:
    url = f"/proposals/{draft().public_id}/organisation/"
    client = signed_in(house.member)

    assert client.get(url).status_code == 404
    assert client.post(url, {"contact": "", "drafters": "", "signer": "", "approval": ""}).status_code == 404


@pytest.mark.parametrize("session", [NUL, "٢", "14-2' --", "9" * 4000])
def test_a_forged_session_is_the_present_one(house: House, session: str) -> None:
    client = signed_in(house.staff)

    assert client.get("/proposals/numbering/", {"session": session}).status_code == 200
    assert client.get("/proposals/plenary/", {"session": session}).status_code == 200
    forged = {"session": session, "order": "receipt", "expected": "1"}
    assert client.post("/proposals/numbering/", forged).status_code == 422


def test_a_unit_that_cannot_be_a_name_is_nobody(house: House, filed) -> None:
    unit = BodyFactory(name="市水利局测试")
    typed = {"way": "lead", "lead": unit.name, "others": "", "unit_1": NUL, "unit_2": unit.name + NUL}

    answer = signed_in(house.officer).post(f"/proposals/{filed().public_id}/allocation/", typed)

    assert answer.status_code == 302
    suggestions = Proposal.objects.get().matter.suggestions.order_by("number")
    assert [row.unit for row in suggestions] == [None, unit]


def test_a_saved_view_keeps_what_can_be_stored(house: House) -> None:
    client = signed_in(house.member)
    forged = {"name": f"视图{NUL}", "page": f"proposals:mine{NUL}", "query": f"q={NUL}", "once": str(uuid.uuid4())}

    assert client.post("/views/save/", forged).status_code == 302
    assert SavedView.objects.get().name == "视图"
    assert client.post("/views/drop/", forged).status_code == 302
    assert not SavedView.objects.exists()
