"""What became of reports outside is written down: who adopted them, what leaders wrote on them (采用、批示, P18)."""

from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from members.days import short_day
from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Person
from members.uploads import Clean
from proposals.handling import queries
from proposals.handling.actions.attaching import take_away
from proposals.handling.models import Attachment, Event, Matter, record_many
from proposals.reports.models import Report, Status
from proposals.reports.models.adoption import Adoption, CreditRule, Instruction, family_of, main_of
from proposals.reports.models.issue import Delivery, IssueItem

from .base import keep_sheet, lock, not_own, today

Kind = Instruction.Kind
Merit = CreditRule.Merit
NO_ISSUE = "这篇信息还没有编入已编发的刊物，不能登记{what}。请先组稿、签发、编发；已经原文转送的，请选“原文转发”。"


@transaction.atomic
def record_adoption(
    report: Report,
    *,
    level: str,
    adopter: str,
    form: str,
    on: date,
    journal: str = "",
    source: str = Adoption.Source.ENTERED,
    by: Person,
    now: datetime,
) -> Adoption:
    """Write down who adopted a report, how and when; all its authors are told (采用).

    It counts by the rule in force on its day; where there is none it counts nothing.
    """
    report = lock(main_of(report))
    not_own(report, by)
    item = issued_item(report)
    if item is None and not (report.status == Status.REFERRED and form == Merit.ORIGINAL):
        raise Refused(NO_ISSUE.format(what="采用"))
    if not adopter.strip():
        raise Refused("请填写采用单位。", field="adopter")
    _in_time(report, item, on, now=now)
    if report.adoptions.standing().filter(adopter=adopter.strip(), on=on).exists():
        raise WrongStep(f"{adopter.strip()}{short_day(on)}的采用已经登记过了。")
    adoption = Adoption.objects.create(
        report=report,
        item=item,
        level=level,
        adopter=adopter.strip(),
        form=form,
        journal=journal.strip(),
        on=on,
        source=source,
        rule=rule_for(form, level, on=on),
        by=by,
        at=now,
    )
    facts = {"adopter": adoption.adopter, "form": adoption.get_form_display(), "journal": adoption.journal, "on": on}
    tell_all(report, "report_adopted", facts, by=by, now=now)
    return adoption


@transaction.atomic
def drop_adoption(adoption: Adoption, *, reason: str, by: Person, now: datetime) -> Adoption:
    """Take back what was entered by mistake: it counts no more, the record says why."""
    report = lock(adoption.report)
    not_own(report, by)
    adoption = Adoption.objects.select_for_update(of=("self",)).get(pk=adoption.pk)
    if adoption.dropped_at:
        raise WrongStep("这条采用记录已经撤销。")
    if not reason.strip():
        raise Refused("请写明撤销的原因。", field="reason")
    adoption.dropped_by, adoption.dropped_at, adoption.dropped_reason = by, now, reason.strip()
    adoption.save(update_fields=["dropped_by", "dropped_at", "dropped_reason"])
    facts = {"adopter": adoption.adopter, "reason": adoption.dropped_reason}
    tell_all(report, "report_adoption_dropped", facts, by=by, now=now)
    return adoption


@transaction.atomic
def record_instruction(
    report: Report,
    *,
    kind: str,
    level: str,
    leader: Person | None = None,
    leader_name: str = "",
    on: date,
    text: str = "",
    delivery: Delivery | None = None,
    file: Clean | None = None,
    by: Person,
    now: datetime,
) -> Instruction:
    """Record what came back from a leader. Having read it (圈阅) counts as nothing and nobody outside is told.

    The authors learn that there is an instruction, and at what level; on the internet only the fact is kept (S24).
    """
    report = lock(main_of(report))
    not_own(report, by)
    item, text = issued_item(report), text.strip()
    if item is None and report.status != Status.REFERRED:
        raise Refused(NO_ISSUE.format(what="批示"))
    name = leader.name if leader else leader_name.strip()
    if not name:
        raise Refused("请选择领导，或填写领导姓名。", field="leader_name")
    _in_time(report, item, on, now=now)
    _worded(kind, text, file)
    if report.instructions.filter(kind=kind, leader_name=name, on=on, text=text).exists():
        raise WrongStep(f"{name}{short_day(on)}的{Kind(kind).label}已经登记过了。")
    row = Instruction.objects.create(
        report=report,
        delivery=delivery,
        kind=kind,
        level=level,
        leader=leader,
        leader_name=name,
        on=on,
        text=text,
        rule=rule_for(kind, level, on=on),
        scan=keep_sheet([report], file, by=by, now=now),
        by=by,
        at=now,
    )
    if kind == Kind.READ:
        report.matter.record("report_read", by=by, now=now, level=row.get_level_display())
        return row
    facts = {"level": row.get_level_display(), "kind": row.get_kind_display()}
    tell_all(report, "report_instructed", facts, by=by, now=now)
    return row


