"""Proposals handled together: they end, begin again and go to the archive together; one may still leave."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from members.choices import Role
from members.errors import Refused, WrongStep
from members.models import Body, Person
from proposals import actions
from proposals.handling import actions as handling
from proposals.handling import clocks
from proposals.handling.actions import Paper, PointGiven
from proposals.handling.models import Assignment, Matter, Policy, Reply, ReplyPoint, ResultClass
from proposals.handling.panels import panels_of
from proposals.handling.queries import evaluators, labels_of, suggestions_of
from proposals.models import Proposal, Status
from proposals.queries import figures
from tests.factories import BodyFactory, appoint

from .conftest import NOW, House, category, reason
from .test_handing_over import shares
from .test_reviewing import fresh, running, told, verbs

pytestmark = pytest.mark.django_db


@pytest.fixture
def other() -> Person:
    return appoint(Role.MEMBER, name="白露")


@pytest.fixture
def pair(house: House, filed, draft, other: Person) -> tuple[Proposal, Proposal]:
    """A main proposal of the house's member and one of another member that was merged into it."""
    main = filed()
    follower = actions.submit(draft(by=other), not_secret=True, by=other, now=house.later())
    actions.merge(follower, main, text="内容相同", by=house.staff, now=house.later())
    return fresh(main), fresh(follower)


def given(house: House, main: Proposal, unit: Body, *others: Body) -> Assignment:
    """The main proposal in the hands of its unit, signed for."""
    actions.allocate(main, shares(unit, *others), by=house.officer, now=house.later())
    actions.hand_over([main], session=house.session, by=house.officer, now=house.later())
    part = Assignment.objects.get(matter=main.matter, unit=unit)
    return handling.sign_for(part, by=clerk_of(unit), now=house.later())


def clerk_of(unit: Body) -> Person:
    person: Person = unit.appointments.get(role=Role.UNIT_CLERK).person
    return person


def replied(house: House, part: Assignment) -> None:
    result = ResultClass.objects.get(code="A")
    points = {row.pk: PointGiven(result, "已办理。") for row in suggestions_of(part.matter)}
    fields = {"result": result, "no_contact_reason": "提案者在外地"}
    reply = handling.draft_reply(part, fields, points, by=clerk_of(part.unit), now=house.later())
    handling.deliver_reply(reply, by=clerk_of(part.unit), now=house.later())


def rated_by_all(house: House, part: Assignment) -> None:
    row = part.evaluation_rounds.get(round=part.round)
    for participant in evaluators(part.matter):
        assert participant.person is not None
        handling.evaluate(
            row, participant, work="satisfied", result="satisfied", by=participant.person, now=house.later()
        )


def states(*rows: Proposal) -> list[tuple[str, str, bool]]:
    return [(row.status, row.matter.stage, row.matter.closed_at is not None) for row in map(fresh, rows)]


def test_they_close_begin_again_and_are_archived_together(
    house: House, pair, other: Person, clerk_unit: Body, client: Client
) -> None:
    main, follower = pair
    head = appoint(Role.UNIT_HEAD, clerk_unit)
    part = given(house, main, clerk_unit)
    replied(house, part)
    rated_by_all(house, part)
    assert states(main, follower) == [("closed", "closed", True)] * 2
    assert told(other)[-1] == "closed"
    newest = panels_of(other, fresh(follower).matter).happenings[0]
    assert newest.what == f"随主案{main.matter.label}办结"

    again = handling.reopen(part, reason="迟到的不满意评价", by=house.staff, now=house.later())
    assert states(main, follower) == [("assigned", "rehandling", False), ("merged", "merged", False)]
    assert (told(other)[-1], told(house.member)[-1], told(head)[-1]) == ("reopened", "reopened", "rehandling")
    assert told(clerk_of(clerk_unit))[-1] == "rehandling"

    replied(house, again)
    rated_by_all(house, again)
    assert states(main, follower) == [("closed", "closed", True)] * 2
    with pytest.raises(WrongStep, match="请在主案上归档"):
        actions.archive(follower, by=house.staff, now=house.later())
    client.force_login(house.staff)
    assert f"{follower.get_absolute_url()}archive/" not in client.get(follower.get_absolute_url()).content.decode()
    assert f"{main.get_absolute_url()}archive/" in client.get(main.get_absolute_url()).content.decode()

    actions.archive(fresh(main), by=house.staff, now=house.later())
    assert states(main, follower) == [("archived", "archived", True)] * 2
    assert verbs(follower)[-3:] == ["main_reopened", "main_closed", "main_archived"]

    handling.reopen(Assignment.objects.get(pk=part.pk), reason="上级来函", by=house.staff, now=house.later())
    assert states(main, follower) == [("assigned", "rehandling", False), ("merged", "merged", False)]


