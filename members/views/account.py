"""One's own account: display, notices, contact, password, devices."""

from datetime import datetime
from typing import Any, cast

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django import forms
from django.contrib.auth import login
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.actions import change_contact, change_password, end_sessions, prove_mail, send_mail_code
from members.audit import record
from members.choices import Role, Size, Theme
from members.forms import PHONE
from members.gateways import NOWHERE, gateway_of, gateways
from members.models import Person
from members.pages import SIGNED_IN, FormPage, Page
from members.proof import check_password
from members.rights import roles_of
from members.shown import Crumb, Fact
from members.views.sign_in import BY_CODE, first_visit

# what a session keeps when its password changes
KEPT = ("shared", "has_second_factor", "account_authentication_methods", "account_authentication_methods_user")
BACKEND = "members.backend.AppointmentBackend"


def shown_phone(phone: str) -> str:
    """Return a number that its owner recognises and a looker-on cannot use."""
    return f"{phone[:3]}****{phone[-4:]}" if len(phone) >= 11 else "****" if phone else "未填写"


def shown_mail(mail: str) -> str:
    name, _, host = mail.partition("@")
    return f"{name[:1]}***@{host}" if host else "未填写"


class OwnPage(Page):
    action = SIGNED_IN

    def crumbs(self) -> list[Crumb]:
        return [Crumb("我的账号", reverse("account_home"))]


class OwnForm(OwnPage, FormPage):
    def form_valid_once(self, form: Any) -> HttpResponseBase:
        if "password" in form.fields:
            check_password(self.person, form.cleaned_data["password"])
        return super().form_valid_once(form)

    def go_home(self) -> HttpResponseBase:
        return HttpResponseRedirect(reverse("account_home"))


class Account(OwnPage):
    title = "我的账号"
    template_name = "account/home.html"

    def crumbs(self) -> list[Crumb]:
        return []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person, today = self.person, timezone.localdate()
        gateway = gateway_of(person)
        roles = sorted(Role(role).label for role in roles_of(person, today))
        facts = [
            Fact("姓名", person.name),
            Fact("用户名", person.username),
            Fact("角色", "、".join(roles) or "无"),
            Fact("手机号", shown_phone(person.phone)),
            Fact(
                "电子邮箱",
                shown_mail(person.mail) + ("" if person.mail_verified_at or not person.mail else "（未核实）"),
            ),
            Fact("字号与配色", f"{Size(person.size).label}，{Theme(person.theme).label}"),
            Fact("每日汇总", f"{person.digest_hour}时" if person.mail_ok or gateway else "不发邮件"),
            *([Fact("短信等", gateway.label if gateway else "不发")] if gateways() else []),
        ]
        blocked = person.blocked_until if person.blocked_until and person.blocked_until > timezone.now() else None
        return super().get_context_data(facts=facts, blocked_until=blocked, stops=_stops(person), **kwargs)


def _stops(person: Person) -> dict[str, datetime]:
    """Which of the addresses that stand here today were refused for good, and when."""
    gateway = gateway_of(person)
    marks = {"email": person.mail_index, "webhook": gateway.mark_of(person) if gateway else ""}
    return {stop.channel: stop.stopped_at for stop in person.channel_stops.all() if stop.mark == marks[stop.channel]}


class PreferencesForm(forms.Form):
    size = forms.ChoiceField(label="字号", choices=Size, widget=forms.RadioSelect)
    theme = forms.ChoiceField(label="配色", choices=Theme, widget=forms.RadioSelect)
    keys = forms.BooleanField(label="使用快捷键", required=False)
    digest_hour = forms.TypedChoiceField(
        label="每日汇总时间", coerce=int, choices=[(hour, f"{hour}时") for hour in range(6, 22)]
    )
    mail_ok = forms.BooleanField(label="接收邮件", required=False)
    gateway = forms.ChoiceField(label="短信等通知", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = gateways().values()
        usual = next((one.label for one in known if "everyone" in one.words), "不发")
        choices = [("", f"按统一设置（{usual}）"), *((one.name, one.label) for one in known), (NOWHERE, "不发")]
        cast(forms.ChoiceField, self.fields["gateway"]).choices = choices
        if not known:
            del self.fields["gateway"]


class Preferences(OwnForm):
    title = "显示与提醒"
    form_class = PreferencesForm
    submit_label = "保存"
    done_sentence = "已保存。"

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.person, name) for name in PreferencesForm.base_fields}

    def form_valid(self, form: PreferencesForm) -> HttpResponseBase:
        for name, value in form.cleaned_data.items():
            setattr(self.person, name, value)
        self.person.save(update_fields=list(form.cleaned_data))
        return self.go_home()


