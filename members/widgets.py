"""Inputs that differ from Django's: lengths counted in characters, days picked natively."""

from typing import Any

from django import forms


class Counted(forms.Textarea):
    """A text field that says how many characters are left.

    Browsers count `maxlength` in UTF-16 units, so 𠮷 would count twice, and cut what is pasted without a word. Here
    the limit is only shown (`data-max`, counted by code point in app.js) and the form field refuses what is longer.
    A line break is one character on both sides.
    """

    def build_attrs(self, base_attrs: dict[str, Any], extra_attrs: dict[str, Any] | None = None) -> dict[str, Any]:
        attrs = super().build_attrs(base_attrs, extra_attrs)
        if limit := attrs.pop("maxlength", None):
            attrs["data-max"] = limit
        return attrs

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return value.replace("\r\n", "\n") if isinstance(value, str) else value


class CountedLine(Counted):
    """A title: one sentence that may wrap, shown in two lines. Line breaks are taken out."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 2, **(attrs or {})})

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        value = super().value_from_datadict(data, files, name)
        return "".join(value.splitlines()) if isinstance(value, str) else value


class Day(forms.DateInput):
    """The browser's own date field: ISO value, usable from the keyboard."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs, format="%Y-%m-%d")


def looked_up(url: str) -> dict[str, str]:
    """Attributes of a title's field: once a word is committed, `#similar` shows what resembles it."""
    return {
        "data-search": "",
        "hx-get": url,
        "hx-trigger": "search-input",
        "hx-target": "#similar",
        "hx-swap": "outerHTML",
        "hx-sync": "this:replace",
    }
