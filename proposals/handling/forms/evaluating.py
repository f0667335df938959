"""What proposers say of a reply."""

from typing import Any

from django import forms

from proposals.handling.models import Evaluation, Participant, Purpose

from .fields import ActForm, LongText, ReasonField


class Ratings(ActForm):
    work = forms.ChoiceField(label="对办理工作", choices=Evaluation.Grade, widget=forms.RadioSelect)
    result = forms.ChoiceField(label="对办理结果", choices=Evaluation.Grade, widget=forms.RadioSelect)
    reason = ReasonField("dissatisfied", label="不满意的原因", required=False)
    text = LongText(label="意见和建议", rows=4, required=False, help_text="选择“不满意”时，请选择原因或写明意见。")


class EvaluationForm(Ratings):
    """Asks for the password again unless it was given within five minutes (S9)."""

    name_to_unit = forms.BooleanField(label="评价结束后，同意向承办单位告知我的姓名", required=False)

    def __init__(self, *args: Any, places: list[Participant], ask_password: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(places) > 1:
            choices = [(str(n), str(place)) for n, place in enumerate(places)]
            self.fields["place"] = forms.ChoiceField(label="以谁的名义评价", choices=choices)
            self.order_fields(["place"])
        if ask_password:
            self.fields["password"] = forms.CharField(
                label="您的登录密码",
                help_text="为确认是本人评价，请再输入一次密码。",
                widget=forms.PasswordInput({"autocomplete": "current-password"}),
            )

    def clean_password(self) -> str:
        if not self.by.check_password(self.cleaned_data["password"]):
            raise forms.ValidationError("密码不正确。")
        return ""


class PaperEvaluationForm(Ratings):
    """A returned paper form, entered by one colleague and confirmed by another."""

    purpose = Purpose.EVALUATION
    scan_required = True

    def __init__(self, *args: Any, places: list[Participant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(str(n), str(place)) for n, place in enumerate(places)]
        self.fields["place"] = forms.ChoiceField(label="评价人", choices=choices)
        self.order_fields(["place"])
