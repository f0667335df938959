"""Handing one message to an outgoing gateway, as signed JSON over HTTP, and what each answer means (S15).

A request has `Huiyin-Key`, the same at every try, so that a gateway can drop what it has already; `Huiyin-Time` in
seconds; and `Huiyin-Signature: sha256=…`, the HMAC with the shared secret over time, a dot, key, a dot, and the body.
"""

import hmac
import json
import re
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from http.client import HTTPConnection, HTTPException
from ipaddress import IPv6Address, ip_address
from pathlib import Path
from threading import Timer
from urllib.parse import unquote

from django.conf import settings
from django.urls import reverse

from members.gateways import Gateway
from members.inbox.models import Message
from members.inbox.registry import NEUTRAL, Rendered
from members.transport import Delayed, LineDown, Refused, Unsure

SECONDS = 10.0  # for one message in all, from connecting to the last byte of the answer
LONGEST_ANSWER = 64 * 1024
PORTS = {"https": 443, "http": 80}
LATER = (408, 425, 429)
GONE = 410  # what a gateway says of an address that does not exist
PLAIN_KEY = re.compile(r"[A-Za-z0-9:#._-]+")


@dataclass(frozen=True)
class Parcel:
    """What goes to a gateway: who, what, and the key that makes a second one recognisable."""

    key: str
    at: int
    body: bytes

    def headers(self, secret: str) -> dict[str, str]:
        signed = f"{self.at}.{self.key}.".encode() + self.body
        return {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "huiyin",
            "Huiyin-Key": self.key,
            "Huiyin-Time": str(self.at),
            "Huiyin-Signature": f"sha256={hmac.new(secret.encode(), signed, sha256).hexdigest()}",
        }


def compose(message: Message, gateway: Gateway, title: str, words: Sequence[Rendered], *, now: datetime) -> Parcel:
    """Only what may leave the house (S4); raise Refused for an address or key that could forge a header."""
    to = gateway.address_of(message.recipient)
    if not to:
        raise Refused("没有登记手机号，或手机号不合法")
    if not to.isprintable() or not PLAIN_KEY.fullmatch(message.key):
        raise Refused("地址或标识里有不允许的字符", gone=True)
    lines = [" ".join((word.outside or NEUTRAL).split()) for word in words]
    facts = {
        "key": message.key,
        "to": to,
        "title": lines[0] if len(lines) == 1 else title,
        "lines": lines,
        "url": settings.SITE_URL.rstrip("/") + reverse("inbox:list"),
        "from": settings.COMMITTEE_NAME,
    }
    return Parcel(message.key, int(now.timestamp()), json.dumps(facts, ensure_ascii=False).encode())


