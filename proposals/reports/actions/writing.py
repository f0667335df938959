"""A report is begun, written, handed in and taken back by whoever it comes from, or entered for somebody (M4)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from members.errors import Refused, Stale, WrongStep
from members.models import Body, Person, Session
from members.uploads import Clean
from proposals.handling import clocks, numbering, readers
from proposals.handling.actions.attaching import attach, detach, hand_in_files, leave_out
from proposals.handling.models import Access, Attachment, Exposure, Kind, Matter, Participant, Purpose
from proposals.reports.models import MOST_CHARACTERS, WRITTEN, Report, Status, Words
from proposals.reports.models.issue import rank

from .base import authors, drop_clocks, end_clocks, expect, lock, move, report_office, report_staff, today, told

Role = Participant.Role
Source = Report.Source
MOST_IN_TITLE = 60
MOST_IN_DRAFT = 5_000
TO_TAKE_BACK = (Status.SUBMITTED, Status.RETURNED, Status.EDITING)


@dataclass(frozen=True)
class Behind:
    """Whom it comes from: persons, bodies with who writes for them, or somebody who is not in the house's lists."""

    people: Sequence[Person] = field(default=())
    bodies: Sequence[Body] = field(default=())
    writer: Person | None = None  # writes for a body, and is told for it
    source: str = Source.MEMBER
    author_text: str = ""


@dataclass(frozen=True)
class Details:
    """What is chosen beside the text."""

    urgent: bool = False
    shows_name: bool = False
    access: str = Access.OPEN


@transaction.atomic
def begin(behind: Behind, *, by: Person, now: datetime, public_id: UUID | None = None) -> Report:
    """Make an empty draft that nobody but its writers sees; `public_id` is its address where that is known already."""
    if not (behind.people or behind.bodies or behind.author_text.strip()):
        raise Refused("请填写反映人：委员、组织，或者写明是谁反映的。", field="people")
    matter = Matter.objects.create(
        kind=Kind.REPORT,
        public_id=public_id or uuid4(),
        stage=Status.DRAFT.value,
        exposure=Exposure.DRAFT,
        session=Session.objects.current(now),
    )
    report = Report.objects.create(
        matter=matter, source=behind.source, author_text=behind.author_text.strip(), entered_by=None
    )
    _stand_behind(matter, behind)
    readers.refresh(matter)
    return report


def _stand_behind(matter: Matter, behind: Behind) -> None:
    rows = [
        Participant(matter=matter, person=person, role=Role.AUTHOR, order=order)
        for order, person in enumerate(dict.fromkeys(behind.people))
    ]
    first = len(rows)
    rows += [
        Participant(matter=matter, body=body, role=Role.AUTHOR, order=order)
        for order, body in enumerate(dict.fromkeys(behind.bodies), start=first)
    ]
    if behind.writer and behind.writer not in behind.people:
        rows.append(Participant(matter=matter, person=behind.writer, role=Role.CONTACT, order=len(rows)))
    Participant.objects.bulk_create(rows)


@transaction.atomic
def change_authors(report: Report, behind: Behind, *, by: Person, now: datetime) -> None:
    """Say anew in whose name a draft is written; nothing happens where nothing changes."""
    report = lock(report)
    expect(report, Status.DRAFT)
    stands = {(row.person_id, row.body_id) for row in report.matter.participants.filter(role=Role.AUTHOR)}
    wanted: set[tuple[int | None, int | None]] = {(person.pk, None) for person in behind.people}
    wanted |= {(None, body.pk) for body in behind.bodies}
    if stands == wanted:
        return
    report.matter.participants.all().delete()
    _stand_behind(report.matter, behind)
    report.source = behind.source
    report.save(update_fields=["source", "updated_at"])
    readers.refresh(report.matter)


@transaction.atomic
def save(report: Report, words: Words, *, details: Details, version: int | None, by: Person, now: datetime) -> Report:
    """Keep what has been typed, complete or not: the server's copy is the only one (S16).

    Raises Stale if somebody saved another text since `version` was opened; the same text twice changes nothing.
    """
    words = tidy(words)
    report = lock(report)
    expect(report, *WRITTEN)
    must_suit_zone(report.matter, details.access)
    _keeps_level(report, details.access)
    same = words == report.words and details == details_of(report)
    if version is not None and version != report.version and not same:
        raise Stale("这篇信息已在别处修改过。请对照两份文字，决定保留哪些内容后再保存。")
    if same:
        return report
    report.title, report.situation = words.title, words.situation
    report.cause, report.suggestion = words.cause, words.suggestion
    report.urgent, report.shows_name = details.urgent, details.shows_name
    report.version += 1
    report.save(
        update_fields=[
            "title", "situation", "cause", "suggestion", "urgent", "shows_name", "version", "updated_at",
        ]
    )  # fmt: skip
    matter = report.matter
    if not report.submissions:
        matter.title = words.title
    matter.access = details.access
    matter.save(update_fields=["title", "access"])
    readers.refresh(matter)
    return report


