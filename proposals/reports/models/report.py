"""A report on social conditions (社情民意信息): its text, where it is, and what was handed in (P18, P19, P30)."""

import hashlib
import unicodedata
import uuid
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from members.errors import WrongStep
from proposals.handling.models import Access, Matter, Reason, Stage

PERSON = settings.AUTH_USER_MODEL


class Status(models.TextChoices):
    """The report's own steps; what units do with it afterwards stands in `Matter.stage` alone."""

    DRAFT = "draft", "草稿"
    SUBMITTED = "screening", "待筛选"
    RETURNED = "returned", "退回修改"
    KEPT = "kept", "留存备查"
    REFERRED = "referred", "原文转送"
    TURNED = "led", "转提案线索"
    EDITING = "editing", "编辑中"
    SIGNING = "signing", "待签发"
    ISSUED = "issued", "已刊发"
    COMBINED = "combined", "已合并"
    WITHDRAWN = "recalled", "已撤回"


NEXT: dict[str, frozenset[str]] = {
    Status.DRAFT: frozenset({Status.SUBMITTED, Status.WITHDRAWN}),
    Status.SUBMITTED: frozenset(
        {
            Status.RETURNED,
            Status.KEPT,
            Status.REFERRED,
            Status.TURNED,
            Status.EDITING,
            Status.COMBINED,
            Status.WITHDRAWN,
        }
    ),
    Status.RETURNED: frozenset({Status.SUBMITTED, Status.WITHDRAWN}),
    Status.KEPT: frozenset({Status.EDITING, Status.REFERRED, Status.TURNED, Status.COMBINED}),
    Status.REFERRED: frozenset({Status.EDITING, Status.COMBINED}),
    Status.TURNED: frozenset({Status.SUBMITTED}),
    Status.EDITING: frozenset({Status.SIGNING, Status.KEPT, Status.REFERRED, Status.COMBINED, Status.WITHDRAWN}),
    Status.SIGNING: frozenset({Status.EDITING, Status.ISSUED}),
    Status.ISSUED: frozenset(),
    Status.COMBINED: frozenset({Status.SUBMITTED, Status.KEPT, Status.EDITING}),
    Status.WITHDRAWN: frozenset(),
}
WRITTEN = frozenset({Status.DRAFT, Status.RETURNED})
"""While its writers have it in hand."""
TO_SCREEN = frozenset({Status.SUBMITTED})
MOST_CHARACTERS = 1_500


@dataclass(frozen=True)
class Words:
    """What a report says."""

    title: str = ""
    situation: str = ""
    cause: str = ""
    suggestion: str = ""

    @property
    def length(self) -> int:
        """Characters of the body, by code point; a line break is one."""
        return len(self.situation) + len(self.cause) + len(self.suggestion)

    @property
    def parts(self) -> list[tuple[str, str]]:
        """The parts of the body with their headings, those that say something."""
        rows = [("情况", self.situation), ("原因", self.cause), ("建议", self.suggestion)]
        return [(label, said) for label, said in rows if said]

    @property
    def body(self) -> str:
        return "\n".join(said for _, said in self.parts)

    @property
    def fingerprint(self) -> str:
        """The same for the same text, however it was spaced and punctuated: by it two channels are found out."""
        plain = unicodedata.normalize("NFKC", self.situation + self.cause + self.suggestion)
        kept = "".join(sign for sign in plain.casefold() if sign.isalnum())
        return hashlib.sha256(kept.encode()).hexdigest() if kept else ""


NOTHING_BEGUN = Q(led_to=None) | Q(led_to__stage=Stage.WITHDRAWN)
"""Of a report that was turned into a lead no proposal stands."""


class ReportQuerySet(models.QuerySet["Report"]):
    def visible_to(self, user: Any) -> "ReportQuerySet":
        """Those in sight; with the proposal that it came from a report is out of sight as well (S5)."""
        rows = self.filter(matter__in=Matter.objects.visible_to(user))
        return rows.exclude(origin__access=Access.SUSPENDED)

    def main(self) -> "ReportQuerySet":
        """Without those that went into another."""
        return self.filter(matter__merged_into=None)


