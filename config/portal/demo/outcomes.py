"""Reports that went out in the story: three made one, adopted, instructed and in a unit's hands; one whose author knows."""

from datetime import date, datetime, timedelta

from django.utils import timezone

from members.choices import Role, System
from members.models import Body, Person
from proposals.handling import actions as handling
from proposals.handling.models import Assignment, ResultClass
from proposals.reports import actions as reports
from proposals.reports.actions import adopting, assigning, bulletins, combining, delivering, editing
from proposals.reports.actions.importing import AdoptedRow, ReportRow, import_reports
from proposals.reports.actions.quotas import set_quota
from proposals.reports.models import Recipient, Report, Series, Words

from .people import People

BUSES = "早晚高峰公交线路拥挤", "三条通往开发区的公交线路早高峰满载率超过一倍。", "班次间隔偏长，企业上下班时间集中。", "加密高峰班次，引导企业错峰上下班。"  # fmt: skip
LIGHTS = "背街小巷路灯损坏无人维修", "老城区十二条背街小巷路灯损坏超过一月。", "路灯产权不清，养护经费没有落实。", "明确养护责任，建立报修平台。"  # fmt: skip
TITLES = "关于优化开发区公交线路的建议", "关于解决背街小巷路灯损坏问题的建议"


def leave_outcomes(people: People, members: list[Person], at: datetime) -> None:
    """Tell of an issue ten days ago and of what became of its two items."""
    staff, editor = people.account(Role.REPORT_STAFF), people.account(Role.REPORT_EDITOR)
    me, day = members[0], at - timedelta(days=14)
    one, two, three = (_accepted(person, BUSES, day, staff) for person in (members[2], me, members[3]))
    lights = _accepted(me, LIGHTS, day, staff)
    combining.combine(one, [two, three], by=editor, now=day)
    _issued([one, lights], people, at - timedelta(days=10))
    on = timezone.localdate(at) - timedelta(days=5)
    _adopted(one, lights, staff, on, at)
    clerk = people.account(Role.UNIT_CLERK)
    order = one.instructions.counted().get()
    given = assigning.assign_report(one, lead=clerk.appointments.get().body, instruction=order, by=staff, now=at)
    handling.sign_for(given.assignments[0], by=clerk, now=at)
    _answered(lights, people, staff, at)
    _asked_for(people, staff, on, at)
    history = [
        ReportRow("关于改善城区交通拥堵的建议", date(on.year - 2, 12, 31), "某民主党派市委会", [AdoptedRow("province", "省政协办公厅", "single")]),
        ReportRow("居民小区安装爱心捐助箱", date(on.year - 3, 12, 31), note="编发报送"),
    ]  # fmt: skip
    import_reports(history, by=staff, now=at)


def _accepted(person: Person, said: tuple[str, str, str, str], at: datetime, staff: Person) -> Report:
    report = reports.begin(reports.Behind(people=[person]), by=person, now=at)
    report = reports.save(report, Words(*said), details=reports.Details(), version=None, by=person, now=at)
    report = reports.submit(report, not_secret=True, by=person, now=at)
    return reports.accept(report, by=staff, now=at)


def _issued(rows: list[Report], people: People, at: datetime) -> None:
    staff, editor = people.account(Role.REPORT_STAFF), people.account(Role.REPORT_EDITOR)
    for report, title in zip(rows, TITLES, strict=True):
        words = report.words
        text = f"{words.situation}\n{words.cause}\n建议：{words.suggestion}"
        editing.save_edition(report, title=title, text=text, by=editor, now=at)
    issue = bulletins.compose(Series.objects.get(code="general"), rows, by=editor, now=at)
    issue = bulletins.send_issue_up(issue, by=editor, now=at)
    issue = bulletins.sign_issue(issue, agrees=True, by=staff, now=at)
    issue = bulletins.sign_issue(issue, agrees=True, by=people.account(Role.SECRETARY_GENERAL), now=at)
    issue = bulletins.issue_now(issue, on=timezone.localdate(at), by=staff, now=at)
    delivering.deliver(
        issue,
        list(Recipient.objects.filter(kind="province")),
        on=timezone.localdate(at),
        how="upward",
        by=staff,
        now=at,
    )


def _adopted(one: Report, lights: Report, staff: Person, on: date, at: datetime) -> None:
    adopting.record_adoption(
        one,
        level="province",
        adopter="省政协办公厅",
        form="combined",
        journal="《社情民意》第8期",
        on=on,
        by=staff,
        now=at,
    )
    adopting.record_adoption(lights, level="city", adopter="市委办公室", form="single", on=on, by=staff, now=at)
    name, text = "某副市长", "请有关部门研究，尽快提出优化方案。"
    adopting.record_instruction(
        one, kind="instruction", level="city", leader_name=name, on=on, text=text, by=staff, now=at
    )
    adopting.record_instruction(lights, kind="read", level="city", leader_name=name, on=on, by=staff, now=at)


def _answered(report: Report, people: People, staff: Person, at: datetime) -> None:
    """Another unit has answered, and the author was told in plain words; of one number the office had to tell again."""
    own = people.account(Role.UNIT_CLERK).appointments.get().body
    unit = Body.objects.units().filter(system=System.GOVERNMENT).exclude(pk=own.pk).order_by("pk")[3]
    clerk = people.in_unit(unit)
    part: Assignment = assigning.assign_report(report, lead=unit, by=staff, now=at).assignments[0]
    part = handling.sign_for(part, by=clerk, now=at)
    result = ResultClass.objects.get(code="A", ends_on=None)
    given = handling.PointGiven(result=result, text="损坏路灯已全部修复，养护责任落实到街道。")
    points = {row.pk: given for row in part.matter.suggestions.all()}
    fields = {"result": result, "opening": "来件收悉，现将办理情况报告如下。"}
    reply = handling.draft_reply(part, fields, points, by=clerk, now=at)
    handling.approve_reply(handling.deliver_reply(reply, by=clerk, now=at), by=staff, now=at)
    told = assigning.feed_back(
        report, text="您反映的路灯已经全部修好，今后由街道负责养护。", units=unit.name, by=staff, now=at
    )
    words = "您反映的路灯已修好十一条街巷，另一条下月修好，今后由街道负责养护。"
    why = "承办单位来电，有一条街巷的路灯还在施工。"
    later = at + timedelta(minutes=5)
    assigning.correct_feedback(told, text=words, units=unit.name, reason=why, by=staff, now=later)


def _asked_for(people: People, staff: Person, on: date, at: datetime) -> None:
    room = people.account(Role.LIAISON_OFFICER).appointments.get().body
    counties = people.account(Role.COUNTY_CPPCC).appointments.get().body
    for body, amount in ((room, 2), (counties, 1), (None, 1)):
        set_quota(body, per="month", amount=amount, starts_on=on.replace(month=1, day=1), by=staff, now=at)