class PasswordField(forms.CharField):
    def __init__(self, label: str, autocomplete: str, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
        super().__init__(label=label, max_length=256, strip=False, widget=widget, **kwargs)


class ChangePasswordForm(forms.Form):
    password = PasswordField("现在的密码", "current-password")
    new_password = PasswordField("新密码", "new-password")
    again = PasswordField("再输入一次新密码", "new-password")

    def __init__(self, *args: Any, person: Person, ask_old: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.person = person
        self.fields["new_password"].help_text = " ".join(password_validators_help_texts())
        if not ask_old:
            del self.fields["password"]

    def clean_new_password(self) -> str:
        password: str = self.cleaned_data["new_password"]
        validate_password(password, self.person)
        return password

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("new_password") != cleaned.get("again") and "new_password" in cleaned:
            self.add_error("again", "两次输入的新密码不一致。")
        return cleaned


class ChangePassword(OwnForm):
    title = "修改密码"
    form_class = ChangePasswordForm
    submit_label = "修改密码"
    done_sentence = "密码已修改，其他设备上的登录已退出。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "person": self.person, "ask_old": not first_visit(self.request)}

    def form_valid(self, form: ChangePasswordForm) -> HttpResponseBase:
        person, session = self.person, self.request.session
        kept = {name: session[name] for name in KEPT if name in session}
        lasting = session.get_expiry_age()
        now, address = timezone.now(), get_adapter().get_client_ip(self.request)
        change_password(person, form.cleaned_data["new_password"], by=person, now=now, address=address)
        session.flush()
        login(self.request, person, backend=BACKEND)
        session.update(kept)
        session.set_expiry(lasting)
        session.pop(BY_CODE, None)
        return HttpResponseRedirect(reverse("portal:desk"))


class ContactForm(forms.Form):
    phone = forms.CharField(
        label="手机号",
        required=False,
        max_length=20,
        validators=[PHONE],
        widget=forms.TextInput(attrs={"autocomplete": "tel"}),
    )
    address = forms.CharField(
        label="通讯地址",
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "street-address"}),
    )
    password = PasswordField("密码", "current-password", help_text="修改联系方式须再次输入密码。")


class Contact(OwnForm):
    title = "修改手机号和地址"
    form_class = ContactForm
    submit_label = "保存"
    done_sentence = "已保存。"

    def get_initial(self) -> dict[str, Any]:
        return {"phone": self.person.phone, "address": self.person.address}

    def form_valid(self, form: ContactForm) -> HttpResponseBase:
        person = Person.objects.get(pk=self.person.pk)
        change_contact(
            person,
            phone=form.cleaned_data["phone"],
            address=form.cleaned_data["address"],
            by=person,
            now=timezone.now(),
        )
        return self.go_home()


class MailForm(forms.Form):
    mail = forms.EmailField(
        label="新的电子邮箱", max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"})
    )
    password = PasswordField("密码", "current-password", help_text="修改邮箱须再次输入密码。")


class Mail(OwnForm):
    title = "修改电子邮箱"
    form_class = MailForm
    submit_label = "发送验证码"
    done_sentence = "验证码已发到新邮箱。"

    def form_valid(self, form: MailForm) -> HttpResponseBase:
        send_mail_code(self.person, form.cleaned_data["mail"], now=timezone.now())
        return HttpResponseRedirect(reverse("account_prove_mail"))


class ProveForm(forms.Form):
    code = forms.CharField(
        label="验证码", max_length=20, widget=forms.TextInput(attrs={"autocomplete": "one-time-code"})
    )


class ProveMail(OwnForm):
    title = "核实新邮箱"
    form_class = ProveForm
    submit_label = "确定"
    done_sentence = "邮箱已核实。"

    def form_valid(self, form: ProveForm) -> HttpResponseBase:
        prove_mail(Person.objects.get(pk=self.person.pk), form.cleaned_data["code"], now=timezone.now())
        return self.go_home()


class Devices(OwnPage):
    title = "登录的设备"
    template_name = "account/devices.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = UserSession.objects.filter(user=self.person).order_by("-last_seen_at", "-pk")[:50]
        key = self.request.session.session_key
        devices = [
            {
                "device": device_of(row.user_agent),
                "address": row.ip,
                "seen_at": row.last_seen_at,
                "current": row.session_key == key,
            }
            for row in rows
        ]
        return super().get_context_data(devices=devices, **kwargs)


class EndOtherDevices(OwnForm):
    title = "退出其他设备"
    submit_label = "退出其他设备上的登录"
    done_sentence = "其他设备上的登录已退出。"

    def form_valid(self, form: forms.Form) -> HttpResponseBase:
        person, session = self.person, self.request.session
        kept, lasting = dict(session.items()), session.get_expiry_age()
        end_sessions(person)
        record("sessions.end", by=person, now=timezone.now())
        session.flush()
        login(self.request, person, backend=BACKEND)
        session.update(
            {name: value for name, value in kept.items() if not name.startswith("_auth") and name != "seen_at"}
        )
        session.set_expiry(lasting)
        return HttpResponseRedirect(reverse("account_devices"))


def device_of(agent: str) -> str:
    """Return a device in words: 手机 · 微信."""
    kind = "平板" if "iPad" in agent else "手机" if "Mobile" in agent else "电脑"
    programs = {
        "MicroMessenger": "微信",
        "Edg/": "Edge",
        "Firefox": "Firefox",
        "Chrome": "Chrome 内核浏览器",
        "Safari": "Safari",
    }
    program = next((name for mark, name in programs.items() if mark in agent), "浏览器")
    return f"{kind} · {program}"
