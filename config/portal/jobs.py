"""What beat rings for on behalf of the whole house."""

from celery import shared_task
from django.utils import timezone

from config.portal.actions import files
from proposals.handling.models import EngineBeat


@shared_task(ignore_result=True, expires=55)
def tick() -> None:
    """Write down that beat, worker and PostgreSQL hear each other."""
    EngineBeat.objects.update_or_create(name="tick", defaults={"last_ok_at": timezone.now()})


@shared_task(ignore_result=True, expires=500)
def forget_registers() -> None:
    """Registers that nobody imported go with their files."""
    files.forget_registers(now=timezone.now())


@shared_task(ignore_result=True, expires=3_000)
def clear_files() -> None:
    """Files that no row knows go from the disk."""
    files.clear_orphans(now=timezone.now())
