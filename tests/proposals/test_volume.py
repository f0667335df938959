"""The collected volume holds delivered replies, by chapter, as far as its reader may see (P16)."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.inbox.models import LongJob
from members.models import Body, Person
from proposals import actions
from proposals.handling import actions as handling
from proposals.handling.models import ResultClass
from proposals.models import Proposal
from proposals.volume import VOLUME, collected, contents_of, entries

from .conftest import House
from .test_pages_thread import send, signed_in
from .test_papers import made, words


@pytest.fixture
def given(house: House, filed: Callable[..., Proposal], clerk_unit: Body) -> Callable[..., Proposal]:
    """A proposal in the hands of the unit, with a draft of its reply that may be delivered."""
    clerk = clerk_unit.appointments.get().person

    def make(answer: str = "", *, deliver: bool = True, **kw: object) -> Proposal:
        proposal = filed(**kw)
        actions.allocate(proposal, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())
        actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())
        part = handling.sign_for(proposal.matter.assignments.get(), by=clerk, now=house.later())
        kind = ResultClass.objects.get(code="A", ends_on=None)
        points = {row.pk: handling.PointGiven(kind, answer) for row in proposal.matter.suggestions.all()}
        facts = {"result": kind, "no_contact_reason": "已书面征求", "doc_no": answer[:20]}
        reply = handling.draft_reply(part, facts, points, by=clerk, now=house.later())
        if deliver:
            handling.deliver_reply(reply, by=clerk, now=house.later())
        return proposal

    return make


def volume(house: House, by: Person, names: str = "all") -> str:
    send(signed_in(by), "/proposals/plenary/volume/", session=house.session.code, names=names)
    job = LongJob.objects.filter(kind=VOLUME).latest("pk")
    text = words(made(job, house))
    job.refresh_from_db()
    assert "校验码（SHA-256）" in job.result["sentence"]
    return text


def test_the_volume_has_chapters_contents_and_delivered_replies_only(
    house: House, given: Callable[..., Proposal], filed: Callable[..., Proposal]
) -> None:
    done, open_one = given("已经全部办好。"), given("还在拟稿中。", deliver=False)
    inside, waiting = given("内部答复。", internal=True), filed()

    text = volume(house, house.staff)

    assert text.count("社会建设") == 2 and text.count(done.matter.title) > 2
    for said in (
        "会议提案及答复汇编", "共 3 件", f"第{done.matter.number}号　{done.matter.title}", "提案者：林溪",
        "市民政局测试的答复", "已经全部办好。", f"第{open_one.matter.number}号", f"第{inside.matter.number}号　（内部）",
    ):  # fmt: skip
        assert said in text, said
    for hidden in ("还在拟稿中。", "内部答复。", f"第{waiting.matter.number}号"):
        assert hidden not in text, hidden


@pytest.mark.parametrize(("names", "stands"), [("all", True), ("agreed", True), ("none", False)])
def test_names_stand_in_it_as_the_office_chooses(
    house: House, given: Callable[..., Proposal], names: str, *, stands: bool
) -> None:
    given("已经办好。", consents=True)

    assert ("林溪" in volume(house, house.staff, names)) == stands


def test_who_did_not_agree_is_not_named_among_those_who_did(house: House, given: Callable[..., Proposal]) -> None:
    given("已经办好。", consents=False, consent_reason="涉及商谈。")

    assert "林溪" not in volume(house, house.staff, "agreed")


def test_suspended_it_is_made_without_the_matter_and_the_file_is_taken_back(
    house: House, given: Callable[..., Proposal]
) -> None:
    kept, gone = given("已经办好。"), given("不该外传。")
    volume(house, house.staff)
    handling.suspend(gone.matter, reason="保密核查", by=house.staff, now=house.later())
    assert LongJob.objects.get(kind=VOLUME).file == ""

    text = volume(house, house.staff)

    assert "不该外传。" not in text and f"第{gone.matter.number}号" not in text
    assert f"第{kept.matter.number}号" in text
    assert signed_in(house.officer).get("/proposals/plenary/volume/").status_code == 403


def test_it_costs_the_same_queries_for_one_proposal_and_for_three(house: House, given: Callable[..., Proposal]) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as asked:
            list(entries(list(contents_of(collected(house.session, house.staff))), "all"))
        return len(asked)

    given("一。")
    one = cost()
    given("二。"), given("三。")

    assert cost() == one
