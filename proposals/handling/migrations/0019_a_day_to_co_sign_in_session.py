"""While the plenary meets, who is invited to co-sign has one day of the calendar, not one workday."""

from typing import Any

from django.db import migrations
from django.db.backends.postgresql.psycopg_any import DateRange
from django.utils import timezone


def shorten(apps: Any, schema_editor: Any) -> None:
    """Our own row only; one in use keeps what it says and ends, and a new one follows it from today."""
    rules, obligations = apps.get_model("handling", "TimeRule"), apps.get_model("handling", "Obligation")
    row = rules.objects.filter(
        code="cosign_session", basis="默认", unit="workday", amount=1, valid__endswith=None
    ).first()
    if row is None:
        return
    today = timezone.localdate()
    if obligations.objects.filter(rule=row).exists() and row.valid.lower < today:
        row.valid = DateRange(row.valid.lower, today)
        row.save(update_fields=["valid"])
        row.pk, row.valid, row._state.adding = None, DateRange(today, None), True
    row.unit, row.roll = "day", "none"
    row.save()


class Migration(migrations.Migration):
    dependencies = [("handling", "0018_public_ids")]

    operations = [migrations.RunPython(shorten, migrations.RunPython.noop)]