class Post:
    """The line to one gateway. Its address is looked up and checked once, and that address is the one connected to."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.address = ""

    def open(self) -> None:
        self.address = self.address or checked_address(self.gateway)

    def deliver(self, parcel: Parcel) -> None:
        """Hand over one message, or raise Refused, Delayed or Unsure."""
        url = self.gateway.url
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        with _connected(self.gateway, self.address) as line:
            try:
                line.request("POST", path, parcel.body, parcel.headers(self.gateway.secret))
            except (OSError, HTTPException) as error:
                raise Delayed(f"网关中断：{error}") from error
            try:
                answer = line.getresponse()
                answer.read(LONGEST_ANSWER)
            except (OSError, HTTPException) as error:
                raise Unsure(f"通知已交出，网关没有回话：{error}") from error
        _judge(answer.status, answer.reason)

    def close(self) -> None:
        self.address = ""


def _judge(status: int, reason: str) -> None:
    why = f"{status} {reason}"[:300]
    if 200 <= status < 300:
        return
    if 300 <= status < 400:
        raise Delayed(f"{why}：网关要求转到别处，按规定不跟随")
    if status >= 500 or status in LATER:
        raise Delayed(why)
    raise Refused(why, gone=status == GONE)


def checked_address(gateway: Gateway) -> str:
    """Look the host up; every address of it must be allowed. Raises LineDown."""
    host, port = gateway.url.hostname or "", port_of(gateway)
    try:
        found = [str(row[4][0]) for row in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    except OSError as error:
        raise LineDown(f"查不到网关 {gateway.name} 的地址：{error}") from error
    wrong = [address for address in found if not is_allowed(address, inside="inside" in gateway.words)]
    if wrong or not found:
        raise LineDown(f"网关 {gateway.name} 指向不允许的地址 {'、'.join(wrong)}（内网地址须写明 inside）")
    return found[0]


def is_allowed(address: str, *, inside: bool) -> bool:
    """A public address, or with `inside` one of our own network; never link-local, multicast or none at all.

    >>> [is_allowed(a, inside=False) for a in ("8.8.8.8", "10.0.0.8", "127.0.0.1", "::ffff:10.0.0.8")]
    [True, False, False, False]
    >>> [is_allowed(a, inside=True) for a in ("10.0.0.8", "127.0.0.1", "169.254.169.254", "0.0.0.0", "fe80::1%2")]
    [True, True, False, False, False]
    """
    one = ip_address(address.partition("%")[0])
    if isinstance(one, IPv6Address) and one.ipv4_mapped:
        one = one.ipv4_mapped
    if one.is_link_local or one.is_multicast or one.is_unspecified:
        return False
    return one.is_global or (inside and (one.is_private or one.is_loopback))


def port_of(gateway: Gateway) -> int:
    return gateway.url.port or PORTS[gateway.url.scheme]


@contextmanager
def _connected(gateway: Gateway, address: str) -> Iterator[HTTPConnection]:
    """A connection to the checked address; Host and the name in the certificate stay those of the entry.

    A timer ends it when its time is over, however slowly the other side drips.
    """
    host, port, until = gateway.url.hostname or "", port_of(gateway), time.monotonic() + SECONDS
    line = HTTPConnection(host, port)
    line.auto_open = 0
    line.default_port = PORTS[gateway.url.scheme]
    try:
        plain = socket.create_connection((address, port), timeout=SECONDS)
    except OSError as error:
        raise LineDown(f"连不上网关 {gateway.name}：{error}") from error
    with closing(plain.dup()) as twin:
        timer = Timer(max(0.0, until - time.monotonic()), _shut, [twin])
        timer.daemon = True
        timer.start()
        try:
            line.sock = _wrapped(plain, gateway, host)
            yield line
        finally:
            timer.cancel()
            timer.join()
            line.close()
            plain.close()


def _wrapped(plain: socket.socket, gateway: Gateway, host: str) -> socket.socket:
    if gateway.url.scheme == "http":
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except OSError as error:
        raise LineDown(f"网关 {gateway.name} 的加密连接不可用：{error}") from error


def _shut(twin: socket.socket) -> None:
    with suppress(OSError):  # it has ended by itself
        twin.shutdown(socket.SHUT_RDWR)


class Pile:
    """Parcels as files, one each: what the demonstration shows on a page."""

    def __init__(self, gateway: Gateway) -> None:
        self.folder = Path(unquote(gateway.url.path))

    def open(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def deliver(self, parcel: Parcel) -> None:
        name = sha256(parcel.key.encode()).hexdigest()[:32]
        text = json.dumps({"at": parcel.at, **json.loads(parcel.body)}, ensure_ascii=False)
        (self.folder / f"{name}.json").write_text(text)

    def close(self) -> None:
        return


class Nowhere:
    """What stands for a gateway that the environment no longer names."""

    def __init__(self, name: str) -> None:
        self.name = name

    def open(self) -> None:
        return

    def deliver(self, parcel: object) -> None:
        raise Refused(f"设置里没有可用的网关“{self.name}”")

    def close(self) -> None:
        return
