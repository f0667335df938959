"""Which browser somebody uses (S9): a random mark in a cookie, of which only the hash is written down."""

import hashlib
import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

NAME = "__Host-device" if settings.SESSION_COOKIE_SECURE else "device"
A_YEAR = 365 * 24 * 3600


def mark_of(request: HttpRequest) -> str:
    """What is kept of this browser; without the cookie, of its kind and address."""
    kind = f"{request.META.get('REMOTE_ADDR')} {request.headers.get('User-Agent', '')}"
    return mark(request.COOKIES.get(NAME) or kind)


def value_for(request: HttpRequest) -> str:
    """The browser's value, or a fresh one to be put into its cookie."""
    return request.COOKIES.get(NAME) or secrets.token_urlsafe(16)


def remember(response: HttpResponseBase, value: str) -> None:
    response.set_cookie(
        NAME, value, max_age=A_YEAR, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax"
    )


def mark(value: str) -> str:
    return hashlib.sha256(value.encode()).hexdigest()[:32]
