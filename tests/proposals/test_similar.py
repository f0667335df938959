"""Similar proposals are shown while one writes, never what the writer may not see; a word list warns and keeps quiet."""

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members import keys
from members.choices import Role
from proposals import actions
from proposals.handling.models import Matter
from proposals.models import Proposal
from proposals.similar import similar_to
from tests.factories import appoint

from .conftest import TEXT, House
from .test_pages_thread import page_of, send, signed_in
from .test_reviewing import fresh

WORD = "云山雾罩工程"


def titled(title: str) -> Any:
    return replace(TEXT, title=title)


def whats(title: str, user: Any, **more: Any) -> list[str]:
    return [one.what for one in similar_to(title, user, **more)]


def test_staff_see_at_most_three_the_nearest_first(house: House, submitted) -> None:
    for words in ("社区养老床位", "增加养老床位", "养老床位补助", "养老床位监管", "老旧小区停车"):
        submitted(text=titled(f"关于{words}的建议"))

    found = whats("关于增加社区养老床位的建议", house.staff)

    assert found == ["关于社区养老床位的建议", "关于增加养老床位的建议", "关于养老床位监管的建议"]
    assert whats("关于湖", house.staff) == whats("", house.staff) == whats("关于的建议", house.staff) == []


def test_a_writer_sees_the_own_and_what_is_open_to_members(house: House, submitted) -> None:
    other = appoint(Role.MEMBER)
    foreign = submitted(by=other)
    title = "关于增加社区养老床位的建议"
    assert whats(title, house.member) == [] and whats(title, other, besides=foreign) == []
    assert whats(title, other) == [title]

    Matter.objects.filter(pk=foreign.matter_id).update(readers=[*fresh(foreign).matter.readers, keys.MEMBERS])

    assert whats(title, house.member) == [title]


def test_neither_drafts_nor_what_was_taken_back_nor_what_is_suspended(house: House, draft, submitted) -> None:
    draft()
    gone, hidden = submitted(), submitted()
    actions.withdraw(gone, reason="情况有变", by=house.member, now=house.later())
    Matter.objects.filter(pk=hidden.matter_id).update(access="suspended", readers=[keys.SUSPENDED])

    assert whats(TEXT.title, house.member) == whats(TEXT.title, house.staff) == []


def test_the_same_queries_for_one_and_for_three(house: House, submitted) -> None:
    costs = []
    for _ in range(2):
        submitted()
        with CaptureQueriesContext(connection) as asked:
            assert similar_to(TEXT.title, house.staff)
        costs.append(len(asked))
        submitted()

    assert costs[0] == costs[1]


def test_the_panel_stands_while_writing_and_at_the_desk(house: House, draft, submitted) -> None:
    old, proposal, member, staff = submitted(), draft(), signed_in(house.member), signed_in(house.staff)
    writing = page_of(member, f"/proposals/{proposal.public_id}/write/")
    assert "件相近的" in writing and old.get_absolute_url() in writing
    assert f'hx-get="/proposals/similar/?besides={proposal.public_id}"' in writing
    assert "件相近的" in page_of(member, f"/proposals/{proposal.public_id}/check/")

    fragment = staff.get("/proposals/similar/", {"title": TEXT.title}, HTTP_HX_REQUEST="true").content.decode()
    page = page_of(staff, f"/proposals/similar/?title={TEXT.title}")

    assert old.get_absolute_url() in fragment and "<html" not in fragment
    assert old.get_absolute_url() in page and "<html" in page
    assert "没有相近的提案" in page_of(staff, "/proposals/similar/?title=关于无人问津之事的建议&besides=nonsense")
    assert signed_in(house.officer).get("/proposals/similar/").status_code == 403


def test_the_registered_title_goes_into_the_draft(house: House) -> None:
    client = signed_in(house.staff)
    assert "data-save" in page_of(client, "/proposals/register/")

    where = send(client, "/proposals/register/", source="paper", title=TEXT.title, proposer=house.member.name)

    assert Proposal.objects.get().matter.title == TEXT.title and TEXT.title in page_of(client, where)


@pytest.fixture
def word_list(tmp_path: Path, settings: Any) -> Path:
    file = tmp_path / "words.txt"
    file.write_text(f"# 测试词表\n{WORD}\n\n", "utf-8")
    settings.WORD_LIST = str(file)
    return file


def test_a_listed_word_warns_and_does_not_block(house: House, draft, word_list: Path, caplog: Any) -> None:
    proposal, client = draft(text=replace(TEXT, situation="云山 雾罩工程进展。")), signed_in(house.member)

    with caplog.at_level(logging.DEBUG):
        page = page_of(client, f"/proposals/{proposal.public_id}/check/")
        send(client, f"/proposals/{proposal.public_id}/check/", consents="yes", not_secret="on", wished_units="")

    assert "“情况与问题”中有保密词表所列的词。涉密事项不得在本系统填写" in page
    assert Proposal.objects.get().submissions == 1
    assert "“情况与问题”中有保密词表" in page_of(signed_in(house.staff), f"/proposals/{proposal.public_id}/review/")
    assert WORD not in caplog.text and "雾罩" not in caplog.text


def test_saving_warns_too_and_names_the_suggestion(house: House, draft, word_list: Path) -> None:
    proposal, client = draft(), signed_in(house.member)
    text = {"title": "题目", "situation": "", "analysis": "", "suggestions": ["甲", f"推进{WORD}"], "pasted": ""}

    where = send(client, f"/proposals/{proposal.public_id}/write/", **text, version=str(proposal.version))

    assert "“建议 2”中有保密词表" in page_of(client, where)


def test_a_list_that_is_away_or_changed_is_noticed(house: House, draft, word_list: Path, caplog: Any) -> None:
    url, client = f"/proposals/{draft().public_id}/check/", signed_in(house.member)
    word_list.write_text("养老床位\n", "utf-8")
    assert "“案由”中有保密词表" in page_of(client, url)

    word_list.unlink()

    assert "保密词表" not in page_of(client, url)
    assert "the word list cannot be read" in caplog.text
