"""Official documents that were made here, and the numbers that units give theirs (公文、文号)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from .assignment import Assignment
from .matter import Addressed, Matter, Participant
from .template import LetterTemplate, PaperKind

PERSON = settings.AUTH_USER_MODEL


NUMBERED = ["reply", "opinion", "chase", "extension", "notice"]
"""The kinds that bear a number."""


class IssuedPaperQuerySet(models.QuerySet["IssuedPaper"]):
    def kept(self) -> "IssuedPaperQuerySet":
        return self.filter(removed_at=None)


class IssuedPaper(Addressed):
    """A document as it was made (公文): kept with its hash, so that a copy can be held against it.

    `key` says of what it was made: the round of a reply or opinion, the sheet, the request; `template` by which of the
    issuer's own templates, None for the built-in letter of `template_version`. A letter made of a draft
    (`draft`) stays its unit's, whatever becomes of the draft. Making the same once more keeps the first row.
    """

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="papers")
    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="papers")
    participant = models.ForeignKey(Participant, models.PROTECT, null=True, related_name="+", verbose_name="收件人")
    kind = models.CharField("文种", max_length=12, choices=PaperKind)
    key = models.CharField(max_length=40)
    draft = models.BooleanField("签发前", default=False)
    name = models.CharField("文件名", max_length=120)
    stored = models.CharField(max_length=60)
    size = models.PositiveIntegerField("大小")
    sha256 = models.CharField(max_length=64, db_index=True)
    template_version = models.PositiveSmallIntegerField("版式")
    template = models.ForeignKey(LetterTemplate, models.PROTECT, null=True, related_name="papers", verbose_name="模板")
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="生成人")
    at = models.DateTimeField("生成时间")
    removed_at = models.DateTimeField("删除时间", null=True)

    objects = IssuedPaperQuerySet.as_manager()

    class Meta:
        verbose_name = "公文"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=PaperKind.values), name="paper_kind_known"),
            models.UniqueConstraint(
                fields=["assignment", "kind", "key", "draft", "sha256"],
                condition=Q(removed_at=None),
                name="same_paper_once",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class NumberFormat(Addressed):
    """How a unit or an office numbers its letters of one kind, and the last number of the year: a row to lock (文号格式)."""

    class Kind(models.TextChoices):
        REPLY = "reply", "答复函"
        OPINION = "opinion", "会办意见函"
        CHASE = "chase", "督办单"
        EXTENSION = "extension", "延期批复"
        NOTICE = "notice", "交办通知"

    OF_OFFICES: ClassVar = (Kind.CHASE, Kind.EXTENSION, Kind.NOTICE)
    """What assigning offices write; the others are letters of units."""

    body = models.ForeignKey("members.Body", models.PROTECT, related_name="number_formats")
    kind = models.CharField("文种", max_length=12, choices=Kind)
    pattern = models.CharField("格式", max_length=40)
    year = models.PositiveSmallIntegerField("年份")
    last = models.PositiveIntegerField("已用到", default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["body", "kind"], name="one_number_format"),
            models.CheckConstraint(condition=Q(kind__in=NUMBERED), name="number_format_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}　{self.pattern}"

    def written(self, number: int, year: int) -> str:
        return self.pattern.replace("{年}", str(year)).replace("{序号}", str(number))


class DocNumber(models.Model):
    """A number that a body has given to a letter of one round of its part: once a year.

    Of a sheet or a decision of the assigning office `key` names which, as with the document that is made of it.
    """

    body = models.ForeignKey("members.Body", models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    text = models.CharField("文号", max_length=60, blank=True)
    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="doc_numbers")
    kind = models.CharField("文种", max_length=12, choices=NumberFormat.Kind)
    round = models.PositiveSmallIntegerField()
    key = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "kind", "round", "key"], name="one_number_a_letter"),
            models.UniqueConstraint(fields=["body", "year", "text"], condition=~Q(text=""), name="doc_number_once"),
            models.CheckConstraint(condition=Q(kind__in=NUMBERED), name="doc_number_kind_known"),
        ]

    def __str__(self) -> str:
        return self.text
