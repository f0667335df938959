import uuid
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from members.models import Person


class JobState(models.TextChoices):
    WAITING = "waiting", "排队中"
    RUNNING = "running", "进行中"
    DONE = "done", "已完成"
    FAILED = "failed", "未完成"


class LongJobQuerySet(models.QuerySet["LongJob"]):
    def of(self, person: "Person") -> Self:
        """A job, its progress and its file belong to the person who started it."""
        return self.filter(by=person)


class LongJob(models.Model):
    """Long work that a person started: letters, volumes, exports, big batches (长任务)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField("种类", max_length=60)
    title = models.CharField("名称", max_length=120)
    args = models.JSONField("参数", default=dict)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="long_jobs", verbose_name="发起人")
    state = models.CharField("状态", max_length=8, choices=JobState, default=JobState.WAITING)
    done = models.PositiveIntegerField("已办", default=0)
    total = models.PositiveIntegerField("总数", default=0)
    attempts = models.PositiveSmallIntegerField("次数", default=0)
    leased_until = models.DateTimeField("租用到", null=True)
    file = models.CharField("文件", max_length=200, default="")
    file_name = models.CharField("文件名", max_length=120, default="")
    back = models.CharField("返回", max_length=200, default="")
    result = models.JSONField("结果", default=dict)
    error = models.CharField("问题", max_length=500, default="")
    created_at = models.DateTimeField("发起时间")
    finished_at = models.DateTimeField("结束时间", null=True)

    objects = LongJobQuerySet.as_manager()

    class Meta:
        verbose_name = "长任务"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state"),
            models.CheckConstraint(
                condition=Q(state__in=[JobState.DONE, JobState.FAILED], finished_at__isnull=False)
                | Q(state__in=[JobState.WAITING, JobState.RUNNING], finished_at=None),
                name="job_finished_has_moment",
            ),
        ]
        indexes = [
            models.Index(
                fields=["leased_until", "id"],
                condition=Q(state__in=[JobState.WAITING, JobState.RUNNING]),
                name="job_claimable",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def finished(self) -> bool:
        return self.state in (JobState.DONE, JobState.FAILED)

    def percent(self) -> int:
        return min(100, 100 * self.done // self.total) if self.total else 0
