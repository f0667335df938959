"""Several reports on the same thing become one (合并): each keeps its words and its authors, all are credited and told."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from members.errors import Refused, WrongStep
from members.models import Person
from proposals.handling import clocks, readers
from proposals.reports.models import Report, Status
from proposals.reports.models.issue import rank
from proposals.reports.queries import GOING_IN

from .base import authors, in_no_units_hands, lock_many, move, not_own, today, told

MAIN = (Status.SUBMITTED, Status.EDITING)


@transaction.atomic
def combine(main: Report, followers: Sequence[Report], *, by: Person, now: datetime) -> Report:
    """Put reports into a main one: their clocks end, they are edited and issued with it; those behind all are told.

    What went into one of them before moves along, so that nothing follows a follower.
    """
    if not followers:
        raise Refused("请至少选择一篇要并入的信息。", field="followers")
    if main in followers:
        raise Refused("不能并入自己，请选择别的信息。", field="followers")
    theirs = list(Report.objects.filter(matter__merged_into__in=[row.matter_id for row in followers]))
    locked = {row.pk: row for row in lock_many([main, *followers, *theirs])}
    main, going = locked[main.pk], [locked[pk] for pk in dict.fromkeys(row.pk for row in followers)]
    if main.matter.merged_into_id:
        into = main.matter.merged_into
        raise WrongStep(f"{main.matter.label}已经并入{into.label if into else '别的信息'}，请打开那一篇办理合并。")
    if main.status not in MAIN:
        raise WrongStep(f"{main.matter.label}现在是“{main.get_status_display()}”，不能再并入别的信息。")
    in_no_other_hands(main, by)
    for report in going:
        _put(report, main, by=by, now=now)
    for row in (locked[one.pk] for one in theirs):
        row.matter.merged_into = main.matter
        row.matter.save(update_fields=["merged_into"])
        readers.refresh(row.matter)
    readers.refresh(main.matter)
    return main


def _put(report: Report, main: Report, *, by: Person, now: datetime) -> None:
    matter = report.matter
    if report.status not in GOING_IN:
        raise WrongStep(f"{matter.label}现在是“{report.get_status_display()}”，不能合并。请刷新页面查看最新情况。")
    if rank(matter.access) > rank(main.matter.access):
        raise Refused(
            f"{matter.label}是“{matter.get_access_display()}”，不能并入“{main.matter.get_access_display()}”的信息。"
            "请反过来以它为主，或者先核定级别。",
            field="followers",
        )
    in_no_other_hands(report, by)
    in_no_units_hands(report)
    clocks.cancel_all(matter=matter, by=by, now=now, reason="合并")
    report.claimed_by, report.claimed_at = None, None
    report.save(update_fields=["claimed_by", "claimed_at", "updated_at"])
    move(report, Status.COMBINED, merged_into=main.matter)
    event = matter.record("report_combined", by=by, now=now, main=main.matter.label)
    main.matter.record("report_took_in", by=by, now=now, other=matter.label)
    told(report, authors(report, on=today(now)), event, "combined", now=now)


def in_no_other_hands(report: Report, by: Person) -> None:
    """Nobody combines what a colleague is screening just now (H2), nor what he reported himself (P13)."""
    not_own(report, by)
    if report.status == Status.SUBMITTED and report.claimed_by_id not in (None, by.pk):
        raise WrongStep(f"{report.claimed_by}正在筛选{report.matter.label}，请先商量或接手后再合并。")


@transaction.atomic
def separate(report: Report, *, reason: str, by: Person, now: datetime) -> Report:
    """Take a report out of the main one again, as long as that is not on its way to be signed; it is edited by itself."""
    if not reason.strip():
        raise Refused("请写明取消合并的原因。", field="reason")
    main = Report.objects.filter(matter__followers=report.matter_id).first()
    if main is None:
        raise WrongStep("这篇信息没有合并。")
    locked = {row.pk: row for row in lock_many([report, main])}
    report, main = locked[report.pk], locked[main.pk]
    if report.matter.merged_into_id != main.matter_id:
        raise WrongStep("合并情况已有变化，请刷新页面。")
    if main.status not in MAIN:
        raise WrongStep(f"主篇现在是“{main.get_status_display()}”，不能再取消合并。")
    move(report, Status.EDITING, merged_into=None)
    readers.refresh(main.matter)
    event = report.matter.record("report_parted", by=by, now=now, main=main.matter.label, reason=reason.strip())
    main.matter.record("report_let_go", by=by, now=now, other=report.matter.label)
    told(report, authors(report, on=today(now)), event, "parted", now=now)
    return report
