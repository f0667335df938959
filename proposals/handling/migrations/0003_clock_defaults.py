"""Default rules, ladders and calendars; storage of the one hot table of handling."""

from typing import Any

from django.db import migrations

from proposals.handling import defaults


def load(apps: Any, schema_editor: Any) -> None:
    defaults.load(lambda name: apps.get_model("handling", name))
    apps.get_model("handling", "EngineClock").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    dependencies = [("handling", "0002_first_proposer_is_chased")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE handling_obligation SET (
                fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02
            )
            """,
            "ALTER TABLE handling_obligation RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor)",
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
