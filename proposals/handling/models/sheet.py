"""The prepared letter of supervision (督办单): laid out by the ladder, issued by a person (P2)."""

from django.conf import settings
from django.db import models
from django.db.models import Q

from .clocks import Checkpoint
from .matter import Addressed

PERSON = settings.AUTH_USER_MODEL


class ChaseSheetQuerySet(models.QuerySet["ChaseSheet"]):
    def issued(self) -> "ChaseSheetQuerySet":
        """What has left the house, on paper or on screen."""
        return self.exclude(how=ChaseSheet.How.ASIDE)


class ChaseSheet(Addressed):
    """What an officer made of a prepared sheet: approved and printed or sent, or laid aside with a reason."""

    class How(models.TextChoices):
        PRINTED = "printed", "打印送达"
        SENT = "sent", "发送单位负责人和联络员"
        ASIDE = "aside", "不发"

    checkpoint = models.OneToOneField(Checkpoint, models.PROTECT, related_name="sheet")
    text = models.TextField("督办内容")
    how = models.CharField("处理", max_length=8, choices=How)
    note = models.CharField("不发的原因", max_length=200, blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+", verbose_name="审批人")
    at = models.DateTimeField("审批时间")

    objects = ChaseSheetQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(how__in=["printed", "sent", "aside"]), name="sheet_how_known"),
            models.CheckConstraint(condition=~Q(how="aside") | ~Q(note=""), name="sheet_aside_says_why"),
            models.CheckConstraint(condition=~Q(text=""), name="sheet_has_text"),
        ]

    def __str__(self) -> str:
        return f"督办单（{self.get_how_display()}）"
