"""What an account must do before anything else, and when it was last seen."""

from collections.abc import Callable
from datetime import timedelta

from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.choices import SECOND_FACTOR_ROLES
from members.models import Person
from members.passwords import is_too_old
from members.rights import whole_standing

SEEN, SEEN_EVERY = "seen_at", timedelta(minutes=5)
HAS_SECOND_FACTOR = "has_second_factor"
HAT = "hat"


class AccountStateMiddleware:
    """Leads to the page where a password must be changed or a second factor set up; notes device, address, last use."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not isinstance(user, Person):
            return self.get_response(request)
        self._note_use(request)
        page = self._must_go_to(request, user)
        user.hat = request.session.get(HAT, "")
        return HttpResponseRedirect(page) if page else self.get_response(request)

    def _must_go_to(self, request: HttpRequest, person: Person) -> str:
        if request.path.startswith(("/accounts/", "/healthz", "/readyz", "/session/", settings.STATIC_URL)):
            return ""
        if person.must_change_password or is_too_old(person, timezone.now()):
            return reverse("account_change_password")
        if needs_second_factor(person) and not self._has_second_factor(request, person):
            return reverse("mfa_activate_totp")
        return ""

    def _has_second_factor(self, request: HttpRequest, person: Person) -> bool:
        if not request.session.get(HAS_SECOND_FACTOR):
            if not is_mfa_enabled(person):
                return False
            request.session[HAS_SECOND_FACTOR] = True
        return True

    def _note_use(self, request: HttpRequest) -> None:
        """Write device, address and moment of use, at most every five minutes."""
        now = timezone.now().timestamp()
        if now - request.session.get(SEEN, 0) >= SEEN_EVERY.total_seconds():
            request.session[SEEN] = now
            UserSession.objects.create_from_request(request)


def needs_second_factor(person: Person) -> bool:
    return settings.REQUIRE_MFA and bool(
        SECOND_FACTOR_ROLES & whole_standing(person, timezone.localdate()).all().keys()
    )
