"""What people fill in about proposals that go to a higher body. Forms check input; actions check rules."""

from typing import Any

from django import forms
from django.utils import timezone

from members.forms import PlainForm
from members.models import Person
from members.uploads import Clean
from members.widgets import Counted, Day
from proposals.forms import PaperForm, not_later
from proposals.handling.forms.fields import let_in
from proposals.handling.models import Purpose
from proposals.key_forms import SheetForm
from proposals.models import Fate


class SendUpForm(SheetForm):
    """Whither and why; a consent that was given before the office asks here is entered with its sheet."""

    paper_if = "提案者已经同意的"
    to = forms.CharField(label="上级机关", max_length=80, help_text="例如：省政协提案委员会、省交通运输厅。")
    reason = forms.CharField(
        label="转报理由",
        max_length=500,
        widget=Counted({"rows": 3}),
        help_text="哪些事项超出市里权限、由谁决定。提案者会看到这段话。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["paper_who"].label = "提案者已在纸上或电话中同意的：答复人"
        self.fields["paper_who"].help_text = "还没有答复的不填：提交后由提案者在系统中答复。填写的，连同下面两项。"
        self.fields["paper_on"].label = "答复日期"
        self.fields["paper_sheet"].label = "书面材料或电话记录"
        self.fields["paper_sheet"].help_text = "例如：同意转报函、3月5日电话记录。"


class RecordAnswerForm(PaperForm):
    """What the first proposer said on paper or by phone."""

    agrees = forms.TypedChoiceField(
        label="提案者的答复",
        choices=[("yes", "同意转报"), ("no", "不同意转报")],
        coerce=lambda word: word == "yes",
        widget=forms.RadioSelect,
    )
    who = forms.CharField(label="答复人", max_length=40)
    on = forms.DateField(label="答复日期", widget=Day)
    sheet = forms.CharField(label="书面材料或电话记录", max_length=80, help_text="例如：同意转报函、3月5日电话记录。")
    field_order = ("agrees", "who", "on", "sheet", "scan")


class WithScan(PlainForm):
    """A letter that goes up or comes down may be kept with the proposal (P1); its proposers may open it."""

    purpose = Purpose.ORIGINAL

    def __init__(self, *args: Any, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_scan(self) -> Clean | None:
        return let_in(self.cleaned_data["scan"], self.purpose, self.by)

    def facts(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if name != "scan"}


class SentForm(WithScan):
    on = forms.DateField(label="转报日期", widget=Day, initial=timezone.localdate)
    number = forms.CharField(label="文号", max_length=60, required=False)
    note = forms.CharField(label="备注", max_length=300, required=False, help_text="只有提案委能看到。")
    scan = forms.FileField(label="转报函扫描件", required=False, help_text="PDF 或图片，不超过 20 MB。提案者可以查看。")

    def clean_on(self) -> Any:
        return not_later(self.cleaned_data["on"])


class FateForm(WithScan):
    kind = forms.ChoiceField(label="去向", choices=Fate.Kind.choices, widget=forms.RadioSelect)
    on = forms.DateField(label="日期", widget=Day, initial=timezone.localdate)
    text = forms.CharField(
        label="情况", max_length=1000, widget=Counted({"rows": 4}), help_text="上级怎样处理、怎样答复。提案者会看到。"
    )
    scan = forms.FileField(
        label="上级来函扫描件", required=False, help_text="PDF 或图片，不超过 20 MB。提案者可以查看。"
    )

    def clean_on(self) -> Any:
        return not_later(self.cleaned_data["on"])


class UndoForm(PlainForm):
    reason = forms.CharField(
        label="原因", max_length=300, widget=Counted({"rows": 3}), help_text="例如：日期写错。提案者和承办单位会看到。"
    )


class DropForm(PlainForm):
    reason = forms.CharField(label="原因", max_length=300, widget=Counted({"rows": 3}), help_text="提案者会看到。")
