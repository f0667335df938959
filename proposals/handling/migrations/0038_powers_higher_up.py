"""A class of replies for what the city has no power to decide (权限在上级)."""

from datetime import date
from typing import Any

from django.db import migrations, models

SINCE = date(2020, 1, 1)


def add(apps: Any, schema_editor: Any) -> None:
    """Add the row beside the others, with the first letter from E on that is free."""
    rows = apps.get_model("handling", "ResultClass").objects
    used = set(rows.values_list("code", flat=True))
    code = next(letter for letter in "EFGHIJKLMNOPQRSTUVWXYZ" if letter not in used)
    rows.create(code=code, label="权限在上级", beyond=True, starts_on=SINCE)


class Migration(migrations.Migration):
    dependencies = [("handling", "0037_handed_down")]
    operations = [
        migrations.AddField(
            model_name="resultclass",
            name="beyond",
            field=models.BooleanField(default=False, verbose_name="权限在上级"),
        ),
        migrations.AddConstraint(
            model_name="resultclass",
            constraint=models.CheckConstraint(
                condition=models.Q(("promises", False), ("beyond", False), _connector="OR"),
                name="beyond_promises_nothing",
            ),
        ),
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
