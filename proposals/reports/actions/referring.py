"""Proposals that were not filed go another way (转社情民意、转上级政协)."""

from datetime import date, datetime

from django.utils import timezone

from members.errors import Refused
from members.models import Person
from proposals.handling.models import Matter
from proposals.reports.models import Referral


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