def _keeps_level(report: Report, access: str) -> None:
    """A level that the office has set is lowered by the office alone."""
    matter = report.matter
    if rank(access) < rank(matter.access) and matter.events.filter(verb="report_level_set").exists():
        raise Refused(
            f"工作人员已把级别核定为“{matter.get_access_display()}”，不能自行调低。需要调整的，请联系社情民意工作人员。",
            field="access",
        )


def details_of(report: Report) -> Details:
    return Details(report.urgent, report.shows_name, report.matter.access)


def tidy(words: Words) -> Words:
    """One kind of line break, and no more than a draft may hold."""
    kept = Words(" ".join(words.title.split()), _clean(words.situation), _clean(words.cause), _clean(words.suggestion))
    if len(kept.title) > MOST_IN_TITLE:
        raise Refused(f"标题最多{MOST_IN_TITLE}字，现在有{len(kept.title)}字。", field="title")
    if kept.length > MOST_IN_DRAFT:
        raise Refused(f"文字太长，草稿最多保存{MOST_IN_DRAFT}字。请精简，附带材料作为附件上传。", field="situation")
    return kept


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


def must_suit_zone(matter: Matter, access: str) -> None:
    """Raises Refused for a level that this zone does not take in (S24); what is so already stays so."""
    if access not in (Access.OPEN, Access.INTERNAL, Access.SENSITIVE):
        raise Refused("请选择公开、内部或敏感。", field="access")
    if access != Access.OPEN and settings.ZONE == "internet" and access != matter.access:
        raise Refused(
            "本系统部署在互联网上，不接收内部、敏感信息。请不要填写不宜公开的内容，改为线下报送社情民意工作机构。",
            field="access",
        )


def faults_of(words: Words, *, not_secret: bool) -> dict[str, str]:
    """What keeps the text from being handed in, all at once: the field to blame and a sentence; nothing if it may go."""
    faults = {}
    if not words.title:
        faults["title"] = "请填写标题。"
    if not words.situation:
        faults["situation"] = "请写明情况：时间、地点、涉及范围。"
    if not words.suggestion:
        faults["suggestion"] = "请写出建议，哪怕只有一句。"
    if words.length > MOST_CHARACTERS:
        more = words.length - MOST_CHARACTERS
        faults["situation"] = (
            f"一事一报，正文最多{MOST_CHARACTERS}字，现在有{words.length}字，请精简{more}字，其余作为附件。"
        )
    if not not_secret:
        faults |= {"not_secret": "请确认内容不涉及国家秘密、工作秘密。涉密事项请按保密规定线下报送。"}
    return faults


@transaction.atomic
def submit(report: Report, *, not_secret: bool, by: Person, now: datetime) -> Report:
    """Hand the report in (提交): it gets its number, the office sees it, the screening clock starts.

    An urgent one is to be screened on the same day, and the office is told at once. Raises Refused with the first
    fault, WrongStep from a wrong state.
    """
    report = lock(report)
    expect(report, *WRITTEN)
    for name, sentence in faults_of(report.words, not_secret=not_secret).items():
        raise Refused(sentence, field=name)
    _not_twice(report, by)
    return hand_in(report, "report_resubmitted" if report.submissions else "report_submitted", by=by, now=now)


def _not_twice(report: Report, by: Person) -> None:
    """The same text by the same author is one report; through another channel it may come again (P30).

    The number of the first is named to whoever may see it (S11).
    """
    seats = list(report.matter.participants.filter(role=Role.AUTHOR, left_at=None).values_list("person", "body"))
    same = Q(matter__participants__person__in=[person for person, _ in seats if person])
    same |= Q(matter__participants__body__in=[body for _, body in seats if body])
    rows = Report.objects.filter(same, fingerprint=report.words.fingerprint, submissions__gt=0).exclude(pk=report.pk)
    row = rows.exclude(status=Status.WITHDRAWN).select_related("matter").order_by("pk").first()
    if row is not None and not Report.objects.visible_to(by).filter(pk=row.pk).exists():
        raise Refused("内容相同的信息已经提交过，不用重复提交。请联系社情民意工作人员。")
    if row is not None:
        raise Refused(
            f"内容相同的信息已经提交过，编号{row.matter.number}，不用重复提交。请到“我的社情民意”查看办理情况。"
        )


def hand_in(report: Report, verb: str, *, by: Person, now: datetime, **facts: Any) -> Report:
    """What every way in ends with: frozen text, screening clock, number, and those told whom it concerns."""
    matter = report.matter
    _freeze(report, by=by, now=now)
    move(report, Status.SUBMITTED, exposure=Exposure.OFFICE)
    start_screening(report, by=by, now=now)
    _number(report, now=now)
    event = matter.record(verb, by=by, now=now, number=matter.number, **facts)
    told(report, authors(report, on=today(now)), event, "submitted", now=now)
    if report.urgent:
        told(report, report_staff(on=today(now)), event, "urgent", now=now)
    return report


