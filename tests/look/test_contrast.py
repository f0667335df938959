"""The colours of the stylesheet can be told apart: pairs of tokens in both themes (WCAG 1.4.3, 1.4.11)."""

import re
from pathlib import Path

import pytest
from django.conf import settings

TEXT = 4.5
EDGE = 3.0
PAIRS = [
    *[
        (text, back, TEXT)
        for text in ("text", "text-2", "text-3")
        for back in ("bg", "surface", "surface-2", "surface-3")
    ],
    ("text-3", "action-soft", TEXT),
    ("action", "surface", TEXT),
    ("action", "bg", TEXT),
    ("action", "action-soft", TEXT),
    ("action-2", "surface", TEXT),
    ("on-action", "action", TEXT),
    ("on-action", "action-2", TEXT),
    ("on-brand", "brand", TEXT),
    ("on-brand", "brand-2", TEXT),
    ("on-brand-2", "brand-2", TEXT),
    ("brand", "on-brand", TEXT),
    ("danger", "surface", TEXT),
    ("danger", "action-soft", TEXT),
    ("warn", "surface", TEXT),
    ("warn", "action-soft", TEXT),
    *[(tone, f"{tone}-bg", TEXT) for tone in ("danger", "warn", "ok", "info", "neutral", "key")],
    *[("text", f"{tone}-bg", TEXT) for tone in ("danger", "warn", "ok", "info")],
    ("surface", "ok", TEXT),
    ("surface", "text", TEXT),
    *[(edge, back, EDGE) for edge in ("line-strong", "focus", "mark") for back in ("bg", "surface")],
]


def tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{3,6})", block))


def themes() -> dict[str, dict[str, str]]:
    css = (Path(settings.BASE_DIR) / "static/css/app.css").read_text()
    light = tokens(css[css.index(":root {") : css.index('html[data-theme="dark"] {')])
    dark = tokens(css[css.index('html[data-theme="dark"] {') : css.index("@media (prefers-color-scheme: dark)")])
    auto = tokens(css[css.index('html[data-theme="auto"] {') : css.index("---- 2 elements")])
    return {"light": light, "dark": {**light, **dark}, "auto": {**light, **auto}}


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("front", "back", "least"), PAIRS)
def test_colours_can_be_told_apart(theme: str, front: str, back: str, least: float) -> None:
    colours = themes()[theme]

    assert contrast(colours[front], colours[back]) >= least


def test_dark_by_choice_and_dark_by_system_are_the_same() -> None:
    assert themes()["dark"] == themes()["auto"]
