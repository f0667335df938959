"""What the offices fill in."""

from typing import Any

from django import forms

from proposals.handling.models import Assignment, ChaseSheet, Purpose

from .fields import ActForm, DayField, LongText, UnitField, UnitsField


class DecideObjectionForm(ActForm):
    decision = forms.ChoiceField(label="决定", widget=forms.RadioSelect)
    unit = UnitField(label="调整为", required=False, help_text="须已征求该单位的意见。")
    text = LongText(label="说明", rows=4, required=False, help_text="不同意退回时必填，单位会看到。")

    def __init__(self, *args: Any, part: Assignment, **kwargs: Any) -> None:
        super().__init__(*args, part=part, **kwargs)
        choices = [("uphold", "同意退回，调整承办单位"), ("refuse", "不同意退回，由原单位继续办理")]
        if part.role in (Assignment.Role.CO, Assignment.Role.SPLIT):
            choices.insert(1, ("release", f"同意退回，不再由{part.unit}承办"))
        field = self.fields["decision"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def clean(self) -> None:
        if self.cleaned_data.get("decision") == "uphold" and not self.cleaned_data.get("unit"):
            self.add_error("unit", "请选择调整后的承办单位。")


class AskUnitForm(ActForm):
    unit = UnitField(label="征求意见的单位")


class CallCoordinationForm(ActForm):
    meets_on = DayField(label="会议日期")
    place = forms.CharField(label="会议地点", max_length=100)
    units = UnitsField(
        label="邀请单位", help_text="一行写一个单位，会请它们先答复是否接办。申请退回的单位不用填写，会一并通知。"
    )

    def __init__(self, *args: Any, why: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if why:
            reason = LongText(label="召开原因", rows=3, max_length=300, help_text="写明为什么要重新协调。")
            self.fields = {"reason": reason, **self.fields}


class RulingForm(ActForm):
    purpose = file_purpose = Purpose.MINUTES
    file_label = "会议纪要文件"
    held_on = DayField(label="召开日期")
    chair = forms.CharField(label="主持人", max_length=60)
    present = LongText(label="参加单位和人员", rows=2, max_length=300)
    minutes = LongText(label="会议纪要", rows=8, max_length=5000, required=False, help_text="可以只上传纪要文件。")
    ruling = forms.ChoiceField(label="裁定", widget=forms.RadioSelect)
    unit = UnitField(label="调整为", required=False)
    helpers = UnitsField(label="另外增加的会办单位", required=False, help_text="没有的不填。分办件增加为分办。")
    text = LongText(label="裁定理由", rows=4, help_text="有关单位会看到。裁定以后，单位不能再申请退回。")

    def __init__(self, *args: Any, part: Assignment, **kwargs: Any) -> None:
        super().__init__(*args, part=part, **kwargs)
        choices = [("keep", f"由{part.unit}继续办理"), ("move", "调整承办单位")]
        if part.role in (Assignment.Role.CO, Assignment.Role.SPLIT):
            choices.append(("release", f"不再由{part.unit}承办"))
        field = self.fields["ruling"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices


class TransferForm(ActForm):
    unit = UnitField(label="调整为")
    reason = LongText(label="调整原因", rows=3, max_length=200)


class AddUnitForm(ActForm):
    unit = UnitField(label="增加的单位", help_text="有主办单位的，增加为会办；分办的，增加为分办。期限自决定之日起算。")
    reason = LongText(label="增加原因", rows=3, max_length=200)


class SheetForm(ActForm):
    text = LongText(label="督办内容", rows=8)
    how = forms.ChoiceField(label="处理", choices=ChaseSheet.How, widget=forms.RadioSelect)
    note = LongText(label="不发的原因", rows=2, max_length=200, required=False)


class SuccessorForm(forms.Form):
    unit = UnitField(label="承接单位")


class DecideExtensionForm(ActForm):
    agrees = forms.TypedChoiceField(
        label="审批",
        choices=[("yes", "同意"), ("no", "不同意")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    reason = LongText(label="意见", rows=3, max_length=200, required=False, help_text="不同意时必填。")


class GrantExtensionsForm(forms.Form):
    reason = LongText(label="意见", rows=2, max_length=200, required=False, help_text="不同意的，请逐件审批。")


class ReturnForm(ActForm):
    reason = LongText(label="退回修改的原因", rows=3, max_length=300)


class QuietForm(forms.Form):
    reason = LongText(label="原因", rows=2, max_length=200)


class SecrecyForm(forms.Form):
    reason = LongText(label="原因", rows=2, max_length=200, help_text="不要写出涉密内容。")


class ReasonForm(ActForm):
    reason = LongText(label="原因", rows=3, max_length=200)


class ConsultationForm(ActForm):
    purpose = file_purpose = Purpose.MINUTES
    file_label = "会商纪要文件"
    held_on = DayField(label="会商日期")
    present = LongText(label="参加人员", rows=2, max_length=300)
    minutes = LongText(label="会商纪要", rows=8, max_length=5000)


class ChaseForm(forms.Form):
    text = LongText(label="催办内容", rows=3, max_length=200, required=False, help_text="会显示在单位的办理记录里。")
