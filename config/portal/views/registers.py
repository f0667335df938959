"""Importing a register of proposals: upload, look at every fault, confirm, take the list of faults along."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from config.portal.actions import registers
from config.portal.forms import RegisterForm
from config.portal.models import RegisterFile
from config.portal.registers.parser import Register
from config.portal.views.importing import ImportPage, OutcomePage, RegisterCheck, UploadPage
from members import tables
from members.pages import Column

AT_ONCE = 200  # proposals; more of them are a long job


class _Proposals(ImportPage):
    action = "proposals.import"
    kind = RegisterFile.Kind.PROPOSALS
    home_title, unit_word = "导入提案登记表", "件"
    home, check, result = "portal:import_proposals", "portal:import_check", "portal:import_result"

    def faults_url(self, file: RegisterFile) -> str:
        return reverse("portal:import_faults", args=[file.public_id])


class Upload(_Proposals, UploadPage):
    form_class = RegisterForm
    hint = "上传后先检查、不写入：每一行的问题都会列出来，确认之后才导入。同一个文件再导入一次，不会增加提案。"

    def take_in(self, form: Any) -> RegisterFile:
        given = form.cleaned_data
        return registers.take_in(
            given["file"], given["session"], only=given["sheet"], by=self.person, now=timezone.now()
        )


class Check(_Proposals, RegisterCheck):
    title = "检查登记表"
    columns = (
        Column("行", lambda entry: entry.row),
        Column("编号", lambda entry: entry.number),
        Column("案由", lambda entry: entry.title),
        Column("提案者", lambda entry: entry.proposer),
        Column("主办", lambda entry: entry.lead or "待交办"),
        Column("会办、分办", lambda entry: "、".join([*entry.co, *entry.split])),
        Column("交办", lambda entry: entry.assigned_on),
        Column("答复", lambda entry: entry.replied_on),
        Column("办理类别", lambda entry: entry.reply_class),
    )

    def look(self) -> None:
        self.seen = registers.look_at(self.file).register

    def bring_in(self, form: Any) -> HttpResponseBase | None:
        """More than a few are a long job."""
        partial, by, now = form.cleaned_data["partial"], self.person, timezone.now()
        if self.seen and len(self.seen.entries) > AT_ONCE and (partial or not self.seen.errors):
            job = registers.bring_in_later(self.file, partial=partial, by=by, now=now)
            return HttpResponseRedirect(reverse("inbox:job", args=[job.public_id]))
        registers.bring_in(self.file, partial=partial, by=by, now=now)
        return None

    def shown(self) -> dict[str, Any]:
        return {**super().shown(), "notes": self.seen.notes, "understood": columns_of(self.seen)}


class Outcome(_Proposals, OutcomePage):
    note = "导入完成。已答复的显示为已答复；未答复的从交办之日起计算答复时限，已过的提醒节点不再补发。"
    list_url, list_label = "proposals:list", "查看提案"


class Faults(_Proposals):
    """The list of faults as a table to take along: row and column as in the sheet."""

    title = "问题清单"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        file = self.kept()
        rows = list(fault_rows(file))
        table = tables.Table(f"导入问题清单 {file.session_code}", ["类别", "行", "列", "说明"], rows)
        return tables.export(
            request, table, count=len(rows), name="register_faults", reason="核对导入的登记表", now=timezone.now()
        )


def fault_rows(file: RegisterFile) -> Iterable[Sequence[Any]]:
    if file.imported_at:
        found = (("错误", file.result["errors"]), ("提示", file.result["warnings"]), ("重复", file.result["repeated"]))
    else:
        register = registers.look_at(file).register
        summary = registers.summary_of(register, imported=0)
        repeated = [registers.plain(note) for note in register.skipped]
        found = (("错误", summary["errors"]), ("提示", summary["warnings"]), ("重复", repeated))
    for kind, notes in found:
        for note in notes:
            yield kind, note["row"], note["column"], note["message"]


def columns_of(register: Register) -> list[tuple[str, str]]:
    """How each column of the sheet was understood, in the sheet's order."""
    header = register.header
    return [(header.labels[column], header.fields[column].value) for column in sorted(header.fields)]
