from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('handling', '0034_attachment_leaving'),
    ]

    operations = [
        migrations.AddField(
            model_name='lettertemplate',
            name='refused',
            field=models.CharField(blank=True, max_length=200, verbose_name='不启用的原因'),
        ),
    ]
