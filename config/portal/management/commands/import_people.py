"""`import_people FILE`: members, or units with their clerks, checked row by row before anything is kept."""

import csv
import json
import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.portal.actions import roster
from members.errors import Refused

MISUSE = 2
REFUSED = 1


class Command(BaseCommand):
    help = "导入委员名册或单位联络员名册（.xlsx、.xls、.csv，含 GB18030 编码）。有错误时整表不导入，除非加 --partial。"

    def add_arguments(self, parser: CommandParser | ArgumentParser) -> None:
        parser.add_argument("file", help="名册文件")
        parser.add_argument("--dry-run", action="store_true", help="只检查，不导入")
        parser.add_argument("--partial", action="store_true", help="跳过有错误的行，导入其余各行")
        parser.add_argument("--slips", default="", help="把新账号的一次性登录码写入这个文件（仅本人可读）")
        parser.add_argument("--json", action="store_true", help="输出一个 JSON 对象")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        if not path.is_file():
            raise CommandError(f"找不到文件：{path}", returncode=MISUSE)
        now = timezone.now()
        try:
            made = roster.plan(roster.read(path), on=timezone.localdate(now))
        except Refused as error:
            self.refuse(str(error), options)
        refused = bool(made.errors) and not options["partial"]
        if refused or options["dry_run"]:
            self.tell(made.summary(imported=0 if refused else None), "没有写入", options)
            sys.exit(REFUSED if refused else 0)
        try:
            slips = roster.bring_in(made, partial=options["partial"], by=None, now=now)
        except Refused as error:
            self.refuse(str(error), options)
        if options["slips"]:
            write_slips(Path(options["slips"]), slips)
        self.tell(made.summary(), f"新账号 {len(slips)} 个", options)

    def tell(self, summary: dict[str, Any], words: str, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(summary, ensure_ascii=False))
            return
        self.stdout.write(
            f"共 {summary['rows']} 行：导入 {summary['imported']}，跳过 {summary['skipped']}，"
            f"错误 {len(summary['errors'])}，提示 {len(summary['warnings'])}；{words}。"
        )
        for kind, notes in (("错误", summary["errors"]), ("提示", summary["warnings"])):
            for note in notes:
                self.stdout.write(f"  {kind} 第 {note['row']} 行 {note['column']}：{note['message']}")

    def refuse(self, sentence: str, options: dict[str, Any]) -> NoReturn:
        if options["json"]:
            error = {"row": 0, "column": "", "message": sentence}
            self.stdout.write(
                json.dumps(
                    {"rows": 0, "imported": 0, "skipped": 0, "errors": [error], "warnings": []}, ensure_ascii=False
                )
            )
        self.stderr.write(sentence)
        sys.exit(REFUSED)


def write_slips(path: Path, slips: list[roster.Slip]) -> None:
    """Write the codes into a file that only its owner can read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["姓名", "用户名", "登录码", "单位"])
        rows.writerows([slip.name, slip.username, slip.code, slip.body] for slip in slips)
