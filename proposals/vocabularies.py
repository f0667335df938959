"""The lists of words that a committee keeps itself: categories, passes of review, reasons, result classes, priorities.

Their rows are never deleted once something stands on them; a retired row is offered to nobody and stays where it is.
"""

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from django.db import models

from proposals.handling.models import Policy, Priority, Reason, ResultClass
from proposals.models import Category, Criterion, Honour, ReviewPass


@dataclass(frozen=True)
class Vocabulary:
    """One list: its rows, and the columns that people write.

    `name_field` is what a refusal of a double blames; `fixed` columns are written once; `loose` ones may change
    although the row is in use, for they say nothing of what was decided.
    """

    key: str
    label: str
    model: type[models.Model]
    name_field: str
    columns: tuple[str, ...]
    order: tuple[str, ...]
    end: Literal["ended_on", "ends_on"]
    fixed: frozenset[str] = frozenset()
    loose: frozenset[str] = frozenset()
    only: Mapping[str, str] = field(default_factory=dict)
    keep_one: bool = False
    about: str = ""

    def rows(self) -> "models.QuerySet[Any]":
        return self.model._default_manager.filter(**self.only).order_by(f"{self.end}", *self.order, "pk")

    def current(self) -> "models.QuerySet[Any]":
        return self.rows().filter(**{self.end: None})

    def version_of(self, row: models.Model) -> int:
        """A number that changes with the row: what a form that was opened earlier is compared with."""
        return stamp([getattr(row, name) for name in (*self.columns, self.end)])


def stamp(values: list[Any]) -> int:
    return zlib.crc32(repr([str(value) for value in values]).encode()) % 10**9


def _reasons(use: str, about: str) -> Vocabulary:
    return Vocabulary(
        key=use,
        label=f"{Reason.Use(use).label}理由",
        model=Reason,
        name_field="code",
        columns=("label", "code"),
        order=("pk",),
        end="ends_on",
        fixed=frozenset({"code"}),
        only={"use": use},
        about=about,
    )


def _criteria(honour: Honour, use: Criterion.Use, about: str) -> Vocabulary:
    return Vocabulary(
        key=f"{honour}_{use}",
        label=f"{honour.label}{use.label}标准",
        model=Criterion,
        name_field="measure",
        columns=("measure", "points", "mark") if use == Criterion.Use.POINTS else ("measure", "mark"),
        order=("-points",),
        end="ends_on",
        fixed=frozenset({"measure"}),
        only={"honour": honour, "use": use},
        about=about,
    )


POINTS_SAY = "数值达到满分线得满分，不到的按比例得分。"
BARS_SAY = "触及界限的不参加评选。"

ALL = [
    Vocabulary(
        "categories",
        "提案类别",
        Category,
        "name",
        ("name", "order"),
        ("order",),
        "ended_on",
        loose=frozenset({"order"}),
        about="撰写、立案和统计时按类别归类。",
    ),
    Vocabulary(
        "passes",
        "审查轮次",
        ReviewPass,
        "order",
        ("name", "order"),
        ("order",),
        "ended_on",
        loose=frozenset({"order"}),
        keep_one=True,
        about="提案按次序逐轮审查，最后一轮作出决定。",
    ),
    _reasons(Reason.Use.DECLINE, "不予立案时选择，并告知提案者。"),
    _reasons(Reason.Use.RETURN, "退回提案者修改时选择。"),
    _reasons(Reason.Use.OBJECTION, "承办单位申请退回时选择。"),
    _reasons(Reason.Use.EXTENSION, "承办单位申请延期时选择。"),
    _reasons(Reason.Use.DISSATISFIED, "委员评价不满意时选择。"),
    _reasons(Reason.Use.REPORT_KEEP, "社情民意信息留存备查时选择，并告知反映人。"),
    _reasons(Reason.Use.REPORT_RETURN, "社情民意信息退回修改时选择。"),
    Vocabulary(
        "results",
        "办理结果",
        ResultClass,
        "code",
        ("code", "label", "promises", "beyond"),
        ("code",),
        "ends_on",
        fixed=frozenset({"code"}),
        about="承办单位答复时逐条和整体选择。",
    ),
    Vocabulary(
        "priorities",
        "中心工作",
        Priority,
        "name",
        ("year", "name"),
        ("-year",),
        "ended_on",
        about="各年度的市委中心工作，列表和统计可按它筛选。",
    ),
    _criteria(Honour.PROPOSAL, Criterion.Use.POINTS, POINTS_SAY),
    _criteria(Honour.PROPOSAL, Criterion.Use.BAR, BARS_SAY),
    _criteria(Honour.UNIT, Criterion.Use.POINTS, POINTS_SAY),
    _criteria(Honour.UNIT, Criterion.Use.BAR, BARS_SAY),
]
BY_KEY = {one.key: one for one in ALL}


@dataclass(frozen=True)
class Choice:
    """A decision of the committee that rules read: a number within bounds, or one of several words."""

    code: str
    label: str
    default: str
    words: Mapping[str, str] = field(default_factory=dict)
    least: int = 0
    most: int = 0
    unit: str = ""

    def said(self, value: str) -> str:
        return self.words.get(value, f"{value} {self.unit}".strip())


CHOICES = {
    one.code: one
    for one in [
        Choice("title_characters", "案由字数上限", "50", least=10, most=200, unit="字"),
        Choice("body_soft_characters", "正文建议字数", "1500", least=200, most=20_000, unit="字"),
        Choice("body_hard_characters", "正文字数上限", "2500", least=200, most=50_000, unit="字"),
        Choice("number_at", "提案编号", "filing", {"filing": "立案时逐件编号", "run": "由工作人员统一编号"}),
        Choice(
            "number_split",
            "案号序列",
            "one",
            {"one": "全部提案一个序列", "form": "按提案形式分开，案号前加“委”“联”“集”"},
        ),
        Choice(
            "evaluation_decides",
            "以谁的评价为准",
            "any",
            {
                "any": "任一提案者不满意即为不满意",
                "first": "以第一提案者为准",
                "majority": "过半数提案者不满意为不满意",
            },
        ),
        Choice(
            "extension_offices",
            "延期由谁批准",
            "both",
            {"both": "交办机构和提案委都同意", "assigning": "交办机构", "proposal": "提案委"},
        ),
    ]
}


def histories(choices: Iterable[Choice]) -> dict[str, list[Policy]]:
    """The rows of each choice, newest first, by its code: one query."""
    found: dict[str, list[Policy]] = {choice.code: [] for choice in choices}
    for row in Policy.objects.filter(code__in=found).order_by("-starts_on", "pk"):
        found[row.code].append(row)
    return found


def history_of(choice: Choice) -> list[Policy]:
    """The rows of a choice, newest first."""
    return histories([choice])[choice.code]
