"""Official documents: which to make, which number to give, which copy to check."""

from collections.abc import Sequence
from typing import Any

from django import forms

from members.models import Body
from members.uploads import BadFile, Clean, Use, check
from proposals.handling.models import NumberFormat, PaperKind

from .fields import LongText

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


class OfficeNumberForm(TakeNumberForm):
    """Which sheet or decision of the assigning office is numbered."""

    of = forms.ChoiceField(label="文件", widget=forms.RadioSelect)
    field_order = ("of", "typed")

    def __init__(self, *args: Any, offered: Sequence[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        of = self.fields["of"]
        assert isinstance(of, forms.ChoiceField)
        of.choices = list(offered)


class NumberFormatForm(forms.Form):
    body = forms.ModelChoiceField(Body.objects.none(), label="单位", to_field_name="public_id", empty_label=None)
    kind = forms.ChoiceField(
        label="文种",
        choices=NumberFormat.Kind.choices,
        help_text="答复函、会办意见函由承办单位编号，督办单、延期批复、交办通知由交办机构编号。",
    )
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


class LetterTemplateForm(forms.Form):
    """A .docx of the body's own, let in by the one door before anything is done with it."""

    body = forms.ModelChoiceField(Body.objects.none(), label="单位", to_field_name="public_id", empty_label=None)
    kind = forms.ChoiceField(label="文种")
    file = forms.FileField(
        label="模板文件", help_text="Word（.docx），不超过 5 MB；不能带宏、修订、批注、超链接或嵌入对象。"
    )

    def __init__(self, *args: Any, offered: Any, kinds: Sequence[PaperKind], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        body, kind = self.fields["body"], self.fields["kind"]
        assert isinstance(body, forms.ModelChoiceField) and isinstance(kind, forms.ChoiceField)
        body.queryset = offered
        kind.choices = [(one.value, one.label) for one in kinds]

    def clean_file(self) -> Clean:
        try:
            return check(self.cleaned_data["file"], use=Use.TEMPLATE)
        except BadFile as error:
            raise forms.ValidationError(str(error)) from error


class RefuseTemplateForm(forms.Form):
    reason = LongText(label="不启用的原因", rows=3, max_length=200, help_text="上传人会看到，请写明要改什么。")


class CheckPaperForm(forms.Form):
    file = forms.FileField(label="公文文件", help_text="只计算校验码，不保存文件。")

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > MOST:
            raise forms.ValidationError("文件超过 30 MB，不是本系统生成的公文。")
        return file
