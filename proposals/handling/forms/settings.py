"""Forms of rules, ladders and calendars."""

from typing import Any

from django import forms

from members.errors import Refused
from proposals.handling.actions.tuning import StepFacts, check_steps
from proposals.handling.clockwork.years import BadYear, Year, parse_year
from proposals.handling.models import Audience, Ladder, LadderStep, TimeRule
from proposals.handling.models.clocks import OFFICE_OPENS
from proposals.handling.reminders import LABELS
from proposals.handling.workdays import check_loadable

from .fields import DayField, UnitField

LARGEST_FILE = 64 * 1024


class RuleForm(forms.Form):
    """A new row in the place of a rule; the code stays."""

    amount = forms.IntegerField(label="期限", min_value=1, max_value=3660)
    unit = forms.ChoiceField(label="单位", choices=TimeRule.Unit.choices)
    ladder = forms.ModelChoiceField(
        label="提醒与催办", queryset=Ladder.objects.latest_versions().order_by("name", "pk"), to_field_name="code", required=False,
        empty_label="不提醒",
    )  # fmt: skip
    extend_amount = forms.IntegerField(label="每次最多延长", min_value=1, max_value=366, required=False)
    cap_months = forms.IntegerField(label="总期限（月）", min_value=1, max_value=120, required=False)
    starts_on = DayField(label="生效日期")
    basis = forms.CharField(label="依据", max_length=120)


class StepForm(forms.Form):
    """One step; a row without a name is not there."""

    name = forms.CharField(
        label="名称", max_length=40, required=False, help_text="例如：到期前 5 个工作日。留空即不要这个节点。"
    )
    anchor = forms.ChoiceField(label="相对于", choices=LadderStep.Anchor.choices)
    offset = forms.IntegerField(
        label="工作日偏移", required=False, help_text="到期前写负数，例如 -5；到期当日写 0；逾期后写正数。"
    )
    at = forms.TimeField(label="时刻", required=False, widget=forms.TimeInput({"type": "time"}, format="%H:%M"))
    severity = forms.IntegerField(
        label="轻重", min_value=1, max_value=99, required=False, help_text="同时到期的只发最重的一个。"
    )
    audience = forms.MultipleChoiceField(
        label="提醒对象", choices=Audience.choices, widget=forms.CheckboxSelectMultiple, required=False
    )
    template = forms.ChoiceField(label="通知", choices=[(code, label) for code, label in LABELS.items()])
    every = forms.IntegerField(label="每隔（工作日）", min_value=1, required=False, help_text="不重复的留空。")
    times = forms.IntegerField(label="最多次数", min_value=1, required=False)

    def facts(self, place: int) -> StepFacts:
        data = self.cleaned_data
        return StepFacts(
            name=data["name"].strip(),
            anchor=data["anchor"],
            offset=data["offset"] or 0,
            at=data["at"] or OFFICE_OPENS,
            severity=data["severity"] or min(99, 10 * place),
            audience=tuple(data["audience"]),
            template=data["template"],
            every=data["every"],
            times=data["times"],
        )


StepForms = forms.formset_factory(StepForm, extra=2, max_num=20, absolute_max=20, validate_max=True)


def blank_step(row: LadderStep) -> dict[str, Any]:
    """A step as the form shows it."""
    return {
        "name": row.name, "anchor": row.anchor, "offset": row.offset_workdays, "at": row.at_time,
        "severity": row.severity, "audience": row.audience_rule, "template": row.template, "every": row.repeat_every,
        "times": row.max_repeats if row.repeat_every else None,
    }  # fmt: skip


class LadderForm(forms.Form):
    """A new version of a ladder: its name, and its steps one below the other."""

    name = forms.CharField(label="名称", max_length=60)

    def __init__(self, *args: Any, ladder: Ladder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        initial = [blank_step(row) for row in ladder.steps.order_by("severity", "pk")]
        self.steps = StepForms(self.data if self.is_bound else None, initial=initial, prefix="step")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if not self.steps.is_valid():
            self.add_error(None, "有的节点没有填对，请看各节点下的说明。")
            return cleaned
        kept = [one for one in self.steps if one.cleaned_data.get("name", "").strip()]
        steps = [one.facts(place) for place, one in enumerate(kept, start=1)]
        try:
            check_steps(steps)
        except Refused as refused:
            self.add_error(None, str(refused))
        return {**cleaned, "steps": steps}


class PreviewForm(forms.Form):
    """For which day and whose people a ladder is tried out."""

    start = DayField(label="起算依据日", required=False)
    unit = UnitField(label="单位", required=False)


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
            check_loadable(self.year)
        except Refused as refused:
            self.add_error(None, str(refused))
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
