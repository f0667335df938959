"""A message as a mail: what may leave the house, and nothing that could forge a header (S4, S15)."""

import re
from collections.abc import Sequence
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.urls import reverse
from django.utils import timezone

from members.inbox.models import Message
from members.inbox.registry import NEUTRAL, Rendered
from members.inbox.transport import ID_HEADER, Refused

_PARTING = "请登录后查看和办理：{url}\n\n本邮件由系统发出，请勿回复。"


def message_id(key: str) -> str:
    """The same for the same message at every try, so that a mail server can tell a duplicate."""
    return f"<{re.sub(r'[^A-Za-z0-9#-]', '.', key)}@{urlsplit(settings.SITE_URL).hostname}>"


def compose(message: Message, title: str, words: Sequence[Rendered], *, now: datetime) -> EmailMessage:
    """Build the mail from the parts that may leave the house; raise Refused for an address that is none."""
    lines = [word.outside or NEUTRAL for word in words]
    mail = EmailMessage()
    mail["Subject"] = _one_line(lines[0] if len(lines) == 1 else title)
    mail["From"] = settings.DEFAULT_FROM_EMAIL
    mail["To"] = _mailbox(message.recipient.email)
    mail["Date"] = format_datetime(timezone.localtime(now))
    mail["Message-ID"] = message_id(message.key)
    mail[ID_HEADER] = message.public_id.hex
    if settings.BOUNCE_ADDRESS:
        mail["Return-Path"] = return_path(message)
    mail["Auto-Submitted"] = "auto-generated"
    url = settings.SITE_URL.rstrip("/") + reverse("inbox:list")
    text = "\n".join(f"· {_one_line(line)}" for line in lines)
    mail.set_content(f"您好：\n\n{text}\n\n{_PARTING.format(url=url)}\n", charset="utf-8", cte="base64")
    return mail


def return_path(message: Message) -> str:
    """Where a server sends back what it cannot deliver: an address of its own for each message."""
    local, _, host = settings.BOUNCE_ADDRESS.partition("@")
    return f"{local}+{message.public_id.hex}@{host}"


def _mailbox(address: str) -> Address:
    try:
        validate_email(address)
        return Address(addr_spec=address)
    except (ValidationError, ValueError) as error:
        raise Refused("邮箱地址不合法", gone=True) from error


def _one_line(text: str) -> str:
    return " ".join(text.split())
