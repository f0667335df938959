"""The outgoing gateways that the environment names (外发网关): the door to SMS and 企业微信 or 政务钉钉 (S15).

`WEBHOOKS='sms=https://sms.example.cn/send phone everyone label:短信; wecom=https://10.0.0.8/in inside once'` with the
secrets apart, `WEBHOOK_SECRETS='sms=…; wecom=…'`. Nobody edits them in the web.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from members.models import Person

SHORTEST_SECRET = 32
NAME = re.compile(r"[a-z][a-z0-9-]{0,23}")
PHONE = re.compile(r"\+?[0-9]{5,20}")
NOWHERE = "none"  # what a person chooses who wants none of them
WORDS = {"phone", "plain", "inside", "once", "everyone"}


@dataclass(frozen=True)
class Gateway:
    """One gateway and what its entry says.

    phone: the address is the telephone number, else the user name · plain: http is allowed · inside: addresses of
    our own network are allowed · once: what may have arrived is never sent again by itself · everyone: whoever has
    chosen no gateway is reached by this one.
    """

    name: str
    url: SplitResult
    secret: str
    words: frozenset[str]
    label: str
    faults: tuple[str, ...]

    @property
    def once(self) -> bool:
        return "once" in self.words

    def address_of(self, person: Person) -> str:
        """Where the gateway finds this person; "" if it cannot."""
        if "phone" not in self.words:
            return person.username
        number = re.sub(r"[ -]", "", person.phone)
        return number if PHONE.fullmatch(number) else ""

    def mark_of(self, person: Person) -> str:
        """What stands for that address in the list of stopped ones; another address or gateway gives another."""
        index = person.phone_index if "phone" in self.words else person.username
        return sha256(f"{self.name}:{index}".encode()).hexdigest()


def gateways() -> dict[str, Gateway]:
    """Those that can be used, by name."""
    return {one.name: one for one in entries() if not one.faults}


def entries() -> list[Gateway]:
    """Every entry as it stands, with what is wrong with it in sentences."""
    return _read(settings.WEBHOOKS, settings.WEBHOOK_SECRETS, settings.PRODUCTION)


def gateway_of(person: Person) -> Gateway | None:
    """The gateway that this person chose and that can find him, or else the one for everyone."""
    known = gateways()
    chosen = known.get(person.gateway)
    if chosen is None and not person.gateway:
        chosen = next((one for one in known.values() if "everyone" in one.words), None)
    return chosen if chosen and chosen.address_of(person) else None


@lru_cache(maxsize=8)
def _read(text: str, secrets: str, production: bool) -> list[Gateway]:
    keys = dict(_pairs(secrets))
    found: list[Gateway] = []
    for name, entry in _pairs(text):
        address, *words = entry.split() or [""]
        label = next((word.removeprefix("label:") for word in words if word.startswith("label:")), name)
        plain = frozenset(word for word in words if not word.startswith("label:"))
        url = urlsplit(address)
        faults = [*_faults(name, url, plain, keys.get(name, ""), production)]
        if any(other.name == name for other in found):
            faults.append("这个名称写了两次")
        found.append(Gateway(name, url, keys.get(name, ""), plain, label, tuple(faults)))
    return found


def _pairs(text: str) -> list[tuple[str, str]]:
    parts = [part.strip().partition("=") for part in re.split(r"[;\n]", text) if part.strip()]
    return [(name.strip(), value.strip()) for name, _, value in parts]


def _faults(name: str, url: SplitResult, words: frozenset[str], secret: str, production: bool) -> list[str]:
    wrong = {
        "名称只能用小写字母、数字和连字符": not NAME.fullmatch(name) or name == NOWHERE,
        f"不认识的字样：{'、'.join(sorted(words - WORDS))}": bool(words - WORDS),
    }
    if url.scheme == "file":
        wrong["file:// 只用于演示"] = production
    else:
        wrong |= {
            "地址须以 https:// 开头（只有写明 plain 才能用 http://）": url.scheme not in _schemes(words),
            "地址里没有主机名": not url.hostname,
            "端口不合法": not _has_good_port(url),
            "密钥要写在 WEBHOOK_SECRETS 里，不能写在地址里": bool(url.username or url.password),
            f"WEBHOOK_SECRETS 里没有它的密钥，或密钥少于 {SHORTEST_SECRET} 个字符": len(secret) < SHORTEST_SECRET,
        }
    return [sentence for sentence, is_so in wrong.items() if is_so]


def _schemes(words: frozenset[str]) -> tuple[str, ...]:
    return ("https", "http") if "plain" in words else ("https",)


def _has_good_port(url: SplitResult) -> bool:
    try:
        return url.port != 0
    except ValueError:
        return False
