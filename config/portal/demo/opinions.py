"""Opinions that staff entered: a letter to be given out, one in a unit's hands, one to be told, from a group and a tour."""

from datetime import datetime, timedelta

from django.utils import timezone

from members.choices import Role, System
from members.models import Body, Person
from proposals.handling import actions as handling
from proposals.handling.models import Assignment, ResultClass
from proposals.reports import actions as reports
from proposals.reports.models import Opinion

from .people import People

SAID = (
    ("letter", "", "关于规范小区快递柜设置的建议", "快递柜占用消防通道，晚间取件照明不足，请有关部门研究规范。"),
    ("discussion", "全会第三组讨论", "关于延长校园运动场开放时间的建议", "周末和假期校园运动场开放时间偏短，请研究延长并明确管理责任。"),
    ("tour", "乡村教育视察", "关于改善乡镇学校热水供应的建议", "部分寄宿制学校冬季热水供应不足，请尽快摸底改造。"),
)  # fmt: skip


def leave_opinions(people: People, members: list[Person], at: datetime) -> None:
    """The demonstration's unit has one of them in hand; another unit has answered one."""
    keeper, clerk = people.account(Role.REPORT_STAFF), people.account(Role.UNIT_CLERK)
    unit = clerk.appointments.get().body
    other = Body.objects.units().filter(system=System.GOVERNMENT).exclude(pk=unit.pk).order_by("pk")[2]
    rows = [_entered(place, members, keeper, at) for place in range(len(SAID))]
    _given(rows[1], unit, keeper, clerk, at)
    part, clerk = _given(rows[2], other, keeper, people.in_unit(other), at), people.in_unit(other)
    result = ResultClass.objects.get(code="A", ends_on=None)
    given = handling.PointGiven(result=result, text="已列入寒假前改造计划。")
    points = {row.pk: given for row in part.matter.suggestions.all()}
    fields = {"result": result, "opening": "来件收悉，现将办理情况报告如下。"}
    reply = handling.draft_reply(part, fields, points, by=clerk, now=at)
    handling.approve_reply(handling.deliver_reply(reply, by=clerk, now=at), by=keeper, now=at)


def _entered(place: int, members: list[Person], keeper: Person, at: datetime) -> Opinion:
    source, occasion, title, text = SAID[place]
    on = timezone.localdate(at) - timedelta(days=2 + place)
    authors = members[place : place + 1]
    return reports.enter_opinion(
        source, title=title, text=text, authors=authors, occasion=occasion, on=on, by=keeper, now=at
    )


def _given(opinion: Opinion, unit: Body, keeper: Person, clerk: Person, at: datetime) -> Assignment:
    given = reports.assign_opinion(opinion, lead=unit, by=keeper, now=at)
    return handling.sign_for(given.assignments[0], by=clerk, now=at)
