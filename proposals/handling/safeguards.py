"""Signs that a unit may have used a member's account to praise itself (S9); they go to the proposal office only."""

from datetime import datetime, timedelta

from django.utils import timezone

from members.choices import UNIT_ROLES
from members.models import Appointment, AuditEntry, AuditFacts, Body, CodeUse, Person

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
    signed_in = AuditFacts.objects.filter(entry__verb="sign_in", entry__at__gte=now - UNIT_USED_WITHIN)
    by_units = signed_in.filter(entry__by__in=seats.values("person")).exclude(entry__by=person)
    if device and by_units.filter(facts__device=device).exists():
        found.append("提交设备近30天内有承办单位账号登录过")
    codes = AuditFacts.objects.filter(entry__verb="code.spend", entry__by=person, entry__at__gte=now - RESET_WITHIN)
    if codes.exclude(facts__use=CodeUse.FIRST).exists():
        found.append("账号近7天内用登录码重置过")
    others = Evaluation.objects.filter(device=device, at__gte=now - TOGETHER_WITHIN)
    if device and others.exclude(by=person).exists():
        found.append("同一设备一小时内有其他委员评价")
    return found
