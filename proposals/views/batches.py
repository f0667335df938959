"""Hand-overs afterwards: what went where, its papers, and undoing one of which no unit has heard (交办批次)."""

from collections import Counter
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.days import short_day
from members.inbox.queries import group_text
from members.pages import ConfirmPage, DetailPage, ListPage, Signed
from members.shown import Act, Crumb, Fact
from proposals import actions
from proposals.forms import UndoHandOverForm
from proposals.handling.models import Matter
from proposals.models import Batch, Proposal
from proposals.queries import batches_of


class Batches(ListPage[Batch]):
    """Every hand-over, newest first."""

    action = "proposals.hand_over"
    title = "交办批次"
    template_name = "proposals/batches.html"
    unit_word = "批"
    empty_sentence = "还没有交办过。"

    def get_queryset(self) -> QuerySet[Batch]:
        return batches_of(self.request.user).order_by("-at", "-pk")


class BatchPage(DetailPage[Batch]):
    """A hand-over afterwards: what went where, and its papers."""

    action = "proposals.hand_over"
    template_name = "proposals/batch.html"

    def get_queryset(self) -> QuerySet[Batch]:
        return batches_of(self.request.user)

    def get_title(self) -> str:
        return self.object.name

    def crumbs(self) -> list[Crumb]:
        return [Crumb("交办批次", reverse("proposals:batches"))]

    def acts(self) -> list[Act]:
        batch = self.object
        if batch.undone_at or not self.request.user.has_perm("proposals.undo_hand_over"):
            return []
        return [Act("撤销交办", reverse("proposals:undo_hand_over", args=[batch.public_id]), "undo-2")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = self.object.proposals.filter(matter__in=Matter.objects.visible_to(self.request.user))
        found = list(rows.select_related("matter").prefetch_related("matter__assignments__unit").order_by("pk"))
        text = "" if self.object.undone_at else self.for_group(found)
        return super().get_context_data(rows=found, text=text, **kwargs)

    def for_group(self, rows: list[Proposal]) -> str:
        """Which unit has got how many, to be pasted into a group chat (P26)."""
        given = Counter(
            part.unit.name for row in rows for part in row.matter.assignments.all() if part.ended_at is None
        )
        due = self.object.fixed_due_on
        title = f"{self.object.name}已交办，请签收" + (f"，答复期限{short_day(due)}" if due else "")
        lines = [f"{unit}　{amount}件" for unit, amount in sorted(given.items())]
        return group_text(title, lines, url=settings.SITE_URL.rstrip("/") + reverse("handling:queue"))


class UndoHandOver(Signed, ConfirmPage[Batch]):
    """The whole batch comes back, or none of it: what keeps it from that is said before and after (撤销交办)."""

    action = "proposals.undo_hand_over"
    template_name = "proposals/undo_hand_over.html"
    form_class = UndoHandOverForm
    title = "撤销交办"
    submit_label = "撤销整批交办"
    done_sentence = "已撤销，本批提案回到待交办，通知已收回。"
    danger = True

    def get_queryset(self) -> QuerySet[Batch]:
        return batches_of(self.request.user)

    def version(self) -> int | None:
        return None

    def crumbs(self) -> list[Crumb]:
        batch = self.object
        way = [Crumb("交办批次", reverse("proposals:batches"))]
        return [*way, Crumb(batch.name, reverse("proposals:batch", args=[batch.public_id]))]

    def facts(self) -> list[Fact]:
        batch = self.object
        units = Counter(
            unit
            for unit in batch.proposals.filter(matter__assignments__ended_at=None).values_list(
                "matter__assignments__unit__name", flat=True
            )
            if unit
        )
        named = "、".join(f"{unit} {amount} 件" for unit, amount in sorted(units.items()))
        return [
            Fact("批次", batch.name),
            Fact("件数", f"{batch.total} 件"),
            Fact("承办单位", named or "—", wide=True),
            Fact("交办时间", batch.at),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        obstacle = actions.obstacle_to_undo(self.object, by=self.me, now=timezone.now())
        return super().get_context_data(obstacle=obstacle, **kwargs)

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.undo_hand_over(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("proposals:batch", args=[self.object.public_id]))
