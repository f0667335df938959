"""How a person sees the house: size of type, colours, keys, height of rows. Known before the first byte, so nothing jumps.

Someone signed in carries the choice in the profile, so that it follows to the next device; for everyone else a cookie
keeps it. Rows are as high as suits the screen at hand, so that choice stays with the device.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponseBase

SIZES: Final = {"normal": "标准", "large": "大字版"}
ROWS: Final = {"normal": "两行", "compact": "紧凑"}
THEMES: Final = {"auto": "跟随系统", "light": "浅色", "dark": "深色"}
A_YEAR: Final = 365 * 24 * 3600


@dataclass(frozen=True)
class Display:
    size: str = "normal"
    theme: str = "auto"
    keys: bool = True
    rows: str = "normal"

    def is_large(self) -> bool:
        return self.size == "large"

    def is_compact(self) -> bool:
        return self.rows == "compact"

    def is_dark(self) -> bool:
        return self.theme == "dark"


def display_of(request: HttpRequest) -> Display:
    """Return what the profile says, or else the cookie; anything unknown is the default."""
    person: Any = request.user if hasattr(request, "user") and request.user.is_authenticated else None
    rows = request.COOKIES.get("rows", "")
    rows = rows if rows in ROWS else "normal"
    if person is not None:
        return Display(person.size, person.theme, person.keys, rows)
    size = request.COOKIES.get("size", "")
    theme = request.COOKIES.get("theme", "")
    return Display(
        size if size in SIZES else "normal",
        theme if theme in THEMES else "auto",
        request.COOKIES.get("keys") != "off",
        rows,
    )


def remember(response: HttpResponseBase, display: Display, *, secure: bool) -> None:
    """Write the choice into cookies. They hold nothing personal."""
    keys = "on" if display.keys else "off"
    for name, value in (("size", display.size), ("theme", display.theme), ("keys", keys), ("rows", display.rows)):
        response.set_cookie(name, value, max_age=A_YEAR, secure=secure, httponly=True, samesite="Lax")
