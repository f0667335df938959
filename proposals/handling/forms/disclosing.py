"""Whether a reply may be published."""

from django import forms

from proposals.handling.models import ReplyDisclosure

from .fields import ActForm, LongText


class DisclosureForm(ActForm):
    attribute = forms.ChoiceField(
        label="公开属性", choices=ReplyDisclosure.Attribute, widget=forms.RadioSelect,
        help_text="主动公开的答复，经公开审查后全文公布；涉及公共利益的，一般应当主动公开。",
    )  # fmt: skip
    reason = LongText(
        label="理由和依据", rows=3, max_length=200, required=False, help_text="依申请公开或不予公开的必填。"
    )


class ReturnDisclosureForm(forms.Form):
    reason = LongText(label="需要单位补充什么", rows=3, max_length=200)
