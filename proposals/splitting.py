"""Where one suggestion ends and the next begins in a text that was pasted or scanned (P29). No database, no clock."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_DIGITS = {digit: value for value, digit in enumerate("零一二三四五六七八九")}
_CIRCLED = {chr(ord("①") + n): n + 1 for n in range(20)}
_HAN = "[一二三四五六七八九十]{1,3}"
_LINE = r"(?:(?<=\n)|\A)[ \t\u3000]*"
_CLAUSE = r"(?:(?<=[\n。；;：:，,！？、 \u3000])|\A)[ \t\u3000]*"

# in the order in which outlines nest: the outermost style that counts 1, 2 … wins
_STYLES = (
    re.compile(_LINE + rf"(?P<n>{_HAN})、"),
    re.compile(_LINE + rf"[（(](?P<n>{_HAN})[)）]、?"),
    re.compile(_LINE + r"(?P<n>\d{1,2})(?:[.．、](?!\d)|[)）])[ \t]*"),
    re.compile(_LINE + r"[（(](?P<n>\d{1,2})[)）]、?"),
    re.compile(_CLAUSE + rf"(?P<n>{_HAN})(?:是|要(?!素|求|点))"),
    re.compile(_CLAUSE + rf"第(?P<n>{_HAN})[，、,：:]"),
    re.compile(r"(?P<n>[①-⑳])[ \t]*"),
)


@dataclass(frozen=True)
class _Mark:
    start: int
    end: int
    value: int


def split(text: str) -> list[str]:
    """Return the numbered suggestions of `text` without their marks; the whole is one where nothing counts 1, 2 ….

    Nothing is lost: words before the first mark stay at the head of the first suggestion, unless they are only
    a heading such as “建议如下：”.

    >>> split("一是加装电梯；二是修缮管网。")
    ['加装电梯；', '修缮管网。']
    >>> split("建议统筹规划停车设施。")
    ['建议统筹规划停车设施。']
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n").strip()
    marks = _outermost(text)
    if not marks:
        return [text] if text else []
    ends = [mark.start for mark in marks[1:]] + [len(text)]
    parts = [text[mark.end : end].strip() for mark, end in zip(marks, ends, strict=True)]
    head = text[: marks[0].start].strip()
    if head and not _is_heading(head):
        parts[0] = f"{head}\n{parts[0]}"
    return [part for part in parts if part]


def _outermost(text: str) -> list[_Mark]:
    """The marks of the style that begins first; of two that begin together, the outer one."""
    chains = [chain for style in _STYLES if len(chain := list(_chain(style, text))) > 1]
    return min(chains, key=lambda chain: chain[0].start, default=[])


def _chain(style: re.Pattern[str], text: str) -> Iterator[_Mark]:
    """The matches of one style that count 1, 2, 3 … in order; a restart below an outer mark is skipped."""
    wanted = 1
    for match in style.finditer(text):
        if _number(match["n"]) == wanted:
            yield _Mark(match.start(), match.end(), wanted)
            wanted += 1


def _number(word: str) -> int:
    """
    >>> [_number(word) for word in ("三", "十", "十二", "二十", "二十一", "7", "④")]
    [3, 10, 12, 20, 21, 7, 4]
    """
    if word in _CIRCLED:
        return _CIRCLED[word]
    if word.isdecimal():
        return int(word)
    tens, found, ones = word.rpartition("十")
    if not found:
        return _DIGITS.get(word, 0)
    return (_DIGITS.get(tens, 0) if tens else 1) * 10 + (_DIGITS.get(ones, 0) if ones else 0)


def _is_heading(head: str) -> bool:
    return (
        len(head) <= 20
        and "\n" not in head
        and (head[-1] in "：:" or head.strip("具体有关意见和相对策") in ("建议", ""))
    )
