"""What units fill in."""

from typing import Any

from django import forms
from django.utils import timezone

from members.choices import UNIT_ROLES, Role
from members.models import Appointment, Person
from members.uploads import Clean
from proposals.handling.models import Contact, Participant, Purpose

from .fields import ActForm, DayField, LongText, ReasonField, UnitField, place_field


class ObjectionForm(ActForm):
    file_label = "盖章的退回函扫描件"
    reason = ReasonField("objection", label="退回原因")
    text = LongText(label="理由", rows=5, help_text="写明职责依据。")
    approved_by = forms.CharField(label="本单位审批同意的领导", max_length=40)
    suggested = UnitField(label="建议承办单位", required=False, help_text="将先征求该单位的意见，再由交办机构决定。")


class AnswerObjectionForm(ActForm):
    accepts = forms.TypedChoiceField(
        label="是否同意接办",
        choices=[("yes", "同意接办"), ("no", "不同意接办")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    text = LongText(label="意见", rows=4, required=False)


class PassInsideForm(ActForm):
    """Persons come from the unit's own appointments in force."""

    deputy = forms.ModelChoiceField(Person.objects.none(), label="分管领导", required=False, to_field_name="public_id")
    section = forms.CharField(label="科室或下属单位", max_length=60, required=False)
    handler = forms.ModelChoiceField(Person.objects.none(), label="经办人", required=False, to_field_name="public_id")
    internal_due_on = DayField(label="内部时限", required=False, help_text="应早于办理期限。")
    comment = LongText(label="批办意见", rows=3, max_length=300, required=False)

    def __init__(self, *args: Any, units: set[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.choose("deputy", units, {Role.UNIT_DEPUTY, Role.UNIT_HEAD})
        self.choose("handler", units, set(UNIT_ROLES))

    def inside(self) -> dict[str, Any]:
        """The form's own fields, without those of a sheet."""
        return {
            name: self.cleaned_data[name] for name in ("deputy", "section", "handler", "internal_due_on", "comment")
        }

    def choose(self, name: str, units: set[int], roles: set[Role]) -> None:
        seats = Appointment.objects.in_force(timezone.localdate()).filter(body__in=units, role__in=roles)
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Person.objects.active().filter(pk__in=seats.values("person")).order_by("pinyin", "pk")
        field.empty_label = "不指定"


class ExtensionForm(ActForm):
    to = DayField(label="申请延至")
    reason = ReasonField("extension", label="延期原因")
    text = LongText(label="说明", rows=4, max_length=200, help_text="写明现在的进展和需要延期的理由。")


class ContactForm(ActForm):
    file_label = "沟通记录（签字表、照片等）"
    file_purpose = Purpose.CONTACT
    when = forms.ChoiceField(label="阶段", choices=Contact.When, widget=forms.RadioSelect)
    mode = forms.ChoiceField(label="方式", choices=Contact.Mode, widget=forms.RadioSelect)
    held_on = DayField(label="日期", initial=timezone.localdate)
    persons = forms.CharField(label="参加人员", max_length=200, help_text="双方参加人员的姓名和职务。")
    text = LongText(label="沟通情况", rows=5)


class ContactAnswerForm(ActForm):
    took_place = forms.TypedChoiceField(
        label="这次沟通是否属实",
        choices=[("yes", "属实"), ("no", "不属实")],
        coerce=lambda value: value == "yes",
        widget=forms.RadioSelect,
    )
    note = LongText(label="说明", rows=3, max_length=200, required=False)

    def __init__(self, *args: Any, places: list[Participant], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if places:
            self.fields["place"] = place_field("核对人", places)
            self.order_fields(["place"])


class OpinionForm(ActForm):
    text = LongText(label="会办意见", rows=8, max_length=5000)
    doc_no = forms.CharField(label="文号", max_length=60, required=False)
    letter_on = DayField(label="落款日期", required=False)
    letter = forms.FileField(label="会办意见函", required=False, help_text="盖章件的 PDF 或图片，也可以是 .docx。")

    def clean_letter(self) -> Clean | None:
        return self.let_in("letter", Purpose.OPINION)
