"""Public ids for priorities, reasons and result classes: running keys never leave the house (S19)."""

import uuid

from django.db import migrations, models

MODELS = ["priority", "reason", "resultclass"]


def public_ids(model: str) -> list[migrations.operations.base.Operation]:
    """A column with an id of its own for each row that there is."""
    unique = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    return [
        migrations.AddField(model, "public_id", models.UUIDField(null=True)),
        migrations.RunSQL(f"UPDATE handling_{model} SET public_id = gen_random_uuid()", migrations.RunSQL.noop),
        migrations.AlterField(model, "public_id", unique),
    ]


class Migration(migrations.Migration):
    dependencies = [("handling", "0017_evaluation_approval")]

    operations = [operation for model in MODELS for operation in public_ids(model)]
