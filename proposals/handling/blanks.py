"""What a template leaves to the writer: words in 【】, some of which the house fills in."""

import re

from .models import Matter, Reply
from .queries import labels_of, suggestions_of

BLANK = re.compile(r"【[^【】]*】")
TITLE, NUMBER = "【案由】", "【案号】"


def filled(text: str, matter: Matter) -> str:
    """The text with the title and the number of the matter; other blanks stay."""
    return text.replace(TITLE, matter.title_for_units).replace(NUMBER, matter.label)


def blanks_of(reply: Reply) -> dict[str, list[str]]:
    """The blanks that nobody has filled in yet, by where in the reply they stand."""
    found = {"总体说明": blanks_in(reply.opening)}
    points = [point for point in reply.points.order_by("pk") if not point.same_as_id and blanks_in(point.text)]
    if points:
        labels = labels_of(suggestions_of(reply.assignment.matter))
        found |= {f"{labels.get(point.suggestion_id, '一条')}的答复": blanks_in(point.text) for point in points}
    return {where: words for where, words in found.items() if words}


def blanks_in(text: str) -> list[str]:
    """
    >>> blanks_in("由【科室】会同【单位】办理，【科室】牵头。")
    ['【科室】', '【单位】']
    """
    return list(dict.fromkeys(BLANK.findall(text)))
