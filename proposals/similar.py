"""Proposals that resemble a title (相近提案): pairs of characters in common, among what the asker may be shown (S11)."""

import re
import unicodedata
from functools import reduce
from operator import add
from typing import Any

from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.utils import timezone

from members import keys
from members.rights import keys_of, may
from members.shown import Similar
from proposals import public
from proposals.models import EDITABLE, Proposal, Status

MOST = 3
LOOKED_AT = 5_000
"""As many proposals, the newest, as are compared: more than ten years of a city."""
PAIRS = 16
FRAME = re.compile(r"^关于|的(建议|提案|意见|意见建议)$|[^\w]")


def pairs_of(title: str) -> list[str]:
    """The pairs of neighbouring characters that tell a title from others, at most `PAIRS`.

    >>> pairs_of("关于办好老年食堂的建议")
    ['办好', '好老', '老年', '年食', '食堂']
    """
    words = FRAME.sub("", FRAME.sub("", unicodedata.normalize("NFKC", title).strip()))
    return list(dict.fromkeys(words[place : place + 2] for place in range(len(words) - 1)))[:PAIRS]


def offered_to(user: Any) -> QuerySet[Proposal]:
    """What may be shown to somebody who writes: the own, the published, what is open to members; staff see their rows."""
    rows = Proposal.objects.visible_to(user).exclude(status__in=[*EDITABLE, Status.WITHDRAWN])
    if may(user, "proposals.enter"):
        return rows
    own = [key for key in keys_of(user) if key in (keys.PUBLIC, keys.MEMBERS) or key >= keys.BODY]
    return rows.filter(matter__readers__overlap=own)


def similar_to(title: str, user: Any, *, besides: Proposal | None = None) -> list[Similar]:
    """At most three that have a third of the pairs in common, the nearest first; what is published, as the public reads it."""
    pairs = pairs_of(title)
    if len(pairs) < 2:
        return []
    newest = offered_to(user).filter(matter__placeholder=False)
    if besides:
        newest = newest.exclude(pk=besides.pk)
    rows = Proposal.objects.filter(pk__in=newest.order_by("-pk").values("pk")[:LOOKED_AT])
    near: Any = having(rows, pairs, "matter__title").select_related("matter__session").order_by("-common", "-pk")[:MOST]
    found = {
        row.pk: (
            row.common,
            Similar(
                row.matter.title,
                row.get_absolute_url(),
                f"{timezone.localtime(row.submitted_at).year}年" if row.submitted_at else "",
                str(row.matter.session or ""),
                row.matter.get_stage_display(),
            ),
        )
        for row in near
    }
    out: Any = having(public.published(), pairs, "title").order_by("-common", "-proposal")
    if besides:
        out = out.exclude(proposal=besides)
    for row in () if may(user, "proposals.enter") else out[:MOST]:  # the desk sees the originals
        line = public.line_of(row)
        words = Similar(line.title, line.url, f"{line.published_on.year}年公布", line.session, "已公开")
        found.setdefault(row.proposal_id, (row.common, words))
    best = sorted(found, key=lambda pk: (-found[pk][0], -pk))[:MOST]
    return [found[pk][1] for pk in best]


def having(rows: QuerySet[Any], pairs: list[str], title: str) -> Any:
    """Those whose title has a third of the pairs, each with how many (`common`)."""
    hits = [Case(When(**{f"{title}__contains": pair}, then=Value(1)), default=Value(0)) for pair in pairs]
    counted: Any = rows.annotate(common=reduce(add, hits, Value(0, output_field=IntegerField())))
    return counted.filter(common__gte=max(2, -(-len(pairs) // 3)))
