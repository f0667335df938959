"""Matters handed down (上级交办件): from the entry to the report upwards, who sees them, and what does not apply (P10)."""

from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import Role, System
from members.desk import work_of
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.inbox.registry import Rendered, render
from members.models import AssigningOffice, Body, Person
from members.shown import Count
from members.uploads import Use, check
from proposals import actions
from proposals.actions import Share
from proposals.handed_down import ERASED, HandedDownOwner, last_workday
from proposals.handling import actions as handling
from proposals.handling import official, readers
from proposals.handling.actions.attaching import attach
from proposals.handling.aspects import Aspect, aspects
from proposals.handling.eyes import eyes
from proposals.handling.models import Assignment, EvaluationRound, Matter, Purpose, Reply, Stage
from proposals.models import HandedDown, Proposal
from tests.factories import BodyFactory, SessionFactory, appoint
from tests.handling.conftest import House, build_house, part_of, reason, result_class, signed
from tests.html import assert_valid
from tests.uploads import made

from .test_pages_thread import hidden

State = HandedDown.State


@pytest.fixture
def house(db: None) -> House:
    SessionFactory()
    house = build_house()
    house.now = timezone.now()
    return house


def day(house: House, days: int) -> date:
    return timezone.localdate(house.now) + timedelta(days=days)


def facts_of(house: House, **more: Any) -> dict[str, Any]:
    return {
        "level": "provincial",
        "from_body": "省政协提案委员会",
        "their_number": "0123",
        "proposers": "省政协某委员",
        "text": "建议：一是加装电梯；二是修缮管网。",
        "received_on": day(house, -2),
        "due_on": day(house, 60),
        **more,
    }


def entered(house: House, *, office: Body | None = None, by: Person | None = None, **more: Any) -> HandedDown:
    office, by = (house.assigning, house.officer) if by is None else (office, by)
    facts = facts_of(house, **more)
    return actions.enter_handed_down(facts, title="关于老旧小区改造的提案", office=office, by=by, now=house.later())


def given(house: House, *shares: Share, **more: Any) -> HandedDown:
    row = entered(house, **more)
    actions.give_out(row, shares or [Share(house.unit, "sole")], by=house.officer, now=house.later())
    row.refresh_from_db()
    return row


def drafted(house: House, part: Assignment, by: Person | None = None) -> Reply:
    points = {row.pk: handling.PointGiven(result_class("B"), "已列入计划。") for row in part.matter.suggestions.all()}
    fields = {"result": result_class("B"), "opening": "经研究，意见如下。"}
    return handling.draft_reply(part, fields, points, by=by or house.clerk, now=house.later())


def answered(house: House, row: HandedDown, unit: Body | None = None, clerk: Person | None = None) -> HandedDown:
    """The unit signs for it, answers, and the office lets the answer go."""
    part = signed(house, row.matter, unit, clerk)
    reply = handling.deliver_reply(drafted(house, part, clerk), by=clerk or house.clerk, now=house.later())
    handling.approve_reply(reply, by=house.officer, now=house.later())
    row.refresh_from_db()
    return row


def passed_up(house: House, row: HandedDown, **more: Any) -> HandedDown:
    facts: dict[str, Any] = {"on": day(house, 0), "number": "市府督函〔2026〕3号", "to": "省政协提案委员会", **more}
    return actions.pass_up(row, **facts, by=house.officer, now=house.later())


def verbs(matter: Matter) -> list[str]:
    return list(matter.events.order_by("seq").values_list("verb", flat=True))


def told(template: str) -> list[str]:
    rows = Message.objects.filter(template=template, channel="inapp").order_by("recipient__name")
    return list(rows.values_list("recipient__name", flat=True))


