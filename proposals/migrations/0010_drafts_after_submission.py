"""What is changed after a submission is the writers' own until it is handed in again."""

from django.db import migrations, models

WRITING = "p.submissions > 0 AND p.status IN ('draft', 'cosigning', 'returned')"
HANDED_IN = "UPDATE proposals_proposal p SET submitted_version = p.version WHERE p.submissions > 0"
LAST_HANDED_IN = f"""
UPDATE proposals_proposal p SET submitted_version = (
    SELECT max(r.version) FROM proposals_revision r WHERE r.proposal_id = p.id AND r.at <= (
        SELECT max(e.at) FROM handling_event e WHERE e.matter_id = p.matter_id AND e.verb IN ('submitted', 'resubmitted')
    )
), draft_title = (SELECT m.title FROM handling_matter m WHERE m.id = p.matter_id)
WHERE {WRITING}
"""
TITLES = f"""
UPDATE handling_matter m SET title = r.title
FROM proposals_proposal p JOIN proposals_revision r ON r.proposal_id = p.id AND r.version = p.submitted_version
WHERE m.id = p.matter_id AND {WRITING}
"""


class Migration(migrations.Migration):
    dependencies = [
        ("proposals", "0009_cosigners_day_is_the_clocks"),
        ("handling", "0021_draft_files_and_shared_sheets"),
    ]

    operations = [
        migrations.AddField(
            model_name="proposal",
            name="draft_title",
            field=models.CharField(max_length=300, null=True, verbose_name="改写中的案由"),
        ),
        migrations.AddField(
            model_name="proposal",
            name="submitted_version",
            field=models.PositiveIntegerField(null=True, verbose_name="最近提交的版本"),
        ),
        *[migrations.RunSQL(sql, migrations.RunSQL.noop) for sql in (HANDED_IN, LAST_HANDED_IN, TITLES)],
    ]
