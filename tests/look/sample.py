"""Pages over bodies, to try the base views with: a list, an act on one row, an act on several, a question, a draft."""

from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect, QueryDict
from django.urls import include, path

from members.errors import Refused, WrongStep
from members.models import Body
from members.pages import SIGNED_IN, ActionPage, AutosavePage, BulkPage, Column, ConfirmPage, DetailPage, ListPage, Page
from members.shown import Crumb, Fact


class BodyFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(lookup_expr="contains", label="名称")
    system = django_filters.MultipleChoiceFilter(choices=[("government", "政府"), ("party", "党委")], label="系统")


class Bodies(ListPage[Body]):
    action = SIGNED_IN
    title = "单位"
    filterset_class = BodyFilter
    columns = (Column("名称", lambda body: body.name),)
    sorts: ClassVar[dict[str, tuple[str, ...]]] = {"name": ("name", "pk")}
    unit_word = "个"

    def get_queryset(self) -> QuerySet[Body]:
        return Body.objects.filter(name__startswith="样本").order_by("pk")


class OneBody(DetailPage[Body]):
    action = SIGNED_IN
    template_name = "base.html"

    def get_queryset(self) -> QuerySet[Body]:
        return Body.objects.filter(name__startswith="样本")


class NameForm(forms.Form):
    name = forms.CharField(label="名称", max_length=20)


class Rename(ActionPage[Body]):
    action = SIGNED_IN
    title = "改名"
    form_class = NameForm
    done_sentence = "已改名。"

    def get_queryset(self) -> QuerySet[Body]:
        return Body.objects.filter(name__startswith="样本")

    def crumbs(self) -> list[Crumb]:
        return [Crumb("单位", "/sample/")]

    def version(self) -> int | None:
        return len(self.object.name)

    def form_valid(self, form: Any) -> HttpResponseBase:
        name = form.cleaned_data["name"]
        Body.objects.filter(pk=self.object.pk).update(name=name, short_name=self.object.short_name + "改")
        if "撤销" in name:
            raise WrongStep("已撤销的单位不能改名。")
        if "非法" in name:
            raise Refused("名称不合规定。", field="name")
        return HttpResponseRedirect("/sample/")


class Close(ConfirmPage[Body]):
    action = SIGNED_IN
    title = "撤销单位"
    question = "撤销后不能恢复。"
    submit_label = "撤销单位"

    def get_queryset(self) -> QuerySet[Body]:
        return Body.objects.filter(name__startswith="样本")

    def facts(self) -> list[Fact]:
        return [Fact("名称", self.object.name)]

    def form_valid(self, form: Any) -> HttpResponseBase:
        Body.objects.filter(pk=self.object.pk).update(short_name="撤")
        return HttpResponseRedirect("/sample/")


class CloseMany(BulkPage[Body]):
    action = SIGNED_IN
    title = "撤销单位"
    done_verb = "撤销"
    unit_word = "个"

    def get_queryset(self) -> QuerySet[Body]:
        return Body.objects.filter(name__startswith="样本").order_by("pk")

    def act(self, row: Body, form: Any) -> None:
        row.short_name = "撤"
        row.save(update_fields=["short_name"])
        if "在办" in row.name:
            raise WrongStep("还有在办提案。")


class KeepName(AutosavePage[Body]):
    action = SIGNED_IN

    def get_queryset(self) -> QuerySet[Body]:
        return Body.objects.filter(name__startswith="样本")

    def version(self) -> int | None:
        return len(self.object.name)

    def save(self, fields: QueryDict) -> int | None:
        if "撤销" in fields["name"]:
            raise Refused("名称不合规定。")
        Body.objects.filter(pk=self.object.pk).update(name=fields["name"])
        return len(fields["name"])


class Closed(Page):
    action = "members.appoint"
    template_name = "base.html"


urlpatterns = [
    path("sample/", Bodies.as_view(), name="sample"),
    path("sample/closed/", Closed.as_view()),
    path("sample/many/", CloseMany.as_view()),
    path("sample/<uuid:public_id>/", OneBody.as_view()),
    path("sample/<uuid:public_id>/rename/", Rename.as_view()),
    path("sample/<uuid:public_id>/close/", Close.as_view()),
    path("sample/<uuid:public_id>/keep/", KeepName.as_view()),
    path("", include("config.urls")),
]
