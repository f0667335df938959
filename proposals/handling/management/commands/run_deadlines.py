"""The engine without Celery: scan, recount, send, and what people left to long jobs."""

import json
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from django.db import OperationalError, close_old_connections

from members.inbox import engine as inbox
from members.inbox.work import work
from proposals.handling import actions, engine
from proposals.handling.clockwork import engine_now

EVERY = 60.0
AFTER_TROUBLE = 5.0


class Command(BaseCommand):
    help = "扫描到期事项、按新日历重算期限并发送通知：--once 执行一轮，--loop 每分钟一轮。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        how = parser.add_mutually_exclusive_group(required=True)
        how.add_argument("--once", action="store_true", help="执行一轮后退出")
        how.add_argument("--loop", action="store_true", help="每分钟一轮，直到收到停止信号")
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["once"]:
            self.tell(one_round(), as_json=options["json"])
            return
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: stop.set())
        self.loop(stop, as_json=options["json"])

    def loop(self, stop: threading.Event, *, as_json: bool) -> None:
        """Go on through a database that comes and goes: what was not committed is found again."""
        while not stop.is_set():
            try:
                self.tell(one_round(), as_json=as_json)
                pause = EVERY
            except OperationalError as error:
                self.stderr.write(f"数据库暂时不可用，{AFTER_TROUBLE:.0f} 秒后重试：{error}")
                pause = AFTER_TROUBLE
            finally:
                close_old_connections()
            stop.wait(pause)

    def tell(self, did: dict[str, Any], *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(did))
            return
        self.stdout.write(
            f"触发 {did['fired']} 个提醒节点，并入 {did['superseded']} 个，搁置 {did['set_aside']} 个；"
            f"重算期限 {did['recounted']} 项；送出 {did['messages'].get('sent', 0)} 封。"
        )


def one_round() -> dict[str, Any]:
    """Scan, recount, warn and send, and return what was done."""
    now = engine_now()
    tally = engine.scan(now=now)
    recounted = engine.refold(now=now)
    engine.warn_missing_year(now=now)
    closed = actions.close_lapsed_rounds(now=now)
    sent = inbox.send(now=engine_now())
    jobs = work(now=engine_now())
    return {**tally.as_dict(), "recounted": recounted, "closed_rounds": closed, "messages": sent.counts, "jobs": jobs}
