"""Tags and filters that every template has without loading them (settings, `builtins`)."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import qrcode
from django import forms, template
from django.conf import settings
from django.http import QueryDict
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from members.days import full_day, in_words, long_day, moment, short_day
from members.states import tone_of

register = template.Library()

register.filter("short_day", short_day)
register.filter("day", long_day)
register.filter("full_day", full_day)
register.filter("moment", moment)
register.filter("in_words", in_words)


@register.simple_tag
@lru_cache
def icon(name: str) -> SafeString:
    """Return a line icon of the sprite. It is never the only sign: words stand beside it."""
    sprite = static("vendor/lucide/sprite.svg")
    return format_html('<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"/></svg>', sprite, name)


@register.simple_tag
def qr_code(address: str, label: str) -> SafeString:
    """Return the QR code of an address of this house, for paper: black on white whatever the page's colours are."""
    code = qrcode.QRCode()
    code.add_data(settings.SITE_URL.rstrip("/") + address)
    rows = code.get_matrix()
    dark = "".join(f"M{x} {y}h1v1h-1z" for y, row in enumerate(rows) for x, cell in enumerate(row) if cell)
    return format_html(
        '<svg class="qr" role="img" aria-label="{}" viewBox="0 0 {size} {size}" shape-rendering="crispEdges">'
        '<rect width="{size}" height="{size}" fill="#fff"/><path d="{}" fill="#000"/></svg>',
        label,
        dark,
        size=len(rows),
    )


@register.filter
def carried(form: forms.BaseForm) -> SafeString:
    """Return what a form holds as hidden inputs, files aside; no hint describes what nobody sees."""
    shown = [field for field in form if not field.field.widget.needs_multipart_form]
    for field in shown:
        field.help_text = ""
    return format_html_join("", "{}", ((field.as_hidden(),) for field in shown))


@register.filter
def machine_time(value: date | datetime | None) -> str:
    """The ISO form for `<time datetime>`."""
    if isinstance(value, datetime):
        return timezone.localtime(value).isoformat(timespec="minutes")
    return value.isoformat() if value else ""


@register.filter
def characters(value: object) -> int:
    """Count characters as people do: code points, a line break is one."""
    return len(str(value or "").replace("\r\n", "\n"))


@register.simple_tag
def status_tag(label: str, tone: str = "", symbol: str = "") -> SafeString:
    """Return the word for a state in its box; the tone comes from `members.states` unless given."""
    tone = tone or tone_of(label)
    symbol = symbol or {"danger": "triangle-alert", "warn": "clock"}.get(tone, "")
    return format_html('<span class="tag tag--{}">{}{}</span>', tone, icon(symbol) if symbol else "", label)


@register.simple_tag
def deadline(
    due_on: date | None, started_on: date | None = None, on: date | None = None, provisional: object = False
) -> SafeString:
    """Return how long is left until the end of `due_on`, counted in calendar days from today (or `on`).

    With `started_on` a small bar shows the share of the time that is used up; `provisional` marks the day 暂定.
    """
    if due_on is None:
        return format_html('<span class="quiet">{}</span>', "不计时限")
    today = on or timezone.localdate()
    left = (due_on - today).days
    tone, symbol, words = _how_long(left)
    bar = _bar(_share(started_on, due_on, today)) if started_on else ""
    return format_html(
        '<div class="due {}"><b>{}{}</b><span class="due__day"><time datetime="{}">{}</time>{}{}</span></div>',
        f"is-{tone}" if tone else "",
        icon(symbol) if symbol else "",
        words,
        due_on.isoformat(),
        short_day(due_on),
        "（暂定）" if provisional else "",
        bar,
    )


@register.simple_tag
def urgency(due_on: date | None) -> SafeString | str:
    """Return 逾期 3 天 or 剩 2 天 in its box; nothing while there is more than a week."""
    if due_on is None:
        return ""
    tone, symbol, words = _how_long((due_on - timezone.localdate()).days)
    return status_tag(words, tone, symbol) if tone else ""


def _how_long(left: int) -> tuple[str, str, str]:
    if left < 0:
        return "danger", "triangle-alert", f"逾期 {-left} 天"
    if left == 0:
        return "warn", "clock", "今日到期"
    return ("warn", "clock", f"剩 {left} 天") if left <= 7 else ("", "", f"剩 {left} 天")


def _share(started_on: date, due_on: date, today: date) -> int:
    whole = max((due_on - started_on).days, 1)
    return max(0, min(100, round(100 * (today - started_on).days / whole)))


def _bar(share: int) -> SafeString:
    return format_html(
        '<svg class="bar" viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true" focusable="false">'
        '<rect class="bar__all" width="100" height="4"/><rect class="bar__used" width="{}" height="4"/></svg>',
        share,
    )


@register.simple_tag(takes_context=True)
def with_query(context: dict[str, Any], **changes: object) -> str:
    """Return this page's address with some parts of its query changed; an empty value takes the part out.

    A change of anything but the page starts again at the first page.
    """
    query: QueryDict = context["request"].GET.copy()
    if "page" not in changes:
        query.pop("page", None)
    for name, value in changes.items():
        if value in (None, ""):
            query.pop(name, None)
        else:
            query[name] = str(value)
    return f"?{query.urlencode()}"


@register.filter
def lost_file(bound_field: Any) -> bool:
    """Whether a file was chosen that is gone when the form comes back; a form whose files were kept says so (`kept`)."""
    takes_files = getattr(bound_field.field.widget, "input_type", "") == "file"
    return (
        takes_files and bound_field.form.is_bound and bool(bound_field.data) and not hasattr(bound_field.form, "kept")
    )


@register.filter
def widget_attr(bound_field: Any, name: str) -> Any:
    """An attribute of the field's widget as it will be printed."""
    widget = bound_field.field.widget
    return widget.build_attrs(widget.attrs).get(name)


@register.filter
def beside(row: Iterable[Any], heads: Iterable[Any]) -> list[tuple[Any, Any]]:
    """Each cell of a row with what stands above it."""
    return list(zip(row, heads, strict=True))


@register.filter
def split_words(text: str, by: str = ",") -> list[str]:
    """The parts of a list written in a template."""
    return text.split(by)


@register.filter
def paragraphs(text: str) -> SafeString:
    """Each line of a text as a paragraph; letters know no line breaks within one, and indent it themselves."""
    return format_html_join("", "<p>{}</p>", ((line.strip(),) for line in text.splitlines() if line.strip()))
