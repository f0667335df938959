import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q

from members.models import Person

KEPT_FOR = timedelta(minutes=50)
"""With the ten minutes between two rounds of the job no file that nobody confirms lies here for more than an hour (S5)."""


class RegisterFileQuerySet(models.QuerySet["RegisterFile"]):
    def of(self, person: Person) -> "RegisterFileQuerySet":
        """A file and what became of it belong to who brought it."""
        return self.filter(by=person)

    def of_kind(self, kind: str) -> "RegisterFileQuerySet":
        return self.filter(kind=kind)

    def waiting(self) -> "RegisterFileQuerySet":
        return self.filter(imported_at=None)


class RegisterFile(models.Model):
    """A register that somebody has uploaded to import it (登记表): kept until it is imported, then only its result."""

    class Kind(models.TextChoices):
        PROPOSALS = "proposals", "提案登记表"
        REPORTS = "reports", "信息登记表"
        ADOPTIONS = "adoptions", "采用清单"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    kind = models.CharField("种类", max_length=12, choices=Kind, default=Kind.PROPOSALS)
    session_code = models.CharField("届次", max_length=8, blank=True)
    details = models.JSONField("上传时填写的内容", default=dict)
    sheet = models.CharField("工作表", max_length=100, blank=True)
    file = models.CharField("文件", max_length=200, blank=True)
    file_name = models.CharField("文件名", max_length=120)
    size = models.PositiveIntegerField("大小")
    sha256 = models.CharField(max_length=64)
    uploaded_at = models.DateTimeField("上传时间")
    imported_at = models.DateTimeField("导入时间", null=True)
    result = models.JSONField("结果", default=dict)

    objects = RegisterFileQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["proposals", "reports", "adoptions"]), name="portal_register_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(imported_at=None) & ~Q(file="") | Q(imported_at__isnull=False, file=""),
                name="portal_imported_file_is_gone",
            ),
        ]
        indexes = [models.Index(fields=["by", "-uploaded_at"], name="portal_register_files")]

    def __str__(self) -> str:
        return self.file_name

    @property
    def kept_until(self) -> datetime:
        return self.uploaded_at + KEPT_FOR
