"""Publishing that somebody may look for work now. Nobody may hear it: the next tick finds the rows anyway."""

import logging
import time

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

SEND = "members.inbox.tasks.send"
WORK = "members.inbox.tasks.work"

QUIET_SECONDS = 10.0
_quiet_until: float = 0.0


def ring(task: str) -> None:
    """Publish `task` without waiting: a dead broker costs at most one connect timeout in ten seconds."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return
    try:
        current_app.send_task(task, expires=55, ignore_result=True, retry=False)
    except (OperationalError, OSError) as error:
        _quiet_until = time.monotonic() + QUIET_SECONDS
        logger.warning("doorbell %s not heard: %s", task, error)


def ring_after_commit(task: str) -> None:
    """Ring once the transaction is committed, once however often it is asked."""
    waiting = transaction.get_connection().run_on_commit
    if any(getattr(call, "task", "") == task for _, call, *_ in waiting):
        return
    transaction.on_commit(_Bell(task), robust=True)


class _Bell:
    """A callable with a name, since a robust hook that fails is logged by its `__qualname__`."""

    def __init__(self, task: str) -> None:
        self.task = task
        self.__qualname__ = f"ring({task})"

    def __call__(self) -> None:
        ring(self.task)
