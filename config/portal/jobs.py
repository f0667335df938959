"""What beat rings for on behalf of the whole house."""

from celery import shared_task
from django.utils import timezone

from proposals.handling.models import EngineBeat


@shared_task(ignore_result=True, expires=55)
def tick() -> None:
    """Write down that beat, worker and PostgreSQL hear each other."""
    EngineBeat.objects.update_or_create(name="tick", defaults={"last_ok_at": timezone.now()})
