"""Conditions of the lists of proposals; the address is their state."""

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import HiddenInput, TextInput

from members.models import Session
from members.rights import may
from proposals.handling.models import Priority, Stage
from proposals.handling.models.matter import OF_REPORTS
from proposals.handling.numbering import spellings
from proposals.models import AllocationPart, Category, Proposal, ReviewPass
from proposals.queries import standing_in

NOT_OF_PROPOSALS = {Stage.TO_PASS_UP, *OF_REPORTS}
SHOWN_STAGES = [choice for choice in Stage.choices if choice[0] not in {Stage.DRAFT, *NOT_OF_PROPOSALS}]


SESSIONS = Session.objects.newest_first()
CATEGORIES = Category.objects.order_by("order", "pk")
PASSES = ReviewPass.objects.filter(ended_on=None).order_by("order")
GROUPS = [("mine", "我的类别"), ("all", "全部待审查"), ("claimed", "我正在审查")]
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
    category = django_filters.ModelChoiceFilter(
        queryset=CATEGORIES, to_field_name="public_id", label="类别", empty_label="全部类别"
    )
    kind = django_filters.ChoiceFilter(
        field_name="form", choices=Proposal.Form.choices, label="形式", empty_label="全部形式"
    )
    priority = django_filters.ModelChoiceFilter(
        field_name="matter__priority",
        queryset=PRIORITIES,
        to_field_name="public_id",
        label="市委中心工作",
        empty_label="不限",
    )
    off_session = django_filters.ChoiceFilter(
        choices=[("no", "大会提案"), ("yes", "平时提案")], method="by_time", label="时间", empty_label="不限"
    )

    key = django_filters.ChoiceFilter(
        choices=[("yes", "重点提案"), ("no", "其他")], method="by_key", label="重点提案", empty_label="不限"
    )
    key_candidate = django_filters.ChoiceFilter(
        choices=[("yes", "重点提案候选"), ("no", "其他")],
        method="by_candidate",
        label="重点提案候选",
        empty_label="不限",
    )

    class Meta:
        model = Proposal
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Who is put up for the key proposals is the office's own matter until they are chosen."""
        super().__init__(*args, **kwargs)
        if not (self.request and may(self.request.user, "proposals.review")):
            del self.filters["key_candidate"]

    def by_key(self, rows: QuerySet[Proposal], name: str, word: str) -> QuerySet[Proposal]:
        return rows.filter(matter__key=word == "yes")

    def by_candidate(self, rows: QuerySet[Proposal], name: str, word: str) -> QuerySet[Proposal]:
        return rows.filter(key_candidate=word == "yes")

    def search(self, rows: QuerySet[Proposal], name: str, text: str) -> QuerySet[Proposal]:
        text = text.strip()[:60]
        named = Q(receipt__iexact=text) | Q(matter__number__in=spellings(text))
        return rows.filter(Q(title_shown__icontains=text) | named)

    def by_time(self, rows: QuerySet[Proposal], name: str, word: str) -> QuerySet[Proposal]:
        return rows.filter(off_session=word == "yes")


class ReviewFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="收件号或案由", widget=TextInput({"type": "search", "autocomplete": "off"})
    )
    category = django_filters.ChoiceFilter(field_name="category__public_id", label="类别", empty_label="全部类别")
    kind = django_filters.ChoiceFilter(
        field_name="form", choices=Proposal.Form.choices, label="形式", empty_label="全部形式"
    )
    review_pass = django_filters.ChoiceFilter(method="by_pass", label="审查轮次", empty_label="全部轮次")
    claimed = django_filters.ChoiceFilter(
        choices=[("no", "无人审查"), ("yes", "有人审查")], method="by_claim", label="审查人", empty_label="不限"
    )
    group = django_filters.ChoiceFilter(choices=GROUPS, method="by_group", label="分组", widget=HiddenInput)

    class Meta:
        model = Proposal
        fields: list[str] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Categories and passes are asked for once, whatever is chosen."""
        super().__init__(*args, **kwargs)
        self.kept = list(PASSES.all())
        categories = CATEGORIES.filter(ended_on=None)
        self.filters["category"].extra["choices"] = [(str(row.public_id), row.name) for row in categories]
        self.filters["review_pass"].extra["choices"] = [(str(row.public_id), row.name) for row in self.kept]

    def search(self, rows: QuerySet[Proposal], name: str, text: str) -> QuerySet[Proposal]:
        text = text.strip()[:60]
        return rows.filter(Q(matter__title__icontains=text) | Q(receipt__iexact=text))

    def by_pass(self, rows: QuerySet[Proposal], name: str, word: str) -> QuerySet[Proposal]:
        wanted = next(row for row in self.kept if str(row.public_id) == word)
        return rows.filter(standing_in(wanted, self.kept))

    def by_claim(self, rows: QuerySet[Proposal], name: str, word: str) -> QuerySet[Proposal]:
        return rows.filter(claim__isnull=word == "no")

    def by_group(self, rows: QuerySet[Proposal], name: str, word: str) -> QuerySet[Proposal]:
        """The page itself chooses the group, for it has one although the address names none."""
        return rows


class AllocationFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="案号或案由", widget=TextInput({"type": "search", "autocomplete": "off"})
    )
    category = django_filters.ModelChoiceFilter(
        queryset=CATEGORIES, to_field_name="public_id", label="类别", empty_label="全部类别"
    )
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
