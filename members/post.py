"""Mail that must go to an address itself, not to a person: a code, or word to an old address.

It leaves after the commit and in the background, so that an answer takes as long for an unknown name as for a known one.
"""

import logging
import threading
import uuid
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone

from members.transport import ID_HEADER, Delayed, Refused, Unsure, open_transport

logger = logging.getLogger(__name__)
_running: set[threading.Thread] = set()


def letter(address: str, title: str, text: str, *, now: datetime, message_id: str = "") -> EmailMessage:
    """Return a plain mail that nothing in it can forge (S15); raise Refused for an address that is none."""
    mail = EmailMessage()
    mail["Subject"] = one_line(title)
    mail["From"] = settings.DEFAULT_FROM_EMAIL
    mail["To"] = _mailbox(address)
    mail["Date"] = format_datetime(timezone.localtime(now))
    mail["Message-ID"] = message_id or make_msgid(domain=urlsplit(settings.SITE_URL).hostname)
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(text, charset="utf-8", cte="base64")
    return mail


def _mailbox(address: str) -> Address:
    try:
        validate_email(address)
        return Address(addr_spec=address)
    except (ValidationError, ValueError) as error:
        raise Refused("邮箱地址不合法", gone=True) from error


def one_line(text: str) -> str:
    return " ".join(text.split())


def post(address: str, title: str, text: str, *, now: datetime) -> None:
    """Send a plain mail after the commit; a failure is logged without the address."""

    def start() -> None:
        thread = threading.Thread(target=_send, args=(address, title, text, now), name="post")
        _running.add(thread)
        thread.start()

    transaction.on_commit(start, robust=True)


def _send(address: str, title: str, text: str, now: datetime) -> None:
    """Hand one mail to the server that EMAIL_URL names; the inbox's sender has its own line."""
    try:
        if not settings.EMAIL_URL:
            logger.warning("a mail was not sent: EMAIL_URL is not set")
            return
        line = open_transport()
        try:
            line.open()
            mail = letter(address, title, text, now=now)
            mail[ID_HEADER] = uuid.uuid4().hex
            line.deliver(mail)
        finally:
            line.close()
    except (Refused, Delayed, Unsure, OSError) as error:
        logger.warning("a mail could not be sent: %s", type(error).__name__)
    finally:
        _running.discard(threading.current_thread())


def finish(seconds: float = 10) -> None:
    """Wait until the mails on their way have left."""
    for thread in list(_running):
        thread.join(seconds)
