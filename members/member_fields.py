"""Fields that take members by name, as people write them."""

import re
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from members.models import Appointment, Body, Membership, Person

APART = re.compile(r"[、，,;；\n]+|\s{2,}")
MOST = 20


class Names(forms.TextInput):
    """A line that offers names while one types, and takes any other; the list stands once on the page."""

    def __init__(self, source: str, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"list": source, "autocomplete": "off", **(attrs or {})})


class MemberField(forms.CharField):
    """A current member by name; two of one name are told apart by sector, as in 张三（经济界）.

    `needed_by` says when an optional field must be filled after all; with `body` its own people are found as well.
    """

    def __init__(self, *, needed_by: str = "", body: Body | None = None, **kwargs: Any) -> None:
        self.needed_by, self.body = needed_by, body
        super().__init__(widget=Names("members"), max_length=128, **kwargs)

    def clean(self, value: Any) -> Person | None:
        text = super().clean(value)
        return member_called(text, self.body) if text else None

    def prepare_value(self, value: Any) -> Any:
        return value.name if isinstance(value, Person) else value


class MembersField(forms.CharField):
    """Several current members, as in 张三、李四（经济界）; the value is a list without repeats."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "几位委员之间用顿号分开；同名的写成“姓名（界别）”。")
        super().__init__(widget=Names("members"), max_length=400, **kwargs)

    def clean(self, value: Any) -> list[Person]:
        names = [name for name in APART.split(super().clean(value)) if name.strip()]
        if len(names) > MOST:
            raise ValidationError(f"一次最多填写{MOST}位委员，现在有{len(names)}位。")
        return list(dict.fromkeys(member_called(name) for name in names))

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "、".join(person.name for person in value or ())


def member_called(text: str, body: Body | None = None) -> Person:
    """The current member whom `text` names, or somebody of `body`, or ValidationError."""
    wanted = text.strip().replace("(", "（").replace(")", "）")
    name = wanted.split("（")[0].strip()
    rows = [row for row in current_members() if row.person.name == name]
    found = [row.person for row in rows if len(rows) == 1 or member_label(row) == wanted]
    if not found and not rows and body:
        found = [person for person in colleagues(body) if person.name == name]
    if not found:
        hint = (
            f"有{len(rows)}位同名委员，请写成“姓名（界别）”。"
            if rows
            else f"请核对姓名，只能选择现任委员{'或本组织的工作人员' if body else ''}。"
        )
        raise ValidationError(f"没有找到委员“{text[:40]}”。{hint}")
    return found[0]


def colleagues(body: Body) -> list[Person]:
    """Who works for an organisation today."""
    held = Appointment.objects.in_force(timezone.localdate()).filter(body=body)
    return list(Person.objects.filter(pk__in=held.values("person"), is_active=True).order_by("pinyin", "pk"))


def current_members() -> Sequence[Membership]:
    rows = Membership.objects.in_force(timezone.localdate()).filter(person__is_active=True)
    return list(rows.select_related("person", "sector").order_by("person__pinyin", "person_id"))


def member_label(row: Membership) -> str:
    return f"{row.person.name}（{row.sector}）" if row.sector else row.person.name


def member_labels() -> list[str]:
    """What a line for members offers while one types."""
    return [member_label(row) for row in current_members()]
