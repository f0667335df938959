"""Which browsers come here: the floor is Chromium 86 and Safari 14; older ones get a notice, never a closed door."""

import re
from typing import Final

CHROMIUM_FLOOR: Final = 86
SAFARI_FLOOR: Final = 14


def major_of(user_agent: str) -> tuple[str, int]:
    """Return the engine and its major version: ("chromium", 86), ("safari", 14), ("ie", 11) or ("other", 0)."""
    if found := re.search(r"(?:Chrome|Chromium)/(\d+)", user_agent):
        return "chromium", int(found[1])
    if re.search(r"MSIE |Trident/", user_agent):
        return "ie", 11
    if found := re.search(r"Version/(\d+)[\d.]* (?:Mobile/\S+ )?Safari", user_agent):
        return "safari", int(found[1])
    if found := re.search(
        r"(?:iPhone )?OS (\d+)_\d+.* like Mac OS X", user_agent
    ):  # WeChat on an iPhone names no Safari
        return "safari", int(found[1])
    return "other", 0


def is_old(user_agent: str) -> bool:
    engine, major = major_of(user_agent)
    floors = {"chromium": CHROMIUM_FLOOR, "safari": SAFARI_FLOOR, "ie": 99}
    return engine in floors and major < floors[engine]
