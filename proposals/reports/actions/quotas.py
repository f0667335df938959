"""What sources are asked for, and what adoptions count for, is changed by rows with a date (P30)."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TypeVar

from django.db import transaction
from django.db.models import QuerySet

from members import audit
from members.errors import Refused
from members.models import Body, Person
from proposals.reports.models.adoption import CreditRule
from proposals.reports.models.quota import Quota

from .base import first_come

R = TypeVar("R", Quota, CreditRule)


@transaction.atomic
def set_quota(body: Body | None, *, per: str, amount: int, starts_on: date, by: Person, now: datetime) -> Quota | None:
    """Ask a source for so many from that day on; with 0 for none any more. Earlier periods keep what was asked then."""
    last = _make_way(Quota.objects.filter(body=body), "任务", starts_on)
    if last is None and not amount:
        raise Refused("这个来源没有约稿任务，不需要停止。", field="amount")
    with first_come():
        made = Quota.objects.create(body=body, per=per, amount=amount, starts_on=starts_on) if amount else None
    audit.record("reports.set_quota", by=by, now=now, subject=str(body or "特邀信息员"), amount=amount)
    return made


@transaction.atomic
def set_credit(merit: str, level: str, *, points: Decimal, starts_on: date, by: Person, now: datetime) -> CreditRule:
    """Let such an adoption or instruction count so much from that day on; what counted before keeps its points."""
    _make_way(CreditRule.objects.filter(merit=merit, level=level), "规则", starts_on)
    with first_come():
        made = CreditRule.objects.create(merit=merit, level=level, points=points, starts_on=starts_on)
    audit.record("reports.set_credit", by=by, now=now, subject=str(made), points=str(points))
    return made


def _make_way(rows: QuerySet[R], name: str, starts_on: date) -> R | None:
    """The row in force ends on the day before. One that a colleague makes meanwhile is left alone: making the next fails."""
    last = rows.select_for_update().filter(ends_on=None).first()
    if last and starts_on <= last.starts_on:
        raise Refused(f"开始日期应晚于现行{name}的开始日期（{last.starts_on:%Y-%m-%d}）。", field="starts_on")
    if last:
        last.ends_on = starts_on - timedelta(days=1)
        last.save(update_fields=["ends_on"])
    return last
