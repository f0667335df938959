"""A proposal, its frozen texts and its co-signers."""

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q, Subquery
from django.utils import timezone

from members.errors import WrongStep
from proposals.handling.models import Addressed, Matter, Obligation, Reason
from proposals.handling.models.clocks import mark_of

PERSON = settings.AUTH_USER_MODEL


class Status(models.TextChoices):
    """The proposal's own steps; between ASSIGNED and CLOSED the handling room keeps `Matter.stage`."""

    DRAFT = "draft", "草稿"
    COSIGNING = "cosigning", "联名中"
    SUBMITTED = "submitted", "待审查"
    REVIEWING = "reviewing", "审查中"
    RETURNED = "returned", "退回修改"
    TO_NUMBER = "to_number", "待编号"
    FILED = "filed", "待交办"
    ASSIGNED = "assigned", "办理中"
    CLOSED = "closed", "已办结"
    ARCHIVED = "archived", "已归档"
    MERGED = "merged", "已并案"
    DECLINED = "declined", "不予立案"
    TURNED = "turned", "转意见建议"
    REPORTED = "reported", "转社情民意"
    PASSED_UP = "passed_up", "转上级政协"
    WITHDRAWN = "withdrawn", "已撤案"


NEXT: dict[str, frozenset[str]] = {
    Status.DRAFT: frozenset({Status.COSIGNING, Status.SUBMITTED, Status.WITHDRAWN}),
    Status.COSIGNING: frozenset({Status.DRAFT, Status.SUBMITTED, Status.WITHDRAWN}),
    Status.SUBMITTED: frozenset({Status.DRAFT, Status.REVIEWING, Status.WITHDRAWN}),
    Status.REVIEWING: frozenset(
        {
            Status.SUBMITTED,
            Status.RETURNED,
            Status.TO_NUMBER,
            Status.FILED,
            Status.MERGED,
            Status.DECLINED,
            Status.TURNED,
            Status.REPORTED,
            Status.PASSED_UP,
            Status.WITHDRAWN,
        }
    ),
    Status.RETURNED: frozenset({Status.COSIGNING, Status.SUBMITTED, Status.WITHDRAWN}),
    Status.TO_NUMBER: frozenset({Status.FILED, Status.MERGED, Status.WITHDRAWN, Status.REVIEWING}),
    Status.FILED: frozenset({Status.ASSIGNED, Status.MERGED, Status.WITHDRAWN, Status.REVIEWING}),
    Status.ASSIGNED: frozenset({Status.CLOSED, Status.WITHDRAWN, Status.FILED}),
    Status.CLOSED: frozenset({Status.ARCHIVED, Status.ASSIGNED, Status.MERGED}),
    Status.ARCHIVED: frozenset({Status.ASSIGNED, Status.MERGED}),
    Status.MERGED: frozenset({Status.REVIEWING, Status.TO_NUMBER, Status.FILED, Status.CLOSED, Status.WITHDRAWN}),
    Status.DECLINED: frozenset({Status.TURNED, Status.REPORTED, Status.PASSED_UP, Status.REVIEWING}),
    Status.TURNED: frozenset(),
    Status.REPORTED: frozenset({Status.REVIEWING}),
    Status.PASSED_UP: frozenset(),
    Status.WITHDRAWN: frozenset(),
}


EDITABLE = frozenset({Status.DRAFT, Status.COSIGNING, Status.RETURNED})


class Category(Addressed):
    """A category that a committee sorts its proposals by (类别)."""

    name = models.CharField("类别", max_length=40)
    order = models.PositiveSmallIntegerField(default=0)
    ended_on = models.DateField("停用日期", null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["name"], condition=Q(ended_on=None), name="one_current_category")
        ]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True)
class Text:
    """The words of a proposal: what is written, frozen, signed and compared."""

    title: str = ""
    situation: str = ""
    analysis: str = ""
    suggestions: tuple[str, ...] = ()

    @property
    def hash(self) -> str:
        """What a co-signer agrees to; it covers everything that is signed."""
        parts = [self.title, self.situation, self.analysis, *self.suggestions]
        return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()

    @property
    def length(self) -> int:
        """Characters of the body, by code point; a line break is one."""
        return sum(len(part) for part in (self.situation, self.analysis, *self.suggestions))


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def visible_to(self, user: Any) -> "ProposalQuerySet":
        return self.filter(matter__in=Matter.objects.visible_to(user))