@pytest.mark.parametrize("number_at", ["run", "filing"])
def test_unmerged_it_goes_on_where_it_stood(house: House, submitted, number_at: str) -> None:
    Policy.objects.create(code="number_at", value=number_at, starts_on=NOW.date() - timedelta(days=1))
    house.session.submissions_close_at = None
    house.session.save()
    main, follower = (
        actions.file(submitted(), category=category(), by=house.staff, now=house.later()) for _ in range(2)
    )
    stood = fresh(follower).status
    clock = running(follower)
    actions.merge(follower, main, text="", by=house.staff, now=house.later())
    assert (fresh(follower).status, running(follower)) == (Status.MERGED, [])

    actions.unmerge(follower, reason="并错了", by=house.staff, now=house.later())

    assert stood == (Status.TO_NUMBER if number_at == "run" else Status.FILED)
    assert (fresh(follower).status, running(follower)) == (stood, clock)
    assert verbs(follower)[-1] == "unmerged"


def test_not_unmerged_once_units_have_it(house: House, pair, clerk_unit: Body, client: Client) -> None:
    main, follower = pair
    given(house, main, clerk_unit)

    with pytest.raises(WrongStep, match="已经交办"):
        actions.unmerge(follower, reason="并错了", by=house.staff, now=house.later())
    client.force_login(house.staff)
    assert f"{follower.get_absolute_url()}unmerge/" not in client.get(follower.get_absolute_url()).content.decode()


def test_a_cosigner_of_a_follower_reads_and_rates_the_reply_too(
    house: House, filed, draft, other: Person, clerk_unit: Body
) -> None:
    third = appoint(Role.MEMBER, name="顾山")
    follower = draft(by=other)
    [invited] = actions.invite(follower, [third], by=other, now=house.later())
    actions.answer_invitation(invited, agrees=True, shown_hash=invited.text_hash, by=third, now=house.later())
    follower = actions.submit(follower, not_secret=True, by=other, now=house.later())
    main = filed()
    actions.merge(follower, main, text="", by=house.staff, now=house.later())

    part = given(house, main, clerk_unit)
    replied(house, part)

    holders = clocks.open_for(matter=main.matter, stage="evaluation").values_list("holder_person__name", flat=True)
    assert sorted(holders) == sorted([house.member.name, "白露", "顾山"])
    assert told(third)[-1] == "replied"


def test_one_party_leaves_and_the_others_go_on(
    house: House, pair, other: Person, clerk_unit: Body, client: Client
) -> None:
    main, follower = pair
    part = given(house, main, clerk_unit)
    first, last = suggestions_of(main.matter)[0], suggestions_of(main.matter)[-1]
    result = ResultClass.objects.get(code="A")
    draft = handling.draft_reply(
        part,
        {"result": result},
        {last.pk: PointGiven(result, "同意。"), first.pk: PointGiven(None, "", last)},
        by=clerk_of(clerk_unit),
        now=house.later(),
    )
    client.force_login(other)
    page = f"{follower.get_absolute_url()}withdraw/"
    assert client.post(page, {"reason": "情况已变化"}).status_code == 302

    assert states(main, follower) == [("assigned", "handling", False), ("withdrawn", "withdrawn", True)]
    assert not ReplyPoint.objects.filter(reply=draft, suggestion=last).exists()
    assert ReplyPoint.objects.get(reply=draft, suggestion=first).same_as is None
    assert (verbs(main)[-1], told(clerk_of(clerk_unit))[-1]) == ("part_withdrawn", "proposal_part_withdrawn")
    assert not Matter.objects.visible_to(other).filter(pk=main.matter_id).exists()
    assert running(main) == ["first_contact", "objection_window", "reply"]

    replied(house, part)
    with pytest.raises(WrongStep, match="已经答复"):
        actions.withdraw(main, reason="不办了", by=house.staff, now=house.later())