def opened(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_from_the_entry_to_the_report_upwards(house: House) -> None:
    row = given(house, Share(house.unit, "lead"), Share(house.other_unit, "co"))
    matter = row.matter
    assert (matter.kind, matter.origin, matter.office, row.state) == (
        "handed_down", "省级提案", house.assigning, State.ASSIGNED
    )  # fmt: skip
    assert (matter.number or "").startswith("交")
    assert [one.text for one in matter.suggestions.order_by("number")] == ["加装电梯；", "修缮管网。"]
    lead, co = part_of(matter, house.unit), part_of(matter, house.other_unit)
    clocks = {clock.stage: clock for clock in lead.obligations.all()}
    assert sorted(clocks) == ["objection_window", "reply", "sign_for"]
    assert clocks["reply"].fixed_on == clocks["reply"].due_on == last_workday(row.due_on)
    assert co.obligations.get(stage="co_opinion").due_on < row.due_on
    assert told("assigned") == sorted(["沈青", "温良"])

    co = signed(house, matter, house.other_unit, house.other_clerk)
    handling.send_opinion(co, text="同意。", by=house.other_clerk, now=house.later())
    part = signed(house, matter)
    reply = handling.deliver_reply(drafted(house, part), by=house.clerk, now=house.later())
    assert (reply.state, reply.to_check) == (Reply.State.CHECKING, True)
    assert part.obligations.get(stage="reply").status == "paused"
    assert part.obligations.get(stage="reply_check").holder_body == house.assigning
    handling.return_reply(reply, reason="请写明措施。", by=house.officer, now=house.later())
    reply = handling.deliver_reply(drafted(house, part), by=house.clerk, now=house.later())
    colleague = appoint(Role.ASSIGNING_OFFICER, house.assigning, name="邵华")
    handling.approve_reply(reply, by=house.officer, now=house.later())

    row.refresh_from_db()
    matter.refresh_from_db()
    assert (row.state, matter.stage, matter.get_stage_display()) == (State.ANSWERED, Stage.TO_PASS_UP, "待报送")
    assert told("replied_to_office") == [colleague.name]
    assert not EvaluationRound.objects.exists()
    assert not part.commitments.exists()

    passed_up(house, row)

    row.refresh_from_db()
    matter.refresh_from_db()
    assert (row.state, row.passed_no, row.passed_to) == (State.PASSED_UP, "市府督函〔2026〕3号", "省政协提案委员会")
    assert (matter.stage, matter.is_closed) == (Stage.CLOSED, True)
    assert not matter.obligations.running().exists()
    assert told("closed") == sorted(["沈青", "温良"])
    assert verbs(matter) == [
        "handed_down_entered", "assigned", "signed_for", "opinion_sent", "signed_for", "reply_check_asked", "reply_returned",
        "reply_check_asked", "replied", "handed_down_passed_up", "closed",
    ]  # fmt: skip
    assert readers.audit()[1] == []


def test_an_answer_goes_back_before_it_is_passed_up_and_is_due_on_the_same_day(house: House) -> None:
    row = answered(house, given(house))
    part = part_of(row.matter, house.unit)
    with pytest.raises(Refused, match="请写明退回的原因"):
        actions.send_back_answer(row, part, reason=" ", by=house.officer, now=house.later())

    actions.send_back_answer(row, part, reason="措施不具体。", by=house.officer, now=house.later())

    row.refresh_from_db()
    part.refresh_from_db()
    again = part.obligations.get(stage="rehandle")
    assert (row.state, part.state, part.round, again.due_on) == (
        State.ASSIGNED, "signed", 2, last_workday(row.due_on)
    )  # fmt: skip
    assert Matter.objects.get(pk=row.matter_id).stage == Stage.HANDLING
    assert told("handed_down_sent_back") == sorted(["沈青", "方正"])
    with pytest.raises(WrongStep, match="要等承办单位的办理意见审核通过"):
        passed_up(house, row)
    reply = handling.deliver_reply(drafted(house, part), by=house.clerk, now=house.later())
    handling.approve_reply(reply, by=house.officer, now=house.later())
    passed_up(house, row)
    with pytest.raises(WrongStep, match="已经报送上级"):
        passed_up(house, row)
    with pytest.raises(Refused, match="请按新的来文登记"):
        handling.reopen(part, reason="上级退回", by=house.officer, now=house.later())


@pytest.mark.parametrize(
    ("facts", "sentence"),
    [
        ({"text": " "}, "请填写内容"),
        ({"from_body": ""}, "请填写交办的上级机构"),
        ({"their_number": ""}, "请填写来文编号"),
        ({"received_on": date(2999, 1, 1), "due_on": date(2999, 2, 1)}, "收到日期不能晚于今天"),
        ({"due_on": date(2020, 1, 1)}, "上级规定的期限应晚于收到日期"),
    ],
)
def test_an_entry_that_is_not_whole_is_refused(house: House, facts: dict[str, Any], sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        entered(house, **facts)


def test_the_same_letter_is_entered_once_while_it_is_in_hand(house: House) -> None:
    row = entered(house)
    with pytest.raises(Refused, match="已经登记"):
        entered(house)
    actions.correct_entry(
        row, facts_of(house, their_number="0124"), title="更正后的案由", by=house.officer, now=house.later()
    )
    row.refresh_from_db()
    assert (row.their_number, row.matter.title) == ("0124", "更正后的案由")
    other = entered(house)
    with transaction.atomic(), pytest.raises(IntegrityError):
        HandedDown.objects.filter(pk=other.pk).update(their_number="0124")
    with transaction.atomic(), pytest.raises(IntegrityError):
        HandedDown.objects.filter(pk=other.pk).update(state=State.PASSED_UP)


def test_after_the_hand_over_what_units_answer_to_stays_and_is_not_given_twice(house: House) -> None:
    row = given(house)
    for more in ({"text": "建议：不同的事。"}, {"due_on": day(house, 61)}):
        with pytest.raises(WrongStep, match="内容和日期不能再改"):
            actions.correct_entry(row, facts_of(house, **more), title="别的", by=house.officer, now=house.later())
    before = list(row.matter.suggestions.values_list("pk", flat=True))
    facts = {name: getattr(row, name) for name in actions.PLAIN if name not in ("text", "received_on", "due_on")}
    correct = reverse("proposals:correct_handed_down", args=[row.matter.public_id])
    assert 'name="text"' not in opened(house.officer).get(correct).content.decode()
    actions.correct_entry(row, {**facts, "their_number": "0199"}, title="案由写对", by=house.officer, now=house.later())
    row.refresh_from_db()
    assert (row.their_number, Matter.objects.get(pk=row.matter_id).unit_title) == ("0199", "案由写对")
    assert list(row.matter.suggestions.values_list("pk", flat=True)) == before
    with pytest.raises(WrongStep, match="不能这样做"):
        actions.give_out(row, [Share(house.unit, "sole")], by=house.officer, now=house.later())


def test_what_the_staff_enters_is_assigned_by_the_leading_units_office(house: House) -> None:
    row = entered(house, by=house.staff)
    assert row.matter.office is None
    assert not Matter.objects.visible_to(house.officer).filter(pk=row.matter_id).exists()
    with pytest.raises(Refused, match="请选择独办或主办单位"):
        actions.give_out(row, [Share(house.unit, "co")], by=house.staff, now=house.later())

    actions.give_out(row, [Share(house.unit, "sole")], by=house.staff, now=house.later())

    part = part_of(row.matter, house.unit)
    assert (part.office, Matter.objects.get(pk=row.matter_id).office) == (house.assigning, house.assigning)


def test_every_part_is_assigned_by_the_office_that_received_it(house: House) -> None:
    row = given(house, Share(house.unit, "lead"), Share(house.other_unit, "co"))
    party_office = BodyFactory(name="市委督查室测试", system=System.PARTY)
    AssigningOffice.objects.update_or_create(system=System.PARTY, defaults={"office": party_office})
    party = BodyFactory(name="市委某部测试", system=System.PARTY)

    handling.add_unit(part_of(row.matter, house.unit), party, reason="涉及", by=house.officer, now=house.later())

    assert part_of(row.matter, party).office == house.assigning


def due(part: Assignment, stage: str = "reply") -> date:
    return part.obligations.running().get(stage=stage).due_on


def test_what_comes_when_its_day_has_passed_is_handled_until_the_office_says(house: House) -> None:
    row = entered(house, received_on=day(house, -20), due_on=day(house, -1))
    for until, sentence in ((None, "请填写要求承办单位办结的日期"), (day(house, 0), "今天以后的工作日")):
        with pytest.raises(Refused, match=sentence):
            actions.give_out(row, [Share(house.unit, "sole")], due_on=until, by=house.officer, now=house.later())

    actions.give_out(row, [Share(house.unit, "sole")], due_on=day(house, 20), by=house.officer, now=house.later())

    assert due(part_of(row.matter, house.unit)) == last_workday(day(house, 20))


def test_units_may_be_given_an_earlier_day_never_a_later_one(house: House) -> None:
    row = entered(house)
    with pytest.raises(Refused, match="不能晚于上级规定的期限"):
        actions.give_out(row, [Share(house.unit, "sole")], due_on=day(house, 63), by=house.officer, now=house.later())
    actions.give_out(row, [Share(house.unit, "sole")], due_on=day(house, 45), by=house.officer, now=house.later())
    assert due(part_of(row.matter, house.unit)) == last_workday(day(house, 45))


def test_a_day_that_no_letter_sets_is_refused(house: House) -> None:
    for due_on in (day(house, 365 * 4), date(2199, 12, 31)):
        with pytest.raises(Refused, match="请核对两个日期的年份"):
            entered(house, due_on=due_on)


def test_whoever_takes_a_part_over_or_joins_keeps_the_day_from_above(house: House) -> None:
    row = given(house)
    part = part_of(row.matter, house.unit)
    new = handling.transfer(part, house.other_unit, reason="职责", by=house.officer, now=house.later())
    assert due(new) == last_workday(row.due_on)

    split = given(house, Share(house.unit, "split"), Share(house.other_unit, "split"), their_number="77")
    beside = part_of(split.matter, house.unit)
    third = handling.add_unit(beside, house.third_unit, reason="涉及", by=house.officer, now=house.later())
    assert due(third) == last_workday(split.due_on)


def test_a_colleague_who_enters_it_in_the_same_moment_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    entered(house)
    monkeypatch.setattr("proposals.actions.handed_down._in_hand_again", lambda row: False)
    with pytest.raises(Refused, match="列表中没有的，请联系提案委"):
        entered(house)
    assert Matter.objects.filter(kind="handed_down").count() == 1


def test_a_day_from_above_on_a_weekend_is_kept_by_the_friday(house: House) -> None:
    house.now = timezone.make_aware(datetime(2026, 3, 4, 10))
    row = given(house, due_on=date(2026, 5, 16))

    part = part_of(row.matter, house.unit)

    assert part.obligations.get(stage="reply").due_on == date(2026, 5, 15)


def test_an_extension_goes_beyond_the_day_from_above_only_where_that_was_agreed(house: House) -> None:
    row = given(house)
    part, wanted = signed(house, row.matter), last_workday(day(house, 70))
    with pytest.raises(Refused, match="由其登记上级同意的新期限"):
        handling.ask_extension(part, to=wanted, reason="量大", by=house.clerk, now=house.later())
    for to, how, sentence in (
        (wanted, "", "请写明依据"),
        (row.due_on, "来函", "现在登记的期限就是"),
        (day(house, 0), "来函", "新期限应在今天以后"),
        (day(house, -9), "来函", "应晚于收到日期"),
        (day(house, 4000), "来函", "请核对两个日期的年份"),
    ):
        with pytest.raises(Refused, match=sentence):
            actions.change_due(row, to=to, how=how, by=house.officer, now=house.later())

    actions.change_due(row, to=wanted, how="省政协来函", by=house.officer, now=house.later())

    assert told("handed_down_later") == ["沈青"]
    assert due(part) == wanted


def test_a_day_entered_wrong_is_put_right_though_units_have_it(house: House) -> None:
    """Later, then earlier; what the unit asked for meanwhile is moot, and nothing is told twice."""
    row = entered(house, due_on=day(house, 120))
    shares = [Share(house.unit, "lead"), Share(house.other_unit, "co")]
    actions.give_out(row, shares, due_on=day(house, 80), by=house.officer, now=house.later())
    part, co = signed(house, row.matter), part_of(row.matter, house.other_unit)
    to = last_workday(day(house, 95))
    asked = handling.ask_extension(part, to=to, reason="量大", by=house.clerk, now=house.later())

    actions.change_due(row, to=day(house, 60), how="更正：年份写错", by=house.officer, now=house.later())

    row.refresh_from_db()
    assert (row.due_on, due(part)) == (day(house, 60), last_workday(day(house, 60)))
    asked.refresh_from_db()
    assert (asked.state, part.obligations.running().filter(stage="extension_decision").exists()) == ("withdrawn", False)
    assert due(co, "co_opinion") < due(part)
    assert part.obligations.filter(stage="reply", status="cancelled").count() == 1
    wanted = last_workday(day(house, 90))
    actions.change_due(row, to=wanted, how="来函", by=house.officer, now=house.later())
    assert due(part) == wanted


def test_an_answer_that_is_being_checked_keeps_its_day(house: House) -> None:
    row = given(house)
    part = signed(house, row.matter)
    reply = handling.deliver_reply(drafted(house, part), by=house.clerk, now=house.later())
    before = due(part)
    actions.change_due(row, to=day(house, 30), how="来函", by=house.officer, now=house.later())
    assert due(part) == before
    handling.approve_reply(reply, by=house.officer, now=house.later())
    row = actions.change_due(row, to=day(house, 40), how="来函", by=house.officer, now=house.later())
    assert (row.state, told("handed_down_later")) == (State.ANSWERED, ["沈青"])


def test_the_day_from_above_does_not_wait_while_an_answer_is_checked(house: House) -> None:
    house.now = timezone.make_aware(datetime(2026, 3, 4, 10))
    row = given(house, due_on=date(2026, 3, 27))
    part = signed(house, row.matter)
    reply = handling.deliver_reply(drafted(house, part), by=house.clerk, now=house.later())
    house.now += timedelta(days=7)

    handling.return_reply(reply, reason="请写明措施。", by=house.officer, now=house.later())

    assert due(part) == date(2026, 3, 27)


def test_a_report_upwards_entered_wrong_is_taken_back_and_entered_anew(house: House) -> None:
    row = passed_up(house, answered(house, given(house)))
    with pytest.raises(Refused, match="请写明撤销报送登记的原因"):
        actions.undo_passing(row, reason=" ", by=house.officer, now=house.later())

    actions.undo_passing(row, reason="文号写错", by=house.officer, now=house.later())

    row.refresh_from_db()
    matter = Matter.objects.get(pk=row.matter_id)
    assert (row.state, row.passed_on, row.passed_by) == (State.ANSWERED, None, None)
    assert (matter.stage, matter.is_closed) == (Stage.TO_PASS_UP, False)
    assert readers.audit()[1] == []
    row = passed_up(house, row, number="市府督函〔2026〕30号")
    assert (row.passed_no, Matter.objects.get(pk=row.matter_id).is_closed) == ("市府督函〔2026〕30号", True)
    entered(house)
    with pytest.raises(Refused, match="已经重新登记"):
        actions.undo_passing(row, reason="写错", by=house.officer, now=house.later())


def test_a_unit_objects_as_to_any_matter(house: House) -> None:
    row = given(house)
    part = part_of(row.matter, house.unit)
    handling.object_to(
        part,
        reason=reason("objection"),
        text="不是职责",
        approved_by="方正",
        suggested=None,
        by=house.clerk,
        now=house.later(),
    )
    objection = part.objections.get()
    handling.refuse_objection(objection, text="职责在你单位", by=house.officer, now=house.later())
    assert "objection_refused" in verbs(row.matter)


def test_what_belongs_to_proposers_does_not_apply(house: House) -> None:
    row = given(house)
    part = signed(house, row.matter)
    with pytest.raises(Refused, match="不用登记沟通情况"):
        handling.record_contact(
            part,
            when="before",
            mode="visit",
            held_on=day(house, 0),
            persons="某",
            text="谈",
            by=house.clerk,
            now=house.later(),
        )
    reply = drafted(house, part)
    assert handling.unpromised(reply) == []
    with pytest.raises(Refused, match="不登记承诺事项"):
        handling.promise(
            reply.points.all()[0], text="修", measure="修完", due_on=day(house, 90), by=house.clerk, now=house.later()
        )
    with pytest.raises(Refused, match="不在本市公开"):
        handling.propose_disclosure(reply, attribute="active", by=house.clerk, now=house.later())
    assert not Proposal.objects.filter(matter=row.matter).exists()


def test_a_report_upwards_says_when_to_whom_and_under_which_number(house: House) -> None:
    row = answered(house, given(house))
    for more, sentence in (
        ({"to": ""}, "请填写报送给哪个机构"),
        ({"number": " "}, "请填写报送文号"),
        ({"on": day(house, 1)}, "不能晚于今天"),
        ({"on": day(house, -1)}, "不能早于交办日期"),
    ):
        with pytest.raises(Refused, match=sentence):
            passed_up(house, row, **more)


def test_only_its_office_the_staff_and_its_units_see_it(house: House) -> None:
    row = answered(house, given(house))
    matter, part = row.matter, part_of(row.matter, house.unit)
    stranger = appoint(Role.ASSIGNING_OFFICER, name="党委督查")
    leader, reviewer = appoint(Role.LEADER, name="某领导"), appoint(Role.DISCLOSURE_REVIEWER, name="审查员")
    url = row.get_absolute_url()

    for person in (house.officer, house.staff, house.clerk):
        assert "加装电梯" in opened(person).get(url).content.decode()
    for person in (stranger, house.member, house.third_clerk, leader, reviewer):
        assert not Matter.objects.visible_to(person).filter(pk=matter.pk).exists()
        assert opened(person).get(url).status_code == 404
    assert opened(stranger).get(reverse("proposals:pass_up_handed_down", args=[matter.public_id])).status_code == 404
    assert opened(house.clerk).get(reverse("proposals:pass_up_handed_down", args=[matter.public_id])).status_code == 403
    reply = part.replies.get()
    reads = {one: aspects(eyes(one, matter), reply) for one in (house.officer, house.staff, house.clerk, house.member)}
    assert [Aspect.REPLY in found for found in reads.values()] == [True, True, True, False]


def test_its_messages_lead_to_it_and_say_nothing_to_who_sees_it_no_more(house: House) -> None:
    row = given(house)
    actions.change_due(row, to=day(house, 80), how="来函", by=house.officer, now=house.later())
    subject = {"matter": str(row.matter.public_id)}

    shown = render([("handed_down_later", subject)], house.clerk)[0]
    assert isinstance(shown, Rendered)
    assert (shown.url, "请按新的期限办理" in shown.title) == (row.get_absolute_url(), True)
    assert render([("handed_down_later", subject)], house.member) == [None]


def test_the_office_does_it_all_on_its_pages(house: House) -> None:
    client = opened(house.officer)
    page = client.get(reverse("proposals:enter_handed_down")).content.decode()
    assert "上级规定的期限" in page
    facts = {**facts_of(house), "title": "关于老旧小区改造的提案"}
    data = {**{name: str(value) for name, value in facts.items()}, "file": SimpleUploadedFile("来文.pdf", made.pdf())}
    client.post(reverse("proposals:enter_handed_down"), data)
    row = HandedDown.objects.get()
    assert "来文.pdf" in client.get(row.get_absolute_url()).content.decode()

    def step(name: str, **data: Any) -> str:
        url = reverse(f"proposals:{name}_handed_down", args=[row.matter.public_id])
        assert_valid(client.get(url).content)
        answer = client.post(url, {key: str(value) for key, value in data.items()}, follow=True)
        assert answer.redirect_chain, answer.content.decode()
        return str(answer.content.decode())

    step("correct", **{**facts, "proposers": "省政协李委员"})
    step("give_out", way="lead", lead=house.unit.name, due_on=day(house, 50))
    step("change_due", to=day(house, 90), how="来函")
    answered(house, row)
    step("send_back", part=part_of(row.matter, house.unit).public_id, reason="补充措施")
    part = part_of(row.matter, house.unit)
    reply = handling.deliver_reply(drafted(house, part), by=house.clerk, now=house.later())
    page = client.get(reverse("handling:check_reply", args=[reply.public_id])).content.decode()
    assert "审核通过，待报送" in page
    handling.approve_reply(reply, by=house.officer, now=house.later())
    assert "已报送" not in client.get(row.get_absolute_url()).content.decode()
    assert "市府督函" in step("pass_up", on=day(house, 0), number="市府督函1号", to="省政协提案委员会")
    assert "恢复为待报送" in step("undo_passing", reason="文号写错")


def test_a_wrong_file_is_taken_away_by_whoever_holds_the_matter(house: House) -> None:
    row = entered(house)
    file = attach(
        row.matter,
        check(made.upload("误传.pdf", made.pdf()), use=Use.ATTACHMENT),
        purpose=Purpose.TEXT,
        by=house.officer,
        now=house.now,
    )
    url = reverse("proposals:remove_handed_file", args=[file.public_id])
    client, page = opened(house.officer), row.get_absolute_url()
    assert url in client.get(page).content.decode()
    assert [opened(one).get(url).status_code for one in (house.clerk, appoint(Role.ASSIGNING_OFFICER))] == [403, 404]
    assert_valid(client.get(url).content)

    client.post(url)

    assert not row.matter.attachments.kept().exists()
    assert "handed_down_file_removed" in verbs(row.matter)
    assert client.get(url).status_code == 404


def test_a_correction_is_not_written_over_by_one_begun_earlier(house: House) -> None:
    row = entered(house)
    client, url = opened(house.officer), reverse("proposals:correct_handed_down", args=[row.matter.public_id])
    typed = {name: str(value) for name, value in facts_of(house).items()} | {"title": "关于老旧小区改造的提案"}
    seen = hidden(client.get(url).content.decode())["version"]
    client.post(url, {**typed, "version": seen, "their_number": "0200"})

    late = client.post(url, {**typed, "version": seen, "from_body": "省政府办公厅"})

    assert (late.status_code, "来文编号或原案号" in late.content.decode()) == (409, True)
    assert "省政府办公厅" in late.content.decode()
    row.refresh_from_db()
    assert (row.their_number, row.from_body) == ("0200", "省政协提案委员会")


def test_words_that_point_to_secrets_are_said_to_whoever_entered_them(
    house: House, settings: Any, tmp_path: Path
) -> None:
    listed = tmp_path / "words.txt"
    listed.write_text("绝密工程\n", encoding="utf-8")
    settings.WORD_LIST = str(listed)
    client = opened(house.officer)
    typed = {name: str(value) for name, value in facts_of(house, text="涉及绝密工程。").items()} | {"title": "某提案"}
    page = client.get(reverse("proposals:enter_handed_down")).content.decode()
    answer = client.post(reverse("proposals:enter_handed_down"), typed, follow=True).content.decode()
    assert ("涉密来文不得在本系统登记" in page, "“内容”中有保密词表所列的词" in answer) == (True, True)


def test_the_units_pages_ask_for_nothing_that_belongs_to_proposers(house: House) -> None:
    row = given(house)
    part = signed(house, row.matter)
    client = opened(house.clerk)

    queue = client.get(reverse("handling:queue")).content.decode()
    assert "省级提案" in queue
    assert "省级提案" not in client.get(reverse("handling:queue"), {"kind": "proposal"}).content.decode()
    page = client.get(reverse("handling:part", args=[part.public_id])).content.decode()
    assert "加装电梯" in page
    for word in ("登记沟通", "提案者联系方式"):
        assert word not in page
    form = client.get(reverse("handling:draft_reply", args=[part.public_id])).content.decode()
    for word in ("未与提案者沟通的原因", "承诺事项"):
        assert word not in form
    drafted(house, part)
    send = client.get(reverse("handling:reply", args=[part.public_id])).content.decode()
    assert "由交办机构报送上级" in send
    assert "公开属性" not in client.get(reverse("handling:part", args=[part.public_id])).content.decode()
    away = client.get(reverse("handling:draft_promises", args=[part.public_id]), follow=True)
    assert "不登记承诺事项" in away.content.decode()


def test_its_letter_speaks_to_the_office(house: House) -> None:
    row = answered(house, given(house))
    part = official.parts().get(matter=row.matter)
    source = next(one for one in official.sources(part, eyes(house.clerk, row.matter)) if one.kind == "reply")

    letter = source.write(None, [])

    assert (letter.title, letter.addressee) == ("关于《关于老旧小区改造的提案》的办理意见", house.assigning.name)
    assert not any("感谢" in line.text for line in letter.lines)


def test_replies_to_it_stand_in_no_figure_of_contacts(house: House) -> None:
    answered(house, given(house))
    page = opened(house.staff).get(reverse("handling:contacts")).content.decode()
    assert "没有符合条件的答复" in page


def test_the_list_and_the_desk_name_what_waits_at_a_constant_cost(house: House) -> None:
    client, url = opened(house.officer), reverse("proposals:handed_down")

    def cost() -> int:
        client.get(url)
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        return len(queries)

    row = given(house)
    one = cost()
    for number in range(3):
        given(house, their_number=f"9{number}")
    assert cost() == one <= 15
    for page in (row.get_absolute_url(), reverse("handling:part", args=[part_of(row.matter, house.unit).public_id])):
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        assert len(queries) <= 15, page
    entered(house, their_number="88")
    assert "省政协提案委员会" in client.get(url, {"level": "provincial", "q": "88"}).content.decode()
    assert "没有符合条件" in client.get(url, {"level": "national"}).content.decode()
    desk = work_of(house.officer, timezone.localdate())
    assert [count.value for count in desk.counts if isinstance(count, Count) and count.label == "上级交办件待交办"] == [
        1
    ]
    assert "上级期限临近" not in [count.label for count in desk.counts if isinstance(count, Count)]
    late = entered(house, their_number="89", due_on=day(house, 5))
    desk = work_of(house.officer, timezone.localdate())
    count = next(one for one in desk.counts if isinstance(one, Count) and one.label == "上级期限临近")
    listed = client.get(count.url).content.decode()
    assert (str(count.value), late.get_absolute_url() in listed, row.get_absolute_url() in listed) == ("1", True, False)


def test_a_suspended_one_takes_nothing_and_a_purge_leaves_no_word(house: House) -> None:
    row = entered(house)
    Matter.objects.filter(pk=row.matter_id).update(access="suspended")
    with pytest.raises(WrongStep, match="暂停办理"):
        actions.give_out(row, [Share(house.unit, "sole")], by=house.officer, now=house.later())
    HandedDownOwner().erase(row.matter)
    row.refresh_from_db()
    assert (row.text, row.proposers, row.agreed_later) == (ERASED, "", "")
