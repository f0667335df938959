"""A unit's or office's own letter templates: brought, looked at with made-up facts, put into use by a second person."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members import audit
from members.days import short_day
from members.models import Body
from members.pages import ConfirmPage, DetailPage, FormPage, Page, Signed
from members.pages.page import RowMixin
from members.rights import bodies_of
from members.shown import Act, Crumb, Fact
from members.uploads import open_file
from proposals.handling import actions, forms
from proposals.handling.letter_templates import FIELDS, NEEDED, sample, starter
from proposals.handling.letters import letter_docx
from proposals.handling.models import LetterTemplate, PaperKind
from proposals.handling.official import by_template

from .files import word_file

OURS = "handling.letter_templates"


def own_bodies(user: Any) -> QuerySet[Body]:
    return Body.objects.filter(pk__in=bodies_of(user, OURS, timezone.localdate())).order_by("pinyin", "pk")


def templates_for(user: Any) -> QuerySet[LetterTemplate]:
    return LetterTemplate.objects.visible_to(user).select_related("body", "by", "released_by")


class OnTemplates(Signed):
    action = OURS

    def crumbs(self) -> list[Crumb]:
        return [Crumb("公文模板", reverse("handling:letter_templates"))]


class LetterTemplates(Signed, FormPage):
    """Every version there is, and a form for the next one."""

    action = OURS
    title = "公文模板"
    template_name = "handling/letter_templates.html"
    form_class = forms.LetterTemplateForm
    submit_label = "上传"
    done_sentence = "已上传。请另一位同事核对示例后启用；启用前，公文仍按原来的格式生成。"

    def prepare(self) -> None:
        self.bodies = own_bodies(self.me)
        found = {kind for body in self.bodies for kind in actions.kinds_of(body)}
        self.kinds = [kind for kind in PaperKind if kind in found]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "offered": self.bodies, "kinds": self.kinds}

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        row = actions.bring_template(data["body"], data["kind"], data["file"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("handling:letter_template", args=[row.public_id]))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = templates_for(self.me).order_by("body__pinyin", "body", "kind", "-version")[:200]
        help_ = [(kind, FIELDS[kind], NEEDED[kind]) for kind in self.kinds]
        return super().get_context_data(rows=rows, fields=help_, **kwargs)


class Starter(OnTemplates, Page):
    """The built-in letter with fields for words: what a template can begin from."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        kind = kwargs["kind"]
        if kind not in PaperKind.values:
            raise Http404
        return word_file(letter_docx(starter(kind)), f"{PaperKind(kind).label}模板.docx")


class TemplatePage(OnTemplates, DetailPage[LetterTemplate]):
    """What the template makes of made-up facts, and who brought and released it."""

    template_name = "handling/letter_template.html"

    def get_queryset(self) -> QuerySet[LetterTemplate]:
        return templates_for(self.me)

    def get_title(self) -> str:
        return str(self.object)

    def facts(self) -> list[Fact]:
        row = self.object
        at = timezone.localtime(row.at)
        released = timezone.localtime(row.released_at) if row.released_at else None
        return [
            Fact("单位", row.body),
            Fact("状态", row.get_state_display()),
            Fact("文件", row.name, url=reverse("handling:template_file", args=[row.public_id])),
            Fact("校验码", row.sha256[:16]),
            Fact("上传", f"{row.by} {at:%Y-%m-%d %H:%M}"),
            Fact("启用", f"{row.released_by} {released:%Y-%m-%d %H:%M}" if released else "还没有"),
            *([Fact("不启用的原因", row.refused, wide=True)] if row.refused else []),
            Fact("用到的字段", "、".join(row.uses), wide=True),
        ]

    def acts(self) -> list[Act]:
        row, key = self.object, [self.object.public_id]
        own, waits = row.by_id == self.me.pk, row.state == LetterTemplate.State.WAITING
        acts = [Act("下载示例", reverse("handling:template_sample", args=key), icon="download")]
        if row.state != LetterTemplate.State.ON and (row.released_by_id or not own):
            acts.append(Act("启用", reverse("handling:use_template", args=key), kind="primary"))
        if waits and not own:
            acts.append(Act("不启用", reverse("handling:refuse_template", args=key)))
        elif row.state != LetterTemplate.State.OFF and row.body in own_bodies(self.me):
            acts.append(Act("停用", reverse("handling:stop_template", args=key)))
        return acts

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        made = by_template(self.object, [sample(self.object.kind)])[0]
        waits = self.object.state == LetterTemplate.State.WAITING and self.object.by_id == self.me.pk
        return super().get_context_data(facts=self.facts(), blocks=made.blocks, waits=waits, **kwargs)


class TemplateFile(OnTemplates, RowMixin[LetterTemplate], Page):
    """The template itself, as it was brought."""

    def get_queryset(self) -> QuerySet[LetterTemplate]:
        return templates_for(self.me)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        row = self.get_object()
        audit.record("download", by=self.me, subject=str(row.public_id), now=timezone.now(), purpose="template")
        try:
            with open_file(row.stored) as file:
                return word_file(file.read(), row.name)
        except FileNotFoundError as error:
            raise Http404 from error


class TemplateSample(OnTemplates, RowMixin[LetterTemplate], Page):
    """The template filled with made-up facts, to be opened in Word."""

    def get_queryset(self) -> QuerySet[LetterTemplate]:
        return templates_for(self.me)

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        row = self.get_object()
        return word_file(by_template(row, [sample(row.kind)])[0].content, f"{row}（示例）.docx")


class UseTemplate(OnTemplates, ConfirmPage[LetterTemplate]):
    title = "启用模板"
    question = "启用后，本单位这一文种的公文按这个模板生成；正在使用的版本停用并保留，已经生成的公文不变。"
    submit_label = "启用"
    done_sentence = "已启用。"

    def get_queryset(self) -> QuerySet[LetterTemplate]:
        return templates_for(self.me)

    def version(self) -> int | str | None:
        """Its number is no mark of change: the action locks the row and looks itself."""
        return None

    def facts(self) -> list[Fact]:
        row = self.object
        return [
            Fact("单位", row.body),
            Fact("模板", f"{row}　{row.name}"),
            Fact("上传", f"{row.by} {short_day(row.at)}"),
        ]

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.use_template(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("handling:letter_templates"))


class StopTemplate(UseTemplate):
    title = "停用模板"
    question = "停用后，这一文种的公文按系统自带的公文格式（GB/T 9704）生成；模板保留，可以再启用。"
    submit_label = "停用"
    done_sentence = "已停用。"

    def get_queryset(self) -> QuerySet[LetterTemplate]:
        return super().get_queryset().filter(body__in=own_bodies(self.me))

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.stop_template(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("handling:letter_templates"))


class RefuseTemplate(UseTemplate):
    title = "不启用模板"
    question = "退回给上传人，公文仍按原来的格式生成。"
    form_class = forms.RefuseTemplateForm
    submit_label = "不启用"
    done_sentence = "已退回，并告知上传人。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.refuse_template(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("handling:letter_templates"))
