"""Prepared 督办单 on the office's desk (P2)."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.days import short_day
from members.pages import DetailPage
from members.shown import Crumb
from proposals.handling import actions, forms
from proposals.handling.actions import Paper
from proposals.handling.models import ChaseSheet, Checkpoint, Obligation
from proposals.handling.queries import waiting_sheets
from proposals.handling.rights import in_hands_of

from .base import Mine, PlainForm
from .queues import Waiting


class Sheets(Waiting):
    action = "handling.issue_sheet"
    path = "obligation__assignment"
    title = "待审督办单"
    empty_sentence = "没有待审的督办单。"
    act_word = "审核"

    def rows(self) -> QuerySet[Checkpoint]:
        return waiting_sheets().select_related("obligation__assignment__matter", "obligation__assignment__unit", "step")

    def line(self, row: Checkpoint) -> dict[str, Any]:
        clock = row.obligation
        url = reverse("handling:issue_sheet", args=[clock.public_id])
        what = f"期限{short_day(clock.due_on)}已过"
        return {"part": clock.assignment, "what": what, "state": "待审核", "at": row.fired_at, "url": url}


class IssueSheet(PlainForm[Obligation]):
    """The prepared words, to be changed, approved, and printed or sent."""

    action = "handling.issue_sheet"
    path = "assignment"
    title = "审核督办单"
    form_class = forms.SheetForm
    submit_label = "确定"

    def rows(self) -> QuerySet[Obligation]:
        return Obligation.objects.select_related(
            "assignment__matter", "assignment__unit", "matter", "rule", "holder_body"
        )

    def prepare(self) -> None:
        super().prepare()
        rows = waiting_sheets().filter(obligation=self.object).select_related("obligation__matter", "obligation__rule")
        self.checkpoint = get_object_or_404(rows.order_by("-pk")[:1])

    def get_initial(self) -> dict[str, Any]:
        return {"text": actions.prepared_text(self.checkpoint)}

    def do(self, form: Any, paper: Paper | None) -> None:
        self.sheet = actions.issue_sheet(self.checkpoint, **form.cleaned_data, by=self.me, now=timezone.now())

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form, None)
        if self.sheet.how == ChaseSheet.How.PRINTED:
            return HttpResponseRedirect(reverse("handling:sheet", args=[self.sheet.public_id]))
        return HttpResponseRedirect(reverse("handling:sheets"))


class Sheet(Mine, DetailPage[ChaseSheet]):
    """An issued sheet, to be printed."""

    action = "handling.issue_sheet"
    title = "督办单"
    template_name = "handling/sheet.html"

    def get_queryset(self) -> QuerySet[ChaseSheet]:
        rows = ChaseSheet.objects.select_related("checkpoint__obligation__assignment__matter", "by")
        rows = rows.select_related("checkpoint__obligation__assignment__office")
        return in_hands_of(rows, self.me, self.action, "checkpoint__obligation__assignment")

    def crumbs(self) -> list[Crumb]:
        return [Crumb("待审督办单", reverse("handling:sheets"))]
