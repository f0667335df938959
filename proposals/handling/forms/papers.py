"""Official documents: which to make, which number to give, which copy to check."""

from collections.abc import Sequence
from typing import Any

from django import forms

from members.models import Body
from proposals.handling.models import NumberFormat

MOST = 30 * 2**20


class PapersForm(forms.Form):
    """What is made, and for whom: one for all, or for each proposer his own."""

    of = forms.ChoiceField(label="文种", widget=forms.RadioSelect)
    to = forms.ChoiceField(
        label="收件人", required=False, help_text="联名提案可以一人一函；督办单、批复等没有这一项，不用选。"
    )

    def __init__(self, *args: Any, offered: Sequence[tuple[str, str]], people: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of, to = self.fields["of"], self.fields["to"]
        assert isinstance(of, forms.ChoiceField) and isinstance(to, forms.ChoiceField)
        of.choices = list(offered)
        if len(people) > 1:
            everyone = [(str(place), f"只给{name}") for place, name in enumerate(people)]
            to.choices = [("", "全体提案者合为一份"), ("each", "每位提案者各一份"), *everyone]
        else:
            del self.fields["to"]


class TakeNumberForm(forms.Form):
    typed = forms.CharField(
        label="纸质上已编的文号", max_length=60, required=False, help_text="已在纸上编号的照填；不填则取用下一个文号。"
    )


class NumberFormatForm(forms.Form):
    body = forms.ModelChoiceField(Body.objects.none(), label="单位", to_field_name="public_id", empty_label=None)
    kind = forms.ChoiceField(label="文种", choices=NumberFormat.Kind.choices)
    pattern = forms.CharField(
        label="格式", max_length=40, help_text="用 {年} 代表年份、{序号} 代表序号，例如：×民函〔{年}〕{序号}号。"
    )
    after = forms.IntegerField(
        label="今年已用到",
        min_value=0,
        max_value=99_999,
        initial=0,
        help_text="下一份从它之后编起；每年从 1 号重新编。",
    )

    def __init__(self, *args: Any, offered: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        body = self.fields["body"]
        assert isinstance(body, forms.ModelChoiceField)
        body.queryset = offered


class CheckPaperForm(forms.Form):
    file = forms.FileField(label="公文文件", help_text="只计算校验码，不保存文件。")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST:
            raise forms.ValidationError("文件超过 30 MB，不是本系统生成的公文。")
        return file
