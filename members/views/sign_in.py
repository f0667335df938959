"""Signing in and out: django-allauth's views in our own pages (S8, P27)."""

from typing import Any, ClassVar

from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.login import perform_login
from allauth.account.models import Login
from allauth.account.views import LoginView, LogoutView, ReauthenticateView
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.base.views import ReauthenticateView as SecondFactorAgainView
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView, ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from django import forms
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache

from members import keeping, throttle
from members.actions import send_reset_code, spend_code
from members.adapter import WISH
from members.audit import record
from members.choices import Outcome
from members.errors import Refused
from members.middleware import HAS_SECOND_FACTOR, needs_second_factor
from members.pages import SIGNED_IN, FormPage, Page

BY_CODE = "signed_in_by_code"


class Titled:
    """A page of django-allauth in our frame."""

    action: ClassVar[str] = ""
    public: ClassVar[bool] = False
    title: str = ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]  # mixed into allauth's views
        return {**context, "title": self.title}


class SignIn(Titled, LoginView):  # type: ignore[misc]  # allauth has no types
    public = True
    title = "登录"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "kept": self.request.POST.get(keeping.FIELD, "")}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        keeping.keep(self.request)
        response: HttpResponse = super().form_valid(form)
        return response

    def form_invalid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_invalid(form)
        response.status_code = 422
        return response


class SignOut(Titled, LogoutView):  # type: ignore[misc]  # allauth has no types
    action = SIGNED_IN
    title = "退出登录"

    def post(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """End the session and have the browser forget what it kept (S16)."""
        response: HttpResponse = super().post(*args, **kwargs)
        response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class Inactive(Page):
    """Says what a wrong password says: nobody learns that this account exists."""

    public = True
    title = "登录"
    template_name = "account/inactive.html"


class CodeForm(forms.Form):
    username = forms.CharField(
        label="用户名",
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    code = forms.CharField(
        label="登录码",
        max_length=20,
        help_text="登录码条上或邮件里的8位字母和数字，不分大小写，可以不写中间的横线。",
        widget=forms.TextInput(
            attrs={"autocomplete": "one-time-code", "autocapitalize": "characters", "data-from-hash": ""}
        ),
    )
    shared = forms.BooleanField(label="这是公用手机或电脑，用完马上退出，不留内容", required=False)


@method_decorator(never_cache, name="dispatch")
class SignInByCode(FormPage):
    """Sign-in with a code from a slip or a mail; afterwards a password is set."""

    public = True
    title = "用登录码登录"
    form_class = CodeForm
    submit_label = "登录"

    def get_back_url(self) -> str:
        return reverse("account_login")

    def form_valid_once(self, form: CodeForm) -> HttpResponseBase:
        """Without the enclosing transaction: a refused try must stay counted."""
        return self.form_valid(form)

    def form_valid(self, form: CodeForm) -> HttpResponseBase:
        now, address = timezone.now(), get_adapter().get_client_ip(self.request)
        username = form.cleaned_data["username"]
        key = throttle.account_key(username, use="code")
        throttle.attempt(key, address, now=now)
        person = spend_code(username, form.cleaned_data["code"], now=now, address=address)
        if person is None:
            record("sign_in.code", by=None, now=now, address=address, outcome=Outcome.REFUSED)
            raise Refused("用户名或登录码不正确，或登录码已过期。", field="code")
        throttle.succeeded(key, address)
        throttle.succeeded(throttle.account_key(username), address)
        self.request.session[WISH] = "shared" if form.cleaned_data["shared"] else ""
        self.request.session[BY_CODE] = True
        response: HttpResponseBase = perform_login(self.request, Login(user=person, redirect_url=self._next()))
        return response

    def _next(self) -> str | None:
        wanted = self.request.GET.get("next", "")
        safe = url_has_allowed_host_and_scheme(
            wanted, {self.request.get_host()}, require_https=self.request.is_secure()
        )
        return wanted if safe else None


class AskForm(forms.Form):
    username = forms.CharField(
        label="用户名",
        max_length=64,
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )


class AskForCode(FormPage):
    """Send a code to the verified mail of an account; the answer is the same for every name."""

    public = True
    title = "忘记密码"
    template_name = "account/ask_for_code.html"
    form_class = AskForm
    submit_label = "发送登录码"

    def get_back_url(self) -> str:
        return reverse("account_login")

    def form_valid_once(self, form: AskForm) -> HttpResponseBase:
        return self.form_valid(form)

    def form_valid(self, form: AskForm) -> HttpResponseBase:
        now, address = timezone.now(), get_adapter().get_client_ip(self.request)
        throttle.attempt(throttle.account_key(form.cleaned_data["username"], use="ask"), address, now=now)
        send_reset_code(form.cleaned_data["username"], now=now)
        return self.render_to_response(self.get_context_data(form=form, sent=True))


class PasswordAgain(Titled, ReauthenticateView):  # type: ignore[misc]  # allauth has no types
    action = SIGNED_IN
    title = "请再次输入密码"


class EnterSecondFactor(Titled, AuthenticateView):  # type: ignore[misc]  # allauth has no types
    public = True
    title = "两步验证"


class SecondFactorAgain(Titled, SecondFactorAgainView):  # type: ignore[misc]  # allauth has no types
    action = SIGNED_IN
    title = "两步验证"


class SecondFactor(Titled, IndexView):  # type: ignore[misc]  # allauth has no types
    action = SIGNED_IN
    title = "两步验证"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "required": needs_second_factor(self.request.user)}


class ActivateSecondFactor(Titled, ActivateTOTPView):  # type: ignore[misc]  # allauth has no types
    action = SIGNED_IN
    title = "开启两步验证"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {**super().get_context_data(**kwargs), "required": needs_second_factor(self.request.user)}

    def form_valid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        record("second_factor.on", by=self.request.user, now=timezone.now())
        return response


class DeactivateSecondFactor(Titled, DeactivateTOTPView):  # type: ignore[misc]  # allauth has no types
    action = SIGNED_IN
    title = "关闭两步验证"

    def form_valid(self, form: forms.Form) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)
        self.request.session.pop(HAS_SECOND_FACTOR, None)
        record("second_factor.off", by=self.request.user, now=timezone.now())
        return response


class RecoveryCodes(Titled, ViewRecoveryCodesView):  # type: ignore[misc]  # allauth has no types
    action = SIGNED_IN
    title = "备用码"


class MakeRecoveryCodes(Titled, GenerateRecoveryCodesView):  # type: ignore[misc]  # allauth has no types
    action = SIGNED_IN
    title = "生成备用码"


def first_visit(request: HttpRequest) -> bool:
    """Tell whether this session began with a code, so that the old password is not asked."""
    return bool(request.session.get(BY_CODE))
