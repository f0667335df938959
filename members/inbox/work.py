"""Long jobs: leased rows that a worker runs one by one, and takes up again when a worker has died."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from members.errors import Refusal
from members.inbox.models import JobState, LongJob
from members.rights import may
from members.uploads import save

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=5)
BUDGET = timedelta(seconds=40)
TRIES = 3
KEPT = timedelta(hours=24)

_CLAIM = """
    UPDATE inbox_longjob SET state = 'running', attempts = attempts + 1, leased_until = %s
    WHERE id = (
        SELECT id FROM inbox_longjob
        WHERE state IN ('waiting', 'running') AND (leased_until IS NULL OR leased_until <= %s)
        ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    RETURNING id
"""


class LeaseLost(Exception):
    """Somebody else runs this job now."""


@dataclass(frozen=True)
class Product:
    """What a job leaves behind: a file for whoever started it, or figures for its page."""

    content: bytes = b""
    extension: str = ""
    name: str = ""
    result: dict[str, Any] = field(default_factory=dict)


class Progress:
    """Tells the page how far the job is, and keeps the lease; call it at least every few minutes."""

    def __init__(self, job: LongJob, now: Callable[[], datetime]) -> None:
        self.job = job
        self.now = now

    def __call__(self, done: int, total: int) -> None:
        mine = LongJob.objects.filter(pk=self.job.pk, attempts=self.job.attempts, state=JobState.RUNNING)
        if not mine.update(done=done, total=total, leased_until=self.now() + LEASE):
            raise LeaseLost(f"job {self.job.pk}")
        self.job.done, self.job.total = done, total


Run = Callable[[LongJob, Progress], Product | None]
_kinds: dict[str, Run] = {}
_actions: dict[str, str] = {}
LOST = "您现在的任职不能再做这项工作，任务没有执行。仍需要的，请由现任人员重新发起。"


def register(kind: str, run: Run, *, action: str = "") -> None:
    """Register what a kind of job does. A job taken up again finds in `job.done` how far it had come.

    `action` is the right that it needs, when it runs and when its file is fetched: it may have been lost since.
    """
    if kind in _kinds:
        raise RuntimeError(f"the job {kind} is registered twice")
    _kinds[kind] = run
    _actions[kind] = action


def is_allowed(job: LongJob) -> bool:
    """Whether whoever started it may still do such work today."""
    action = _actions.get(job.kind, "")
    return not action or may(job.by, action)


def work(*, now: datetime) -> int:
    """Run waiting jobs until none is left or the budget is spent, and return how many were run."""
    began = time.monotonic()

    def moment() -> datetime:
        return now + timedelta(seconds=time.monotonic() - began)

    count = 0
    while moment() - now < BUDGET and (job := _claim(now=moment())):
        _run(job, moment)
        count += 1
    return count


def _claim(*, now: datetime) -> LongJob | None:
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + LEASE, now])
        row = cursor.fetchone()
    return LongJob.objects.select_related("by").get(pk=row[0]) if row else None


def _run(job: LongJob, now: Callable[[], datetime]) -> None:
    if job.attempts > TRIES:
        _finish(job, JobState.FAILED, now(), error="几次都没有做完，已停止。请联系系统管理员。")
        return
    if not is_allowed(job):
        _finish(job, JobState.FAILED, now(), error=LOST)
        return
    try:
        product = _kinds[job.kind](job, Progress(job, now)) or Product()
        file = save(product.content, product.extension) if product.content else ""
    except LeaseLost:
        logger.warning("job %s was taken over", job.pk)
    except Refusal as refusal:
        _finish(job, JobState.FAILED, now(), error=str(refusal))
    except Exception:  # whatever the work raises; the next try or a sentence follows
        logger.exception("job %s failed", job.pk)
        mine = LongJob.objects.filter(pk=job.pk, attempts=job.attempts, state=JobState.RUNNING)
        if job.attempts < TRIES:
            mine.update(leased_until=now() + timedelta(minutes=1), error="出错，稍后自动重试")
        else:
            _finish(job, JobState.FAILED, now(), error="程序出错，没有做完。请联系系统管理员。")
    else:
        _finish(job, JobState.DONE, now(), file=file, file_name=product.name, result=product.result, error="")


def _finish(job: LongJob, state: JobState, now: datetime, **facts: Any) -> None:
    mine = LongJob.objects.filter(pk=job.pk, attempts=job.attempts, state=JobState.RUNNING)
    mine.update(state=state, finished_at=now, leased_until=None, **facts)
