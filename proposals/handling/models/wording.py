"""Wording that a unit keeps for its replies (答复模板)."""

from typing import Any

from django.db import models
from django.db.models import Q

from .matter import Addressed


class WordingQuerySet(models.QuerySet["Wording"]):
    def fitting(self, unit: int, category: "models.QuerySet[Any, str]", *, spoken: bool) -> "WordingQuerySet":
        """What a unit has for matters of a category; what it has for any comes last.

        That addresses proposers with whom the unit has `spoken`: it is no answer to those whom it does not know.
        """
        rows = self.filter(Q(category__in=category) | Q(category="") if spoken else Q(category__in=category), unit=unit)
        return rows.order_by("-category", "name", "pk")


class Wording(Addressed):
    """How a unit begins a reply, and each answer in it: for proposals of one category, or of any.

    Words in 【】 are left to the writer (`handling.blanks`).
    """

    unit = models.ForeignKey("members.Body", models.PROTECT, related_name="wordings", verbose_name="单位")
    name = models.CharField("名称", max_length=40)
    category = models.CharField("提案类别", max_length=40, blank=True)
    opening = models.TextField("总体说明", blank=True)
    answer = models.TextField("每条建议的答复", blank=True)
    version = models.PositiveIntegerField(default=1)

    objects = WordingQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "name"], name="one_wording_a_name"),
            models.CheckConstraint(condition=~Q(opening="", answer=""), name="wording_says_something"),
        ]

    def __str__(self) -> str:
        return f"{self.name}（{self.category or '各类提案'}）"
