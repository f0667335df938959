"""A promise is dated, checked, followed across years, and told outside only in words that were passed (P25)."""

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.desk import work_of
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.models import AssigningOffice
from members.shown import Count
from proposals.actions import withdraw
from proposals.handling import actions, clocks
from proposals.handling.actions import Paper, PointGiven
from proposals.handling.models import (
    Assignment,
    Checkpoint,
    Commitment,
    CommitmentStep,
    LadderStep,
    Matter,
    Obligation,
    PublicWord,
    Reply,
    Stage,
)
from proposals.handling.queries import PublicCommitment, public_commitments
from tests.channels import words_of
from tests.factories import appoint
from tests.handling.conftest import House, give, part_of, result_class, round_of, signed
from tests.handling.test_acts import answered, rated, verbs

State = Commitment.State


@pytest.fixture
def house(house: House) -> House:
    house.now = timezone.now()
    return house


def drafted(house: House, part: Assignment, code: str = "B", **fields: Any) -> Reply:
    points = {row.pk: PointGiven(result_class("A"), "已办理。") for row in part.matter.suggestions.all()}
    first = part.matter.suggestions.order_by("number")[0]
    points[first.pk] = PointGiven(result_class(code), "列入明年计划。")
    values = {"result": result_class(code), "no_contact_reason": "已书面沟通。", **fields}
    return actions.draft_reply(part, values, points, by=house.clerk, now=house.later())


def promise(house: House, reply: Reply, days: int = 60, text: str = "新增充电桩", **kw: Any) -> Commitment:
    return actions.promise(
        reply.points.get(suggestion__number=1),
        text=text,
        measure=kw.pop("measure", "建成20个并通电"),
        due_on=timezone.localdate(house.now) + timedelta(days=days),
        by=house.clerk,
        now=house.later(),
        **kw,
    )


def promised(house: House, *days: int, matter: Matter | None = None) -> list[Commitment]:
    """A reply of class B is out, with a promise for each number of days."""
    part = signed(house, matter or give(house))
    reply = drafted(house, part)
    for number, left in enumerate(days or (60,), 1):
        promise(house, reply, left, text=f"新增充电桩{number}批")
    actions.deliver_reply(reply, by=house.clerk, now=house.later())
    return list(Commitment.objects.filter(point__reply=reply).order_by("number").select_related("clock"))


def test_the_office_that_checks_a_reply_reads_what_it_promises(house: House) -> None:
    AssigningOffice.objects.filter(office=house.assigning).update(checks_replies=True)
    reply = drafted(house, signed(house, give(house)))
    promise(house, reply)
    actions.deliver_reply(reply, by=house.clerk, now=house.later())
    page = reverse("handling:check_reply", args=[reply.public_id])

    pages = [opened(person).get(page).content.decode() for person in (house.officer, house.staff)]

    assert ["建成20个并通电" in page for page in pages] == [True, False], (
        "S2: staff who record from paper read no draft"
    )


def closed(house: House, part: Assignment) -> None:
    rated(house, round_of(part), house.member)


def missed(house: House, row: Commitment) -> Commitment:
    """The day has gone by."""
    house.now += timedelta(days=(row.clock.due_on - timezone.localdate(house.now)).days + 8)  # type: ignore[union-attr]
    return fresh(row)


def fresh(row: Commitment) -> Commitment:
    return Commitment.objects.select_related(
        "assignment__matter", "assignment__unit", "assignment__office", "clock"
    ).get(pk=row.pk)


def told(template: str) -> set[str]:
    return set(Message.objects.filter(template=template, channel="inapp").values_list("recipient__name", flat=True))


