"""What the house is for: a proposal is written, routed, chased, answered and evaluated; on screen, and on paper."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from members.choices import Role
from members.models import Body, Person
from proposals.handling.models import Assignment, Matter, Obligation, Policy
from proposals.handling.workdays import working_calendar
from proposals.models import CoSignature, Proposal
from tests.factories import PASSWORD, appoint
from tests.journeys.committee import Committee, committee, member, somebody, unit
from tests.journeys.house import House
from tests.journeys.steps import Actor, Story, story
from tests.uploads.made import picture as photo

TITLE = "关于完善社区嵌入式养老服务的建议"
PAPER_TITLE = "关于整治老旧小区飞线充电的建议"
SUGGESTIONS = ["每个街道建设一处综合养老服务中心", "对社区养老床位给予运营补助", "在新建小区同步配建养老用房"]


@pytest.fixture
def numbering_run(at_the_house: None) -> Iterator[None]:
    """This committee numbers its proposals in one run."""
    policy = Policy.objects.create(code="number_at", value="run", starts_on=timezone.localdate())
    yield
    policy.delete()


def part_of(matter: Matter, body: Body) -> Assignment:
    return matter.assignments.current().get(unit=body)


@pytest.mark.usefixtures("numbering_run")
def test_a_proposal_from_draft_to_closed_after_a_second_round(house: House, browser: Browser) -> None:
    office = committee()
    lin, bai, qin = member("林溪"), member("白露"), member("秦川")
    civil, finance, housing, planning = (
        unit(name) for name in ("市民政局", "市财政局", "市住房和城乡建设局", "市自然资源和规划局")
    )
    civil_clerk, civil_handler = somebody(Role.UNIT_CLERK, "沈青", civil), somebody(Role.UNIT_HANDLER, "邹平", civil)
    finance_clerk, housing_clerk, planning_clerk = (
        somebody(Role.UNIT_CLERK, name, body)
        for name, body in (("温良", finance), ("易安", housing), ("顾言", planning))
    )

    with story(house, browser, "proposal") as told:
        proposal = a_draft_is_written(told, lin)
        two_are_invited(told, proposal, lin, bai, qin)
        it_is_submitted(told, proposal, lin, civil)
        it_comes_back_once(told, proposal, office.staff, lin, bai)
        it_is_filed_and_numbered(told, proposal, office.staff, lin)
        matter = it_is_handed_over(told, proposal, office.officer, civil, finance, housing)
        one_co_handler_is_replaced(told, matter, office.officer, housing_clerk, planning_clerk)
        the_units_take_it_up(told, matter, civil_clerk, civil_handler, finance_clerk, planning_clerk)
        more_time_is_granted(told, matter, civil_clerk, office.officer, office.staff, lin)
        they_talk(told, matter, civil, civil_handler, lin)
        the_opinions_come_in(told, matter, finance_clerk, planning_clerk, civil_clerk)
        the_unit_replies(told, matter, civil_handler, civil_clerk, lin, bai)
        one_of_them_is_not_satisfied(told, matter, bai, lin, office.staff, civil_clerk)
        it_is_handled_again(told, matter, civil_clerk, lin, bai)
        it_is_closed(told, matter, office.staff, civil_clerk, lin)


def a_draft_is_written(told: Story, lin: Person) -> Proposal:
    writer = told.as_(lin, phone=True).open("portal:desk")
    writer.open("proposals:begin").press("开始写")
    writer.fill(title=TITLE, situation="本市六十岁以上老人占两成，社区床位不足。", analysis="用地和运营经费没有落实。")
    writer.fill(suggestions=SUGGESTIONS[:1], pasted=f"一是{SUGGESTIONS[1]}；二是{SUGGESTIONS[2]}。").press("分条")
    writer.press("下一步：联名与附件")

    proposal = Proposal.objects.get(matter__title=TITLE)
    assert proposal.matter.suggestions.count() == 3
    return proposal


def two_are_invited(told: Story, proposal: Proposal, lin: Person, bai: Person, qin: Person) -> None:
    writer = told.as_(lin)
    writer.tick(people=[bai.public_id, qin.public_id]).press("发出邀请").reads("已发出联名邀请")

    told.as_(bai, phone=True).gets_mail("邀请您联名")
    told.as_(bai).open("proposals:invitations").follow(TITLE).reads(*SUGGESTIONS)
    told.as_(bai).fill(agrees="yes", name_public=True).press("确认")
    told.as_(qin).open("proposals:invitations").follow(TITLE)
    told.as_(qin).fill(agrees="no", note="已提出同类提案").press("确认")

    writer.gets_mail("联名邀请有了答复")
    writer.open("proposals:cosigners", proposal.matter.public_id).reads("已同意", "不参加")


def it_is_submitted(told: Story, proposal: Proposal, lin: Person, civil: Body) -> None:
    writer = told.as_(lin)
    writer.press("下一步：核对提交")
    writer.fill(wished_units=civil.name, consents="yes", not_secret=True).press("提交提案")
    writer.reads("提案已提交", "收件号").gets_mail("提案已提交")
    writer.press("查看提案").reads(TITLE, "林溪等2人")


def it_comes_back_once(told: Story, proposal: Proposal, staff: Person, lin: Person, bai: Person) -> None:
    reviewer, writer = told.as_(staff), told.as_(lin)
    reviewer.open("portal:desk").open("proposals:review_queue").follow(TITLE).press("开始审查")
    reviewer.press("退回修改").fill(reason="情况不清，请补充调研情况或数据", text="请补充床位缺口的数据。").press(
        "退回修改"
    )
    writer.gets_mail("退回修改")
    writer.open("proposals:detail", proposal.matter.public_id).reads("请补充床位缺口的数据。").press("继续写")
    writer.fill(situation="本市六十岁以上老人占两成，社区床位缺口三千张。").press("下一步：联名与附件")
    writer.reads("先前的同意不再有效").press("重新征求联名").press("重新征求")

    told.as_(bai).open("proposals:invitations").follow(TITLE).reads("缺口三千张")
    told.as_(bai).fill(agrees="yes").press("确认")
    writer.open("proposals:check", proposal.matter.public_id).fill(not_secret=True).press("提交提案")
    assert CoSignature.objects.filter(proposal=proposal, state="agreed").count() == 1


def it_is_filed_and_numbered(told: Story, proposal: Proposal, staff: Person, lin: Person) -> None:
    reviewer = told.as_(staff)
    reviewer.open("proposals:review", proposal.matter.public_id).press("开始审查")
    reviewer.fill(category="社会建设").press("立案")
    told.as_(lin).gets_mail("提案已立案")
    reviewer.open("proposals:numbering").reads(TITLE).press("确认编号 1 件").reads("已编号 1 件")
    told.as_(lin).gets_mail("提案已编号")


def it_is_handed_over(
    told: Story, proposal: Proposal, officer: Person, civil: Body, finance: Body, housing: Body
) -> Matter:
    assigner = told.as_(officer)
    assigner.open("proposals:allocation").follow(TITLE)
    assigner.fill(lead=civil.name, others=f"{finance.name}\n{housing.name}").press("保存拟办").reads("已保存拟办")
    assigner.open("proposals:allocation").press("交办全部已拟办").reads("将交办 1 件给 3 个单位")
    assigner.fill(name="大会提案第一批", notice="请按期办理。").press("交办 1 件给 3 个单位").reads(TITLE, "市民政局")
    proposal.refresh_from_db()
    return proposal.matter


def one_co_handler_is_replaced(
    told: Story, matter: Matter, officer: Person, housing_clerk: Person, planning_clerk: Person
) -> None:
    housing, planning = unit("市住房和城乡建设局"), unit("市自然资源和规划局")
    clerk, asked, assigner = told.as_(housing_clerk), told.as_(planning_clerk), told.as_(officer)
    clerk.gets_mail("交办")
    clerk.open("handling:queue").follow(TITLE).press("申请退回")
    clerk.fill(
        reason="不属于本单位职责", text="养老用房规划由规划部门负责。", approved_by="方正", suggested=planning.name
    )
    clerk.press("提交退回申请").reads("申请退回")

    asked.gets_mail("请答复是否接办")
    asked.open("handling:queue").follow(TITLE).fill(accepts="yes", text="属我局职责。").press("提交意见")
    assigner.gets_mail("建议单位已答复")
    assigner.open("handling:objections").reads(housing.short_name)
    assigner.open("handling:part", part_of(matter, housing).public_id).press("作出决定").reads("同意接办")
    assigner.fill(decision="uphold", text="同意调整。").press("作出决定").reads(planning.name)
    clerk.gets_mail("不再由您单位办理")
    asked.gets_mail("交办给您单位")
    assert not matter.assignments.current().filter(unit=housing).exists()


def the_units_take_it_up(
    told: Story,
    matter: Matter,
    civil_clerk: Person,
    civil_handler: Person,
    finance_clerk: Person,
    planning_clerk: Person,
) -> None:
    lead = told.as_(civil_clerk).open("portal:desk").open("handling:queue").follow(TITLE).press("签收")
    lead.press("签收").reads("已签收").press("内部分办")
    lead.fill(section="养老服务处", handler=civil_handler.public_id, comment="请尽快与委员联系。").press("分办").reads(
        "邹平"
    )
    told.as_(civil_handler).gets_mail("请您办理")

    many = told.as_(finance_clerk).open("handling:queue").fill(row=True).press("签收")
    many.press("全部签收").reads("已签收 1 件")
    told.as_(planning_clerk).open("handling:queue").follow(TITLE).press("签收").press("签收")


def more_time_is_granted(
    told: Story, matter: Matter, civil_clerk: Person, officer: Person, staff: Person, lin: Person
) -> None:
    part = part_of(matter, unit("市民政局"))
    reply = Obligation.objects.get(assignment=part, stage="reply")
    later = working_calendar().roll(reply.due_on + timedelta(days=20))
    clerk = told.as_(civil_clerk).open("handling:part", part.public_id)
    clerk.press("申请延期").fill(to=later, reason="需要调研论证", text="正在入户调研。").press("提交延期申请")

    told.as_(officer).gets_mail("申请延期")
    told.as_(officer).open("handling:extensions").follow("审批").fill(agrees="yes").press("提交审批")
    told.as_(staff).open("handling:extensions").follow("审批").reads("已同意").fill(agrees="yes").press("提交审批")

    clerk.gets_mail("同意延期")
    told.as_(lin).gets_mail("经批准延期答复")
    reply.refresh_from_db()
    assert reply.due_on == later
    clerk.open("handling:why", reply.public_id).reads("延期")


def they_talk(told: Story, matter: Matter, civil: Body, civil_handler: Person, lin: Person) -> None:
    handler = told.as_(civil_handler).open("handling:queue").follow(TITLE).press("登记沟通")
    handler.fill(when="before", mode="visit", persons="林溪、邹平", text="上门听取意见，说明办理思路。").press("登记")

    proposer = told.as_(lin)
    proposer.gets_mail("请核对")
    proposer.open("proposals:detail", matter.public_id).press("核对是否属实").fill(took_place="yes").press("提交核对")
    handler.open("handling:part", part_of(matter, civil).public_id).reads("已确认")


def the_opinions_come_in(
    told: Story, matter: Matter, finance_clerk: Person, planning_clerk: Person, civil_clerk: Person
) -> None:
    for person, words in ((finance_clerk, "运营补助已列入明年预算。"), (planning_clerk, "配建标准已修订。")):
        clerk = told.as_(person).open("handling:queue").follow(TITLE).press("提交会办意见")
        clerk.fill(text=words).press("提交会办意见").reads(words)
    told.as_(civil_clerk).gets_mail("收到会办意见")


def the_unit_replies(
    told: Story, matter: Matter, civil_handler: Person, civil_clerk: Person, lin: Person, bai: Person
) -> None:
    handler = told.as_(civil_handler).open("handling:queue").follow(TITLE).press("拟写答复")
    answer(handler, "已建成十二处，其余年内建成。", "已列入预算。", "新建小区同步配建。").press("保存").reads(
        "答复稿已保存"
    )
    clerk = told.as_(civil_clerk).open("handling:queue").follow(TITLE).press("拟写答复")
    clerk.press("保存，去核对")
    promises(clerk, 2, 3).press("发出答复").reads("答复已发出")

    for person in (lin, bai):
        told.as_(person).gets_mail("承办单位已答复，请评价")
    told.as_(lin).open("proposals:detail", matter.public_id).reads("已建成十二处", "A类", "B类")


def answer(writer: Actor, *texts: str) -> Actor:
    """One answer a suggestion: the first is done (A), the others are planned (B)."""
    for place, words in enumerate(texts, start=1):
        result = "A" if place == 1 else "B"
        writer.fill(**{f"text_{place}": words, f"class_{place}": result})
    return writer.fill(result="B", opening="感谢您对养老服务工作的关心。", signer="方正", contact_phone="0000-1234567")


def promises(writer: Actor, *points: int) -> Actor:
    """A dated promise for each of these answers, then on to the page that sends the reply."""
    due = timezone.localdate() + timedelta(days=90)
    for point in points:
        writer.fill(point=point, text=f"落实第{point}条", measure="文件印发", due_on=due).press("加入承诺事项")
    return writer.press("去核对发出").reads("落实第")


def one_of_them_is_not_satisfied(
    told: Story, matter: Matter, bai: Person, lin: Person, staff: Person, civil_clerk: Person
) -> None:
    cosigner = told.as_(bai).open("proposals:detail", matter.public_id).press("评价")
    cosigner.fill(work="satisfied", result="basic", password=PASSWORD).press("提交评价").reads("评价已提交")

    proposer = told.as_(lin).signs_in().open("proposals:detail", matter.public_id).press("评价")
    assert proposer.main.locator("[name=password]").count() == 0
    proposer.fill(work="basic", result="dissatisfied", reason="没有具体措施或时限", text="床位补助没有时间表。")
    proposer.press("提交评价").gets_mail("已收到您的评价")

    clerk = told.as_(civil_clerk).open("handling:part", part_of(matter, unit("市民政局")).public_id)
    clerk.reads("正在征求提案者意见").sees_nothing_of("床位补助没有时间表。")
    reviewer = told.as_(staff)
    reviewer.gets_mail("有不满意的评价")
    reviewer.open("handling:dissatisfied").follow("核实").press("核实，转二次办理")
    clerk.gets_mail("二次办理")


def it_is_handled_again(told: Story, matter: Matter, civil_clerk: Person, lin: Person, bai: Person) -> None:
    clerk = told.as_(civil_clerk).open("handling:queue").follow(TITLE).press("登记沟通")
    clerk.fill(when="during", mode="symposium", persons="林溪、沈青", text="当面说明补助安排。").press("登记")
    clerk.press("拟写答复")
    answer(clerk, "十五处全部建成。", "补助自明年一月起按月发放。", "新建小区同步配建。").press("保存，去核对")
    promises(clerk, 2, 3).press("发出答复")

    for person in (lin, bai):
        proposer = told.as_(person).open("proposals:detail", matter.public_id).reads("二次答复").press("评价")
        if proposer.main.locator("[name=password]").count():
            proposer.fill(password=PASSWORD)
        proposer.fill(work="satisfied", result="satisfied").press("提交评价")


def it_is_closed(told: Story, matter: Matter, staff: Person, civil_clerk: Person, lin: Person) -> None:
    for person in (lin, civil_clerk):
        told.as_(person).gets_mail("已办结")
    matter.refresh_from_db()
    assert matter.closed_at is not None
    assert {*Obligation.objects.open().filter(matter=matter).values_list("stage", flat=True)} == {
        "commitment",
        "publication",
    }
    told.as_(lin).open("proposals:detail", matter.public_id).reads("已办结").looks_around()
    told.as_(civil_clerk).open("handling:part", part_of(matter, unit("市民政局")).public_id).looks_around()
    keeper = told.as_(staff).open("proposals:list").follow(TITLE).looks_around().press("归档")
    keeper.press("归档").reads("已归档")


def test_a_whole_matter_on_paper_only(house: House, browser: Browser) -> None:
    office = committee()
    liu, feng = appoint(Role.MEMBER, name="柳岸"), appoint(Role.MEMBER, name="冯远")
    housing, city = unit("市住房和城乡建设局"), unit("市城市管理局")

    with story(house, browser, "paper") as told:
        proposal = it_is_received_at_the_desk(told, office.staff, liu, feng)
        matter = the_desk_files_it_and_hands_it_over(told, proposal, office.staff, housing, city)
        lead, co = part_of(matter, housing), part_of(matter, city)
        sheets_are_signed_for(told, lead, co, office.staff)
        an_objection_is_refused(told, co, office.staff)
        more_time_is_granted_on_paper(told, lead, office.staff, office.colleague)
        a_talk_and_an_opinion_are_recorded(told, lead, co, office.staff, liu)
        the_letter_is_recorded(told, lead, office.staff)
        the_forms_are_entered_and_confirmed(told, matter, lead, office.staff, office.colleague)
        nobody_else_was_ever_here(told, matter, office)


def paper(who: str, sheet: str, **more: Any) -> dict[str, Any]:
    """Who acted, today, on which sheet."""
    return {"paper_who": who, "paper_on": timezone.localdate(), "paper_sheet": sheet, **more}


def scan(name: str) -> dict[str, Any]:
    return {"name": name, "mimeType": "image/jpeg", "buffer": photo()}


def it_is_received_at_the_desk(told: Story, staff: Person, liu: Person, feng: Person) -> Proposal:
    desk = told.as_(staff).open("proposals:register").fill(source="paper", proposer=liu.name).press("登记并取收件号")
    desk.fill(title=PAPER_TITLE, situation="楼道充电多次起火。", suggestions=["增设集中充电棚", "更换老旧线路"])
    desk.press("下一步：联名与附件").press("添加附件")
    desk.fill(purpose="signatures", file=scan("签名页.jpg")).press("上传").reads("签名页.jpg")
    proposal = Proposal.objects.get(matter__title=PAPER_TITLE)
    desk.open("proposals:detail", proposal.matter.public_id).reads(str(proposal.receipt)).press("登记纸质联名")
    desk.fill(person=feng.name, who=feng.name, on=timezone.localdate(), sheet="联名签名页").press("登记").reads("冯远")
    desk.press("核对文字").fill(how="电话核对，本人确认无误").press("核对无误，提交").reads("提案已提交")
    return proposal


def the_desk_files_it_and_hands_it_over(told: Story, proposal: Proposal, staff: Person, lead: Body, co: Body) -> Matter:
    desk = told.as_(staff).open("proposals:review", proposal.matter.public_id).press("开始审查")
    desk.fill(category="社会建设").press("立案")
    proposal.refresh_from_db()
    assert proposal.matter.number

    desk.open("proposals:allocation_of", proposal.matter.public_id)
    desk.fill(lead=lead.name, others=co.name).press("保存拟办")
    desk.open("proposals:allocation_of", proposal.matter.public_id).press("交办本件")
    desk.fill(**paper("严明", "提案交办会会议纪要", paper_scan=scan("会议纪要.jpg"))).press("交办 1 件给 2 个单位")
    desk.follow("生成交办文书").press("生成")
    download = desk.main.get_by_role("link", name="下载")
    expect(download).to_be_visible(timeout=60_000)
    desk.looks_around()
    return proposal.matter


def sheets_are_signed_for(told: Story, lead: Assignment, co: Assignment, staff: Person) -> None:
    desk = told.as_(staff)
    for part in (lead, co):
        desk.open("handling:part", part.public_id).records_for(part.unit, "签收").reads("代其他单位登记")
        desk.fill(**paper("收发室", "签收单", paper_scan=scan("签收单.jpg"))).press("签收").reads(
            "已签收", "签收单.jpg"
        )


def an_objection_is_refused(told: Story, co: Assignment, staff: Person) -> None:
    desk = told.as_(staff).open("handling:part", co.public_id).records_for(co.unit, "申请退回")
    desk.fill(reason="不属于本单位职责", text="充电设施不归我局。", approved_by="章程", **paper("章程", "退回函"))
    desk.press("提交退回申请").press("作出决定")
    desk.fill(decision="refuse", text="涉及户外线路，请继续会办。", **paper("严明", "批办单"))
    desk.press("作出决定").reads("退回申请未获同意")


def more_time_is_granted_on_paper(told: Story, lead: Assignment, staff: Person, colleague: Person) -> None:
    """Who typed the request does not grant it."""
    reply = Obligation.objects.get(assignment=lead, stage="reply")
    later = working_calendar().roll(reply.due_on + timedelta(days=15))
    desk = told.as_(staff).open("handling:part", lead.public_id).records_for(lead.unit, "申请延期")
    desk.fill(to=later, reason="资金或项目尚在审批", text="资金正在审批。", **paper("方正", "延期申请函")).press(
        "提交延期申请"
    )

    second = told.as_(colleague).open("handling:part", lead.public_id).press("审批").fill(agrees="yes")
    second.press("提交审批").press("审批").follow("代录交办机构的审批")
    second.fill(agrees="yes", **paper("严明", "延期审批单")).press("提交审批")

    reply.refresh_from_db()
    assert reply.due_on == later


def a_talk_and_an_opinion_are_recorded(
    told: Story, lead: Assignment, co: Assignment, staff: Person, liu: Person
) -> None:
    desk = told.as_(staff).open("handling:part", lead.public_id).records_for(lead.unit, "登记沟通")
    desk.fill(
        when="before", mode="site", persons="柳岸、方正", text="现场察看两个小区。", **paper("方正", "沟通记录表")
    )
    desk.press("登记").press("代录提案者核对")
    desk.fill(place=liu.public_id, took_place="yes", **paper(liu.name, "电话记录")).press("提交核对").reads("已确认")

    desk.open("handling:part", co.public_id).records_for(co.unit, "提交会办意见")
    desk.fill(
        text="同步清理户外飞线。",
        doc_no="城管函〔2026〕3号",
        **paper("章程", "会办意见函", paper_scan=scan("会办意见.jpg")),
    )
    desk.press("提交会办意见").reads("同步清理户外飞线。")


def the_letter_is_recorded(told: Story, lead: Assignment, staff: Person) -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    lead.matter.assignments.update(given_at=timezone.now() - timedelta(days=3))  # the letter came some days later
    desk = told.as_(staff).open("handling:part", lead.public_id).records_for(lead.unit, "拟写答复")
    desk.fill(text_1="已建充电棚六处。", class_1="A", text_2="列入明年改造计划。", class_2="B", result="B")
    desk.fill(doc_no="建函〔2026〕12号", letter_on=yesterday, signer="方正", letter=scan("答复函.jpg"))
    desk.press("保存，去核对")
    promises(desk, 2).reads("答复函.jpg", "建函〔2026〕12号")
    desk.fill(**paper("方正", "发文稿纸")).press("发出答复").reads("待确认落款日期")

    desk.open("handling:reply_checks").follow("核对").reads("答复函.jpg")
    desk.fill(**paper("严明", "答复审核单")).press("审核通过，送达提案者").reads("建函〔2026〕12号")
    assert lead.replies.get().replied_on == yesterday


def the_forms_are_entered_and_confirmed(
    told: Story, matter: Matter, lead: Assignment, staff: Person, colleague: Person
) -> None:
    desk, second = told.as_(staff), told.as_(colleague)
    first, last = (one.person for one in matter.participants.order_by("order") if one.person)
    for person, chosen in ((first, {"place": first.public_id}), (last, {})):  # the last one needs no choice
        sheet = paper(person.name, "征询意见表", paper_scan=scan(f"{person.name}.jpg"))
        desk.open("proposals:detail", matter.public_id).press("登记纸质评价")
        desk.fill(work="satisfied", result="basic", **chosen, **sheet)
        desk.press("登记，交同事核对").reads("待核对")
        second.open("handling:paper_evaluations").follow("核对").press("核对无误")

    matter.refresh_from_db()
    assert matter.closed_at is not None
    desk.open("proposals:detail", matter.public_id).reads("已办结", "纸质办理·何晓代录").looks_around()
    desk.open("handling:part", lead.public_id).reads("纸质办理·何晓代录（方正，").looks_around()


def nobody_else_was_ever_here(told: Story, matter: Matter, office: Committee) -> None:
    keepers = {office.staff.pk, office.colleague.pk}
    assert set(matter.events.values_list("by", flat=True)) == keepers
    assert set(told.actors) == keepers
