"""Scans and audiences that were stored before sheets and keys of the office were told apart."""

from typing import Any

from django.db import migrations
from django.db.models import Q

from members.keys import body_key

COPIED = ("name", "stored", "content_type", "size", "sha256", "scan", "by_id", "at", "removed_at", "removed_by_id")


def sheets(apps: Any, schema_editor: Any) -> None:
    """The scan of an instruction is a sheet of the office, with a row for each report that went into the one it is of."""
    attachment, matter = apps.get_model("handling", "Attachment"), apps.get_model("handling", "Matter")
    for one in attachment.objects.filter(purpose="sheet", instruction__isnull=False).order_by("pk"):
        attachment.objects.filter(pk=one.pk).update(purpose="office")
        for follower in matter.objects.filter(merged_into=one.matter_id).order_by("pk"):
            facts = {name: getattr(one, name) for name in COPIED}
            attachment.objects.create(matter=follower, purpose="office", **facts)


def audiences(apps: Any, schema_editor: Any) -> None:
    """Whoever else sits in the office that gave a report to units does not see it."""
    rows = apps.get_model("handling", "Matter").objects.filter(kind="report")
    rows = rows.filter(Q(office__isnull=False) | Q(assignments__ended_at=None, assignments__isnull=False)).distinct()
    for row in rows.order_by("pk"):
        parts = list(row.assignments.filter(ended_at=None).values_list("office", "unit"))
        own = {unit for _, unit in parts} | set(row.participants.filter(left_at=None).values_list("body", flat=True))
        gone = {body_key(pk) for pk in {row.office_id, *(office for office, _ in parts)} - own if pk}
        if gone & set(row.readers):
            row.readers = [key for key in row.readers if key not in gone]
            row.save(update_fields=["readers"])


class Migration(migrations.Migration):

    dependencies = [
        ('handling', '0040_office_sheets'),
        ('reports', '0010_urgent_goes_straight'),
    ]

    operations = [
        migrations.RunPython(sheets, migrations.RunPython.noop),
        migrations.RunPython(audiences, migrations.RunPython.noop),
    ]
