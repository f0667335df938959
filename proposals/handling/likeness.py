"""How alike two titles are (相近): pairs of neighbouring characters that they have in common."""

import re
import unicodedata
from functools import reduce
from operator import add
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When

PAIRS = 16
FRAME = re.compile(r"^关于|的(建议|提案|意见|意见建议|情况反映|情况)$|[^\w]")


def pairs_of(title: str) -> list[str]:
    """The pairs of neighbouring characters that tell a title from others, at most `PAIRS`.

    >>> pairs_of("关于办好老年食堂的建议")
    ['办好', '好老', '老年', '年食', '食堂']
    """
    words = FRAME.sub("", FRAME.sub("", unicodedata.normalize("NFKC", title).strip()))
    return list(dict.fromkeys(words[place : place + 2] for place in range(len(words) - 1)))[:PAIRS]


def having(rows: QuerySet[Any], pairs: list[str], title: str) -> Any:
    """Those whose title has a third of the pairs, each with how many (`common`)."""
    hits = [Case(When(**{f"{title}__contains": pair}, then=Value(1)), default=Value(0)) for pair in pairs]
    counted: Any = rows.annotate(common=reduce(add, hits, Value(0, output_field=IntegerField())))
    return counted.filter(common__gte=max(2, -(-len(pairs) // 3)))
