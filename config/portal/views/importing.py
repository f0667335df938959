"""What the pages of every import share: a file is uploaded, looked at line by line, confirmed, and leaves its result."""

from collections.abc import Sequence
from datetime import date
from typing import Any, ClassVar

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from config.portal.actions import files
from config.portal.models import RegisterFile
from members.errors import Refusal
from members.forms import PlainForm
from members.pages import Column, FormPage, Page
from members.shown import Count, Crumb

SHOWN = 200  # notes of a kind on the page; the list to download has them all
ROWS_SHOWN = 20
NOT_KEPT = "文件导入后立即删除，没有导入的一小时内自动删除。"


class PartialForm(PlainForm):
    """Import what was previewed; rows at fault stay out only if that was said."""

    partial = forms.BooleanField(label="不导入有错误的行，只导入其余各行", required=False)


class ImportPage(Page):
    """A page about files of one kind; a file is shown to whoever brought it."""

    kind: ClassVar[str]
    home_title: ClassVar[str]
    home: ClassVar[str]
    check: ClassVar[str]
    result: ClassVar[str]
    unit_word: ClassVar[str] = "篇"
    kwargs: dict[str, Any]

    def crumbs(self) -> list[Crumb]:
        return [Crumb(self.home_title, reverse(self.home))]

    def mine(self) -> QuerySet[RegisterFile]:
        return RegisterFile.objects.of_kind(self.kind).of(self.person)

    def kept(self) -> RegisterFile:
        return get_object_or_404(self.mine(), public_id=self.kwargs["public_id"])

    def faults_url(self, file: RegisterFile) -> str:
        """Where the whole list of what is wrong is downloaded, where it can be."""
        return ""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(again_url=reverse(self.home), unit_word=self.unit_word, **kwargs)


class UploadPage(ImportPage, FormPage):
    """Takes a file; nothing is written yet."""

    template_name = "portal/import_upload.html"
    submit_label = "上传并检查"
    hint: ClassVar[str]

    def get_title(self) -> str:
        return self.home_title

    def crumbs(self) -> list[Crumb]:
        return []

    def take_in(self, form: Any) -> RegisterFile:
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponseBase:
        return HttpResponseRedirect(reverse(self.check, args=[self.take_in(form).public_id]))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        last = self.mine().order_by("-uploaded_at", "-pk")[:10]
        uploaded = [(file, reverse(self.check, args=[file.public_id])) for file in last]
        return super().get_context_data(files=uploaded, hint=self.hint + NOT_KEPT, **kwargs)


class CheckPage(ImportPage, FormPage):
    """The preview, with the way to give the file up (`portal/give_up.html`); what is confirmed comes in."""

    template_name = "portal/import_check.html"
    seen: Any = None
    trouble = ""

    def prepare(self) -> None:
        self.file = self.kept()
        if self.file.imported_at is None:
            try:
                self.look()
            except (Refusal, FileNotFoundError) as error:
                self.trouble = str(error) if isinstance(error, Refusal) else "文件已清理，请重新上传。"

    def look(self) -> None:
        """Read the file again, into `seen`. Raises Refusal with a sentence."""
        raise NotImplementedError

    def shown(self) -> dict[str, Any]:
        """What the preview shows of a file that could be read."""
        raise NotImplementedError

    def result_url(self) -> str:
        return reverse(self.result, args=[self.file.public_id])

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        self.prepare()
        if self.file.imported_at:
            return HttpResponseRedirect(self.result_url())
        return self.show(self.get_form())

    def bring_in(self, form: Any) -> HttpResponseBase | None:
        """Import the file; an answer, where that is not its result."""
        raise NotImplementedError

    def form_valid_once(self, form: Any) -> HttpResponseBase:
        if "give_up" not in self.request.POST:
            return super().form_valid_once(form)
        files.give_up(self.file)
        messages.success(self.request, "上传的文件已经删除，没有导入。")
        return HttpResponseRedirect(reverse(self.home))

    def form_valid(self, form: Any) -> HttpResponseBase:
        return self.bring_in(form) or HttpResponseRedirect(self.result_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        shown = self.shown() if self.seen else {}
        return super().get_context_data(file=self.file, trouble=self.trouble, **shown, **kwargs)


class RegisterCheck(CheckPage):
    """The preview of a register: how many lines of each kind, and the first ones as they would come in."""

    form_class = PartialForm
    columns: ClassVar[Sequence[Column]]

    def shown(self) -> dict[str, Any]:
        seen = self.seen
        summary = {"rows": seen.rows, "errors": seen.errors, "warnings": seen.warnings, "imported": len(seen.entries)}
        return {
            "counts": counts_of(summary, repeated=len(seen.skipped), words="可导入"),
            "kinds": kinds_of(seen.errors, seen.warnings, seen.skipped),
            "faults_url": self.faults_url(self.file),
            "sheet": seen.sheet,
            "amount": len(seen.entries),
            "faulty": bool(seen.errors),
            "headings": [column.label for column in self.columns],
            "lines": [cells_of(entry, self.columns) for entry in seen.entries[:ROWS_SHOWN]],
        }


class OutcomePage(ImportPage):
    """What an import did."""

    title = "导入结果"
    template_name = "portal/import_result.html"
    words: ClassVar[str] = "已导入"
    note: ClassVar[str] = ""
    list_url: ClassVar[str]
    list_label: ClassVar[str]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        file = self.kept()
        result = file.result
        return super().get_context_data(
            file=file,
            counts=counts_of(result, repeated=result.get("skipped", 0), words=self.words) if result else [],
            kinds=kinds_of(result.get("errors", []), result.get("warnings", []), result.get("repeated", [])),
            faults_url=self.faults_url(file),
            note=self.note,
            check_url=reverse(self.check, args=[file.public_id]),
            list_url=reverse(self.list_url),
            list_label=self.list_label,
            **kwargs,
        )


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


def cells_of(entry: Any, columns: Sequence[Column]) -> list[tuple[str, str, bool]]:
    """A line by its columns: heading, words, and whether they stay on one line, as numbers and days do."""
    values = [(column.label, column.value(entry)) for column in columns]
    return [(label, str("" if value is None else value), isinstance(value, int | date)) for label, value in values]
