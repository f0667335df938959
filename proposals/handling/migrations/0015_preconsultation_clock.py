"""Units that are asked before the hand-over have a clock to answer by."""

from typing import Any

from django.db import migrations

from proposals.handling import defaults


def load(apps: Any, schema_editor: Any) -> None:
    defaults.load(lambda name: apps.get_model("handling", name))


class Migration(migrations.Migration):
    dependencies = [("handling", "0014_letters_belong_to_replies")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
