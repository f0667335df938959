"""Proposals that resemble a title (相近提案): pairs of characters in common, among what the asker may be shown (S11)."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from members import keys
from members.rights import keys_of, may
from members.shown import Similar
from proposals import public
from proposals.handling.likeness import having, pairs_of
from proposals.models import EDITABLE, Proposal, Status
from proposals.reports.hands import PUBLISHED

MOST = 3
LOOKED_AT = 5_000
"""As many proposals, the newest, as are compared: more than ten years of a city."""


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
    for common, one, words in () if may(user, "proposals.enter") else published_like(pairs, besides=besides):
        found.setdefault(one.pk, (common, words))  # the desk sees the originals
    best = sorted(found, key=lambda pk: (-found[pk][0], -pk))[:MOST]
    return [found[pk][1] for pk in best]


def published_like(pairs: list[str], *, besides: Proposal | None = None) -> list[tuple[int, Proposal, Similar]]:
    """What is published and has these pairs, each with how many, as the public reads it; at most three."""
    out: Any = having(public.published(), pairs, "title").order_by("-common", "-proposal")
    if besides:
        out = out.exclude(proposal=besides)
    found = []
    for row in out[:MOST]:
        line = public.line_of(row)
        words = Similar(line.title, line.url, f"{line.published_on.year}年公布", line.session, "已公开")
        found.append((row.common, row.proposal, words))
    return found


def register() -> None:
    """Whoever writes a report is shown what is published, too."""
    PUBLISHED.append(lambda pairs: [(common, one.matter_id, words) for common, one, words in published_like(pairs)])
