from django.db import models
from django.db.models import Q

from members.fields import EncryptedTextField
from members.models.person import Person


class SignInFailures(models.Model):
    """Failed sign-ins of one account name from one address (S8), in PostgreSQL.

    `account` is a keyed hash of what was typed, so that a password typed into the wrong field is not kept.
    """

    account = models.CharField(max_length=64)
    address = models.GenericIPAddressField("网络地址")
    count = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["account", "address"], name="one_count_per_account_and_address")]
        indexes = [models.Index(fields=["address", "last_at"], name="failures_by_address")]

    def __str__(self) -> str:
        return f"{self.address}: {self.count}"


class CodeUse(models.TextChoices):
    FIRST = "first", "首次登录码"
    SIGN_IN = "sign_in", "现场登录码"
    RESET = "reset", "重置密码"
    MAIL = "mail", "核实邮箱"


class Code(models.Model):
    """A one-time code (一次性验证码), stored as a keyed hash; `pending` is the address that it proves."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="codes")
    use = models.CharField("用途", max_length=8, choices=CodeUse)
    digest = models.CharField(max_length=64)
    pending = EncryptedTextField(blank=True, default="")
    issued_by = models.ForeignKey(Person, models.PROTECT, null=True, related_name="+")
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["person", "use"], condition=Q(spent_at=None), name="one_live_code_per_use"),
            models.CheckConstraint(condition=Q(use__in=CodeUse.values), name="code_use_known"),
        ]

    def __str__(self) -> str:
        return self.get_use_display()


class PasswordRecord(models.Model):
    """A password that a person had, hashed, so that it does not come back (profile `dengbao`)."""

    person = models.ForeignKey(Person, models.CASCADE, related_name="old_passwords")
    password = models.CharField(max_length=128)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.person_id} {self.at:%Y-%m-%d}"
