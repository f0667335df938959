"""A report from a phone to a leader's instruction and back to each of its three authors, none of whom a unit learns (S20)."""

from dataclasses import replace

from django.utils import timezone
from playwright.sync_api import Browser

from members.choices import Role
from members.models import Body, Person
from proposals.handling import actions
from proposals.handling.models import Assignment, ResultClass
from proposals.reports.models import Instruction, Issue, Report
from tests.journeys.committee import committee, member, somebody, unit
from tests.journeys.house import House
from tests.journeys.steps import Story, story
from tests.reports.factories import WORDS, report
from tests.uploads import made

TITLE = "老旧小区消防通道被占用"
PRINTED = "关于整治老旧小区消防通道的建议"
ORDER, TOLD = "请住建局研究，一个月内见效。", "您反映的七个小区已经划线，堵点全部清理。"


def test_a_report_from_a_phone_to_its_three_authors(house: House, browser: Browser) -> None:
    committee()
    room, body = Body.objects.get(name="市政协提案委员会"), unit("市住房和城乡建设局")
    lin, bai, fang = member("林溪"), member("白露"), member("方舟")
    staff, colleague = (somebody(Role.REPORT_STAFF, name, room) for name in ("言成", "闻达"))
    editor, head = somebody(Role.REPORT_EDITOR, "文心", room), somebody(Role.SECRETARY_GENERAL, "周正")
    clerk = somebody(Role.UNIT_CLERK, "沈青", body)
    others = [report(who, words=replace(WORDS, title=f"{TITLE}的情况"), now=timezone.now()) for who in (bai, fang)]

    with story(house, browser, "report") as told:
        own = it_is_sent_from_a_phone(told, lin)
        it_is_taken_up_with_two_others(told, own, others, staff)
        it_is_edited(told, own, editor)
        issue = it_is_signed_and_issued(told, own, editor, colleague, head, staff)
        it_is_adopted_and_instructed(told, own, issue, staff)
        the_unit_answers(told, own, staff, clerk, (lin, bai, fang))
        each_author_is_told_and_credited(told, [own, *others], staff, (lin, bai, fang))


def it_is_sent_from_a_phone(told: Story, lin: Person) -> Report:
    phone = told.as_(lin, phone=True).open("reports:fresh")
    photo = {"name": "通道.jpg", "mimeType": "image/jpeg", "buffer": made.picture()}
    phone.fill(
        title=TITLE,
        situation="七个小区的通道停满了车。",
        suggestion="划线并联合整治。",
        attached=photo,
        not_secret=True,
    )
    phone.press("提交").reads("待筛选", "通道")
    return Report.objects.select_related("matter").get(matter__title=TITLE)


def it_is_taken_up_with_two_others(told: Story, own: Report, others: list[Report], staff: Person) -> None:
    desk = told.as_(staff).open("reports:screening").reads(TITLE).open("reports:screen", own.public_id)
    desk.press("采编").reads("已采编，转入编辑。")
    desk.open("reports:report", own.public_id).reads("编辑中").press("合并同类信息")
    desk.tick(followers=[one.public_id for one in others]).press("合并")


def it_is_edited(told: Story, own: Report, editor: Person) -> None:
    desk = told.as_(editor).open("reports:edit", own.public_id).reads("消防通道长期被私家车占用")
    desk.fill(title=PRINTED, text="七个小区的通道被占。\n建议划线并联合整治。").press("保存为新的一稿")


def it_is_signed_and_issued(
    told: Story, own: Report, editor: Person, colleague: Person, head: Person, staff: Person
) -> Issue:
    desk = told.as_(editor).open("reports:compose").fill(**{f"place_{own.public_id}": 1}).press("组成一期")
    desk.reads(PRINTED).press("送签").press("送签")
    issue = Issue.objects.get(items__report=own)
    told.as_(colleague).open("reports:issue", issue.public_id).press("核稿").press("同意")
    signer = told.as_(head, phone=True)
    signer.gets_mail("请签发")
    signer.open("reports:sign_issue", issue.public_id).reads(PRINTED).press("同意")
    told.as_(staff).open("reports:issue", issue.public_id).press("编发").press("编发").reads("第1期")
    return issue


def it_is_adopted_and_instructed(told: Story, own: Report, issue: Issue, staff: Person) -> None:
    desk = told.as_(staff).open("reports:report", own.public_id).press("登记采用")
    desk.fill(level="province", adopter="省政协办公厅", form="combined", journal="第8期").press("登记")
    desk.reads("省政协办公厅，综合采用，第8期").press("登记批示")
    desk.fill(kind="instruction", level="city", leader_name="某市长", text=ORDER).press("登记").reads(ORDER)


def the_unit_answers(told: Story, own: Report, staff: Person, clerk: Person, authors: tuple[Person, ...]) -> None:
    """How a unit writes and sends a reply is told elsewhere."""
    home, order = clerk.appointments.get().body, Instruction.objects.get(report=own)
    desk = told.as_(staff).press("交办承办单位")
    desk.fill(instruction=order.public_id, lead=home.public_id).press("交办").reads("市住房和城乡建设局")
    part = Assignment.objects.select_related("matter", "unit", "office").get(matter=own.matter)
    names = [person.name for person in authors]
    told.as_(clerk).open("handling:part", part.public_id).reads(ORDER, "来自政协委员", PRINTED).sees_nothing_of(*names)
    now, result = timezone.now(), ResultClass.objects.get(code="A", ends_on=None)
    part = actions.sign_for(part, by=clerk, now=now)
    points = {row.pk: actions.PointGiven(result, "七个小区已划线。") for row in part.matter.suggestions.all()}
    reply = actions.draft_reply(part, {"result": result, "opening": "来件收悉。"}, points, by=clerk, now=now)
    actions.deliver_reply(reply, by=clerk, now=now)
    told.as_(staff).open("handling:check_reply", reply.public_id).reads("七个小区已划线。").press("审核通过，待反馈")


def each_author_is_told_and_credited(
    told: Story, reports: list[Report], staff: Person, authors: tuple[Person, ...]
) -> None:
    desk = told.as_(staff).open("reports:report", reports[0].public_id).press("反馈反映人")
    desk.fill(text=TOLD).press("反馈并办结").reads("已办结", TOLD)
    for person, own in zip(authors, reports, strict=True):
        reader = told.as_(person, phone=True)
        reader.gets_mail("有了办理结果")
        reader.open("reports:report", own.public_id).reads("省政协办公厅，综合采用，第8期", "市级领导批示", TOLD)
        reader.sees_nothing_of(ORDER, "某市长")
    figures = told.as_(staff).open("reports:circulars")
    figures.reads(*(person.name for person in authors))
