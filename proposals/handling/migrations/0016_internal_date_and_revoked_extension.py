"""The clock of a unit's internal date, and extensions that were taken back."""

from typing import Any

from django.db import migrations, models

from proposals.handling import defaults


def load(apps: Any, schema_editor: Any) -> None:
    defaults.load(lambda name: apps.get_model("handling", name))


class Migration(migrations.Migration):
    dependencies = [("handling", "0015_preconsultation_clock")]

    operations = [
        migrations.AlterField(
            model_name="extensionrequest",
            name="state",
            field=models.CharField(
                choices=[
                    ("asked", "待批准"),
                    ("granted", "已同意"),
                    ("refused", "不同意"),
                    ("withdrawn", "已撤回"),
                    ("revoked", "延期已撤销"),
                ],
                default="asked",
                max_length=12,
            ),
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
