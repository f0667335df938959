"""What people fill in about opinions. Forms check input; actions check rules."""

from django import forms
from django.utils import timezone

from members.forms import PlainForm
from members.member_fields import MembersField
from members.page_forms import BodyByName
from members.widgets import Counted, CountedLine, Day
from proposals.handling.forms.fields import UnitField, UnitsField, WithFile
from proposals.handling.models import Purpose
from proposals.reports.models import Opinion

BY_STAFF = [(one.value, one.label) for one in Opinion.Source if one != Opinion.Source.PROPOSAL]


class EnterOpinionForm(WithFile):
    purpose = Purpose.ORIGINAL
    source = forms.ChoiceField(label="来源", choices=BY_STAFF, widget=forms.RadioSelect)
    authors = MembersField(
        label="反映的委员", required=False, help_text="几位委员之间用顿号分开；同名的写成“姓名（界别）”。"
    )
    body = BodyByName(
        label="小组或专委会", required=False, help_text="没有具体委员的填写，例如：经济界、市政协提案委员会。"
    )
    occasion = forms.CharField(
        label="场合",
        max_length=120,
        required=False,
        help_text="小组讨论、视察调研的必填，例如：全会第三组讨论、老旧小区改造视察。",
    )
    on = forms.DateField(label="来信或提出日期", widget=Day, initial=timezone.localdate)
    title = forms.CharField(label="标题", max_length=300, widget=CountedLine)
    text = forms.CharField(
        label="内容",
        max_length=5000,
        widget=Counted({"rows": 8}),
        help_text="照录原意，涉密内容不得录入。承办单位只看到内容，看不到是谁反映的。",
    )
    file = forms.FileField(label="来信或记录的扫描件", required=False, help_text="PDF 或图片，承办单位看不到。")


class AssignForm(PlainForm):
    """To whom something is given, and until when."""

    lead = UnitField(label="承办单位")
    co = UnitsField(label="会办单位", required=False)
    due_on = forms.DateField(
        label="办理期限", widget=Day, required=False, help_text="不填的，按时限规则“社情民意办理反馈”计算。"
    )


class PassOnForm(PlainForm):
    passed_to = forms.CharField(label="转送单位", max_length=80, help_text="写单位名称，例如：市民政局。")
    passed_on = forms.DateField(label="转送日期", widget=Day, initial=timezone.localdate)


class AnswerForm(PlainForm):
    answered_by = forms.CharField(label="答复单位", max_length=80, required=False, help_text="提案委自己答复的不填。")
    answer = forms.CharField(
        label="答复内容", max_length=5000, widget=Counted({"rows": 8}), help_text="反映人会看到这段话。"
    )
    answered_on = forms.DateField(label="答复日期", widget=Day, initial=timezone.localdate)
