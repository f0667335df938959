"""What people fill in about key proposals and about what leaders wrote. Forms check input; actions check rules."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils import timezone

from members.choices import Role
from members.forms import PlainForm
from members.models import Body, Person
from members.queries import holding
from members.widgets import Counted, Day
from proposals.actions import Visit
from proposals.forms import MeetingForm, choose, not_later
from proposals.handling.forms.fields import UnitsField
from proposals.models import Instruction, KeyVisit

if TYPE_CHECKING:
    _People = forms.ModelChoiceField[Person]
    _Bodies = forms.ModelMultipleChoiceField[Body]
else:
    _People = forms.ModelChoiceField
    _Bodies = forms.ModelMultipleChoiceField


def long_text(label: str, *, rows: int = 4, most: int = 2000, required: bool = True, hint: str = "") -> forms.CharField:
    return forms.CharField(
        label=label, max_length=most, required=required, help_text=hint, widget=Counted({"rows": rows})
    )


class BodiesField(UnitsField):
    """Offices and committees, one a line."""

    def clean(self, value: Any) -> list[Body]:
        text = forms.CharField.clean(self, value)
        names = [line.strip() for line in text.replace("、", "\n").replace("；", "\n").splitlines()]
        found = Body.objects.filter(ended_on=None).match_many([name for name in names if name])
        missing = [name for name, (body, _) in found.items() if body is None]
        if missing:
            raise ValidationError(f"没有找到“{'、'.join(missing)[:60]}”。请写全称，一行一个。")
        return list(dict.fromkeys(body for body, _ in found.values() if body))


class SheetForm(MeetingForm):
    """An act that may have been done on paper: by whom, when, on which sheet (P1)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["paper_who"].label = "纸质办理：签批人或经办人"
        self.fields["paper_who"].help_text = "在纸上办理的才填写，连同下面两项。"
        self.fields["paper_on"].label = "纸质办理：日期"
        self.fields["paper_sheet"].label = "纸质办理：单据名称"
        self.fields["paper_sheet"].help_text = "例如：主席会议纪要、签批单、调研记录。"
        self.fields["paper_scan"].label = "单据扫描件"


class InsideForm(SheetForm):
    """The same where the file would have more readers than the act: its sheet is named, and kept by the office."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["paper_scan"]


class ShortlistForm(PlainForm):
    reason = long_text("入围理由", rows=3, most=500, hint="例如：事关全市中心工作、群众关注、督办能见成效。")


class AskForm(PlainForm):
    bodies = BodiesField(label="征求意见的机构", help_text="交办机构、专门委员会，一行写一个，写全称。")


class OpinionForm(InsideForm):
    text = long_text("意见", rows=3, most=500)


class ChooseForm(SheetForm):
    on = forms.DateField(label="主席会议日期", widget=Day, initial=timezone.localdate)
    number = forms.CharField(label="决定文号", max_length=60, required=False)
    text = long_text("决定内容", rows=3, most=500)

    def clean_on(self) -> Any:
        return not_later(self.cleaned_data["on"])


class WhyForm(SheetForm):
    reason = long_text("理由", rows=3, most=500)


class DropForm(InsideForm):
    reason = long_text("理由", rows=3, most=500)


class LeaderForm(PlainForm):
    leader = _People(Person.objects.none(), label="领办领导", empty_label="请选择")
    secretary = _People(
        Person.objects.none(),
        label="联系秘书",
        required=False,
        empty_label="不设",
        help_text="可以查看这件提案的督办情况，看不到批示内容。",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self.fields["leader"], holding(Role.LEADER))
        choose(self.fields["secretary"], holding(Role.LEADER_SECRETARY))


class NoticeForm(PlainForm):
    on = forms.DateField(label="送达日期", widget=Day, initial=timezone.localdate)
    how = forms.CharField(label="怎样送达", max_length=60, help_text="例如：当面送交、机要交换。系统不会自行发给领导。")

    def clean_on(self) -> Any:
        return not_later(self.cleaned_data["on"])


class PlanForm(SheetForm):
    text = long_text("督办方案", rows=8, most=3000, hint="督办目标、方式、时间安排、参加单位。")
    due_on = forms.DateField(label="完成日期", widget=Day)


class VisitForm(SheetForm):
    kind = forms.ChoiceField(label="形式", choices=KeyVisit.Kind.choices)
    on = forms.DateField(label="日期", widget=Day, initial=timezone.localdate)
    place = forms.CharField(label="地点", max_length=80)
    people = forms.CharField(label="参加人员", max_length=300, widget=forms.Textarea({"rows": 2}))
    notes = long_text("情况", rows=6, hint="提案者和公众看不到这一栏。")
    next_step = forms.CharField(label="下一步", max_length=300, required=False)
    next_on = forms.DateField(label="下一步日期", widget=Day, required=False)

    def clean_on(self) -> Any:
        return not_later(self.cleaned_data["on"])

    def visit(self) -> Visit:
        data = self.cleaned_data
        names = ("kind", "on", "place", "people", "notes", "next_step", "next_on")
        return Visit(**{name: data[name] for name in names})


class ResultForm(SheetForm):
    on = forms.DateField(label="办结日期", widget=Day, initial=timezone.localdate)
    result = long_text("督办成效", rows=6, hint="解决了什么问题、有什么数据说明。提案者能看到。")

    def clean_on(self) -> Any:
        return not_later(self.cleaned_data["on"])


class InstructionForm(PlainForm):
    kind = forms.ChoiceField(
        label="类别", choices=Instruction.Kind.choices, widget=forms.RadioSelect, help_text="圈阅只表示已阅，不算批示。"
    )
    level = forms.ChoiceField(label="层级", choices=[("", "请选择"), *Instruction.Level.choices])
    leader = _People(
        Person.objects.none(),
        label="领导",
        required=False,
        empty_label="不在名单中",
        help_text="不在名单中的，写在下一栏。",
    )
    leader_name = forms.CharField(label="领导姓名", max_length=40, required=False)
    on = forms.DateField(label="日期", widget=Day, initial=timezone.localdate)
    text = long_text(
        "内容", required=False, hint="只有本机构、批给的单位和该领导本人能看到；同意转告后提案者才能看到。"
    )
    units = _Bodies(
        Body.objects.none(),
        label="批给的单位",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        to_field_name="public_id",
    )

    def __init__(self, *args: Any, units: QuerySet[Body], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choose(self.fields["leader"], holding(Role.LEADER))
        if units:
            choose(self.fields["units"], units)
        else:
            del self.fields["units"]

    def clean_on(self) -> Any:
        return not_later(self.cleaned_data["on"])
