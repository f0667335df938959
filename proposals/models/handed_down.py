"""Matters handed down (上级交办件): proposals of the nation or the province that a higher body gives to the city (P10)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from proposals.handling.models import Matter, together

PERSON = settings.AUTH_USER_MODEL


class HandedDownQuerySet(models.QuerySet["HandedDown"]):
    def visible_to(self, user: Any) -> "HandedDownQuerySet":
        return self.filter(matter__in=Matter.objects.visible_to(user))


class HandedDown(models.Model):
    """What came from above, until when it is answered there, and how the answer was passed up (报送)."""

    class Level(models.TextChoices):
        NATIONAL = "national", "全国提案"
        PROVINCIAL = "provincial", "省级提案"

    class State(models.TextChoices):
        RECEIVED = "received", "待交办"
        ASSIGNED = "assigned", "办理中"
        ANSWERED = "answered", "待报送"
        PASSED_UP = "passed_up", "已报送"

    matter = models.OneToOneField(Matter, models.PROTECT, related_name="handed_down")
    state = models.CharField("状态", max_length=12, choices=State, default=State.RECEIVED)
    level = models.CharField("级别", max_length=12, choices=Level)
    from_body = models.CharField("交办的上级机构", max_length=80)
    their_number = models.CharField("来文编号或原案号", max_length=60)
    proposers = models.CharField("原提案者", max_length=200, blank=True)
    text = models.TextField("内容")
    received_on = models.DateField("收到日期")
    due_on = models.DateField("上级规定的期限")
    agreed_later = models.CharField("上级同意推迟的依据", max_length=200, blank=True)
    entered_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    entered_at = models.DateTimeField("登记时间")
    passed_on = models.DateField("报送日期", null=True)
    passed_no = models.CharField("报送文号", max_length=60, blank=True)
    passed_to = models.CharField("报送机构", max_length=80, blank=True)
    passed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    objects = HandedDownQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["received", "assigned", "answered", "passed_up"]), name="handed_down_state_known"
            ),
            models.CheckConstraint(condition=Q(level__in=["national", "provincial"]), name="handed_down_level_known"),
            models.CheckConstraint(
                condition=~Q(text="") & ~Q(from_body="") & ~Q(their_number=""), name="handed_down_says_whence"
            ),
            models.CheckConstraint(condition=Q(due_on__gt=F("received_on")), name="handed_down_due_later"),
            together("passed_on", "passed_by", name="handed_down_passed_together"),
            models.CheckConstraint(
                condition=~Q(state="passed_up") | (Q(passed_on__isnull=False) & ~Q(passed_to="") & ~Q(passed_no="")),
                name="passed_up_says_how",
            ),
            models.UniqueConstraint(
                fields=["from_body", "their_number"], condition=~Q(state="passed_up"), name="handed_down_once"
            ),
        ]

    def __str__(self) -> str:
        return str(self.matter)

    def get_absolute_url(self) -> str:
        return self.matter.get_absolute_url()
