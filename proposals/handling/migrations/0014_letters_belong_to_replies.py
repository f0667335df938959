"""Letters that came in before belong to the reply of their time, and reach whom it was delivered to; a rule for 联合会商."""

from typing import Any

from django.db import migrations

from proposals.handling import defaults


def forwards(apps: Any, schema_editor: Any) -> None:
    attachments, replies = apps.get_model("handling", "Attachment"), apps.get_model("handling", "Reply")
    for letter in attachments.objects.filter(purpose="letter", reply=None, assignment__isnull=False):
        rows = list(replies.objects.filter(assignment=letter.assignment_id).order_by("round"))
        later = [row for row in rows if row.delivered_at is None or row.delivered_at >= letter.at]
        if not rows:
            continue
        letter.reply = (later or rows[-1:])[0]
        letter.released_at = letter.released_at or letter.reply.delivered_at
        letter.save(update_fields=["reply", "released_at"])
    defaults.load(lambda name: apps.get_model("handling", name))


class Migration(migrations.Migration):
    dependencies = [("handling", "0013_evaluations_sights_letters")]

    operations = [migrations.RunPython(forwards, migrations.RunPython.noop)]
