"""How far sources have come with what they were asked for (约稿任务完成情况, P30)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from members.choices import Role
from members.days import start_of
from members.models import Appointment, Body, Person
from proposals.handling.models import Participant
from proposals.reports.circulars import Period, period_of
from proposals.reports.models import Report, Status
from proposals.reports.models.quota import Quota


@dataclass(frozen=True)
class Done:
    """One source in one period: what was asked for, and the reports (ids) that it handed in."""

    quota: Quota
    source: Body | Person
    period: Period
    reports: frozenset[int]

    @property
    def missing(self) -> int:
        return max(0, self.quota.amount - len(self.reports))


def period_with(quota: Quota, on: date) -> Period:
    """The month, quarter or year of the quota in which that day lies."""
    codes = {
        Quota.Per.MONTH: f"{on.year}-{on.month:02d}",
        Quota.Per.QUARTER: f"{on.year}-Q{(on.month + 2) // 3}",
        Quota.Per.YEAR: str(on.year),
    }
    found = period_of(codes[Quota.Per(quota.per)])
    assert found is not None
    return found


def fulfilment(user: Any, *, on: date, mine: Q | None = None) -> list[Done]:
    """Every source with a quota in force that day; `mine` narrows the places behind reports to somebody's own.

    Reports count by the day they were handed in, for each source behind them; what was taken back does not.
    """
    quotas = list(Quota.objects.in_force(on).select_related("body").order_by("body__pinyin", "pk"))
    if not quotas:
        return []
    periods = {quota.pk: period_with(quota, on) for quota in quotas}
    first = min(period.begins for period in periods.values())
    places = Participant.objects.filter(role=Participant.Role.AUTHOR, left_at=None).filter(mine or Q())
    rows = Report.objects.visible_to(user).exclude(status__in=[Status.DRAFT, Status.WITHDRAWN])
    places = places.filter(matter__report__in=rows.filter(submitted_at__gte=start_of(first)))
    columns = ("matter__report", "body_id", "person_id", "matter__report__submitted_at__date")
    handed: dict[tuple[str, int], list[tuple[int, date]]] = {}
    for pk, body, person, day in places.values_list(*columns):
        handed.setdefault(("body", body) if body else ("person", person), []).append((pk, day))
    found = []
    for quota in quotas:
        sources: list[Body | Person] = [quota.body] if quota.body else list(reporters(on))
        period = periods[quota.pk]
        for source in sources:
            kind = "body" if isinstance(source, Body) else "person"
            given = handed.get((kind, source.pk), [])
            inside = frozenset(pk for pk, day in given if period.begins <= day <= period.ends)
            found.append(Done(quota, source, period, inside))
    return found


def reporters(on: date) -> list[Person]:
    held = Appointment.objects.in_force(on).filter(role=Role.INVITED_REPORTER)
    return list(Person.objects.filter(pk__in=held.values("person"), is_active=True).order_by("pinyin", "pk"))
