"""The papers of a hand-over, gathered for their reader, and the long jobs that make them (P16)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import F
from django.db.models.functions import Length
from django.utils import timezone

from members.inbox.models import LongJob
from members.inbox.work import Product, Progress
from members.inbox.work import register as offer
from members.models import Body, Person, Session
from proposals.handling import documents, hand_over
from proposals.handling.models import Access, Assignment, Matter, Obligation, Stage
from proposals.handling.pdf import NoPdf
from proposals.handling.sights import note
from proposals.models import Batch, Proposal, Status
from proposals.naming import proposers_of

BATCH, UNIT, SESSION = "proposals.batch_papers", "proposals.unit_papers", "proposals.session_papers"
ANSWER_STAGES = ("reply", "rehandle", "co_opinion")
DONE = (Stage.CLOSED, Stage.CLOSED_SILENT, Stage.ARCHIVED)
STANDING = (
    Status.SUBMITTED,
    Status.REVIEWING,
    Status.TO_NUMBER,
    Status.FILED,
    Status.ASSIGNED,
    Status.CLOSED,
    Status.ARCHIVED,
)
"""What the papers of a session list: neither what went another way nor what is being changed."""
GIST, GIST_OF_ONE = 200, 80
"""As many characters of the facts and of each suggestion as a digest gives."""


def register() -> None:
    offer(BATCH, batch_papers, action="proposals.hand_over")
    offer(UNIT, unit_papers, action="handling.read_unit")
    offer(SESSION, session_papers, action="proposals.plenary")


def packets(assignments: Iterable[Assignment]) -> list[documents.Packet]:
    """One packet a unit, its proposals in the order of their numbers; a constant number of queries."""
    rows = list(assignments)
    matters = {row.matter_id for row in rows}
    rows_of = Proposal.objects.select_related("matter", "category").prefetch_related(
        "matter__suggestions__unit",
        "matter__participants__person",
        "matter__participants__body",
        "matter__assignments__unit",
    )
    proposals = {row.matter_id: row for row in rows_of.filter(matter__in=matters)}
    followers: dict[int, list[documents.Merged]] = {}
    with_them = rows_of.filter(matter__merged_into__in=matters).exclude(matter__access=Access.SUSPENDED)
    for row in with_them.order_by("pk"):  # who hands over or answers the main one reads them with it
        followers.setdefault(row.matter.merged_into_id or 0, []).append(merged(row))
    clocks = Obligation.objects.running().filter(matter__in=matters, stage__in=ANSWER_STAGES)
    due = {clock.assignment_id: clock for clock in clocks}
    by_unit: dict[str, list[documents.Sheet]] = {}
    for part in sorted(
        rows, key=lambda row: (row.unit.pinyin, row.unit_id, len(row.matter.number or ""), row.matter.number or "")
    ):
        found = sheet(part, proposals[part.matter_id], due.get(part.pk), followers.get(part.matter_id, ()))
        by_unit.setdefault(part.unit.name, []).append(found)
    return [documents.Packet(unit, sheets) for unit, sheets in by_unit.items()]


def merged(proposal: Proposal) -> documents.Merged:
    """A proposal that is handled with another, as the unit reads it there."""
    matter, text = proposal.matter, proposal.text()
    label = f"第{matter.number}号" if matter.number else f"收件号 {proposal.receipt}"
    if matter.placeholder:
        return documents.Merged(label, "线下办理", "")
    title = matter.unit_title or text.title
    return documents.Merged(label, title, proposers_of(proposal), text.situation, text.analysis, suggested(matter))


def sheet(
    row: Assignment, proposal: Proposal, clock: Obligation | None, followers: Sequence[documents.Merged] = ()
) -> documents.Sheet:
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
            merged=followers,
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
        suggestions=suggested(matter),
        merged=followers,
    )


def suggested(matter: Matter) -> list[str]:
    """The suggestions, each with the unit that it names."""
    return [one.for_units for one in sorted(matter.suggestions.all(), key=lambda suggestion: suggestion.number)]


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
        number=batch.doc_no,
    )


def batch_papers(job: LongJob, progress: Progress) -> Product:
    """Notice, allocation table and every unit's packet in one archive."""
    batch = Batch.objects.get(public_id=job.args["batch"])
    note(job.by, visible_assignments(job.by).filter(matter__proposal__batches=batch).values_list("matter", flat=True))
    paper = paper_of(batch, job.by)
    try:
        parts = counted(hand_over.archive_parts(paper, pdf=True), 3 + 2 * len(paper.packets), progress)
    except NoPdf:
        parts = counted(hand_over.archive_parts(paper, pdf=False), 2 + len(paper.packets), progress)
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


def book_of(session: Session, user: Person) -> documents.Book:
    """The session's proposals by category and number, as `user` may see them."""
    rows = Proposal.objects.visible_to(user).filter(matter__session=session, status__in=STANDING)
    note(user, rows.values_list("matter", flat=True))
    full = rows.select_related("matter", "category").prefetch_related(
        "matter__suggestions", "matter__participants__person", "matter__participants__body"
    )
    ordered = full.annotate(length=Length("matter__number")).order_by(
        F("category__order").asc(nulls_last=True), F("length").asc(nulls_last=True), "matter__number", "receipt"
    )
    return documents.Book(session.name, timezone.localdate(), [entry(row) for row in ordered])


def entry(proposal: Proposal) -> documents.Entry:
    """One line of the session's papers; they go round, so what is internal stands there as a number only."""
    matter = proposal.matter
    number = f"第{matter.number}号" if matter.number else proposal.receipt or ""
    facts = {"kind": proposal.get_form_display(), "category": str(proposal.category or "")}
    if matter.placeholder or proposal.internal or matter.access != Access.OPEN:
        return documents.Entry(number, "（内部）", "", **facts)
    text = proposal.text()
    return documents.Entry(
        number,
        text.title,
        proposers_of(proposal),
        **facts,
        situation=shortened(text.situation, GIST),
        suggestions=[shortened(words, GIST_OF_ONE) for words in text.suggestions],
    )


def shortened(text: str, most: int) -> str:
    """The beginning of a text, ended where a sentence ends if that is not too early.

    >>> shortened("床位不足。用地没有落实。", 8)
    '床位不足。'
    >>> shortened("床位不足", 8)
    '床位不足'
    """
    words = " ".join(text.split())
    if len(words) <= most:
        return words
    end = max(words.rfind(mark, 0, most) for mark in "。；！？")
    return words[: end + 1] if end >= most // 2 else words[: most - 1] + "…"


def session_papers(job: LongJob, progress: Progress) -> Product:
    """Catalogue and digest of a session in one archive."""
    session = Session.objects.get(code=job.args["session"])
    book = book_of(session, job.by)
    try:
        parts = counted(documents.book_parts(book, pdf=True), 4, progress)
    except NoPdf:
        parts = counted(documents.book_parts(book, pdf=False), 2, progress)
    return Product(documents.zipped(parts), "zip", f"{documents.file_name(session.name)}提案目录和摘要.zip")
