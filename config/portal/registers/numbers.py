"""Proposal numbers (案号) as clerks write them."""

import re

from .text import Cell, narrow, text_of

LONGEST = 40  # letters in a cell that can still be a number
DIGITS = "〇一二三四五六七八九"
TENS = str.maketrans("○零", "〇〇")
WORDS_AROUND = re.compile(
    r"^(?:提案|编号|案号|案|no|no\.|no:|№|第|#|:|\.|\s|'|=|\")+|(?:号|提案|案|件|#|\s|\")+$", re.IGNORECASE
)
NAMED = re.compile(r"第\s*(\d+)\s*号")
PREFIXED = re.compile(r"(?:((?!.{0,2}[共计约第])[一-鿿A-Za-z]{1,3})-?)?(\d{1,6})")
SPACE = re.compile(r"(?<!\d)\s+|\s+(?!\d)")
AFTER_YEAR = re.compile(r"[\[(〔【]?((?:19|20)\d\d)[\])〕】年]?\s*-?\s*(0\d{2,4})")


def chinese_number(text: str) -> int | None:
    """Read 三, 十二, 二十六, 一百零五 or, digit by digit, 二〇二六.

    >>> [chinese_number(text) for text in ("三", "十二", "二十", "廿六", "一百零五", "二〇二六", "百姓")]
    [3, 12, 20, 26, 105, 2026, None]
    """
    text = text.translate(TENS).replace("两", "二").replace("廿", "二十").replace("卅", "三十")
    if text and all(letter in DIGITS for letter in text):
        return int("".join(str(DIGITS.index(letter)) for letter in text))
    if not re.fullmatch(rf"(?:[{DIGITS}]千)?〇?(?:[{DIGITS}]百)?〇?(?:[{DIGITS}]?十)?[{DIGITS}]?", text) or not text:
        return None
    total, digit = 0, 0
    for letter in text:
        if letter in DIGITS:
            digit = DIGITS.index(letter)
        else:
            total += (digit or 1) * {"十": 10, "百": 100, "千": 1000}[letter]
            digit = 0
    return total + digit


def parse_number(cell: Cell) -> str | None:
    """Return the number as the register prints it, four digits with its letters if any, or None.

    Ranges and lists (98-99, 98、99) are refused: they do not say which proposal is meant.

    >>> [parse_number(cell) for cell in (2, "０００３", "第005号提案", "7 ", "集12", "98-99", "")]
    ['0002', '0003', '0005', '0007', '集0012', None, None]
    """
    text = text_of(cell)
    if len(text) > LONGEST:
        return None
    text = SPACE.sub("", re.sub(r"^(\d+)\.0+$", r"\1", narrow(text_of(cell))))
    named = NAMED.findall(text)
    if len(named) == 1 and not re.search(r"第\d+号\D{0,4}\d", text):
        return padded("", named[0])
    bare = WORDS_AROUND.sub("", text)
    if found := AFTER_YEAR.fullmatch(bare):
        return padded("", found[2])
    if found := PREFIXED.fullmatch(bare):
        return padded(found[1] or "", found[2])
    number = chinese_number(bare)
    return padded("", str(number)) if number else None


def padded(prefix: str, digits: str) -> str | None:
    number = int(digits)
    return f"{prefix.upper()}{number:04d}" if number else None
