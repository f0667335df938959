"""What the clock starts. Safe to run twice, late, or beside itself: PostgreSQL holds all truth."""

from celery import shared_task

from . import actions, engine
from .actions import attaching, forgetting
from .clockwork import engine_now


@shared_task(ignore_result=True, expires=55)
def scan() -> None:
    engine.scan(now=engine_now())


@shared_task(ignore_result=True, expires=55)
def refold() -> None:
    engine.refold_all(now=engine_now())
    engine.beat("refold", now=engine_now())


@shared_task(ignore_result=True, expires=3600)
def warn_missing_year() -> None:
    engine.warn_missing_year(now=engine_now())


@shared_task(ignore_result=True, expires=3600)
def audit() -> None:
    engine.audit(now=engine_now())


@shared_task(ignore_result=True, expires=3600)
def close_lapsed_rounds() -> None:
    actions.close_lapsed_rounds(now=engine_now())
    engine.beat("lapse", now=engine_now())


@shared_task(ignore_result=True, expires=3600)
def forget_signs() -> None:
    forgetting.forget_signs(engine_now())


@shared_task(ignore_result=True, expires=3600)
def scan_again() -> None:
    attaching.scan_again(now=engine_now())
