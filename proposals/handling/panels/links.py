"""Where the panels lead: addresses of the handling floor, and files."""

from dataclasses import replace
from typing import Any

from django.urls import reverse

from members.shown import FileRow
from proposals.handling.attachments import attachments_of, removable
from proposals.handling.models import Attachment, Matter


def file_row(one: Attachment) -> FileRow:
    size = f"{max(one.size // 1024, 1)} KB" if one.size < 1024 * 1024 else f"{one.size / 1024 / 1024:.1f} MB"
    return FileRow(
        one.name, size, to("attachment", one), "" if one.scan == "clean" else one.get_scan_display(), key_of(one)
    )


def file_rows(matter: Matter, user: Any) -> list[FileRow]:
    """The files of a matter that this person may open."""
    return [file_row(one) for one in attachments_of(matter, user)]


def with_removal(rows: list[FileRow], page: str) -> list[FileRow]:
    """Each with the way to the page that takes it away, where it may be taken away."""
    return [replace(row, remove_url=reverse(page, args=[row.key])) if row.key else row for row in rows]


def key_of(one: Attachment) -> str:
    return str(one.public_id) if removable(one) else ""


def to(name: str, row: Any) -> str:
    return reverse(f"handling:{name}", args=[row.public_id])
