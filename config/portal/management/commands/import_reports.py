"""`import_reports FILE`: a register of reports of earlier years, with who adopted them, checked row by row first."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from config.portal.actions import reported
from config.portal.management.commands.import_proposals import REFUSED, misuse, nothing
from members.errors import Refused
from members.models import Person


class Command(BaseCommand):
    help = "导入社情民意信息登记表（.xlsx、.xls、.csv，含 GB18030 编码）。有错误时整表不导入，除非加 --partial；重复导入不会增加信息。"

    def add_arguments(self, parser: CommandParser | ArgumentParser) -> None:
        parser.add_argument("file", help="登记表文件")
        parser.add_argument("--dry-run", action="store_true", help="只检查，不导入")
        parser.add_argument("--partial", action="store_true", help="跳过有错误的行，导入其余各行")
        parser.add_argument("--by", default="", help="经办人的用户名")
        parser.add_argument("--json", action="store_true", help="输出一个 JSON 对象")

    def handle(self, *args: Any, **options: Any) -> None:
        path = Path(options["file"])
        if not path.is_file():
            misuse(f"找不到文件：{path}")
        by = Person.objects.filter(username=options["by"]).first() if options["by"] else None
        if options["by"] and by is None:
            misuse(f"没有用户名为“{options['by']}”的人员。")
        try:
            seen = reported.preview(path)
        except Refused as error:
            self.tell(nothing(str(error)), str(error), options)
            sys.exit(REFUSED)
        refused = bool(seen.errors) and not options["partial"]
        if options["dry_run"] or refused:
            words = f"可导入 {len(seen.entries)} 篇" + ("，因有错误没有导入" if refused else "，没有写入")
            self.tell(reported.summary_of(seen, imported=0 if refused else len(seen.entries)), words, options)
            if refused:
                sys.exit(REFUSED)
            return
        summary = reported.confirm(seen, partial=options["partial"], by=by, now=timezone.now(), file=path.name)
        self.tell(summary, f"已导入 {summary['imported']} 篇", options)

    def tell(self, summary: dict[str, Any], words: str, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(summary, ensure_ascii=False))
            return
        faults, hints = len(summary["errors"]), len(summary["warnings"])
        self.stdout.write(
            f"共 {summary['rows']} 行：{words}，重复跳过 {summary['skipped']} 篇，错误 {faults} 行，提示 {hints} 条。"
        )
        for kind, notes in (("错误", summary["errors"]), ("提示", summary["warnings"])):
            for note in notes:
                self.stdout.write(f"  {kind} 第 {note['row']} 行 {note['column']}：{note['message']}")
