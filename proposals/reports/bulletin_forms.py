"""What is filled in about bulletins. Forms check input; actions check rules."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from members.choices import Role
from members.forms import PlainForm
from members.models import Person
from members.queries import holding
from members.widgets import Counted, Day
from proposals.handling.actions import Paper
from proposals.handling.forms.fields import WithFile
from proposals.handling.models import Purpose
from proposals.reports.models import Delivery, Edition, Issue, Recipient, Series
from proposals.reports.models.issue import LEVEL_CHOICES, rank

if TYPE_CHECKING:
    _People = forms.ModelChoiceField[Person]
    _Series = forms.ModelChoiceField[Series]
    _Recipient = forms.ModelChoiceField[Recipient]
    _SeriesMany = forms.ModelMultipleChoiceField[Series]
else:
    _People = _Series = _Recipient = forms.ModelChoiceField
    _SeriesMany = forms.ModelMultipleChoiceField


ONE_ONLY = "专报只报送一位领导，已经登记发送。"
NOBODY_LEFT = "各发送对象都已登记发送。要增加发送对象的，请先在“刊物和发送对象”中新增。"
FOR_THE_OFFICE = "PDF 或图片，可以不传。只有社情民意工作人员可以打开。"


class PlaceField(forms.IntegerField):
    """Where an item stands in the issue; empty if it is not in it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=1, max_value=99, required=False, **kwargs)
        self.error_messages["invalid"] = "顺序请写数字，例如 1。"


