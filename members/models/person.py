from __future__ import annotations

import uuid
from datetime import date
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_backends
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac

from members.choices import Size, Theme
from members.crypto import blind_index
from members.fields import EncryptedTextField
from members.models.body import Body
from members.models.term import Term
from members.names import normal, sound

if TYPE_CHECKING:
    from members.rights import Standing


class PersonQuerySet(models.QuerySet["Person"]):
    def active(self) -> PersonQuerySet:
        return self.filter(is_active=True)

    def search(self, text: str) -> PersonQuerySet:
        """Those whose name, pinyin or initials contain `text`."""
        form = normal(text)
        return self.filter(Q(name__icontains=form) | Q(pinyin__contains=form)) if form else self

    def members(self, on: date) -> PersonQuerySet:
        """Members of the committee on that day (委员), from their memberships."""
        return self.active().filter(pk__in=Membership.objects.in_force(on).values("person"))

    def with_phone(self, phone: str) -> PersonQuerySet:
        return self.filter(phone_index=index_of("phone", phone)) if phone else self.none()


class PersonManager(BaseUserManager["Person"].from_queryset(PersonQuerySet)):  # type: ignore[misc]  # django-stubs: generic base
    def get_by_natural_key(self, username: str | None) -> Person:
        person: Person = self.get(username__iexact=username)
        return person

    def create_user(self, username: str, password: str | None = None, **facts: Any) -> Person:
        """Make an account; without a password nobody can sign in until a code was used."""
        person = Person(username=username, **facts)
        person.set_password(password)
        person.save()
        return person


def index_of(column: str, text: str) -> str:
    """Return the blind index of a phone number or a mail address, whatever its spelling."""
    plain = normal(text)
    return blind_index(
        "".join(c for c in plain if c.isdigit()) if column == "phone" else plain, place=f"person.{column}"
    )


class Person(AbstractBaseUser):
    """Anybody with an account (人员); what the person may do follows from appointments, nothing else."""

    username = models.CharField("用户名", max_length=64, unique=True)
    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField("姓名", max_length=64)
    pinyin = models.CharField(max_length=255, blank=True, editable=False)
    phone = EncryptedTextField("手机号", blank=True, default="")
    phone_index = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    mail = EncryptedTextField("电子邮箱", blank=True, default="")
    mail_index = models.CharField(max_length=64, blank=True, editable=False, db_index=True)
    mail_verified_at = models.DateTimeField("邮箱核实时间", null=True, blank=True)
    address = EncryptedTextField("通讯地址", blank=True, default="")
    is_active = models.BooleanField("启用", default=True)
    is_demo = models.BooleanField("演示账号", default=False)
    withdrawn_at = models.DateTimeField("姓名停止公开时间", null=True, blank=True)
    size = models.CharField("字号", max_length=8, choices=Size, default=Size.NORMAL)
    theme = models.CharField("配色", max_length=8, choices=Theme, default=Theme.AUTO)
    keys = models.BooleanField("使用快捷键", default=True)
    digest_hour = models.PositiveSmallIntegerField("每日汇总时间（时）", default=9, validators=[MaxValueValidator(23)])
    mail_ok = models.BooleanField("接收邮件", default=True)
    gateway = models.CharField("短信等外发网关", max_length=24, blank=True, default="")  # see members.gateways
    told_as_leader = models.BooleanField("领导接收提醒", default=False)  # nothing goes to a leader by itself (P2)
    blocked_until = models.DateTimeField("重置后限制至", null=True, blank=True)
    sessions_epoch = models.PositiveIntegerField("登录批次", default=0)
    must_change_password = models.BooleanField("下次登录须改密码", default=False)
    password_changed_at = models.DateTimeField("密码修改时间", null=True, blank=True)
    created_at = models.DateTimeField("建立时间", auto_now_add=True)

    objects = PersonManager()

    USERNAME_FIELD = "username"
    standings: dict[date, Standing]
    hat: str = ""  # the capacity chosen in this session (P13), no column: AccountStateMiddleware sets it
    action: str = ""  # the right that the page of this request asks for, no column: `Page` sets it

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("username"), name="one_account_per_username"),
            models.CheckConstraint(condition=Q(digest_hour__lte=23), name="digest_hour_of_a_day"),
            models.CheckConstraint(condition=Q(size__in=Size.values), name="person_size_known"),
            models.CheckConstraint(condition=Q(theme__in=Theme.values), name="person_theme_known"),
            models.CheckConstraint(condition=~Q(name=""), name="person_has_a_name"),
        ]
        indexes = [models.Index(fields=["name", "id"], name="person_by_name")]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Derive what search and look-up need."""
        self.pinyin = sound(self.name, person=True)
        self.phone_index = index_of("phone", self.phone)
        self.mail_index = index_of("mail", self.mail)
        if (fields := kwargs.get("update_fields")) is not None:
            derived = {"name": "pinyin", "phone": "phone_index", "mail": "mail_index"}
            kwargs["update_fields"] = {*fields, *(derived[field] for field in fields if field in derived)}
        super().save(*args, **kwargs)

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """Bind sessions to the password and to the epoch: raising the epoch ends every session at once."""
        text = f"{self.password}:{self.sessions_epoch}"
        return salted_hmac("members.person.session", text, secret=secret, algorithm="sha256").hexdigest()

    def has_perm(self, action: str, row: models.Model | None = None) -> bool:
        return any(backend.has_perm(self, action, row) for backend in get_backends() if hasattr(backend, "has_perm"))

    @property
    def email(self) -> str:
        return self.mail


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_force(self, on: date) -> MembershipQuerySet:
        return self.filter(starts_on__lte=on).filter(Q(ends_on=None) | Q(ends_on__gte=on))


class Membership(models.Model):
    """A person's seat in one term (委员资格) with sector, party, special committee and group; the last day is included."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="memberships")
    term = models.ForeignKey(Term, models.PROTECT, related_name="memberships", verbose_name="届")
    sector = models.ForeignKey(Body, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="界别")
    party = models.ForeignKey(Body, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="党派")
    committee = models.ForeignKey(
        Body, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="专门委员会"
    )
    group = models.ForeignKey(Body, models.PROTECT, null=True, blank=True, related_name="+", verbose_name="活动组")
    post = models.CharField("工作单位及职务", max_length=200, blank=True)
    starts_on = models.DateField("开始日期")
    ends_on = models.DateField("结束日期", null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["person", "term"], condition=Q(ends_on=None), name="one_open_membership_per_term"
            ),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="membership_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person_id} {self.starts_on}"