@pytest.mark.parametrize("leaves", ["main", "follower"])
def test_whoever_handles_merged_proposals_learns_which_one_leaves(
    house: House, pair, other: Person, clerk_unit: Body, leaves: str
) -> None:
    """Both offices and the unit; the proposers who stay hear of it from none but the timeline."""
    main, follower = pair
    given(house, main, clerk_unit)
    everybody = [house.staff, house.colleague, house.director, house.officer, clerk_of(clerk_unit), house.member, other]
    before = {person.pk: len(told(person)) for person in everybody}
    gone = main if leaves == "main" else follower

    actions.withdraw(gone, reason="情况已变化", by=house.staff, now=house.later())

    news = {person.name: told(person)[before[person.pk] :] for person in everybody}
    both = ["proposal_withdrawn"]
    first = {house.member.name: both, other.name: []} if leaves == "main" else {house.member.name: [], other.name: both}
    assert news == {
        **first,
        house.staff.name: [],
        house.colleague.name: both,
        house.director.name: both,
        house.officer.name: ["proposal_part_withdrawn"],
        clerk_of(clerk_unit).name: ["proposal_part_withdrawn"],
    }


def test_one_that_others_were_merged_into_is_not_recalled(house: House, submitted, draft, other: Person) -> None:
    main = submitted()
    follower = actions.submit(draft(by=other), not_secret=True, by=other, now=house.later())
    actions.merge(follower, main, text="内容相同", by=house.staff, now=house.later())
    assert fresh(main).status == Status.SUBMITTED

    with pytest.raises(WrongStep, match="有提案并入本案，不能再撤回修改"):
        actions.recall(main, by=house.member, now=house.later())
    with pytest.raises(WrongStep):
        actions.recall(follower, by=other, now=house.later())

    assert states(main, follower)[0][0] == Status.SUBMITTED
    assert "recalled" not in [*verbs(main), *verbs(follower)]


def test_the_main_ones_proposers_leave_and_its_followers_are_answered(
    house: House, pair, other: Person, clerk_unit: Body, client: Client
) -> None:
    main, _ = pair
    main.matter.participants.create(body=BodyFactory(), role="organisation", order=1)
    with pytest.raises(Refused, match="先取消并案"):
        actions.withdraw(main, reason="情况已变化", by=house.staff, now=house.later())
    part = given(house, main, clerk_unit)

    client.force_login(house.staff)
    sheet = {"reason": "情况已变化", "who": "林溪", "on": "2026-03-04", "sheet": "撤案申请书"}
    page = client.post(f"{main.get_absolute_url()}withdraw/", sheet, follow=True).content.decode()
    assert "并入的提案继续办理。" in page and "本案提案者已撤案" in page

    assert states(main) == [("assigned", "handling", False)]
    assert main.matter.events.get(verb="main_withdrawn").on_paper
    assert running(main) == ["first_contact", "objection_window", "reply"]
    assert (told(house.member)[-1], told(clerk_of(clerk_unit))[-1]) == ("proposal_withdrawn", "proposal_part_withdrawn")
    assert Matter.objects.visible_to(house.member).filter(pk=main.matter_id).exists()
    replied(house, part)
    assert told(other)[-1] == "replied" != told(house.member)[-1]
    rated_by_all(house, part)
    assert states(main) == [("closed", "closed", True)]


def test_every_suggestion_has_one_name_in_form_refusal_and_reply(
    house: House, pair, other: Person, clerk_unit: Body, client: Client
) -> None:
    main, follower = pair
    rows = suggestions_of(main.matter)
    assert [row.matter_id for row in rows] == [main.matter_id] * 2 + [follower.matter_id] * 2
    assert list(labels_of(rows).values()) == ["第1件第1条", "第1件第2条", "第2件第1条", "第2件第2条"]
    assert list(labels_of(rows[:2]).values()) == ["第1条", "第2条"]
    part = given(house, main, clerk_unit)
    client.force_login(clerk_of(clerk_unit))

    page = client.get(reverse("handling:draft_reply", args=[part.public_id])).content.decode()
    assert "答复第2件第1条" in page and "同第1件第2条" in page and follower.matter.label in page

    result = ResultClass.objects.get(code="A")
    points = {rows[0].pk: PointGiven(result, "已办理。"), rows[2].pk: PointGiven(None, "", rows[0])}
    fields = {"result": result, "no_contact_reason": "提案者在外地"}
    reply = handling.draft_reply(part, fields, points, by=clerk_of(clerk_unit), now=house.later())
    with pytest.raises(Refused, match="没有答复：第1件第2条、第2件第2条。"):
        handling.deliver_reply(reply, by=clerk_of(clerk_unit), now=house.later())

    points |= {rows[1].pk: PointGiven(result, "列入计划。"), rows[3].pk: PointGiven(None, "", rows[1])}
    reply = handling.draft_reply(part, fields, points, by=clerk_of(clerk_unit), now=house.later())
    handling.deliver_reply(reply, by=clerk_of(clerk_unit), now=house.later())
    [shown] = panels_of(other, fresh(main).matter).replies
    assert [(answer.suggestion[:6], answer.text) for answer in shown.answers] == [
        ("第1件第1条", "已办理。"),
        ("第1件第2条", "列入计划。"),
        ("第2件第1条", "同第1件第1条"),
        ("第2件第2条", "同第1件第2条"),
    ]


