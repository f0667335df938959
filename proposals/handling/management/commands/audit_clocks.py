"""Deriving every running clock again from its events."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from proposals.handling import audit
from proposals.handling.clockwork import engine_now


class Command(BaseCommand):
    help = "按时限记录重新推算每一项进行中的期限，列出与存储不一致之处。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        checked = audit.count_running()
        found = list(audit.differences(now=engine_now()))
        if options["json"]:
            self.stdout.write(
                json.dumps({"checked": checked, "differences": [asdict(one) for one in found]}, ensure_ascii=False)
            )
        else:
            for one in found:
                self.stdout.write(str(one))
            self.stdout.write(f"核对 {checked} 项进行中的期限，{len(found)} 处不一致。")
        if found:
            raise CommandError(f"有 {len(found)} 处与时限记录不一致。")
