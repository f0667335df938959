"""Loading a year's holidays, with a preview of the running limits that it moves; checking what is loaded."""

import json
from argparse import ArgumentParser
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from members.errors import Refused
from proposals.handling import clocks, engine, workdays
from proposals.handling.actions import tuning
from proposals.handling.clockwork import engine_now
from proposals.handling.clockwork.years import BadYear, Year, missing_year, read_year
from proposals.handling.models import CalendarYear
from proposals.handling.moving import Effect, effect_of


class Command(BaseCommand):
    help = "工作日历：load FILE [--dry-run] 载入一年的放假安排，check 检查是否缺少年份。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        commands = parser.add_subparsers(dest="what", required=True)
        load = commands.add_parser("load", help="载入一年的放假安排")
        load.add_argument("file", type=Path)
        load.add_argument("--dry-run", action="store_true", help="只显示哪些期限会变，不写入")
        load.add_argument("--json", action="store_true")
        check = commands.add_parser("check", help="检查日历是否完整")
        check.add_argument("--json", action="store_true")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["what"] == "check":
            self.check_years(as_json=options["json"])
        else:
            self.load(options["file"], dry_run=options["dry_run"], as_json=options["json"])

    def load(self, file: Path, *, dry_run: bool, as_json: bool) -> None:
        try:
            year = read_year(file)
            workdays.check_loadable(year)
        except (BadYear, Refused) as error:
            raise CommandError(str(error)) from error
        effect = effect_of(year, viewer=None, now=engine_now())
        changed = not dry_run and tuning.load_year(year, by=None, now=engine_now())
        left = self.recount() if changed else 0
        if as_json:
            self.stdout.write(json.dumps(_report(year, effect, changed=changed, dry_run=dry_run), ensure_ascii=False))
            return
        for one in effect.counted:
            self.stdout.write(f"{one.stage}：{one.old} → {one.new}，{one.amount} 项")
        self.stdout.write(_sentence(year, effect, changed=changed, dry_run=dry_run))
        if left:
            self.stdout.write(f"有 {left} 项没有算成，原因见“运行状况”页；程序会再试。")

    def recount(self) -> int:
        """Recount what runs, and return how many could not be."""
        with suppress(*clocks.NO_ROWS_FAULT):  # the year is there; the engine recounts the rest
            engine.refold(now=engine_now(), budget=None)
        return engine.behind().count()

    def check_years(self, *, as_json: bool) -> None:
        today = workdays.today(engine_now())
        published = workdays.working_calendar().published
        years = list(CalendarYear.objects.order_by("year").values_list("year", "status", "doc_no"))
        missing = missing_year(today, published)
        current = today.year in published
        if as_json:
            facts = {"years": [{"year": y, "status": s, "notice": n} for y, s, n in years], "missing": missing}
            self.stdout.write(json.dumps({**facts, "ok": current and missing is None}, ensure_ascii=False))
        else:
            for number, status, notice in years:
                self.stdout.write(f"{number} 年：{CalendarYear.Status(status).label}{notice and '，' + notice}")
        if not current:
            raise CommandError(f"{today.year} 年的放假安排没有载入，期限只按周末推算，标为“暂定”。")
        if missing:
            raise CommandError(f"{missing} 年的放假安排还没有载入，涉及该年的期限标为“暂定”。")


def _report(year: Year, effect: Effect, *, changed: bool, dry_run: bool) -> dict[str, Any]:
    rows = [
        {"stage": one.stage, "old": str(one.old), "new": str(one.new), "amount": one.amount} for one in effect.counted
    ]
    facts = {"year": year.number, "changed": changed, "dry_run": dry_run}
    return {**facts, "moved": effect.amount, "people": effect.people, "deadlines": rows}


def _sentence(year: Year, effect: Effect, *, changed: bool, dry_run: bool) -> str:
    moves = f"{effect.amount} 项进行中的期限"
    if dry_run:
        return f"{year.number} 年日历可以载入，将使 {moves}变动，告知 {effect.people} 人。没有写入。"
    if not changed:
        return f"{year.number} 年日历与现有的完全相同，没有变动。"
    return f"已载入 {year.number} 年日历，{moves}随之变动，告知 {effect.people} 人。"
