"""How many reports a source is asked for in a period (约稿任务), as rows with a date (P30)."""

from django.db import models
from django.db.models import Q

from proposals.handling.models import Addressed
from proposals.handling.models.assignment import DatedQuerySet


class Quota(Addressed):
    """Of one body, or of each invited reporter where none is named: so many in every month, quarter or year.

    A new amount is a new row: what was asked for in earlier periods stays.
    """

    class Per(models.TextChoices):
        MONTH = "month", "每月"
        QUARTER = "quarter", "每季度"
        YEAR = "year", "每年"

    body = models.ForeignKey("members.Body", models.PROTECT, null=True, related_name="+", verbose_name="来源单位")
    per = models.CharField("周期", max_length=8, choices=Per, default=Per.MONTH)
    amount = models.PositiveSmallIntegerField("篇数")
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期", null=True)

    objects = DatedQuerySet.as_manager()

    class Meta:
        verbose_name = "约稿任务"
        constraints = [
            models.UniqueConstraint(
                fields=["body"], condition=Q(ends_on=None), nulls_distinct=False, name="one_quota_in_force"
            ),
            models.CheckConstraint(condition=Q(per__in=["month", "quarter", "year"]), name="quota_per_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="quota_asks_for_something"),
        ]

    def __str__(self) -> str:
        return f"{self.body or '每位特邀信息员'}{self.get_per_display()}{self.amount}篇"
