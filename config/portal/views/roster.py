"""Importing a roster of people: upload, look at every fault, confirm, print the slips once."""

from typing import Any

from django import forms
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from config.portal.actions import roster
from config.portal.views.importing import SHOWN, PartialForm, kinds_of
from members.forms import PlainForm
from members.models import RosterDraft
from members.pages import FormPage
from members.shown import Crumb


class RosterForm(PlainForm):
    file = forms.FileField(
        label="名册",
        help_text="Excel（.xlsx）或 CSV 表格。委员名册须有“姓名”“界别”等列，单位名册须有“单位”“姓名”“角色”等列。",
    )


class ConfirmForm(PartialForm):
    document = forms.CharField(
        label="依据文件",
        max_length=200,
        required=False,
        help_text="文号或会议名称，例如：市政协办〔2026〕3号。用于名册中没有写明依据的各行。",
    )
    field_order = ("document", "partial")


class Upload(FormPage):
    action = "members.roster"
    title = "导入名册"
    form_class = RosterForm
    submit_label = "上传并检查"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("人员", reverse("members:people"))]

    def form_valid(self, form: RosterForm) -> HttpResponseBase:
        draft = roster.take_in(form.cleaned_data["file"], by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("portal:roster_check", args=[draft.public_id]))


class Check(FormPage):
    """The preview: nothing is written yet. The answer to its form is the slips, shown once."""

    action = "members.roster"
    title = "检查名册"
    template_name = "portal/roster_check.html"
    form_class = ConfirmForm
    submit_label = "确认导入"

    def prepare(self) -> None:
        drafts = RosterDraft.objects.filter(by=self.person, imported_at=None)
        self.draft = get_object_or_404(drafts, public_id=self.kwargs["public_id"])
        self.made = roster.look_at(self.draft, on=timezone.localdate())

    def crumbs(self) -> list[Crumb]:
        return [Crumb("导入名册", reverse("portal:import_people"))]

    def get_form(self) -> Any:
        form = super().get_form()
        form.fields["document"].required = any(one.appoints and not one.line.document for one in self.made.planned)
        return form

    def form_valid(self, form: ConfirmForm) -> HttpResponseBase:
        made, slips = roster.confirm_draft(self.draft, **form.cleaned_data, by=self.person, now=timezone.now())
        context = {"title": "名册已导入", "made": made, "summary": made.summary(), "slips": slips}
        return TemplateResponse(self.request, "portal/roster_done.html", context)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        made = self.made
        return super().get_context_data(
            draft=self.draft,
            summary=made.summary(),
            planned=made.planned[:SHOWN],
            kinds=kinds_of(made.errors, made.warnings, []),
            **kwargs,
        )
