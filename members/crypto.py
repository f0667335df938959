"""Personal columns at rest (S17): every value names its cipher and its key; keys live outside the database."""

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

NONCE, TAG = 12, 16
CIPHERS = {"aes": (algorithms.AES, 32), "sm4": (algorithms.SM4, 16)}


class Unreadable(Exception):
    """A stored value that none of the configured keys opens."""


@lru_cache(maxsize=8)
def keyring(text: str) -> dict[str, bytes]:
    """Read `id:base64,id:base64`; new values are written with the first key, old ones stay readable."""
    ring: dict[str, bytes] = {}
    for part in filter(None, text.split(",")):
        name, _, encoded = part.strip().partition(":")
        try:
            key = base64.b64decode(encoded, validate=True)
        except ValueError as error:
            raise ImproperlyConfigured(f"FIELD_KEYS: key {name} is not base64") from error
        if len(key) != 32 or not name.isalnum():
            raise ImproperlyConfigured(f"FIELD_KEYS: key {name} must have 32 bytes and a plain name")
        ring[name] = key
    if not ring:
        raise ImproperlyConfigured("FIELD_KEYS is empty: personal columns cannot be stored")
    return ring


@lru_cache(maxsize=8)
def index_key(text: str) -> bytes:
    """Read the key of the blind indexes; without it whoever has the database could try out every number."""
    try:
        key = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise ImproperlyConfigured("INDEX_KEY is not base64") from error
    if len(key) < 32:
        raise ImproperlyConfigured("INDEX_KEY must have at least 32 bytes")
    return key


def encrypt(text: str, *, place: str) -> str:
    """Return `text` sealed for the column `place`; the same text gives another value each time."""
    name, key = next(iter(keyring(settings.FIELD_KEYS).items()))
    kind = settings.FIELD_CIPHER
    cipher, size = CIPHERS[kind]
    nonce = os.urandom(NONCE)
    sealer = Cipher(cipher(key[:size]), modes.GCM(nonce)).encryptor()
    sealer.authenticate_additional_data(place.encode())
    sealed = sealer.update(text.encode()) + sealer.finalize()
    return f"{kind}:{name}:{base64.b64encode(nonce + sealer.tag + sealed).decode()}"


def decrypt(value: str, *, place: str) -> str:
    """Return the text of a sealed value, or raise Unreadable (key missing, value damaged or from another column)."""
    kind, _, rest = value.partition(":")
    name, _, encoded = rest.partition(":")
    key = keyring(settings.FIELD_KEYS).get(name)
    if key is None or kind not in CIPHERS:
        raise Unreadable(f"{place}: no key {name!r}")
    cipher, size = CIPHERS[kind]
    try:
        raw = base64.b64decode(encoded, validate=True)
        opener = Cipher(cipher(key[:size]), modes.GCM(raw[:NONCE], raw[NONCE : NONCE + TAG])).decryptor()
        opener.authenticate_additional_data(place.encode())
        return (opener.update(raw[NONCE + TAG :]) + opener.finalize()).decode()
    except (ValueError, InvalidTag) as error:
        raise Unreadable(f"{place}: damaged value") from error


def blind_index(text: str, *, place: str) -> str:
    """Return what equal texts of one column have in common, without telling the text."""
    if not text:
        return ""
    return hmac.new(index_key(settings.INDEX_KEY), f"{place}\0{text}".encode(), hashlib.sha256).hexdigest()
