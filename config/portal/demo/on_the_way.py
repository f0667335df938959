"""Replies that are on their way today: one waits for a signature, one for the assigning office."""

from collections.abc import Callable
from datetime import datetime

from members.choices import Role
from members.models import AssigningOffice
from proposals.handling import actions as handling
from proposals.handling.models import Assignment, Reply

from .people import People

Draft = Callable[[Assignment, datetime], Reply]


def leave_on_the_way(people: People, draft: Draft, at: datetime) -> None:
    """The demonstration's unit has set its steps, and its office checks every reply."""
    clerk = people.account(Role.UNIT_CLERK)
    unit = clerk.appointments.get().body
    rows = Assignment.objects.current().answering().filter(state=Assignment.State.SIGNED, objections=None, replies=None)
    own = list(rows.filter(unit=unit).select_related("matter", "unit", "office").order_by("pk"))
    AssigningOffice.objects.filter(office__in=[row.office_id for row in own]).update(checks_replies=True)
    if own:
        handling.deliver_reply(draft(own.pop(), at), by=clerk, now=at)
    handling.add_step(unit, kind="section", order=1, person=people.account(Role.UNIT_HANDLER), by=clerk, now=at)
    handling.add_step(unit, kind="head", order=9, role=Role.UNIT_HEAD, by=clerk, now=at)
    if own:
        version = handling.send_up(draft(own.pop(), at), by=clerk, now=at)
        handler = people.account(Role.UNIT_HANDLER)
        back = "请补充责任科室和完成时间。"
        handling.sign(version, agrees=False, text=back, by=handler, now=at)
        reply = version.reply
        fields = {"opening": f"{reply.opening}\n由基础教育科负责，年底前完成。"}
        again = handling.draft_reply(reply.assignment, fields, {}, by=clerk, now=at)
        version = handling.send_up(again, why="已补充责任科室和时间。", by=clerk, now=at)
        handling.sign(version, agrees=True, by=handler, now=at)
