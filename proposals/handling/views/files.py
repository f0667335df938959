from typing import Any, TypeVar

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header

from members import audit
from members.pages import SIGNED_IN, Page
from members.uploads import ScanState, open_file
from proposals.handling.attachments import attachment_for

# nothing that a file contains may run or load, even where a browser shows it after all
NOTHING = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox"


WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
R = TypeVar("R", bound=HttpResponseBase)


def kept_apart(answer: R) -> R:
    """The file as a download that no browser shows as a page of ours, and nobody keeps on the way."""
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = NOTHING
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


def word_file(content: bytes, name: str) -> HttpResponse:
    """A document that was made for this person."""
    answer = HttpResponse(content, content_type=WORD)
    answer.headers["Content-Disposition"] = str(content_disposition_header(as_attachment=True, filename=name))
    return kept_apart(answer)


class AttachmentDownload(Page):
    """A file of a matter, always as a download (S12); each one is written down (S23)."""

    action = SIGNED_IN

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        attachment = attachment_for(self.person, kwargs["public_id"])
        if attachment is None or attachment.scan == ScanState.INFECTED:
            raise Http404
        try:
            file = open_file(attachment.stored)
        except FileNotFoundError as error:
            raise Http404 from error
        audit.record(
            "download",
            by=self.person,
            subject=str(attachment.public_id),
            now=timezone.now(),
            matter=str(attachment.matter.public_id),
            purpose=attachment.purpose,
        )
        kind = attachment.content_type
        return kept_apart(FileResponse(file, as_attachment=True, filename=attachment.name, content_type=kind))
