"""Starts the long jobs that make papers; their own page shows how far they are."""

from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.forms import PlainForm
from members.inbox.actions import start_job
from members.models import Body, Session
from members.pages import ActionPage, FormPage, Signed
from members.rights import bodies_of
from members.shown import Crumb, Fact
from proposals import actions
from proposals.models import Batch
from proposals.papers import BATCH, SESSION, UNIT
from proposals.queries import batches_of
from proposals.volume import VOLUME, Format, Names


class NoticeForm(PlainForm):
    number = forms.CharField(
        label="交办通知文号",
        max_length=60,
        required=False,
        help_text="已在纸上编号的照填；不编号的留空。交办机构设了文号格式的，这里是下一个文号。",
    )


class BatchPapers(Signed, ActionPage[Batch]):
    """Notice, allocation table and packets of a hand-over."""

    action = "proposals.hand_over"
    template_name = "pages/confirm.html"
    form_class = NoticeForm
    title = "生成交办文书"
    submit_label = "生成"

    def get_queryset(self) -> QuerySet[Batch]:
        return batches_of(self.request.user).filter(undone_at=None)

    def version(self) -> int | None:
        return None

    def crumbs(self) -> list[Crumb]:
        return [Crumb(self.object.name, reverse("proposals:batch", args=[self.object.public_id]))]

    def get_initial(self) -> dict[str, Any]:
        number = self.object.doc_no or actions.next_notice_number(self.object, by=self.me, on=timezone.localdate())
        return {"number": number}

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.number_notice(self.object, form.cleaned_data["number"], by=self.me, now=timezone.now())
        job = start_job(
            BATCH,
            title=f"{self.object.name}交办文书",
            args={"batch": str(self.object.public_id)},
            back=self.get_back_url(),
            by=self.me,
            now=timezone.now(),
        )
        return HttpResponseRedirect(reverse("inbox:job", args=[job.public_id]))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        facts = [
            Fact("内容", "联合通知、分办表、各单位交办件（封面、目录、提案、签收单）"),
            Fact("格式", "Word，条件具备时另附 PDF"),
        ]
        return super().get_context_data(question="文件较多，生成后可在“长任务”下载。", facts=facts, **kwargs)


class UnitForm(PlainForm):
    unit = forms.ModelChoiceField(Body.objects.none(), label="单位", to_field_name="public_id", empty_label=None)

    def __init__(self, *args: Any, offered: QuerySet[Body], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = offered  # type: ignore[attr-defined]  # a model field


class UnitPapers(Signed, FormPage):
    """All proposals that a unit has in hand, in one file."""

    action = "handling.read_unit"
    form_class = UnitForm
    title = "下载本单位提案"
    submit_label = "生成文件"

    def get_form_kwargs(self) -> dict[str, Any]:
        units = bodies_of(self.me, self.action, timezone.localdate())
        offered = Body.objects.filter(pk__in=units).order_by("pinyin", "pk")
        return {**super().get_form_kwargs(), "offered": offered}

    def form_valid(self, form: Any) -> HttpResponseBase:
        unit = form.cleaned_data["unit"]
        job = start_job(
            UNIT,
            title=f"{unit}在办提案",
            args={"unit": str(unit.public_id)},
            back=reverse("proposals:list"),
            by=self.me,
            now=timezone.now(),
        )
        return HttpResponseRedirect(reverse("inbox:job", args=[job.public_id]))


class SessionForm(PlainForm):
    session = forms.ModelChoiceField(
        Session.objects.newest_first(), label="届次", to_field_name="code", empty_label=None
    )


class SessionPapers(Signed, FormPage):
    """Before the plenary: which proposals there are, and what they say, in short (提案目录、摘要, P16)."""

    action = "proposals.plenary"
    form_class = SessionForm
    title = "生成提案目录和摘要"
    submit_label = "生成文件"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("大会提案情况", reverse("proposals:plenary"))]

    def get_initial(self) -> dict[str, Any]:
        return {"session": self.request.GET.get("session") or Session.objects.current(timezone.now())}

    def form_valid(self, form: Any) -> HttpResponseBase:
        session = form.cleaned_data["session"]
        job = start_job(
            SESSION,
            title=f"{session.name}提案目录和摘要",
            args={"session": session.code},
            back=self.get_back_url(),
            by=self.me,
            now=timezone.now(),
        )
        return HttpResponseRedirect(reverse("inbox:job", args=[job.public_id]))


class VolumeForm(SessionForm):
    names = forms.ChoiceField(label="提案者姓名", choices=Names.choices, initial=Names.AGREED, widget=forms.RadioSelect)
    format = forms.ChoiceField(
        label="格式", choices=Format.choices, initial=Format.WORD, widget=forms.RadioSelect, required=False
    )


class Volume(SessionPapers):
    """After the year: every proposal with its delivered replies, by category (提案及答复汇编)."""

    form_class = VolumeForm
    title = "生成提案及答复汇编"

    def form_valid(self, form: Any) -> HttpResponseBase:
        session = form.cleaned_data["session"]
        job = start_job(
            VOLUME,
            title=f"{session.name}提案及答复汇编",
            args={"session": session.code, "names": form.cleaned_data["names"], "format": form.cleaned_data["format"]},
            back=self.get_back_url(),
            by=self.me,
            now=timezone.now(),
        )
        return HttpResponseRedirect(reverse("inbox:job", args=[job.public_id]))
