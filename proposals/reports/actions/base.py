"""What every act on a report begins and ends with: locks, steps, who is told."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.actions import BULK, tell, tell_many
from members.models import Appointment, Body, Person
from members.uploads import Clean
from proposals.handling import clocks, queries, readers
from proposals.handling.actions.attaching import attach_to_all, put_by
from proposals.handling.models import Attachment, Event, Matter, Participant, Purpose
from proposals.reports.hands import is_party
from proposals.reports.models import Opinion, Report, Status

FOR_BODIES = (Role.LIAISON_OFFICER, Role.COUNTY_CPPCC, Role.COMMITTEE_OFFICE)
"""Who acts for a body that reports, besides the secretaries and conveners of those that raise proposals, too."""
SUSPENDED = "该件正在保密核查，暂停办理。请联系社情民意工作人员。"


def lock(report: Report) -> Report:
    """The report as it is now, its matter locked first; a suspended one refuses every act."""
    matter = report.matter.locked()
    if matter.out_of_sight:
        raise WrongStep(SUSPENDED)
    fresh = Report.objects.select_for_update(of=("self",)).get(pk=report.pk)
    fresh.matter = matter
    return fresh


def lock_many(reports: Iterable[Report]) -> list[Report]:
    """The same for many, in one order, so that two people never wait for each other crosswise."""
    found = lock_all(reports)
    if any(report.matter.out_of_sight for report in found):
        raise WrongStep(SUSPENDED)
    return found


def lock_all(reports: Iterable[Report]) -> list[Report]:
    """The same, suspended ones too: what is done to all together says itself what becomes of those."""
    ids = [report.matter_id for report in reports]
    matters = {row.pk: row for row in Matter.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")}
    fresh = list(Report.objects.select_for_update(of=("self",)).filter(matter__in=ids).order_by("matter_id"))
    for report in fresh:
        report.matter = matters[report.matter_id]
    return fresh


def expect(report: Report, *statuses: str) -> None:
    if report.status not in statuses:
        raise WrongStep(f"这篇信息现在是“{report.get_status_display()}”，不能这样做。请刷新页面查看最新情况。")


def not_own(owner: Report | Opinion, by: Person) -> None:
    """Of what somebody reported himself, or a body in whose name he reports, colleagues are the office (P13)."""
    if is_party(by, owner.matter):
        raise Refused(f"您是{owner.matter.label}的反映人，请由其他同事办理。")


def in_no_units_hands(report: Report) -> None:
    """What was passed on in its own words and given to units goes no other way until they have answered."""
    if report.matter.assignments.current().unsettled().exists():
        raise WrongStep(f"{report.matter.label}已交承办单位办理，请等反馈办结以后再这样做。")


def move(report: Report, status: Status, **facts: Any) -> None:
    """Take one step; the matter's stage follows. `facts` are further columns of the matter."""
    report.become(status)
    matter = report.matter
    matter.stage = status.value
    for name, value in facts.items():
        setattr(matter, name, value)
    matter.save(update_fields=["stage", *facts])
    readers.refresh(matter)


def today(now: datetime) -> date:
    return timezone.localdate(now)


def authors(report: Report, *, on: date) -> list[int]:
    """Who is told for those behind this one report, whatever it went into: persons, and who acts for a body."""
    return speaking_for(report.matter.participants.filter(left_at=None), on=on)


def speaking_for(participants: Iterable[Participant], *, on: date) -> list[int]:
    """Persons themselves, and for a body those who report in its name."""
    rows = list(participants)
    bodies = [row.body_id for row in rows if row.body_id]
    acting = queries.people_in(FOR_BODIES, on=on, bodies=bodies) if bodies else []
    return sorted({*queries.people_behind(rows, on=on), *acting})


def first_day(report: Report) -> date:
    """Before this day nothing can have happened to a report; what came on paper may have been dealt with in the year
    before it was entered (P1)."""
    came = today(report.submitted_at) if report.submitted_at else date.min
    return came - timedelta(days=365) if report.entered_by_id and came > date(1900, 1, 1) else came


def must_follow(reports: Iterable[Report], on: date, *, field: str) -> None:
    """Raise Refused for a day before these came in: a wrong year would stand in numbers that nobody takes back."""
    first = max(map(first_day, reports))
    if on < first:
        raise Refused(f"日期不能早于{first:%Y-%m-%d}，那时信息还没有提交。请核对年份。", field=field)


@contextmanager
def first_come() -> Iterator[None]:
    """Of two who enter the same row at once the second reads a sentence."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise WrongStep("同事刚刚保存了同样的一项，请刷新页面查看最新情况，需要修改的再改。") from error


def report_staff(*, on: date) -> list[int]:
    return queries.people_in([Role.REPORT_STAFF], on=on)


def report_office(*, on: date) -> Body:
    """The body whose staff screen reports."""
    row = (
        Appointment.objects.in_force(on)
        .filter(role=Role.REPORT_STAFF, body__ended_on=None)
        .select_related("body")
        .order_by("body_id")
        .first()
    )
    if row is None:
        raise Refused("还没有设置社情民意工作人员，请联系系统管理员。")
    return row.body


def told(
    report: Report,
    people: Iterable[int],
    event: Event,
    template: str,
    *,
    now: datetime,
    sending: str = "",
    **more: Any,
) -> None:
    """Tell everyone but the one who did it; the words are made when it is shown (S4).

    What is done to several reports in one `sending` is one message a person (P3).
    """
    others = [person for person in people if person != event.by_id]
    subject = {"matter": str(report.matter.public_id), **more}
    if sending:
        facts = [(one, event.pk, f"report_{template}", subject) for one in others]
        tell_many(facts, sending=f"{template}:{sending}", now=now, mail_at=now + BULK)
    else:
        tell(others, event_id=event.pk, template=f"report_{template}", subject=subject, now=now)


def keep_sheet(reports: Iterable[Report], file: Clean | None, *, by: Person, now: datetime) -> Attachment | None:
    """Keep what lies on the office's desk with all reports that it speaks of, those that went into them included: with
    any of them it is out of sight, and erased (S5). The row of one stands for all."""
    if file is None:
        return None
    mains = [report.matter_id for report in reports]
    matters = Matter.objects.filter(Q(pk__in=mains) | Q(merged_into__in=mains)).order_by("pk")
    made = attach_to_all(matters, put_by(file), purpose=Purpose.OFFICE, by=by, now=now)
    return Attachment.objects.get(public_id=made[mains[0]])


def end_clocks(matter: Matter, *stages: str, by: Person | None, now: datetime) -> None:
    """What these stages waited for has been done."""
    clocks.complete_many(clocks.open_for(matter=matter).filter(stage__in=stages), by=by, now=now)


def drop_clocks(matter: Matter, *stages: str, by: Person | None, now: datetime, reason: str) -> None:
    rows = clocks.open_for(matter=matter).filter(stage__in=stages)
    clocks.cancel_many(rows, by=by, now=now, reason=reason)
