"""Handing one mail to a mail server, and what each refusal means. Nothing else in the house talks SMTP."""

import re
import smtplib
import time
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import SplitResult, unquote, urlsplit

from django.conf import settings

# for one mail in all, from MAIL FROM to the last answer: whoever closes an obligation may have to wait for it
SECONDS = 10.0
SHORTEST = 0.05
ID_HEADER = "X-Huiyin-Message"  # comes back with what a server could not deliver
NO_SUCH_MAILBOX = (550, 551, 553)


class Refused(Exception):
    """For good: another try gives the same answer. `gone` means that the address itself does not exist."""

    def __init__(self, why: str, *, gone: bool = False) -> None:
        super().__init__(why)
        self.gone = gone


class Delayed(Exception):
    """Not now."""


class LineDown(Delayed):
    """The server cannot be used at all, so that the next message need not try."""


class Unsure(Exception):
    """The server had the whole mail and never said whether it took it."""


class Transport(Protocol):
    def open(self) -> None:
        """Make sure that there is a line, or raise LineDown; nothing is locked yet."""

    def deliver(self, mail: Any) -> None:
        """Hand over one letter that was made for this line, or raise Refused, Delayed or Unsure."""

    def close(self) -> None: ...


def open_transport() -> Transport:
    """The line that EMAIL_URL names: smtp://, smtp+tls://, smtps:// or, to look at mails on a page, file://."""
    url = urlsplit(settings.EMAIL_URL)
    if url.scheme == "file":
        return Folder(Path(unquote(url.path)))
    return Line(url)


class Line:
    """One SMTP connection, kept open from mail to mail."""

    def __init__(self, url: SplitResult) -> None:
        self.url = url
        self.smtp: smtplib.SMTP | None = None
        self.until = 0.0

    def open(self) -> None:
        if self.smtp is None:
            self._connected(SECONDS)

    def deliver(self, mail: EmailMessage) -> None:
        """Hand over one mail to one recipient, or raise Refused, Delayed or Unsure."""
        sender = str(mail["Return-Path"] or mail["From"].addresses[0].addr_spec)
        del mail["Return-Path"]
        body = mail.as_bytes(policy=SMTP_POLICY)
        self.until = time.monotonic() + SECONDS
        smtp = self._greeted(sender, mail[ID_HEADER])
        try:
            self._address(smtp, mail["To"].addresses[0].addr_spec)
            self._hurry(smtp)
            self._expect(smtp.docmd("DATA"), 354)
            self._hurry(smtp)
            smtp.send(re.sub(rb"(?m)^\.", b"..", body) + b".\r\n")
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self.close()
            raise Delayed(f"邮件服务器中断：{error}") from error
        self._accepted(smtp)

    def _hurry(self, smtp: smtplib.SMTP) -> None:
        """Let the next exchange take no more than what is left of the time for this mail."""
        if smtp.sock is not None:
            smtp.sock.settimeout(self._left())

    def _left(self) -> float:
        return max(SHORTEST, self.until - time.monotonic())

    def close(self) -> None:
        if self.smtp is None:
            return
        try:
            self._hurry(self.smtp)
            self.smtp.quit()
        except (OSError, smtplib.SMTPException):
            self.smtp.close()
        self.smtp = None

    def _greeted(self, sender: str, envelope_id: str) -> smtplib.SMTP:
        """A connection on which MAIL FROM was accepted; one that has gone stale is opened anew."""
        for last_try in (self.smtp is None, True):
            smtp = self.smtp or self._connected(self._left())
            try:
                self._hurry(smtp)
                code, answer = smtp.mail(sender, _dsn(smtp, f"ENVID={envelope_id}", "RET=HDRS"))
            except (OSError, smtplib.SMTPServerDisconnected) as error:
                self._drop()
                if last_try:
                    raise LineDown(f"邮件服务器不应答：{error}") from error
                continue
            if code == 250:
                return smtp
            self._drop()
            if last_try:
                raise LineDown(f"邮件服务器不接受发件人：{code} {_text(answer)}")
        raise LineDown("邮件服务器不应答")

    def _connected(self, seconds: float) -> smtplib.SMTP:
        secure = self.url.scheme == "smtps"
        host, port = self.url.hostname or "", self.url.port or (465 if secure else 25)
        try:
            smtp = (smtplib.SMTP_SSL if secure else smtplib.SMTP)(host, port, timeout=seconds)
            if self.url.scheme == "smtp+tls":
                smtp.starttls()
            if self.url.username:
                smtp.login(unquote(self.url.username), unquote(self.url.password or ""))
        except (OSError, smtplib.SMTPException) as error:
            raise LineDown(f"连不上邮件服务器：{error}") from error
        smtp.ehlo_or_helo_if_needed()
        self.smtp = smtp
        return smtp

    def _address(self, smtp: smtplib.SMTP, recipient: str) -> None:
        self._hurry(smtp)
        code, answer = smtp.rcpt(recipient, _dsn(smtp, "NOTIFY=FAILURE"))
        if code not in (250, 251):
            self._reset(smtp)
            raise _refusal(code, answer, gone=code in NO_SUCH_MAILBOX)

    def _expect(self, reply: tuple[int, bytes], wanted: int) -> None:
        code, answer = reply
        if code != wanted:
            assert self.smtp is not None
            self._reset(self.smtp)
            raise _refusal(code, answer)

    def _accepted(self, smtp: smtplib.SMTP) -> None:
        try:
            self._hurry(smtp)
            code, answer = smtp.getreply()
        except (OSError, smtplib.SMTPServerDisconnected) as error:
            self._drop()
            raise Unsure(f"邮件已交出，服务器没有回话：{error}") from error
        if code != 250:
            self._reset(smtp)
            raise _refusal(code, answer)

    def _reset(self, smtp: smtplib.SMTP) -> None:
        try:
            smtp.rset()
        except (OSError, smtplib.SMTPServerDisconnected):
            self._drop()

    def _drop(self) -> None:
        if self.smtp is not None:
            self.smtp.close()
        self.smtp = None


class Folder:
    """Mails as files, one each, named after the Message-ID: what the demonstration shows on a page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def deliver(self, mail: EmailMessage) -> None:
        name = sha256(mail["Message-ID"].encode()).hexdigest()[:32]
        (self.folder / f"{name}.eml").write_bytes(mail.as_bytes(policy=SMTP_POLICY))

    def close(self) -> None:
        return


def _refusal(code: int, answer: bytes, *, gone: bool = False) -> Refused | Delayed:
    why = f"{code} {_text(answer)}"
    if code == 421:
        return LineDown(why)
    return Refused(why, gone=gone) if code >= 500 else Delayed(why)


def _dsn(smtp: smtplib.SMTP, *options: str) -> list[str]:
    """What tells a server how to report a failure later, if it can be told."""
    return list(options) if smtp.has_extn("dsn") else []


def _text(answer: bytes) -> str:
    return answer.decode("utf-8", "replace")[:300]
