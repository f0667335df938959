"""The wording that a unit keeps for its replies: listed, added, changed and dropped by its clerk or head."""

from typing import Any, ClassVar

from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.models import Body
from members.pages import ActionPage, ConfirmPage, FormPage, ListPage, Signed
from members.rights import bodies_of
from members.shown import Act, Crumb, Fact
from proposals.handling import actions, forms
from proposals.handling.models import Wording


class OwnWordings(Signed):
    """Templates of the units for which this person may keep them."""

    action: ClassVar[str] = "handling.wordings"

    def get_queryset(self) -> "QuerySet[Wording]":
        units = bodies_of(self.me, self.action, timezone.localdate())
        return Wording.objects.filter(unit__in=units).select_related("unit")

    def crumbs(self) -> list[Crumb]:
        return [Crumb("答复模板", reverse("handling:wordings"))]


class Wordings(OwnWordings, ListPage[Wording]):
    title = "答复模板"
    template_name = "handling/wordings.html"
    unit_word = "个"
    empty_sentence = "还没有模板。新增以后，拟写答复时可以选用。"

    def get_queryset(self) -> "QuerySet[Wording]":
        return super().get_queryset().order_by("unit__pinyin", "category", "name", "pk")

    def crumbs(self) -> list[Crumb]:
        return []

    def acts(self) -> list[Act]:
        return [Act("新增", reverse("handling:add_wording"), "plus", "primary")]


class AddWording(OwnWordings, FormPage):
    title = "新增答复模板"
    form_class: ClassVar[type[BaseForm]] = forms.WordingForm
    submit_label = "保存"
    done_sentence = "已保存。拟写这一类提案的答复时可以选用。"

    def get_form_kwargs(self) -> dict[str, Any]:
        units = Body.objects.filter(pk__in=bodies_of(self.me, self.action, timezone.localdate()))
        return {**super().get_form_kwargs(), "units": list(units.order_by("pinyin", "pk"))}

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.keep_wording(form.unit(), **form.values(), by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("handling:wordings"))


class ChangeWording(OwnWordings, ActionPage[Wording]):
    title = "修改答复模板"
    form_class: ClassVar[type[BaseForm]] = forms.WordingForm
    submit_label = "保存"
    done_sentence = "已保存。已经拟写的答复没有改动。"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A colleague may have deleted it meanwhile: the words come back, whatever template the address once named."""
        try:
            return super().post(request, *args, **kwargs)
        except Http404:
            labels = {name: field.label for name, field in forms.WordingForm.base_fields.items()}
            typed = [
                Fact(str(label), words, wide=True)
                for name, label in labels.items()
                if (words := request.POST.get(name, "").strip())
            ]
            if not typed:
                raise
        sentence = "这个模板不在了，可能已由同事删除。要留用刚才写的内容，请从下面复制，新增一个模板。"
        return self.both_texts(sentence, typed, [], reload_url=reverse("handling:wordings"))

    def acts(self) -> list[Act]:
        return [Act("删除", reverse("handling:drop_wording", args=[self.object.public_id]))]

    def get_form_kwargs(self) -> dict[str, Any]:
        row = self.object
        return {**super().get_form_kwargs(), "units": [row.unit], "category": row.category}

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.object, name) for name in ("name", "category", "opening", "answer")}

    def form_valid(self, form: Any) -> HttpResponseBase:
        row, version = self.object, self.opened_version()
        actions.keep_wording(row.unit, **form.values(), change=row, version=version, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("handling:wordings"))


class DropWording(OwnWordings, ConfirmPage[Wording]):
    title = "删除答复模板"
    question = "删除后拟写答复时不再提供；已经拟写的答复没有改动。"
    submit_label = "删除"
    done_sentence = "已删除。"

    def version(self) -> None:
        """Whatever it says now, it goes."""

    def facts(self) -> list[Fact]:
        row = self.object
        return [Fact("名称", row.name), Fact("提案类别", row.category or "各类提案"), Fact("单位", row.unit)]

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.drop_wording(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("handling:wordings"))
