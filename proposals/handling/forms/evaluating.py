"""What proposers say of a reply."""

from typing import Any

from django import forms
from django.utils import timezone

from proposals.handling.models import Appraisal, Contact, Evaluation, Participant, Purpose

from .fields import ActForm, DayField, LongText, ReasonField, place_field


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
        if places:
            self.fields["place"] = place_field("以谁的名义评价", places)
            self.order_fields(["place"])
        if any(place.body_id for place in places):
            self.fields["approval"] = forms.CharField(
                label="本组织审定情况",
                max_length=200,
                required=False,
                help_text="以组织名义评价的，请写明如何审定，例如：3月2日主委会议审定。",
            )
        if ask_password:
            self.fields["password"] = forms.CharField(
                label="您的登录密码",
                help_text="为确认是本人评价，请再输入一次密码。",
                widget=forms.PasswordInput({"autocomplete": "current-password"}),
            )


class AppraisalForm(ActForm):
    """What a unit says of the proposal; its scan is for the committee alone, as those of the proposers' forms."""

    purpose = Purpose.EVALUATION
    scan_required = True
    topic = forms.ChoiceField(label="选题准确", choices=Appraisal.Grade, widget=forms.RadioSelect)
    research = forms.ChoiceField(label="调研深入", choices=Appraisal.Grade, widget=forms.RadioSelect)
    advice = forms.ChoiceField(label="建议具体可行", choices=Appraisal.Grade, widget=forms.RadioSelect)
    text = LongText(label="评议意见", rows=4, required=False, help_text="有一项评为“一般”的，请写明意见。")


class PaperEvaluationForm(Ratings):
    """A returned paper form, entered by one colleague and confirmed by another."""

    purpose = Purpose.EVALUATION
    scan_required = True

    def __init__(self, *args: Any, places: list[Participant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if places:
            self.fields["place"] = place_field("评价人", places)
            self.order_fields(["place"])


class RejectForm(forms.Form):
    reason = LongText(label="退回原因", rows=2, max_length=200, help_text="如：对办理结果的评价与扫描件不符。")


class CheckedForm(forms.Form):
    note = LongText(label="核查情况", rows=2, max_length=200, help_text="如：已电话向本人核实。")


class ExplanationForm(forms.Form):
    """How the office spoke with a dissatisfied proposer, and what he said in the end."""

    mode = forms.ChoiceField(label="方式", choices=Contact.Mode, widget=forms.RadioSelect)
    held_on = DayField(label="日期", initial=timezone.localdate)
    persons = forms.CharField(label="参加人员", max_length=200, help_text="双方参加人员的姓名、职务或电话。")
    text = LongText(label="说明的情况和提案者的意见", rows=5)
