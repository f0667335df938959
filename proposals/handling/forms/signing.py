"""What a unit fills in on the way to a signed reply."""

from typing import Any

from django import forms
from django.utils import timezone

from members.models import Appointment, Body, Person
from proposals.handling.models import Countersign, Purpose, SigningKind
from proposals.handling.models.signing import SIGNERS, role_choices

from .fields import ActForm, LongText
from .replying import SendReplyForm


class SendUpForm(SendReplyForm):
    """A version that follows another says what was changed."""

    why = LongText(label="送签说明", rows=2, max_length=300, required=False, help_text="写给签批人看，如本稿改了哪里。")


class SignForm(ActForm):
    purpose = Purpose.SIGNING
    text = LongText(label="意见", rows=3, max_length=300, required=False, needed_by="退回修改的必填")


class TakeBackForm(ActForm):
    reason = LongText(label="撤回原因", rows=2, max_length=200, required=False, help_text="本单位可见。")


class StepForm(forms.Form):
    """A step of the unit's way; a colleague by name, or everyone of a role."""

    order = forms.IntegerField(label="次序", min_value=1, max_value=99, help_text="从小到大依次签批。")
    kind = forms.ChoiceField(label="环节", choices=SigningKind)
    signer = forms.ChoiceField(label="由谁签批", required=False, help_text="会办会签由各会办单位填写，不用选。")

    def __init__(self, *args: Any, units: list[Body], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.units = {str(unit.public_id): unit for unit in units}
        seats = Appointment.objects.in_force(timezone.localdate()).filter(body__in=units, role__in=SIGNERS)
        rows = Person.objects.active().filter(pk__in=seats.values("person")).order_by("pinyin", "pk")
        self.people = {str(person.public_id): person for person in rows}
        field: Any = self.fields["signer"]
        field.needed_by = "会办会签以外的必选"
        roles = [(role, f"任一{label}") for role, label in role_choices()]
        field.choices = [
            ("", "请选择"),
            ("角色", roles),
            ("指定同事", [(key, one.name) for key, one in self.people.items()]),
        ]
        if len(units) > 1:
            choices = [(key, unit.name) for key, unit in self.units.items()]
            self.fields["unit"] = forms.ChoiceField(label="单位", choices=choices)
            self.order_fields(["unit"])

    def step(self) -> dict[str, Any]:
        data = self.cleaned_data
        signer = data["signer"]
        unit = self.units[data["unit"]] if "unit" in data else next(iter(self.units.values()))
        person = self.people.get(signer)
        return {
            "unit": unit,
            "kind": data["kind"],
            "order": data["order"],
            "person": person,
            "role": "" if person else signer,
        }


class CountersignForm(ActForm):
    answer = forms.ChoiceField(label="会签意见", choices=Countersign.Answer, widget=forms.RadioSelect)
    text = LongText(label="修改建议或不同意的理由", rows=5, required=False, needed_by="同意的可不填")


class SettleForm(ActForm):
    """A field for each word with which the lead must deal, and for each that it does not wait for."""

    def __init__(self, *args: Any, words: list[Countersign], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.words = [row for row in words if row.answer != Countersign.Answer.AGREE]
        for row in self.words:
            unit = row.assignment.unit
            said = (
                f"{row.get_answer_display()}：{row.text}"
                if row.answer
                else "还没有会签。会签期限过后可以不再等，请写明原因。"
            )
            label = f"对{unit}会签意见的处理情况" if row.answer else f"不再等{unit}会签意见的说明"
            self.fields[row.public_id.hex] = LongText(label=label, rows=3, max_length=1000, help_text=said)

    def settled(self) -> dict[int, str]:
        return {row.pk: self.cleaned_data[row.public_id.hex] for row in self.words}
