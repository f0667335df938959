"""The client's list of words that point to secrets (保密词表, S5): a hit warns, never blocks, and is written nowhere.

The list is a text file outside the repository, named by `WORD_LIST`: one word a line, lines with # are remarks.
"""

import logging
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from django.conf import settings

logger = logging.getLogger(__name__)

ADVICE = "涉密事项不得在本系统填写。如内容确属涉密，请删除这些文字并按保密规定线下提交，同时告知{office}；如不涉密，核对后可以继续。"


def warning(parts: Iterable[tuple[str, str]], *, office: str) -> str:
    """A sentence that names the parts in which a word of the list stands, and what to do; empty without a hit."""
    found = named(parts)
    return f"{found}中有保密词表所列的词。{ADVICE.format(office=office)}" if found else ""


def named(parts: Iterable[tuple[str, str]]) -> str:
    """The names of the parts, as `(name, text)`, in which a word of the list stands; nothing without a list."""
    words = listed()
    if not words:
        return ""
    found = [f"“{name}”" for name, said in parts if any(word in plain(said) for word in words)]
    return "、".join(found)


def plain(text: str) -> str:
    """Text as it is compared: one form of every character, no case, no white space."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def listed() -> tuple[str, ...]:
    """The words of the list; none where no list is named, or it cannot be read, which the log says."""
    if not settings.WORD_LIST:
        return ()
    path = Path(settings.WORD_LIST)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except (OSError, UnicodeDecodeError) as error:
        logger.error("the word list cannot be read: %s", type(error).__name__)
        return ()


@lru_cache(maxsize=1)
def _read(path: Path, changed_at: int) -> tuple[str, ...]:
    lines = (plain(line) for line in path.read_text("utf-8-sig").splitlines())
    return tuple(line for line in lines if line and not line.startswith("#"))
