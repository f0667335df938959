"""What an editor has made of a report's own words, clause by clause; plain functions of plain texts."""

from collections.abc import Sequence

from proposals.handling.versions import Difference, pieces


def differences(old: tuple[str, str], new: tuple[str, str]) -> list[Difference]:
    """How `new` departs from `old`, both as (title, text); what both say alike is left out."""
    labels = ("标题", "正文")
    return [
        Difference(label, pieces(before, after))
        for label, before, after in zip(labels, old, new, strict=True)
        if before != after
    ]


def tidy(text: str) -> str:
    """Paragraphs one below the other, without empty lines and without blanks at their ends.

    >>> tidy(" 一。 \\n\\n\\u3000\\u3000二。")
    '一。\\n二。'
    """
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())


def woven(texts: Sequence[str]) -> str:
    """The bodies of several reports one after the other: what an editor of a combined one begins with."""
    return "\n".join(tidy(text) for text in texts if text.strip())
