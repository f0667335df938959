"""Forms of rules, ladders and calendars."""

from typing import Any

from django import forms

from proposals.handling.clockwork.years import BadYear, Year, parse_year
from proposals.handling.models import Ladder, TimeRule

from .fields import DayField

LARGEST_FILE = 64 * 1024


class RuleForm(forms.Form):
    """A new row in the place of a rule; the code stays."""

    amount = forms.IntegerField(label="期限", min_value=1, max_value=3660)
    unit = forms.ChoiceField(label="单位", choices=TimeRule.Unit.choices)
    ladder = forms.ModelChoiceField(
        label="提醒与催办", queryset=Ladder.objects.order_by("name", "pk"), to_field_name="code", required=False,
        empty_label="不提醒",
    )  # fmt: skip
    extend_amount = forms.IntegerField(label="每次最多延长", min_value=1, max_value=366, required=False)
    cap_months = forms.IntegerField(label="总期限（月）", min_value=1, max_value=120, required=False)
    starts_on = DayField(label="生效日期")
    basis = forms.CharField(label="依据", max_length=120)


class YearForm(forms.Form):
    """A year's file, or its text; what was read is kept for the confirmation."""

    file = forms.FileField(label="日历文件（JSON）", required=False)
    text = forms.CharField(
        label="或粘贴文件内容", widget=forms.Textarea(attrs={"rows": 8}), required=False, max_length=LARGEST_FILE
    )
    year: Year

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        text = cleaned.get("text") or self._read(cleaned.get("file"))
        if self.errors:
            return cleaned
        try:
            self.year = parse_year(text)
        except BadYear as error:
            for line in error.lines:
                self.add_error(None, line)
        return {**cleaned, "text": text}

    def _read(self, file: Any) -> str:
        if file is None:
            self.add_error("file", "请选择日历文件，或粘贴文件内容。")
            return ""
        if file.size > LARGEST_FILE:
            self.add_error("file", "文件过大，一年的日历不会超过 64 KB。")
            return ""
        try:
            return str(file.read().decode("utf-8"))
        except UnicodeDecodeError:
            self.add_error("file", "文件无法读取，请确认它是 UTF-8 编码的 JSON 文件。")
            return ""


class LocalDayForm(forms.Form):
    on = DayField(label="日期")
    is_workday = forms.ChoiceField(label="调整为", choices=[("1", "上班"), ("0", "休息")])
    name = forms.CharField(label="名称或依据", max_length=40)
