"""Key proposals from the shortlist to the result, and what leaders wrote on a proposal."""

import django.db.models.deletion
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0012_leaders_are_told_by_choice'),
        ('handling', '0025_key_matters'),
        ('proposals', '0010_drafts_after_submission'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='KeyProposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('state', models.CharField(choices=[('shortlisted', '入围候选'), ('chosen', '待定领办领导'), ('led', '待定督办方案'), ('running', '督办中'), ('done', '督办办结'), ('not_chosen', '未列入重点'), ('ceased', '不再列为重点')], default='shortlisted', max_length=12, verbose_name='重点提案状态')),
                ('reason', models.CharField(max_length=500, verbose_name='入围理由')),
                ('shortlisted_at', models.DateTimeField(verbose_name='入围时间')),
                ('decided_on', models.DateField(null=True, verbose_name='主席会议日期')),
                ('decision_no', models.CharField(blank=True, max_length=60, verbose_name='决定文号')),
                ('decision', models.CharField(blank=True, max_length=500, verbose_name='决定内容')),
                ('ended_reason', models.CharField(blank=True, max_length=500, verbose_name='未列入或不再列为重点的理由')),
                ('notice_on', models.DateField(null=True, verbose_name='领办通知送达日期')),
                ('notice_how', models.CharField(blank=True, max_length=60, verbose_name='领办通知送达方式')),
                ('plan', models.TextField(blank=True, verbose_name='督办方案')),
                ('plan_due_on', models.DateField(null=True, verbose_name='方案完成日期')),
                ('result', models.TextField(blank=True, verbose_name='督办成效')),
                ('result_on', models.DateField(null=True, verbose_name='督办办结日期')),
                ('proposal', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='key', to='proposals.proposal')),
                ('secretary', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='领导秘书')),
                ('shortlisted_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],options={"constraints": [models.CheckConstraint(condition=models.Q(('state__in', ['shortlisted', 'chosen', 'led', 'running', 'done', 'not_chosen', 'ceased'])), name='key_state_known'),models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='key_has_a_reason'),models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['chosen', 'led', 'running', 'done']), _negated=True), ('decided_on__isnull', False), _connector='OR'), name='key_was_decided'),models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['running', 'done']), _negated=True), models.Q(models.Q(('plan', ''), _negated=True), ('plan_due_on__isnull', False)), _connector='OR'), name='key_running_has_a_plan'),models.CheckConstraint(condition=models.Q(models.Q(('state', 'done'), _negated=True), models.Q(models.Q(('result', ''), _negated=True), ('result_on__isnull', False)), _connector='OR'), name='key_done_has_a_result'),models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['not_chosen', 'ceased']), _negated=True), models.Q(('ended_reason', ''), _negated=True), _connector='OR'), name='key_ended_says_why')]},
        ),
        migrations.CreateModel(
            name='KeyOpinion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('asked_at', models.DateTimeField(verbose_name='征求时间')),
                ('text', models.CharField(blank=True, max_length=500, verbose_name='意见')),
                ('answered_at', models.DateTimeField(null=True, verbose_name='答复时间')),
                ('answered_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('asked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('body', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.body')),
                ('key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='opinions', to='proposals.keyproposal')),
            ],options={"constraints": [models.UniqueConstraint(fields=('key', 'body'), name='key_opinion_once'),models.CheckConstraint(condition=models.Q(models.Q(('answered_at__isnull', True), ('answered_by__isnull', True)), models.Q(('answered_at__isnull', False), ('answered_by__isnull', False)), _connector='OR'), name='key_opinion_answered'),models.CheckConstraint(condition=models.Q(('answered_at', None), models.Q(('text', ''), _negated=True), _connector='OR'), name='key_opinion_has_text')]},
        ),
        migrations.CreateModel(
            name='KeyVisit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('visit', '走访单位'), ('meeting', '协商座谈'), ('research', '实地调研'), ('progress', '推进会')], max_length=8, verbose_name='形式')),
                ('on', models.DateField(verbose_name='日期')),
                ('place', models.CharField(max_length=80, verbose_name='地点')),
                ('people', models.CharField(max_length=300, verbose_name='参加人员')),
                ('notes', models.TextField(verbose_name='情况')),
                ('next_step', models.CharField(blank=True, max_length=300, verbose_name='下一步')),
                ('next_on', models.DateField(blank=True, null=True, verbose_name='下一步日期')),
                ('at', models.DateTimeField()),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('key', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='visits', to='proposals.keyproposal')),
            ],options={"constraints": [models.CheckConstraint(condition=models.Q(('kind__in', ['visit', 'meeting', 'research', 'progress'])), name='key_visit_kind_known'),models.CheckConstraint(condition=models.Q(('next_on', None), models.Q(('next_step', ''), _negated=True), _connector='OR'), name='key_visit_next_says_what')]},
        ),
        migrations.CreateModel(
            name='Instruction',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('kind', models.CharField(choices=[('read', '圈阅'), ('instruction', '批示'), ('passed_on', '转办')], max_length=12, verbose_name='类别')),
                ('level', models.CharField(choices=[('national', '国家级领导'), ('province', '省级领导'), ('city_main', '市主要领导'), ('city', '市领导')], max_length=12, verbose_name='层级')),
                ('leader_name', models.CharField(max_length=40, verbose_name='领导')),
                ('on', models.DateField(verbose_name='日期')),
                ('text', models.TextField(blank=True, verbose_name='内容')),
                ('at', models.DateTimeField()),
                ('released_at', models.DateTimeField(null=True, verbose_name='同意转告时间')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('leader', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('office', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='members.body', verbose_name='留存机构')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='instructions', to='proposals.proposal')),
                ('released_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('units', models.ManyToManyField(blank=True, related_name='+', to='members.body', verbose_name='批给的单位')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('kind__in', ['read', 'instruction', 'passed_on'])), name='instruction_kind_known'), models.CheckConstraint(condition=models.Q(('level__in', ['national', 'province', 'city_main', 'city'])), name='instruction_level_known'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'read'), _negated=True), ('text', ''), _connector='OR'), name='read_says_nothing'), models.CheckConstraint(condition=models.Q(models.Q(('released_at__isnull', True), ('released_by__isnull', True)), models.Q(('released_at__isnull', False), ('released_by__isnull', False)), _connector='OR'), name='instruction_released')],
            },
        ),
    ]