def test_a_named_unit_reads_which_suggestion_is_its_own(house: House, filed, clerk_unit: Body, client: Client) -> None:
    from proposals.papers import packets
    from tests.handling.factories import unit as new_unit

    second = new_unit("市财政局测试")
    proposal = filed()
    actions.allocate(
        proposal,
        [actions.Share(clerk_unit, "split"), actions.Share(second.body, "split")],
        suggestions={2: second.body},
        by=house.officer,
        now=house.later(),
    )
    client.force_login(house.member)
    assert "市财政局测试研究" not in client.get(proposal.get_absolute_url()).content.decode()
    actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())
    first, other = Assignment.objects.order_by("pk")
    words = "（由市财政局测试研究）"

    assert words in client.get(proposal.get_absolute_url()).content.decode()
    client.force_login(second.clerk)
    assert words in client.get(reverse("handling:part", args=[other.public_id])).content.decode()
    assert words in packets([other])[0].sheets[0].suggestions[1]

    handling.sign_for(first, by=clerk_of(clerk_unit), now=house.later())
    result = ResultClass.objects.get(code="A")
    [own, _] = suggestions_of(proposal.matter)
    reply = handling.draft_reply(
        first,
        {"result": result, "no_contact_reason": "提案者在外地"},
        {own.pk: PointGiven(result, "已办理。")},
        by=clerk_of(clerk_unit),
        now=house.later(),
    )
    handling.deliver_reply(reply, by=clerk_of(clerk_unit), now=house.later())
    assert Reply.objects.get().state == "delivered"

    handling.sign_for(other, by=second.clerk, now=house.later())
    client.force_login(second.clerk)
    form = client.get(reverse("handling:draft_reply", args=[other.public_id])).content.decode()
    assert words in form and "答复第1条" in form and "答复第2条" in form


def test_the_plenary_figures_equal_a_table_counted_by_hand(
    house: House, submitted: Callable[..., Proposal], filed, draft, pair, clerk_unit: Body
) -> None:
    main, _ = pair  # 1 filed in 社会建设, 1 merged without a category
    filed()  # filed in 社会建设
    submitted()  # only received
    actions.decline(
        submitted(), ground=reason("decline", "empty"), text="过于笼统。", by=house.staff, now=house.later()
    )
    actions.turn(submitted(), consent="电话同意", text="", by=house.staff, now=house.later())
    actions.withdraw(filed(), reason="情况已变化", by=house.staff, now=house.later())  # 社会建设
    draft()  # never handed in
    counted = {"received": 7, "filed": 2, "merged": 1, "turned": 1, "passed": 0, "declined": 1, "withdrawn": 1}
    assert figures(house.session, house.staff).total == counted

    part = given(house, main, clerk_unit)
    replied(house, part)
    rated_by_all(house, part)

    found = figures(house.session, house.staff)
    assert found.total == counted
    assert dict(found.by_form)["个人提案"] == counted
    assert dict(found.by_category) == {
        "社会建设": {"received": 3, "filed": 2, "merged": 0, "turned": 0, "passed": 0, "declined": 0, "withdrawn": 1},
        "未定类别": {"received": 4, "filed": 0, "merged": 1, "turned": 1, "passed": 0, "declined": 1, "withdrawn": 0},
    }


def test_a_followers_written_request_is_recorded_before_the_hand_over(house: House, pair, other: Person) -> None:
    main, follower = pair
    sheet = Paper("白露", NOW.date(), "撤案申请书")

    actions.withdraw(follower, reason="情况已变化", by=house.staff, now=house.later(), paper=sheet)

    assert states(main, follower) == [("filed", "filed", False), ("withdrawn", "withdrawn", True)]
    assert follower.matter.events.get(verb="withdrawn").on_paper
    assert told(other)[-1] == "proposal_withdrawn"
    actions.withdraw(main, reason="情况已变化", by=house.staff, now=house.later())
