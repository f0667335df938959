"""Conditions of the lists of reports; the address is their state."""

import re

import django_filters
from django.db.models import OuterRef, QuerySet, Subquery
from django.forms import TextInput

from members.day_filters import Since, Until
from members.models import Session
from proposals.handling.models import Access, Stage
from proposals.handling.models.matter import OF_REPORTS
from proposals.reports.models import Edition, Report

SESSIONS = Session.objects.newest_first()
SHOWN = [
    choice
    for choice in Stage.choices
    if choice[0] in OF_REPORTS
    or choice[0] in (Stage.RETURNED, Stage.TO_SIGN, Stage.COORDINATING, Stage.HANDLING, Stage.CLOSED, Stage.ARCHIVED)
]
LEVELS = [(Access.OPEN, "公开"), (Access.INTERNAL, "内部"), (Access.SENSITIVE, "敏感")]
LATIN = re.compile("[A-Za-z]")
YES = [("yes", "急报"), ("no", "一般")]


def called(rows: QuerySet[Report], text: str) -> QuerySet[Report]:
    """The one with this number, or those with these words in the title; Chinese has no capitals to be levelled."""
    text = text.strip()[:60]
    number = text.removeprefix("第").removesuffix("号").removeprefix("信")
    if number.isdecimal():
        return rows.filter(matter__number=f"信{int(number):04d}")
    return (
        rows.filter(matter__title__icontains=text) if LATIN.search(text) else rows.filter(matter__title__contains=text)
    )


class ReportFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="编号或标题", widget=TextInput({"type": "search", "autocomplete": "off"})
    )
    session = django_filters.ModelChoiceFilter(
        field_name="matter__session", queryset=SESSIONS, to_field_name="code", label="届次", empty_label="全部届次"
    )
    stage = django_filters.ChoiceFilter(field_name="matter__stage", choices=SHOWN, label="状态", empty_label="全部状态")
    source = django_filters.ChoiceFilter(choices=Report.Source.choices, label="来源", empty_label="全部来源")
    access = django_filters.ChoiceFilter(
        field_name="matter__access", choices=LEVELS, label="级别", empty_label="全部级别"
    )
    urgent = django_filters.ChoiceFilter(choices=YES, method="by_urgency", label="缓急", empty_label="不限")

    class Meta:
        model = Report
        fields: list[str] = []

    since = Since("submitted_at", "提交日期从")
    until = Until("submitted_at", "提交日期到")

    def search(self, rows: QuerySet[Report], name: str, text: str) -> QuerySet[Report]:
        return called(rows, text)

    def by_urgency(self, rows: QuerySet[Report], name: str, word: str) -> QuerySet[Report]:
        return rows.filter(urgent=word == "yes")


class OwnFilter(django_filters.FilterSet):
    """One's own reports."""

    q = django_filters.CharFilter(
        method="search", label="编号或标题", widget=TextInput({"type": "search", "autocomplete": "off"})
    )
    stage = django_filters.ChoiceFilter(field_name="matter__stage", choices=SHOWN, label="状态", empty_label="全部状态")

    class Meta:
        model = Report
        fields: list[str] = []

    def search(self, rows: QuerySet[Report], name: str, text: str) -> QuerySet[Report]:
        return called(rows, text)


class QueueFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="编号或标题", widget=TextInput({"type": "search", "autocomplete": "off"})
    )
    source = django_filters.ChoiceFilter(choices=Report.Source.choices, label="来源", empty_label="全部来源")
    claimed = django_filters.ChoiceFilter(
        choices=[("no", "无人筛选"), ("yes", "有人筛选")], method="by_claim", label="筛选人", empty_label="不限"
    )

    class Meta:
        model = Report
        fields: list[str] = []

    def search(self, rows: QuerySet[Report], name: str, text: str) -> QuerySet[Report]:
        return called(rows, text)

    def by_claim(self, rows: QuerySet[Report], name: str, word: str) -> QuerySet[Report]:
        return rows.filter(claimed_by__isnull=word == "no")


class DeskFilter(django_filters.FilterSet):
    """What is being edited: whose it is, how far it is."""

    q = django_filters.CharFilter(
        method="search", label="编号或标题", widget=TextInput({"type": "search", "autocomplete": "off"})
    )
    who = django_filters.ChoiceFilter(
        choices=[("me", "我"), ("other", "其他同事")], method="by_editor", label="编辑人", empty_label="不限"
    )
    edition = django_filters.ChoiceFilter(
        choices=[("none", "还没有编辑稿"), *Edition.State.choices],
        method="by_edition",
        label="编辑稿",
        empty_label="不限",
    )
    access = django_filters.ChoiceFilter(
        field_name="matter__access", choices=LEVELS, label="级别", empty_label="全部级别"
    )

    class Meta:
        model = Report
        fields: list[str] = []

    def search(self, rows: QuerySet[Report], name: str, text: str) -> QuerySet[Report]:
        return called(rows, text)

    def by_editor(self, rows: QuerySet[Report], name: str, word: str) -> QuerySet[Report]:
        mine = rows.annotate(last_by=last_of("by"))
        me = self.request.user.pk if self.request else None
        return mine.filter(last_by=me) if word == "me" else mine.exclude(last_by=None).exclude(last_by=me)

    def by_edition(self, rows: QuerySet[Report], name: str, word: str) -> QuerySet[Report]:
        return rows.annotate(last_state=last_of("state")).filter(last_state=None if word == "none" else word)


def last_of(column: str) -> Subquery:
    """What the latest edited text of a report has there."""
    return Subquery(Edition.objects.filter(report=OuterRef("pk")).order_by("-number").values(column)[:1])