def _worded(kind: str, text: str, file: Clean | None) -> None:
    online = settings.ZONE == "internet"
    if kind == Kind.READ and text:
        raise Refused("圈阅只表示已阅，不填写内容；有具体意见的请选“批示”或“转办”。", field="kind")
    if kind == Kind.INSTRUCTION and not text and not online:
        raise Refused("请填写批示内容；只画圈、签名的请选“圈阅”。", field="text")
    if online and (text or file):
        raise Refused(
            "本系统部署在互联网区，不登记领导批示的内容和扫描件：请只登记类别、层级和日期，原件线下传阅。", field="text"
        )


@transaction.atomic
def drop_instruction(row: Instruction, *, reason: str, by: Person, now: datetime) -> None:
    """Take back what was entered by mistake: it counts no more, the record says what it was and why.

    Units that have the report keep it; those who were told of an instruction are told that there is none. Its scan goes
    with it.
    """
    report = lock(row.report)
    not_own(report, by)
    found = Instruction.objects.select_for_update(of=("self",)).filter(pk=row.pk).first()
    if found is None:
        raise WrongStep("这条批示记录已经撤销。")
    if not reason.strip():
        raise Refused("请写明撤销的原因。", field="reason")
    facts: dict[str, Any] = {
        "level": found.get_level_display(),
        "kind": found.get_kind_display(),
        "reason": reason.strip(),
    }
    found.units.clear()
    found.delete()
    for sheet in Attachment.objects.filter(pk=found.scan_id or 0).whole():
        take_away(sheet, by=by, now=now)
    if found.kind == Kind.READ:
        report.matter.record("report_read_dropped", by=by, now=now, **facts)
    else:
        tell_all(report, "report_instruction_dropped", facts, by=by, now=now)


@transaction.atomic
def release_instruction(row: Instruction, *, by: Person, now: datetime) -> Instruction:
    """The office lets the authors read what the leader wrote (同意转告)."""
    report = lock(row.report)
    not_own(report, by)
    row = Instruction.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if row.released_at:
        raise WrongStep("这份批示的内容已经同意转告。")
    if not row.text:
        raise WrongStep("这份记录没有内容可以转告。")
    row.released_by, row.released_at = by, now
    row.save(update_fields=["released_by", "released_at"])
    tell_all(report, "report_instruction_released", {"level": row.get_level_display()}, by=by, now=now)
    return row


def issued_item(report: Report) -> IssueItem | None:
    """Where a main report was printed first."""
    rows = IssueItem.objects.issued().filter(report=report).select_related("issue", "edition")
    return rows.order_by("issue__issued_on", "pk").first()


def rule_for(merit: str, level: str, *, on: date) -> CreditRule | None:
    """The rule of that day; having read a report has none."""
    return CreditRule.objects.in_force(on).filter(merit=merit, level=level).first()


def _in_time(report: Report, item: IssueItem | None, on: date, *, now: datetime) -> None:
    if on > today(now):
        raise Refused("日期不能晚于今天。", field="on")
    first = item.issue.issued_on if item else report.referred_on
    if first and on < first:
        raise Refused(f"日期不能早于{short_day(first)}，这篇信息当天才{'编发' if item else '转送'}。", field="on")


def tell_all(
    report: Report,
    verb: str,
    facts: dict[str, Any],
    *,
    event: Event | None = None,
    by: Person | None,
    now: datetime,
) -> None:
    """Write it on a main report and on what was put into it, and tell the authors of each through their own.

    `event` is what stands on the main one already.
    """
    family = family_of(report)
    events = record_many(dict.fromkeys(family[1 if event else 0 :], facts), verb, by=by, now=now)
    if event:
        events[report.matter_id] = event
    for matter in family:
        people = own_authors(matter, now=now)
        others = [person for person in people if by is None or person != by.pk]
        subject = {"matter": str(matter.public_id)}
        tell(others, event_id=events[matter.pk].pk, template=verb, subject=subject, now=now)


def own_authors(matter: Matter, *, now: datetime) -> list[int]:
    return queries.people_behind(matter.participants.filter(left_at=None), on=today(now))
