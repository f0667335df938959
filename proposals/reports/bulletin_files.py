"""A bulletin gathered for its reader (S2), and the long job that makes its PDF.

The file is made anew from what was signed: what is out of sight now stands in no copy that is made now (S5).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef
from django.utils import timezone

from members import audit
from members.days import full_day
from members.errors import WrongStep
from members.inbox.models import LongJob
from members.inbox.work import Product, Progress
from members.inbox.work import register as offer
from members.models import Person
from members.rights import may
from proposals.handling.letters import Letter
from proposals.handling.models import Access, Matter
from proposals.handling.sights import note

from .bulletin import Bulletin, bulletin_pdf, item
from .credits import credits_of, sources_of
from .models import Delivery, Issue, IssueItem, IssueSignature, Report, Series
from .models.issue import rank

PDF = "proposals.bulletin_pdf"
"""The kind of the long job; it begins as all whose files a suspension takes back (S5)."""
OUT_OF_SIGHT = "（本条正在保密核查）"


def register() -> None:
    offer(PDF, preview, action="reports.read_issue")


@dataclass(frozen=True)
class Reading:
    """An issue as one reader has it now: its items in their order, each with whether its words are in his sight.

    `behind` are the reports of each item, the combined ones with it.
    """

    issue: Issue
    items: list[tuple[IssueItem, bool]]
    behind: dict[int, list[Report]]

    @property
    def seen(self) -> list[IssueItem]:
        return [one for one, in_sight in self.items if in_sight]

    @property
    def level(self) -> str:
        """The highest of the issue and of its items as they are now: one may have been raised since."""
        levels = [self.issue.level, *(one.report.matter.access for one in self.seen)]
        return max(levels, key=rank)


def reading(issue: Issue, user: Any) -> Reading:
    """Whoever signs reads what he is to sign; the report office what it keeps. Two queries."""
    matters = Matter.objects.filter(pk=OuterRef("report__matter"))
    matters = matters.visible_to(user) if may(user, "reports.issues") else matters
    rows: Any = (
        issue.items.select_related("report__matter", "edition__by").annotate(in_sight=Exists(matters)).in_order()
    )
    items = [(one, one.in_sight and not one.report.matter.out_of_sight) for one in rows]
    return Reading(issue, items, sources_of([one.report for one, _ in items]))


def bulletin_of(read: Reading, user: Person, *, now: datetime) -> Bulletin:
    """What this reader's copy says; a sensitive one says whose copy it is, and when it was taken (S20)."""
    issue, lines = read.issue, credits_of(read.behind)
    signed = issue.signatures.filter(round=issue.round, step=IssueSignature.Step.SIGN, agrees=True).first()
    return Bulletin(
        head=issue.series.name,
        number=issue.mark,
        publisher=issue.series.publisher,
        on=issue.issued_on,
        level="" if read.level == Access.OPEN else Access(read.level).label,
        urgent=issue.series.kind == Series.Kind.URGENT,
        addressee=issue.addressee.name if issue.addressee else "",
        signer=signed.name if signed else "",
        listed=issue.listed,
        mark=f"{user.name} {timezone.localtime(now):%Y-%m-%d %H:%M}" if read.level == Access.SENSITIVE else "",
        items=[
            item(one.edition.title, one.edition.text, lines[one.report.matter_id])
            if in_sight
            else item(OUT_OF_SIGHT, "", "")
            for one, in_sight in read.items
        ],
    )


def slip_of(delivery: Delivery, read: Reading) -> Letter:
    """The sheet that goes with a copy: what it is, and room for the leader's hand."""
    issue = delivery.issue
    titles = [one.edition.title if seen else OUT_OF_SIGHT for one, seen in read.items]
    return Letter(
        title="送阅单",
        lines=[],
        table=[
            ("送阅领导", delivery.recipient.name),
            ("刊物期号", str(issue)),
            ("级别", Access(read.level).label),
            ("标题", "\n".join(titles)),
            ("送阅日期", full_day(delivery.sent_on)),
            ("领导批示", "\n" * 9),
            ("退回日期", "\n"),
        ],
        contact="请在阅后退回社情民意工作机构。",
    )


def note_reading(read: Reading, user: Person) -> None:
    """Write down who had the texts before the eyes; of sensitive ones each view is an audit row (S20, S23)."""
    matters = [one.report.matter for one in read.seen]
    note(user, [row.matter_id for matter in matters for row in read.behind[matter.pk]])


def note_download(read: Reading, user: Person, *, now: datetime, form: str) -> None:
    note_reading(read, user)
    issue = read.issue
    audit.record("download", by=user, subject=str(issue.public_id), now=now, level=read.level, form=form)


def preview(job: LongJob, progress: Progress) -> Product:
    """A PDF to look at; the .docx is what is printed and sealed."""
    issue = (
        Issue.objects.visible_to(job.by)
        .filter(public_id=job.args["issue"])
        .select_related("series", "addressee")
        .first()
    )
    if issue is None:
        raise WrongStep("这一期现在不能查看，没有生成文件。")
    now = timezone.now()
    read = reading(issue, job.by)
    note_download(read, job.by, now=now, form="pdf")
    made = bulletin_of(read, job.by, now=now)
    content = bulletin_pdf(made)
    progress(1, 1)
    return Product(content, "pdf", f"{made.name}（预览）.pdf")
