from celery import shared_task

from members.inbox import engine
from members.inbox import work as works
from members.inbox.registry import engine_now


@shared_task(ignore_result=True, expires=55)
def send() -> dict[str, dict[str, int]]:
    return {"messages": engine.send(now=engine_now()).counts}


@shared_task(ignore_result=True, expires=55, soft_time_limit=3_600, time_limit=3_660)
def work() -> dict[str, int]:
    return {"jobs": works.work(now=engine_now())}
