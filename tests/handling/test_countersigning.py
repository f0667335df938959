"""A lead asks its co-handlers for their word on the frozen reply, and deals with it before it goes on."""

from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from members.errors import Refused, Stale, WrongStep
from proposals.handling import actions, clocks
from proposals.handling.actions import Paper
from proposals.handling.models import Countersign, Matter, Obligation, Reply, ReplyVersion
from proposals.handling.panels import panels_of
from proposals.handling.queries import to_settle
from tests.handling.conftest import House, give, part_of, signed
from tests.handling.test_acts import verbs
from tests.handling.test_signing import browser, drafted, told, url, work_counts


@pytest.fixture
def version(house: House) -> ReplyVersion:
    """A lead with two co-handlers: countersigned first, then signed by its head."""
    house.now = timezone.now()
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"), (house.third_unit, "co"))
    part = signed(house, matter)
    steps: list[dict[str, Any]] = [{"kind": "countersign"}, {"kind": "head", "role": "unit_head"}]
    for order, step in enumerate(steps, start=1):
        actions.add_step(house.unit, order=order, **step, by=house.clerk, now=house.now)
    reply = drafted(house, part, "拟建三处中心。")
    return actions.send_up(reply, why_now="意见已在会上交换", by=house.clerk, now=timezone.now())


def word_of(version: ReplyVersion, unit: Any) -> Countersign:
    return version.countersigns.select_related("assignment__matter", "version__reply__assignment__matter").get(
        assignment__unit=unit
    )


def say(house: House, version: ReplyVersion, unit: Any, clerk: Any, answer: str = "agree", text: str = "") -> Any:
    return actions.countersign(word_of(version, unit), answer=answer, text=text, by=clerk, now=timezone.now())


def let_pass(version: ReplyVersion, unit: Any) -> None:
    """Its days are over."""
    ended = timezone.localdate() - timedelta(days=1)
    Obligation.objects.filter(stage="countersign", holder_body=unit).update(due_on=ended)


def test_co_handlers_are_asked_with_days_of_their_own_and_when_all_agree_the_next_signs(
    house: House, version: ReplyVersion
) -> None:
    assert (told("countersign_asked"), told("reply_to_sign")) == ({"温良", "易安"}, set())
    part = part_of(version.reply.assignment.matter, house.other_unit)
    assert clocks.open_for(assignment=part, stage="countersign").get().rule.amount == 5
    with pytest.raises(WrongStep, match="现在是会签环节"):
        actions.sign(version, agrees=True, by=house.head, now=timezone.now())

    say(house, version, house.other_unit, house.other_clerk)
    assert told("reply_to_sign") == set()
    say(house, version, house.third_unit, house.third_clerk)

    assert told("reply_to_sign") == {"方正"}
    assert not clocks.open_for(matter=part.matter, stage="countersign").exists()
    with pytest.raises(WrongStep, match="已经会签过"):
        say(house, version, house.other_unit, house.other_clerk)
    actions.sign(version, agrees=True, by=house.head, now=timezone.now())
    assert "replied" in verbs(part.matter)


def test_a_dissent_is_settled_in_words_before_the_lead_goes_on(house: House, version: ReplyVersion) -> None:
    say(house, version, house.third_unit, house.third_clerk)
    with pytest.raises(Refused, match="请写明内容和理由"):
        say(house, version, house.other_unit, house.other_clerk, "dissent")
    row = say(house, version, house.other_unit, house.other_clerk, "dissent", "资金没有来源")
    assert (told("reply_to_sign"), told("countersigned")) == (set(), {"沈青"})
    desk, page = browser(house.clerk), url("settle_countersigns", version)
    assert page in desk.get(reverse("handling:countersigns_to_settle")).content.decode()
    assert "资金没有来源" in desk.get(page).content.decode()
    assert browser(house.other_clerk).get(page).status_code == 404
    assert desk.post(page, {}).status_code == 422

    assert desk.post(page, {row.public_id.hex: "已商定由专项资金安排"}).status_code == 302

    assert told("reply_to_sign") == {"方正"}
    matter = version.reply.assignment.matter
    for person, knows in (
        (house.other_clerk, True),
        (house.officer, True),
        (house.third_clerk, False),
        (house.member, False),
    ):
        lines = "".join(line.what for line in panels_of(person, matter).happenings)
        assert (("资金没有来源" in lines), ("专项资金安排" in lines)) == (knows, knows), person
    actions.sign(version, agrees=True, by=house.head, now=timezone.now())
    with pytest.raises(WrongStep, match="主办单位已经答复"):
        actions.countersign(
            Countersign.objects.create(version=version, assignment=part_of(matter, house.unit)),
            answer="agree", by=house.clerk, now=timezone.now(),
        )  # fmt: skip


def test_the_lead_goes_on_without_a_late_word_with_a_note_and_a_later_one_is_recorded_as_late(
    house: House, version: ReplyVersion
) -> None:
    say(house, version, house.third_unit, house.third_clerk)
    row = word_of(version, house.other_unit)
    with pytest.raises(Refused, match="还没有到期"):
        actions.settle_countersigns(version, {row.pk: "不等了"}, by=house.clerk, now=timezone.now())
    let_pass(version, house.other_unit)
    with pytest.raises(Refused, match="不再等会签意见的说明"):
        actions.settle_countersigns(version, {}, by=house.clerk, now=timezone.now())

    actions.settle_countersigns(version, {row.pk: "电话催了两次"}, by=house.clerk, now=timezone.now())
    assert told("reply_to_sign") == {"方正"}
    late = say(house, version, house.other_unit, house.other_clerk, "dissent", "应先立项")

    assert late.late
    assert "（逾期提交，供参考）" in panels_of(house.clerk, version.reply.assignment.matter).happenings[0].what
    version.refresh_from_db()
    assert (version.state, version.turn) == ("signing", 2), "it changes nothing"


