"""Reports as a kind of matter: their stages, the clocks of screening and feedback, why one is kept or returned."""

from datetime import date
from typing import Any

from django.conf import settings
from django.db import migrations, models

from proposals.handling import defaults

SINCE = date(2020, 1, 1)
REASONS = {
    "report_keep": {
        "accusation": "指名举报：请向纪检监察机关反映",
        "litigation": "已进入诉讼、仲裁程序的案件：请向办案机关反映",
        "petition": "个人诉求或信访事项：请向信访部门反映",
        "secret": "涉及国家秘密",
        "known": "已有同类反映或有关部门已在处理",
        "copied": "摘抄公开发表的材料",
        "routine": "一般工作动态或情况介绍",
        "empty": "内容空泛，没有具体情况和建议",
        "other": "其他",
    },
    "report_back": {
        "one_matter": "一事一报：请拆分为多篇",
        "facts": "情况不清，请补充时间、地点、数据",
        "suggestion": "建议不具体，请补充可办理的建议",
        "other": "其他",
    },
}


def add(apps: Any, schema_editor: Any) -> None:
    defaults.load(lambda name: apps.get_model("handling", name))
    reason = apps.get_model("handling", "Reason")
    reason.objects.bulk_create(
        reason(use=use, code=code, label=label, starts_on=SINCE)
        for use, rows in REASONS.items()
        for code, label in rows.items()
    )


class Migration(migrations.Migration):

    dependencies = [
        ('handling', '0038_powers_higher_up'),
        ('members', '0013_offices_that_check_replies'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='attachment',
            name='attachment_purpose_known',
        ),
        migrations.RemoveConstraint(
            model_name='matter',
            name='matter_stage_known',
        ),
        migrations.RemoveConstraint(
            model_name='matter',
            name='matter_kind_known',
        ),
        migrations.AlterField(
            model_name='attachment',
            name='purpose',
            field=models.CharField(choices=[('text', '提案附件'), ('original', '纸质原件'), ('signatures', '签名页'), ('sheet', '纸质办理单据'), ('signing', '签批单'), ('minutes', '会议纪要'), ('contact', '沟通记录'), ('opinion', '会办意见'), ('letter', '答复函'), ('evaluation', '征询意见表'), ('report', '社情民意附件')], max_length=12, verbose_name='用途'),
        ),
        migrations.AlterField(
            model_name='matter',
            name='kind',
            field=models.CharField(choices=[('proposal', '提案'), ('opinion', '意见建议'), ('handed_down', '上级交办件'), ('report', '社情民意信息')], max_length=16),
        ),
        migrations.AlterField(
            model_name='matter',
            name='stage',
            field=models.CharField(choices=[('draft', '草稿'), ('cosigning', '联名中'), ('submitted', '待审查'), ('reviewing', '审查中'), ('returned', '退回修改'), ('to_number', '待编号'), ('filed', '待交办'), ('to_sign', '待签收'), ('coordinating', '协调中'), ('handling', '办理中'), ('answered', '已答复待评价'), ('to_pass_up', '待报送'), ('rehandling', '二次办理'), ('closed', '已办结'), ('closed_silent', '办结（未反馈）'), ('archived', '已归档'), ('merged', '已并案'), ('declined', '不予立案'), ('turned', '转意见建议'), ('reported', '转社情民意'), ('passed_up', '转上级政协'), ('withdrawn', '已撤案'), ('screening', '待筛选'), ('editing', '编辑中'), ('signing', '待签发'), ('issued', '已刊发'), ('kept', '留存备查'), ('referred', '原文转送'), ('led', '转提案线索'), ('combined', '已合并'), ('recalled', '已撤回'), ("to_tell", "待反馈")], default='draft', max_length=16, verbose_name='状态'),
        ),
        migrations.AlterField(
            model_name='reason',
            name='use',
            field=models.CharField(choices=[('decline', '不予立案'), ('return', '退回修改'), ('objection', '申请退回'), ('extension', '延期'), ('dissatisfied', '不满意'), ('report_keep', '社情民意留存'), ('report_back', '社情民意退回')], max_length=12),
        ),
        migrations.AddConstraint(
            model_name='attachment',
            constraint=models.CheckConstraint(condition=models.Q(('purpose__in', ['text', 'original', 'signatures', 'sheet', 'signing', 'minutes', 'contact', 'opinion', 'letter', 'evaluation', 'report'])), name='attachment_purpose_known'),
        ),
        migrations.AddConstraint(
            model_name='matter',
            constraint=models.CheckConstraint(condition=models.Q(('stage__in', ['draft', 'cosigning', 'submitted', 'reviewing', 'returned', 'to_number', 'filed', 'to_sign', 'coordinating', 'handling', 'answered', 'to_pass_up', 'rehandling', 'closed', 'closed_silent', 'archived', 'merged', 'declined', 'turned', 'reported', 'passed_up', 'withdrawn', 'screening', 'editing', 'signing', 'issued', 'kept', 'referred', 'led', 'combined', 'recalled', "to_tell"])), name='matter_stage_known'),
        ),
        migrations.AddConstraint(
            model_name='matter',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['proposal', 'opinion', 'handed_down', 'report'])), name='matter_kind_known'),
        ),
        migrations.RunPython(add, migrations.RunPython.noop),
    ]
