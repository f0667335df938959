"""The engine without Celery: all that beat would ring for and a worker would do, by the same table."""

import json
import logging
import signal
import threading
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connection
from django.utils import timezone

from proposals.handling.engine import beat
from proposals.handling.models import EngineBeat

logger = logging.getLogger(__name__)

EVERY = 60.0
LONG = "members.inbox.tasks.work"
"""Letters, exports and big batches may take long: in the loop they have a thread of their own."""
AFTER_TROUBLE = 5.0


class Command(BaseCommand):
    help = "不经 Celery 执行全部定时工作（扫描到期事项、重算期限、发送通知、核对和清理）：--once 执行一轮，--loop 每分钟一轮。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--once", action="store_true", help="执行一轮后退出")
        how.add_argument("--loop", action="store_true", help="每分钟一轮，直到收到停止信号")
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        current_app.loader.import_default_modules()
        if options["once"]:
            self.tell(one_round(), as_json=options["json"])
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())
        threading.Thread(target=work_beside, args=(stop,), daemon=True).start()
        self.loop(stop, as_json=options["json"], without=LONG)

    def loop(self, stop: threading.Event, *, as_json: bool, without: str = "") -> None:
        """Go on through a database that comes and goes: what was not committed is found again."""
        while not stop.is_set():
            did = one_round(without=without)
            close_old_connections()
            self.tell(did, as_json=as_json)
            stop.wait(AFTER_TROUBLE if did["failed"] else EVERY)

    def tell(self, did: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(did))
            return
        for name, error in did["failed"].items():
            self.stderr.write(f"{name} 没有完成，稍后重试：{error}")
        self.stdout.write(
            f"触发 {did.get('fired', 0)} 个提醒节点，并入 {did.get('superseded', 0)} 个，搁置 {did.get('set_aside', 0)} 个；"
            f"重算期限 {did.get('recounted', 0)} 项；送出 {did.get('messages', {}).get('sent', 0)} 封。"
        )


def work_beside(stop: threading.Event) -> None:
    """Run long jobs while the rounds go on; one that is cut short is taken up again when its lease is over."""
    while not stop.is_set():
        try:
            current_app.tasks[LONG]()
        except Exception:  # whatever it raises, the next try comes in a minute
            logger.exception("%s failed", LONG)
        finally:
            connection.close()
        stop.wait(EVERY)


def one_round(*, without: str = "") -> dict[str, Any]:
    """Do what is due of the periodic work, and return what was done and, under `failed`, what was not.

    Work that fails stops none of the rest, and is due again at once. `without` names what somebody else does.
    """
    did: dict[str, Any] = {"failed": {}}
    last: dict[str, Any] | None = None
    for name, entry in settings.CELERY_BEAT_SCHEDULE.items():
        if name == without:
            continue
        pause = timedelta(seconds=entry["schedule"])
        try:
            if last is None:
                last = dict(EngineBeat.objects.values_list("name", "last_ok_at"))
            if pause.total_seconds() > EVERY and name in last and timezone.now() - last[name] < pause:
                continue
            did |= current_app.tasks[name]() or {}
            if pause.total_seconds() > EVERY:
                beat(name, now=timezone.now())
        except Exception as error:  # one that fails never keeps the others from their turn
            logger.exception("%s failed", name)
            did["failed"][name] = f"{type(error).__name__}: {error}"[:300]
            if isinstance(error, OperationalError | InterfaceError) and not connection.is_usable():
                break  # the database is gone: the rest would fail as well
    return did
