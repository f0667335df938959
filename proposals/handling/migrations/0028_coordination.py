"""Coordination meetings have rows of their own; those on record become such rows. A rule for their clock."""

import django.db.models.deletion
import uuid
from typing import Any
from django.conf import settings
from django.db import migrations, models

from proposals.handling import defaults

def forwards(apps: Any, schema_editor: Any) -> None:
    rulings = {"upheld": "move", "refused": "keep"}
    meetings = apps.get_model("handling", "Coordination")
    for row in apps.get_model("handling", "Objection").objects.filter(coordinated_on__isnull=False):
        decided = row.decided_at and row.state in rulings
        meetings.objects.create(
            assignment_id=row.assignment_id,
            objection=row,
            meets_on=row.coordinated_on,
            called_by_id=row.decided_by_id or row.raised_by_id,
            called_at=row.raised_at,
            held_on=row.coordinated_on if decided else None,
            minutes=row.minutes,
            ruling=(rulings[row.state] if row.state == "refused" or row.new_unit_id else "release") if decided else "",
            text=row.decision_text if decided else "",
            ruled_by_id=row.decided_by_id if decided else None,
            ruled_at=row.decided_at if decided else None,
            called_off_at=row.decided_at if row.state == "withdrawn" else None,
        )
    defaults.load(lambda name: apps.get_model("handling", name))


class Migration(migrations.Migration):

    dependencies = [
        ('handling', '0027_reply_disclosure'),
        ('members', '0012_leaders_are_told_by_choice'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Coordination',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name='召开原因')),
                ('meets_on', models.DateField(verbose_name='会议日期')),
                ('place', models.CharField(blank=True, max_length=100, verbose_name='会议地点')),
                ('called_at', models.DateTimeField()),
                ('held_on', models.DateField(null=True, verbose_name='实际召开日期')),
                ('chair', models.CharField(blank=True, max_length=60, verbose_name='主持人')),
                ('present', models.CharField(blank=True, max_length=300, verbose_name='参加单位和人员')),
                ('minutes', models.TextField(blank=True, verbose_name='会议纪要')),
                ('ruling', models.CharField(blank=True, choices=[('keep', '由原单位继续办理'), ('move', '调整承办单位'), ('release', '不再由原单位承办')], max_length=8, verbose_name='裁定')),
                ('text', models.TextField(blank=True, verbose_name='裁定理由')),
                ('ruled_at', models.DateTimeField(null=True, verbose_name='裁定时间')),
                ('called_off_at', models.DateTimeField(null=True, verbose_name='取消时间')),
                ('assignment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='coordinations', to='handling.assignment')),
                ('called_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('objection', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='coordinations', to='handling.objection')),
                ('ruled_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('undoes', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='undone_by', to='handling.coordination', verbose_name='重新协调的裁定')),
            ],options={"constraints": [models.UniqueConstraint(condition=models.Q(('called_off_at', None), ('ruled_at', None)), fields=('assignment',), name='one_open_coordination'),models.CheckConstraint(condition=models.Q(models.Q(('held_on__isnull', True), ('ruled_at__isnull', True), ('ruled_by__isnull', True)), models.Q(('held_on__isnull', False), ('ruled_at__isnull', False), ('ruled_by__isnull', False)), _connector='OR'), name='ruling_is_whole'),models.CheckConstraint(condition=models.Q(models.Q(('ruled_at', None), ('ruling', '')), models.Q(('ruled_at__isnull', False), ('ruling__in', ['keep', 'move', 'release'])), _connector='OR'), name='ruling_known'),models.CheckConstraint(condition=models.Q(('ruled_at', None), ('called_off_at', None), _connector='OR'), name='ruled_or_called_off')]},
        ),
        migrations.AddField(
            model_name='assignment',
            name='ruling',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='handling.coordination', verbose_name='协调会裁定'),
        ),
        migrations.CreateModel(
            name='CoordinationOpinion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('accepts', models.BooleanField(null=True, verbose_name='是否同意接办')),
                ('text', models.TextField(blank=True, verbose_name='意见')),
                ('at', models.DateTimeField(null=True)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('coordination', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='opinions', to='handling.coordination')),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.body')),
            ],options={"constraints": [models.UniqueConstraint(fields=('coordination', 'unit'), name='one_opinion_a_meeting'),models.CheckConstraint(condition=models.Q(models.Q(('accepts__isnull', True), ('at__isnull', True), ('by__isnull', True)), models.Q(('accepts__isnull', False), ('at__isnull', False), ('by__isnull', False)), _connector='OR'), name='coordination_opinion_together')]},
        ),
        migrations.RunPython(forwards, migrations.RunPython.noop),
        migrations.RemoveField(
            model_name='objection',
            name='coordinated_on',
        ),
        migrations.RemoveField(
            model_name='objection',
            name='minutes',
        ),
    ]
