"""The reply: what goes for all of it, and one answer a suggestion."""

from collections.abc import Mapping, Sequence
from typing import Any

from django import forms

from members.models import Body
from members.uploads import Clean
from proposals.handling.actions import PointGiven
from proposals.handling.models import Attachment, Purpose, Reply, ReplyPoint, Suggestion
from proposals.handling.owners import Course

from .fields import ActForm, ClassField, DayField, LongText

LETTER_FIELDS = (
    "result", "opening", "issuer", "doc_no", "letter_on", "signer", "contact_name", "contact_phone", "no_contact_reason"
)  # fmt: skip


BEFORE_SENDING = "发出前必填"


class ReplyForm(ActForm):
    result = ClassField(
        label="总的办理结果",
        required=False,
        help_text="不选的按各条得出：有一条需跟踪落实的即为该类，其余取条数最多的一类。权限在上级的，请在总体说明中写明由哪个机关决定。",
    )
    opening = LongText(label="总体说明", rows=8, max_length=20000, required=False)
    issuer = forms.ModelChoiceField(
        Body.objects.none(),
        label="行文单位",
        required=False,
        to_field_name="public_id",
        empty_label="本单位",
        help_text="以市政府等名义答复的，选择行文单位。",
    )
    doc_no = forms.CharField(label="文号", max_length=60, required=False)
    letter_on = DayField(
        label="落款日期", required=False, help_text="不填为今天；早于今天的，须上传盖章扫描件，由交办机构确认。"
    )
    signer = forms.CharField(label="签发人", max_length=40, required=False)
    contact_name = forms.CharField(label="联系人", max_length=40, required=False)
    contact_phone = forms.CharField(label="联系电话", max_length=40, required=False)
    no_contact_reason = LongText(
        label="未与提案者沟通的原因", rows=2, max_length=200, required=False, needed_by="已登记沟通的不填"
    )
    letter = forms.FileField(
        label="答复函",
        required=False,
        help_text="已在别处成文的，上传 .docx、.pdf 或扫描件；发出后提案者可以下载。各条建议仍请选择类别并写一句。",
    )

    def __init__(
        self,
        *args: Any,
        suggestions: Sequence[Suggestion],
        labels: Mapping[int, str],
        letters: Sequence[Attachment],
        course: Course,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if not course.contact:
            del self.fields["no_contact_reason"]
        if not course.evaluation:
            self.fields["letter"].help_text = "已在别处成文的，上传 .docx、.pdf 或扫描件，随办理意见送交办机构。"
        self.suggestions, self.labels, self.letters = suggestions, labels, letters
        if letters:
            self.fields["drop"] = forms.MultipleChoiceField(
                label="删除已上传的答复函",
                choices=[(str(n), one.name) for n, one in enumerate(letters)],
                widget=forms.CheckboxSelectMultiple,
                required=False,
            )
        total: Any = self.fields["result"]
        self.classes = total.choices = list(iter(total.choices))  # read once for all suggestions
        issuer = self.fields["issuer"]
        assert isinstance(issuer, forms.ModelChoiceField)
        issuer.queryset = Body.objects.current().exclude(kind="section").order_by("pinyin", "pk")
        for one in suggestions:
            self.fields |= self.point_fields(one)
        self.order_fields([name for one in suggestions for name in names_of(one)])
        self.left_over = {name: text for name, text in self.data.items() if self.answers_nothing(name) and text.strip()}
        for name in self.left_over:
            self.fields[name] = LongText(label="原来写的一条答复，该条建议已不由本单位答复", required=False)

    def point_fields(self, one: Suggestion) -> dict[str, forms.Field]:
        label = self.labels[one.pk]
        result = ClassField(label=f"{label}的办理结果", required=False, needed_by=BEFORE_SENDING)
        result.bind()
        result.choices = self.classes
        text, kind, as_ = names_of(one)
        fields: dict[str, forms.Field] = {
            text: LongText(
                label=f"答复{label}",
                rows=4,
                max_length=10000,
                required=False,
                needed_by=BEFORE_SENDING,
                help_text=one.for_units,
            ),
            kind: result,
        }
        others = [(key_of(other), f"同{self.labels[other.pk]}") for other in self.suggestions if other.pk != one.pk]
        if others:
            fields[as_] = forms.ChoiceField(
                label="与另一条相同的",
                choices=[("", "单独答复"), *others],
                required=False,
                help_text="选了的，本条不用再写。",
            )
        return fields

    def answers_nothing(self, name: str) -> bool:
        """Whether it was typed for a suggestion that went to another unit, or away, since the page was opened."""
        return name.startswith("text_") and name not in self.fields

    def dropped(self) -> list[Attachment]:
        return [self.letters[int(n)] for n in self.cleaned_data.get("drop", [])]

    def clean_letter(self) -> Clean | None:
        return self.let_in("letter", Purpose.LETTER)

    def letter_values(self, own: Body) -> dict[str, Any]:
        values = {name: self.cleaned_data[name] for name in LETTER_FIELDS if name in self.fields}
        return {**values, "issuer": values["issuer"] or own}

    def points(self) -> dict[int, PointGiven]:
        found = {}
        keys = {key_of(one): one for one in self.suggestions}
        for one in self.suggestions:
            text, kind, as_ = (self.cleaned_data.get(name) for name in names_of(one))
            same = keys[as_] if as_ else None
            found[one.pk] = PointGiven(kind, text or "", same)
        return found


class SendReplyForm(ActForm):
    """A lead that does not wait for its co-handlers says why."""

    def __init__(self, *args: Any, wanting: Sequence[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if wanting:
            self.fields["why_now"] = LongText(
                label="不等会办意见即答复的原因",
                rows=2,
                max_length=200,
                help_text=f"还没有收到{'、'.join(wanting)}的会办意见。可以等意见收到后再发出。",
            )
            self.order_fields(["why_now"])


class CheckReplyForm(ActForm):
    """The classes as the unit gave them; whoever changes one says why."""

    result = ClassField(label="总的办理结果")

    def __init__(
        self, *args: Any, reply: Reply, points: Sequence[ReplyPoint], labels: Mapping[int, str], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.answers = points
        total: Any = self.fields["result"]
        total.initial = reply.result and reply.result.code
        classes = total.choices = list(iter(total.choices))
        for point in points:
            label = f"{labels[point.suggestion_id]}的办理结果"
            field = ClassField(label=label, initial=point.result and point.result.code)
            field.bind()
            field.choices = classes
            self.fields[names_of(point.suggestion)[1]] = field
        self.fields["reason"] = LongText(
            label="改类原因",
            rows=2,
            max_length=200,
            required=False,
            needed_by="改了类别的必填",
            help_text="单位会看到。",
        )
        self.order_fields(["result", *(names_of(point.suggestion)[1] for point in points), "reason"])

    def classes(self) -> dict[str, Any]:
        data = self.cleaned_data
        points = {point.suggestion_id: data[names_of(point.suggestion)[1]] for point in self.answers}
        return {"result": data["result"], "points": points, "reason": data["reason"]}


def key_of(one: Suggestion) -> str:
    """What a suggestion goes by on the page, whichever others stand beside it: running keys stay inside (S19)."""
    return f"{one.number}_{one.matter.public_id.hex}" if one.matter.merged_into_id else str(one.number)


def names_of(one: Suggestion) -> tuple[str, str, str]:
    """The names of a suggestion's three fields."""
    return f"text_{key_of(one)}", f"class_{key_of(one)}", f"same_{key_of(one)}"
