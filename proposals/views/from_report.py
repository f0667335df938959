"""One's own report, turned into a lead by the office, becomes a proposal."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.utils import timezone

from members.pages import ConfirmPage, Signed
from members.shown import Crumb, Fact
from proposals import actions
from proposals.handling.sights import note
from proposals.reports.models import NOTHING_BEGUN, Report, Status

from .base import to


class FromReport(Signed, ConfirmPage[Report]):
    action = "proposals.write"
    title = "据此写提案"
    question = "用这篇信息的文字起草一件提案，您可以修改后再提交；两边互相可以查到。"
    submit_label = "开始写"

    def get_queryset(self) -> QuerySet[Report]:
        rows = Report.objects.visible_to(self.me).filter(NOTHING_BEGUN, status=Status.TURNED)
        behind = {"matter__participants__person": self.me, "matter__participants__left_at": None}
        return rows.filter(**behind).select_related("matter").distinct()

    def get_object(self) -> Report:
        return get_object_or_404(self.get_queryset(), matter__public_id=self.kwargs["public_id"])

    def version(self) -> int | None:
        return None

    def crumbs(self) -> list[Crumb]:
        return [Crumb(self.object.matter.label, self.object.get_absolute_url())]

    def facts(self) -> list[Fact]:
        words = self.object.words
        return [Fact("标题", words.title, wide=True), *(Fact(label, said, wide=True) for label, said in words.parts)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        note(self.me, [self.object.matter_id])
        return super().get_context_data(**kwargs)

    def form_valid(self, form: Any) -> HttpResponseBase:
        proposal = actions.begin_from_report(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(proposal, "write"))
