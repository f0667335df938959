"""Mails that the demonstration did not really send, on a page. Not in production's addresses (S7)."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse

from members.gateways import gateways
from members.pages import Page
from members.shown import Crumb

SHOWN = 200


@dataclass(frozen=True)
class SentMail:
    name: str
    subject: str
    to: str
    at: datetime
    text: str
    message_id: str


def sent_mails(folder: Path) -> list[SentMail]:
    """The newest mails first."""
    files = sorted(folder.glob("*.eml"), key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)
    return [read_mail(file) for file in files[:SHOWN]]


def read_mail(file: Path) -> SentMail:
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return SentMail(
        name=file.stem,
        subject=str(mail["Subject"]),
        to=str(mail["To"]),
        at=parsedate_to_datetime(str(mail["Date"])),
        text=mail.get_content(),
        message_id=str(mail["Message-ID"]),
    )


def mail_folder() -> Path:
    url = urlsplit(settings.EMAIL_URL)
    return Path(unquote(url.path)) if url.scheme == "file" else Path(settings.VAR) / "mail"


def parcels() -> list[dict[str, Any]]:
    """What gateways of the demonstration took, the newest first."""
    folders = [Path(unquote(one.url.path)) for one in gateways().values() if one.url.scheme == "file"]
    files = [file for folder in folders for file in folder.glob("*.json")]
    newest = sorted(files, key=lambda file: (file.stat().st_mtime_ns, file.name), reverse=True)[:SHOWN]
    read = [json.loads(file.read_text()) for file in newest]
    return [{**one, "at": datetime.fromtimestamp(one["at"], UTC)} for one in read]


class SentMailList(Page):
    public = True
    title = "已发邮件和短信（演示）"
    template_name = "inbox/sent_mail.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(mails=sent_mails(mail_folder()), parcels=parcels(), **kwargs)


class SentMailPage(Page):
    public = True
    template_name = "inbox/sent_mail_page.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        file = mail_folder() / f"{kwargs['name']}.eml"
        if not file.is_file():
            raise Http404
        self.mail = read_mail(file)
        return super().get(request)

    def get_title(self) -> str:
        return self.mail.subject

    def crumbs(self) -> list[Crumb]:
        return [Crumb(SentMailList.title, reverse("inbox:sent_mail"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(mail=self.mail, **kwargs)
