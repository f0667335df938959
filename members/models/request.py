import uuid

from django.db import models
from django.db.models import F, Q

from members.models.appointment import Appointment
from members.models.person import Person


class AccountRequestQuerySet(models.QuerySet["AccountRequest"]):
    def waiting(self) -> "AccountRequestQuerySet":
        return self.filter(decided_at=None)


class AccountRequest(models.Model):
    """What one person asks for an account, by a document, and a second person decides (双人复核, S6).

    What takes something away holds at once and is taken back if it is refused; what gives something waits.
    """

    class Kind(models.TextChoices):
        CLOSE = "close", "停用账号"
        REOPEN = "reopen", "启用账号"
        SECOND_FACTOR = "factor", "重置两步验证"
        END = "end", "结束任职"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("事项", max_length=8, choices=Kind)
    person = models.ForeignKey(Person, models.PROTECT, related_name="account_requests", verbose_name="人员")
    appointment = models.ForeignKey(Appointment, models.PROTECT, null=True, related_name="end_requests")
    earlier_end = models.DateField("原结束日期", null=True)
    document = models.CharField("依据文件", max_length=200)
    reason = models.CharField("原因", max_length=200, blank=True)
    asked_by = models.ForeignKey(Person, models.PROTECT, related_name="+", verbose_name="提出人")
    asked_at = models.DateTimeField("提出时间")
    decided_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+", verbose_name="复核人")
    decided_at = models.DateTimeField("复核时间", null=True)
    agreed = models.BooleanField("同意", null=True)

    objects = AccountRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["close", "reopen", "factor", "end"]), name="account_request_kind_known"
            ),
            models.CheckConstraint(condition=~Q(document=""), name="account_request_has_document"),
            models.CheckConstraint(
                condition=Q(kind="end", appointment__isnull=False) | (~Q(kind="end") & Q(appointment=None)),
                name="account_request_ends_an_appointment",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None, decided_at=None, agreed=None)
                | Q(decided_by__isnull=False, decided_at__isnull=False, agreed__isnull=False),
                name="account_request_decided_together",
            ),
            models.CheckConstraint(
                condition=~Q(asked_by=F("person"))
                & (Q(decided_by=None) | (~Q(decided_by=F("asked_by")) & ~Q(decided_by=F("person")))),
                name="account_request_second_person",
            ),
            models.UniqueConstraint(
                fields=["person", "kind", "appointment"],
                condition=Q(decided_at=None),
                nulls_distinct=False,
                name="one_waiting_account_request",
            ),
        ]

    def __str__(self) -> str:
        return self.get_kind_display()
