"""The lines out of the house: one to the mail server, one to each gateway."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from members.gateways import gateways
from members.inbox import mail, webhook
from members.inbox.models import Message
from members.inbox.registry import Rendered
from members.transport import Refused, Transport, open_transport

MAIL = ""  # the name of the line to the mail server; the others are called like their gateway


class Lines:
    """Each is opened when something first goes by it; one that is `down` keeps nothing else from leaving."""

    def __init__(self, mail_line: Transport | None = None) -> None:
        self.gateways = gateways()
        self.known: dict[str, Transport] = {MAIL: mail_line} if mail_line else {}
        self.down: set[str] = set()

    def by(self, name: str) -> Transport:
        if name not in self.known:
            self.known[name] = self._made(name)
        return self.known[name]

    def _made(self, name: str) -> Transport:
        if name == MAIL:
            return open_transport()
        if (gateway := self.gateways.get(name)) is None:
            return webhook.Nowhere(name)
        return webhook.Pile(gateway) if gateway.url.scheme == "file" else webhook.Post(gateway)

    def at_most_once(self, name: str) -> bool:
        return name in self.gateways and self.gateways[name].once

    def close(self) -> None:
        for line in self.known.values():
            line.close()


def compose(message: Message, title: str, words: Sequence[Rendered], *, now: datetime) -> Any:
    """What the line of this message carries: a mail, or a parcel for a gateway."""
    if message.gateway == MAIL:
        return mail.compose(message, title, words, now=now)
    if (gateway := gateways().get(message.gateway)) is None:
        raise Refused(f"设置里没有可用的网关“{message.gateway}”")
    return webhook.compose(message, gateway, title, words, now=now)
