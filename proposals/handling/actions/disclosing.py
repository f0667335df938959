"""A unit says whether its reply may be published; the disclosure reviewer may put that back."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Person
from proposals.handling import clocks, owners, queries
from proposals.handling.models import Reply, ReplyDisclosure

from .giving import subject_of
from .paper import Paper, in_the_open, lock, paper_facts, unit_sheet_needed

Attribute = ReplyDisclosure.Attribute
STAGE = "publication"


@transaction.atomic
def propose_disclosure(
    reply: Reply, *, attribute: str, reason: str = "", by: Person, now: datetime, paper: Paper | None = None
) -> ReplyDisclosure:
    """Propose 主动公开, 依申请公开 or 不予公开 for a reply; the last word before the review counts.

    The reviewers are told where they had put it back, and their days go on.
    """
    unit_sheet_needed(reply.assignment, by=by, now=now, paper=paper)
    assignment = lock(reply.assignment)
    in_the_open(assignment)
    if not owners.course_of(assignment.matter).disclosure:
        raise Refused("本件的办理意见送交办机构，不在本市公开，不用提出公开属性。")
    if attribute not in Attribute.values:
        raise Refused("请选择答复的公开属性。", field="attribute")
    if attribute != Attribute.ACTIVE and not reason.strip():
        raise Refused("依申请公开或不予公开的，请写明理由和依据。", field="reason")
    row = ReplyDisclosure.objects.select_for_update(of=("self",)).filter(reply=reply).first() or ReplyDisclosure(
        reply=reply
    )
    put_back = row.returned_at is not None
    row.attribute, row.reason = attribute, reason.strip() if attribute != Attribute.ACTIVE else ""
    row.by, row.at = by, now
    row.returned_reason, row.returned_by, row.returned_at = "", None, None
    row.save()
    event = assignment.matter.record(
        "disclosure_proposed",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        attribute=row.get_attribute_display(),
        **paper_facts(paper),
    )
    if put_back and not waits_for_units(reply):
        for obligation in clocks.open_for(matter=assignment.matter, stage=STAGE).filter(status="paused"):
            clocks.resume(obligation, by=by, now=now)
    if put_back:
        people = [person for person in queries.reviewers(on=timezone.localdate(now)) if person != by.pk]
        tell(people, event_id=event.pk, template="disclosure_proposed", subject=subject_of(assignment), now=now)
    return row


@transaction.atomic
def return_disclosure(reply: Reply, *, reason: str, by: Person, now: datetime) -> ReplyDisclosure:
    """Put the attribute of a delivered reply back to its unit, which is told; the reviewers' days rest meanwhile."""
    assignment = lock(reply.assignment)
    if reply.state != Reply.State.DELIVERED:
        raise WrongStep("答复还没有送达，不需要退回单位。")
    if not reason.strip():
        raise Refused("请写明需要单位补充什么。", field="reason")
    row = ReplyDisclosure.objects.select_for_update(of=("self",)).filter(reply=reply).first() or ReplyDisclosure(
        reply=reply
    )
    if row.returned_at is not None:
        raise WrongStep("已经退回单位，正在等待单位补充。")
    row.returned_reason, row.returned_by, row.returned_at = reason.strip(), by, now
    row.save()
    event = assignment.matter.record(
        "disclosure_returned", by=by, now=now, assignment=assignment, unit=str(assignment.unit), reason=reason.strip()
    )
    for obligation in clocks.open_for(matter=assignment.matter, stage=STAGE).filter(status="open"):
        clocks.pause(obligation, by=by, now=now, reason="退回单位补充公开属性")
    clerks = queries.clerks_of([assignment.unit_id], on=timezone.localdate(now))
    subject = {**subject_of(assignment), "reply": str(reply.public_id)}
    tell(clerks, event_id=event.pk, template="disclosure_returned", subject=subject, now=now)
    return row


def waits_for_units(reply: Reply) -> bool:
    """Whether another reply of the same matter is still with its unit."""
    rows = ReplyDisclosure.objects.filter(reply__assignment__matter=reply.assignment.matter_id)
    return rows.exclude(reply=reply).filter(returned_at__isnull=False).exists()
