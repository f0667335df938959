"""What the collected volume of a session holds, for its reader (提案及答复汇编, P16): a long job with progress."""

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from django.db import models
from django.db.models import F, Prefetch, QuerySet
from django.db.models.functions import Length
from django.utils import timezone

from members.inbox.models import LongJob
from members.inbox.work import Product, Progress
from members.inbox.work import register as offer
from members.models import Session
from proposals.handling.documents import file_name
from proposals.handling.models import Access, Assignment, Matter, Participant, Reply, ReplyPoint, Suggestion
from proposals.handling.official import reply_lines
from proposals.handling.sights import note
from proposals.handling.volumes import Entry, Given, Place, volume_docx, volume_pdf
from proposals.models import Proposal, Status
from proposals.naming import may_be_named

VOLUME = "proposals.volume"
CHUNK = 50
PREVIEWED = 20
"""As many proposals as a PDF shows: pages of a whole year would take the worker's memory."""
COLLECTED = (Status.ASSIGNED, Status.CLOSED, Status.ARCHIVED)
"""What has gone to units; what was merged stands with the main one."""
NO_CATEGORY = "未定类别"
INTERNAL = "（内部）"


class Format(models.TextChoices):
    WORD = "docx", "Word（全部）"
    PDF = "pdf", f"PDF 预览（目录和前 {PREVIEWED} 件）"


class Names(models.TextChoices):
    """Whose names stand in the volume: the office chooses when it is made."""

    ALL = "all", "列出全部提案者"
    AGREED = "agreed", "只列同意公开姓名的提案者"
    NONE = "none", "不列提案者"


PEOPLE = Participant.objects.filter(left_at=None).select_related("person", "body").order_by("order", "pk")
POINTS = Prefetch("points", ReplyPoint.objects.select_related("result").prefetch_related("commitments"))
DELIVERED = Reply.objects.filter(state=Reply.State.DELIVERED).select_related("result", "issuer").order_by("round")
PARTS = Prefetch(
    "matter__assignments",
    Assignment.objects.current()
    .select_related("unit")
    .prefetch_related(Prefetch("replies", DELIVERED.prefetch_related(POINTS)))
    .order_by("pk"),
)
FOLLOWERS = Prefetch(
    "matter__followers",
    Matter.objects.exclude(access=Access.SUSPENDED).select_related("proposal").order_by("pk").prefetch_related(
        Prefetch("participants", PEOPLE), "suggestions"
    ),
)  # fmt: skip


def register() -> None:
    offer(VOLUME, make, action="proposals.plenary")


def collected(session: Session, user: Any) -> QuerySet[Proposal]:
    """The session's proposals that `user` may see, by category and number."""
    rows = Proposal.objects.visible_to(user).filter(matter__session=session, status__in=COLLECTED)
    return rows.annotate(length=Length("matter__number")).order_by(
        F("category__order").asc(nulls_last=True),
        "category__name",
        F("length").asc(nulls_last=True),
        "matter__number",
        "pk",
    )


def contents_of(rows: QuerySet[Proposal]) -> dict[int, Place]:
    """The contents, by the id of each proposal."""
    found = rows.select_related("matter", "category").only(
        "internal", "category__name", "matter__number", "matter__title", "matter__access", "matter__placeholder",
        "matter__kind",
    )  # fmt: skip
    return {row.pk: Place(chapter_of(row), f"{label_of(row.matter)}　{title_of(row)}") for row in found.iterator()}


def is_open(row: Proposal) -> bool:
    """Whether its text may go round with the volume."""
    return not (row.matter.placeholder or row.internal or row.matter.access != Access.OPEN)


def title_of(row: Proposal) -> str:
    return row.matter.title if is_open(row) else INTERNAL


def chapter_of(row: Proposal) -> str:
    return row.category.name if row.category else NO_CATEGORY


def label_of(matter: Matter) -> str:
    return f"第{matter.number}号" if matter.number else "未编号"


def entries(rows: list[int], names: str) -> Iterator[Entry]:
    """One by one, read in chunks: the volume never lies in memory as rows."""
    full = Proposal.objects.select_related("matter", "category").prefetch_related(
        Prefetch("matter__participants", PEOPLE), "matter__suggestions", PARTS, FOLLOWERS
    )
    for start in range(0, len(rows), CHUNK):
        found = full.in_bulk(rows[start : start + CHUNK])
        for pk in rows[start : start + CHUNK]:
            if pk in found:
                yield entry(found[pk], names)


def entry(row: Proposal, names: str) -> Entry:
    bare = Entry(chapter_of(row), label_of(row.matter), title_of(row))
    if not is_open(row):
        return bare
    matter, text = row.matter, row.text()
    followers = [one for one in matter.followers.all() if one.access == Access.OPEN and not one.proposal.internal]
    facts = [("提案者", named(row, names)), ("形式", row.get_form_display())]
    facts += [
        ("并案办理", f"{one.title}" + (f"（{who}）" if (who := named(one.proposal, names)) else ""))
        for one in followers
    ]
    parts = list(matter.assignments.all())
    facts.append(("承办单位", "、".join(f"{one.unit.name}（{one.get_role_display()}）" for one in parts)))
    suggestions = by_number(matter) + [one for other in followers for one in by_number(other)]
    return replace(
        bare,
        facts=[(name, value) for name, value in facts if value],
        situation=text.situation,
        analysis=text.analysis,
        suggestions=text.suggestions,
        replies=[given(part, reply, suggestions) for part in parts for reply in part.replies.all()],
    )


def by_number(matter: Matter) -> list[Suggestion]:
    return sorted(matter.suggestions.all(), key=lambda one: one.number)


def named(row: Proposal, names: str) -> str:
    if names == Names.NONE:
        return ""
    people = [one for one in row.matter.participants.all() if one.role in Participant.EVALUATING]
    return "、".join(str(one) for one in people if names == Names.ALL or may_be_named(one, row))


def given(part: Assignment, reply: Reply, suggestions: list[Suggestion]) -> Given:
    return Given(
        unit=reply.issuer.name,
        number=reply.doc_no,
        on=reply.letter_on or reply.replied_on,
        result=str(reply.result or ""),
        lines=reply_lines(reply, suggestions, title=part.matter.title_for_units, several=False),
    )


def make(job: LongJob, progress: Progress) -> Product:
    """The volume; its hash stands on the job's page, so that a copy can be held against it."""
    session = Session.objects.get(code=job.args["session"])
    rows = collected(session, job.by)
    contents = contents_of(rows)
    note(job.by, rows.values_list("matter", flat=True))
    title = f"{session.name}提案及答复汇编"

    def counted() -> Iterator[Entry]:
        for place, one in enumerate(entries(list(contents), job.args["names"]), 1):
            yield one
            if place % CHUNK == 0 or place == len(contents):
                progress(place, len(contents))

    if job.args.get("format") == Format.PDF:
        first = list(entries(list(contents)[:PREVIEWED], job.args["names"]))
        content = volume_pdf(title, timezone.localdate(), list(contents.values()), first)
        progress(1, 1)
        return Product(content, "pdf", f"{file_name(title)}（预览）.pdf")
    content = volume_docx(title, timezone.localdate(), list(contents.values()), counted())
    digest = hashlib.sha256(content).hexdigest()
    sentence = f"共 {len(contents)} 件。校验码（SHA-256）{digest}。"
    return Product(content, "docx", f"{file_name(title)}.docx", result={"sentence": sentence})
