"""The rows that a committee begins with: categories, one pass of review, grounds and reasons, word limits."""

from datetime import date
from typing import Any

from django.db import migrations

CATEGORIES = ["经济建设", "政治建设", "文化建设", "社会建设", "生态文明建设", "其他"]
DECLINE = {
    "secret": "涉及党和国家秘密",
    "forbidden": "国家明令禁止",
    "party_affairs": "中共党员对党内组织、人事安排等有意见",
    "own_party": "民主党派成员反映本组织内部问题",
    "litigation": "进入民事、刑事、行政诉讼程序或仲裁程序",
    "academic": "学术研讨",
    "personal": "为本人或亲属解决个人问题",
    "advertising": "宣传、推介具体作品或产品",
    "accusation": "指名举报",
    "empty": "内容空泛，没有具体建议",
    "unlawful": "与宪法、法律相抵触",
    "out_of_area": "不属于本地区职权范围",
    "petition": "转递群众来信、信访诉求",
}
RETURN = {
    "not_one_matter": "一事一案：请拆分为多件提案",
    "no_suggestion": "建议不具体，请补充可办理的建议",
    "facts": "情况不清，请补充调研情况或数据",
    "form": "格式或要素不全",
    "duplicate": "与已交提案内容重复，请补充新的内容或考虑联名",
    "other": "其他",
}
POLICIES = {
    "title_characters": "50",
    "body_soft_characters": "1500",
    "body_hard_characters": "2500",
    "number_at": "filing",
}
FROM = date(2000, 1, 1)


def fill(apps: Any, schema_editor: Any) -> None:
    for order, name in enumerate(CATEGORIES, start=1):
        apps.get_model("proposals", "Category").objects.get_or_create(name=name, defaults={"order": order})
    apps.get_model("proposals", "ReviewPass").objects.get_or_create(order=1, defaults={"name": "审查", "final": True})
    reason = apps.get_model("handling", "Reason")
    for use, rows in (("decline", DECLINE), ("return", RETURN)):
        for code, label in rows.items():
            reason.objects.get_or_create(use=use, code=code, defaults={"label": label})
    for code, value in POLICIES.items():
        apps.get_model("handling", "Policy").objects.get_or_create(code=code, starts_on=FROM, defaults={"value": value})


class Migration(migrations.Migration):
    dependencies = [("proposals", "0002_texts_and_rules"), ("handling", "0001_initial")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
