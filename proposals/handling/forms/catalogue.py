"""Lines of the catalogue of responsibilities: one by one, or pasted from a table."""

from collections.abc import Collection
from typing import Any

from django import forms
from django.utils import timezone

from members.models import Body
from proposals.handling import owners
from proposals.handling.actions import RemitGiven

from .fields import DayField, LongText, UnitField

COLUMNS = (("单位", 128), ("职责", 120), ("主题词", 200), ("类别", 40), ("依据", 200))
MOST_LINES = 500
MOST_SHOWN = 20


class RemitForm(forms.Form):
    unit = UnitField(label="单位")
    subject = forms.CharField(label="职责", max_length=120, help_text="照“三定”规定写，例如：城市停车设施建设管理。")
    words = forms.CharField(
        label="主题词", max_length=200, help_text="提案里会出现的词，用顿号分开，例如：停车、泊位。"
    )
    category = forms.ChoiceField(
        label="提案类别", required=False, help_text="几个单位同样相近时，类别相同的排在前面；可不选。"
    )
    basis = forms.CharField(label="依据", max_length=200, required=False, help_text="例如：市住建局“三定”规定第三条。")
    starts_on = DayField(label="生效日期", initial=timezone.localdate)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["category"]
        field.choices = [("", "不限"), *((name, name) for name in owners.categories())]

    def given(self) -> list[RemitGiven]:
        data = self.cleaned_data
        return [RemitGiven(data["unit"], data["subject"], data["words"], data["category"], data["basis"])]


class PasteRemitsForm(forms.Form):
    """A table copied from Excel or WPS: cells are parted by tabs."""

    pasted = LongText(
        label="从表格粘贴",
        rows=10,
        max_length=200_000,
        help_text="在 Excel 里选中并复制，一行一条，各列依次为：单位、职责、主题词、类别、依据；后两列可以没有。",
    )
    starts_on = DayField(label="生效日期", initial=timezone.localdate)

    def clean_pasted(self) -> list[RemitGiven]:
        """Every line that cannot stand is named, with its number as it was pasted."""
        cut = [[cell.strip() for cell in line.split("\t")] for line in self.cleaned_data["pasted"].splitlines()]
        lines = [(number, cells) for number, cells in enumerate(cut, 1) if any(cells)]
        if lines and lines[0][1][0] in ("单位", "承办单位"):
            lines = lines[1:]
        if not lines:
            raise forms.ValidationError("没有可以登记的行。请从表格中选中职责各行，复制后粘贴。")
        if len(lines) > MOST_LINES:
            raise forms.ValidationError(f"一次最多粘贴 {MOST_LINES} 行，现在有 {len(lines)} 行。请分几次粘贴。")
        units = Body.objects.units().match_many([cells[0] for _, cells in lines])
        categories = owners.categories()
        faults, given = [], []
        for number, cells in lines:
            unit = units[cells[0]][0]
            row = (cells + [""] * len(COLUMNS))[: len(COLUMNS)]
            if unit is None:
                faults.append(f"第 {number} 行：没有找到单位“{cells[0][:40]}”，请写全称或简称。")
            elif fault := _fault(row, cells[len(COLUMNS) :], categories):
                faults.append(f"第 {number} 行：{fault}")
            else:
                given.append(RemitGiven(unit, *row[1:]))
        if faults:
            more = len(faults) - MOST_SHOWN
            raise forms.ValidationError(faults[:MOST_SHOWN] + ([f"另有 {more} 行也须修改。"] if more > 0 else []))
        return given

    def given(self) -> list[RemitGiven]:
        rows: list[RemitGiven] = self.cleaned_data["pasted"]
        return rows


def _fault(row: list[str], beyond: list[str], categories: Collection[str]) -> str:
    """Why a line of a known unit cannot stand; empty if it can."""
    if not row[1] or not row[2]:
        return "请填写职责和主题词两列。"
    if any(beyond):
        return "第五列以后还有内容，请只保留五列。"
    if row[3] and row[3] not in categories:
        return f"没有“{row[3][:40]}”这个提案类别，请照现用类别的名称写，或留空。"
    long = [f"{name}超过 {most} 字。" for (name, most), cell in zip(COLUMNS, row, strict=True) if len(cell) > most]
    return "".join(long)
