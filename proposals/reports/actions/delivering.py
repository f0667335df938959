"""Issues go out (发送、报送): to whom, when and how is kept; nobody gets what is above the level that he may see."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from members import audit
from members.errors import Refused, WrongStep
from members.models import Person
from proposals.handling.models import record_many
from proposals.reports.models import Delivery, Issue, Recipient
from proposals.reports.models.issue import rank

from .base import lock_all, today
from .bulletins import items_of, level_of, lock_issue, may_have, tell_authors

UPWARD = (Recipient.Kind.PROVINCE, Recipient.Kind.NATION, Recipient.Kind.PARTY, Recipient.Kind.GOVERNMENT)
"""Where a report is sent up to: its authors hear of that."""


@transaction.atomic
def deliver(
    issue: Issue, recipients: Sequence[Recipient], *, on: date, how: str, copies: int = 1, by: Person, now: datetime
) -> list[Delivery]:
    """Keep that an issue was sent to these, on one day in one way. All of them, or none with the reason."""
    issue = lock_issue(issue, Issue.State.ISSUED)
    if not recipients:
        raise Refused("请至少选择一个发送对象。", field="recipients")
    if issue.addressee and any(one != issue.addressee for one in recipients):
        raise Refused(
            f"本期是报送{issue.addressee}的专报，不能发送其他对象。需要发送别处的，请另编一期普通刊物。",
            field="recipients",
        )
    assert issue.issued_on is not None
    if on > today(now):
        raise Refused("发送日期不能晚于今天。", field="on")
    if on < issue.issued_on:
        raise Refused("发送日期不能早于编发日期。", field="on")
    items = items_of(issue)
    reports = lock_all([item.report for item in items])
    if any(row.matter.out_of_sight for row in reports):
        raise WrongStep("本期有稿件正在保密核查，不能发送。")
    if rank(level := level_of(reports)) > rank(issue.level):  # raised since it was issued
        issue.level = level
        issue.save(update_fields=["level"])
    had = dict(issue.deliveries.values_list("recipient", "sent_on"))
    for recipient in recipients:
        may_have(recipient, issue)
        if recipient.ended_on:
            raise Refused(f"{recipient}已经停用，请刷新后重新选择。", field="recipients")
        if recipient.pk in had:
            raise Refused(f"本期已于{had[recipient.pk]:%Y-%m-%d}发送{recipient}，不用重复登记。", field="recipients")
    rows = [
        Delivery(issue=issue, recipient=one, level=issue.level, sent_on=on, how=how, copies=copies, by=by, at=now)
        for one in recipients
    ]
    Delivery.objects.bulk_create(rows)
    up = [one.name for one in recipients if one.kind in UPWARD]
    if rest := [one.name for one in recipients if one.kind not in UPWARD]:
        facts = {"issue": str(issue), "to": "、".join(rest), "on": on}
        record_many({row.matter: facts for row in reports}, "report_delivered", by=by, now=now)
    if up:
        tell_authors(reports, "report_sent_up", "sent_up", by=by, now=now, to="、".join(up), on=on)
    audit.record("reports.deliver", by=by, now=now, subject=str(issue.public_id), amount=len(rows))
    return rows


@transaction.atomic
def record_return(
    delivery: Delivery, *, kind: str, on: date, by: Person, now: datetime, again: bool = False
) -> Delivery:
    """A slip came back (送阅单): read only, with an instruction, or passed on; the three are never mixed up (P18).

    What was entered wrong is put right with `again`, as long as no instruction rests on it; the audit keeps both.
    """
    lock_issue(delivery.issue, Issue.State.ISSUED)
    row = Delivery.objects.select_for_update(of=("self",)).select_related("recipient").get(pk=delivery.pk)
    if row.returned and not again:
        raise WrongStep(
            f"{row.recipient}的送阅单已经登记为“{row.get_returned_display()}”。登记错了的，请在期次页点“更正退回”。"
        )
    if row.returned and row.instructions.exists():
        raise WrongStep("这张送阅单已登记了批示内容。要更正的，请先在信息页撤销那条批示登记。")
    was = {"was": row.returned} if row.returned else {}
    if on > today(now):
        raise Refused("退回日期不能晚于今天。", field="on")
    if on < row.sent_on:
        raise Refused("退回日期不能早于发送日期。", field="on")
    row.returned, row.returned_on = kind, on
    row.save(update_fields=["returned", "returned_on"])
    audit.record("reports.record_return", by=by, now=now, subject=str(row.public_id), kind=kind, **was)
    return row


@transaction.atomic
def drop_delivery(delivery: Delivery, *, reason: str, by: Person, now: datetime) -> None:
    """Take back that an issue was sent to somebody: the wrong one, the wrong day; nothing may have come back of it."""
    issue = lock_issue(delivery.issue, Issue.State.ISSUED)
    row = Delivery.objects.select_for_update(of=("self",)).select_related("recipient").filter(pk=delivery.pk).first()
    if row is None:
        raise WrongStep("这条发送记录已经撤销。")
    if row.returned or row.instructions.exists():
        raise WrongStep("送阅单已经退回登记，不能撤销发送记录。")
    if not reason.strip():
        raise Refused("请写明撤销的原因。", field="reason")
    facts = {"to": row.recipient.name, "on": row.sent_on, "reason": reason.strip()}
    row.delete()
    reports = lock_all([item.report for item in items_of(issue)])
    record_many({report.matter: facts for report in reports}, "report_delivery_dropped", by=by, now=now)
    audit.record("reports.drop_delivery", by=by, now=now, subject=str(issue.public_id))  # why, the reports say (S5)
