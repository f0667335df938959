"""Promises with clocks of their own, what units say of them, and their public words."""

import uuid
from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from proposals.handling import defaults


def load(apps: Any, schema_editor: Any) -> None:
    """Add the ladder and the limits of promises."""
    defaults.load(lambda name: apps.get_model("handling", name))


class Migration(migrations.Migration):
    dependencies = [
        ("handling", "0022_mutual_appraisal"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Commitment",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("number", models.PositiveSmallIntegerField(null=True, verbose_name="序号")),
                ("text", models.CharField(max_length=300, verbose_name="承诺事项")),
                ("measure", models.CharField(max_length=300, verbose_name="可检验的结果")),
                ("due_on", models.DateField(verbose_name="承诺完成日期")),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "拟稿中"), ("running", "推进中"), ("kept", "已落实")],
                        default="draft",
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("given_on", models.DateField(null=True, verbose_name="承诺日期")),
                ("kept_on", models.DateField(null=True, verbose_name="落实日期")),
                (
                    "assignment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commitments",
                        to="handling.assignment",
                    ),
                ),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "clock",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commitment",
                        to="handling.obligation",
                    ),
                ),
                (
                    "point",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="commitments",
                        to="handling.replypoint",
                    ),
                ),
            ],options={"indexes": [models.Index(fields=["assignment", "state"], name="commitment_part")],"constraints": [models.CheckConstraint(
                condition=models.Q(models.Q(("text", ""), _negated=True), models.Q(("measure", ""), _negated=True)),
                name="commitment_is_whole",
            ),models.CheckConstraint(
                condition=models.Q(
                    models.Q(("clock", None), ("given_on", None), ("number", None), ("state", "draft")),
                    models.Q(
                        models.Q(("state", "draft"), _negated=True),
                        ("clock__isnull", False),
                        ("given_on__isnull", False),
                        ("number__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="commitment_given_with_its_clock",
            ),models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kept_on__isnull", False), ("state", "kept")),
                    models.Q(models.Q(("state", "kept"), _negated=True), ("kept_on", None)),
                    _connector="OR",
                ),
                name="commitment_kept_on_a_day",
            ),models.CheckConstraint(
                condition=models.Q(("state__in", ["draft", "running", "kept"])), name="commitment_state_known"
            )]},
        ),
        migrations.CreateModel(
            name="CommitmentStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "kind",
                    models.CharField(
                        choices=[("progress", "报告进展"), ("delay", "申请调整时间"), ("kept", "报告落实")],
                        max_length=8,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("noted", "已登记"),
                            ("asked", "待交办机构决定"),
                            ("agreed", "已同意"),
                            ("back", "退回"),
                        ],
                        max_length=8,
                    ),
                ),
                ("text", models.TextField(verbose_name="情况")),
                ("reply", models.TextField(blank=True, verbose_name="再次答复")),
                ("old_due", models.DateField(null=True, verbose_name="原定日期")),
                ("to_on", models.DateField(null=True, verbose_name="调整到")),
                ("at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
                ("decision", models.CharField(blank=True, max_length=300, verbose_name="决定说明")),
                (
                    "by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="handling.commitment"
                    ),
                ),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],options={"constraints": [models.UniqueConstraint(
                condition=models.Q(("state", "asked")), fields=("commitment",), name="one_question_a_promise"
            ),models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="commitment_step_has_text"
            ),models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "progress"), ("state", "noted")),
                    models.Q(("kind__in", ["delay", "kept"]), ("state__in", ["asked", "agreed", "back"])),
                    _connector="OR",
                ),
                name="progress_asks_nothing",
            ),models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "delay"), ("old_due__isnull", False), ("to_on__gt", models.F("old_due"))),
                    models.Q(models.Q(("kind", "delay"), _negated=True), ("old_due", None), ("to_on", None)),
                    _connector="OR",
                ),
                name="delay_says_until_when",
            ),models.CheckConstraint(
                condition=models.Q(
                    models.Q(("kind", "kept"), _negated=True), models.Q(("reply", ""), _negated=True), _connector="OR"
                ),
                name="kept_promise_is_told",
            ),models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_by", None), ("state__in", ["noted", "asked"])),
                    models.Q(("decided_by__isnull", False), ("state__in", ["agreed", "back"])),
                    _connector="OR",
                ),
                name="commitment_step_decided",
            ),models.CheckConstraint(
                condition=models.Q(
                    models.Q(("decided_at__isnull", True), ("decided_by__isnull", True)),
                    models.Q(("decided_at__isnull", False), ("decided_by__isnull", False)),
                    _connector="OR",
                ),
                name="commitment_step_decided_together",
            )]},
        ),
        migrations.CreateModel(
            name="PublicWord",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "word",
                    models.CharField(
                        choices=[("running", "推进中"), ("moved", "调整时间"), ("kept", "已落实")],
                        max_length=8,
                        verbose_name="状态",
                    ),
                ),
                ("month", models.DateField(null=True, verbose_name="调整到的月份")),
                ("text", models.CharField(max_length=300, verbose_name="公开的承诺事项")),
                (
                    "state",
                    models.CharField(
                        choices=[("waiting", "待审查"), ("passed", "可以公开"), ("refused", "不公开")],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="发生时间")),
                ("reviewed_at", models.DateTimeField(null=True)),
                ("reason", models.CharField(blank=True, max_length=200, verbose_name="不公开的原因")),
                (
                    "commitment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="public_words",
                        to="handling.commitment",
                    ),
                ),
                (
                    "reviewed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],options={"constraints": [models.CheckConstraint(
                condition=models.Q(("text", ""), _negated=True), name="public_word_has_text"
            ),models.CheckConstraint(
                condition=models.Q(
                    models.Q(("month__isnull", False), ("word", "moved")),
                    models.Q(models.Q(("word", "moved"), _negated=True), ("month", None)),
                    _connector="OR",
                ),
                name="moved_word_names_the_month",
            ),models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reviewed_by", None), ("state", "waiting")),
                    models.Q(("reviewed_by__isnull", False), ("state__in", ["passed", "refused"])),
                    _connector="OR",
                ),
                name="public_word_reviewed",
            ),models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "refused"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="refused_word_says_why",
            ),models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reviewed_at__isnull", True), ("reviewed_by__isnull", True)),
                    models.Q(("reviewed_at__isnull", False), ("reviewed_by__isnull", False)),
                    _connector="OR",
                ),
                name="public_word_reviewed_together",
            )]},
        ),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
