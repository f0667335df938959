import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("handling", "0008_chase_sheet"),
    ]

    operations = [
        migrations.AddField(
            model_name="ladder",
            name="replaces",
            field=models.OneToOneField(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="replaced_by",
                to="handling.ladder",
                verbose_name="接替",
            ),
        ),
    ]
