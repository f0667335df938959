"""Deriving who may see each matter again."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from proposals.handling import readers


class Command(BaseCommand):
    help = "重新推算每一件的可见范围，列出与存储不一致之处；不改动数据。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="输出 JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        checked, found = readers.audit()
        if options["json"]:
            rows = [{"matter": matter, "stored": stored, "derived": derived} for matter, stored, derived in found]
            self.stdout.write(json.dumps({"checked": checked, "differences": rows}))
        else:
            for matter, stored, derived in found:
                self.stdout.write(f"{matter}：可见范围存为 {stored}，应为 {derived}")
            self.stdout.write(f"核对 {checked} 件，{len(found)} 件不一致。")
        if found:
            raise CommandError(f"有 {len(found)} 件的可见范围不对，请联系维护人员。")
