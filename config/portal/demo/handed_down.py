"""Matters handed down in the story: one to be given out, one in a unit's hands, one to be passed up, one passed up."""

from datetime import datetime, timedelta

from django.utils import timezone

from members.choices import Role, System
from members.models import AssigningOffice, Body
from proposals import actions as front
from proposals.handling import actions as handling
from proposals.handling.models import Assignment, ResultClass
from proposals.models import HandedDown

from .people import People

FROM = ("national", "全国政协提案委员会", "关于完善社区托育服务网络的提案"), ("provincial", "省政协提案委员会", "关于提升农村供水保障水平的提案"), (
    "provincial", "省政府办公厅", "关于支持老旧厂房改造利用的提案"
), ("provincial", "省政协提案委员会", "关于加强传统村落保护的提案")  # fmt: skip
TEXT = "有关情况和建议请结合本地实际研究办理，并按期报送办理意见。"


def leave_handed_down(people: People, at: datetime) -> None:
    """The demonstration's unit has one; another unit of the same system has answered two."""
    clerk = people.account(Role.UNIT_CLERK)
    unit = clerk.appointments.get().body
    office = AssigningOffice.objects.select_related("office").get(system=System.GOVERNMENT).office
    others = Body.objects.units().filter(system=System.GOVERNMENT).exclude(pk=unit.pk).order_by("pk")
    officer, other = people.officer(office), others[0]
    rows = [_entered(number, people, office, at) for number in range(len(FROM))]
    for row, body in zip(rows[1:], (unit, other, other), strict=True):
        front.give_out(row, [front.Share(body, "sole")], by=officer, now=at)
        part = row.matter.assignments.current().select_related("matter", "unit", "office").get()
        handling.sign_for(part, by=people.in_unit(body), now=at)
        if body != unit:
            _answered(people, part, at)
    front.pass_up(
        rows[3], on=timezone.localdate(at), number="市府督函〔2026〕3号", to=rows[3].from_body, by=officer, now=at
    )


def _entered(number: int, people: People, office: Body, at: datetime) -> HandedDown:
    level, body, title = FROM[number]
    day = timezone.localdate(at)
    facts = {
        "level": level,
        "from_body": body,
        "their_number": f"{number + 21:04d}",
        "proposers": "",
        "text": TEXT,
        "received_on": day - timedelta(days=3),
        "due_on": day + timedelta(days=40 + 15 * number),
    }
    return front.enter_handed_down(facts, title=title, office=office, by=people.officer(office), now=at)


def _answered(people: People, part: Assignment, at: datetime) -> None:
    clerk = people.in_unit(part.unit)
    result = ResultClass.objects.get(code="A", ends_on=None)
    given = handling.PointGiven(result=result, text="已结合本地实际研究落实，具体情况见总体说明。")
    points = {one.pk: given for one in part.matter.suggestions.all()}
    opening = f"《{part.matter.title}》收悉。经研究，提出办理意见如下。"
    reply = handling.draft_reply(part, {"result": result, "opening": opening}, points, by=clerk, now=at)
    reply = handling.deliver_reply(reply, by=clerk, now=at)
    handling.approve_reply(reply, by=people.officer(part.office), now=at)