class Proposal(models.Model):
    """A proposal (提案): facts, analysis and numbered suggestions, before and after its handling.

    The title, number, stage and visibility stand on the matter; the suggestions are
    `matter.suggestions`. `version` grows with every save of the text (optimistic locking).
    What is changed after a submission is the writers' own until it is handed in again: the title waits in
    `draft_title`, everybody else reads the revision of `submitted_version`.
    """

    class Form(models.TextChoices):
        INDIVIDUAL = "individual", "个人提案"
        JOINT = "joint", "联名提案"
        COLLECTIVE = "collective", "集体提案"

    class Source(models.TextChoices):
        ONLINE = "online", "网上提交"
        PAPER = "paper", "纸质登记"
        PHOTO = "photo", "拍照登记"
        IMPORT = "import", "历史导入"

    matter = models.OneToOneField(Matter, models.PROTECT, related_name="proposal")
    status = models.CharField("状态", max_length=12, choices=Status, default=Status.DRAFT)
    form = models.CharField("提案形式", max_length=12, choices=Form, default=Form.INDIVIDUAL)
    source = models.CharField("来源", max_length=8, choices=Source, default=Source.ONLINE)
    category = models.ForeignKey(Category, models.PROTECT, null=True, blank=True, related_name="proposals")
    situation = models.TextField("情况与问题", blank=True)
    analysis = models.TextField("原因分析", blank=True)
    version = models.PositiveIntegerField(default=1)
    draft_title = models.CharField("改写中的案由", max_length=300, null=True)  # none: as handed in
    submitted_version = models.PositiveIntegerField("最近提交的版本", null=True)
    wished_units = models.ManyToManyField("members.Body", blank=True, related_name="+", verbose_name="建议承办单位")
    suggested_units = models.ManyToManyField(
        "members.Body", blank=True, related_name="+", verbose_name="审查建议的承办单位"
    )
    key_candidate = models.BooleanField("重点提案候选", default=False)
    consents = models.BooleanField("同意公开", default=True)
    consent_reason = models.CharField("不公开的理由", max_length=200, blank=True)
    internal = models.BooleanField("不公开（内部）", default=False)
    proposer_text = models.TextField("原登记提案者", blank=True)
    units_text = models.TextField("原登记承办单位", blank=True)
    import_note = models.TextField("原登记备注", blank=True)
    signer = models.CharField("签发人（负责人或召集人）", max_length=40, blank=True)
    approval = models.CharField("本组织审定情况", max_length=200, blank=True)
    receipt = models.CharField("收件号", max_length=24, null=True)
    off_session = models.BooleanField("闭会期间", default=False)
    entered_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    text_confirmed_at = models.DateTimeField("提案者核对文字", null=True)
    text_confirmed_how = models.CharField("核对方式", max_length=60, blank=True)
    submissions = models.PositiveSmallIntegerField("提交次数", default=0)
    submitted_at = models.DateTimeField("提交时间", null=True)
    filed_at = models.DateTimeField("立案时间", null=True)
    decided_reason = models.ForeignKey(Reason, models.PROTECT, null=True, blank=True, related_name="+")
    decided_text = models.CharField("审查意见（告知提案者）", max_length=500, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ProposalQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="proposal_status_known"),
            models.CheckConstraint(
                condition=Q(form__in=["individual", "joint", "collective"]), name="proposal_form_known"
            ),
            models.CheckConstraint(
                condition=Q(source__in=["online", "paper", "photo", "import"]), name="proposal_source_known"
            ),
            models.CheckConstraint(
                condition=Q(consents=True)
                | ~Q(consent_reason="")
                | Q(source="import")
                | Q(status__in=["draft", "cosigning", "returned", "withdrawn"]),
                name="no_consent_needs_reason",
            ),
            models.CheckConstraint(
                condition=Q(submitted_at=None) | Q(receipt__isnull=False) | Q(source="import"),
                name="submitted_has_receipt",
            ),
            models.UniqueConstraint(fields=["receipt"], condition=Q(receipt__isnull=False), name="receipt_once"),
        ]

    def __str__(self) -> str:
        return str(self.matter)

    def get_absolute_url(self) -> str:
        return f"/proposals/{self.matter.public_id}/"

    @property
    def public_id(self) -> uuid.UUID:
        """The matter's: a proposal has no address of its own. To be fetched with its matter."""
        return self.matter.public_id

    @property
    def reference(self) -> str:
        """How another matter's record names it: by number or receipt, never by a title that a purge must find."""
        if self.matter.number:
            return f"第{self.matter.number}号"
        return f"收件{self.receipt}" if self.receipt else "一件未编号的提案"

    def become(self, status: Status) -> None:
        """Take one step of the flow, or raise WrongStep if there is no such step."""
        become_all([self], status)

    def text(self) -> Text:
        """The text as it stands now; asks for the suggestions unless they are prefetched."""
        suggestions = sorted(self.matter.suggestions.all(), key=lambda suggestion: suggestion.number)
        title = self.matter.title if self.draft_title is None else self.draft_title
        return Text(title, self.situation, self.analysis, tuple(row.text for row in suggestions))

    @property
    def editable(self) -> bool:
        return self.status in EDITABLE

    @property
    def written_again(self) -> bool:
        """Whether its writers change what was handed in already: others keep reading that."""
        return self.editable and self.submissions > 0 and self.source == Proposal.Source.ONLINE


