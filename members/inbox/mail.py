"""A message as a mail: what may leave the house, and nothing that could forge a header (S4, S15)."""

import re
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from members.inbox.models import Message
from members.inbox.registry import NEUTRAL, Rendered
from members.post import letter, one_line
from members.transport import ID_HEADER

_PARTING = "请登录后查看和办理：{url}\n\n本邮件由系统发出，请勿回复。"


def message_id(key: str) -> str:
    """The same for the same message at every try, so that a mail server can tell a duplicate."""
    return f"<{re.sub(r'[^A-Za-z0-9#-]', '.', key)}@{urlsplit(settings.SITE_URL).hostname}>"


def compose(message: Message, title: str, words: Sequence[Rendered], *, now: datetime) -> EmailMessage:
    """Build the mail from the parts that may leave the house; raise Refused for an address that is none."""
    lines = [word.outside or NEUTRAL for word in words]
    url = settings.SITE_URL.rstrip("/") + reverse("inbox:list")
    text = "\n".join(f"· {one_line(line)}" for line in lines)
    mail = letter(
        message.recipient.email,
        lines[0] if len(lines) == 1 else title,
        f"您好：\n\n{text}\n\n{_PARTING.format(url=url)}\n",
        now=now,
        message_id=message_id(message.key),
    )
    mail[ID_HEADER] = message.public_id.hex
    if settings.BOUNCE_ADDRESS:
        mail["Return-Path"] = return_path(message)
    return mail


def return_path(message: Message) -> str:
    """Where a server sends back what it cannot deliver: an address of its own for each message."""
    local, _, host = settings.BOUNCE_ADDRESS.partition("@")
    return f"{local}+{message.public_id.hex}@{host}"
