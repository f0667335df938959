"""The sector of Youth League and youth federations answers to the two names that it was made of."""

from typing import Any

from django.db import migrations

from members.names import normal

SECTOR = "共青团和青联界"
FORMER = ("中国共产主义青年团", "中华全国青年联合会")


def add(apps: Any, schema_editor: Any) -> None:
    body = apps.get_model("members", "Body").objects.filter(norm=normal(SECTOR), ended_on=None).first()
    for name in FORMER if body else ():
        apps.get_model("members", "BodyName").objects.get_or_create(
            body=body, norm=normal(name), defaults={"name": name, "kind": "former"}
        )


class Migration(migrations.Migration):
    dependencies = [("members", "0010_former_members_and_joint_groups")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
