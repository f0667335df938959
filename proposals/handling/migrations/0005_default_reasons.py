"""Reasons, result classes and choices of the committee that ship with the house; each is a row that can be ended."""

from datetime import date
from typing import Any

from django.db import migrations

SINCE = date(2020, 1, 1)
REASONS = {
    "objection": {
        "duty": "不属于本单位职责",
        "higher": "权限在上级机关",
        "other_unit": "应由其他单位主办",
        "enterprise": "属企业自主经营事项",
        "other": "其他",
    },
    "extension": {
        "study": "需要调研论证",
        "several": "涉及多个单位，正在会商",
        "approval": "须报上级批准",
        "funds": "资金或项目尚在审批",
        "other": "其他",
    },
    "dissatisfied": {
        "no_contact": "没有与提案者沟通",
        "off_point": "答非所问，没有针对建议",
        "no_measures": "没有具体措施或时限",
        "not_done": "答复与实际办理情况不符",
        "late": "办理拖延",
        "other": "其他",
    },
}
CLASSES = [
    ("A", "已经解决或采纳", False, None),
    ("B", "正在解决或列入计划", True, None),
    ("C", "因条件限制暂不能解决，留作参考", False, None),
    ("D", "留作参考", False, date(2020, 1, 1)),
]
CHOICES = {"evaluation_decides": "any", "extension_offices": "both"}


def add(apps: Any, schema_editor: Any) -> None:
    reasons = [
        apps.get_model("handling", "Reason")(use=use, code=code, label=label, starts_on=SINCE)
        for use, rows in REASONS.items()
        for code, label in rows.items()
    ]
    classes = [
        apps.get_model("handling", "ResultClass")(
            code=code, label=label, promises=promises, starts_on=SINCE, ends_on=end
        )
        for code, label, promises, end in CLASSES
    ]
    choices = [
        apps.get_model("handling", "Policy")(code=code, value=value, starts_on=SINCE) for code, value in CHOICES.items()
    ]
    for rows in (reasons, classes, choices):
        type(rows[0]).objects.bulk_create(rows)


class Migration(migrations.Migration):
    dependencies = [("handling", "0004_one_consultation_a_round")]
    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
