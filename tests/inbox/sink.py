"""A real mail server on loopback that keeps a ledger of Message-IDs and can refuse, drop or hang."""

import asyncio
from asyncio import Server
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Sink:
    """What the first part of the address says is what happens to the mail: `refuse@`, `later@`, `drop@`, `hang@`."""

    ledger: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def doubled(self) -> dict[str, int]:
        return {key: count for key, count in Counter(self.ledger).items() if count > 1}

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address.startswith("refuse"):
            return "550 5.1.1 no such mailbox"
        if address.startswith("later"):
            return "451 4.7.1 greylisted"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        recipient = envelope.rcpt_tos[0]
        if recipient.startswith("content"):
            return "554 5.7.1 not wanted"
        mail = message_from_bytes(cast(bytes, envelope.content), policy=policy.default)
        self.ledger.append(str(mail["Message-ID"]))
        self.mails.append(mail)
        self.senders.append(str(envelope.mail_from))
        if recipient.startswith("hang"):
            await asyncio.sleep(5)
        if recipient.startswith("drop"):
            transport: Any = server.transport
            transport.abort()
        return "250 OK"


class _OnFreePort(Controller):
    """The controller looks for itself at the port it was asked for, which is none."""

    def _trigger_server(self) -> None:
        server = cast(Server, self.server)
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def running_sink() -> Iterator[Sink]:
    sink = Sink()
    controller = _OnFreePort(sink, hostname="127.0.0.1", port=0)
    controller.start()
    sink.port = controller.port
    try:
        yield sink
    finally:
        controller.stop()
