"""What the frame of every page needs, in one query more than the page itself."""

import time
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from config.portal import vitals
from config.portal.browsers import is_old
from config.portal.display import display_of
from members.choices import Hat
from members.inbox.queries import unread_count
from members.models import Person
from members.navigation import menu_of

KEPT_SECONDS = 3_600 if settings.TEST else 20  # a process that has just begun asks after this time, too
_asked_at, _trouble = time.monotonic(), ""


def engine_trouble(user: Any) -> str:
    """What the banner tells those who look after the clocks; asked again every few seconds, not for every page."""
    global _asked_at, _trouble
    if not user.has_perm("handling.settings"):
        return ""
    if time.monotonic() - _asked_at >= KEPT_SECONDS:
        _asked_at, _trouble = time.monotonic(), vitals.trouble()
    return _trouble


def shell(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    signed_in = user is not None and user.is_authenticated
    return {
        "committee": settings.COMMITTEE_NAME,
        "site_name": f"{settings.COMMITTEE_NAME} · 回音",
        "hat_label": Hat(user.hat).label if isinstance(user, Person) and user.hat in (Hat.MEMBER, Hat.OFFICE) else "",
        "display": display_of(request),
        "old_browser": is_old(request.headers.get("User-Agent", "")),
        "engine_trouble": engine_trouble(user) if signed_in else "",
        "unread": unread_count(user) if isinstance(user, Person) else 0,
        "menu": SimpleLazyObject(lambda: menu_of(user, request.path) if signed_in else []),
        "session_seconds": request.session.get_expiry_age() if signed_in else 0,
        "printed_at": timezone.now(),
    }
