"""`import_proposals FILE --session CODE`: a clerk's register of proposals, checked row by row before anything is kept."""

import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any, NoReturn

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.portal.actions import registers
from members.errors import Refused
from members.models import Person

MISUSE = 2
REFUSED = 1


class Command(BaseCommand):
    help = "导入提案登记表（.xlsx、.xls、.csv，含 GB18030 编码）。有错误时整表不导入，除非加 --partial；重复导入不会增加提案。"

    def add_arguments(self, parser: CommandParser | ArgumentParser) -> None:
        parser.add_argument("file", help="登记表文件")
        parser.add_argument("--session", required=True, help="届次，例如 14-2；没有该届次时自动建立")
        parser.add_argument("--sheet", default="", help="工作表名称；不写则按表头自动选择")
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
            registers.session_parts(options["session"])
        except Refused as error:
            misuse(str(error))
        try:
            seen = registers.preview(path, options["session"], only=options["sheet"])
        except Refused as error:
            self.refuse(nothing(str(error)), str(error), options)
        refused = bool(seen.register.errors) and not options["partial"]
        if options["dry_run"] or refused:
            self.tell_preview(seen, refused, options)
            return
        try:
            result = registers.confirm(seen, partial=options["partial"], by=by, now=timezone.now(), file=path.name)
        except Refused as error:
            self.refuse({**seen.summary, "imported": 0}, str(error), options)
        self.tell(result.summary, f"已导入 {result.summary['imported']} 件", seen, options)

    def tell_preview(self, seen: registers.Preview, refused: bool, options: dict[str, Any]) -> None:
        """Say what would come in; where a row is at fault and nothing may come in, say that."""
        summary = {**seen.summary, **({"imported": 0} if refused else {})}
        words = f"可导入 {len(seen.register.entries)} 件" + ("，因有错误没有导入" if refused else "，没有写入")
        self.tell(summary, words, seen, options)
        if refused:
            sys.exit(REFUSED)

    def refuse(self, summary: dict[str, Any], sentence: str, options: dict[str, Any]) -> NoReturn:
        if options["json"]:
            self.stdout.write(json.dumps(summary, ensure_ascii=False))
        self.stderr.write(sentence)
        sys.exit(REFUSED)

    def tell(self, summary: dict[str, Any], words: str, seen: registers.Preview, options: dict[str, Any]) -> None:
        if options["json"]:
            self.stdout.write(json.dumps(summary, ensure_ascii=False))
            return
        self.stdout.write(
            f"工作表“{seen.register.sheet}”共 {summary['rows']} 行：{words}，重复跳过 {summary['skipped']} 件，"
            f"错误 {len(summary['errors'])} 行，提示 {len(summary['warnings'])} 条。"
        )
        for sentence in seen.register.notes:
            self.stdout.write(sentence)
        for kind, notes in (("错误", summary["errors"]), ("提示", summary["warnings"])):
            for note in notes:
                self.stdout.write(f"  {kind} 第 {note['row']} 行 {note['column']}：{note['message']}")


def nothing(sentence: str) -> dict[str, Any]:
    """The object for a file that could not be read at all."""
    error = {"row": 0, "column": "", "code": "unreadable", "message": sentence}
    return {"rows": 0, "imported": 0, "skipped": 0, "errors": [error], "warnings": []}


def misuse(sentence: str) -> NoReturn:
    raise CommandError(sentence, returncode=MISUSE)
