"""What a unit says of the proposal that it has answered: the other half of a mutual appraisal (双向评议)."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from .matter import Addressed
from .reply import EvaluationRound

PERSON = settings.AUTH_USER_MODEL


class Appraisal(Addressed):
    """One unit's word on the proposal, once for each round that it answered, and never changed.

    Until the round has closed it is the unit's own, as the proposers' forms are theirs.
    """

    class Grade(models.TextChoices):
        GOOD = "good", "好"
        FAIR = "fair", "较好"
        PLAIN = "plain", "一般"

    QUESTIONS: ClassVar = ("topic", "research", "advice")

    round_row = models.OneToOneField(EvaluationRound, models.PROTECT, related_name="appraisal")
    topic = models.CharField("选题准确", max_length=8, choices=Grade)
    research = models.CharField("调研深入", max_length=8, choices=Grade)
    advice = models.CharField("建议具体可行", max_length=8, choices=Grade)
    text = models.TextField("评议意见", blank=True)
    by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(**{f"{name}__in": ["good", "fair", "plain"]}), name=f"appraisal_{name}_known"
            )
            for name in ("topic", "research", "advice")
        ]

    def said(self) -> list[tuple[str, str]]:
        """Each question with its grade, in words."""
        labels = [self._meta.get_field(name) for name in self.QUESTIONS]
        grades = [self.Grade(getattr(self, name)).label for name in self.QUESTIONS]
        return [(str(getattr(field, "verbose_name", "")), grade) for field, grade in zip(labels, grades, strict=True)]
