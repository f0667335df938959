"""What people do with a matter in hand: the step taken, the step refused, the event."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, Stale, WrongStep
from members.models import Person
from proposals.handling import actions, clocks
from proposals.handling.actions import Paper, PointGiven
from proposals.handling.models import Assignment, EvaluationRound, Matter, Objection, Reply, Stage
from tests.factories import MatterFactory, appoint
from tests.handling.conftest import House, give, part_of, reason, result_class, round_of, signed

State = Assignment.State


def verbs(matter: Matter) -> list[str]:
    return list(matter.events.order_by("seq").values_list("verb", flat=True))


def stages(part: Assignment) -> list[str]:
    return sorted(clocks.open_for(assignment=part).values_list("stage", flat=True))


def sheet(house: House, who: str = "方正") -> Paper:
    return Paper(who, timezone.localdate(house.now), "签收单")


def answered(house: House, part: Assignment, by: Person | None = None, **fields: Any) -> Reply:
    """The unit answers every suggestion and delivers today."""
    by = by or house.clerk
    points = {row.pk: PointGiven(result_class(), "已办理。") for row in part.matter.suggestions.all()}
    values = {"result": result_class(), "no_contact_reason": "已书面沟通。", **fields}
    reply = actions.draft_reply(part, values, points, by=by, now=house.later())
    return actions.deliver_reply(reply, by=by, now=house.later())


def rated(house: House, row: EvaluationRound, person: Person, grade: str = "satisfied", **kw: Any) -> Any:
    place = row.assignment.matter.participants.get(person=person)
    if grade == "dissatisfied":
        kw.setdefault("text", "没有具体措施。")
    return actions.evaluate(row, place, work=grade, result=grade, by=person, now=house.later(), **kw)


# giving --------------------------------------------------------------------------------------------------------------


def test_lead_and_co_handlers_start_their_own_clocks(house: House) -> None:
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))

    assert stages(part_of(matter, house.unit)) == ["first_contact", "objection_window", "reply", "sign_for"]
    assert stages(part_of(matter, house.other_unit)) == ["co_opinion", "objection_window", "sign_for"]
    assert (matter.stage, verbs(matter)) == (Stage.TO_SIGN, ["assigned"])


@pytest.mark.parametrize(
    ("roles", "sentence"),
    [
        ([], "请至少选择一个承办单位。"),
        (["co"], "缺少主办单位。"),
        (["sole", "lead"], "只能有一个主办（独办）单位。"),
        (["sole", "co"], "独办只有一个单位。有会办单位时，请把承办单位定为主办。"),
        (["split"], "分办至少要两个单位，且不能与主办、独办并用。"),
        (["split", "split", "lead"], "分办至少要两个单位，且不能与主办、独办并用。"),
    ],
)
def test_shares_that_make_no_sense_are_refused(house: House, roles: list[str], sentence: str) -> None:
    units = [house.unit, house.other_unit, house.third_unit]
    parts = [actions.Part(unit, role, house.assigning) for unit, role in zip(units, roles, strict=False)]

    with pytest.raises(Refused, match=sentence):
        actions.assign(MatterFactory(by=house.member), parts, by=house.officer, now=house.later())


def test_a_matter_is_assigned_once(house: House) -> None:
    matter = give(house)

    with pytest.raises(WrongStep, match="已经交办"):
        actions.assign(
            matter, [actions.Part(house.other_unit, "sole", house.assigning)], by=house.officer, now=house.later()
        )
    assert matter.assignments.count() == 1


def test_signing_twice_is_refused_and_the_first_stands(house: House) -> None:
    matter = give(house)
    part = signed(house, matter)

    with pytest.raises(WrongStep, match="办理中"):
        actions.sign_for(part, by=house.head, now=house.later())
    part.refresh_from_db()
    assert (part.signed_by, verbs(matter), "sign_for" in stages(part)) == (
        house.clerk,
        ["assigned", "signed_for"],
        False,
    )


def test_an_account_reset_today_does_not_sign_for(house: House) -> None:
    matter = give(house)
    house.clerk.blocked_until = house.now + timedelta(hours=20)
    house.clerk.save()

    with pytest.raises(Refused, match="24小时内不能签收"):
        actions.sign_for(part_of(matter, house.unit), by=house.clerk, now=house.later())


def test_an_account_reset_today_does_not_evaluate(house: House) -> None:
    part = signed(house, give(house))
    answered(house, part)
    house.member.blocked_until = house.now + timedelta(hours=20)
    house.member.save()

    with pytest.raises(Refused, match="24小时内不能签收或评价"):
        rated(house, round_of(part), house.member)
    house.now += timedelta(hours=24)

    assert rated(house, round_of(part), house.member)


def test_the_office_signs_for_a_unit_from_its_sheet_only(house: House) -> None:
    matter = give(house)
    part = part_of(matter, house.unit)

    with pytest.raises(Refused, match="纸质办理"):
        actions.sign_for(part, by=house.officer, now=house.later())
    actions.sign_for(part, by=house.officer, now=house.later(), paper=sheet(house))

    event = matter.events.get(verb="signed_for")
    assert event.on_paper
    assert event.payload.facts["paper_who"] == "方正"


def test_the_work_is_passed_on_inside_with_an_earlier_date(house: House) -> None:
    part = signed(house, give(house))
    due = clocks.open_for(assignment=part, stage="reply").get().due_on

    with pytest.raises(Refused, match="内部时限应早于办理期限"):
        actions.pass_inside(part, by=house.head, now=house.later(), internal_due_on=due)
    with pytest.raises(Refused, match="不是市民政局测试的工作人员"):
        actions.pass_inside(part, by=house.head, now=house.later(), handler=house.other_clerk)
    part = actions.pass_inside(
        part,
        by=house.head,
        now=house.later(),
        handler=house.handler,
        section="养老处",
        internal_due_on=due - timedelta(days=20),
        comment="请抓紧",
    )

    assert (part.unit, part.handler, part.section) == (house.unit, house.handler, "养老处")


def test_a_transfer_keeps_the_old_part_and_starts_new_clocks(house: House) -> None:
    matter = give(house)
    old = signed(house, matter)

    new = actions.transfer(old, house.other_unit, reason="职责调整", by=house.officer, now=house.later(days=5))

    old.refresh_from_db()
    assert (old.state, stages(old)) == (State.ENDED, [])
    assert (new.replaces, new.state, new.role) == (old, State.PENDING, "sole")
    assert stages(new) == ["first_contact", "objection_window", "reply", "sign_for"]
    matter.refresh_from_db()
    assert matter.stage == Stage.TO_SIGN


def test_a_unit_has_one_part_only(house: House) -> None:
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))

    with pytest.raises(Refused, match="已经在承办该件"):
        actions.transfer(
            part_of(matter, house.other_unit), house.unit, reason="调整", by=house.officer, now=house.later()
        )


def test_a_successor_takes_over_with_unchanged_clocks(house: House) -> None:
    matter = give(house)
    part = signed(house, matter)
    before = {row.stage: row.due_on for row in clocks.open_for(assignment=part)}

    left = actions.succeed(house.unit, house.other_unit, by=house.staff, now=house.later(days=3))

    part.refresh_from_db()
    after = {row.stage: row.due_on for row in clocks.open_for(assignment=part)}
    assert (left, part.unit, after) == ([], house.other_unit, before)
    assert set(clocks.open_for(assignment=part).values_list("holder_body", flat=True)) == {house.other_unit.pk}


# objecting -----------------------------------------------------------------------------------------------------------


def objected(house: House, part: Assignment, suggested: Any = None, by: Person | None = None) -> Objection:
    return actions.object_to(
        part,
        reason=reason("objection"),
        text="不属本单位职责。",
        approved_by="方正",
        suggested=suggested,
        by=by or house.clerk,
        now=house.later(),
    )


def test_an_objection_rests_only_the_sign_for_ladder(house: House) -> None:
    part = part_of(give(house), house.unit)

    objected(house, part)

    running = {row.stage: row.status for row in clocks.open_for(assignment=part)}
    assert running == {
        "sign_for": "paused", "reply": "open", "first_contact": "open", "objection_window": "open",
        "objection_decision": "open",
    }  # fmt: skip


def test_the_suggested_unit_is_asked_before_it_gets_the_matter(house: House) -> None:
    matter = give(house)
    objection = objected(house, part_of(matter, house.unit), suggested=house.other_unit)
    assert Matter.objects.visible_to(house.other_clerk).filter(pk=matter.pk).exists()

    with pytest.raises(Refused, match="请先征求"):
        actions.uphold_objection(objection, unit=house.other_unit, text="", by=house.officer, now=house.later())
    actions.answer_objection(objection, accepts=True, text="", by=house.other_clerk, now=house.later())
    new = actions.uphold_objection(objection, unit=house.other_unit, text="同意", by=house.officer, now=house.later())

    objection.refresh_from_db()
    assert (objection.state, new.unit, new.matter_id) == (Objection.State.UPHELD, house.other_unit, matter.pk)
    assert not Matter.objects.visible_to(house.clerk).filter(pk=matter.pk).exists()


def test_a_refused_objection_changes_nothing(house: House) -> None:
    part = part_of(give(house), house.unit)
    before = {row.stage: row.due_on for row in clocks.open_for(assignment=part)}
    objection = objected(house, part)

    with pytest.raises(Refused, match="请写明理由"):
        actions.refuse_objection(objection, text=" ", by=house.officer, now=house.later())
    actions.refuse_objection(objection, text="属本单位职责。", by=house.officer, now=house.later())

    assert {row.stage: row.due_on for row in clocks.open_for(assignment=part)} == before
    with pytest.raises(WrongStep, match="不同意，继续办理"):
        actions.withdraw_objection(objection, by=house.clerk, now=house.later())


def test_after_the_window_nothing_can_be_given_back(house: House) -> None:
    part = part_of(give(house), house.unit)
    house.later(days=30)

    with pytest.raises(Refused, match="申请退回的期限已过"):
        objected(house, part)


def test_after_two_returns_only_a_meeting_decides(house: House) -> None:
    matter = give(house)
    for unit, clerk, now_by in (
        (house.unit, house.other_unit, house.clerk),
        (house.other_unit, house.third_unit, house.other_clerk),
    ):
        objection = objected(house, part_of(matter, unit), suggested=clerk, by=now_by)
        asked = house.other_clerk if clerk == house.other_unit else house.third_clerk
        actions.answer_objection(objection, accepts=True, text="", by=asked, now=house.later())
        actions.uphold_objection(objection, unit=clerk, text="调整", by=house.officer, now=house.later())
    objection = objected(house, part_of(matter, house.third_unit), by=house.third_clerk)

    assert objection.state == Objection.State.COORDINATING
    assert {"coordination"} == set(stages(objection.assignment)) & {"coordination", "objection_decision"}
    with pytest.raises(WrongStep, match="由协调会裁定"):
        actions.refuse_objection(objection, text="继续办理", by=house.officer, now=house.later())
    today = timezone.localdate(house.now)
    said: dict[str, Any] = {"chair": "严明", "present": "三个单位", "minutes": "议定由住建局办理。", "text": "职责明确"}
    meeting = actions.call_coordination(
        objection.assignment, meets_on=today, place="三楼", units=[house.unit], by=house.officer, now=house.later()
    )
    actions.rule(meeting, held_on=today, ruling="keep", **said, by=house.officer, now=house.later())

    matter.refresh_from_db()
    assert (verbs(matter)[-2:], matter.stage) == (["coordination_called", "ruled"], Stage.TO_SIGN)


# extending -----------------------------------------------------------------------------------------------------------


def test_an_extension_needs_both_offices_and_moves_the_date(house: House) -> None:
    part = signed(house, give(house))
    clock = clocks.open_for(assignment=part, stage="reply").get()
    to = clock.due_on + timedelta(days=20)

    request = actions.ask_extension(part, to=to, reason="需要调研", by=house.clerk, now=house.later())
    clock.refresh_from_db()
    assert clock.due_on < to
    actions.decide_extension(request, office="assigning", agrees=True, reason="", by=house.officer, now=house.later())
    clock.refresh_from_db()
    assert clock.due_on < to
    actions.decide_extension(request, office="proposal", agrees=True, reason="", by=house.staff, now=house.later())

    clock.refresh_from_db()
    request.refresh_from_db()
    assert (clock.due_on, request.state) == (to, "granted")
    assert verbs(part.matter)[-3:] == ["extension_asked", "extension_agreed", "extension_granted"]


def test_one_refusal_ends_the_request(house: House) -> None:
    part = signed(house, give(house))
    due = clocks.open_for(assignment=part, stage="reply").get().due_on
    request = actions.ask_extension(part, to=due + timedelta(days=9), reason="需要", by=house.clerk, now=house.later())

    actions.decide_extension(
        request, office="proposal", agrees=False, reason="理由不足", by=house.staff, now=house.later()
    )

    assert clocks.open_for(assignment=part, stage="reply").get().due_on == due
    with pytest.raises(WrongStep, match="已经处理过"):
        actions.decide_extension(
            request, office="assigning", agrees=True, reason="", by=house.officer, now=house.later()
        )


@pytest.mark.parametrize(("days", "sentence"), [(0, "延期后的日期应晚于现在的期限"), (60, "一次延期不得晚于")])
def test_dates_that_cannot_be_asked_for(house: House, days: int, sentence: str) -> None:
    part = signed(house, give(house))
    due = clocks.open_for(assignment=part, stage="reply").get().due_on

    with pytest.raises(Refused, match=sentence):
        actions.ask_extension(part, to=due + timedelta(days=days), reason="需要", by=house.clerk, now=house.later())


def test_it_is_too_late_to_ask_after_the_due_date(house: House) -> None:
    part = signed(house, give(house))
    house.later(days=200)

    with pytest.raises(Refused, match="延期须在到期前提出"):
        actions.ask_extension(part, to=date(2026, 12, 1), reason="需要", by=house.clerk, now=house.later())


# contacts and opinions -----------------------------------------------------------------------------------------------


def test_a_proposer_confirms_or_denies_a_contact_once(house: House) -> None:
    part = signed(house, give(house))
    contact = actions.record_contact(
        part,
        when="before",
        mode="visit",
        held_on=timezone.localdate(house.now),
        persons="林溪",
        text="走访。",
        by=house.clerk,
        now=house.later(),
    )
    place = part.matter.participants.get()

    with pytest.raises(Refused, match="请写一句说明"):
        actions.confirm_contact(contact, place, took_place=False, note="", by=house.member, now=house.later())
    actions.confirm_contact(contact, place, took_place=True, note="", by=house.member, now=house.later())
    with pytest.raises(WrongStep, match="已经核对过"):
        actions.confirm_contact(contact, place, took_place=False, note="没有", by=house.member, now=house.later())

    assert "first_contact" not in stages(part)


def test_a_co_handler_gives_opinions_and_never_replies(house: House) -> None:
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    lead, co = signed(house, matter), signed(house, matter, house.other_unit, house.other_clerk)

    first = actions.send_opinion(co, text="同意。", by=house.other_clerk, now=house.later())
    second = actions.send_opinion(co, text="补充意见。", by=house.other_clerk, now=house.later())

    assert [first.version, second.version] == [1, 2]
    with pytest.raises(Refused, match="不直接答复委员"):
        actions.draft_reply(co, {}, {}, by=house.other_clerk, now=house.later())
    with pytest.raises(Refused, match="不提交会办意见"):
        actions.send_opinion(lead, text="意见", by=house.clerk, now=house.later())


# replying ------------------------------------------------------------------------------------------------------------


def test_a_reply_must_answer_every_suggestion(house: House) -> None:
    part = signed(house, give(house))
    one, two = part.matter.suggestions.order_by("number")
    reply = actions.draft_reply(
        part,
        {"result": result_class()},
        {one.pk: PointGiven(result_class(), "已办")},
        by=house.clerk,
        now=house.later(),
    )

    with pytest.raises(Refused, match="还有建议没有答复：第2条。"):
        actions.deliver_reply(reply, by=house.clerk, now=house.later())
    points = {two.pk: PointGiven(same_as=one)}
    reply = actions.draft_reply(part, {"no_contact_reason": "已书面征求"}, points, by=house.clerk, now=house.later())
    actions.deliver_reply(reply, by=house.clerk, now=house.later())

    part.matter.refresh_from_db()
    assert part.matter.stage == Stage.ANSWERED


def test_two_suggestions_cannot_stand_for_each_other(house: House) -> None:
    part = signed(house, give(house))
    one, two = part.matter.suggestions.order_by("number")
    points = {one.pk: PointGiven(same_as=two), two.pk: PointGiven(same_as=one)}
    values = {"result": result_class(), "no_contact_reason": "已书面征求"}
    reply = actions.draft_reply(part, values, points, by=house.clerk, now=house.later())

    with pytest.raises(Refused, match="第1条、第2条"):
        actions.deliver_reply(reply, by=house.clerk, now=house.later())


def test_a_stale_draft_is_not_saved_over_a_newer_one(house: House) -> None:
    part = signed(house, give(house))
    reply = actions.draft_reply(part, {"opening": "一"}, {}, by=house.clerk, now=house.later(), version=0)
    actions.draft_reply(part, {"opening": "二"}, {}, by=house.head, now=house.later(), version=reply.version)

    with pytest.raises(Stale):
        actions.draft_reply(part, {"opening": "三"}, {}, by=house.clerk, now=house.later(), version=reply.version)
    assert part.replies.get().opening == "二"


def test_an_earlier_letter_waits_for_the_office_and_counts_from_its_date(house: House) -> None:
    part = signed(house, give(house))
    letter_on = timezone.localdate(house.now) + timedelta(days=10)
    house.later(days=20)
    values: dict[str, Any] = {"letter_on": letter_on, "doc_no": "民函〔2026〕8号"}
    with pytest.raises(Refused, match="请同时上传盖章扫描件"):
        answered(house, part, **values)
    reply = part.replies.get()
    actions.deliver_reply(reply, by=house.clerk, now=house.later(), scan="x")
    clock = clocks.open_for(assignment=part, stage="reply").get()
    assert clock.status == "paused"

    actions.approve_reply(reply, by=house.officer, now=house.later(days=3))

    clock.refresh_from_db()
    reply.refresh_from_db()
    assert (reply.state, reply.replied_on, clock.late_workdays) == ("delivered", letter_on, 0)


def test_a_letter_sent_back_lets_the_clock_run_on(house: House) -> None:
    part = signed(house, give(house))
    letter_on = timezone.localdate(house.now)
    house.later(days=5)
    with pytest.raises(Refused):
        answered(house, part, letter_on=letter_on)
    reply = part.replies.get()
    actions.deliver_reply(reply, by=house.clerk, now=house.later(), scan="x")

    actions.return_reply(reply, reason="日期与扫描件不符", by=house.officer, now=house.later())

    reply.refresh_from_db()
    assert reply.state == "returned"
    assert clocks.open_for(assignment=part, stage="reply").get().status == "open"


def test_a_member_who_works_in_the_unit_does_not_answer_the_own_proposal(house: House) -> None:
    appoint(Role.UNIT_CLERK, house.unit, person=house.member)
    part = signed(house, give(house))

    with pytest.raises(Refused, match="您是本件的提案者"):
        answered(house, part, by=house.member)


# evaluating ----------------------------------------------------------------------------------------------------------


def test_one_dissatisfied_form_confirmed_opens_a_second_round(house: House) -> None:
    matter = give(house, cosigned=True)
    part = signed(house, matter)
    answered(house, part)
    row = round_of(part)
    rated(house, row, house.member)
    rated(house, row, house.cosigner, "dissatisfied")
    matter.refresh_from_db()
    assert (matter.stage, row.closed_at) == (Stage.ANSWERED, None)

    actions.confirm_dissatisfaction(row, by=house.staff, now=house.later())

    part.refresh_from_db()
    matter.refresh_from_db()
    row.refresh_from_db()
    assert (part.round, part.state, matter.stage, row.outcome) == (2, State.SIGNED, Stage.REHANDLING, "dissatisfied")
    assert stages(part) == ["rehandle"]
    answered(house, part)
    second = round_of(part)
    rated(house, second, house.member)
    rated(house, second, house.cosigner, "basic")
    matter.refresh_from_db()
    assert (matter.stage, part.replies.count(), part.evaluation_rounds.count()) == (Stage.CLOSED, 2, 2)


def test_after_a_second_dissatisfaction_both_sides_meet_and_it_closes(house: House) -> None:
    matter = give(house)
    part = signed(house, matter)
    for _ in range(2):
        part.refresh_from_db()
        answered(house, part)
        row = round_of(part)
        rated(house, row, house.member, "dissatisfied")
        actions.confirm_dissatisfaction(row, by=house.staff, now=house.later())
        part.refresh_from_db()
    assert verbs(matter)[-1] == "consultation_due"

    actions.consult_jointly(
        part,
        held_on=timezone.localdate(house.now),
        present="林溪、方正",
        minutes="已作说明。",
        by=house.officer,
        now=house.later(),
    )

    matter.refresh_from_db()
    assert (matter.stage, round_of(part).outcome) == (Stage.CLOSED, "dissatisfied")


def test_silence_is_never_satisfaction(house: House) -> None:
    matter = give(house, cosigned=True)
    part = signed(house, matter)
    answered(house, part)
    assert actions.close_lapsed_rounds(now=house.later(days=10)) == 0
    for clock in clocks.open_for(assignment=part, stage="evaluation"):
        type(clock).objects.filter(pk=clock.pk).update(next_at=None, next_step=None, next_n=None)

    assert actions.close_lapsed_rounds(now=house.later(days=60)) == 1

    matter.refresh_from_db()
    assert (matter.stage, round_of(part).outcome) == (Stage.CLOSED_SILENT, "not_returned")
    assert matter.events.get(verb="closed").payload.facts["missing"] == 2
    rated(house, round_of(part), house.member, "dissatisfied")
    part.refresh_from_db()
    actions.reopen(part, reason="提案者补交不满意", by=house.officer, now=house.later())
    matter.refresh_from_db()
    assert (matter.stage, matter.closed_at) == (Stage.REHANDLING, None)


def test_a_form_is_given_once_and_can_be_taken_back_until_the_round_closes(house: House) -> None:
    part = signed(house, give(house, cosigned=True))
    answered(house, part)
    row = round_of(part)
    form = rated(house, row, house.member, "dissatisfied")
    with pytest.raises(WrongStep, match="已经提交过"):
        rated(house, row, house.member)

    actions.withdraw_evaluation(form, by=house.member, now=house.later())
    assert "confirm_dissatisfaction" not in stages(part)
    with pytest.raises(WrongStep, match="不构成“不满意”"):
        actions.confirm_dissatisfaction(row, by=house.staff, now=house.later())
    rated(house, row, house.member)
    form = rated(house, row, house.cosigner)

    with pytest.raises(WrongStep, match="不能再撤回"):
        actions.withdraw_evaluation(form, by=house.cosigner, now=house.later())


def test_dissatisfaction_needs_a_reason(house: House) -> None:
    part = signed(house, give(house))
    answered(house, part)

    with pytest.raises(Refused, match="请选择或写明原因"):
        rated(house, round_of(part), house.member, "dissatisfied", text=" ")


def test_a_paper_form_counts_once_a_second_person_confirmed_it(house: House) -> None:
    matter = give(house)
    part = signed(house, matter)
    answered(house, part)
    row = round_of(part)
    form = actions.evaluate(
        row,
        matter.participants.get(),
        work="satisfied",
        result="satisfied",
        by=house.staff,
        now=house.later(),
        paper=sheet(house, "林溪"),
    )
    matter.refresh_from_db()
    assert matter.closed_at is None

    with pytest.raises(Refused, match="录入人不能自己核对"):
        actions.confirm_evaluation(form, by=house.staff, now=house.later())
    actions.confirm_evaluation(form, by=house.colleague, now=house.later())

    matter.refresh_from_db()
    assert matter.stage == Stage.CLOSED


@pytest.mark.parametrize(("policy", "decides"), [("any", True), ("first", False), ("majority", False)])
def test_who_decides_is_a_row(house: House, policy: str, decides: bool) -> None:
    from proposals.handling.actions.evaluating import is_dissatisfied
    from proposals.handling.models import Policy

    Policy.objects.create(code="evaluation_decides", value=policy, starts_on=date(2026, 1, 1))
    part = signed(house, give(house, cosigned=True))
    answered(house, part)
    row = round_of(part)

    rated(house, row, house.cosigner, "dissatisfied")

    assert is_dissatisfied(row) is decides


# closed by the database ----------------------------------------------------------------------------------------------


def breaks(name: str, change: Callable[[], Any]) -> None:
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        change()


def test_the_database_holds_what_must_be_true(house: House) -> None:
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    part = signed(house, matter)
    co = part_of(matter, house.other_unit)
    objection = objected(house, part, suggested=house.other_unit)
    now = house.later()
    common = {"matter": matter, "office": house.assigning, "given_at": now}

    breaks("one_open_lead", lambda: Assignment.objects.create(unit=house.third_unit, role="lead", **common))
    breaks("unit_once_in_matter", lambda: Assignment.objects.create(unit=house.other_unit, role="split", **common))
    breaks("ended_means_ended", lambda: Assignment.objects.filter(pk=co.pk).update(state="ended"))
    breaks("pending_is_unsigned", lambda: Assignment.objects.filter(pk=co.pk).update(signed_at=now))
    breaks(
        "one_open_objection",
        lambda: Objection.objects.create(
            assignment=part, reason=objection.reason, text="又一次", raised_by=house.clerk, raised_at=now
        ),
    )
    breaks("objection_decided_together", lambda: Objection.objects.filter(pk=objection.pk).update(decided_at=now))
    breaks(
        "one_reply_a_round",
        lambda: Reply.objects.bulk_create(
            Reply(assignment=part, issuer=house.unit, drafted_by=house.clerk, drafted_at=now) for _ in range(2)
        ),
    )
    breaks(
        "delivered_reply_is_whole",
        lambda: Reply.objects.create(
            assignment=part, issuer=house.unit, drafted_by=house.clerk, drafted_at=now, state="delivered"
        ),
    )
    breaks(
        "number_once_in_session",
        lambda: Matter.objects.create(kind="proposal", session=matter.session, number=matter.number),
    )
    breaks("a given number never changes", lambda: Matter.objects.filter(pk=matter.pk).update(number="999"))
    breaks("placeholder_has_no_title", lambda: Matter.objects.filter(pk=matter.pk).update(placeholder=True))
    breaks("one_first_proposer", lambda: matter.participants.create(person=house.cosigner, role="first"))
    breaks("participant_person_or_body", lambda: matter.participants.create(role="cosigner"))
