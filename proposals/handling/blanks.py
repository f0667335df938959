"""What a template leaves to the writer: words in 【】, some of which the house fills in."""

import re
from collections.abc import Iterator

from members.errors import Refused

from .models import Commitment, Matter, Reply
from .queries import labels_of, suggestions_of

BLANK = re.compile(r"【[^【】]*】")
TITLE, NUMBER = "【案由】", "【案号】"
WRITTEN = {
    "opening": "总体说明",
    "no_contact_reason": "未与提案者沟通的原因",
    "signer": "签发人",
    "contact_name": "联系人",
}
"""What a writer types for the reply as a whole; its number may have such brackets by right."""


def filled(text: str, matter: Matter) -> str:
    """The text with the title and the number of the matter; other blanks stay."""
    return text.replace(TITLE, matter.title_for_units).replace(NUMBER, matter.label)


def blanks_of(reply: Reply) -> dict[str, list[str]]:
    """The blanks that nobody has filled in yet, by where in the reply they stand."""
    found: dict[str, list[str]] = {}
    for where, text in _parts_of(reply):
        if words := blanks_in(text):
            found[where] = [*found.get(where, []), *words]
    return found


def _parts_of(reply: Reply) -> Iterator[tuple[str, str]]:
    """Everything that somebody has typed: for the whole, for each suggestion, for each promise."""
    yield from ((label, getattr(reply, name)) for name, label in WRITTEN.items())
    points = [point for point in reply.points.order_by("pk") if not point.same_as_id and blanks_in(point.text)]
    labels = labels_of(suggestions_of(reply.assignment.matter)) if points else {}
    yield from ((f"{labels.get(point.suggestion_id, '一条')}的答复", point.text) for point in points)
    promises = Commitment.objects.filter(point__reply=reply, point__same_as=None)
    for row in promises.order_by("due_on", "pk"):
        yield "承诺事项", row.text
        yield "承诺的可检验的结果", row.measure


def refuse_blanks(where: str, text: str, *, field: str) -> None:
    """What is sent by itself, apart from a draft, has no blank either."""
    if words := blanks_in(text):
        raise Refused(still_blank(where, words), field=field)


def still_blank(where: str, words: list[str]) -> str:
    return f"{where}里的{'、'.join(words)}还没有改写，请填写或删去；正文要用括号的，请用（）。"


def blanks_in(text: str) -> list[str]:
    """
    >>> blanks_in("由【科室】会同【单位】办理，【科室】牵头。")
    ['【科室】', '【单位】']
    """
    return list(dict.fromkeys(BLANK.findall(text)))
