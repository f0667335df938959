from celery import shared_task
from django.utils import timezone

from members.actions.forgetting import forget


@shared_task(ignore_result=True, expires=3_000)
def forget_what_is_over() -> None:
    """Failures, codes, drafts, sessions and old passwords go when their time is over (S17)."""
    forget(timezone.now())
