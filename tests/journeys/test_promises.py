"""A promise is given with the reply, missed, chased, taken up again, kept, and told a second time."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Browser

from members.choices import Role
from members.inbox.models import Message
from members.models import Person
from proposals.handling import actions, clocks, engine
from proposals.handling.models import Assignment, Commitment, Matter, Obligation
from tests.factories import MatterFactory, SessionFactory
from tests.journeys.committee import committee, member, somebody, unit
from tests.journeys.house import House
from tests.journeys.steps import Story, story

TITLE = "关于增设公共充电桩的建议"


def test_a_promise_is_missed_taken_up_again_and_kept(house: House, browser: Browser) -> None:
    office, lin, body = committee(), member("林溪"), unit("市城市管理局")
    clerk, head = somebody(Role.UNIT_CLERK, "章程", body), somebody(Role.UNIT_HEAD, "方正", body)
    part = it_is_in_hand(office.officer, lin, clerk)

    with story(house, browser, "promise") as told:
        promise = the_reply_promises(told, part, clerk)
        it_is_closed(part, lin)
        it_is_missed_and_escalated(told, promise, clerk, head, office.officer)
        it_is_handled_again(told, promise, office.officer, clerk)
        it_is_kept(told, promise, clerk, office.officer, lin)


def it_is_in_hand(officer: Person, lin: Person, clerk: Person) -> Assignment:
    """How a proposal comes to a unit is told elsewhere."""
    now, body = timezone.now(), unit("市城市管理局")
    matter = MatterFactory(by=lin, title=TITLE, unit_title=TITLE, session=SessionFactory(code="14-5"))
    office = officer.appointments.get().body
    actions.assign(matter, [actions.Part(body, "sole", office)], by=officer, now=now)
    return actions.sign_for(matter.assignments.get(), by=clerk, now=now)


def the_reply_promises(told: Story, part: Assignment, clerk: Person) -> Commitment:
    writer = told.as_(clerk).open("handling:draft_reply", part.public_id)
    for place, _ in enumerate(part.matter.suggestions.all(), 1):
        words, result = ("列入年度计划。", "B") if place == 1 else ("已经办理。", "A")
        writer.fill(**{f"text_{place}": words, f"class_{place}": result})
    writer.fill(result="B", no_contact_reason="已书面沟通。").press("保存，去核对").reads("还没有承诺事项")
    due = timezone.localdate() + timedelta(days=20)
    writer.fill(point=1, text="建成公共充电桩20个", measure="20个充电桩通电可用", due_on=due).press("加入承诺事项")
    writer.press("去核对发出").reads("建成公共充电桩20个").press("发出答复").reads("承诺事项", "推进中")
    return Commitment.objects.select_related("assignment__matter", "clock").get(assignment=part)


def it_is_closed(part: Assignment, lin: Person) -> None:
    row, place = part.evaluation_rounds.get(), part.matter.participants.get(person=lin)
    actions.evaluate(row, place, work="satisfied", result="satisfied", by=lin, now=timezone.now())
    assert Matter.objects.get(pk=part.matter_id).is_closed


def it_is_missed_and_escalated(told: Story, promise: Commitment, clerk: Person, head: Person, officer: Person) -> None:
    """The day is planted a fortnight back: the ladder's steps are due, and the engine sees them."""
    clock = promise.clock
    assert clock
    past = timezone.localdate() - timedelta(days=14)
    Obligation.objects.filter(pk=clock.pk).update(fixed_on=past, due_on=past, next_at=timezone.now())
    clocks.recount(Obligation.objects.get(pk=clock.pk), now=timezone.now())
    Obligation.objects.filter(pk=clock.pk).update(next_at=timezone.now())
    engine.scan(now=timezone.now())
    assert Message.objects.filter(about=clock.pk, recipient=officer).exists()

    told.as_(clerk).open("handling:part", promise.assignment.public_id).reads("逾期")
    desk = told.as_(officer).open("handling:sheets").reads("待审核").open("handling:issue_sheet", clock.public_id)
    assert "建成公共充电桩20个" in desk.main.locator("[name=text]").input_value()
    desk.fill(how="sent").press("确定")
    told.as_(head).gets_mail("收到督办单")


def it_is_handled_again(told: Story, promise: Commitment, officer: Person, clerk: Person) -> None:
    desk = told.as_(officer).open("handling:promises").reads("逾期1项", "建成公共充电桩20个")
    desk.open("handling:part", promise.assignment.public_id).press("重新办理")
    desk.fill(promise=promise.number, reason="承诺到期没有落实。").press("重新办理").reads("二次办理", "到期没有落实")
    told.as_(clerk).gets_mail("二次办理")


def it_is_kept(told: Story, promise: Commitment, clerk: Person, officer: Person, lin: Person) -> None:
    writer = told.as_(clerk).open("handling:report_kept", promise.public_id)
    writer.fill(text="20个充电桩已通电。", reply="您建议的20个充电桩已经建成。").press("报告落实").reads("待核实")
    desk = told.as_(officer).open("handling:promise_questions").follow("核实第").reads("20个充电桩已通电。")
    desk.fill(agrees="yes").press("提交决定")

    told.as_(lin).gets_mail("承诺事项已落实")
    proposer = told.as_(lin).open("proposals:detail", promise.assignment.matter.public_id)
    proposer.reads("已落实", "再次答复", "您建议的20个充电桩已经建成。").looks_around()
