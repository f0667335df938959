"""Pages refuse in plain words, lose nothing that was typed, and show nobody what is not his."""

import io
import re
import uuid
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.utils import timezone

from members.choices import Role
from members.models import Body
from proposals import actions
from proposals.handling import clocks
from proposals.models import Proposal, Status
from tests.factories import appoint

from .conftest import TEXT, House, category, reason
from .test_pages_thread import page_of, signed_in

MARK = "绝无仅有的词句"


def typed(**more: Any) -> dict[str, Any]:
    return {"title": "题目", "situation": "情况", "analysis": "", "suggestions": ["甲"], "pasted": "", **more}


def test_a_draft_is_found_by_nobody_else(house: House, draft) -> None:
    proposal = draft()
    others = [house.staff, house.officer, appoint(Role.MEMBER), appoint(Role.UNIT_CLERK)]

    for person in others:
        for part in ("", "write/", "check/", "cosigners/", "review/", "discard/", "withdraw/"):
            answer = signed_in(person).get(f"/proposals/{proposal.public_id}/{part}")
            assert answer.status_code in (403, 404), (person, part)
            assert TEXT.title not in answer.content.decode()


def test_nobody_is_sent_to_the_sign_in(house: House, draft) -> None:
    answer = Client().get(f"/proposals/{draft().public_id}/write/")

    assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/accounts/login/")


def test_the_autosave_answers_with_the_new_version(house: House, draft) -> None:
    proposal = draft()

    answer = signed_in(house.member).post(f"/proposals/{proposal.public_id}/autosave/", typed(version=proposal.version))

    assert (answer.status_code, answer.json()) == (200, {"version": proposal.version + 1})


def test_a_stale_tab_gets_both_texts(house: House, draft) -> None:
    proposal, client = draft(), signed_in(house.member)
    client.post(f"/proposals/{proposal.public_id}/autosave/", typed(version=proposal.version, analysis=MARK))

    saved = client.post(f"/proposals/{proposal.public_id}/autosave/", typed(version=proposal.version))
    shown = client.post(f"/proposals/{proposal.public_id}/write/", typed(version=proposal.version, situation="我写的"))

    assert (saved.status_code, shown.status_code) == (409, 409)
    assert MARK in shown.content.decode() and "我写的" in shown.content.decode()
    assert Proposal.objects.get(pk=proposal.pk).analysis == MARK


def test_a_double_click_submits_once(house: House, draft) -> None:
    proposal, client = draft(), signed_in(house.member)
    url = f"/proposals/{proposal.public_id}/check/"
    found = re.search(r'name="once" value="([^"]+)"', page_of(client, url))
    assert found
    data = {"once": found[1], "consents": "yes", "not_secret": "on", "wished_units": "", "consent_reason": ""}

    first, second = client.post(url, data), client.post(url, data)

    assert first.status_code == 302
    assert second.status_code in (302, 404)
    assert Proposal.objects.get().submissions == 1


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"not_secret": ""}, "国家秘密"),
        ({"not_secret": "on", "consents": "no", "consent_reason": ""}, "请写明理由"),
        ({"not_secret": "on", "wished_units": "没有这个单位"}, "没有找到单位"),
        ({"not_secret": "on", "consents": "maybe"}, "是否同意公开"),
    ],
)
def test_a_refused_submission_says_why_and_keeps_what_was_typed(
    house: House, draft, more: dict[str, str], sentence: str
) -> None:
    proposal = draft()
    data = {"consents": "yes", "wished_units": "", "consent_reason": "", **more}

    answer = signed_in(house.member).post(f"/proposals/{proposal.public_id}/check/", data)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert Proposal.objects.get().status == Status.DRAFT


@pytest.mark.parametrize(
    "rare",
    [
        "𠮷䶮",
        "😀\U0001f468\u200d\U0001f469",
        "<script>alert(1)</script>",
        "=cmd|' /C calc'!A0",
        "' OR 1=1 --",
    ],
)
def test_whatever_is_typed_comes_back_as_it_is(house: House, draft, rare: str) -> None:
    proposal, client = draft(), signed_in(house.member)

    client.post(f"/proposals/{proposal.public_id}/write/", typed(version=proposal.version, title=rare, situation=rare))

    proposal = Proposal.objects.select_related("matter").get()
    assert (proposal.matter.title, proposal.situation) == (rare, rare)
    assert "<script>alert" not in page_of(client, f"/proposals/{proposal.public_id}/")


