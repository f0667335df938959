"""A lead with three co-handlers: sent back twice, one dissents, one is late; signed, checked, delivered in another class."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser

from members.choices import Role, System
from members.models import AssigningOffice, Body, Person
from proposals.handling import actions
from proposals.handling.models import Assignment, Matter, Obligation, Reply, ReplyVersion
from tests.factories import MatterFactory, SessionFactory
from tests.journeys.committee import committee, member, somebody, unit
from tests.journeys.house import House
from tests.journeys.steps import Story, story

TITLE = "关于优化公交专用道设置的建议"
FIRST, SECOND, THIRD = "拟设三条专用道。", "拟设三条专用道，由运输科负责。", "拟设三条专用道，由运输科负责，明年实施。"
DISSENT = "高峰时段没有警力保障。"


@pytest.fixture
def checking_office(at_the_house: None) -> Iterator[None]:
    """This office looks at every reply before it goes out."""
    rows = AssigningOffice.objects.filter(system=System.GOVERNMENT)
    rows.update(checks_replies=True)
    yield
    rows.update(checks_replies=False)


@pytest.mark.usefixtures("checking_office")
def test_a_reply_is_countersigned_signed_checked_and_delivered(house: House, browser: Browser) -> None:
    office, lin, lead = committee(), member("林溪"), unit("市交通运输局")
    clerk, head = somebody(Role.UNIT_CLERK, "沈青", lead), somebody(Role.UNIT_HEAD, "方正", lead)
    deputy = somebody(Role.UNIT_DEPUTY, "安然", lead)
    helpers = [
        somebody(Role.UNIT_CLERK, name, unit(body))
        for name, body in (("温良", "市公安局"), ("易安", "市生态环境局"), ("顾言", "市教育局"))
    ]
    part = it_is_in_hand(office.officer, lin, clerk, helpers)

    with story(house, browser, "sign-off") as told:
        the_unit_sets_its_steps(told, clerk, deputy)
        the_deputy_sends_it_back(told, part, clerk, deputy, helpers[0])
        it_goes_up_again(told, part, clerk, deputy)
        one_dissents_and_one_is_late(told, part, clerk, helpers)
        the_head_signs_and_the_office_sends_it_back(told, part, head, office.officer)
        it_is_signed_once_more(told, part, clerk, [deputy, *helpers, head])
        the_office_corrects_the_class(told, part, office.officer, clerk, lin)


def it_is_in_hand(officer: Person, lin: Person, clerk: Person, helpers: list[Person]) -> Assignment:
    """How a proposal comes to its units is told elsewhere."""
    now, office = timezone.now(), officer.appointments.get().body
    matter: Matter = MatterFactory(by=lin, title=TITLE, unit_title=TITLE, session=SessionFactory(code="14-5"))
    shares = [actions.Part(home(clerk), "lead", office), *(actions.Part(home(one), "co", office) for one in helpers)]
    actions.assign(matter, shares, by=officer, now=now)
    for person in helpers:
        actions.sign_for(part_of(matter, person), by=person, now=now)
    return actions.sign_for(part_of(matter, clerk), by=clerk, now=now)


def home(person: Person) -> Body:
    return person.appointments.get().body


def part_of(matter: Matter, person: Person) -> Assignment:
    return matter.assignments.current().select_related("matter", "unit", "office").get(unit=home(person))


def the_unit_sets_its_steps(told: Story, clerk: Person, deputy: Person) -> None:
    desk = told.as_(clerk).open("handling:signing_steps").reads("还没有设签批环节")
    desk.fill(kind="deputy", signer=deputy.public_id).press("增加环节").fill(kind="countersign").press("增加环节")
    desk.fill(kind="head", signer="unit_head").press("增加环节").reads("安然", "会办单位", "任一主要负责人")


def the_deputy_sends_it_back(told: Story, part: Assignment, clerk: Person, deputy: Person, helper: Person) -> None:
    writer = told.as_(clerk).open("handling:draft_reply", part.public_id)
    for point, _ in enumerate(part.matter.suggestions.all(), start=1):
        writer.fill(**{f"text_{point}": FIRST, f"class_{point}": "A"})
    writer.fill(result="A", no_contact_reason="已书面沟通。").press("保存，去核对").reads("分管领导审签（安然）")
    writer.press("送签").reads("签批中")
    told.as_(helper).open("handling:part", part_of(part.matter, helper).public_id).sees_nothing_of(FIRST)

    told.as_(deputy, phone=True).gets_mail("答复稿请您签批")
    phone = told.as_(deputy).open("handling:replies_to_sign").follow("签批").reads(FIRST)
    phone.fill(text="请写明责任科室。").press("退回修改").reads("已退回修改")


def it_goes_up_again(told: Story, part: Assignment, clerk: Person, deputy: Person) -> None:
    told.as_(clerk).gets_mail("答复稿退回修改")
    writer = told.as_(clerk).open("handling:draft_reply", part.public_id).reads("请写明责任科室。")
    writer.fill(text_1=SECOND).press("保存，去核对").fill(why="已写明责任科室。").press("送签")
    phone = told.as_(deputy).open("handling:replies_to_sign").follow("签批").reads("与第1稿的差异", "已写明责任科室。")
    phone.press("同意").reads("已签批")


def one_dissents_and_one_is_late(told: Story, part: Assignment, clerk: Person, helpers: list[Person]) -> None:
    agreeing, dissenting, late = helpers
    told.as_(agreeing).gets_mail("请会签")
    told.as_(agreeing).open("handling:countersigns").follow("会签").reads(SECOND)
    told.as_(agreeing).fill(answer="agree").press("提交会签意见").reads("会签意见已交主办单位")
    told.as_(dissenting).open("handling:countersigns").follow("会签")
    told.as_(dissenting).fill(answer="dissent", text=DISSENT).press("提交会签意见").reads(DISSENT)

    days = Obligation.objects.filter(assignment=part_of(part.matter, late), stage="countersign")
    days.update(due_on=timezone.localdate() - timedelta(days=1))
    words = {row.assignment.unit_id: row for row in version_of(part).countersigns.select_related("assignment")}
    done = {words[home(dissenting).pk].public_id.hex: "已与公安部门商定警力。"}
    done |= {words[home(late).pk].public_id.hex: "电话催办两次，没有答复。"}
    told.as_(clerk).gets_mail("收到会签意见")
    desk = told.as_(clerk).open("handling:countersigns_to_settle").reads(DISSENT).follow("处理")
    desk.fill(**done).press("处理完毕，继续送签").reads("会签意见已处理")

    told.as_(late).open("handling:countersign", words[home(late).pk].public_id).reads("已经继续送签")
    told.as_(late).fill(answer="amend", text="建议避开学校路段。").press("提交会签意见").reads("逾期提交")


def version_of(part: Assignment) -> ReplyVersion:
    rows = ReplyVersion.objects.select_related("reply__assignment__matter", "reply__assignment__unit")
    return rows.filter(reply__assignment=part).latest("number")


def the_head_signs_and_the_office_sends_it_back(told: Story, part: Assignment, head: Person, officer: Person) -> None:
    told.as_(head, phone=True).gets_mail("答复稿请您签批")
    phone = told.as_(head).open("handling:replies_to_sign").follow("签批")
    phone.reads(SECOND, DISSENT, "已与公安部门商定警力。", "避开学校路段").looks_around().press("同意").reads("已签批")

    told.as_(officer).gets_mail("答复已签发，请审核")
    desk = told.as_(officer).open("handling:reply_checks").follow("核对").reads(SECOND).press("退回修改")
    desk.fill(reason="请写明实施时间。").press("退回修改").reads("已退回")


def it_is_signed_once_more(told: Story, part: Assignment, clerk: Person, signers: list[Person]) -> None:
    """The same steps as before, in the same order."""
    told.as_(clerk).gets_mail("答复退回修改")
    writer = told.as_(clerk).open("handling:draft_reply", part.public_id).reads("请写明实施时间。")
    writer.fill(text_1=THIRD).press("保存，去核对").fill(why="已写明实施时间。").press("送签")
    deputy, *helpers, head = signers
    actions.sign(version_of(part), agrees=True, by=deputy, now=timezone.now())
    for person in helpers:
        row = version_of(part).countersigns.get(assignment__unit=home(person))
        actions.countersign(row, answer="agree", by=person, now=timezone.now())
    actions.sign(version_of(part), agrees=True, by=head, now=timezone.now())


def the_office_corrects_the_class(told: Story, part: Assignment, officer: Person, clerk: Person, lin: Person) -> None:
    desk = told.as_(officer).open("handling:reply_checks").follow("核对").reads(THIRD)
    desk.fill(result="C", class_1="C", reason="明年实施，应为C类。").press("审核通过，送达提案者").reads("已审核")
    assert Reply.objects.get(assignment=part).state == Reply.State.DELIVERED

    told.as_(clerk).gets_mail("审核时改了办理结果类别")
    told.as_(clerk).open("handling:part", part.public_id).reads("由A类改为C类：明年实施，应为C类。")
    told.as_(clerk).follow("查看第3稿").reads("与第2稿的差异", "已写明实施时间。")
    told.as_(lin).gets_mail("承办单位已答复，请评价")
    proposer = told.as_(lin).open("proposals:detail", part.matter.public_id).reads(THIRD, "C类")
    proposer.sees_nothing_of(SECOND, DISSENT, "安然")
