from typing import Any, cast

import django_filters
from django import forms
from django.db.models import QuerySet
from django.utils import timezone

from members.audit_words import WORDS
from members.choices import BodyKind, Outcome, Role, System
from members.day_filters import Since, Until
from members.models import Appointment, AuditEntry, Body, Membership, Person
from members.models.body import BodyQuerySet
from members.models.person import PersonQuerySet


def sectors(request: Any) -> Any:
    return Body.objects.current().filter(kind=BodyKind.SECTOR).order_by("name", "pk")


class PersonFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label="姓名、拼音或首字母", method="named", max_length=64)
    role = django_filters.ChoiceFilter(label="角色", choices=Role, method="with_role", empty_label="全部角色")
    sector = django_filters.ModelChoiceFilter(
        label="界别",
        queryset=cast(Any, sectors),
        to_field_name="public_id",
        method="of_sector",
        empty_label="全部界别",
    )
    body = django_filters.CharFilter(label="单位", method="of_body", max_length=64)
    closed = django_filters.BooleanFilter(label="包括停用的账号", method="with_closed", widget=forms.CheckboxInput)

    def named(self, people: PersonQuerySet, name: str, text: str) -> PersonQuerySet:
        return people.search(text)

    def with_role(self, people: PersonQuerySet, name: str, role: str) -> PersonQuerySet:
        return people.filter(
            pk__in=Appointment.objects.in_force(timezone.localdate()).filter(role=role).values("person")
        )

    def of_sector(self, people: PersonQuerySet, name: str, sector: Body) -> PersonQuerySet:
        return people.filter(
            pk__in=Membership.objects.in_force(timezone.localdate()).filter(sector=sector).values("person")
        )

    def of_body(self, people: PersonQuerySet, name: str, text: str) -> PersonQuerySet:
        bodies = Body.objects.search(text).values("pk")
        held = Appointment.objects.in_force(timezone.localdate()).filter(body__in=bodies)
        return people.filter(pk__in=held.values("person"))

    def with_closed(self, people: PersonQuerySet, name: str, wanted: bool) -> PersonQuerySet:
        return people

    def filter_queryset(self, queryset: Any) -> Any:
        people: Any = super().filter_queryset(queryset)
        return people if self.form.cleaned_data.get("closed") else people.active()


class BodyFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label="名称、别称或拼音", method="named", max_length=64)
    kind = django_filters.ChoiceFilter(label="类别", choices=BodyKind, empty_label="全部类别")
    system = django_filters.ChoiceFilter(label="系统", choices=System, empty_label="全部系统")
    ended = django_filters.BooleanFilter(label="包括已撤销的", method="with_ended", widget=forms.CheckboxInput)

    def named(self, bodies: BodyQuerySet, name: str, text: str) -> BodyQuerySet:
        return bodies.search(text)

    def with_ended(self, bodies: BodyQuerySet, name: str, wanted: bool) -> BodyQuerySet:
        return bodies

    def filter_queryset(self, queryset: Any) -> Any:
        bodies: Any = super().filter_queryset(queryset)
        return bodies if self.form.cleaned_data.get("ended") else bodies.current()


class AppointmentFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label="姓名", method="named", max_length=64)
    role = django_filters.ChoiceFilter(label="角色", choices=Role, empty_label="全部角色")
    waiting = django_filters.BooleanFilter(label="只看待复核", method="only_waiting", widget=forms.CheckboxInput)

    def named(self, rows: QuerySet[Appointment], name: str, text: str) -> QuerySet[Appointment]:
        return rows.filter(person__in=Person.objects.search(text).values("pk"))

    def only_waiting(self, rows: Any, name: str, wanted: bool) -> Any:
        return rows.waiting() if wanted else rows


def _verbs() -> list[tuple[str, str]]:
    return sorted(WORDS.items(), key=lambda pair: pair[1])


class AuditFilter(django_filters.FilterSet):
    verb = django_filters.ChoiceFilter(label="行为", choices=_verbs, empty_label="全部行为")
    subject = django_filters.CharFilter(label="对象", max_length=80)
    person = django_filters.CharFilter(label="人员姓名", method="of_person", max_length=64)
    outcome = django_filters.ChoiceFilter(label="结果", choices=Outcome, empty_label="全部结果")
    since = Since("at", "从")
    until = Until("at", "到")

    def of_person(self, rows: QuerySet[AuditEntry], name: str, text: str) -> QuerySet[AuditEntry]:
        return rows.filter(by__in=Person.objects.search(text).values("pk"))
