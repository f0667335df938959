"""Importing registers of reports and adoption lists: upload, look at every line, confirm (P30)."""

from typing import Any

from django import forms
from django.http import HttpResponseBase
from django.utils import timezone

from config.portal.actions import reported
from config.portal.actions.registers import path_of
from config.portal.models import RegisterFile
from config.portal.registers.reported import Entry
from config.portal.views.importing import CheckPage, ImportPage, OutcomePage, RegisterCheck, UploadPage, kinds_of
from members.forms import PlainForm
from members.pages import Column
from proposals.reports.models.adoption import Level

ASKED_FOR = "Excel（.xlsx）或 CSV 表格，不超过 10 MB。"


class ReportsFileForm(PlainForm):
    file = forms.FileField(
        label="信息登记表",
        help_text=f"{ASKED_FOR}须有“标题”和“年份”或“日期”列；“反映人”“采用单位”“领导批示”有则一并导入。",
    )


class AdoptionsFileForm(PlainForm):
    adopter = forms.CharField(
        label="采用单位", max_length=80, help_text="例如：省政协办公厅。清单里另有一列的，以清单为准。"
    )
    level = forms.ChoiceField(label="层级", choices=Level.choices, widget=forms.RadioSelect)
    file = forms.FileField(label="采用清单", help_text=f"{ASKED_FOR}须有“标题”和“采用日期”列。")


class _Reports(ImportPage):
    action = "reports.import"
    kind = RegisterFile.Kind.REPORTS
    home_title = "导入信息登记表"
    home, check, result = "portal:import_reports", "portal:reported_check", "portal:reported_result"


class _Adoptions(ImportPage):
    action = "reports.import"
    kind = RegisterFile.Kind.ADOPTIONS
    home_title = "导入采用清单"
    home, check, result = "portal:import_adoptions", "portal:adoptions_check", "portal:adoptions_result"


class _Upload(UploadPage):
    def take_in(self, form: Any) -> RegisterFile:
        details = {name: value for name, value in form.cleaned_data.items() if name != "file"}
        file, now = form.cleaned_data["file"], timezone.now()
        return reported.take_in(file, kind=self.kind, details=details, by=self.person, now=now)


class Upload(_Reports, _Upload):
    form_class = ReportsFileForm
    hint = "上传后先检查、不写入：每一行的问题都会列出来，确认之后才导入。同一个文件再导入一次，不会增加信息。"


class UploadAdoptions(_Adoptions, _Upload):
    form_class = AdoptionsFileForm
    hint = "上传后按标题与已编发、已原文转送的信息核对，逐行确认以后才登记采用。"


class Check(_Reports, RegisterCheck):
    title = "检查信息登记表"
    columns = (
        Column("行", lambda entry: entry.row),
        Column("标题", lambda entry: entry.title),
        Column("日期", lambda entry: entry.on),
        Column("反映人", lambda entry: entry.submitter or "没有登记"),
        Column("采用", lambda entry: adopted_in(entry)),
        Column("领导批示", lambda entry: instructed_in(entry)),
    )

    def look(self) -> None:
        self.seen = reported.preview(path_of(self.file.file))

    def bring_in(self, form: Any) -> HttpResponseBase | None:
        reported.bring_in(self.file, partial=form.cleaned_data["partial"], by=self.person, now=timezone.now())
        return None


def adopted_in(entry: Entry) -> str:
    return "、".join(f"{one.adopter}（{one.journal}）" if one.journal else one.adopter for one in entry.adopted)


def instructed_in(entry: Entry) -> str:
    told = entry.instructed
    return f"{told.leader}{'圈阅' if told.kind == 'read' else '批示'}" if told else ""


class CheckAdoptions(_Adoptions, CheckPage):
    """Each line of the list with the reports that it may mean; the person says which, or that none is meant."""

    title = "核对采用清单"
    template_name = "portal/adoptions_check.html"
    form_class = forms.Form
    rows: list[reported.Match]

    def look(self) -> None:
        self.seen, self.rows = reported.matches(self.file, self.person)

    def bring_in(self, form: Any) -> HttpResponseBase | None:
        chosen = {row.entry.row: self.request.POST.get(f"row-{row.entry.row}", "") for row in self.rows}
        reported.bring_in_adoptions(self.file, chosen, by=self.person, now=timezone.now())
        return None

    def shown(self) -> dict[str, Any]:
        levels = dict(Level.choices)
        return {
            "lines": [self.line(row, levels) for row in self.rows],
            "unmatched": sum(not row.candidates for row in self.rows),
            "kinds": kinds_of(self.seen.errors, self.seen.warnings, []),
        }

    def line(self, row: reported.Match, levels: dict[str, str]) -> dict[str, Any]:
        """A line with its choices: the very same title is chosen beforehand, a likeness is not."""
        sent = self.request.POST.get(f"row-{row.entry.row}") if self.request.method == "POST" else None
        exact = str(row.exact.matter.public_id) if row.exact and not row.again else ""
        choices = [
            (str(one.matter.public_id), f"{one.matter.number or ''} {row.titles[one.pk]}".strip(), likeness == 1)
            for one, likeness in row.candidates
        ]
        return {
            "entry": row.entry,
            "adopter": f"{row.adopter}（{levels[row.level]}）",
            "choices": choices,
            "chosen": exact if sent is None else sent,
            "again": row.again,
        }


class Outcome(_Reports, OutcomePage):
    list_url, list_label = "reports:list", "查看信息"


class AdoptionsOutcome(_Adoptions, OutcomePage):
    words = "已登记采用"
    list_url, list_label = "reports:list", "查看信息"
