"""What people fill in about adoption, instructions, assignment and feedback. Forms check input; actions check rules."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from members.choices import Role
from members.forms import PlainForm
from members.models import Body, Person
from members.queries import holding
from members.widgets import Counted, Day
from proposals.handling.forms.fields import WithFile
from proposals.handling.models import Purpose
from proposals.reports.forms import AssignForm
from proposals.reports.models.adoption import CreditRule, Instruction, Level

if TYPE_CHECKING:
    _People = forms.ModelChoiceField[Person]
    _Instructions = forms.ModelChoiceField[Instruction]
else:
    _People = _Instructions = forms.ModelChoiceField


class AdoptionForm(PlainForm):
    level = forms.ChoiceField(label="层级", choices=Level.choices, widget=forms.RadioSelect)
    adopter = forms.CharField(label="采用单位", max_length=80, help_text="例如：省政协办公厅、市委办公室。")
    form = forms.ChoiceField(label="采用方式", choices=CreditRule.Merit.choices[:3], widget=forms.RadioSelect)
    journal = forms.CharField(label="刊物和期号", max_length=80, required=False)
    on = forms.DateField(label="采用日期", widget=Day, initial=timezone.localdate)


class DropForm(PlainForm):
    reason = forms.CharField(label="撤销原因", max_length=200, widget=Counted({"rows": 3}))


class InstructionForm(WithFile):
    purpose = Purpose.OFFICE

    kind = forms.ChoiceField(
        label="类别",
        choices=Instruction.Kind.choices,
        widget=forms.RadioSelect,
        help_text="只画圈、签名的是圈阅，不作为批示统计。",
    )
    level = forms.ChoiceField(label="层级", choices=Level.choices, widget=forms.RadioSelect)
    leader = _People(Person.objects.none(), label="领导", to_field_name="public_id", required=False)
    leader_name = forms.CharField(label="领导姓名", max_length=40, required=False, help_text="上面没有的填写姓名。")
    on = forms.DateField(label="日期", widget=Day, initial=timezone.localdate)
    text = forms.CharField(
        label="内容",
        max_length=2000,
        required=False,
        widget=Counted({"rows": 4}),
        help_text="批示原话。反映人只知道有批示和层级，同意转告后才看到内容。",
    )
    file = forms.FileField(label="扫描件", required=False, help_text="PDF 或图片，只有社情民意工作人员可以打开。")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["leader"]
        field.queryset = holding(Role.LEADER)
        field.empty_label = "不在下面，另填姓名"


class AssignReportForm(AssignForm):
    instruction = _Instructions(
        Instruction.objects.none(),
        label="依据的批示",
        to_field_name="public_id",
        required=False,
        help_text="选了的，承办单位可以看到批示内容。",
    )
    field_order = ("instruction", "lead", "co", "due_on")

    def __init__(self, *args: Any, instructions: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["instruction"]
        field.queryset = instructions
        field.empty_label = "没有批示，直接交办"
        field.label_from_instance = lambda row: f"{row.leader_name}（{row}，{row.on:%Y-%m-%d}）"

    def given(self) -> dict[str, Any]:
        lead: Body = self.cleaned_data["lead"]
        co = [unit for unit in self.cleaned_data["co"] if unit != lead]
        return {**{name: self.cleaned_data[name] for name in ("due_on", "instruction")}, "lead": lead, "co": co}


class FeedbackForm(PlainForm):
    units = forms.CharField(label="答复单位", max_length=200, required=False)
    text = forms.CharField(
        label="告知反映人的内容",
        max_length=5000,
        widget=Counted({"rows": 8}),
        help_text="用平实的话说明办理结果，所有反映人都会看到。",
    )
    on = forms.DateField(label="反馈日期", widget=Day, initial=timezone.localdate)


class CorrectionForm(FeedbackForm):
    reason = forms.CharField(
        label="更正说明",
        max_length=200,
        widget=Counted({"rows": 3}),
        help_text="更正了什么、为什么更正。反映人会看到；原来的反馈保留，注明已更正。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].label = "更正日期"
