"""Where the panels lead: addresses of the handling floor, and files."""

from typing import Any

from django.urls import reverse

from members.shown import FileRow
from proposals.handling.attachments import removable
from proposals.handling.models import Attachment


def file_row(one: Attachment) -> FileRow:
    size = f"{max(one.size // 1024, 1)} KB" if one.size < 1024 * 1024 else f"{one.size / 1024 / 1024:.1f} MB"
    return FileRow(
        one.name, size, to("attachment", one), "" if one.scan == "clean" else one.get_scan_display(), key_of(one)
    )


def key_of(one: Attachment) -> str:
    return str(one.public_id) if removable(one) else ""


def to(name: str, row: Any) -> str:
    return reverse(f"handling:{name}", args=[row.public_id])
