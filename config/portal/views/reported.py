"""Importing registers of reports and adoption lists: upload, look at every line, confirm (P30)."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from config.portal.actions import reported
from config.portal.actions.registers import path_of
from config.portal.models import RegisterFile
from config.portal.registers.reported import Reported
from config.portal.views.registers import NOT_KEPT, ROWS_SHOWN, RegisterCheck, counts_of, kinds_of
from members.errors import Refusal
from members.forms import in_plain_words
from members.pages import FormPage, Page
from members.shown import Crumb
from proposals.reports.models.adoption import Level

ASKED_FOR = "Excel（.xlsx）或 CSV 表格，不超过 10 MB。"


class ReportsFileForm(forms.Form):
    file = forms.FileField(
        label="信息登记表",
        help_text=f"{ASKED_FOR}须有“标题”和“年份”或“日期”列；“反映人”“采用单位”“领导批示”有则一并导入。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_plain_words(self)


class AdoptionsFileForm(forms.Form):
    adopter = forms.CharField(
        label="采用单位", max_length=80, help_text="例如：省政协办公厅。清单里另有一列的，以清单为准。"
    )
    level = forms.ChoiceField(label="层级", choices=Level.choices, widget=forms.RadioSelect)
    file = forms.FileField(label="采用清单", help_text=f"{ASKED_FOR}须有“标题”和“采用日期”列。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_plain_words(self)


class PartialForm(forms.Form):
    partial = forms.BooleanField(label="不导入有错误的行，只导入其余各行", required=False)


class _Mine(Page):
    action = "reports.import"
    kind: str = RegisterFile.Kind.REPORTS
    home = "portal:import_reports"
    home_title = "导入信息登记表"
    kwargs: dict[str, Any]

    def crumbs(self) -> list[Crumb]:
        return [Crumb(self.home_title, reverse(self.home))]

    def kept(self) -> RegisterFile:
        rows = RegisterFile.objects.of_kind(self.kind).of(self.person)
        return get_object_or_404(rows, public_id=self.kwargs["public_id"])


class _Upload(FormPage):
    action = "reports.import"
    template_name = "portal/reported_upload.html"
    submit_label = "上传并检查"
    kind: str = RegisterFile.Kind.REPORTS
    check = "portal:reported_check"
    hint = (
        f"上传后先检查、不写入：每一行的问题都会列出来，确认之后才导入。同一个文件再导入一次，不会增加信息。{NOT_KEPT}"
    )

    def form_valid(self, form: forms.Form) -> HttpResponseBase:
        details = {name: value for name, value in form.cleaned_data.items() if name != "file"}
        file = form.cleaned_data["file"]
        kept = reported.take_in(file, kind=self.kind, details=details, by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse(self.check, args=[kept.public_id]))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = RegisterFile.objects.of_kind(self.kind).of(self.person).order_by("-uploaded_at", "-pk")[:10]
        files = [(file, reverse(self.check, args=[file.public_id])) for file in mine]
        return super().get_context_data(files=files, hint=self.hint, **kwargs)


class Upload(_Upload):
    title = "导入信息登记表"
    form_class = ReportsFileForm


class UploadAdoptions(_Upload):
    title = "导入采用清单"
    form_class = AdoptionsFileForm
    kind = RegisterFile.Kind.ADOPTIONS
    check = "portal:adoptions_check"
    hint = f"上传后按标题与已编发、已原文转送的信息核对，逐行确认以后才登记采用。{NOT_KEPT}"


class _Check(_Mine, RegisterCheck):
    """The preview: nothing is written yet."""

    trouble = ""

    def prepare(self) -> None:
        self.file = self.kept()
        if self.file.imported_at is None:
            try:
                self.look()
            except (Refusal, FileNotFoundError) as error:
                self.trouble = str(error) if isinstance(error, Refusal) else "文件已清理，请重新上传。"

    def look(self) -> None:
        raise NotImplementedError

    def result_url(self) -> str:
        return reverse("portal:reported_result", args=[self.file.public_id])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.prepare()
        if self.file.imported_at:
            return HttpResponseRedirect(self.result_url())
        return self.show(self.get_form())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(file=self.file, trouble=self.trouble, again_url=reverse(self.home), **kwargs)


class Check(_Check):
    title = "检查信息登记表"
    template_name = "portal/reported_check.html"
    form_class = PartialForm
    seen: Reported | None = None

    def look(self) -> None:
        self.seen = reported.preview(path_of(self.file.file))

    def form_valid(self, form: forms.Form) -> HttpResponseBase:
        reported.bring_in(self.file, partial=form.cleaned_data["partial"], by=self.person, now=timezone.now())
        return HttpResponseRedirect(self.result_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = {}
        if seen := self.seen:
            summary = reported.summary_of(seen, imported=len(seen.entries))
            context = {
                "seen": seen,
                "counts": counts_of(summary, repeated=len(seen.skipped), words="可导入"),
                "entries": seen.entries[:ROWS_SHOWN],
                "kinds": kinds_of(seen.errors, seen.warnings, seen.skipped),
            }
        return super().get_context_data(**context, **kwargs)


class CheckAdoptions(_Check):
    """Each line of the list with the reports that it may mean; the person says which, or that none is meant."""

    title = "核对采用清单"
    template_name = "portal/adoptions_check.html"
    form_class = forms.Form
    kind = RegisterFile.Kind.ADOPTIONS
    home = "portal:import_adoptions"
    home_title = "导入采用清单"
    rows: list[reported.Match]

    def look(self) -> None:
        self.seen, self.rows = reported.matches(self.file, self.person)

    def result_url(self) -> str:
        return reverse("portal:adoptions_result", args=[self.file.public_id])

    def form_valid(self, form: forms.Form) -> HttpResponseBase:
        chosen = {row.entry.row: self.request.POST.get(f"row-{row.entry.row}", "") for row in self.rows}
        reported.bring_in_adoptions(self.file, chosen, by=self.person, now=timezone.now())
        return HttpResponseRedirect(self.result_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = {}
        if not self.trouble:
            levels = dict(Level.choices)
            context = {
                "lines": [self.line(row, levels) for row in self.rows],
                "unmatched": sum(not row.candidates for row in self.rows),
                "kinds": kinds_of(self.seen.errors, self.seen.warnings, []),
            }
        return super().get_context_data(**context, **kwargs)

    def line(self, row: reported.Match, levels: dict[str, str]) -> dict[str, Any]:
        """A line with its choices: the very same title is chosen beforehand, a likeness is not."""
        sent = self.request.POST.get(f"row-{row.entry.row}") if self.request.method == "POST" else None
        exact = str(row.exact.matter.public_id) if row.exact and not row.again else ""
        choices = [
            (str(one.matter.public_id), f"{one.matter.number or ''} {one.matter.title}".strip(), likeness == 1)
            for one, likeness in row.candidates
        ]
        return {
            "entry": row.entry,
            "adopter": f"{row.adopter}（{levels[row.level]}）",
            "choices": choices,
            "chosen": exact if sent is None else sent,
            "again": row.again,
        }


class Outcome(_Mine):
    """What an import did."""

    title = "导入结果"
    template_name = "portal/reported_result.html"
    words = "已导入"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        file = self.kept()
        result = file.result
        return super().get_context_data(
            file=file,
            counts=counts_of(result, repeated=result.get("skipped", 0), words=self.words) if result else [],
            kinds=kinds_of(result.get("errors", []), result.get("warnings", []), result.get("repeated", [])),
            again_url=reverse(self.home),
            **kwargs,
        )


class AdoptionsOutcome(Outcome):
    kind = RegisterFile.Kind.ADOPTIONS
    home = "portal:import_adoptions"
    home_title = "导入采用清单"
    words = "已登记采用"
