"""What people fill in about matters handed down. Forms check input; actions check rules."""

from typing import Any

from django import forms
from django.utils import timezone

from members.models import Person
from members.uploads import Clean
from members.widgets import Counted, CountedLine, Day
from proposals.forms import PlainForm, let_in, not_later
from proposals.handling.models import Assignment, Purpose
from proposals.models import HandedDown


class WithFile(PlainForm):
    """A file that comes with the act goes through the one door."""

    purpose = Purpose.TEXT

    def __init__(self, *args: Any, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_file(self) -> Clean | None:
        return let_in(self.cleaned_data["file"], self.purpose, self.by)


class EnterForm(WithFile):
    level = forms.ChoiceField(label="级别", choices=HandedDown.Level.choices, widget=forms.RadioSelect)
    from_body = forms.CharField(
        label="交办的上级机构", max_length=80, help_text="例如：省政协提案委员会、省政府办公厅。"
    )
    their_number = forms.CharField(label="来文编号或原案号", max_length=60)
    proposers = forms.CharField(label="原提案者", max_length=200, required=False, help_text="来文写明的照录。")
    received_on = forms.DateField(label="收到日期", widget=Day, initial=timezone.localdate)
    due_on = forms.DateField(label="上级规定的期限", widget=Day, help_text="承办单位的办理期限就是这一天。")
    title = forms.CharField(label="案由", max_length=300, widget=CountedLine)
    text = forms.CharField(
        label="内容",
        max_length=20000,
        widget=Counted({"rows": 12}),
        help_text="建议写成一是、二是，或分条编号的，逐条答复。",
    )
    file = forms.FileField(label="来文附件", required=False, help_text="承办单位可以查看。")

    def clean_received_on(self) -> Any:
        return not_later(self.cleaned_data["received_on"])

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name not in ("title", "file")}


class LaterForm(PlainForm):
    to = forms.DateField(label="上级同意的新期限", widget=Day)
    how = forms.CharField(label="依据", max_length=200, help_text="例如：来文文号、电话记录的日期和经办人。")


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
