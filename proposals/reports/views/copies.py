"""An issue as it leaves the screen: the page for the printer, the .docx, the PDF (S20, S23)."""

from typing import Any

from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.inbox.actions import start_job
from members.pages import ConfirmPage, DetailPage
from proposals.handling.views.files import word_file
from proposals.reports import bulletin_files
from proposals.reports.bulletin import bulletin_docx, shown
from proposals.reports.models import Issue

from .bulletins import OneIssue


class Print(OneIssue, DetailPage[Issue]):
    """The issue as it is printed."""

    action = "reports.read_issue"
    template_name = "reports/issue_print.html"

    def note_view(self) -> None:
        bulletin_files.note_reading(self.read, self.me)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        made = bulletin_files.bulletin_of(self.read, self.me, now=timezone.now())
        return super().get_context_data(back_url=self.object.get_absolute_url(), **shown(made), **kwargs)


class File(OneIssue, DetailPage[Issue]):
    """The issue as .docx; each copy is written down (S20, S23)."""

    action = "reports.read_issue"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {}

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> Any:
        now = timezone.now()
        bulletin_files.note_download(self.read, self.me, now=now, form="docx")
        made = bulletin_files.bulletin_of(self.read, self.me, now=now)
        return word_file(bulletin_docx(made), f"{made.name}.docx")


class Pdf(OneIssue, ConfirmPage[Issue]):
    """PDF takes seconds and much memory: the worker makes it."""

    action = "reports.read_issue"
    title = "生成 PDF"
    submit_label = "生成"
    question = "PDF 供查看；打印盖章请用 Word。生成后可在“长任务”下载，保留一天。"

    def version(self) -> None:
        return None

    def form_valid(self, form: Any) -> HttpResponseBase:
        job = start_job(
            bulletin_files.PDF,
            title=f"{self.object}（PDF）",
            args={"issue": str(self.object.public_id)},
            back=self.object.get_absolute_url(),
            by=self.me,
            now=timezone.now(),
        )
        return HttpResponseRedirect(reverse("inbox:job", args=[job.public_id]))
