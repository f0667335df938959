"""Reports of the story at every stage of the desk: drafts, waiting, urgent, through two channels, decided each way."""

from datetime import datetime, timedelta

from members.choices import Role
from members.models import Person
from proposals.handling.models import Access, Reason
from proposals.reports import actions
from proposals.reports.models import Report, Words

from .people import People

SAID = (
    ("老旧小区消防通道被长期占用", "城东片区七个老旧小区的消防通道长期停放私家车，云梯车无法进入。", "停车位不足，物业没有执法权。", "划定标线，由街道牵头联合整治，并错峰开放周边单位车位。"),
    ("乡镇卫生院夜间缺少急诊药品", "三个乡镇卫生院夜间急诊常用药品不足，群众需转到县城购药。", "药品按月配送，存量核定偏低。", "核定夜间急诊药品最低存量，改为按周配送。"),
    ("外卖骑手集中换电点存在安全隐患", "城区换电点多设在楼道口，夜间充电无人看管。", "缺少统一选址标准。", "明确换电点选址标准，迁出楼道口并加装消防设施。"),
    ("高校毕业生租房补贴申领手续偏多", "申领须跑三个窗口，部分材料重复提交。", "部门之间没有共享社保和学历信息。", "实行一表申请，由窗口内部核验社保和学历。"),
    ("校园周边早餐摊点需要规范", "学校门口早餐摊点占道经营，学生穿行不便。", "", "划定早餐便民点，限时经营，由学校和社区共管。"),
    ("某村干部侵占补偿款的举报", "有群众反映某村干部侵占征地补偿款。", "", "请有关部门查处。"),
    ("公园夜间照明熄灯过早", "城区公园晚上九点熄灯，散步群众反映看不清路。", "", "夏季延长到晚上十点半。"),
    ("建议制定电动自行车充电收费标准", "小区充电桩收费相差三倍，群众意见较大。", "没有统一的服务费上限。", "由价格主管部门制定服务费上限并公示。"),
    ("春耕期间农机维修人手紧张", "进入春耕，乡镇农机维修点排队超过三天。", "维修工外出务工多。", "组织企业技师下乡巡回维修。"),
    ("山区广播预警设备多处失灵", "三个山区乡镇的广播预警设备近半无法发声。", "设备到期没有更换。", "先修复河谷村组的设备，再统一更换。"),
    ("部分企业欠缴社保引发职工不满", "开发区两家企业欠缴社保，职工情绪波动。", "", "尽快约谈企业，公布补缴安排。"),
    ("县城老旧燃气管网更新偏慢", "县城有四十公里燃气管网超过设计年限。", "更新资金没有落实。", "列入城市更新计划，分年安排资金。"),
    ("养老机构医护人员流失偏多", "两家养老机构一年内流失护士过半。", "待遇偏低，职称通道不畅。", "打通养老机构护士的职称评定通道。"),
)  # fmt: skip


def leave_reports(people: People, members: list[Person], at: datetime) -> list[Report]:
    """Tell of the desk's week; returns those that were accepted, for whoever edits them."""
    staff, me, others = people.account(Role.REPORT_STAFF), people.account(Role.MEMBER), members[1:]
    liaison, reporter = people.account(Role.LIAISON_OFFICER), people.account(Role.INVITED_REPORTER)
    county = people.account(Role.COUNTY_CPPCC)
    room, counties = liaison.appointments.get().body, county.appointments.get().body
    days = [at - timedelta(days=ago) for ago in (6, 5, 4, 3, 3, 2, 1, 1, 0)]
    own = actions.Behind(people=[me])
    stop = handed_in(own, 0, days[0], me)
    handed_in(actions.Behind(bodies=[room], writer=liaison, source="liaison"), 0, days[1], liaison)
    drugs = handed_in(actions.Behind(people=[others[0]]), 1, days[1], others[0], access=Access.INTERNAL)
    swap = handed_in(actions.Behind(people=[reporter], source="reporter"), 2, days[2], reporter, urgent=True)
    rent = handed_in(own, 3, days[3], me, shows_name=True)
    stalls = handed_in(own, 4, days[4], me)
    accused = handed_in(actions.Behind(people=[others[1]]), 5, days[5], others[1], access=Access.SENSITIVE)
    lamps = handed_in(actions.Behind(people=[others[2]]), 6, days[6], others[2])
    entered = actions.Behind(source="county", author_text="西城区政协", bodies=[])
    actions.enter(entered, words(8), details=actions.Details(), by=staff, now=days[7])
    charge = handed_in(own, 7, days[6], me)
    handed_in(actions.Behind(people=[others[3]]), 9, days[8], others[3], urgent=True)
    handed_in(actions.Behind(people=[others[4]]), 10, days[6], others[4], access=Access.SENSITIVE)
    handed_in(actions.Behind(bodies=[counties], writer=county, source="county"), 11, days[7], county)
    nurses = handed_in(actions.Behind(people=[others[5]]), 12, days[3], others[5])
    draft = actions.begin(own, by=me, now=at)
    half = Words("关于社区食堂补贴的情况", "社区食堂开办半年，", "", "")
    actions.save(draft, half, details=actions.Details(), version=None, by=me, now=at)

    ground = Reason.objects.get(use=Reason.Use.REPORT_RETURN, code="facts")
    actions.give_back(stalls, reason=ground, text="请补充占道摊点的数量和时段。", by=staff, now=at)
    ground = Reason.objects.get(use=Reason.Use.REPORT_KEEP, code="accusation")
    actions.keep(accused, reason=ground, text="指名举报请向纪检监察机关反映，电话 12388。", by=staff, now=at)
    actions.refer_original(lamps, to="市城市管理局", by=staff, now=at)
    actions.lead_to_proposal(charge, consent="电话征得本人同意", by=staff, now=at)
    actions.claim(stop, by=staff, now=at)
    accepted = [drugs, swap, rent, nurses]
    for report in accepted:
        actions.accept(report, by=staff, now=at)
    return accepted


def words(place: int) -> Words:
    return Words(*SAID[place])


def handed_in(
    behind: actions.Behind,
    place: int,
    at: datetime,
    by: Person,
    *,
    urgent: bool = False,
    shows_name: bool = False,
    access: str = Access.OPEN,
) -> Report:
    report = actions.begin(behind, by=by, now=at)
    details = actions.Details(urgent, shows_name, access)
    report = actions.save(report, words(place), details=details, version=None, by=by, now=at)
    return actions.submit(report, not_secret=True, by=by, now=at)
