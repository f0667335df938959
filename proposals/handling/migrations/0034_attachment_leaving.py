from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("handling", "0033_wordings"),
    ]

    operations = [
        migrations.AddField(
            model_name="attachment",
            name="leaving",
            field=models.BooleanField(default=False, verbose_name="改写中删除，提交后生效"),
        ),
    ]
