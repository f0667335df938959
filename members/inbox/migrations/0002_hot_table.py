from django.db import migrations


class Migration(migrations.Migration):
    """Messages change often and are read by partial indexes: keep dead rows few."""

    dependencies = [("inbox", "0001_initial")]

    operations = [
        migrations.RunSQL(
            """
            ALTER TABLE inbox_message SET (
                fillfactor = 80, autovacuum_vacuum_scale_factor = 0.01, autovacuum_analyze_scale_factor = 0.02
            )
            """,
            "ALTER TABLE inbox_message RESET (fillfactor, autovacuum_vacuum_scale_factor, autovacuum_analyze_scale_factor)",
        ),
    ]