class Report(models.Model):
    """A report, one matter of at most 1,500 characters; who wrote it are the matter's participants (S20).

    Number, level (`access`) and visibility stand on the matter, and the title as it was handed in. The columns here are
    the writers' text: the office reads the last `Submission`. `version` grows with every save (optimistic locking).
    """

    class Source(models.TextChoices):
        MEMBER = "member", "委员"
        BODY = "body", "党派团体、界别、专委会"
        BRANCH = "branch", "党派支部"
        LIAISON = "liaison", "委员联络室"
        REPORTER = "reporter", "特邀信息员"
        COUNTY = "county", "县（市、区）政协"
        OTHER = "other", "其他"

    matter = models.OneToOneField(Matter, models.PROTECT, related_name="report")
    status = models.CharField("状态", max_length=12, choices=Status, default=Status.DRAFT)
    source = models.CharField("来源", max_length=8, choices=Source, default=Source.MEMBER)
    author_text = models.CharField("反映人（不在名册的）", max_length=200, blank=True)
    title = models.CharField("标题", max_length=300, blank=True)
    situation = models.TextField("情况", blank=True)
    cause = models.TextField("原因", blank=True)
    suggestion = models.TextField("建议", blank=True)
    urgent = models.BooleanField("急报", default=False)
    shows_name = models.BooleanField("有关部门可以看到我的姓名", default=False)
    version = models.PositiveIntegerField(default=1)
    submissions = models.PositiveSmallIntegerField("提交次数", default=0)
    submitted_at = models.DateTimeField("提交时间", null=True)
    entered_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    claimed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    claimed_at = models.DateTimeField(null=True)
    fingerprint = models.CharField(max_length=64, blank=True, db_index=True)
    decided_reason = models.ForeignKey(Reason, models.PROTECT, null=True, related_name="+")
    decided_text = models.CharField("告知反映人的话", max_length=500, blank=True)
    referred_to = models.CharField("原文转送单位", max_length=80, blank=True)
    referred_on = models.DateField("转送日期", null=True)
    origin = models.ForeignKey(Matter, models.PROTECT, null=True, related_name="reports", verbose_name="原提案")
    led_to = models.ForeignKey(Matter, models.PROTECT, null=True, related_name="+", verbose_name="据此形成的提案")
    consent = models.CharField("反映人同意情况", max_length=200, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="report_status_known"),
            models.CheckConstraint(
                condition=Q(source__in=["member", "body", "branch", "liaison", "reporter", "county", "other"]),
                name="report_source_known",
            ),
            models.CheckConstraint(
                condition=Q(claimed_by=None, claimed_at=None) | Q(claimed_by__isnull=False, claimed_at__isnull=False),
                name="report_claimed_together",
            ),
            models.CheckConstraint(
                condition=Q(submissions=0, submitted_at=None) | Q(submissions__gt=0, submitted_at__isnull=False),
                name="report_submitted_together",
            ),
            models.UniqueConstraint(fields=["origin"], condition=Q(origin__isnull=False), name="one_report_an_origin"),
        ]
        indexes = [
            models.Index(fields=["status", "-submitted_at"], name="report_queue"),
            models.Index(fields=["-submitted_at", "-id"], name="report_newest"),
        ]

    def __str__(self) -> str:
        return str(self.matter)

    def get_absolute_url(self) -> str:
        return self.matter.get_absolute_url()

    @property
    def public_id(self) -> uuid.UUID:
        """The matter's: to be fetched with it."""
        return self.matter.public_id

    @property
    def words(self) -> Words:
        """The writers' text as it stands now."""
        return Words(self.title, self.situation, self.cause, self.suggestion)

    @property
    def written(self) -> bool:
        return self.status in WRITTEN

    @property
    def became(self) -> Matter | None:
        """The proposal that its author writes, or wrote, of it, to be fetched with it; one that was taken back is none."""
        return self.led_to if self.led_to and self.led_to.stage != Stage.WITHDRAWN else None

    def become(self, status: Status) -> None:
        """Take one step of the flow, or raise WrongStep if there is no such step."""
        if status not in NEXT[self.status]:
            raise WrongStep(f"{self.get_status_display()}的信息不能变为“{status.label}”。请刷新页面查看最新情况。")
        self.status, self.updated_at = status, timezone.now()
        self.save(update_fields=["status", "updated_at"])


class Submission(models.Model):
    """The text as it was handed in (原稿): what the office reads and edits beside; never overwritten."""

    report = models.ForeignKey(Report, models.PROTECT, related_name="originals")
    number = models.PositiveSmallIntegerField("第几次")
    title = models.CharField("标题", max_length=300)
    situation = models.TextField("情况")
    cause = models.TextField("原因", blank=True)
    suggestion = models.TextField("建议", blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["report", "number"], name="submission_once")]

    def __str__(self) -> str:
        return f"{self.title}（第{self.number}稿）"

    @property
    def words(self) -> Words:
        return Words(self.title, self.situation, self.cause, self.suggestion)


def handed_in(report: Report) -> Words:
    """What was handed in last: the text that everybody but its writers reads."""
    row = report.originals.order_by("-number").first()
    return row.words if row else Words()