def test_a_version_taken_back_is_countersigned_by_nobody_and_the_next_asks_anew(
    house: House, version: ReplyVersion
) -> None:
    row = word_of(version, house.other_unit)
    actions.take_back(version, by=house.clerk, now=timezone.now())
    assert not clocks.open_for(matter=version.reply.assignment.matter, stage="countersign").exists()

    answer = browser(house.other_clerk).post(url("countersign", row), {"answer": "amend", "text": "改为五处"})

    assert (answer.status_code, "改为五处" in answer.content.decode()) == (409, True)
    part = part_of(version.reply.assignment.matter, house.unit)
    second = actions.send_up(
        drafted(house, part, "拟建五处中心。"), why_now="意见已交换", by=house.clerk, now=timezone.now()
    )
    assert second.countersigns.count() == 2
    with pytest.raises(Stale, match="不用再会签"):
        actions.countersign(row, answer="agree", by=house.other_clerk, now=timezone.now())


def test_the_asked_read_the_version_and_others_do_not(house: House, version: ReplyVersion) -> None:
    row = word_of(version, house.other_unit)
    page = url("countersign", row)
    assert "拟建三处中心。" in browser(house.other_clerk).get(page).content.decode()
    assert page in browser(house.other_clerk).get(reverse("handling:countersigns")).content.decode()
    assert page not in browser(house.third_clerk).get(reverse("handling:countersigns")).content.decode()
    assert browser(house.third_clerk).get(page).status_code == 404
    staff = browser(house.staff).get(page).content.decode()
    assert "拟建三处中心。" not in staff and "纸质办理" in staff
    assert browser(house.member).get(page).status_code == 403
    shown = browser(house.other_clerk).get(url("part", row.assignment)).content.decode()
    assert page in shown

    paper = Paper("温良", timezone.localdate(), "会签单")
    actions.countersign(row, answer="agree", by=house.officer, now=timezone.now(), paper=paper)
    assert Matter.objects.get(pk=row.assignment.matter_id).events.get(verb="countersigned").on_paper


def test_what_a_co_handler_was_asked_about_stays_readable_for_it_without_what_was_said_inside(
    house: House, version: ReplyVersion
) -> None:
    row = say(house, version, house.other_unit, house.other_clerk)
    desk, page = browser(house.other_clerk), url("reply_version", version)

    assert page in desk.get(url("part", row.assignment)).content.decode()
    assert desk.get(url("countersign", row))["Location"] == page
    shown = desk.get(page).content.decode()
    assert "拟建三处中心。" in shown and url("part", row.assignment) in shown
    assert "签批情况" not in shown and url("part", version.reply.assignment) not in shown
    actions.release(row.assignment, reason="不涉及", by=house.officer, now=timezone.now())
    assert desk.get(page).status_code == 404


def test_a_co_handler_that_is_let_go_holds_nothing_up(house: House, version: ReplyVersion) -> None:
    say(house, version, house.third_unit, house.third_clerk)
    co = part_of(version.reply.assignment.matter, house.other_unit)
    actions.release(co, reason="不涉及", by=house.officer, now=timezone.now())

    actions.settle_countersigns(version, {}, by=house.clerk, now=timezone.now())

    assert told("reply_to_sign") == {"方正"}


def test_the_demonstration_shows_one_reply_at_each_of_three_places(house: House) -> None:
    from config.portal.demo.on_the_way import leave_on_the_way

    class People:
        def account(self, role: str) -> Any:
            return house.clerk if role == "unit_clerk" else house.handler

        def in_unit(self, unit: Any) -> Any:
            return house.other_clerk

    house.now = timezone.now()
    for roles in ([(house.unit, "sole")], [(house.unit, "sole")], [(house.unit, "lead"), (house.other_unit, "co")]):
        signed(house, give(house, *roles))

    leave_on_the_way(People(), lambda part, at: drafted(house, part), timezone.now())  # type: ignore[arg-type]  # as much of them as it asks

    states = sorted(Reply.objects.values_list("state", flat=True))
    assert states == ["checking", "signing", "signing"]
    assert to_settle(on=timezone.localdate()).get().countersigns.get(answer="dissent").text.startswith("所列资金")
    assert ReplyVersion.objects.filter(state="back").count() == 1


def waiting(house: House) -> tuple[list[int], str]:
    """What the lead's desk counts, and its list."""
    page = browser(house.clerk).get(reverse("handling:countersigns_to_settle")).content.decode()
    return work_counts(house.clerk, "会签意见待处理"), page


def test_a_word_that_is_late_stands_before_the_lead_as_soon_as_it_may_go_on(
    house: House, version: ReplyVersion
) -> None:
    say(house, version, house.third_unit, house.third_clerk)
    assert waiting(house)[0] == []

    let_pass(version, house.other_unit)

    counts, page = waiting(house)
    assert counts == [1] and url("settle_countersigns", version) in page
    assert f"{house.other_unit}：还没有会签" in page


def test_a_co_handler_that_was_let_go_leaves_nothing_waiting_unseen(house: House, version: ReplyVersion) -> None:
    say(house, version, house.third_unit, house.third_clerk)
    actions.release(
        part_of(version.reply.assignment.matter, house.other_unit),
        reason="不涉及",
        by=house.officer,
        now=timezone.now(),
    )

    counts, page = waiting(house)

    assert counts == [1] and "不用再等会签" in page
