"""A declined proposal goes another way with its proposer's consent, and the proposer hears what became of it (P11)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.registry import Rendered, render
from members.models import Person
from proposals import actions as proposing
from proposals.handling import clocks
from proposals.handling.actions import suspend
from proposals.handling.models import Obligation
from proposals.models import Status
from proposals.queries import figures
from proposals.reports import actions
from proposals.reports.models import Opinion, Referral
from tests.factories import appoint
from tests.proposals.conftest import House
from tests.proposals.test_reviewing import fresh, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def opinion(house: House, submitted) -> Opinion:
    proposing.turn(submitted(), consent="3月5日电话同意", text="", by=house.staff, now=house.later())
    return Opinion.objects.select_related("matter").get()


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_recorded_passed_on_answered_and_told(house: House, opinion: Opinion) -> None:
    matter = opinion.matter
    [clock] = clocks.open_for(matter=matter)
    assert clock.due_on == date(2026, 4, 3)
    staff, member = signed_in(house.staff), signed_in(house.member)
    page = staff.get(opinion.get_absolute_url()).content.decode()
    assert (
        opinion.text.splitlines()[0] in page
        and "转送单位" in page
        and "3月5日" not in member.get(opinion.get_absolute_url()).content.decode()
    )

    actions.pass_on(opinion, to="市民政局", by=house.staff, now=house.later())
    assert [row.stage for row in clocks.open_for(matter=matter)] == ["opinion"]
    assert told(house.member)[-1] == "opinion_passed"

    actions.answer(
        opinion,
        text="已列入明年床位建设计划。",
        on=house.now.date() + timedelta(days=10),
        by=house.staff,
        now=house.later() + timedelta(days=12),
    )
    opinion.refresh_from_db()
    matter.refresh_from_db()
    assert (opinion.status, opinion.answered_by, matter.stage, matter.is_closed) == (
        "answered",
        "市民政局",
        "closed",
        True,
    )
    clock = Obligation.objects.get(stage="opinion")
    assert (clock.status, timezone.localdate(clock.done_at), clock.next_at) == ("done", date(2026, 3, 14), None)
    assert told(house.member)[-1] == "opinion_answered"
    page = member.get(opinion.get_absolute_url()).content.decode()
    assert "已列入明年床位建设计划。" in page and "市民政局答复" in page and "转市民政局研究" in page
    assert list(matter.events.order_by("seq").values_list("verb", flat=True)) == [
        "opinion_received", "opinion_passed", "opinion_answered",
    ]  # fmt: skip
    with pytest.raises(WrongStep, match="已经答复"):
        actions.answer(opinion, text="再答", by=house.staff, now=house.later() + timedelta(days=13))
    with pytest.raises(WrongStep, match="已经答复"):
        actions.pass_on(opinion, to="市财政局", by=house.staff, now=house.later() + timedelta(days=13))


def test_the_pages_of_the_office(house: House, opinion: Opinion) -> None:
    opinion.received_at = timezone.now() - timedelta(days=3)
    opinion.save()
    staff = signed_in(house.staff)
    at = [opinion.matter.public_id]
    today = timezone.localdate()

    sent = staff.post(reverse("reports:pass_on", args=at), {"passed_to": "市民政局", "passed_on": f"{today}"})
    assert (sent.status_code, Opinion.objects.get().passed_to) == (302, "市民政局")
    early = {"answered_by": "", "answer": "已答。", "answered_on": f"{today - timedelta(days=9)}"}
    refused = staff.post(reverse("reports:answer_opinion", args=at), early)
    assert refused.status_code == 422 and "日期不能早于登记日期" in refused.content.decode()
    assert (
        staff.post(reverse("reports:answer_opinion", args=at), {**early, "answered_on": f"{today}"}).status_code == 302
    )
    assert Opinion.objects.get().status == "answered"
    assert "答复意见建议" not in staff.get(opinion.get_absolute_url()).content.decode()


def test_who_reads_and_who_may_act(house: House, opinion: Opinion) -> None:
    keeper, other = appoint(Role.REPORT_STAFF), appoint(Role.MEMBER)
    at = [opinion.matter.public_id]
    url = opinion.get_absolute_url()

    assert [signed_in(who).get(url).status_code for who in (house.staff, keeper, house.member, other, house.officer)] == [
        200, 200, 200, 404, 404,
    ]  # fmt: skip
    assert opinion.matter.title in signed_in(house.member).get(reverse("reports:opinions")).content.decode()
    assert opinion.matter.title not in signed_in(other).get(reverse("reports:opinions")).content.decode()
    assert signed_in(house.member).get(reverse("reports:answer_opinion", args=at)).status_code == 403
    assert signed_in(keeper).get(reverse("reports:answer_opinion", args=at)).status_code == 200
    assert "待办意见建议" in signed_in(house.staff).get(reverse("portal:desk")).content.decode()


def test_of_the_own_opinion_colleagues_are_the_office(house: House, opinion: Opinion) -> None:
    appoint(Role.PROPOSAL_STAFF, person=house.member)

    with pytest.raises(Refused, match="的反映人，请由其他同事办理"):
        actions.answer(opinion, text="已答。", by=house.member, now=house.later())

    url, page = reverse("reports:answer_opinion", args=[opinion.matter.public_id]), opinion.get_absolute_url()
    assert [url in signed_in(who).get(page).content.decode() for who in (house.staff, house.member)] == [True, False]


def test_an_answer_and_a_unit_are_not_empty_and_nothing_moves_while_suspended(house: House, opinion: Opinion) -> None:
    with pytest.raises(Refused, match="转送的单位"):
        actions.pass_on(opinion, to=" ", by=house.staff, now=house.later())
    with pytest.raises(Refused, match="答复内容"):
        actions.answer(opinion, text=" ", by=house.staff, now=house.later())
    suspend(opinion.matter, reason="疑似涉密", by=house.staff, now=house.later())
    with pytest.raises(WrongStep, match="保密核查"):
        actions.answer(opinion, text="已答。", by=house.staff, now=house.later())
    assert signed_in(house.member).get(opinion.get_absolute_url()).status_code == 404


def test_it_goes_out_of_sight_with_the_proposal_it_came_from(house: House, opinion: Opinion) -> None:
    actions.pass_on(opinion, to="市民政局", by=house.staff, now=house.later())
    told_of = ("opinion_passed", {"matter": str(opinion.matter.public_id)})
    [said] = render([told_of], house.member)
    assert isinstance(said, Rendered) and opinion.matter.title in said.title
    assert opinion.origin is not None

    suspend(opinion.origin, reason="疑似涉密", by=house.staff, now=house.later())

    assert signed_in(house.member).get(opinion.get_absolute_url()).status_code == 404
    assert opinion.matter.title not in signed_in(house.staff).get(reverse("reports:opinions")).content.decode()
    assert render([told_of], house.member) == [None]


def test_the_list_costs_the_same_for_one_and_for_many(house: House, submitted) -> None:
    client = signed_in(house.staff)

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as caught:
            assert client.get(reverse("reports:opinions")).status_code == 200
        return len(caught)

    proposing.turn(submitted(), consent="同意", text="", by=house.staff, now=house.later())
    queries()
    one = queries()
    for _ in range(4):
        proposing.turn(submitted(), consent="同意", text="", by=house.staff, now=house.later())
    assert queries() == one <= 12


def test_turned_into_a_lead_that_report_staff_see(house: House, submitted) -> None:
    proposal = submitted()
    client = signed_in(house.staff)
    page = f"{proposal.get_absolute_url()}turn/"
    assert "转社情民意线索" in client.get(page).content.decode()
    assert client.post(page, {"way": "lead", "consent": "", "text": ""}).status_code == 422

    assert client.post(page, {"way": "lead", "consent": "电话同意", "text": ""}).status_code == 302

    proposal = fresh(proposal)
    lead = Referral.objects.get()
    assert (proposal.status, proposal.matter.stage, lead.kind, lead.consent) == (
        Status.REPORTED, "reported", "lead", "电话同意",
    )  # fmt: skip
    assert not clocks.open_for(matter=proposal.matter).exists()
    assert told(house.member)[-1] == "proposal_reported"
    keeper = signed_in(appoint(Role.REPORT_STAFF))
    listed = keeper.get(reverse("reports:leads")).content.decode()
    assert proposal.matter.title in listed and house.member.name not in listed
    assert keeper.get(proposal.get_absolute_url()).status_code == 404
    assert signed_in(house.member).get(reverse("reports:leads")).status_code == 403
    assert "社情民意线索" in signed_in(house.member).get(proposal.get_absolute_url()).content.decode()


def test_passed_to_a_higher_committee_with_its_day(house: House, submitted) -> None:
    proposal = submitted()
    more: dict[str, Any] = {"consent": "书面同意", "text": "", "by": house.staff, "way": "higher"}
    with pytest.raises(Refused, match="哪一级政协"):
        proposing.turn(proposal, now=house.later(), **more)
    with pytest.raises(Refused, match="晚于今天"):
        proposing.turn(proposal, to="省政协", on=house.now.date() + timedelta(days=1), now=house.later(), **more)

    proposing.turn(proposal, to="省政协提案委", on=date(2026, 3, 2), now=house.later(), **more)

    assert (fresh(proposal).status, told(house.member)[-1]) == (Status.PASSED_UP, "proposal_passed_up")
    page = signed_in(house.member).get(proposal.get_absolute_url()).content.decode()
    assert "转送省政协提案委" in page and "3月2日" in page
    assert figures(house.session, house.staff).total["passed"] == 1
    assert not Referral.objects.visible_to(appoint(Role.REPORT_STAFF)).exists()
