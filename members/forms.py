"""How forms speak: every refusal names the field and says what to do."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.http import QueryDict

from members.shown import Fact

PHONE = RegexValidator(r"^[0-9+][0-9 -]{5,19}$", "请填写电话号码，例如 13800000000。")
FIRST_YEAR, LAST_YEAR = 1900, 2199
GONE = ("invalid_choice", "invalid_pk_value", "invalid_list")
CHOOSING = (forms.ChoiceField, forms.ModelChoiceField, forms.ModelMultipleChoiceField)


BREAKS = re.compile("[\x0b\x0c]")
ODD = re.compile("[\x01-\x08\x0e-\x1f\x7f\ufffe\uffff\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
"""Line and page breaks of word processors, as they come with what is pasted; signs that no page and no file may hold,
and unseen ones that would turn a title about or part a word that is looked for."""


def plain(data: QueryDict) -> QueryDict:
    """What was sent, with breaks as new lines and without signs that nobody reads."""
    if not any(BREAKS.search(value) or ODD.search(value) for values in data.lists() for value in values[1]):
        return data
    found = data.copy()
    for name, values in data.lists():
        found.setlist(name, [ODD.sub("", BREAKS.sub("\n", str(value))) for value in values])
    return found


def in_reach(day: date) -> None:
    """Refuse a year in which nobody acts: a moment in the year 1 could be stored, but never be read again."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise ValidationError(f"年份请写在 {FIRST_YEAR} 年到 {LAST_YEAR} 年之间。")


def in_plain_words(form: forms.BaseForm) -> None:
    """Give each field of the form its own sentences, unless the form has its own already, and keep days in reach.

    Two empty fields would otherwise stand in the error summary with the same words.
    """
    for field in form.fields.values():
        label = field.label or ""
        own = type(field).default_error_messages
        words = {
            "required": _required(field, str(label)),
            **dict.fromkeys(GONE, f"所选的{label}已不能选择，请刷新页面后重新选择。"),
            "min_value": f"{label}不能小于 %(limit_value)s。",
            "max_value": f"{label}不能大于 %(limit_value)s。",
            "max_digits": f"{label}最多 %(max)s 位数字。",
            "max_decimal_places": f"{label}最多写 %(max)s 位小数。",
            "max_whole_digits": f"{label}的整数部分最多 %(max)s 位。",
            "max_length": f"{label}不能超过 %(limit_value)d 字，现在有 %(show_value)d 字。",
        }
        if isinstance(field, forms.DateField | forms.DateTimeField) and in_reach not in field.validators:
            field.validators.append(in_reach)
        if isinstance(field, forms.DateField):
            words["invalid"] = f"{label}请写成年-月-日，例如 2026-05-22。"
        elif isinstance(field, forms.IntegerField):
            whole = not isinstance(field, forms.DecimalField | forms.FloatField)
            words["invalid"] = f"{label}请填写{'整数' if whole else '数字'}，例如 3。"
        elif isinstance(field, forms.ModelChoiceField):
            field.clean = _named(field)  # type: ignore[assignment,method-assign]  # of this form's own copy of the field
        for code, sentence in words.items():
            if field.error_messages.get(code) in (None, own.get(code), forms.Field.default_error_messages.get(code)):
                field.error_messages[code] = sentence


def _named(field: "forms.ModelChoiceField[Any]") -> Callable[[Any], Any]:
    """How this field reads a choice: what is no id at all, of a forged or an old page, is a choice that is gone."""
    read = type(field).clean

    def clean(value: Any) -> Any:
        try:
            return read(field, value)
        except ValidationError as error:
            if error.code in field.error_messages:
                raise
            raise ValidationError(field.error_messages["invalid_choice"], code="invalid_choice") from error

    return clean


def _required(field: forms.Field, label: str) -> str:
    if isinstance(field, forms.FileField):
        return f"请选择要上传的{label}。"
    if isinstance(field, forms.BooleanField):
        return f"请勾选“{label}”。"
    return f"请选择{label}。" if isinstance(field, CHOOSING) else f"请填写{label}。"


class PlainForm(forms.Form):
    """A form whose every refusal says what to do."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_plain_words(self)


def typed_in(form: forms.BaseForm) -> list[Fact]:
    """What a form holds, field by field in words; no password and nothing empty, and a file must be chosen again."""
    left_out = (forms.FileInput, forms.PasswordInput)
    shown = [bound for bound in form if not (bound.is_hidden or isinstance(bound.field.widget, left_out))]
    said = [(bound.label, _in_words(bound.field, bound.value())) for bound in shown]
    return [Fact(str(label), words, wide=True) for label, words in said if words]


def _in_words(field: forms.Field, value: Any) -> str:
    if isinstance(field, forms.BooleanField):
        return "是" if value else ""
    values = value if isinstance(value, list | tuple) else [value]
    names = {str(key): str(label) for key, label in getattr(field, "choices", ())}
    return ("、" if names else "\n").join(names.get(str(one), str(one)) for one in values if one not in ("", None))
