"""Matters are marked as key ones, and those are answered by a rule and a ladder of their own."""

from typing import Any

from django.db import migrations, models

from proposals.handling import defaults


def load(apps: Any, schema_editor: Any) -> None:
    defaults.load(lambda name: apps.get_model("handling", name))


class Migration(migrations.Migration):
    dependencies = [("handling", "0024_signing_chain")]

    operations = [
        migrations.AddField(
            model_name="matter", name="key", field=models.BooleanField(default=False, verbose_name="重点提案")
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