class ComposeForm(PlainForm):
    """The series, and a number beside each report that is ready: its place in the issue."""

    series = _Series(Series.objects.none(), label="刊物", to_field_name="public_id", empty_label=None)
    addressee = _Recipient(
        Recipient.objects.none(), label="专报对象", to_field_name="public_id", required=False, empty_label="不是专报",
        help_text="只有专报才选。",
    )  # fmt: skip

    def __init__(self, *args: Any, ready: Sequence[Edition], issue: Issue | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["series"].queryset = Series.objects.current().order_by("pk")
        fields["addressee"].queryset = Recipient.objects.current().filter(kind=Recipient.Kind.LEADER).in_order()
        if issue:
            del self.fields["series"]
            if issue.series.kind != Series.Kind.SPECIAL:
                del self.fields["addressee"]
        self.ready = {f"place_{one.report.matter.public_id}": one for one in ready}
        for name, one in self.ready.items():
            self.fields[name] = PlaceField(label=one.title, help_text=self._about(one))

    @staticmethod
    def _about(one: Edition) -> str:
        report = one.report
        facts = [report.matter.label, report.matter.get_access_display(), "急报" if report.urgent else "", f"{one}"]
        return "　".join(fact for fact in [*facts, one.get_state_display()] if fact)

    def reports(self) -> list[Any]:
        """Those with a number, in its order; of two with the same number the upper one first."""
        placed = [(self.cleaned_data.get(name), one.report) for name, one in self.ready.items()]
        return [report for place, report in sorted(((p, r) for p, r in placed if p), key=lambda pair: pair[0])]


class SignForm(WithFile):
    """One field, two buttons; for a sheet that was signed on paper four more."""

    purpose = Purpose.OFFICE
    text = forms.CharField(
        label="意见", max_length=300, required=False, widget=Counted({"rows": 2}), help_text="退回修改的必填。"
    )

    def __init__(self, *args: Any, on_paper: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on_paper = on_paper
        if on_paper:
            self.fields |= {
                "paper_who": forms.CharField(label="纸质签批：签批人", max_length=40),
                "paper_on": forms.DateField(label="纸质签批：日期", widget=Day, initial=timezone.localdate),
                "paper_sheet": forms.CharField(label="纸质签批：单据名称", max_length=60, help_text="例如：签发稿纸。"),
                "file": forms.FileField(label="单据扫描件", required=False, help_text=FOR_THE_OFFICE),
            }

    def paper(self) -> Paper | None:
        data = self.cleaned_data
        return Paper(data["paper_who"], data["paper_on"], data["paper_sheet"]) if self.on_paper else None


class IssueForm(PlainForm):
    on = forms.DateField(label="编发日期", widget=Day, initial=timezone.localdate)


class DeliverForm(PlainForm):
    """Whom it goes to: those of its series are ticked; who may not see its level cannot be."""

    recipients = forms.MultipleChoiceField(label="发送对象", widget=forms.CheckboxSelectMultiple)
    on = forms.DateField(label="发送日期", widget=Day, initial=timezone.localdate)
    how = forms.ChoiceField(
        label="方式", choices=Delivery.How.choices, widget=forms.RadioSelect, initial=Delivery.How.PAPER
    )
    copies = forms.IntegerField(label="每处份数", min_value=1, max_value=999, initial=1)

    def __init__(self, *args: Any, offered: Iterable[Recipient], issue: Issue, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {str(one.public_id): one for one in offered}
        field: Any = self.fields["recipients"]
        field.choices = [(key, _named(one, issue)) for key, one in self.offered.items()]
        field.error_messages["invalid_choice"] = "发送对象有变化，请刷新页面后重新选择。"
        if not self.offered:
            field.help_text = ONE_ONLY if issue.addressee else NOBODY_LEFT

    def chosen(self) -> list[Recipient]:
        return [self.offered[key] for key in self.cleaned_data["recipients"]]


def _named(one: Recipient, issue: Issue) -> str:
    above = rank(issue.level) > rank(one.level)
    return f"{one.name}（{one.get_kind_display()}）" + ("　级别不够，不能发送" if above else "")


class ReturnForm(PlainForm):
    kind = forms.ChoiceField(
        label="领导在送阅单上", choices=Delivery.Returned.choices, widget=forms.RadioSelect,
        help_text="只画圈或写“已阅”的是圈阅，不算批示。",
    )  # fmt: skip
    on = forms.DateField(label="退回日期", widget=Day, initial=timezone.localdate)


class SeriesForm(PlainForm):
    name = forms.CharField(label="刊名", max_length=40, help_text="印在刊头，例如：社情民意信息。")
    kind = forms.ChoiceField(label="种类", choices=Series.Kind.choices, widget=forms.RadioSelect)
    publisher = forms.CharField(label="编发单位", max_length=60)
    level = forms.ChoiceField(label="最高级别", choices=LEVEL_CHOICES, widget=forms.RadioSelect)
    checked = forms.BooleanField(label="先由另一位同事核稿，再请秘书长签发", required=False)
    last = forms.IntegerField(
        label="今年已用到第几期",
        min_value=0,
        max_value=9999,
        initial=0,
        help_text="年中开始使用本系统的，照纸上的期号填。",
    )
    ended = forms.BooleanField(label="停用", required=False)


class RecipientForm(PlainForm):
    name = forms.CharField(label="名称", max_length=80, help_text="例如：省政协办公厅、张三副市长。")
    kind = forms.ChoiceField(label="类别", choices=Recipient.Kind.choices)
    person = _People(
        Person.objects.none(), label="领导本人的账号", to_field_name="public_id", required=False,
        empty_label="没有账号，或不是领导", help_text="选了的，登记他的批示时自动带出，他本人可以看到批示内容。",
    )  # fmt: skip
    level = forms.ChoiceField(label="最高可看级别", choices=LEVEL_CHOICES, widget=forms.RadioSelect)
    series = _SeriesMany(
        Series.objects.none(), label="固定发送的刊物", to_field_name="public_id", required=False,
        widget=forms.CheckboxSelectMultiple, help_text="编发时默认勾选，并印在文末。",
    )  # fmt: skip
    order = forms.IntegerField(label="顺序", min_value=0, max_value=999, initial=0, help_text="小的在前。")
    ended = forms.BooleanField(label="停用", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["series"].queryset = Series.objects.current().order_by("pk")
        fields["person"].queryset = holding(Role.LEADER)
