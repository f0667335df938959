"""Celery rings doorbells; truth, retries and leases live in PostgreSQL."""

import contextlib
import os

from celery import Celery
from celery.signals import beat_init, celeryd_init
from kombu.exceptions import OperationalError

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("huiyin")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.autodiscover_tasks(related_name="jobs")


@celeryd_init.connect
@beat_init.connect
def refuse_unless_fit(**kwargs: object) -> None:
    """Worker and beat refuse as the web does. Celery offers no other moment than its signals."""
    import django

    django.setup()
    from config import fitness

    fitness.refuse_unless_fit()


@beat_init.connect
def ring_at_once(**kwargs: object) -> None:
    """What fell due while nothing ran need not wait for beat's first minute to pass."""
    for task, entry in app.conf.beat_schedule.items():
        with contextlib.suppress(OperationalError):
            app.send_task(task, retry=False, **entry["options"])