def opened(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


# writing -------------------------------------------------------------------------------------------------------------


def test_an_answer_that_is_under_way_needs_a_dated_promise(house: House) -> None:
    reply = drafted(house, signed(house, give(house)))

    with pytest.raises(Refused, match=r"第1条.*请填写承诺事项、可检验的结果和完成日期"):
        actions.deliver_reply(reply, by=house.clerk, now=house.later())
    promise(house, reply, 30)
    promise(house, reply, 90, text="再增一批")
    actions.deliver_reply(reply, by=house.clerk, now=house.later())

    rows = Commitment.objects.order_by("number")
    assert [(row.number, row.state, row.clock.due_on == row.due_on) for row in rows] == [  # type: ignore[union-attr]
        (1, "running", True),
        (2, "running", True),
    ]
    assert "promised" in verbs(reply.assignment.matter)


def test_an_answer_that_is_settled_needs_none_and_may_promise_all_the_same(house: House) -> None:
    reply = drafted(house, signed(house, give(house)), "A")
    row = promise(house, reply)

    actions.deliver_reply(reply, by=house.clerk, now=house.later())

    assert fresh(row).state == State.RUNNING


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"days": 0}, "承诺完成日期应晚于答复日期"),
        ({"days": -3}, "承诺完成日期应晚于答复日期"),
        ({"measure": " "}, "请写明可检验的结果"),
        ({"text": " "}, "请写明承诺做什么"),
    ],
)
def test_a_promise_that_cannot_be_checked_is_refused(house: House, fields: dict[str, Any], sentence: str) -> None:
    reply = drafted(house, signed(house, give(house)))

    with pytest.raises(Refused, match=sentence):
        promise(house, reply, **fields)
    assert not Commitment.objects.exists()


def test_a_day_that_has_gone_by_since_it_was_written_is_refused_at_sending(house: House) -> None:
    reply = drafted(house, signed(house, give(house)))
    promise(house, reply, 2)

    with pytest.raises(Refused, match="“新增充电桩”的承诺完成日期应晚于答复日期"):
        actions.deliver_reply(reply, by=house.clerk, now=house.later(days=4))


def test_promises_are_changed_and_dropped_in_the_draft_and_frozen_at_delivery(house: House) -> None:
    reply = drafted(house, signed(house, give(house)))
    row, other = promise(house, reply), promise(house, reply, text="另一项")
    version = Reply.objects.get(pk=reply.pk).version

    changed = promise(house, reply, 20, text="改写", change=row)
    actions.drop_promise(other, by=house.clerk, now=house.later())
    assert (changed.pk, Commitment.objects.count()) == (row.pk, 1)
    assert Reply.objects.get(pk=reply.pk).version == version + 2, "whoever has the draft open learns of it"
    actions.deliver_reply(reply, by=house.clerk, now=house.later())

    with pytest.raises(WrongStep, match="承诺事项不能再改"):
        promise(house, reply, text="再改", change=fresh(row))
    with pytest.raises(WrongStep, match="承诺事项不能再改"):
        actions.drop_promise(fresh(row), by=house.clerk, now=house.later())


def test_the_page_of_the_draft_takes_promises_and_sends_nobody_away_without(house: House) -> None:
    part = signed(house, give(house))
    clerk = opened(house.clerk)
    url = reverse("handling:draft_promises", args=[part.public_id])
    assert "还没有答复稿" in clerk.get(url, follow=True).content.decode()
    typed = {"text_1": "列入计划。", "class_1": "B", "result": "B", "no_contact_reason": "已书面沟通。"}
    typed |= {"text_2": "已办理。", "class_2": "A"}
    led = clerk.post(reverse("handling:draft_reply", args=[part.public_id]), typed, follow=True)
    assert "还没有承诺事项" in led.content.decode()
    due = timezone.localdate() + timedelta(days=40)
    send = reverse("handling:reply", args=[part.public_id])
    assert "去填写" in clerk.get(send).content.decode()
    assert clerk.post(send, {}).status_code == 422

    late = clerk.post(url, {"point": "1", "text": "建桩", "measure": "20个", "due_on": "2020-01-01"})
    assert (late.status_code, "应晚于答复日期" in late.content.decode()) == (422, True)
    done = clerk.post(url, {"point": "1", "text": "建桩", "measure": "20个", "due_on": due.isoformat()}, follow=True)
    assert "建桩" in done.content.decode()
    row = Commitment.objects.get()
    clerk.post(url, {"point": "1", "text": "建快充桩", "measure": "20个", "due_on": due, "row": row.public_id})
    assert "建快充桩" in clerk.get(send).content.decode()
    assert clerk.post(send, {}).status_code == 302

    assert Commitment.objects.get().state == State.RUNNING
    assert opened(house.other_clerk).get(url).status_code == 404
    assert opened(house.member).get(url).status_code == 403


