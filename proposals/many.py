"""What is done with many proposals at once: their publication, of those whose copy a reviewer has looked at."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from members.inbox.many import Many, Preview
from members.inbox.many import register as offer
from proposals import actions
from proposals.disclosure import delivered_of
from proposals.handling.many import posts_of, units_told
from proposals.handling.models import Assignment, Matter
from proposals.models import Proposal, Publication
from proposals.rights import in_hands_of


def register() -> None:
    offer(PublishMany)


class PublishMany(Many[Publication]):
    """The reviewers publish on one day what each was looked at (批量公开)."""

    kind = "proposals.publish_many"
    action = "proposals.publish_many"
    verb = "公开"
    id_path = "proposal__matter__public_id"

    def rows(self) -> QuerySet[Publication]:
        mine = in_hands_of(Proposal.objects.all(), self.by, self.action)
        rows = Publication.objects.waiting().filter(proposal__in=mine)
        rows = rows.select_related("proposal__matter__merged_into").prefetch_related("proposal__matter__suggestions")
        return rows.order_by("proposal__matter", "pk")

    def name_of(self, row: Publication) -> str:
        return f"{row.proposal.reference}　{row.proposal.matter.title}"

    def reference(self, row: Publication) -> str:
        return row.proposal.reference

    def look(self, rows: Sequence[Publication]) -> Preview:
        replies = delivered_of([row.proposal.matter for row in rows])
        why_not: dict[int, str] = {}
        what: dict[int, str] = {}
        parts: dict[int, Assignment] = {}
        for row in rows:
            given = replies[row.proposal.matter_id]
            if why := actions.why_not_public(row.proposal) or actions.why_not_checked(row, given):
                why_not[row.pk] = why
                continue
            public = sum(1 for reply in given if actions.to_be_public(reply))
            what[row.pk] = f"连同答复 {public} 份" + (
                f"，{len(given) - public} 份答复不公开" if public < len(given) else ""
            )
            parts |= {reply.assignment_id: reply.assignment for reply in given}
        told = list(parts.values())
        posts = posts_of(told, on=timezone.localdate())
        return Preview(why_not, what, units_told(told, posts, also="，提案者") if told else None)

    def act(self, row: Publication, facts: dict[str, Any], *, sending: str, now: datetime) -> None:
        actions.publish(
            row.proposal,
            on=date.fromisoformat(facts["publish_on"]),
            with_evaluation=facts["with_evaluation"],
            checked=True,
            only_checked=True,
            by=self.by,
            now=now,
            sending=sending,
        )

    def lost(self, ids: Sequence[str]) -> list[str]:
        """Those that this person still sees are named, with what became of them."""
        rows = Publication.objects.filter(proposal__matter__public_id__in=ids)
        rows = rows.filter(proposal__matter__in=Matter.objects.visible_to(self.by)).select_related("proposal__matter")
        named = [
            f"{row.proposal.reference}：{actions.said_of(row, row.proposal)}，不能这样办理。"
            for row in rows.order_by("pk")
        ]
        return named + (super().lost(ids[len(named) :]) if len(named) < len(ids) else [])
