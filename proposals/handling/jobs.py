"""What the clock starts. Safe to run twice, late, or beside itself: PostgreSQL holds all truth.

What they return is for `run_deadlines`, which calls them without Celery.
"""

from celery import shared_task

from . import actions, engine
from .actions import attaching, forgetting
from .clockwork import engine_now


@shared_task(ignore_result=True, expires=55)
def scan() -> dict[str, float]:
    return engine.scan(now=engine_now()).as_dict()


@shared_task(ignore_result=True, expires=55)
def refold() -> dict[str, int]:
    done = engine.refold(now=engine_now())
    engine.beat("refold", now=engine_now())
    return {"recounted": done}


@shared_task(ignore_result=True, expires=3600)
def warn_missing_year() -> None:
    engine.warn_missing_year(now=engine_now())


@shared_task(ignore_result=True, expires=3600)
def audit() -> dict[str, int]:
    return {"differences": engine.audit(now=engine_now())}


@shared_task(ignore_result=True, expires=3600)
def close_lapsed_rounds() -> dict[str, int]:
    closed = actions.close_lapsed_rounds(now=engine_now())
    engine.beat("lapse", now=engine_now())
    return {"closed_rounds": closed}


@shared_task(ignore_result=True, expires=3600)
def look_for_signers() -> dict[str, int]:
    return {"waiting_for_nobody": actions.look_for_signers(now=engine_now())}


@shared_task(ignore_result=True, expires=3600)
def forget_signs() -> None:
    forgetting.forget_signs(engine_now())


@shared_task(ignore_result=True, expires=3600)
def scan_again() -> None:
    attaching.scan_again(now=engine_now())