def test_a_promise_that_a_colleague_has_changed_or_dropped_is_not_written_over(house: House) -> None:
    part = signed(house, give(house))
    reply = drafted(house, part)
    row = promise(house, reply)
    url = reverse("handling:draft_promises", args=[part.public_id])
    seen = Reply.objects.get(pk=reply.pk).version
    assert f'name="version" value="{seen}"' in opened(house.clerk).get(f"{url}?row={row.public_id}").content.decode()
    typed = {"point": "1", "text": "建快充桩", "measure": "20个", "due_on": row.due_on, "row": row.public_id}
    promise(house, reply, text="由同事改写", change=row)

    late = opened(house.clerk).post(url, {**typed, "version": seen})
    assert (late.status_code, "建快充桩" in late.content.decode()) == (409, True)
    actions.drop_promise(fresh(row), by=house.clerk, now=house.later())
    gone = opened(house.clerk).post(url, typed)

    assert (gone.status_code, "已由同事删除" in gone.content.decode()) == (409, True)
    assert not Commitment.objects.exists()


def test_the_database_keeps_a_promise_whole(house: House) -> None:
    row = promised(house)[0]
    for wrong in ({"clock": None}, {"state": "kept"}, {"text": ""}, {"number": None}, {"state": "gone"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Commitment.objects.filter(pk=row.pk).update(**wrong)
    step = actions.report_progress(row, text="已选址", by=house.clerk, now=house.later())
    for odd in ({"text": ""}, {"state": "asked"}, {"kind": "delay"}, {"kind": "kept"}, {"decided_by": house.staff}):
        with pytest.raises(IntegrityError), transaction.atomic():
            CommitmentStep.objects.filter(pk=step.pk).update(**odd)
    word = PublicWord.objects.get()
    for bad in ({"text": ""}, {"word": "moved"}, {"state": "passed"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            PublicWord.objects.filter(pk=word.pk).update(**bad)


# the clock -----------------------------------------------------------------------------------------------------------


def test_the_clock_runs_on_when_the_matter_is_closed_and_archived(house: House) -> None:
    first, second = promised(house, 30, 200)
    part = first.assignment
    closed(house, part)
    matter = Matter.objects.get(pk=part.matter_id)
    actions.archive(matter, by=house.staff, now=house.later())

    running = clocks.open_for(matter=matter).exclude(stage="publication")

    assert [(row.stage, row.round, row.due_on) for row in running] == [
        ("commitment", 1, first.due_on),
        ("commitment", 2, second.due_on),
    ]
    out = StringIO()
    call_command("audit_clocks", "--json", stdout=out)
    assert json.loads(out.getvalue())["differences"] == []


def test_a_running_promise_does_not_hold_up_an_evaluation_that_has_lapsed(house: House) -> None:
    row = promised(house, 300)[0]
    later = house.later(days=120)
    Obligation.objects.filter(stage="evaluation").update(next_at=None, next_step=None, next_n=None)

    assert actions.close_lapsed_rounds(now=later) == 1
    assert fresh(row).clock.status == "open"  # type: ignore[union-attr]


def test_a_second_round_keeps_the_promises_of_the_first(house: House) -> None:
    row = promised(house, 40)[0]
    closed(house, row.assignment)
    part = actions.reopen(fresh(row).assignment, reason="补交不满意", by=house.officer, now=house.later())
    reply = drafted(house, part)
    second = promise(house, reply, 80)
    actions.deliver_reply(reply, by=house.clerk, now=house.later())

    assert [fresh(one).number for one in (row, second)] == [1, 2]
    assert [fresh(one).clock.status for one in (row, second)] == ["open", "open"]  # type: ignore[union-attr]


def test_promises_go_with_the_duty_to_another_unit_and_nobody_leaves_them_behind(house: House) -> None:
    row = promised(house, 400)[0]
    closed(house, row.assignment)
    part = actions.reopen(fresh(row).assignment, reason="再办", by=house.officer, now=house.later())
    actions.report_kept(fresh(row), text="建成", reply="已建成。", by=house.clerk, now=house.later())
    new = actions.transfer(part, house.other_unit, reason="职责调整", by=house.officer, now=house.later())

    moved = fresh(row)

    assert (moved.assignment, moved.clock.holder_body, moved.clock.due_on, moved.clock.status) == (  # type: ignore[union-attr]
        new,
        house.other_unit,
        row.due_on,
        "open",
    )
    assert moved.steps.get().state == "back"
    assert "promises_carried" in verbs(moved.assignment.matter)


def test_what_a_unit_that_ended_had_promised_in_closed_matters_is_its_heirs(house: House) -> None:
    row = promised(house, 400)[0]
    closed(house, row.assignment)

    actions.succeed(house.unit, house.third_unit, by=house.staff, now=house.later())

    moved = fresh(row)
    assert (moved.assignment.unit, moved.clock.holder_body) == (house.third_unit, house.third_unit)  # type: ignore[union-attr]
    assert moved.assignment.state == "settled"


def test_after_a_split_somebody_says_who_goes_on_with_the_promises_of_what_is_closed(house: House) -> None:
    matter = give(house, (house.unit, "split"), (house.other_unit, "split"))
    row = promised(house, 400, matter=matter)[0]
    answered(house, signed(house, matter, house.other_unit, house.other_clerk), by=house.other_clerk)
    for unit in (house.unit, house.other_unit):
        closed(house, part_of(matter, unit))
    house.unit.ended_on = timezone.localdate(house.now)
    house.unit.save(update_fields=["ended_on"])
    page = opened(house.officer).get(reverse("handling:part", args=[row.assignment.public_id])).content.decode()
    assert "指定承接单位" in page

    part = actions.name_successor(fresh(row).assignment, house.other_unit, by=house.officer, now=house.later())

    assert (fresh(row).assignment, fresh(row).clock.holder_body) == (part, house.other_unit)  # type: ignore[union-attr]
    with pytest.raises(WrongStep, match="没有要继续落实的承诺"):
        old = matter.assignments.get(unit=house.unit)
        actions.name_successor(old, house.third_unit, by=house.officer, now=house.later())


def test_what_is_suspended_or_given_up_loses_no_promise(house: House) -> None:
    row = promised(house, 40)[0]
    actions.suspend(row.assignment.matter, reason="核查", by=house.staff, now=house.later())

    with pytest.raises(WrongStep, match="保密核查"):
        actions.report_progress(fresh(row), text="已选址", by=house.clerk, now=house.later())
    assert fresh(row).clock.status == "open"  # type: ignore[union-attr]
    actions.lift_suspension(Matter.objects.get(pk=row.assignment.matter_id), by=house.director, now=house.later())
    closed(house, row.assignment)
    matter = actions.reopen(fresh(row).assignment, reason="再办", by=house.officer, now=house.later()).matter
    with pytest.raises(WrongStep, match="正在跟踪落实，不能再撤案"):
        withdraw(matter.proposal, reason="不再需要", by=house.member, now=house.later())


def test_a_matter_with_promises_is_not_released_in_silence(house: House) -> None:
    matter = give(house, (house.unit, "split"), (house.other_unit, "split"))
    row = promised(house, 300, matter=matter)[0]
    answered(house, signed(house, matter, house.other_unit, house.other_clerk), by=house.other_clerk)
    for part in (part_of(matter, house.unit), part_of(matter, house.other_unit)):
        closed(house, part)
    part = actions.reopen(fresh(row).assignment, reason="再办", by=house.officer, now=house.later())

    with pytest.raises(Refused, match="没落实的承诺事项"):
        actions.release(part, reason="不再承办", by=house.officer, now=house.later())


# what becomes of it --------------------------------------------------------------------------------------------------


def test_progress_is_read_by_the_proposers(house: House) -> None:
    row = promised(house)[0]
    with pytest.raises(Refused, match="请写明进展"):
        actions.report_progress(row, text=" ", by=house.clerk, now=house.later())

    actions.report_progress(row, text="已完成选址", by=house.clerk, now=house.later())

    page = opened(house.member).get(row.assignment.matter.get_absolute_url()).content.decode()
    assert "已完成选址" in page
    assert fresh(row).clock.due_on == row.due_on  # type: ignore[union-attr]


def test_another_day_is_asked_in_time_decided_by_the_office_and_told_to_the_proposers(house: House) -> None:
    row = promised(house, 30)[0]
    to = row.due_on + timedelta(days=45)
    with pytest.raises(Refused, match="应晚于现在的日期"):
        actions.ask_delay(row, to=row.due_on, text="雨季", by=house.clerk, now=house.later())
    step = actions.ask_delay(row, to=to, text="雨季不能施工", by=house.clerk, now=house.later())
    assert fresh(row).clock.due_on == row.due_on, "asking moves nothing"  # type: ignore[union-attr]
    assert told("promise_delay_asked") == {"严明"}
    with pytest.raises(WrongStep, match="等待交办机构决定"):
        actions.report_kept(row, text="建成", reply="建成。", by=house.clerk, now=house.later())

    actions.agree(step, by=house.officer, now=house.later())

    moved = fresh(row)
    assert (moved.clock.due_on, moved.due_on) == (to, row.due_on)  # type: ignore[union-attr]
    assert (told("promise_delayed"), told("promise_delay_told")) == ({"沈青"}, {"林溪"})
    words = [word.said for word in PublicWord.objects.order_by("pk")]
    assert words == ["推进中", f"调整为{to.year}年{to.month}月"]
    page = opened(house.member).get(row.assignment.matter.get_absolute_url()).content.decode()
    assert "原承诺日期" in page
    with pytest.raises(WrongStep, match="不能再决定"):
        actions.send_back(step, text="不同意", by=house.officer, now=house.later())


def test_a_delay_that_is_refused_says_why_and_one_asked_too_late_is_not_taken(house: House) -> None:
    row = promised(house, 30)[0]
    step = actions.ask_delay(row, to=row.due_on + timedelta(days=9), text="雨季", by=house.clerk, now=house.later())
    with pytest.raises(Refused, match="请写明原因"):
        actions.send_back(step, text="", by=house.officer, now=house.later())

    actions.send_back(step, text="资金已到位", by=house.officer, now=house.later())

    assert told("promise_delay_refused") == {"沈青"}
    row = missed(house, row)
    with pytest.raises(Refused, match="已过，不能再申请调整"):
        actions.ask_delay(row, to=row.due_on + timedelta(days=90), text="雨季", by=house.clerk, now=house.later())
    asked_in_time = Paper("方正", row.due_on, "请示")
    actions.ask_delay(
        row, to=row.due_on + timedelta(days=90), text="雨季", by=house.officer, now=house.later(), paper=asked_in_time
    )


def test_a_promise_found_kept_ends_its_clock_and_the_second_reply_reaches_every_proposer(house: House) -> None:
    row = promised(house, 30, matter=give(house, cosigned=True))[0]
    with pytest.raises(Refused, match="请写再次答复"):
        actions.report_kept(row, text="建成22个", reply="", by=house.clerk, now=house.later())
    step = actions.report_kept(
        row, text="建成22个并通电", reply="您建议的充电桩已建成22个。", by=house.clerk, now=house.later()
    )
    assert fresh(row).clock.status == "paused"  # type: ignore[union-attr]
    member = opened(house.cosigner)
    home = row.assignment.matter.get_absolute_url()
    assert "您建议的充电桩" not in member.get(home).content.decode()

    actions.agree(step, text="已现场核实", by=house.officer, now=house.later(days=4))

    kept = fresh(row)
    assert (kept.state, kept.kept_on, kept.clock.status, kept.clock.late_workdays) == (  # type: ignore[union-attr]
        "kept",
        timezone.localdate(step.at),
        "done",
        0,
    )
    assert told("promise_kept") == {"林溪", "白露"}
    page = member.get(home).content.decode()
    assert "再次答复" in page and "您建议的充电桩已建成22个。" in page
    assert [word.said for word in PublicWord.objects.order_by("pk")] == ["推进中", "已落实"]


def test_a_report_sent_back_leaves_the_day_as_it_was(house: House) -> None:
    row = promised(house, 30)[0]
    step = actions.report_kept(row, text="基本建成", reply="基本建成。", by=house.clerk, now=house.later())

    actions.send_back(step, text="现场只有5个", by=house.officer, now=house.later(days=3))

    back = fresh(row)
    assert (back.clock.status, back.clock.due_on) == ("open", row.due_on)  # type: ignore[union-attr]
    assert told("promise_returned") == {"沈青"}
    assert not clocks.open_for(assignment=back.assignment, stage="promise_check").exists()


def test_paper_counts_and_nobody_acts_for_others_without_it(house: House) -> None:
    row = promised(house, 30)[0]
    with pytest.raises(Refused, match="纸质办理"):
        actions.report_kept(row, text="建成", reply="建成。", by=house.staff, now=house.later())
    on = timezone.localdate(house.now)
    paper = Paper("方正", on, "落实情况报告")
    step = actions.report_kept(row, text="建成", reply="建成。", by=house.staff, now=house.later(), paper=paper)
    with pytest.raises(Refused, match="纸质办理"):
        actions.agree(step, by=house.staff, now=house.later())
    actions.agree(step, by=house.staff, now=house.later(), paper=Paper("严明", on, "核实单"))

    assert fresh(row).state == State.KEPT


def test_pages_of_the_unit_and_of_the_office(house: House) -> None:
    row = promised(house, 30)[0]
    clerk, officer = opened(house.clerk), opened(house.officer)
    part = reverse("handling:part", args=[row.assignment.public_id])
    urls = {
        name: reverse(f"handling:{name}", args=[row.public_id])
        for name in ("report_progress", "ask_delay", "report_kept")
    }
    page = clerk.get(part).content.decode()
    assert all(url in page for url in urls.values())

    assert clerk.post(urls["report_progress"], {"text": "已选址"}).status_code == 302
    assert clerk.post(urls["report_kept"], {"text": "建成", "reply": "已建成。"}).status_code == 302
    queue = officer.get(reverse("handling:promise_questions")).content.decode()
    decide = reverse("handling:decide_promise", args=[CommitmentStep.objects.asked().get().public_id])
    assert decide in queue
    assert "已建成。" in officer.get(decide).content.decode()
    assert officer.post(decide, {"agrees": "yes", "text": ""}).status_code == 302

    assert fresh(row).state == State.KEPT
    for person in (house.other_clerk, house.third_clerk):
        assert [opened(person).get(url).status_code for url in urls.values()] == [404, 404, 404]
    assert opened(house.member).get(decide).status_code == 403


# missed --------------------------------------------------------------------------------------------------------------


def test_a_missed_promise_is_marked_inside_only_and_its_sheet_is_prepared(house: House) -> None:
    row = promised(house, 1)[0]
    closed(house, row.assignment)
    past = timezone.localdate() - timedelta(days=30)
    clock = row.clock
    assert clock
    Obligation.objects.filter(pk=clock.pk).update(due_on=past, fixed_on=past)
    step = LadderStep.objects.get(ladder=clock.rule.ladder, template="clock.chase_sheet")
    point = Checkpoint.objects.create(
        obligation=clock, epoch=clock.epoch, step=step, n=1, fired_at=house.later(), outcome="fired"
    )
    page = reverse("handling:part", args=[row.assignment.public_id])
    home = row.assignment.matter.get_absolute_url()

    assert "逾期" in opened(house.clerk).get(page).content.decode()
    assert "逾期" not in opened(house.member).get(home).content.decode()
    assert "承诺“新增充电桩1批”" in actions.prepared_text(Checkpoint.objects.get(pk=point.pk))
    sheet = reverse("handling:issue_sheet", args=[clock.public_id])
    assert opened(house.officer).post(sheet, {"text": "请落实。", "how": "sent"}).status_code == 302
    assert told("sheet_issued") == {"沈青", "方正"}


def test_the_office_has_the_matter_handled_again_naming_the_missed_promise(house: House) -> None:
    row = promised(house, 20)[0]
    closed(house, row.assignment)
    with pytest.raises(WrongStep, match="没有逾期"):
        actions.reopen(fresh(row).assignment, reason="到期", promise=row, by=house.officer, now=house.later())
    row = missed(house, row)

    part = actions.reopen(row.assignment, reason="到期没有落实", promise=row, by=house.officer, now=house.later())

    assert (part.round, part.state, part.matter.stage) == (2, "signed", Stage.REHANDLING)
    assert "promise_missed" in verbs(part.matter)
    step = actions.report_kept(fresh(row), text="建成", reply="已建成。", by=house.clerk, now=house.later())
    actions.agree(step, by=house.officer, now=house.later())
    kept = fresh(row)
    assert kept.state == State.KEPT and (kept.clock.late_workdays or 0) > 0  # type: ignore[union-attr]


# ledger and public words ---------------------------------------------------------------------------------------------


def test_the_ledger_shows_each_his_own_and_says_what_its_rate_is_of(house: House) -> None:
    row = promised(house, 30)[0]
    other = promised(house, 60, matter=give(house))
    url = reverse("handling:promises")
    for person in (house.clerk, house.officer, house.staff, house.member):
        page = opened(person).get(url).content.decode()
        assert row.text in page and str(other[0].assignment.matter.number) in page
    stranger = opened(house.other_clerk).get(url).content.decode()
    assert row.text not in stranger and "没有符合条件的承诺事项" in stranger
    leader = opened(appoint(Role.LEADER))
    assert row.text not in leader.get(url).content.decode()
    by_unit = leader.get(reverse("handling:promise_figures")).content.decode()
    assert house.unit.name in by_unit and "已到期的项数" in by_unit
    assert "按期落实率" not in opened(house.member).get(url).content.decode()
    filtered = opened(house.staff).get(
        url, {"unit": str(house.unit.public_id), "year": f"{timezone.localdate().year}", "state": "running"}
    )
    assert row.text in filtered.content.decode()
    assert row.text not in opened(house.staff).get(url, {"overdue": "on"}).content.decode()
    table = opened(house.staff).get(url, {"export": "xlsx"})
    assert table.status_code == 200
    assert b"".join(table)
    client = opened(house.staff)
    client.get(url)
    with CaptureQueriesContext(connection) as done:
        client.get(url)
    assert len(done) <= 12


def test_the_desks_of_unit_and_office_count_what_is_late_and_what_is_soon(house: House) -> None:
    soon, late = promised(house, 5, 9)
    closed(house, soon.assignment)
    past = timezone.localdate() - timedelta(days=3)
    Obligation.objects.filter(commitment=late).update(due_on=past)

    for person in (house.clerk, house.officer, house.staff):
        counts = {
            one.label: one.value for one in work_of(person, timezone.localdate()).counts if isinstance(one, Count)
        }
        assert (counts["承诺逾期"], counts["承诺7天内到期"]) == (1, 1)
    other = {one.label for one in work_of(house.member, timezone.localdate()).counts if isinstance(one, Count)}
    assert not {label for label in other if "承诺" in label}


def test_the_table_of_the_ledger_says_inside_what_is_late(house: House) -> None:
    late = promised(house, 5)[0]
    Obligation.objects.filter(commitment=late).update(due_on=timezone.localdate() - timedelta(days=3))
    url = reverse("handling:promises") + "?export=xlsx"

    for person in (house.staff, house.officer):
        assert "逾期 3 天" in words_of(opened(person).get(url))
    words = words_of(opened(house.member).get(url))
    assert late.text in words and "逾期" not in words


def test_the_ledger_costs_the_same_for_one_row_and_for_more(house: House, django_assert_num_queries: Any) -> None:
    client, url = opened(house.clerk), reverse("handling:promises")
    promised(house, 30)
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    promised(house, 30, 60, 90, matter=give(house))

    with django_assert_num_queries(len(one)):
        client.get(url)


def said_outside(matter: Matter) -> list[PublicCommitment]:
    """With every reply of the matter published."""
    replies = Reply.objects.filter(assignment__matter=matter).values_list("pk", flat=True)
    return public_commitments(matter, replies)


def test_only_words_that_were_passed_are_public_and_late_is_never_one(house: House) -> None:
    row = promised(house, 30)[0]
    matter = row.assignment.matter
    reviewer = appoint(Role.DISCLOSURE_REVIEWER)
    word = PublicWord.objects.get()
    assert said_outside(matter) == []
    page = opened(reviewer)
    assert row.text in page.get(reverse("handling:public_words")).content.decode()
    url = reverse("handling:review_word", args=[word.public_id])
    assert page.post(url, {"passed": "no", "text": row.text}).status_code == 422
    assert page.post(url, {"passed": "yes", "text": "新增公共充电桩"}).status_code == 302
    assert [(one.text, one.said, one.unit) for one in said_outside(matter)] == [
        ("新增公共充电桩", "推进中", house.unit.name)
    ]
    step = actions.report_kept(fresh(row), text="建成", reply="已建成。", by=house.clerk, now=house.later())
    actions.agree(step, by=house.officer, now=house.later())
    assert [one.said for one in said_outside(matter)] == ["推进中"], "the new word waits"
    kept = PublicWord.objects.waiting().get()
    with pytest.raises(Refused, match="请写明原因"):
        actions.review_word(kept, passed=False, by=reviewer, now=house.later())
    actions.review_word(kept, passed=True, text="新增公共充电桩", by=reviewer, now=house.later())
    assert [one.said for one in said_outside(matter)] == ["已落实"]
    with pytest.raises(WrongStep, match="已经审查过"):
        actions.review_word(kept, passed=True, text="再来", by=reviewer, now=house.later())

    actions.suspend(matter, reason="核查", by=house.staff, now=house.later())
    matter.refresh_from_db()

    assert said_outside(matter) == []
    assert opened(house.staff).get(url).status_code == 403


def test_a_reviewer_leaves_the_words_of_his_own_proposal_to_colleagues_and_the_second_loses_no_word(
    house: House,
) -> None:
    matter = promised(house, 30)[0].assignment.matter
    own, first, second = (appoint(Role.DISCLOSURE_REVIEWER) for _ in range(3))
    matter.participants.create(person=own, role="cosigner", order=5)
    url = reverse("handling:review_word", args=[PublicWord.objects.get().public_id])
    assert opened(own).get(url).status_code == 404
    assert opened(first).post(url, {"passed": "yes", "text": "新增充电桩"}).status_code == 302

    late = opened(second).post(url, {"passed": "no", "text": "新增充电桩", "reason": "涉及一家企业"})

    shown = late.content.decode()
    assert (late.status_code, "已经审查过" in shown, "涉及一家企业" in shown) == (422, True, True)
    assert opened(second).get(url).status_code == 404


def test_of_a_matter_that_is_not_open_no_public_word_is_prepared(house: House) -> None:
    matter = give(house)
    Matter.objects.filter(pk=matter.pk).update(access="internal")

    promised(house, 30, matter=Matter.objects.get(pk=matter.pk))

    assert not PublicWord.objects.exists()
