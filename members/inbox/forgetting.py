"""What the inbox keeps for a time only (`docs/data.md`)."""

from datetime import datetime, timedelta

from django.db.models import QuerySet

from members.inbox.models import LongJob, Message, PhoneNotice
from members.inbox.models.message import State
from members.uploads import delete

JOBS_KEPT = timedelta(days=30)
TOLD_KEPT = timedelta(days=2 * 366)
AT_ONCE = 10_000


def forget(now: datetime) -> None:
    """Delete finished jobs after a month, and after two years what people were told; safe to run twice or late.

    The event that a message was about stays: that it happened is the matter's, that it was told is this room's.
    """
    _forget_jobs(now)
    PhoneNotice.objects.filter(at__lt=now - TOLD_KEPT).delete()
    old = Message.objects.filter(created_at__lt=now - TOLD_KEPT).exclude(state=State.PENDING)
    _delete(old.filter(part_of__isnull=False))  # before the sendings that they are parts of
    _delete(old.filter(part_of=None, facts=None))


def _forget_jobs(now: datetime) -> None:
    for job in LongJob.objects.filter(finished_at__lt=now - JOBS_KEPT)[:AT_ONCE]:
        if job.file:
            delete(job.file)
        job.delete()


def _delete(rows: QuerySet[Message]) -> None:
    some = list(rows.order_by("pk").values_list("pk", flat=True)[:AT_ONCE])
    Message.objects.filter(pk__in=some).delete()
