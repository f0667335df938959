"""What people fill in about opinions. Forms check input; actions check rules."""

from typing import Any

from django import forms
from django.utils import timezone

from members.forms import in_plain_words
from members.widgets import Counted, Day


class PassOnForm(forms.Form):
    passed_to = forms.CharField(label="转送单位", max_length=80, help_text="写单位名称，例如：市民政局。")
    passed_on = forms.DateField(label="转送日期", widget=Day, initial=timezone.localdate)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_plain_words(self)


class AnswerForm(forms.Form):
    answered_by = forms.CharField(label="答复单位", max_length=80, required=False, help_text="提案委自己答复的不填。")
    answer = forms.CharField(
        label="答复内容", max_length=5000, widget=Counted({"rows": 8}), help_text="反映人会看到这段话。"
    )
    answered_on = forms.DateField(label="答复日期", widget=Day, initial=timezone.localdate)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        in_plain_words(self)
