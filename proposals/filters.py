"""Conditions of the lists of proposals; the address is their state."""

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import TextInput

from members.models import Session
from proposals.handling.models import Priority, Stage
from proposals.handling.numbering import spellings
from proposals.models import AllocationPart, Category, Proposal

SHOWN_STAGES = [choice for choice in Stage.choices if choice[0] != Stage.DRAFT]


SESSIONS = Session.objects.newest_first()
CATEGORIES = Category.objects.order_by("order", "pk")
PRIORITIES = Priority.objects.order_by("-year", "pk")


class ProposalFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="案号、收件号或案由", widget=TextInput({"type": "search", "autocomplete": "off"})
    )
    session = django_filters.ModelChoiceFilter(
        field_name="matter__session", queryset=SESSIONS, to_field_name="code", label="届次", empty_label="全部届次"
    )
    stage = django_filters.ChoiceFilter(
        field_name="matter__stage", choices=SHOWN_STAGES, label="状态", empty_label="全部状态"
    )
    category = django_filters.ModelChoiceFilter(queryset=CATEGORIES, label="类别", empty_label="全部类别")
    kind = django_filters.ChoiceFilter(
        field_name="form", choices=Proposal.Form.choices, label="形式", empty_label="全部形式"
    )
    priority = django_filters.ModelChoiceFilter(
        field_name="matter__priority", queryset=PRIORITIES, label="市委中心工作", empty_label="不限"
    )
    off_session = django_filters.ChoiceFilter(
        choices=[("no", "大会提案"), ("yes", "平时提案")], method="by_time", label="时间", empty_label="不限"
    )

    class Meta:
        model = Proposal
        fields: list[str] = []

    def search(self, rows: QuerySet[Proposal], name: str, text: str) -> QuerySet[Proposal]:
        text = text.strip()[:60]
        named = Q(receipt__iexact=text) | Q(matter__number__in=spellings(text))
        return rows.filter(Q(matter__title__icontains=text) | named)

    def by_time(self, rows: QuerySet[Proposal], name: str, word: str) -> QuerySet[Proposal]:
        return rows.filter(off_session=word == "yes")


class AllocationFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="案号或案由", widget=TextInput({"type": "search", "autocomplete": "off"})
    )
    category = django_filters.ModelChoiceFilter(queryset=CATEGORIES, label="类别", empty_label="全部类别")
    drafted = django_filters.ChoiceFilter(
        choices=[("no", "待拟办"), ("yes", "已拟办")], method="by_draft", label="拟办情况", empty_label="不限"
    )

    class Meta:
        model = Proposal
        fields: list[str] = []

    def search(self, rows: QuerySet[Proposal], name: str, text: str) -> QuerySet[Proposal]:
        text = text.strip()[:60]
        return rows.filter(Q(matter__title__icontains=text) | Q(matter__number__in=spellings(text)))

    def by_draft(self, rows: QuerySet[Proposal], name: str, word: str) -> QuerySet[Proposal]:
        drafted = Exists(AllocationPart.objects.filter(proposal=OuterRef("pk")))
        return rows.filter(drafted) if word == "yes" else rows.filter(~drafted)
