"""Choosing how to see the house, and staying signed in."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from config.portal.display import ROWS, SIZES, THEMES, Display, display_of, remember
from members.pages import Page


class ChooseDisplay(Page):
    """Takes `size`, `theme`, `keys` or `rows`, any of them, and goes back to where the person was."""

    public = True
    http_method_names = ["post"]  # as Django's View declares it

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        now = display_of(request)
        size, theme, keys, rows = (request.POST.get(name, "") for name in ("size", "theme", "keys", "rows"))
        wanted = Display(
            size if size in SIZES else now.size,
            theme if theme in THEMES else now.theme,
            keys == "on" if keys in ("on", "off") else now.keys,
            rows if rows in ROWS else now.rows,
        )
        if request.user.is_authenticated:
            person = self.person
            person.size, person.theme, person.keys = wanted.size, wanted.theme, wanted.keys
            person.save(update_fields=["size", "theme", "keys"])
        answer: HttpResponse = (
            HttpResponse(status=204) if "quietly" in request.POST else HttpResponseRedirect(self.way_back())
        )
        remember(answer, wanted, secure=settings.SESSION_COOKIE_SECURE)
        return answer

    def way_back(self) -> str:
        wanted = self.request.POST.get("next", "")
        if url_has_allowed_host_and_scheme(wanted, {self.request.get_host()}, require_https=self.request.is_secure()):
            return wanted
        return reverse("portal:home")


class SessionState(Page):
    """Says whether the person is still signed in, and keeps the session alive (WCAG 2.2.1: app.js asks in time)."""

    public = True

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return JsonResponse({"signed_in": False})
        request.session.modified = True
        state = {"person": str(request.user.public_id), "seconds": request.session.get_expiry_age()}
        return JsonResponse({"signed_in": True, "csrf": get_token(request), **state})
