from django import forms


class MarkAllRead(forms.Form):
    """`upto` is the moment at which the list was shown: what came later stays unread."""

    upto = forms.DateTimeField(widget=forms.HiddenInput)


class ToldByPhone(forms.Form):
    note = forms.CharField(label="备注", required=False, max_length=200, help_text="例如接听人、约定的时间。可以不填。")
