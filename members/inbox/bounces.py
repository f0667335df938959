"""Mails that come back days later (退信): reports of mail servers, RFC 3464, matched to the message they are about."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from email import message_from_string, policy
from email.message import EmailMessage
from email.message import Message as Mail
from uuid import UUID

from django.db import transaction

from members import audit
from members.inbox import stops
from members.inbox.models import Channel, Message, State
from members.models.person import index_of
from members.transport import ID_HEADER

OUR_ID = re.compile(r"\+([0-9a-f]{32})@")
ENDED = (State.SENT, State.UNKNOWN, State.DEAD)
# policy, content and size say nothing about the address; the others say that nobody is there
NOT_THE_ADDRESS = ("5.3.4", "5.6.", "5.7.")


@dataclass(frozen=True)
class Report:
    """What a report says of one recipient, and by which of our marks it names the mail."""

    ids: tuple[str, ...]
    message_id: str
    recipient: str
    action: str
    status: str
    why: str

    @property
    def permanent(self) -> bool:
        return self.action == "failed" and self.status.startswith("5")


@dataclass
class Taken:
    """How many reports ended how."""

    stopped: int = 0
    refused: int = 0
    temporary: int = 0
    known: int = 0
    unmatched: int = 0
    no_report: int = 0


def take(mails: Iterable[EmailMessage], *, now: datetime) -> Taken:
    """Take in mails that came back; the second time changes nothing, and none is ever answered."""
    taken = Taken()
    for mail in mails:
        reports = read(mail)
        taken.no_report += not reports
        for report in reports:
            outcome = _take(report, now=now)
            setattr(taken, outcome, getattr(taken, outcome) + 1)
    return taken


def read(mail: EmailMessage) -> list[Report]:
    """One report for each recipient of a delivery report; of any other mail, none."""
    if mail.get_content_type() != "multipart/report":
        return []
    parts = list(mail.walk())
    status = next((part for part in parts if part.get_content_type() == "message/delivery-status"), None)
    blocks = _inside(status) if status else []
    original = _original(parts)
    envelopes = [block.get("Original-Envelope-Id", "") for block in blocks]
    addressed = [str(value) for name in ("To", "Delivered-To", "X-Original-To") for value in mail.get_all(name, [])]
    ids = [found for text in addressed for found in OUR_ID.findall(text.lower())]
    ids += [str(text).strip() for text in (*envelopes, original.get(ID_HEADER, "")) if text]
    return [
        Report(
            ids=tuple(dict.fromkeys(ids)),
            message_id=str(original.get("Message-ID", "")).strip(),
            recipient=_address(block),
            action=str(block.get("Action", "")).strip().lower(),
            status=str(block.get("Status", "")).strip(),
            why=" ".join(str(block.get("Diagnostic-Code", "")).split())[:300],
        )
        for block in blocks
        if block.get("Action")
    ]


def _original(parts: Sequence[Mail]) -> Mail:
    """The headers of the mail that came back. A report about a report holds none of our marks, so it ends here."""
    for part in parts:
        if part.get_content_type() == "message/rfc822":
            return next(iter(_inside(part)), EmailMessage())
        if part.get_content_type() == "text/rfc822-headers":
            return _headers(part)
    return EmailMessage()


def _inside(part: Mail) -> list[Mail]:
    """The messages that a message/… part is made of."""
    payload = part.get_payload()
    return [one for one in payload if isinstance(one, Mail)] if isinstance(payload, list) else []


def _headers(part: Mail) -> Mail:
    return message_from_string(str(part.get_payload()), policy=policy.default)


def _address(block: Mail) -> str:
    named = str(block.get("Original-Recipient") or block.get("Final-Recipient") or "")
    return named.partition(";")[2].strip()


@transaction.atomic
def _take(report: Report, *, now: datetime) -> str:
    message = _message(report)
    if message is None:
        return "unmatched"
    if not report.permanent:
        return "temporary"
    person = message.recipient
    stopped = False
    if _about_address(report, message):
        stopped = stops.stop(person, Channel.EMAIL, person.mail_index, f"退信：{report.status} {report.why}", now=now)
    error = f"退信：{report.status} {report.why}"[:500]
    back = Message.objects.filter(pk=message.pk, state__in=[State.SENT, State.UNKNOWN])
    if not back.update(state=State.DEAD, error=error):
        return "stopped" if stopped else "known"
    Message.objects.filter(part_of=message, state__in=[State.SENT, State.UNKNOWN]).update(state=State.DEAD, error=error)
    audit.record("inbox.bounce", by=None, subject=str(message.public_id), now=now, status=report.status)
    return "stopped" if stopped else "refused"


def _about_address(report: Report, message: Message) -> bool:
    """Whether the address itself is at fault, and is still the person's."""
    person = message.recipient
    same = not report.recipient or index_of("mail", report.recipient) == person.mail_index
    return same and bool(person.mail_index) and not report.status.startswith(NOT_THE_ADDRESS)


def _message(report: Report) -> Message | None:
    """The mail that the report is about. Keys can be guessed, so a Message-ID counts only with its own address."""
    mails = Message.objects.filter(channel=Channel.EMAIL, part_of=None, state__in=ENDED)
    mails = mails.select_related("recipient").select_for_update(of=("self",))
    if ids := [UUID(text) for text in report.ids if re.fullmatch(r"[0-9a-fA-F]{32}", text)]:
        return mails.filter(public_id__in=ids).first()
    if not report.message_id or not report.recipient:
        return None
    mark = index_of("mail", report.recipient)
    return mails.filter(message_id=report.message_id, recipient__mail_index=mark).first()
