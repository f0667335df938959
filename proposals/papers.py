"""The papers of a hand-over, gathered for their reader, and the long jobs that make them (P16)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from members.inbox.models import LongJob
from members.inbox.work import Product, Progress
from members.inbox.work import register as offer
from members.models import Body, Person
from proposals.handling import documents
from proposals.handling.models import Assignment, Matter, Obligation, Stage
from proposals.handling.pdf import NoPdf
from proposals.handling.sights import note
from proposals.models import Batch, Proposal
from proposals.naming import proposers_of

BATCH, UNIT = "proposals.batch_papers", "proposals.unit_papers"
ANSWER_STAGES = ("reply", "rehandle", "co_opinion")
DONE = (Stage.CLOSED, Stage.CLOSED_SILENT, Stage.ARCHIVED)


def register() -> None:
    offer(BATCH, batch_papers)
    offer(UNIT, unit_papers)


def packets(assignments: Iterable[Assignment]) -> list[documents.Packet]:
    """One packet a unit, its proposals in the order of their numbers; a constant number of queries."""
    rows = list(assignments)
    matters = {row.matter_id for row in rows}
    proposals = {
        row.matter_id: row
        for row in Proposal.objects.filter(matter__in=matters)
        .select_related("matter", "category")
        .prefetch_related(
            "matter__suggestions__unit",
            "matter__participants__person",
            "matter__participants__body",
            "matter__assignments__unit",
        )
    }
    clocks = Obligation.objects.running().filter(matter__in=matters, stage__in=ANSWER_STAGES)
    due = {clock.assignment_id: clock for clock in clocks}
    by_unit: dict[str, list[documents.Sheet]] = {}
    for row in sorted(
        rows, key=lambda row: (row.unit.pinyin, row.unit_id, len(row.matter.number or ""), row.matter.number or "")
    ):
        by_unit.setdefault(row.unit.name, []).append(sheet(row, proposals[row.matter_id], due.get(row.pk)))
    return [documents.Packet(unit, sheets) for unit, sheets in by_unit.items()]


def sheet(row: Assignment, proposal: Proposal, clock: Obligation | None) -> documents.Sheet:
    """One proposal as its unit reads it; a placeholder has a number and nothing else."""
    matter = proposal.matter
    partners = [other for other in matter.assignments.all() if other.ended_at is None and other.pk != row.pk]
    number, role = matter.number or "", row.get_role_display()
    due_on, provisional = (clock.due_on, clock.provisional) if clock else (None, False)
    if matter.placeholder:
        return documents.Sheet(
            number=number,
            title="线下办理",
            proposers="",
            role=role,
            due_on=due_on,
            provisional=provisional,
            internal=True,
        )
    text = proposal.text()
    return documents.Sheet(
        number=number,
        title=matter.unit_title or text.title,
        proposers=proposers_of(proposal),
        role=role,
        partners="、".join(f"{other.unit.name}（{other.get_role_display()}）" for other in partners),
        kind=proposal.get_form_display(),
        category=str(proposal.category or ""),
        filed_on=day(proposal.filed_at),
        due_on=due_on,
        provisional=provisional,
        internal=proposal.internal,
        situation=text.situation,
        analysis=text.analysis,
        suggestions=[
            one.for_units for one in sorted(matter.suggestions.all(), key=lambda suggestion: suggestion.number)
        ],
    )


def day(moment: datetime | None) -> date | None:
    return timezone.localdate(moment) if moment else None


def visible_assignments(user: Person) -> Any:
    rows = Assignment.objects.current().filter(matter__in=Matter.objects.visible_to(user))
    return rows.select_related("unit", "matter", "office")


def paper_of(batch: Batch, user: Person) -> documents.Batch:
    """The batch as `user` may see it."""
    rows = list(visible_assignments(user).filter(matter__proposal__batches=batch))
    issuers = list(dict.fromkeys(row.office.name for row in sorted(rows, key=lambda row: row.office_id)))
    return documents.Batch(
        title=batch.name,
        issuers=issuers,
        on=timezone.localdate(batch.at),
        packets=packets(rows),
        reply_due_on=batch.fixed_due_on,
        requirements=[line for line in batch.notice.splitlines() if line.strip()],
    )


def batch_papers(job: LongJob, progress: Progress) -> Product:
    """Notice, allocation table and every unit's packet in one archive."""
    batch = Batch.objects.get(public_id=job.args["batch"])
    note(job.by, visible_assignments(job.by).filter(matter__proposal__batches=batch).values_list("matter", flat=True))
    paper = paper_of(batch, job.by)
    try:
        parts = counted(documents.archive_parts(paper, pdf=True), 2 + 2 * len(paper.packets), progress)
    except NoPdf:
        parts = counted(documents.archive_parts(paper, pdf=False), 2 + len(paper.packets), progress)
    return Product(documents.zipped(parts), "zip", f"{documents.file_name(paper.title)}.zip")


def counted(parts: Iterable[tuple[str, bytes]], total: int, progress: Progress) -> Sequence[tuple[str, bytes]]:
    made = []
    for part in parts:
        made.append(part)
        progress(len(made), total)
    return made


def unit_papers(job: LongJob, progress: Progress) -> Product:
    """Everything that one unit has in hand, as one Word file."""
    unit = Body.objects.get(public_id=job.args["unit"])
    rows = visible_assignments(job.by).filter(unit=unit).exclude(matter__stage__in=DONE)
    note(job.by, rows.values_list("matter", flat=True))
    packet = next(iter(packets(rows)), documents.Packet(unit.name, []))
    paper = documents.Batch(title="在办提案", issuers=[], on=timezone.localdate(), packets=[packet])
    progress(1, 1)
    return Product(documents.packet_docx(paper, packet), "docx", f"{documents.file_name(unit.name)}在办提案.docx")
