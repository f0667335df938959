"""The catalogue of responsibilities: read by offices and units, kept by the proposal office."""

from typing import Any, ClassVar

import django_filters
from django.db.models import Q, QuerySet
from django.forms import BaseForm, CheckboxInput
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.pages import Column, ConfirmPage, FormPage, ListPage, Signed
from members.shown import Act, Crumb, Fact
from proposals.handling import actions, forms
from proposals.handling.models import Remit


class RemitFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label="单位或主题词", method="search")
    ended = django_filters.BooleanFilter(label="包括已终止的", method="with_ended", widget=CheckboxInput)

    class Meta:
        model = Remit
        fields: list[str] = []

    def search(self, rows: "QuerySet[Remit]", name: str, value: str) -> "QuerySet[Remit]":
        said = Q(subject__contains=value) | Q(words__contains=value)
        return rows.filter(said | Q(unit__name__contains=value) | Q(unit__short_name__contains=value))

    def with_ended(self, rows: "QuerySet[Remit]", name: str, wanted: bool) -> "QuerySet[Remit]":
        return rows

    def filter_queryset(self, queryset: Any) -> Any:
        rows: Any = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("ended") else rows.exclude(ends_on__lt=timezone.localdate())


class Catalogue(ListPage[Remit]):
    action = "handling.read_catalogue"
    title = "职责清单"
    template_name = "handling/catalogue.html"
    filterset_class = RemitFilter
    unit_word = "条"
    empty_sentence = "没有符合条件的职责。"
    columns = (
        Column("单位", lambda row: row.unit.name),
        Column("职责", lambda row: row.subject),
        Column("主题词", lambda row: row.words),
        Column("类别", lambda row: row.category),
        Column("依据", lambda row: row.basis),
        Column("生效日期", lambda row: row.starts_on),
        Column("终止日期", lambda row: row.ends_on),
    )

    def get_queryset(self) -> QuerySet[Remit]:
        return Remit.objects.select_related("unit").order_by("unit__pinyin", "pk")

    def acts(self) -> list[Act]:
        if not self.request.user.has_perm("handling.keep_catalogue"):
            return []
        return [
            Act("新增", reverse("handling:add_remit"), "plus", "primary"),
            Act("从表格粘贴", reverse("handling:paste_remits"), "clipboard-list"),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(keeps=self.request.user.has_perm("handling.keep_catalogue"), **kwargs)


class AddRemit(Signed, FormPage):
    action = "handling.keep_catalogue"
    title = "新增职责"
    form_class: ClassVar[type[BaseForm]] = forms.RemitForm
    submit_label = "新增"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("职责清单", reverse("handling:catalogue"))]

    def form_valid(self, form: Any) -> HttpResponseBase:
        given, starts_on = form.given(), form.cleaned_data["starts_on"]
        made = actions.add_remits(given, starts_on=starts_on, by=self.me, now=timezone.now())
        self.done_sentence = f"已新增 {len(made)} 条。"
        return HttpResponseRedirect(reverse("handling:catalogue"))


class PasteRemits(AddRemit):
    title = "从表格粘贴职责"
    form_class = forms.PasteRemitsForm
    submit_label = "全部新增"


class EndRemit(Signed, ConfirmPage[Remit]):
    action = "handling.keep_catalogue"
    title = "终止职责"
    question = "从今天起不再按这条建议承办单位；以前的记录保留。"
    submit_label = "终止"
    done_sentence = "已终止。"

    def get_queryset(self) -> QuerySet[Remit]:
        return Remit.objects.select_related("unit")

    def crumbs(self) -> list[Crumb]:
        return [Crumb("职责清单", reverse("handling:catalogue"))]

    def facts(self) -> list[Fact]:
        row = self.object
        return [Fact("单位", row.unit.name), Fact("职责", row.subject), Fact("主题词", row.words)]

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.end_remit(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("handling:catalogue"))
