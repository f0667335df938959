from __future__ import annotations

from datetime import date, datetime

from django.db import models
from django.db.models import F, Q
from django.utils import timezone


class Term(models.Model):
    """A committee's five years (届)."""

    number = models.PositiveSmallIntegerField("届", unique=True)
    name = models.CharField("名称", max_length=64)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期", null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="term_ends_after_start"
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="term_number_positive"),
        ]

    def __str__(self) -> str:
        return self.name


class SessionQuerySet(models.QuerySet["Session"]):
    def newest_first(self) -> SessionQuerySet:
        return self.order_by("-term__number", "-number", "pk")

    def current(self, now: datetime) -> Session | None:
        """Return the session that a proposal written now belongs to: the newest whose submissions have opened."""
        on = timezone.localdate(now)
        started = self.filter(Q(submissions_open_on__lte=on) | Q(opens_on__lte=on))
        return started.newest_first().first() or self.newest_first().first()


class Session(models.Model):
    """One plenary session and the year that follows it (届次), e.g. 14-2 for 十四届二次会议."""

    term = models.ForeignKey(Term, models.PROTECT, related_name="sessions", verbose_name="届")
    number = models.PositiveSmallIntegerField("次")
    code = models.CharField("编号", max_length=8, unique=True)
    name = models.CharField("名称", max_length=64)
    opens_on = models.DateField("开幕日期", null=True, blank=True)
    closes_on = models.DateField("闭幕日期", null=True, blank=True)
    submissions_open_on = models.DateField("开始提交", null=True, blank=True)
    submissions_close_at = models.DateTimeField("大会期间提案截止时间", null=True, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["term", "number"], name="one_session_per_number"),
            models.CheckConstraint(condition=Q(code__regex=r"^[1-9][0-9]?-[1-9][0-9]?$"), name="session_code_shape"),
            models.CheckConstraint(
                condition=Q(opens_on=None) | Q(closes_on=None) | Q(closes_on__gte=F("opens_on")),
                name="session_closes_after_opening",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def is_open(self, on: date) -> bool:
        """Tell whether the plenary meets on that day, first and last day included."""
        return bool(self.opens_on and self.closes_on and self.opens_on <= on <= self.closes_on)

    def accepts(self, now: datetime) -> bool:
        """Tell whether a proposal submitted now counts as one of the plenary; later it is off-session (平时提案)."""
        if self.submissions_open_on and timezone.localdate(now) < self.submissions_open_on:
            return False
        return self.submissions_close_at is None or now <= self.submissions_close_at
