from celery import shared_task

from members.inbox.forgetting import forget
from members.inbox.models import LongJob
from members.inbox.registry import engine_now
from members.inbox.work import KEPT, register
from members.uploads import delete

__all__ = ["clear_files", "register"]


@shared_task(ignore_result=True, expires=3_000)
def clear_files() -> None:
    """Files that jobs left behind are kept for a day (S22)."""
    for job in LongJob.objects.exclude(file="").filter(finished_at__lt=engine_now() - KEPT):
        delete(job.file)
        LongJob.objects.filter(pk=job.pk).update(file="")


@shared_task(ignore_result=True, expires=3_000)
def forget_what_is_old() -> None:
    """Jobs and messages go when their time is over (S17)."""
    forget(engine_now())
