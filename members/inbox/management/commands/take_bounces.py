import json
import mailbox
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from members.inbox import bounces
from members.inbox.registry import engine_now

SENTENCE = (
    "停用地址 {stopped} 个，记为送不到 {refused} 封，暂时性的 {temporary} 封，早已记下的 {known} 封，"
    "对不上的 {unmatched} 封，不是退信的 {no_report} 封。"
)


class Command(BaseCommand):
    help = "读取退信，停用永久失效的邮箱地址；可以反复运行"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("place", nargs="?", help="一封邮件（.eml）、一个 mbox 文件，或 Maildir、.eml 所在的文件夹")
        parser.add_argument("--stdin", action="store_true", help="从标准输入读一封邮件，供邮件服务器的管道调用")
        parser.add_argument("--json", action="store_true", help="只输出一个 JSON 对象")

    def handle(self, *args: Any, **options: Any) -> None:
        if bool(options["place"]) == options["stdin"]:
            raise CommandError("请写明退信所在的文件或文件夹，或者用 --stdin，二者选一。", returncode=2)
        mails = [_parsed(sys.stdin.buffer.read())] if options["stdin"] else _mails(Path(options["place"]))
        taken = asdict(bounces.take(mails, now=engine_now()))
        self.stdout.write(json.dumps(taken) if options["json"] else SENTENCE.format(**taken))


def _mails(place: Path) -> Iterator[EmailMessage]:
    if place.is_dir() and (place / "new").is_dir():
        yield from (_parsed(mail.as_bytes()) for mail in mailbox.Maildir(place, create=False))
    elif place.is_dir():
        yield from (_parsed(file.read_bytes()) for file in sorted(place.glob("*.eml")))
    elif not place.is_file():
        raise CommandError(f"没有 {place} 这个文件或文件夹。")
    elif place.read_bytes()[:5] == b"From ":
        with closing(mailbox.mbox(place, create=False)) as box:
            yield from (_parsed(mail.as_bytes()) for mail in box)
    else:
        yield _parsed(place.read_bytes())


def _parsed(raw: bytes) -> EmailMessage:
    mail = message_from_bytes(raw, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail
