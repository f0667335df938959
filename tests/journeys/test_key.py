"""A key proposal from the shortlist to the result: asked, decided, led, planned, visited, instructed, done."""

from datetime import timedelta

from django.utils import timezone
from playwright.sync_api import Browser

from members.choices import Role
from members.inbox.models import Message
from members.models import Body, Person
from proposals.handling import actions
from proposals.handling.models import Assignment, Matter
from proposals.models import Proposal
from tests.factories import MatterFactory, SessionFactory, appoint
from tests.journeys.committee import Committee, committee, member, somebody, unit
from tests.journeys.house import House
from tests.journeys.steps import Story, story

TITLE = "关于推进老旧小区加装电梯的建议"


def test_a_key_proposal_from_the_shortlist_to_the_result(house: House, browser: Browser) -> None:
    office, lin, body = committee(), member("林溪"), unit("市水利局")
    clerk, leader = somebody(Role.UNIT_CLERK, "沈青", body), somebody(Role.LEADER, "陆远")
    secretary = appoint(Role.LEADER_SECRETARY, name="简宁")
    matter = it_is_in_hand(office, lin, body)

    with story(house, browser, "key") as told:
        it_is_a_candidate(told, matter, office.staff)
        offices_say_what_they_think(told, matter, office.officer, office.staff)
        the_council_decides(told, matter, office.staff, clerk, lin)
        a_leader_takes_it_on(told, matter, office.staff, leader, secretary)
        it_is_planned_and_visited(told, matter, office.staff, clerk, leader)
        the_leader_writes_on_it(told, matter, office.officer, clerk, lin, leader)
        it_has_a_result(told, matter, office.staff, lin, leader)


def it_is_in_hand(office: Committee, lin: Person, body: Body) -> Matter:
    """How a proposal comes to a unit is told elsewhere."""
    now, assigning = timezone.now(), office.officer.appointments.get().body
    facts = {"title": TITLE, "unit_title": TITLE, "session": SessionFactory(code="14-5"), "office": assigning}
    matter: Matter = MatterFactory(by=lin, **facts)
    actions.assign(matter, [actions.Part(body, "sole", assigning)], by=office.officer, now=now)
    Proposal.objects.filter(matter=matter).update(filed_at=now)
    return matter


def it_is_a_candidate(told: Story, matter: Matter, staff: Person) -> None:
    desk = told.as_(staff).open("proposals:detail", matter.public_id).press("督办与批示").press("列入重点提案候选")
    desk.fill(reason="群众关注，督办能见成效。").press("列入候选").reads("入围候选", "群众关注，督办能见成效。")


def offices_say_what_they_think(told: Story, matter: Matter, officer: Person, staff: Person) -> None:
    name = officer.appointments.get().body.name
    told.as_(staff).press("征求意见").fill(bodies=name).press("征求意见").reads(name, "填写意见")
    asked = told.as_(officer)
    asked.gets_mail("请对一件重点提案候选提出意见")
    asked.open("proposals:key", matter.public_id).follow("填写").fill(text="同意列为重点提案。").press(
        "提交意见"
    ).reads("同意列为重点提案。")
    told.as_(staff).gets_mail("重点提案候选的意见已收到")


def the_council_decides(told: Story, matter: Matter, staff: Person, clerk: Person, lin: Person) -> None:
    desk = told.as_(staff).open("proposals:key_list").reads("入围候选").follow(TITLE).reads("同意列为重点提案。")
    desk.press("登记主席会议决定").reads("提醒改为")
    desk.fill(number="政协办〔2026〕3号", text="列为年度重点提案。").press("列为重点提案").reads("待定")
    for person in (clerk, lin):
        told.as_(person).gets_mail("提案列为重点提案")


def a_leader_takes_it_on(told: Story, matter: Matter, staff: Person, leader: Person, secretary: Person) -> None:
    """He is told by the notice that a person hands him, never by the system (P2)."""
    desk = told.as_(staff).press("确定领办领导")
    desk.fill(leader=leader.public_id, secretary=secretary.public_id).press("确定").reads("陆远", "简宁")
    desk.press("打印领办通知").reads("陆远：", f"《{TITLE}》列为重点提案", "市水利局").press("登记送达")
    desk.fill(how="当面送交").press("登记").reads("当面送交")
    assert not Message.objects.filter(recipient=leader).exists()


def it_is_planned_and_visited(told: Story, matter: Matter, staff: Person, clerk: Person, leader: Person) -> None:
    today = timezone.localdate()
    desk = told.as_(staff).press("督办方案")
    desk.fill(text="先走访街道，再开推进会。", due_on=today + timedelta(days=60)).press("保存方案").reads("先走访街道")
    told.as_(clerk).gets_mail("重点提案督办方案已确定")
    desk.press("登记督办活动")
    desk.fill(kind="visit", place="南湖街道", people="提案者、承办科室", notes="三个小区管线还没有迁改。")
    desk.fill(next_step="开推进会", next_on=today + timedelta(days=20)).press("登记").reads(
        "管线还没有迁改", "开推进会"
    )
    phone = told.as_(leader, phone=True).open("portal:desk").open("proposals:led").reads("继续督办").follow(TITLE)
    phone.reads("先走访街道", "管线还没有迁改").looks_around()


def the_leader_writes_on_it(
    told: Story, matter: Matter, officer: Person, clerk: Person, lin: Person, leader: Person
) -> None:
    part = Assignment.objects.get(matter=matter)
    keeper = told.as_(officer).open("proposals:key", matter.public_id).press("登记圈阅、批示")
    keeper.fill(kind="instruction", level="city_main", leader=leader.public_id, text="请抓紧完成管线迁改。")
    keeper.tick(units=[part.unit.public_id]).press("登记").reads("请抓紧完成管线迁改。")
    told.as_(clerk).gets_mail("有批给您单位的领导批示")
    told.as_(clerk).open("proposals:key", matter.public_id).reads("请抓紧完成管线迁改。")
    proposer = told.as_(lin).open("proposals:key", matter.public_id).reads("走访")
    proposer.sees_nothing_of("请抓紧完成管线迁改。", "管线还没有迁改", "先走访街道")
    keeper.follow("同意转告").press("同意转告")
    proposer.open("proposals:key", matter.public_id).reads("请抓紧完成管线迁改。")


def it_has_a_result(told: Story, matter: Matter, staff: Person, lin: Person, leader: Person) -> None:
    desk = told.as_(staff).open("proposals:key", matter.public_id).press("登记督办成效")
    desk.fill(result="十二部电梯已经开工，管线迁改完成。").press("督办办结").reads("十二部电梯已经开工").looks_around()
    told.as_(lin).gets_mail("重点提案督办办结")
    told.as_(lin).open("proposals:detail", matter.public_id).reads("重点提案").press("督办与批示")
    told.as_(lin).reads("十二部电梯已经开工").sees_nothing_of("管线还没有迁改")
    told.as_(leader).open("proposals:led").reads("督办办结").follow(TITLE).reads("十二部电梯已经开工")
