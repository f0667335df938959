"""What is filled in when reports are edited. Forms check input; actions check rules."""

from collections.abc import Sequence
from typing import Any

from django import forms

from members.forms import PlainForm
from members.widgets import Counted, CountedLine
from proposals.handling.forms.fields import WithFile
from proposals.handling.models import Participant, Purpose
from proposals.reports.models import AuthorWord, Report


class EditionForm(PlainForm):
    title = forms.CharField(label="标题", max_length=100, widget=CountedLine)
    text = forms.CharField(
        label="正文", widget=Counted({"rows": 22}), help_text="一段一行。只改文字和次序，不改反映人的意思。"
    )

    def __init__(self, *args: Any, most: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["text"].widget.attrs["data-max"] = most


class AskForm(PlainForm):
    people = forms.MultipleChoiceField(label="反映人", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, offered: Sequence[Participant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {_key(one): one for one in offered}
        field: Any = self.fields["people"]
        field.choices = [(key, f"{one}　{one.matter.label}") for key, one in self.offered.items()]
        field.error_messages["invalid_choice"] = "反映人有变化，请刷新页面后重新选择。"

    def chosen(self) -> list[Participant]:
        return [self.offered[key] for key in self.cleaned_data["people"]]


def _key(one: Participant) -> str:
    """A person or body together with the report that it stands behind; running keys stay inside (S19)."""
    who = one.person or one.body
    return f"{one.matter.public_id}.{who.public_id if who else ''}"


class AuthorAnswerForm(PlainForm):
    """The answer itself is one of two buttons."""

    text = forms.CharField(
        label="需要修改的地方",
        max_length=1000,
        required=False,
        widget=Counted({"rows": 4}),
        help_text="意思没有变的不填。",
    )


class RecordAnswerForm(WithFile):
    purpose = Purpose.OFFICE
    answer = forms.ChoiceField(label="反映人的答复", choices=AuthorWord.Answer.choices, widget=forms.RadioSelect)
    text = forms.CharField(
        label="需要修改的地方",
        max_length=1000,
        required=False,
        widget=Counted({"rows": 4}),
        help_text="意思没有变的不填。",
    )
    said = forms.CharField(label="答复方式和日期", max_length=80, help_text="例如：11月3日电话、11月3日书面。")
    file = forms.FileField(
        label="答复的凭据",
        required=False,
        help_text="书面答复、消息截图等，PDF 或图片，可以不传。只有社情民意工作人员可以打开。",
    )


class CombineForm(PlainForm):
    """Reports that may go into this one, the likest first."""

    followers = forms.MultipleChoiceField(label="并入本篇的信息", widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, offered: Sequence[Report], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {str(row.matter.public_id): row for row in offered}
        field: Any = self.fields["followers"]
        field.choices = [
            (key, f"{row.matter.label}　{row.matter.title}（{row.get_status_display()}）")
            for key, row in self.offered.items()
        ]
        field.error_messages["invalid_choice"] = "所选的信息已由他人办理，请刷新页面后重新选择。"

    def chosen(self) -> list[Report]:
        return [self.offered[key] for key in self.cleaned_data["followers"]]


class ReasonForm(PlainForm):
    reason = forms.CharField(label="原因", max_length=300, widget=Counted({"rows": 3}))
