"""Personal data in a text that is to be published: found, shown with its place, and masked in the public copy.

Mobile and fixed phone numbers, id-card numbers by their check digit (GB 11643), bank cards by theirs (Luhn), mail
addresses. Names and whatever else is left is hidden by hand. The original is never changed.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

MARK = "＊＊＊"
"""What stands in place of what was masked: it tells neither what it was nor how long."""
NARROW = str.maketrans("０１２３４５６７８９Ｘｘ－＠．＋（）　", "0123456789Xx-@.+()" + " ")
"""Full-width signs read as their narrow ones, one for one, so that places stay the same."""
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10X98765432"


class Kind(StrEnum):
    ID_CARD = "身份证号"
    BANK_CARD = "银行卡号"
    MOBILE = "手机号"
    PHONE = "固定电话"
    MAIL = "电子邮箱"
    BY_HAND = "手工遮盖"


@dataclass(frozen=True)
class Found:
    """What stands from `start` up to `end`, as it is written."""

    start: int
    end: int
    text: str
    kind: Kind


PATTERNS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    (Kind.ID_CARD, re.compile(r"(?<![0-9])[1-9][0-9]{5}[- ]?[0-9]{8}[- ]?[0-9]{3}[0-9Xx](?![0-9Xx])")),
    (Kind.BANK_CARD, re.compile(r"(?<![0-9])[1-9](?:[- ]?[0-9]){12,18}(?![0-9])")),
    (Kind.MOBILE, re.compile(r"(?<![0-9])(?:\+?86[- ]?)?1[3-9][0-9](?:[- ]?[0-9]{4}){2}(?![0-9])")),
    (Kind.PHONE, re.compile(r"(?<![0-9])\(?0[1-9][0-9]{1,2}\)?[- ]?[1-9][0-9]{6,7}(?:[-转][0-9]{1,6})?(?![0-9])")),
    (Kind.PHONE, re.compile(r"(?<=电话)(?:号码)?[:： ]?[ ]?([1-9][0-9]{6,7})(?![0-9])")),
    (Kind.MAIL, re.compile(r"[A-Za-z0-9_.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")),
)


def find(text: str) -> list[Found]:
    """Every place with personal data, in order and without overlaps; the more exact kind wins."""
    narrow, found = text.translate(NARROW), list[Found]()
    for kind, pattern in PATTERNS:
        for match in pattern.finditer(narrow):
            start, end = match.span(1) if match.re.groups else match.span()
            free = all(end <= one.start or start >= one.end for one in found)
            if free and is_one(kind, narrow[start:end]):
                found.append(Found(start, end, text[start:end], kind))
    return sorted(found, key=lambda one: one.start)


def is_one(kind: Kind, written: str) -> bool:
    """Whether the check digit of a number is right; other kinds have none.

    >>> is_one(Kind.ID_CARD, "11010519491231002X"), is_one(Kind.ID_CARD, "110105194912310021")
    (True, False)
    >>> is_one(Kind.BANK_CARD, "6222 0212 3456 7894"), is_one(Kind.BANK_CARD, "6222 0212 3456 7890")
    (False, True)
    """
    digits = [sign for sign in written.upper() if sign in "0123456789X"]
    if kind == Kind.ID_CARD:
        total = sum(int(digit) * weight for digit, weight in zip(digits, WEIGHTS, strict=False))
        return digits[-1] == CHECKS[total % 11]
    return kind != Kind.BANK_CARD or luhn([int(digit) for digit in digits])


def luhn(digits: list[int]) -> bool:
    doubled = [digit if place % 2 == 0 else digit * 2 for place, digit in enumerate(reversed(digits))]
    return sum(number - 9 if number > 9 else number for number in doubled) % 10 == 0


def places(text: str, hidden: Collection[str], kept: Collection[str] = ()) -> list[Found]:
    """What is masked in this text: all that was found but what is `kept`, and the words `hidden` by hand."""
    found = [one for one in find(text) if one.text not in kept]
    words = sorted({word for word in hidden if word.strip() and MARK[0] not in word}, key=len, reverse=True)
    if words:
        for match in re.finditer("|".join(map(re.escape, words)), text):
            found.append(Found(match.start(), match.end(), match.group(), Kind.BY_HAND))
    return list(joined(sorted(found, key=lambda one: (one.start, -one.end)), text))


def joined(found: list[Found], text: str) -> Iterator[Found]:
    """Overlapping places are one."""
    last: Found | None = None
    for one in found:
        if last is not None and one.start < last.end:
            end = max(last.end, one.end)
            last = Found(last.start, end, text[last.start : end], last.kind)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def mask(text: str, hidden: Collection[str] = (), kept: Collection[str] = ()) -> str:
    """The public copy: nothing that `places` finds is left in it.

    >>> mask("请联系张三，电话13912345678。", ["张三"])
    '请联系＊＊＊，电话＊＊＊。'
    """
    while found := places(text, hidden, kept):
        parts, at = list[str](), 0
        for one in found:
            parts += [text[at : one.start], MARK]
            at = one.end
        text = "".join([*parts, text[at:]])
    return text


@dataclass(frozen=True)
class Piece:
    """A stretch of a text; `kind` says why it is masked, if it is."""

    text: str
    kind: str = ""


def pieces(text: str, hidden: Collection[str] = (), kept: Collection[str] = ()) -> list[Piece]:
    """The original in stretches, what is masked told from what stays: together they are the text."""
    shown, at = list[Piece](), 0
    for one in places(text, hidden, kept):
        shown += [Piece(text[at : one.start]), Piece(one.text, one.kind.value)]
        at = one.end
    shown.append(Piece(text[at:]))
    return [piece for piece in shown if piece.text]
