"""Settings of the report office: the series of its bulletins, and whom they go to."""

from typing import Any

from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from members.pages import FormPage, Page, Signed
from members.shown import Act, Crumb
from proposals.reports.actions import bulletins, series
from proposals.reports.bulletin_forms import RecipientForm, SeriesForm
from proposals.reports.models import Recipient, Series, SeriesYear


class AllSeries(Signed, Page):
    """Both lists on one page: each is short."""

    action = "reports.series"
    title = "刊物和发送对象"
    template_name = "reports/series.html"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("社情民意刊物", reverse("reports:issues"))]

    def acts(self) -> list[Act]:
        return [
            Act("新增刊物", reverse("reports:add_series"), "plus"),
            Act("新增发送对象", reverse("reports:add_recipient"), "plus"),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        year = timezone.localdate().year
        last = {row.series_id: row.last for row in SeriesYear.objects.filter(year=year)}
        rows = Series.objects.order_by("pk").prefetch_related("recipients")
        recipients = Recipient.objects.in_order().prefetch_related("series")
        return super().get_context_data(
            rows=[(row, last.get(row.pk, 0), reverse("reports:change_series", args=[row.public_id])) for row in rows],
            recipients=[
                (
                    row,
                    "、".join(one.name for one in row.series.all()),
                    reverse("reports:change_recipient", args=[row.public_id]),
                )
                for row in recipients
            ],
            year=year,
            **kwargs,
        )


class RowPage(Signed, FormPage):
    action = "reports.series"
    submit_label = "保存"
    done_sentence = "已保存。"

    def crumbs(self) -> list[Crumb]:
        return [
            Crumb("社情民意刊物", reverse("reports:issues")),
            Crumb("刊物和发送对象", reverse("reports:series")),
        ]

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form.cleaned_data)
        return HttpResponseRedirect(reverse("reports:series"))

    def do(self, data: dict[str, Any]) -> None:
        raise NotImplementedError


class ChangeSeries(RowPage):
    title = "刊物"
    form_class = SeriesForm

    @cached_property
    def row(self) -> Series | None:
        public_id = self.kwargs.get("public_id")
        return get_object_or_404(Series, public_id=public_id) if public_id else None

    def prepare(self) -> None:
        self.get_title()

    def get_title(self) -> str:
        return f"刊物：{self.row}" if self.row else "新增刊物"

    def get_initial(self) -> dict[str, Any]:
        row = self.row
        if row is None:
            return {"kind": Series.Kind.ORDINARY, "level": "internal", "checked": True}
        last = bulletins.next_number(row, timezone.localdate().year) - 1
        columns = ("name", "kind", "publisher", "level", "checked")
        return {**{name: getattr(row, name) for name in columns}, "last": last, "ended": row.ended_on is not None}

    def do(self, data: dict[str, Any]) -> None:
        series.set_series(self.row, **data, by=self.me, now=timezone.now())


class ChangeRecipient(RowPage):
    title = "发送对象"
    form_class = RecipientForm

    @cached_property
    def row(self) -> Recipient | None:
        public_id = self.kwargs.get("public_id")
        return get_object_or_404(Recipient, public_id=public_id) if public_id else None

    def prepare(self) -> None:
        self.get_title()

    def get_title(self) -> str:
        return f"发送对象：{self.row}" if self.row else "新增发送对象"

    def get_initial(self) -> dict[str, Any]:
        row = self.row
        if row is None:
            return {"level": "internal"}
        known = {name: getattr(row, name) for name in ("name", "kind", "level", "order")}
        known |= {"series": [one.public_id for one in row.series.all()], "person": row.person and row.person.public_id}
        return {**known, "ended": row.ended_on is not None}

    def do(self, data: dict[str, Any]) -> None:
        series.set_recipient(self.row, **data, by=self.me, now=timezone.now())
