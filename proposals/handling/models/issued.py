"""Official documents that were made here, and the numbers that units give theirs (公文、文号)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from .assignment import Assignment
from .matter import Addressed, Matter, Participant

PERSON = settings.AUTH_USER_MODEL


class PaperKind(models.TextChoices):
    REPLY = "reply", "答复函"
    OPINION = "opinion", "会办意见函"
    CHASE = "chase", "督办单"
    EXTENSION = "extension", "延期批复"
    FORM = "form", "征询意见表"
    REGISTER = "register", "办理登记表"


class IssuedPaperQuerySet(models.QuerySet["IssuedPaper"]):
    def kept(self) -> "IssuedPaperQuerySet":
        return self.filter(removed_at=None)


class IssuedPaper(Addressed):
    """A document as it was made (公文): kept with its hash, so that a copy can be held against it.

    `key` says of what it was made: the round of a reply or opinion, the sheet, the request. A letter made of a draft
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
    """How a unit numbers its letters of one kind, and the last number of the year: a row to lock (文号格式)."""

    class Kind(models.TextChoices):
        REPLY = "reply", "答复函"
        OPINION = "opinion", "会办意见函"

    body = models.ForeignKey("members.Body", models.PROTECT, related_name="number_formats")
    kind = models.CharField("文种", max_length=8, choices=Kind)
    pattern = models.CharField("格式", max_length=40)
    year = models.PositiveSmallIntegerField("年份")
    last = models.PositiveIntegerField("已用到", default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["body", "kind"], name="one_number_format"),
            models.CheckConstraint(condition=Q(kind__in=["reply", "opinion"]), name="number_format_kind_known"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}　{self.pattern}"

    def written(self, number: int, year: int) -> str:
        return self.pattern.replace("{年}", str(year)).replace("{序号}", str(number))


class DocNumber(models.Model):
    """A number that a body has given to a letter of one round of its part: once a year."""

    body = models.ForeignKey("members.Body", models.PROTECT, related_name="+")
    year = models.PositiveSmallIntegerField()
    text = models.CharField("文号", max_length=60, blank=True)
    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="doc_numbers")
    kind = models.CharField("文种", max_length=8, choices=NumberFormat.Kind)
    round = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["assignment", "kind", "round"], name="one_number_a_letter"),
            models.UniqueConstraint(fields=["body", "year", "text"], condition=~Q(text=""), name="doc_number_once"),
            models.CheckConstraint(condition=Q(kind__in=["reply", "opinion"]), name="doc_number_kind_known"),
        ]

    def __str__(self) -> str:
        return self.text