def test_signs_that_turn_a_title_about_are_taken_out(house: House, draft) -> None:
    proposal = draft()
    words = {"title": "\u202e反\u202c", "situation": "正\u200b文"}

    signed_in(house.member).post(f"/proposals/{proposal.public_id}/write/", typed(version=proposal.version, **words))

    proposal = Proposal.objects.select_related("matter").get()
    assert (proposal.matter.title, proposal.situation) == ("反", "正文")


def test_too_much_text_is_refused_in_words(house: House, draft) -> None:
    proposal = draft()

    answer = signed_in(house.member).post(
        f"/proposals/{proposal.public_id}/write/", typed(version=proposal.version, situation="长" * 30_000)
    )

    assert answer.status_code == 422
    assert "文字太长" in answer.content.decode()


@pytest.mark.parametrize(
    "part", ["", "write/", "review/", "file/", "merge/", "allocation/", "confirm-text/", "withdraw/"]
)
def test_a_forged_id_is_not_found(house: House, part: str) -> None:
    for person in (house.staff, house.officer, house.member):
        assert signed_in(person).get(f"/proposals/{uuid.uuid4()}/{part}").status_code in (403, 404)


def test_a_forged_row_hands_over_nothing(house: House) -> None:
    answer = signed_in(house.officer).post("/proposals/hand-over/", {"row": ["nonsense", str(uuid.uuid4())]})

    assert answer.status_code == 422


def test_what_a_colleague_decided_meanwhile_is_said(house: House, submitted) -> None:
    proposal, client = submitted(), signed_in(house.staff)
    page_of(client, f"/proposals/{proposal.public_id}/file/")
    actions.claim(proposal, by=house.colleague, now=house.later())

    answer = client.post(f"/proposals/{proposal.public_id}/file/", {"category": category().public_id, "unit_title": ""})

    assert answer.status_code == 422
    assert "江南正在审查" in answer.content.decode()


def test_an_invitation_changes_nothing_when_opened_and_asks_again_when_the_text_changed(house: House, draft) -> None:
    friend = appoint(Role.MEMBER)
    proposal = draft()
    [row] = actions.invite(proposal, [friend], by=house.member, now=house.later())
    clocks.open_for(matter=proposal.matter, stage="cosign").update(due_on=timezone.localdate())
    client, url = signed_in(friend), f"/proposals/invitations/{row.public_id}/"
    assert TEXT.situation in page_of(client, url)
    row.refresh_from_db()
    assert row.state == "invited"

    answer = client.post(url, {"shown_hash": "0" * 64, "agrees": "yes"})

    assert answer.status_code == 409
    row.refresh_from_db()
    assert row.state == "invited"
    assert signed_in(appoint(Role.MEMBER)).get(url).status_code == 404


def test_staff_read_the_text_last_handed_in_while_it_is_being_changed(house: House, submitted) -> None:
    proposal = submitted()
    actions.send_back(proposal, reason=reason("return", "facts"), text="补充", by=house.staff, now=house.later())
    signed_in(house.member).post(
        f"/proposals/{proposal.public_id}/write/", typed(version=proposal.version, situation=MARK)
    )

    url = f"/proposals/{proposal.public_id}/"
    assert MARK in page_of(signed_in(house.member), url)
    assert MARK not in page_of(signed_in(house.staff), url)
    assert TEXT.situation in page_of(signed_in(house.staff), url)


def test_the_export_holds_what_the_list_shows(house: House, filed, submitted) -> None:
    filed()
    submitted()

    answer = signed_in(house.staff).get("/proposals/?stage=filed&export=xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(answer.getvalue())).active

    assert sheet is not None
    rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert len([row for row in rows if TEXT.title in row]) == 1


def test_a_main_proposal_is_named_by_number_or_receipt(house: House, filed, submitted) -> None:
    main, first, second = filed(), submitted(), submitted()
    client = signed_in(house.staff)

    by_number = client.post(f"/proposals/{first.public_id}/merge/", {"main": "第1号", "text": ""})
    by_receipt = client.post(f"/proposals/{second.public_id}/merge/", {"main": main.receipt, "text": ""})
    nothing = client.post(f"/proposals/{main.public_id}/merge/", {"main": "999", "text": ""})

    assert (by_number.status_code, by_receipt.status_code, nothing.status_code) == (302, 302, 422)
    assert main.matter.followers.count() == 2


def test_lines_that_take_names_offer_them(house: House, submitted, clerk_unit: Body) -> None:
    waiting = submitted()
    client = signed_in(house.staff)

    assert house.member.name in page_of(client, f"/proposals/{waiting.public_id}/cosign-on-paper/")
    assert house.member.name in page_of(client, "/proposals/register/")
    assert clerk_unit.name in page_of(client, "/proposals/placeholder/")
