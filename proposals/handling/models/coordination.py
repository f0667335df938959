"""A meeting of the units that pass a matter back and forth, and the ruling that binds them (协调会、裁定; P9)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from .assignment import Assignment, Objection, together
from .matter import Addressed

PERSON = settings.AUTH_USER_MODEL


class CoordinationQuerySet(models.QuerySet["Coordination"]):
    def open(self) -> "CoordinationQuerySet":
        """Called, and neither ruled upon nor called off."""
        return self.filter(**Coordination.OPEN)


class Coordination(Addressed):
    """A coordination meeting about one unit's part, from the invitation to the ruling.

    What it ruled are the parts that name it as their `ruling`: to these nobody objects any more. Only a later meeting,
    called with a reason, takes a ruling up again.
    """

    class Ruling(models.TextChoices):
        KEEP = "keep", "由原单位继续办理"
        MOVE = "move", "调整承办单位"
        RELEASE = "release", "不再由原单位承办"

    OPEN: ClassVar = {"ruled_at": None, "called_off_at": None}

    assignment = models.ForeignKey(Assignment, models.PROTECT, related_name="coordinations")
    objection = models.ForeignKey(Objection, models.PROTECT, null=True, related_name="coordinations")
    undoes = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="undone_by", verbose_name="重新协调的裁定"
    )
    reason = models.CharField("召开原因", max_length=300, blank=True)
    meets_on = models.DateField("会议日期")
    place = models.CharField("会议地点", max_length=100, blank=True)
    called_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    called_at = models.DateTimeField()
    held_on = models.DateField("实际召开日期", null=True)
    chair = models.CharField("主持人", max_length=60, blank=True)
    present = models.CharField("参加单位和人员", max_length=300, blank=True)
    minutes = models.TextField("会议纪要", blank=True)
    ruling = models.CharField("裁定", max_length=8, choices=Ruling, blank=True)
    text = models.TextField("裁定理由", blank=True)
    ruled_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    ruled_at = models.DateTimeField("裁定时间", null=True)
    called_off_at = models.DateTimeField("取消时间", null=True)

    objects = CoordinationQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["assignment"], condition=Q(ruled_at=None, called_off_at=None), name="one_open_coordination"
            ),
            together("ruled_by", "ruled_at", "held_on", name="ruling_is_whole"),
            models.CheckConstraint(
                condition=Q(ruled_at=None, ruling="")
                | Q(ruled_at__isnull=False, ruling__in=["keep", "move", "release"]),
                name="ruling_known",
            ),
            models.CheckConstraint(condition=Q(ruled_at=None) | Q(called_off_at=None), name="ruled_or_called_off"),
        ]


class CoordinationOpinion(Addressed):
    """What a unit that was invited says to taking the matter over, before the ruling."""

    coordination = models.ForeignKey(Coordination, models.PROTECT, related_name="opinions")
    unit = models.ForeignKey("members.Body", models.PROTECT, related_name="+")
    accepts = models.BooleanField("是否同意接办", null=True)
    text = models.TextField("意见", blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["coordination", "unit"], name="one_opinion_a_meeting"),
            together("accepts", "by", "at", name="coordination_opinion_together"),
        ]

    def __str__(self) -> str:
        if self.at is None:
            return f"{self.unit}：还没有提交"
        return f"{self.unit}：{'同意接办' if self.accepts else '不同意接办'}" + (
            f"（{self.text}）" if self.text else ""
        )
