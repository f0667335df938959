"""How django-allauth behaves in this house: no signing up, failures counted in PostgreSQL, every sign-in an audit row."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib.auth.base_user import AbstractBaseUser
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from members import devices, throttle
from members.audit import record
from members.choices import SECOND_FACTOR_ROLES, Outcome
from members.crypto import decrypt, encrypt
from members.errors import Refused
from members.models import Person
from members.proof import recently_proved
from members.rights import roles_of

OWN_PHONE = 30 * 24 * 3600
SHARED_PHONE = 3600
DAY = 12 * 3600
LASTING = "sign_in_lasting"
WISH = "sign_in_wish"  # what was ticked: own, shared or nothing


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": "用户名或密码不正确。",
        "account_inactive": "用户名或密码不正确。",
        "incorrect_password": "密码不正确。",
        "incorrect_code": "验证码不正确。",
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Count the try before the password is looked at."""
        try:
            name = str(credentials.get("username", ""))
            throttle.attempt(self._key(credentials), self.get_client_ip(request), now=timezone.now(), name=name)
        except Refused as error:
            raise ValidationError(str(error), code="too_many_login_attempts") from error

    def authenticate(self, request: HttpRequest, **credentials: Any) -> AbstractBaseUser | None:
        user: AbstractBaseUser | None = super().authenticate(request, **credentials)
        if user is not None:
            throttle.succeeded(self._key(credentials), self.get_client_ip(request))
        return user

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        # the typed name is not kept: it may be a password in the wrong field
        address = self.get_client_ip(request)
        record("sign_in", by=None, now=timezone.now(), address=address, outcome=Outcome.REFUSED)

    def _rollback_login_failed_rl_usage(self) -> None:
        """Nothing to take back: `authenticate` forgets the failures itself."""

    def _key(self, credentials: dict[str, Any]) -> str:
        return throttle.account_key(str(credentials.get("username", "")))

    def post_login(self, request: HttpRequest, user: AbstractBaseUser, **kwargs: Any) -> HttpResponse:
        """Write the audit row and say how long this sign-in lasts."""
        assert isinstance(user, Person)
        wish = request.session.pop(WISH, "")
        request.session["shared"] = wish == "shared"
        privileged = SECOND_FACTOR_ROLES & roles_of(user, timezone.localdate()).keys()
        lasting = SHARED_PHONE if wish == "shared" else OWN_PHONE if wish == "own" and not privileged else DAY
        request.session[LASTING] = lasting
        request.session.set_expiry(lasting)
        browser = devices.value_for(request)
        address = self.get_client_ip(request)
        record("sign_in", by=user, now=timezone.now(), address=address, device=devices.mark(browser))
        response: HttpResponse = super().post_login(request, user, **kwargs)
        devices.remember(response, browser)
        return response

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        return not recently_proved(context.request)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Our pages speak for themselves."""

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Our own notices tell the person."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": "验证码不正确，请看手机上的最新数字。",
        "cannot_delete_authenticator": "您的角色必须使用两步验证，不能关闭。",
    }

    def encrypt(self, text: str) -> str:
        return encrypt(text, place="second_factor")

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text, place="second_factor")
