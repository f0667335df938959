import json
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from config.portal.demo.accounts import make_accounts
from config.portal.demo.story import SIZES, tell
from config.portal.models import Milestone
from members.database import mark

FILLED = "demo_data"


class Command(BaseCommand):
    help = "在标明为演示的数据库里生成演示数据：每个角色一个账户，用户名就是角色名"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--size", default="city", help="city、province 或提案件数，默认 city")
        parser.add_argument("--seed", type=int, default=1, help="同一个种子生成同样的内容，默认 1")
        parser.add_argument("--if-needed", action="store_true", help="已经有演示数据时什么也不做")
        parser.add_argument("--json", action="store_true", help="只输出一个 JSON 对象")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION or mark() not in {"demo", "test"}:
            raise CommandError("这个数据库没有标明为演示数据库，不能写入演示数据。")
        if options["if_needed"] and Milestone.objects.filter(name=FILLED).exists():
            return
        size, now = _size(options["size"]), timezone.now()
        with transaction.atomic():
            since = timezone.localdate(now) - timedelta(days=365)
            people = make_accounts(password=settings.DEMO_PASSWORD, since=since)
            proposals = tell(size=size, seed=options["seed"], now=now, say=self.say if not options["json"] else _silent)
            Milestone.objects.update_or_create(name=FILLED, defaults={"reached_at": now})
        answer = {"accounts": len(people), "proposals": proposals}
        if options["json"]:
            self.stdout.write(json.dumps(answer))
        else:
            self.say(f"演示数据已生成：账户 {len(people)} 个，提案 {proposals} 件。")

    def say(self, sentence: str) -> None:
        self.stdout.write(sentence)
        self.stdout.flush()


def _silent(_: str) -> None:
    """Nothing but the JSON object is printed."""


def _size(text: str) -> int:
    """Number of proposals; raises CommandError for a word that is no size."""
    if text in SIZES:
        return SIZES[text]
    if text.isascii() and text.isdigit() and 1 <= int(text) <= 20_000:
        return int(text)
    raise CommandError("--size 请填 city、province，或 1 到 20000 之间的件数。")
