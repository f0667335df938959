"""What people fill in about matters handed down. Forms check input; actions check rules."""

from datetime import date
from typing import Any

from django import forms
from django.utils import timezone

from members.days import short_day
from members.forms import PlainForm
from members.widgets import Counted, CountedLine, Day
from proposals.actions.handed_down import GIVEN
from proposals.forms import AllocationForm, not_later
from proposals.handling.forms.fields import WithFile
from proposals.handling.models import Assignment, Purpose
from proposals.models import HandedDown


class EnterForm(WithFile):
    purpose = Purpose.TEXT
    level = forms.ChoiceField(label="级别", choices=HandedDown.Level.choices, widget=forms.RadioSelect)
    from_body = forms.CharField(
        label="交办的上级机构", max_length=80, help_text="例如：省政协提案委员会、省政府办公厅。"
    )
    their_number = forms.CharField(label="来文编号或原案号", max_length=60)
    proposers = forms.CharField(label="原提案者", max_length=200, required=False, help_text="来文写明的照录。")
    received_on = forms.DateField(label="收到日期", widget=Day, initial=timezone.localdate)
    due_on = forms.DateField(
        label="上级规定的期限", widget=Day, help_text="承办单位按这一天办理；交办时可以要求提前，留出审核和报送的时间。"
    )
    title = forms.CharField(label="案由", max_length=300, widget=CountedLine)
    text = forms.CharField(
        label="内容",
        max_length=20000,
        widget=Counted({"rows": 12}),
        help_text="建议写成一是、二是，或分条编号的，逐条答复。涉密来文不得在本系统登记，请按保密规定线下办理。",
    )
    file = forms.FileField(label="来文附件", required=False, help_text="承办单位可以查看。")

    def clean_received_on(self) -> Any:
        return not_later(self.cleaned_data["received_on"])

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in ("title", "file")}


class CorrectForm(EnterForm):
    """The same; of what units have in hand without its text and days."""

    def __init__(self, *args: Any, given: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if given:
            for name in GIVEN:
                del self.fields[name]


class GiveOutForm(AllocationForm):
    due_on = forms.DateField(label="要求承办单位办结的日期", widget=Day, required=False)

    def __init__(self, *args: Any, limit: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        late = limit <= timezone.localdate()
        field = self.fields["due_on"]
        field.required = late
        field.help_text = (
            f"上级规定的期限（{short_day(limit)}）已到，请另定承办单位办结的日期。"
            if late
            else f"不填的，就是上级规定的期限（{short_day(limit)}）。可以提前几天，留出审核和报送的时间。"
        )


class DueForm(PlainForm):
    to = forms.DateField(label="新的期限", widget=Day)
    how = forms.CharField(
        label="依据",
        max_length=200,
        help_text="例如：来文文号、电话记录的日期和经办人。原来登记错了的，写明更正。承办单位会看到。",
    )

    def __init__(self, *args: Any, now: date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].help_text = f"现在登记的期限是{short_day(now)}。"


class UndoForm(PlainForm):
    reason = forms.CharField(
        label="原因",
        max_length=300,
        widget=Counted({"rows": 3}),
        help_text="例如：文号写错、登记错了件。承办单位会看到。",
    )


class SendBackForm(PlainForm):
    part = forms.ModelChoiceField(
        Assignment.objects.none(), label="退回哪个单位", to_field_name="public_id", empty_label=None
    )
    reason = forms.CharField(
        label="退回原因", max_length=500, widget=Counted({"rows": 3}), help_text="承办单位会看到。"
    )

    def __init__(self, *args: Any, parts: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["part"]
        field.queryset = parts
        field.label_from_instance = lambda row: row.unit.name


class PassUpForm(WithFile):
    purpose = Purpose.SHEET
    on = forms.DateField(label="报送日期", widget=Day, initial=timezone.localdate)
    number = forms.CharField(label="报送文号", max_length=60, help_text="没有文号的写“无”。")
    to = forms.CharField(label="报送机构", max_length=80)
    file = forms.FileField(label="报送文件扫描件", required=False, help_text="PDF 或图片。")

    def clean_on(self) -> Any:
        return not_later(self.cleaned_data["on"])
