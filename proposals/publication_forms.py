"""What the disclosure review asks."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from members.forms import PlainForm
from members.widgets import Counted, Day
from proposals.forms import PaperForm
from proposals.masking import Found


class MaskForm(PlainForm):
    """What was found and may stand, and what else is to be hidden."""

    kept = forms.MultipleChoiceField(
        label="不遮盖的内容",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="系统找到的号码和邮箱一律遮盖；确属对外公布的办公电话等，勾选后保留。",
    )
    hidden = forms.CharField(
        label="还要遮盖的文字",
        required=False,
        max_length=3000,
        widget=Counted({"rows": 4}),
        help_text="第三人的姓名、住址等，照原文填写，一行一处；提案和答复中所有相同的文字都会遮盖。",
    )

    checked = forms.BooleanField(
        label="公开文本已核对，可以公开",
        required=False,
        help_text="没有涉密内容，个人信息和第三人姓名已经遮盖。勾选后可在公开审查列表中批量公开；文字再有变化的，须重新核对。",
    )

    def __init__(self, *args: Any, found: Sequence[Found], reviewer: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not reviewer:
            del self.fields["checked"]
        field = self.fields["kept"]
        assert isinstance(field, forms.MultipleChoiceField)
        field.choices = list({one.text: (one.text, f"{one.text}（{one.kind}）") for one in found}.values())
        if not field.choices:
            del self.fields["kept"]

    def words(self) -> list[str]:
        return [line.strip() for line in self.cleaned_data["hidden"].splitlines() if line.strip()]


class OnDayForm(PlainForm):
    publish_on = forms.DateField(
        label="公布日期", widget=Day, initial=timezone.localdate, help_text="从这一天零时起对外公布，可以选以后的日期。"
    )
    with_evaluation = forms.BooleanField(label="同时公布委员评价的结果（不含意见和姓名）", required=False)


class PublishForm(OnDayForm):
    checked = forms.BooleanField(label="已核对：没有涉密内容，个人信息和第三人姓名已经遮盖", required=False)


class PublishManyForm(OnDayForm):
    """Each copy was looked at by itself."""

    def clean_publish_on(self) -> date:
        on: date = self.cleaned_data["publish_on"]
        if on < timezone.localdate():
            raise forms.ValidationError("公布日期不能早于今天。")
        return on


class ReasonForm(PlainForm):
    reason = forms.CharField(
        label="原因",
        max_length=200,
        widget=Counted({"rows": 3}),
        help_text="提案者和承办单位会看到，请不要写出涉密内容。",
    )


class OnPaper(PaperForm):
    """The reviewer's decision on a sheet, recorded by the proposal office (P1)."""

    who = forms.CharField(label="纸质办理：签批人", max_length=40)
    on = forms.DateField(label="纸质办理：日期", widget=Day)
    sheet = forms.CharField(label="纸质办理：单据名称", max_length=80, initial="公开审查表")


class PublishOnPaperForm(PublishForm, OnPaper):
    field_order = ("publish_on", "with_evaluation", "checked", "who", "on", "sheet", "scan")


class ReasonOnPaperForm(ReasonForm, OnPaper):
    field_order = ("reason", "who", "on", "sheet", "scan")
