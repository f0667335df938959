"""What happens to every request, whoever answers it."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponseBase
from pghistory.middleware import HistoryMiddleware

Answer = Callable[[HttpRequest], HttpResponseBase]


class TrustedProxies:
    """Set REMOTE_ADDR and the scheme from the forwarding headers of our own proxies, and drop anybody else's."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response
        self.unix = "unix" in settings.TRUSTED_PROXIES
        self.networks = [ip_network(text, strict=False) for text in settings.TRUSTED_PROXIES if text != "unix"]

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        forwarded = request.META.pop("HTTP_X_FORWARDED_FOR", "")
        scheme = request.META.pop("HTTP_X_FORWARDED_PROTO", "")
        request.META["huiyin.forwarded"] = bool(forwarded)
        if self.trusts(request.META.get("REMOTE_ADDR", "")):
            request.META["REMOTE_ADDR"] = self.origin(forwarded) or request.META.get("REMOTE_ADDR", "")
            if scheme in {"http", "https"} and isinstance(request, WSGIRequest):
                request.environ["wsgi.url_scheme"] = scheme
        return self.get_response(request)

    def trusts(self, address: str) -> bool:
        try:
            parsed = ip_address(address)
        except ValueError:
            return not address and self.unix  # a unix socket has no address
        return any(parsed in network for network in self.networks)

    def origin(self, forwarded: str) -> str:
        """Return the nearest address that is not one of our proxies: whatever lies beyond may be invented."""
        for part in reversed([text.strip() for text in forwarded.split(",")]):
            if not self.trusts(part):
                return part if _is_address(part) else ""
        return ""


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class NoStore:
    """Keep pages of people who are signed in out of every cache (S16)."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.user.is_authenticated:
            response["Cache-Control"] = "private, no-store"
        return response


class History(HistoryMiddleware):
    """Put the person, and nothing of the address, beside each change that triggers record."""

    def get_context(self, request: HttpRequest) -> dict[str, Any]:
        return {"user": request.user.pk if request.user.is_authenticated else None}
