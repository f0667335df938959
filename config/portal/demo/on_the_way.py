"""Replies that are on their way today: one at signing, one at countersigning, one at the assigning office."""

from collections.abc import Callable
from datetime import datetime

from members.choices import Role
from members.models import AssigningOffice
from proposals.handling import actions as handling
from proposals.handling.models import Assignment, Reply
from proposals.reports.owner import SORT

from .people import People

Draft = Callable[[Assignment, datetime], Reply]
OPENING = "您提出的《【案由】》收悉。我局由【责任科室】会同有关单位研究办理，并与您进行了沟通，现答复如下。"
TO_OFFICE = "来件《【案由】》收悉。我局由【责任科室】研究办理，现将办理情况报告如下。"
ANSWER = "经研究，【采纳情况】。下一步，【具体措施和完成时间】。"
"""What the demonstration's unit begins its replies with."""


def leave_on_the_way(people: People, draft: Draft, at: datetime) -> None:
    """The demonstration's unit has set its steps, and its office checks every reply."""
    clerk, handler = people.account(Role.UNIT_CLERK), people.account(Role.UNIT_HANDLER)
    unit = clerk.appointments.get().body
    rows = Assignment.objects.current().answering().filter(state=Assignment.State.SIGNED, objections=None, replies=None)
    own = list(rows.filter(unit=unit).select_related("matter", "unit", "office").order_by("pk"))
    AssigningOffice.objects.filter(office__in=[row.office_id for row in own]).update(checks_replies=True)
    leads = [row for row in own if row.role == Assignment.Role.LEAD]
    alone = [row for row in own if row not in leads[:1]]
    if alone:
        handling.deliver_reply(draft(alone.pop(), at), by=clerk, now=at)
    handling.keep_wording(unit, name="一般答复", category="", opening=OPENING, answer=ANSWER, by=clerk, now=at)
    handling.keep_wording(unit, name="社情民意答复", category=SORT, opening=TO_OFFICE, answer=ANSWER, by=clerk, now=at)
    handling.add_step(unit, kind="section", order=1, person=handler, by=clerk, now=at)
    handling.add_step(unit, kind="countersign", order=5, by=clerk, now=at)
    handling.add_step(unit, kind="head", order=9, role=Role.UNIT_HEAD, by=clerk, now=at)
    if alone:
        version = handling.send_up(draft(alone.pop(), at), by=clerk, now=at)
        handling.sign(version, agrees=False, text="请补充责任科室和完成时间。", by=handler, now=at)
        fields = {"opening": f"{version.reply.opening}\n由基础教育科负责，年底前完成。"}
        again = handling.draft_reply(version.reply.assignment, fields, {}, by=clerk, now=at)
        version = handling.send_up(again, why="已补充责任科室和时间。", by=clerk, now=at)
        handling.sign(version, agrees=True, by=handler, now=at)
    if leads:
        version = handling.send_up(draft(leads[0], at), by=clerk, now=at)
        handling.sign(version, agrees=True, by=handler, now=at)
        for row in version.countersigns.select_related("assignment__unit", "version__reply__assignment__matter")[:1]:
            why = "所列资金没有落实来源，建议先商定分担办法。"
            asked = people.in_unit(row.assignment.unit)
            handling.countersign(row, answer="dissent", text=why, by=asked, now=at)