def _freeze(report: Report, *, by: Person, now: datetime) -> None:
    """The text is frozen as the next original; what was decided of the last one is behind it."""
    matter, words = report.matter, report.words
    report.submissions += 1
    report.submitted_at = report.submitted_at or now
    report.fingerprint = words.fingerprint
    report.decided_reason, report.decided_text = None, ""
    report.save(
        update_fields=["submissions", "submitted_at", "fingerprint", "decided_reason", "decided_text", "updated_at"]
    )
    report.originals.create(
        number=report.submissions,
        title=words.title,
        situation=words.situation,
        cause=words.cause,
        suggestion=words.suggestion,
        by=by,
        at=now,
    )
    matter.title = words.title
    matter.save(update_fields=["title"])
    hand_in_files(matter, by=by, now=now)


def _number(report: Report, *, now: datetime) -> None:
    """The last of handing in: the series stays locked from here to the commit. The session is that of this day."""
    matter = report.matter
    if matter.number is not None:
        return
    session = Session.objects.current(now)
    if session is None:
        raise Refused("还没有设置届次，暂时不能提交。请联系社情民意工作人员。")
    matter.session = session
    matter.number = f"信{numbering.written(numbering.take(session, Kind.REPORT))}"
    matter.save(update_fields=["session", "number"])


@transaction.atomic
def enter(
    behind: Behind,
    words: Words,
    *,
    details: Details,
    by: Person,
    now: datetime,
    files: Sequence[Clean] = (),
) -> Report:
    """Enter a report for somebody who wrote, called or came (代录): handed in at once, its authors are told."""
    report = begin(behind, by=by, now=now)
    report.entered_by = by
    report.save(update_fields=["entered_by", "updated_at"])
    report = save(report, words, details=details, version=None, by=by, now=now)
    bring(report, files, by=by, now=now)
    return submit(report, not_secret=True, by=by, now=now)


def bring(report: Report, files: Sequence[Clean], *, by: Person, now: datetime) -> None:
    """Keep files that passed the door; what comes while it is written again is the writers' until it is handed in."""
    for file in files:
        attach(
            report.matter, file, purpose=Purpose.REPORT, draft=report.written and report.submissions > 0, by=by, now=now
        )


@transaction.atomic
def remove_file(report: Report, file: Attachment, *, by: Person, now: datetime) -> None:
    """Take a file out of what is being written; what was handed in keeps it until it is handed in again."""
    report = lock(report)
    expect(report, *WRITTEN)
    if report.submissions and not file.draft:
        leave_out(file)
    else:
        detach(file, by=by, now=now)


@transaction.atomic
def discard(report: Report, *, by: Person, now: datetime) -> None:
    """Throw a draft away; its row stays without text, so that its number of events stays true."""
    report = lock(report)
    expect(report, Status.DRAFT)
    for file in report.matter.attachments.kept():
        detach(file, by=by, now=now)
    report.title = report.situation = report.cause = report.suggestion = report.author_text = ""
    report.save(update_fields=["title", "situation", "cause", "suggestion", "author_text", "updated_at"])
    report.matter.title = ""
    report.matter.participants.update(left_at=now)
    move(report, Status.WITHDRAWN, title="", closed_at=now)
    report.matter.record("report_discarded", by=by, now=now)


@transaction.atomic
def withdraw(report: Report, *, reason: str, by: Person, now: datetime, said: str | None = None) -> Report:
    """Take a report back before it is signed off (撤回); its number stays used, the office is told.

    What an author asked for on the telephone or on paper is entered by the office, which says how (`said`, P1).
    """
    report = lock(report)
    expect(report, *TO_TAKE_BACK)
    if report.matter.followers.exists():
        raise WrongStep("有信息合并到本篇，不能撤回。需要撤回的，请联系社情民意工作人员。")
    if not reason.strip():
        raise Refused("请写明撤回的原因。", field="reason")
    if said is not None and not said.strip():
        raise Refused("请写明反映人何时、以何种方式要求撤回，例如：3月6日电话。", field="said")
    asked = f"（反映人{said.strip()}要求，代录）" if said else ""
    holder = report.claimed_by_id
    report.claimed_by, report.claimed_at = None, None
    report.save(update_fields=["claimed_by", "claimed_at", "updated_at"])
    drop_clocks(report.matter, "report_screening", by=by, now=now, reason="反映人撤回")
    move(report, Status.WITHDRAWN, closed_at=now)
    event = report.matter.record("report_withdrawn", by=by, now=now, reason=f"{reason.strip()}{asked}")
    told(report, {*authors(report, on=today(now)), *([holder] if holder else [])}, event, "withdrawn", now=now)
    return report


def start_screening(report: Report, *, by: Person, now: datetime) -> None:
    """An urgent one is to be screened on the same day."""
    clocks.start(
        report.matter,
        "report_urgent" if report.urgent else "report_screening",
        stage="report_screening",
        round=report.submissions,
        body=report_office(on=today(now)),
        anchor_on=today(now),
        by=by,
        now=now,
    )


def end_screening(report: Report, *, by: Person, now: datetime) -> None:
    end_clocks(report.matter, "report_screening", by=by, now=now)
