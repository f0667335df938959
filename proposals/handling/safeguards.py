"""Signs that a unit may have used a member's account to praise itself (S9); they go to the proposal office only."""

from datetime import datetime, timedelta

from django.utils import timezone

from members.choices import UNIT_ROLES
from members.models import Appointment, AuditEntry, Body, Code, Person

from .models import Evaluation

UNIT_USED_WITHIN = timedelta(days=30)
RESET_WITHIN = timedelta(days=7)
TOGETHER_WITHIN = timedelta(hours=1)


def flags_for(person: Person, unit: Body, *, address: str | None, device: str, now: datetime) -> list[str]:
    """What the proposal office should look at before it trusts a form."""
    found = []
    today = timezone.localdate(now)
    seats = Appointment.objects.in_force(today).filter(role__in=UNIT_ROLES)
    if seats.filter(person=person, body=unit).exists():
        found.append("评价人在承办单位工作")
    from_there = AuditEntry.objects.filter(address=address, at__gte=now - UNIT_USED_WITHIN)
    if address and from_there.filter(by__in=seats.values("person")).exclude(by=person).exists():
        found.append("提交地址近30天内有承办单位账号使用过")
    if Code.objects.filter(person=person, use="reset", issued_at__gte=now - RESET_WITHIN).exists():
        found.append("账号近7天内重置过密码")
    others = Evaluation.objects.filter(address=address, device=device, at__gte=now - TOGETHER_WITHIN)
    if address and others.exclude(by=person).exists():
        found.append("同一设备一小时内有其他委员评价")
    return found
