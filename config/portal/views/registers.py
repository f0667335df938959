"""Importing a register of proposals: upload, look at every fault, confirm, take the list of faults along."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from config.portal.actions import files, registers
from config.portal.forms import ConfirmRegisterForm, RegisterForm
from config.portal.models import RegisterFile
from config.portal.registers.parser import Register
from members import tables
from members.errors import Refusal
from members.models import Person
from members.pages import FormPage, Page
from members.shown import Count, Crumb

SHOWN = 200  # notes of a kind on the page; the list to download has them all
ROWS_SHOWN = 20
NOT_KEPT = "文件导入后立即删除，没有导入的一小时内自动删除。"
AT_ONCE = 200  # proposals; more of them are a long job


class _ImportPage(Page):
    action = "proposals.import"
    kwargs: dict[str, Any]

    def crumbs(self) -> list[Crumb]:
        return [Crumb("导入提案登记表", reverse("portal:import_proposals"))]

    def kept(self) -> RegisterFile:
        mine = RegisterFile.objects.of_kind(RegisterFile.Kind.PROPOSALS).of(self.request.user)  # type: ignore[arg-type]  # signed in
        return get_object_or_404(mine, public_id=self.kwargs["public_id"])


class RegisterCheck(FormPage):
    """The preview of an uploaded file, with the way to give it up (`portal/give_up.html`)."""

    file: RegisterFile
    home = "portal:import_proposals"

    def form_valid_once(self, form: Any) -> HttpResponseBase:
        if "give_up" not in self.request.POST:
            return super().form_valid_once(form)
        files.give_up(self.file)
        messages.success(self.request, "上传的文件已经删除，没有导入。")
        return HttpResponseRedirect(reverse(self.home))


class Upload(FormPage):
    action = "proposals.import"
    title = "导入提案登记表"
    template_name = "portal/import_upload.html"
    form_class = RegisterForm
    submit_label = "上传并检查"
    hint = (
        f"上传后先检查、不写入：每一行的问题都会列出来，确认之后才导入。同一个文件再导入一次，不会增加提案。{NOT_KEPT}"
    )

    def form_valid(self, form: forms.Form) -> HttpResponseBase:
        given, by = form.cleaned_data, self.request.user
        assert isinstance(by, Person)
        kept = registers.take_in(given["file"], given["session"], only=given["sheet"], by=by, now=timezone.now())
        return HttpResponseRedirect(reverse("portal:import_check", args=[kept.public_id]))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = RegisterFile.objects.of_kind(RegisterFile.Kind.PROPOSALS).of(self.request.user)  # type: ignore[arg-type]  # signed in
        return super().get_context_data(files=mine.order_by("-uploaded_at", "-pk")[:10], hint=self.hint, **kwargs)


class Check(_ImportPage, RegisterCheck):
    """The preview: nothing is written yet."""

    title = "检查登记表"
    template_name = "portal/import_check.html"
    form_class = ConfirmRegisterForm
    seen: registers.Preview | None = None
    trouble = ""

    def prepare(self) -> None:
        self.file = self.kept()
        if self.file.imported_at is None:
            try:
                self.seen = registers.look_at(self.file)
            except (Refusal, FileNotFoundError) as error:
                self.trouble = str(error) if isinstance(error, Refusal) else "文件已清理，请重新上传。"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.prepare()
        if self.file.imported_at:
            return HttpResponseRedirect(reverse("portal:import_result", args=[self.file.public_id]))
        return self.show(self.get_form())

    def form_valid(self, form: forms.Form) -> HttpResponseBase:
        partial, by, now = form.cleaned_data["partial"], self.request.user, timezone.now()
        assert isinstance(by, Person)
        if self.seen and len(self.seen.register.entries) > AT_ONCE and (partial or not self.seen.register.errors):
            job = registers.bring_in_later(self.file, partial=partial, by=by, now=now)
            return HttpResponseRedirect(reverse("inbox:job", args=[job.public_id]))
        registers.bring_in(self.file, partial=partial, by=by, now=now)
        return HttpResponseRedirect(reverse("portal:import_result", args=[self.file.public_id]))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = {"file": self.file, "trouble": self.trouble}
        if self.seen:
            register = self.seen.register
            context |= {
                "counts": counts_of(self.seen.summary, repeated=len(register.skipped), words="可导入"),
                "register": register,
                "entries": register.entries[:ROWS_SHOWN],
                "kinds": kinds_of(register.errors, register.warnings, register.skipped),
                "columns": columns_of(register),
            }
        return super().get_context_data(**context, **kwargs)


class Outcome(_ImportPage):
    """What an import did."""

    title = "导入结果"
    template_name = "portal/import_result.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        file = self.kept()
        result = file.result
        return super().get_context_data(
            file=file,
            counts=counts_of(result, repeated=result.get("skipped", 0), words="已导入") if result else [],
            kinds=kinds_of(result.get("errors", []), result.get("warnings", []), result.get("repeated", [])),
            **kwargs,
        )


class Faults(_ImportPage):
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


def counts_of(summary: dict[str, Any], *, repeated: int, words: str) -> list[Count]:
    errors, warnings = len(summary["errors"]), len(summary["warnings"])
    return [
        Count("数据行", summary["rows"]),
        Count(words, summary["imported"]),
        Count("已有，跳过", repeated),
        Count("错误", errors, tone="danger" if errors else ""),
        Count("提示", warnings, tone="warn" if warnings else ""),
    ]


def kinds_of(errors: Sequence[Any], warnings: Sequence[Any], repeated: Sequence[Any]) -> list[dict[str, Any]]:
    """The notes as the page lists them, worst first, each kind with its whole number."""
    kinds = (
        ("错误", errors, "这些行不会导入"),
        ("提示", warnings, "这些行会导入，请核对"),
        ("已有，跳过", repeated, ""),
    )
    return [
        {"label": label, "notes": notes[:SHOWN], "amount": len(notes), "hint": hint}
        for label, notes, hint in kinds
        if notes
    ]


def columns_of(register: Register) -> list[tuple[str, str]]:
    """How each column of the sheet was understood, in the sheet's order."""
    header = register.header
    return [(header.labels[column], header.fields[column].value) for column in sorted(header.fields)]
