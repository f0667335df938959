"""What every page about one report shares."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse

from members.models import Person
from members.pages import RowMixin, Signed
from members.pages.page import M
from members.shown import Crumb, Fact
from proposals.handling.models import Attachment
from proposals.handling.sights import note
from proposals.handling.views.base import SeenOfMatter
from proposals.reports.models import Opinion, Report, Words


class OneReport(Signed, RowMixin[Report]):
    """Takes the report of the address from those that this person may see."""

    action: ClassVar[str]
    kwargs: dict[str, Any]

    def get_queryset(self) -> QuerySet[Report]:
        return Report.objects.visible_to(self.me).select_related("matter__session", "claimed_by")

    def get_object(self) -> Report:
        return get_object_or_404(self.get_queryset(), matter__public_id=self.kwargs["public_id"])

    def facts(self) -> list[Fact]:
        return about(self.object)

    def crumbs(self) -> list[Crumb]:
        report: Report = self.object
        return [*list_crumbs(self.me), Crumb(name_of(report), report.get_absolute_url())]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Whoever is shown a page about a report has it before the eyes (S5, S20)."""
        if not getattr(self.object, "noted", False):
            note(self.me, [self.object.matter_id])
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]  # mixed into pages
        return context


class ReportAct(OneReport, SeenOfMatter[Report]):
    """A form about one report; what it shows (`shown`) is compared again with the matter locked."""

    def stands(self) -> list[Fact]:
        note(self.me, [self.object.matter_id])
        return super().stands()


def in_step(request: HttpRequest, rows: "QuerySet[M]", **step: Any) -> "QuerySet[M]":
    """Where this form is offered. What comes from a page that has been overtaken meets the action instead of a page that
    is gone: a sentence says how things are, and what was typed stays."""
    return rows if request.method == "POST" else rows.filter(**step)


def way_to_sheet(sheet: Attachment | None) -> str:
    """Where a sheet that the office keeps is opened; nowhere if there is none, or it was erased."""
    return reverse("handling:attachment", args=[sheet.public_id]) if sheet and sheet.removed_at is None else ""


def list_crumbs(user: Person) -> list[Crumb]:
    """The list through which this person comes to reports."""
    if user.has_perm("reports.list"):
        return [Crumb("社情民意信息", reverse("reports:list"))]
    return [Crumb("我的社情民意", reverse("reports:mine"))] if user.has_perm("reports.own") else []


def about(owner: Report | Opinion) -> list[Fact]:
    """Which one it is, on a page that does something with it."""
    return [Fact("编号", owner.matter.label), Fact("标题", owner.matter.title, wide=True)]


def screening_crumbs(report: Report) -> list[Crumb]:
    """The way to what is done about a report that is being screened."""
    return [Crumb("信息筛选", reverse("reports:screening")), Crumb(report.matter.label, to(report, "screen"))]


def facts_of(words: Words, *, title: bool = True) -> list[Fact]:
    first = [Fact("标题", words.title, wide=True)] if title else []
    return first + [Fact(label, said, wide=True) for label, said in words.parts]


def shown_of(words: Words) -> dict[str, str]:
    """The parts of a text by their labels, as `shown` compares them."""
    return {"标题": words.title, **dict(words.parts)}


def name_of(report: Report) -> str:
    return report.matter.label if report.matter.number else report.title or "未命名草稿"


def to(report: Report, name: str) -> str:
    return reverse(f"reports:{name}", args=[report.matter.public_id])
