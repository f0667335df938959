from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from members import throttle
from members.adapter import LASTING, WISH
from members.errors import Refused
from members.forms import in_plain_words


class SignInForm(LoginForm):  # type: ignore[misc]  # allauth has no types
    remember = forms.BooleanField(label="这是我自己的手机或电脑，30天内免登录", required=False)
    shared = forms.BooleanField(label="这是公用手机或电脑，用完马上退出，不留内容", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, label_suffix="", **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label, login.help_text = "用户名", "由政协工作人员发放，可以复制粘贴。"
        login.widget.attrs.pop("placeholder", None)
        login.widget.attrs.update(autocapitalize="none", spellcheck="false")
        password.label, password.help_text = "密码", ""
        password.widget.attrs.pop("placeholder", None)
        in_plain_words(self)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("remember") and cleaned.get("shared"):
            self.add_error("shared", "“自己的手机”和“公用手机”只能选一个。")
        return cleaned

    def login(self, request: HttpRequest, redirect_url: str | None = None) -> HttpResponse:
        wish = "shared" if self.cleaned_data["shared"] else "own" if self.cleaned_data["remember"] else ""
        request.session[WISH] = wish
        response: HttpResponse = super().login(request, redirect_url=redirect_url)
        if LASTING in request.session:  # allauth has just set its own
            request.session.set_expiry(request.session[LASTING])
        return response


class _Counted:
    """A second factor is tried no more often than a password."""

    user: Any

    def clean_code(self) -> str:
        request = context.request
        address = get_adapter().get_client_ip(request)
        key = throttle.account_key(str(self.user.pk), use="second_factor")
        try:
            throttle.attempt(key, address, now=timezone.now())
        except Refused as error:
            raise ValidationError(str(error)) from error
        code: str = super().clean_code()  # type: ignore[misc]  # mixed into allauth's forms
        throttle.succeeded(key, address)
        return code


class _Worded(forms.Form):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "label_suffix": ""})
        field = self.fields["code"]
        field.label, field.help_text = "验证码", "打开手机上的验证器，填写显示的6位数字。没有手机时，可填写一个备用码。"
        field.widget.attrs.pop("placeholder", None)
        field.widget.attrs["inputmode"] = "numeric"
        in_plain_words(self)


class SecondFactorForm(_Counted, _Worded, AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    pass


class SecondFactorAgainForm(_Counted, _Worded, ReauthenticateForm):  # type: ignore[misc]  # allauth has no types
    pass


class ActivateForm(_Counted, _Worded, ActivateTOTPForm):  # type: ignore[misc]  # allauth has no types
    pass
