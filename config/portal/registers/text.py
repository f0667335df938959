"""Cells as clean text."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from typing import TypeAlias

Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta | None

# Words that clerks write into a cell to say that it is empty.
EMPTY_WORDS = frozenset(
    {
        "-",
        "--",
        "—",
        "——",
        "/",
        "\\",
        "无",
        "暂无",
        "没有",
        "空",
        "未定",
        "待定",
        "未交办",
        "未答复",
        "未办结",
        "n/a",
        "none",
        "null",
    }
)

# Zero-width characters, direction marks and the byte-order mark: they would hide or reorder what people read.
INVISIBLE = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
CJK = r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"
BREAK_INSIDE_CHINESE = re.compile(rf"(?<={CJK})\n(?={CJK})")


def text_of(cell: Cell) -> str:
    """Return the cell as people read it: 2.0 is "2", a date is ISO; line breaks stay, outer space goes."""
    match cell:
        case None:
            return ""
        case str():
            text = cell.replace("\r\n", "\n").replace("\r", "\n")
            return INVISIBLE.sub("", CONTROL.sub("", text)).strip()
        case bool():
            return "是" if cell else "否"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() if cell.time() == time(0):
            return cell.date().isoformat()
        case datetime():
            return cell.isoformat(" ", "minutes")
        case _:
            return str(cell)


def narrow(text: str) -> str:
    """Full-width letters, digits and punctuation as their ordinary forms."""
    return unicodedata.normalize("NFKC", text)


def one_line(text: str) -> str:
    """Join broken lines: without a space inside Chinese text, with one elsewhere.

    >>> one_line("加强金融\\n消费者权益保护"), one_line("5G\\nplus")
    ('加强金融消费者权益保护', '5G plus')
    """
    lines = "\n".join(filter(None, (line.strip() for line in text.split("\n"))))
    return BREAK_INSIDE_CHINESE.sub("", lines).replace("\n", " ").replace("\u00a0", " ")


def clean_title(cell: Cell) -> str:
    """The title without the book marks around it, outer space and line breaks; never cut short."""
    title = one_line(text_of(cell))
    while title.startswith("《") and closing(title) == len(title) - 1:
        title = title[1:-1].strip()
    return "" if title.casefold() in EMPTY_WORDS else title


def closing(title: str) -> int:
    """Position of the mark that closes the book mark at the start, or -1."""
    depth = 0
    for position, letter in enumerate(title):
        depth += (letter == "《") - (letter == "》")
        if depth == 0:
            return position
    return -1


def value_of(cell: Cell) -> str:
    """The cell's text, or nothing where the clerk wrote a dash or 无."""
    text = text_of(cell)
    return "" if text.casefold() in EMPTY_WORDS else text


def same_words(title: str) -> str:
    """What two spellings of one title share: no spaces, no punctuation, no width, no case."""
    return "".join(letter for letter in narrow(title).casefold() if letter.isalnum())
