"""What happens to every request, whoever answers it."""

from collections.abc import Callable
from ipaddress import ip_address, ip_network
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.utils import timezone
from pghistory.middleware import HistoryMiddleware

from members.audit import record
from members.choices import Outcome
from members.models import Person

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


class NoNul:
    """Drop the character that no text has and no database keeps from whatever a browser sends."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if "%00" in request.META.get("QUERY_STRING", ""):
            request.GET = _without_nul(request.GET)  # type: ignore[assignment]  # as immutable as before
        for name in [name for name, value in request.COOKIES.items() if "\0" in value]:
            del request.COOKIES[name]
        if request.method == "POST" and any("\0" in text for _, texts in request.POST.lists() for text in texts):
            request.POST = _without_nul(request.POST)  # type: ignore[assignment]  # as above
        return self.get_response(request)


def _without_nul(fields: QueryDict) -> QueryDict:
    cleaned = QueryDict(mutable=True)
    for name, values in fields.lists():
        cleaned.setlist(name.replace("\0", ""), [value.replace("\0", "") for value in values])
    cleaned._mutable = False
    return cleaned


class Refusals:
    """Write down whom a page was refused to (S23); a guest has no rights that could be refused."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code == 403 and isinstance(request.user, Person):
            match = request.resolver_match
            record(
                "refused",
                by=request.user,
                now=timezone.now(),
                subject=match.view_name if match else "",
                address=request.META.get("REMOTE_ADDR") or None,
                outcome=Outcome.REFUSED,
                method=request.method,
                ids={name: str(value) for name, value in match.kwargs.items()} if match else {},
            )
        return response


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
