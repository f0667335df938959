"""Proposals that were not filed go another way (转社情民意、转上级政协)."""

from datetime import date, datetime

from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Person
from proposals.handling.models import Event, Matter
from proposals.reports.models import Referral, Report

from .base import report_staff


def refer(
    origin: Matter,
    kind: str,
    *,
    text: str,
    consent: str,
    by: Person,
    now: datetime,
    to: str = "",
    on: date | None = None,
) -> Referral:
    """Keep what went, whither and when; the caller has locked `origin` and tells its proposers."""
    today = timezone.localdate(now)
    if kind == Referral.Kind.HIGHER and not to.strip():
        raise Refused("请填写转送哪一级政协，例如：省政协提案委员会。", field="to")
    if on and on > today:
        raise Refused("转送日期不能晚于今天。", field="on")
    return Referral.objects.create(
        origin=origin, kind=kind, text=text, to=to.strip(), on=on or today, consent=consent, by=by
    )


def take_lead_back(origin: Matter) -> None:
    """The lead was wrong: nothing leads to reports any more. Raises WrongStep once a report was made of it.

    The caller has locked `origin`, and tells both sides.
    """
    if report := Report.objects.filter(origin=origin).select_related("matter").first():
        raise WrongStep(
            f"已经据此形成社情民意信息（{report.matter.label}），不能再撤销。不宜采编的，请告知社情民意工作人员留存备查。"
        )
    Referral.objects.filter(origin=origin, kind=Referral.Kind.LEAD).delete()


def tell_of_lead(event: Event, template: str, *, now: datetime, **subject: str) -> None:
    """The report office hears that a lead came, or that it is none any more; of what, its list says."""
    tell(report_staff(on=timezone.localdate(now)), event_id=event.pk, template=template, subject=subject, now=now)