def become_all(proposals: Iterable[Proposal], status: Status) -> None:
    """Take the same step with many, or with none: raises WrongStep if one has no such step."""
    rows, moment = list(proposals), timezone.now()
    for row in rows:
        if status not in NEXT[row.status]:
            raise WrongStep(f"{row.get_status_display()}的提案不能变为“{status.label}”。")
        row.status, row.updated_at = status, moment
    Proposal.objects.filter(pk__in=[row.pk for row in rows]).update(status=status, updated_at=moment)


class Revision(models.Model):
    """A text as it stood when it was frozen: for co-signers, at submission, before a change."""

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="revisions")
    version = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    situation = models.TextField()
    analysis = models.TextField()
    suggestions = models.JSONField()
    hash = models.CharField(max_length=64)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["proposal", "version"], name="revision_once")]

    def text(self) -> Text:
        return Text(self.title, self.situation, self.analysis, tuple(self.suggestions))


class CoSignatureManager(models.Manager["CoSignature"]):
    def get_queryset(self) -> models.QuerySet["CoSignature"]:
        """With the last day, and whether it hangs on a year whose holidays are not known: its clock's, as it stands."""
        holder = Q(holder_person=OuterRef("person")) | Q(holder_body=OuterRef("body"))
        clock = Obligation.objects.running().filter(holder, matter=OuterRef("proposal__matter"), stage="cosign")
        day: dict[str, Any] = {
            "due_on": Subquery(clock.values("due_on")[:1]),
            "provisional": Exists(clock.filter(provisional=True)),
        }
        return super().get_queryset().annotate(**day)


class CoSignature(Addressed):
    """An invitation to co-sign a frozen text, and the answer (联名)."""

    class State(models.TextChoices):
        INVITED = "invited", "待确认"
        AGREED = "agreed", "已同意"
        DECLINED = "declined", "不参加"
        EXPIRED = "expired", "已过期"
        REMOVED = "removed", "已移除"

    LIVE: ClassVar = (State.INVITED, State.AGREED)

    proposal = models.ForeignKey(Proposal, models.PROTECT, related_name="cosignatures")
    person = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="cosignatures")
    body = models.ForeignKey("members.Body", models.PROTECT, null=True, related_name="+")
    state = models.CharField(max_length=12, choices=State, default=State.INVITED)
    text_hash = models.CharField("所签文本", max_length=64)
    invited_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    invited_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    note = models.CharField("说明", max_length=200, blank=True)
    on_paper = models.BooleanField("纸质签名", default=False)
    name_public = models.BooleanField("同意公开姓名", default=False)

    due_on: date | None = None  # no columns: as the manager finds them
    provisional: bool = False

    objects = CoSignatureManager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(person__isnull=True) ^ Q(body__isnull=True), name="cosigner_one"),
            models.UniqueConstraint(
                fields=["proposal", "person"],
                condition=Q(state__in=["invited", "agreed"], person__isnull=False),
                name="one_live_invitation",
            ),
            models.UniqueConstraint(
                fields=["proposal", "body"],
                condition=Q(state__in=["invited", "agreed"], body__isnull=False),
                name="one_live_body_invitation",
            ),
        ]

    def __str__(self) -> str:
        return str(self.person or self.body)

    @property
    def mark(self) -> str:
        return mark_of(provisional=self.provisional)

    def lapsed(self, on: date) -> bool:
        """Not answered by its last day: he may be asked again."""
        return self.state == self.State.INVITED and self.due_on is not None and self.due_on < on
