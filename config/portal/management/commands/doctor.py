import json
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from config.portal import health

SIGNS = {"ok": "正常", "warn": "注意", "fail": "故障"}


class Command(BaseCommand):
    help = "检查数据库、Redis、后台任务、提醒引擎、待发通知、日历、存储、邮件和短信网关；有故障时退出码为 1"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="只输出一个 JSON 对象")

    def handle(self, *args: Any, **options: Any) -> None:
        findings = health.examine(health.ALL)
        healthy = all(finding.level != "fail" for finding in findings)
        if options["json"]:
            answer = {"healthy": healthy, "findings": [asdict(finding) for finding in findings]}
            self.stdout.write(json.dumps(answer, ensure_ascii=False))
        else:
            for finding in findings:
                self.stdout.write(f"{SIGNS[finding.level]}  {health.LABELS[finding.name]}：{finding.text}")
            self.stdout.write("一切正常。" if healthy else "有故障，请按上面的提示处理。")
        if not healthy:
            sys.exit(1)
