"""What a password must be like (S8): one of two profiles, chosen by PASSWORD_PROFILE."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.core.exceptions import ValidationError

from members.models import Person

LONGEST = 128
HISTORY = 5
AGE = timedelta(days=90)


class NotTheName:
    """Neither the username nor the name, nor longer than anybody types (hashing costs time)."""

    def validate(self, password: str, user: Any = None) -> None:
        if len(password) > LONGEST:
            raise ValidationError(f"密码不能超过{LONGEST}个字符。", code="too_long")
        for own in (getattr(user, "username", ""), getattr(user, "name", "")):
            if len(own) >= 2 and own.casefold() in password.casefold():
                raise ValidationError("密码不能包含用户名或姓名。", code="own_name")

    def get_help_text(self) -> str:
        return "密码不能包含用户名或姓名。"


class ThreeKinds:
    """At least three of lower case, upper case, digits and other characters."""

    def validate(self, password: str, user: Any = None) -> None:
        kinds = {
            "lower" if c.islower() else "upper" if c.isupper() else "digit" if c.isdigit() else "other"
            for c in password
        }
        if len(kinds) < 3:
            raise ValidationError(self.get_help_text(), code="too_plain")

    def get_help_text(self) -> str:
        return "密码须包含小写字母、大写字母、数字、其他字符中的三种。"


class NotOneOfTheLast:
    """None of the last five passwords of this person."""

    def validate(self, password: str, user: Any = None) -> None:
        if not isinstance(user, Person) or user.pk is None:
            return
        last = user.old_passwords.order_by("-at", "-pk").values_list("password", flat=True)[: HISTORY - 1]
        if any(check_password(password, old) for old in [user.password, *last]):
            raise ValidationError(self.get_help_text(), code="used_before")

    def get_help_text(self) -> str:
        return f"不能使用最近{HISTORY}次用过的密码。"


def is_too_old(person: Person, now: datetime) -> bool:
    """Tell whether the profile wants a new password by now; only `dengbao` ages passwords."""
    return (
        settings.PASSWORD_PROFILE == "dengbao"  # noqa: S105  # the name of a profile
        and person.password_changed_at is not None
        and person.password_changed_at + AGE < now
    )
