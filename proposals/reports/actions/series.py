"""The rows behind bulletins: series with their numbers, and whom they go to."""

from collections.abc import Collection
from datetime import datetime

from django.db import transaction

from members import audit
from members.errors import Refused
from members.models import Person
from proposals.reports.models import Recipient, Series, SeriesYear

from .base import first_come, today


@transaction.atomic
def set_series(
    series: Series | None,
    *,
    name: str,
    kind: str,
    publisher: str,
    level: str,
    checked: bool,
    last: int,
    ended: bool,
    by: Person,
    now: datetime,
) -> Series:
    """Add a series or change one; its numbers go on after `last`, and never back."""
    name = "".join(name.split())
    if Series.objects.filter(name=name).exclude(pk=series.pk if series else 0).exists():
        raise Refused(f"已经有刊物“{name}”。请换一个名称，或恢复使用原来的。", field="name")
    row = Series.objects.select_for_update(of=("self",)).get(pk=series.pk) if series else Series(code=_code())
    if series and row.kind != kind and row.issues.exists():
        raise Refused("已经有期次的刊物不能改种类，请另设一种刊物。", field="kind")
    row.name, row.kind, row.publisher, row.level, row.checked = name, kind, publisher.strip(), level, checked
    row.ended_on = (row.ended_on or today(now)) if ended else None
    with first_come():
        row.save()
    year, _ = SeriesYear.objects.select_for_update(of=("self",)).get_or_create(series=row, year=today(now).year)
    if last < year.last:
        raise Refused(f"今年的期号已用到第{year.last}期，不能改小。", field="last")
    year.last = last
    year.save(update_fields=["last"])
    audit.record("reports.set_series", by=by, now=now, subject=row.code, kind=kind, level=level, last=last, ended=ended)
    return row


def _code() -> str:
    return f"series-{Series.objects.count() + 1}"


@transaction.atomic
def set_recipient(
    recipient: Recipient | None,
    *,
    name: str,
    kind: str,
    level: str,
    series: Collection[Series],
    order: int,
    ended: bool,
    person: Person | None = None,
    by: Person,
    now: datetime,
) -> Recipient:
    """Add somebody whom bulletins go to, or change him; what was sent before stays as it is.

    A leader's own account (`person`) stands on what he writes on a slip: he reads it then.
    """
    name = name.strip()
    if (
        not ended
        and Recipient.objects.current().filter(name=name).exclude(pk=recipient.pk if recipient else 0).exists()
    ):
        raise Refused(f"已经有发送对象“{name}”。", field="name")
    row = Recipient.objects.select_for_update(of=("self",)).get(pk=recipient.pk) if recipient else Recipient()
    if person and kind != Recipient.Kind.LEADER:
        raise Refused("只有类别是“领导”的才对应领导的账号，请改类别，或不选账号。", field="person")
    row.name, row.kind, row.level, row.order, row.person = name, kind, level, order, person
    row.ended_on = (row.ended_on or today(now)) if ended else None
    with first_come():
        row.save()
    row.series.set(series)
    audit.record(
        "reports.set_recipient", by=by, now=now, subject=str(row.public_id), kind=kind, level=level, ended=ended
    )
    return row
