"""Promises: written with the draft, reported on, decided about, and passed for the public."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from proposals.handling.models import Commitment, CommitmentStep, PublicWord, Purpose, ReplyPoint

from .fields import ActForm, DayField, LongText
from .replying import key_of


class PromiseForm(ActForm):
    point = forms.ChoiceField(label="对应的建议")
    text = LongText(label="承诺事项", rows=3, max_length=300, help_text="写明做什么。")
    measure = LongText(
        label="可检验的结果", rows=2, max_length=300, help_text="如数量、地点、完成的标志，到期时凭它核实。"
    )
    due_on = DayField(label="承诺完成日期")

    def __init__(self, *args: Any, points: Sequence[ReplyPoint], labels: Mapping[int, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.points = {key_of(one.suggestion): one for one in points}
        field = self.fields["point"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            (key, f"{labels[one.suggestion_id]}（{one.result.code}类）{one.suggestion.text[:40]}")
            for key, one in self.points.items()
            if one.result
        ]

    def values(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {
            "point": self.points[data["point"]],
            "text": data["text"],
            "measure": data["measure"],
            "due_on": data["due_on"],
        }


class ProgressForm(ActForm):
    file_label = "证明材料"
    text = LongText(label="进展情况", rows=5)


class DelayForm(ActForm):
    file_label = "证明材料"
    to = DayField(label="调整到")
    text = LongText(label="理由", rows=4, help_text="写明现在的进展和需要调整的理由。")


class KeptForm(ActForm):
    file_label = "证明材料"
    file_purpose = Purpose.SHEET
    text = LongText(label="落实情况", rows=5, help_text="对照可检验的结果，写明达到了什么。")
    reply = LongText(
        label="再次答复", rows=8, max_length=10000, help_text="交办机构核实后，发给每一位提案者，与原答复一并可读。"
    )


class DecideStepForm(ActForm):
    agrees = forms.TypedChoiceField(label="决定", coerce=lambda value: value == "yes", widget=forms.RadioSelect)
    text = LongText(label="说明", rows=3, max_length=300, required=False, help_text="不同意时必填，单位会看到。")

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["agrees"]
        assert isinstance(field, forms.ChoiceField)
        if kind == CommitmentStep.Kind.KEPT:
            field.choices = [("yes", "已核实，确已落实"), ("no", "退回单位")]
        else:
            field.choices = [("yes", "同意调整"), ("no", "不同意，按原定日期落实")]


class ReviewWordForm(forms.Form):
    passed = forms.TypedChoiceField(
        label="审查意见",
        choices=[("yes", "可以公开"), ("no", "不公开")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    text = LongText(
        label="公开的承诺事项",
        rows=3,
        max_length=300,
        required=False,
        help_text="可以改写；不得出现涉密内容、个人信息和第三方姓名。",
    )
    reason = LongText(label="不公开的原因", rows=2, max_length=200, required=False)

    def __init__(self, *args: Any, word: PublicWord, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].initial = word.text


class ReopenForm(ActForm):
    """The office says why a closed matter is handled again, and which missed promise it is for, if any."""

    reason = LongText(label="原因", rows=3, max_length=200)

    def __init__(self, *args: Any, missed: Sequence[Commitment], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.missed = {str(one.number): one for one in missed}
        if missed:
            self.fields["promise"] = forms.ChoiceField(
                label="到期没有落实的承诺",
                choices=[("", "与承诺无关"), *((key, f"第{key}项：{one.text}") for key, one in self.missed.items())],
                required=False,
            )
            self.order_fields(["promise"])

    def promise(self) -> Commitment | None:
        return self.missed.get(self.cleaned_data.get("promise", ""))
