from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("proposals", "0017_sent_up")]
    operations = [
        migrations.AlterField(
            model_name="sentup",
            name="state",
            field=models.CharField(
                choices=[
                    ("asked", "待提案者答复"),
                    ("agreed", "待转报"),
                    ("refused", "提案者不同意"),
                    ("sent", "已转报待回音"),
                    ("known", "上级已有回音"),
                    ("dropped", "不再转报"),
                ],
                default="asked",
                max_length=8,
                verbose_name="状态",
            ),
        ),
    ]
