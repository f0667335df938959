"""Filters of the unit's queue and of the offices' ledger; their state is the address."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from members.models import Body
from members.widgets import Day

from .contacted import State
from .models import Assignment, Commitment, ExtensionRequest, Kind, Reply
from .standing import in_tab

GIVEN = (Kind.PROPOSAL, Kind.HANDED_DOWN)
"""The kinds of matter that are given to units."""
PROMISE_STATES = [one for one in Commitment.State.choices if one[0] != Commitment.State.DRAFT]


def titled(text: str, path: str) -> Q:
    """The condition that the title which these lists show has the words: one that units do not read answers to none (S11)."""
    own = {f"{path}__unit_title": "", f"{path}__title__icontains": text}
    return Q(**{f"{path}__unit_title__icontains": text}) | Q(**own)


class PartFilter(filters.FilterSet):
    q = filters.CharFilter(label="编号或案由", method="find")
    kind = filters.ChoiceFilter(
        label="来源",
        field_name="matter__kind",
        choices=[(kind.value, kind.label) for kind in GIVEN],
        empty_label="全部来源",
    )
    role = filters.ChoiceFilter(label="职责", choices=Assignment.Role, empty_label="全部职责")
    due_before = filters.DateFilter(label="期限不晚于", method="until", widget=Day())

    class Meta:
        model = Assignment
        fields: list[str] = []

    def find(self, rows: QuerySet[Assignment], name: str, text: str) -> QuerySet[Assignment]:
        text = text.strip()
        return rows.filter(Q(matter__number=text.strip("第号")) | titled(text, "matter")) if text else rows

    def until(self, rows: QuerySet[Assignment], name: str, day: Any) -> QuerySet[Assignment]:
        return rows.filter(Q(("clock__due_on__lte", day)))


class QueueFilter(PartFilter):
    inside_before = filters.DateFilter(
        label="内部时限不晚于", field_name="internal_due_on", lookup_expr="lte", widget=Day()
    )
    mine = filters.BooleanFilter(label="只看我经办的", method="handled", widget=forms.CheckboxInput())

    def handled(self, rows: QuerySet[Assignment], name: str, wanted: bool) -> QuerySet[Assignment]:
        return rows.filter(handler=self.request.user.pk) if wanted and self.request else rows


class LedgerFilter(PartFilter):
    unit = filters.ModelChoiceFilter(
        label="承办单位",
        queryset=Body.objects.units().order_by("pinyin", "pk"),
        to_field_name="public_id",
        empty_label="全部单位",
    )
    state = filters.ChoiceFilter(label="状态", choices=Assignment.State, empty_label="全部状态")
    ended = filters.BooleanFilter(label="单位已撤销", method="orphaned", widget=forms.CheckboxInput())
    overdue = filters.BooleanFilter(label="只看逾期", method="late", widget=forms.CheckboxInput())

    def orphaned(self, rows: QuerySet[Assignment], name: str, wanted: bool) -> QuerySet[Assignment]:
        return rows.filter(unit__ended_on__isnull=False) if wanted else rows

    def late(self, rows: QuerySet[Assignment], name: str, wanted: bool) -> QuerySet[Assignment]:
        return rows.filter(in_tab("overdue", timezone.localdate())) if wanted else rows


class ExtensionFilter(filters.FilterSet):
    unit = filters.ModelChoiceFilter(
        label="承办单位",
        field_name="obligation__assignment__unit",
        queryset=Body.objects.units().order_by("pinyin", "pk"),
        to_field_name="public_id",
        empty_label="全部单位",
    )
    until = filters.DateFilter(label="延至不晚于", field_name="to_on", lookup_expr="lte", widget=Day())

    class Meta:
        model = ExtensionRequest
        fields: list[str] = []


class ContactFilter(filters.FilterSet):
    unit = filters.ModelChoiceFilter(
        label="承办单位",
        field_name="assignment__unit",
        queryset=Body.objects.units().order_by("pinyin", "pk"),
        to_field_name="public_id",
        empty_label="全部单位",
    )
    contact = filters.ChoiceFilter(label="沟通情况", choices=State.choices, empty_label="全部情况")

    class Meta:
        model = Reply
        fields: list[str] = []


class OwnPromiseFilter(filters.FilterSet):
    """What a proposer finds his promises by; that one is late is told inside only (P25)."""

    q = filters.CharFilter(label="编号、案由或承诺", method="find")
    year = filters.NumberFilter(label="承诺年份", method="of_year")
    state = filters.ChoiceFilter(label="状态", choices=PROMISE_STATES, empty_label="全部状态")

    class Meta:
        model = Commitment
        fields: list[str] = []

    def find(self, rows: QuerySet[Commitment], name: str, text: str) -> QuerySet[Commitment]:
        text = text.strip()
        number = Q(assignment__matter__number=text.strip("第号"))
        return rows.filter(number | titled(text, "assignment__matter") | Q(text__icontains=text)) if text else rows

    def of_year(self, rows: QuerySet[Commitment], name: str, year: Any) -> QuerySet[Commitment]:
        return rows.filter(given_on__year=int(year)) if 1900 < year < 3000 else rows.none()


class PromiseFilter(OwnPromiseFilter):
    unit = filters.ModelChoiceFilter(
        label="承办单位",
        field_name="assignment__unit",
        queryset=Body.objects.filter(
            Exists(Commitment.objects.given().filter(assignment__unit=OuterRef("pk")))
        ).order_by("pinyin", "pk"),
        to_field_name="public_id",
        empty_label="全部单位",
    )
    overdue = filters.BooleanFilter(label="只看逾期", method="late", widget=forms.CheckboxInput())
    due = filters.BooleanFilter(label="只看已到期", method="fallen_due", widget=forms.CheckboxInput())

    def late(self, rows: QuerySet[Commitment], name: str, wanted: bool) -> QuerySet[Commitment]:
        return rows.filter(pk__in=Commitment.objects.overdue(on=timezone.localdate()).values("pk")) if wanted else rows

    def fallen_due(self, rows: QuerySet[Commitment], name: str, wanted: bool) -> QuerySet[Commitment]:
        return rows.filter(clock__due_on__lt=timezone.localdate()) if wanted else rows
