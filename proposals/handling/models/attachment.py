from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q, Sum

from members.uploads import ScanState

from .matter import Addressed, Matter


class Purpose(models.TextChoices):
    """What a file of a matter is; who may open it follows from this (`handling.attachments`)."""

    TEXT = "text", "提案附件"
    ORIGINAL = "original", "纸质原件"
    SIGNATURES = "signatures", "签名页"
    SHEET = "sheet", "纸质办理单据"
    SIGNING = "signing", "签批单"
    MINUTES = "minutes", "会议纪要"
    CONTACT = "contact", "沟通记录"
    OPINION = "opinion", "会办意见"
    LETTER = "letter", "答复函"
    EVALUATION = "evaluation", "征询意见表"
    REPORT = "report", "社情民意附件"
    OFFICE = "office", "工作机构单据"


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def kept(self) -> "AttachmentQuerySet":
        return self.filter(removed_at=None)

    def whole(self) -> "AttachmentQuerySet":
        """These, and of sheets of the office the rows of the other matters that they speak of."""
        sheets = self.filter(purpose=Purpose.OFFICE).values("stored")
        every = self.model._default_manager.using(self.db)
        return every.filter(Q(pk__in=self.values("pk")) | Q(purpose=Purpose.OFFICE, stored__in=sheets))

    def used_by(self, person: Any) -> int:
        """How many bytes this person has stored (the quota of S12); what stands with many matters counts once."""
        files = self.kept().filter(by=person).values("stored", "size").distinct()
        return files.aggregate(sum=Sum("size"))["sum"] or 0


class Attachment(Addressed):
    """A file that came in through the one door (附件). What is shown of it is ours: name, type, size.

    Minutes that stand for many matters are stored once; each matter has a row of its own. A sheet of the office speaks
    of all its matters together: with any of them it is out of sight, and erased.
    """

    matter = models.ForeignKey(Matter, models.PROTECT, related_name="attachments")
    assignment = models.ForeignKey("handling.Assignment", models.PROTECT, null=True, related_name="attachments")
    reply = models.ForeignKey("handling.Reply", models.PROTECT, null=True, related_name="letters")
    event = models.ForeignKey("handling.Event", models.PROTECT, null=True, related_name="attachments")
    purpose = models.CharField("用途", max_length=12, choices=Purpose)
    name = models.CharField("文件名", max_length=100)
    stored = models.CharField(max_length=60, db_index=True)
    content_type = models.CharField(max_length=100)
    size = models.PositiveIntegerField("大小")
    sha256 = models.CharField(max_length=64)
    scan = models.CharField("查毒", max_length=12, choices=ScanState)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+", verbose_name="上传人")
    at = models.DateTimeField("上传时间")
    draft = models.BooleanField("改写中，尚未提交", default=False)
    leaving = models.BooleanField("改写中删除，提交后生效", default=False)
    released_at = models.DateTimeField("送达时间", null=True)
    removed_at = models.DateTimeField("删除时间", null=True)
    removed_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        verbose_name = "附件"
        constraints = [
            models.CheckConstraint(condition=Q(purpose__in=Purpose.values), name="attachment_purpose_known"),
            models.CheckConstraint(condition=Q(scan__in=ScanState.values), name="attachment_scan_known"),
            models.CheckConstraint(condition=Q(reply=None) | Q(purpose="letter"), name="only_letters_have_a_reply"),
            models.CheckConstraint(
                condition=Q(removed_at=None, removed_by=None) | Q(removed_at__isnull=False, removed_by__isnull=False),
                name="attachment_removed_together",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_scan(self) -> bool:
        """Whether it shows a sheet as it lay on the desk, seal and all; a text file does not."""
        return self.content_type in ("application/pdf", "image/jpeg", "image/png")
