"""Who passes a matter back and forth is gathered, and what the meeting rules binds (P9)."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.inbox.registry import render
from members.models import Body, Person
from proposals.handling import actions, clocks
from proposals.handling.actions import Paper
from proposals.handling.models import Assignment, Coordination, CoordinationOpinion, Matter, Objection, Stage
from tests.factories import appoint
from tests.handling.conftest import House, give, part_of
from tests.handling.test_acts import objected, stages, verbs
from tests.handling.test_aspects import everything, near
from tests.html import assert_valid
from tests.uploads.made import pdf

MARK = "暗号协调"
State = Assignment.State


def opened(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def told(template: str) -> list[str]:
    rows = Message.objects.filter(template=template, channel="inapp").order_by("recipient__name")
    return list(rows.values_list("recipient__name", flat=True))


def called(house: House, part: Assignment, *units: Body, **kw: Any) -> Coordination:
    given = {
        "meets_on": timezone.localdate(house.now) + timedelta(days=3),
        "place": "市政府三楼",
        "by": house.officer,
        **kw,
    }
    return actions.call_coordination(
        part, units=units or [house.other_unit, house.third_unit], now=house.later(), **given
    )


def ruled(house: House, row: Coordination, ruling: str = "keep", **kw: Any) -> Assignment:
    said = {
        "held_on": timezone.localdate(house.now), "chair": "严明", "present": "三个单位", "minutes": "议定如下。",
        "text": "职责明确。", "by": house.officer, **kw,
    }  # fmt: skip
    return actions.rule(row, ruling=ruling, now=house.later(), **said)


@pytest.fixture
def disputed(house: House) -> Assignment:
    """A part that its unit wants to give back; two others may be asked."""
    house.now = timezone.now() - timedelta(hours=1)
    part = part_of(give(house), house.unit)
    objected(house, part)
    return part


def test_a_meeting_is_called_and_every_unit_asked_has_its_say_before_the_ruling(
    house: House, disputed: Assignment
) -> None:
    assert "objection_decision" in stages(disputed)

    row = called(house, disputed)

    disputed.matter.refresh_from_db()
    assert (disputed.matter.stage, disputed.objections.get().state) == (Stage.COORDINATING, "coordinating")
    clock = clocks.open_for(assignment=disputed, stage="coordination").get()
    assert (clock.rule.amount, clock.rule.unit, clock.holder_body) == (10, "workday", house.assigning)
    assert "objection_decision" not in stages(disputed)
    assert (told("coordination_asked"), told("coordination_called")) == (["易安", "温良"], ["沈青"])
    assert Matter.objects.visible_to(house.third_clerk).filter(pk=disputed.matter_id).exists()
    with pytest.raises(WrongStep, match="已经召集"):
        called(house, disputed)
    for refused in (actions.refuse_objection, actions.uphold_objection):
        fields: dict[str, Any] = {} if refused is actions.refuse_objection else {"unit": house.other_unit}
        with pytest.raises(WrongStep, match="由协调会裁定"):
            refused(disputed.objections.get(), text="不行", by=house.officer, now=house.later(), **fields)

    opinion = row.opinions.get(unit=house.other_unit)
    with pytest.raises(Refused, match="请写明理由"):
        actions.give_coordination_opinion(opinion, accepts=False, text="", by=house.other_clerk, now=house.later())
    actions.give_coordination_opinion(opinion, accepts=False, text="无此职责", by=house.other_clerk, now=house.later())
    with pytest.raises(WrongStep, match="已经提交过意见"):
        actions.give_coordination_opinion(opinion, accepts=True, text="", by=house.other_clerk, now=house.later())
    assert told("coordination_opinion") == ["严明"]


def test_a_ruling_moves_the_part_binds_it_and_tells_everybody(house: House, disputed: Assignment) -> None:
    fourth = appoint(Role.UNIT_CLERK, name="顾问")
    body = fourth.appointments.get().body
    row = called(house, disputed, house.other_unit, house.third_unit, body)

    new = ruled(house, row, "move", unit=house.other_unit, helpers=[house.third_unit])

    helper = part_of(disputed.matter, house.third_unit)
    disputed.refresh_from_db()
    assert (disputed.state, new.unit, new.role, helper.role) == (State.ENDED, house.other_unit, "lead", "co")
    assert {new.ruling, helper.ruling} == {row}
    assert "objection_window" not in {*stages(new), *stages(helper)}
    row.refresh_from_db()
    assert (row.ruling, row.objection and row.objection.state) == ("move", "upheld")
    assert verbs(disputed.matter)[-3:] == ["reassigned", "unit_added", "ruled"]
    assert (told("ruled"), told("coordination_over"), told("taken_back")) == (["易安", "温良"], ["顾问"], ["沈青"])
    message = Message.objects.get(template="coordination_over", channel="inapp")
    shown = repr(render([(message.template, message.subject)], fourth))
    assert f"第{disputed.matter.number}号的协调会已作出裁定" in shown and disputed.matter.title not in shown
    assert not Matter.objects.visible_to(fourth).filter(pk=disputed.matter_id).exists()


def test_to_a_ruling_nobody_objects_and_only_a_new_meeting_with_a_reason_changes_it(
    house: House, disputed: Assignment
) -> None:
    new = ruled(house, called(house, disputed), "move", unit=house.other_unit)
    with pytest.raises(Refused, match="已由协调会裁定由本单位承办"):
        objected(house, new, by=house.other_clerk)
    with pytest.raises(Refused, match="只能由协调会决定"):
        actions.transfer(new, house.unit, reason="换", by=house.officer, now=house.later())
    with pytest.raises(Refused, match="请写明召开协调会的原因"):
        called(house, new, house.unit)

    again = called(house, new, house.unit, reason="机构职能已经调整")
    back = ruled(house, again, "move", unit=house.unit)

    assert (back.unit, back.ruling, again.undoes) == (house.unit, again, new.ruling)
    with pytest.raises(WrongStep, match="重新召开协调会并写明原因"):
        ruled(house, again)


def test_the_unit_goes_on_where_the_meeting_keeps_it(house: House, disputed: Assignment) -> None:
    kept = ruled(house, called(house, disputed))

    assert (kept.pk, kept.ruling is not None, disputed.objections.get().state) == (disputed.pk, True, "refused")
    assert stages(kept) == ["first_contact", "reply", "sign_for"]
    assert clocks.open_for(assignment=kept, stage="sign_for").get().status == "open"
    assert (told("ruled"), told("ruled_kept"), told("coordination_over")) == (["沈青"], ["林溪"], ["易安", "温良"])


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"chair": " "}, "请填写主持人"),
        ({"minutes": ""}, "请填写会议纪要，或上传纪要文件"),
        ({"ruling": "move"}, "请选择调整后的承办单位"),
        ({"ruling": "release"}, "负责答复，须有单位接办"),
        ({"held_on": timezone.localdate() + timedelta(days=2)}, "会议还没有召开"),
    ],
)
def test_a_ruling_that_is_not_whole_is_refused(
    house: House, disputed: Assignment, fields: dict[str, Any], sentence: str
) -> None:
    row = called(house, disputed)

    with pytest.raises(Refused, match=sentence):
        ruled(house, row, **fields)

    row.refresh_from_db()
    assert row.ruled_at is None
    assert "coordination" in stages(disputed)


def test_an_objection_that_is_taken_back_calls_the_meeting_off(house: House, disputed: Assignment) -> None:
    row = called(house, disputed)

    actions.withdraw_objection(disputed.objections.get(), by=house.clerk, now=house.later())

    row.refresh_from_db()
    assert row.called_off_at is not None
    assert "coordination" not in stages(disputed)
    assert told("coordination_off") == ["易安", "温良"]
    with pytest.raises(WrongStep, match="已经取消"):
        ruled(house, row)
    with pytest.raises(WrongStep, match="已经取消"):
        actions.give_coordination_opinion(
            row.opinions.get(unit=house.other_unit), accepts=True, text="", by=house.other_clerk, now=house.later()
        )


def test_without_an_objection_there_is_nothing_to_coordinate(house: House) -> None:
    with pytest.raises(Refused, match="不需要召开协调会"):
        called(house, part_of(give(house), house.unit), reason="想开")


def test_suspended_is_neither_called_nor_ruled(house: House, disputed: Assignment) -> None:
    row = called(house, disputed)
    actions.suspend(disputed.matter, reason="疑似涉密", by=house.staff, now=house.later())

    with pytest.raises(WrongStep, match="暂停办理"):
        ruled(house, row)
    with pytest.raises(WrongStep, match="暂停办理"):
        actions.give_coordination_opinion(
            row.opinions.get(unit=house.other_unit), accepts=True, text="", by=house.other_clerk, now=house.later()
        )


@pytest.mark.usefixtures("persons_read_once")
def test_what_is_said_for_a_meeting_is_read_by_the_offices_alone(house: House, disputed: Assignment) -> None:
    row = called(house, disputed)
    opinion = row.opinions.get(unit=house.third_unit)
    actions.give_coordination_opinion(opinion, accepts=False, text=MARK, by=house.third_clerk, now=house.later())

    said = {name: everything(person, disputed, ways=[""]) for name, person in near(house).items()}
    assert {name for name, words in said.items() if MARK in words} == {"office", "staff"}
    assert {name for name, words in said.items() if "市政府三楼" in words} == {"office", "staff", "unit"}

    new = ruled(house, row, "move", unit=house.other_unit, text="暗号裁定")
    said = {name: everything(person, new, ways=[""]) for name, person in near(house).items()}
    assert {name for name, words in said.items() if "暗号裁定" in words} == {"office", "staff", "co"}  # it has it now
    assert {name for name, words in said.items() if MARK in words} == {"office", "staff"}
    assert "经协调会研究，承办单位已经明确" in said["member"]


def test_the_pages_lead_from_the_objection_to_the_ruling(house: House, disputed: Assignment) -> None:
    desk = opened(house.officer)
    decide = reverse("handling:decide_objection", args=[disputed.objections.get().public_id])
    call = reverse("handling:call_coordination", args=[disputed.public_id])
    assert call in desk.get(decide).content.decode()
    assert_valid(desk.get(call).content.decode())
    assert opened(house.clerk).get(call).status_code == 403
    today = timezone.localdate()
    typed = {"meets_on": today, "place": "三楼", "units": f"{house.other_unit.name}\n没有这个单位"}
    assert "没有找到单位" in desk.post(call, typed).content.decode()
    assert desk.post(call, {**typed, "units": house.other_unit.name}).status_code == 302
    row = Coordination.objects.get()

    opinion = reverse("handling:coordination_opinion", args=[row.opinions.get().public_id])
    assert opinion in opened(house.other_clerk).get(reverse("handling:queue")).content.decode()
    assert "待提交协调会意见" in opened(house.other_clerk).get("/desk/").content.decode()
    assert_valid(opened(house.other_clerk).get(opinion).content.decode())
    assert opened(house.third_clerk).get(opinion).status_code == 404
    assert opened(house.other_clerk).post(opinion, {"accepts": "no", "text": "无此职责"}).status_code == 302

    rule = reverse("handling:rule_coordination", args=[row.public_id])
    assert rule in desk.get(reverse("handling:coordinations")).content.decode()
    assert "待裁定的协调会" in desk.get("/desk/").content.decode()
    page = desk.get(rule).content.decode()
    assert_valid(page)
    assert "无此职责" in page
    assert opened(appoint(Role.ASSIGNING_OFFICER)).get(rule).status_code == 404
    held = {"held_on": today, "chair": "严明", "present": "两个单位", "ruling": "keep", "text": "属民政职责"}
    assert "会议纪要，或上传纪要文件" in desk.post(rule, held).content.decode()
    with_minutes = {**held, "file": SimpleUploadedFile("纪要.pdf", pdf())}
    assert desk.post(rule, with_minutes, follow=True).status_code == 200

    part = reverse("handling:part", args=[disputed.public_id])
    for client in (desk, opened(house.clerk)):
        assert "属民政职责" in client.get(part).content.decode()
    assert rule not in desk.get(reverse("handling:coordinations")).content.decode()
    late = desk.post(rule, {**held, "minutes": "另一份纪要"})
    assert "协调会已经作出裁定" in late.content.decode() and "另一份纪要" in late.content.decode()


def test_an_opinion_that_comes_after_the_ruling_is_answered_with_what_was_typed(
    house: House, disputed: Assignment
) -> None:
    """The unit sees the matter no more; its words are not lost."""
    row = called(house, disputed)
    opinion = reverse("handling:coordination_opinion", args=[row.opinions.get(unit=house.third_unit).public_id])
    ruled(house, row, "move", unit=house.other_unit)

    answer = opened(house.third_clerk).post(opinion, {"accepts": "no", "text": "我局写了很久的意见"})

    assert (answer.status_code, "我局写了很久的意见" in answer.content.decode()) == (409, True)
    assert disputed.matter.title not in answer.content.decode()
    stranger = appoint(Role.UNIT_CLERK)
    assert opened(stranger).post(opinion, {"accepts": "no", "text": "x"}).status_code == 404


def test_staff_record_meeting_opinion_and_ruling_from_paper(house: House, disputed: Assignment) -> None:
    on = timezone.localdate(house.now)
    sheet = Paper("严明", on, "会议纪要", scan="x")
    with pytest.raises(Refused, match="纸质办理"):
        called(house, disputed, by=house.staff)
    row = called(house, disputed, by=house.staff, paper=sheet)
    opinion = row.opinions.get(unit=house.other_unit)
    actions.give_coordination_opinion(
        opinion, accepts=True, text="", by=house.staff, now=house.later(), paper=Paper("温良", on, "复函")
    )

    new = ruled(house, row, "move", unit=house.other_unit, by=house.staff, minutes="", paper=sheet)

    events = disputed.matter.events.filter(verb__in=["coordination_called", "coordination_opinion", "ruled"])
    assert [event.on_paper for event in events] == [True] * 3
    assert new.unit == house.other_unit


def test_the_lists_tell_how_often_a_matter_has_gone_back(house: House) -> None:
    matter = give(house)
    first = objected(house, part_of(matter, house.unit), suggested=house.other_unit)
    actions.answer_objection(first, accepts=True, text="", by=house.other_clerk, now=house.later())
    actions.uphold_objection(first, unit=house.other_unit, text="调整", by=house.officer, now=house.later())
    objection = objected(house, part_of(matter, house.other_unit), by=house.other_clerk)
    desk = opened(house.officer)

    assert "该件已调整1次" in desk.get(reverse("handling:objections")).content.decode()
    page = desk.get(reverse("handling:decide_objection", args=[objection.public_id])).content.decode()
    assert "该件已调整" in page and "1次" in page
    assert Objection.objects.with_returns().get(pk=objection.pk).returns == 1  # type: ignore[attr-defined]


def test_the_list_of_meetings_costs_the_same_for_one_and_for_many(
    house: House, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        part = part_of(give(house), house.unit)
        objected(house, part)
        called(house, part)
    client = opened(house.officer)
    client.get(reverse("handling:coordinations"))
    with django_assert_max_num_queries(15):
        client.get(reverse("handling:coordinations"))
    assert CoordinationOpinion.objects.count() == 6
