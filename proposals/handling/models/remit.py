"""What units are responsible for (职责清单): allocation and objections look it up."""

import re

from django.db import models
from django.db.models import F, Q

from .assignment import DatedQuerySet
from .matter import Addressed

BETWEEN = re.compile(r"[、，,;；\s]+")


class Remit(Addressed):
    """One line of the catalogue: what a unit is responsible for, by which words one knows it, and on what ground.

    A line is never rewritten: it ends on a day, and another one follows it.
    """

    unit = models.ForeignKey("members.Body", models.PROTECT, related_name="remits", verbose_name="单位")
    subject = models.CharField("职责", max_length=120)
    words = models.CharField("主题词", max_length=200)
    category = models.CharField("类别", max_length=40, blank=True)
    basis = models.CharField("依据", max_length=200, blank=True)
    starts_on = models.DateField("生效日期")
    ends_on = models.DateField("终止日期", null=True, blank=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(subject="") & ~Q(words=""), name="remit_is_whole"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="remit_ends_after_start"
            ),
            models.UniqueConstraint(fields=["unit", "subject"], condition=Q(ends_on=None), name="one_remit_a_subject"),
        ]

    def __str__(self) -> str:
        return f"{self.unit}：{self.subject}"

    def word_list(self) -> list[str]:
        return [word for word in BETWEEN.split(self.words) if word]
