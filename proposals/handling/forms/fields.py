from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from members.errors import WrongStep
from members.forms import PlainForm
from members.models import Body, Person
from members.uploads import BadFile, Clean
from members.widgets import Counted, Day
from proposals.handling.actions import Paper
from proposals.handling.actions.attaching import SCANS, admit
from proposals.handling.models import Assignment, Participant, Purpose, Reason, ResultClass

if TYPE_CHECKING:
    _Units = forms.ModelChoiceField[Body]
    _Reasons = forms.ModelChoiceField[Reason]
    _Classes = forms.ModelChoiceField[ResultClass]
else:
    _Units = _Reasons = _Classes = forms.ModelChoiceField


MOVED_ON = "这位提案者已经登记过，或者提案者有变动。请刷新页面，核对后重新选择。"


class LongText(forms.CharField):
    """A text counted by code point, of a length that a letter needs and no more.

    `needed_by` says by when an optional field must be filled after all.
    """

    def __init__(self, *, rows: int = 6, max_length: int = 2000, needed_by: str = "", **kwargs: Any) -> None:
        self.needed_by = needed_by
        super().__init__(widget=Counted({"rows": rows}), max_length=max_length, **kwargs)


class DayField(forms.DateField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=Day(), **kwargs)


def place_field(label: str, places: Sequence[Participant]) -> forms.Field:
    """For which proposer somebody speaks, by the key of the person or body: the list may be shorter by the time of sending."""
    choices = [(_key_of_place(place), str(place)) for place in places]
    if len(places) == 1:
        return forms.CharField(widget=forms.HiddenInput, initial=choices[0][0], required=False)
    field = forms.ChoiceField(label=label, choices=choices)
    field.error_messages["invalid_choice"] = MOVED_ON
    return field


def place_of(places: Sequence[Participant], key: str) -> Participant:
    """The proposer chosen in `place_field`. Raises WrongStep if he is not among `places` any more."""
    found = next((place for place in places if _key_of_place(place) == key), None)
    if found is None:
        raise WrongStep(MOVED_ON)
    return found


def _key_of_place(place: Participant) -> str:
    spoken_for = place.person or place.body
    return str(spoken_for.public_id) if spoken_for else ""


class UnitSelect(forms.Select):
    """A long list that is also searched by pinyin (app.js); without a script it is the list."""

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        if unit := getattr(value, "instance", None):
            option["attrs"]["data-find"] = unit.pinyin
        return option


class UnitField(_Units):
    """A unit that can act upon a matter today."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            queryset=Body.objects.units().order_by("pinyin", "pk"),
            to_field_name="public_id",
            empty_label="请选择单位",
            widget=UnitSelect({"data-long": ""}),
            **kwargs,
        )

    def label_from_instance(self, obj: Body) -> str:
        return str(obj.name)


class UnitsField(forms.CharField):
    """Several units, one a line; the value is a list without repeats."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "一行写一个单位，全称、简称都可以。")
        super().__init__(widget=forms.Textarea({"rows": 3, "data-names": "units"}), max_length=2000, **kwargs)

    def clean(self, value: Any) -> list[Body]:
        text = super().clean(value)
        names = [line.strip() for line in text.replace("、", "\n").replace("；", "\n").splitlines()]
        return list(dict.fromkeys(unit_called(name) for name in names if name))

    def prepare_value(self, value: Any) -> Any:
        return value if isinstance(value, str) else "\n".join(body.name for body in value or ())


def unit_called(text: str) -> Body:
    """The unit that `text` names, or ValidationError."""
    body, _ = Body.objects.units().match(text)
    if body is None:
        raise forms.ValidationError(f"没有找到单位“{text[:40]}”。请从提示中选择，或写全称。")
    return body


class ReasonField(_Reasons):
    """A coded reason of one use that is in force today."""

    def __init__(self, use: str, **kwargs: Any) -> None:
        self.use = use
        super().__init__(queryset=Reason.objects.none(), to_field_name="code", empty_label="请选择", **kwargs)

    def bind(self) -> None:
        self.queryset = Reason.objects.in_force(timezone.localdate()).filter(use=self.use).order_by("pk")


class ClassField(_Classes):
    """A result class (A, B, C …) that is in force today."""

    def __init__(self, *, needed_by: str = "", **kwargs: Any) -> None:
        self.needed_by = needed_by
        super().__init__(queryset=ResultClass.objects.none(), to_field_name="code", empty_label="请选择", **kwargs)

    def bind(self) -> None:
        self.queryset = ResultClass.objects.in_force(timezone.localdate()).order_by("code")


def let_in(upload: Any, purpose: str, by: Person) -> Clean | None:
    """Let an uploaded file through the one door."""
    try:
        return admit(upload, purpose=purpose, by=by) if upload else None
    except BadFile as error:
        raise forms.ValidationError(str(error)) from error


class WithFile(PlainForm):
    """A file that comes with an act, in the field `file`."""

    purpose = Purpose.SHEET

    def __init__(self, *args: Any, by: Person, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by

    def clean_file(self) -> Clean | None:
        return let_in(self.cleaned_data["file"], self.purpose, self.by)


class ActForm(forms.Form):
    """A form about one unit's part. Whoever keeps the file for another also names the sheet (纸质办理, P1)."""

    purpose = Purpose.SHEET
    scan_required = False
    file_label = ""
    file_purpose = Purpose.SHEET

    def __init__(self, *args: Any, by: Person, part: Assignment | None, keeper: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by, self.part, self.keeper = by, part, keeper
        for field in self.fields.values():
            if isinstance(field, ReasonField | ClassField):
                field.bind()
        if self.file_label and not keeper:
            use = "PDF 或图片。" if self.file_purpose in SCANS else "PDF、Word 或图片。"
            self.fields["file"] = forms.FileField(label=self.file_label, required=False, help_text=f"可以不传。{use}")
        if keeper:
            self.fields |= {
                "paper_who": forms.CharField(label="纸质办理：签批人或经办人", max_length=40),
                "paper_on": DayField(label="纸质办理：日期", initial=timezone.localdate),
                "paper_sheet": forms.CharField(
                    label="纸质办理：单据名称",
                    max_length=60,
                    help_text="如：签收单、批办单、发文稿纸、会议纪要、征询意见表。",
                ),
                "paper_scan": forms.FileField(
                    label="单据扫描件", required=self.scan_required, help_text="PDF 或图片。"
                ),
            }

    def clean_file(self) -> Clean | None:
        return self.let_in("file", self.file_purpose)

    def clean_paper_scan(self) -> Clean | None:
        return self.let_in("paper_scan", self.purpose)

    def clean_paper_on(self) -> date:
        on: date = self.cleaned_data["paper_on"]
        if on > timezone.localdate():
            raise forms.ValidationError("日期不能晚于今天。")
        return on

    def let_in(self, name: str, purpose: str) -> Clean | None:
        """Let an uploaded file through the one door."""
        return let_in(self.cleaned_data.get(name), purpose, self.by)

    def paper(self, scan: str = "") -> Paper | None:
        if not self.keeper:
            return None
        data = self.cleaned_data
        return Paper(who=data["paper_who"], on=data["paper_on"], sheet=data["paper_sheet"], scan=scan)
