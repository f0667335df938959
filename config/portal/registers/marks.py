"""Result class (办理类别) and reference number of a letter (文号)."""

import re

from .text import Cell, narrow, one_line, value_of

CLASSES = frozenset("ABC")
CLASS_WORDS = {
    "A": ("已解决", "已经解决", "已采纳", "解决或采纳", "所提问题已经解决或采纳"),
    "B": ("正在解决", "列入计划", "计划解决", "列入计划解决", "正在解决或列入计划", "拟解决"),
    "C": ("留作参考", "留作工作参考", "作参考", "暂不能解决", "因条件限制暂不能解决", "难以解决"),
}
YEAR_BRACKETS = re.compile(r"[\[(〔【{﹝<《]\s*((?:19|20)\d\d)\s*[\])〕】}﹞>》]")


def parse_class(cell: Cell, classes: frozenset[str] = CLASSES) -> str | None:
    """Return the class as a letter, "" for an empty cell, None for anything else.

    >>> [parse_class(text) for text in ("a", "Ａ", "A类", "（A）", "B ", "正在解决", "", "D类")]
    ['A', 'A', 'A', 'A', 'B', 'B', '', None]
    """
    text = re.sub(r"[\s.、]", "", narrow(value_of(cell))).upper()
    if not text:
        return ""
    letter = re.fullmatch(r"[(\[]?([A-Z])[)\]]?(?:类|级|等)?[)\]]?(?:件|提案)?(?:[(:].*)?", text)
    if letter:
        return letter[1] if letter[1] in classes else None
    return next((mark for mark, words in CLASS_WORDS.items() if text in words and mark in classes), None)


def clean_doc_no(cell: Cell) -> str:
    """Write the year of a 文号 in 〔〕 and drop the spaces.

    >>> clean_doc_no("商务函[２０２６] 19号")
    '商务函〔2026〕19号'
    """
    text = re.sub(r"\s+", "", narrow(one_line(value_of(cell))))
    return YEAR_BRACKETS.sub(r"〔\1〕", text, count=1)
