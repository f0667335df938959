"""What members say outside proposals and reports (意见建议): recorded, passed on, answered, told back (P11)."""

from typing import Any

from django.db import models
from django.db.models import Q

from proposals.handling.models import Access, Matter


class OpinionQuerySet(models.QuerySet["Opinion"]):
    def visible_to(self, user: Any) -> "OpinionQuerySet":
        """Those in sight; with the proposal that it came from an opinion is out of sight as well (S5)."""
        rows = self.filter(matter__in=Matter.objects.visible_to(user))
        return rows.exclude(origin__access=Access.SUSPENDED)


class Opinion(models.Model):
    """An opinion or suggestion with an answer of its own; who raised it are the matter's participants."""

    class Status(models.TextChoices):
        RECEIVED = "received", "待办理"
        ASSIGNED = "assigned", "办理中"
        ANSWERED = "answered", "已答复"

    class Source(models.TextChoices):
        PROPOSAL = "proposal", "提案转来"
        LETTER = "letter", "委员来信"
        DISCUSSION = "discussion", "小组讨论"
        TOUR = "tour", "视察调研"

    matter = models.OneToOneField(Matter, models.PROTECT, related_name="opinion")
    status = models.CharField("状态", max_length=12, choices=Status, default=Status.RECEIVED)
    source = models.CharField("来源", max_length=12, choices=Source)
    origin = models.ForeignKey(Matter, models.PROTECT, null=True, related_name="opinions", verbose_name="原件")
    text = models.TextField("内容")
    occasion = models.CharField("场合", max_length=120, blank=True)
    consent = models.CharField("提案者同意情况", max_length=200, blank=True)
    received_at = models.DateTimeField("登记时间")
    passed_to = models.CharField("转送单位", max_length=80, blank=True)
    passed_on = models.DateField("转送日期", null=True)
    answered_by = models.CharField("答复单位", max_length=80, blank=True)
    answer = models.TextField("答复", blank=True)
    answered_on = models.DateField("答复日期", null=True)

    objects = OpinionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status__in=["received", "assigned", "answered"]), name="opinion_status_known"
            ),
            models.CheckConstraint(condition=~Q(text=""), name="opinion_has_text"),
            models.CheckConstraint(
                condition=~Q(source__in=["discussion", "tour"]) | ~Q(occasion=""), name="opinion_says_where_it_was_said"
            ),
            models.CheckConstraint(
                condition=~Q(status="answered") | (~Q(answer="") & Q(answered_on__isnull=False)),
                name="answered_opinion_has_answer",
            ),
            models.UniqueConstraint(fields=["origin"], condition=Q(origin__isnull=False), name="one_opinion_an_origin"),
        ]

    def __str__(self) -> str:
        return str(self.matter)

    def get_absolute_url(self) -> str:
        return self.matter.get_absolute_url()
