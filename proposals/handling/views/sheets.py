"""Prepared 督办单 on the office's desk (P2)."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from members.days import short_day
from members.pages import DetailPage, Signed
from members.shown import Act, Crumb, Tab
from proposals.handling import actions, forms
from proposals.handling.actions import Paper
from proposals.handling.eyes import eyes
from proposals.handling.models import Assignment, ChaseSheet, Checkpoint, Obligation, PaperKind
from proposals.handling.official import number_given
from proposals.handling.queries import waiting_sheets
from proposals.handling.reminders import name_of
from proposals.handling.rights import allowed, in_hands_of

from .base import PartForm
from .queues import Waiting


def tabs(current: str) -> list[Tab]:
    pages = (("待审核", "handling:sheets"), ("已印发", "handling:issued_sheets"))
    return [Tab(label, reverse(name), name == current) for label, name in pages]


class Sheets(Waiting):
    action = "handling.issue_sheet"
    path = "obligation__assignment"
    title = "待审督办单"
    empty_sentence = "没有待审的督办单。"
    act_word = "审核"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(tabs=tabs("handling:sheets"), **kwargs)

    def rows(self) -> QuerySet[Checkpoint]:
        return waiting_sheets().select_related("obligation__assignment__matter", "obligation__assignment__unit", "step")

    def line(self, row: Checkpoint) -> dict[str, Any]:
        clock = row.obligation
        url = reverse("handling:issue_sheet", args=[clock.public_id])
        what = f"期限{short_day(clock.due_on)}已过"
        return {"part": clock.assignment, "what": what, "state": "待审核", "at": row.fired_at, "url": url}


class IssuedSheets(Waiting):
    """What has left the house, newest first; it stays here whatever becomes of the matter."""

    action = "handling.read_sheet"
    path = "checkpoint__obligation__assignment"
    title = "已印发督办单"
    empty_sentence = "还没有印发过督办单。"
    act_word = "查看"

    def get_queryset(self) -> QuerySet[ChaseSheet]:
        return super().get_queryset().order_by("-pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = tabs("handling:issued_sheets") if self.me.has_perm("handling.issue_sheet") else []
        return super().get_context_data(tabs=shown, **kwargs)

    def rows(self) -> QuerySet[ChaseSheet]:
        rows = ChaseSheet.objects.issued().select_related("checkpoint__obligation__assignment__matter")
        return rows.select_related("checkpoint__obligation__assignment__unit")

    def line(self, row: ChaseSheet) -> dict[str, Any]:
        clock = row.checkpoint.obligation
        url = reverse("handling:sheet", args=[row.public_id])
        what = f"期限{short_day(clock.due_on)}　{row.get_how_display()}"
        return {"part": clock.assignment, "what": what, "state": "已印发", "at": row.at, "url": url}


class IssueSheet(PartForm[Obligation]):
    """The prepared words, to be changed, approved, and printed or sent."""

    action = "handling.issue_sheet"
    path = "assignment"
    title = "审核督办单"
    form_class = forms.SheetForm
    submit_label = "确定"

    def rows(self) -> QuerySet[Obligation]:
        return Obligation.objects.select_related(
            "assignment__matter", "assignment__unit", "assignment__office", "matter", "rule", "holder_body"
        )

    def prepare(self) -> None:
        super().prepare()
        rows = waiting_sheets().filter(obligation=self.object).select_related("obligation__matter", "obligation__rule")
        self.checkpoint = get_object_or_404(rows.order_by("-pk")[:1])

    def actor(self) -> int:
        return self.part.office_id

    def get_initial(self) -> dict[str, Any]:
        return {"text": actions.prepared_text(self.checkpoint)}

    def do(self, form: Any, paper: Paper | None) -> None:
        said = {name: form.cleaned_data[name] for name in ("text", "how", "note")}
        self.sheet = actions.issue_sheet(self.checkpoint, **said, by=self.me, now=timezone.now(), paper=paper)

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form, self.paper_of(form))
        if self.sheet.how == ChaseSheet.How.PRINTED:
            return HttpResponseRedirect(reverse("handling:sheet", args=[self.sheet.public_id]))
        return HttpResponseRedirect(reverse("handling:sheets"))


class Sheet(Signed, DetailPage[ChaseSheet]):
    """An issued sheet, to be read and printed by the office that issued it and the unit that it is for."""

    action = "handling.read_sheet"
    title = "督办单"
    template_name = "handling/sheet.html"

    def get_queryset(self) -> QuerySet[ChaseSheet]:
        rows = ChaseSheet.objects.issued().select_related("checkpoint__obligation__assignment__matter", "by")
        rows = rows.select_related("checkpoint__obligation__assignment__office")
        return in_hands_of(rows, self.me, self.action, "checkpoint__obligation__assignment")

    @property
    def part(self) -> Assignment:
        part = self.object.checkpoint.obligation.assignment
        assert part is not None
        return part

    def crumbs(self) -> list[Crumb]:
        return [Crumb(name_of(self.part.matter), reverse("handling:part", args=[self.part.public_id]))]

    def acts(self) -> list[Act]:
        """A sheet goes out with its number: whoever gives numbers for the office is led there while it has none."""
        if self.number or not allowed(
            self.me, "handling.number_office_paper", self.part, eyes(self.me, self.part.matter)
        ):
            return []
        return [
            Act(
                "取文号",
                reverse("handling:number_office_paper", args=[self.part.public_id]),
                icon="hash",
                kind="primary",
            )
        ]

    @cached_property
    def number(self) -> str:
        return number_given(self.part, PaperKind.CHASE, str(self.object.public_id))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        on = timezone.localdate(self.object.at)
        return super().get_context_data(number=self.number, on=on, **kwargs)
