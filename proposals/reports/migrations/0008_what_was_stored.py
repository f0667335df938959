"""What was stored before scans had a place of their own and the office's key was taken off reports."""

from typing import Any

from django.db import migrations
from django.db.models import Q

from members.keys import body_key

COPIED = ("name", "stored", "content_type", "size", "sha256", "scan", "by_id", "at", "removed_at", "removed_by_id")


def scans(apps: Any, schema_editor: Any) -> None:
    """The scan of an instruction came in the same moment as that, by the same hand. It is a sheet of the office, with a
    row for each report that went into the one that it is of."""
    instruction, matter = apps.get_model("reports", "Instruction"), apps.get_model("handling", "Matter")
    attachment = apps.get_model("handling", "Attachment")
    for row in instruction.objects.select_related("report").order_by("pk"):
        found = attachment.objects.filter(matter=row.report.matter_id, purpose="sheet", at=row.at, by=row.by_id)
        scan = found.filter(instruction=None).order_by("pk").first()
        if scan is None:
            continue
        scan.purpose = "office"
        scan.save(update_fields=["purpose"])
        instruction.objects.filter(pk=row.pk).update(scan=scan)
        for follower in matter.objects.filter(merged_into=scan.matter_id).order_by("pk"):
            facts = {name: getattr(scan, name) for name in COPIED}
            attachment.objects.create(matter=follower, purpose="office", **facts)


def straight(apps: Any, schema_editor: Any) -> None:
    """An urgent issue goes to the secretary general at once; a committee that had it checked by then keeps that."""
    apps.get_model("reports", "Series").objects.filter(code="urgent", issues=None).update(checked=False)


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
        ('reports', '0007_scans_corrections_and_opening'),
    ]

    operations = [
        migrations.RunPython(scans, migrations.RunPython.noop),
        migrations.RunPython(straight, migrations.RunPython.noop),
        migrations.RunPython(audiences, migrations.RunPython.noop),
    ]
