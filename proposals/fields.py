"""Fields that take names as people write them: units, members, one suggestion a box."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError

from members.member_fields import Names
from members.models import Body
from members.widgets import Counted
from proposals.handling.forms.fields import unit_called

if TYPE_CHECKING:
    _Bodies = forms.ModelChoiceField[Body]
else:
    _Bodies = forms.ModelChoiceField

MOST_SUGGESTIONS = 30


class UnitField(forms.CharField):
    """A unit by its name, short name or a former name; the value is the Body, or None."""

    def __init__(self, *, needed_by: str = "", **kwargs: Any) -> None:
        self.needed_by = needed_by
        super().__init__(widget=Names("units"), max_length=128, **kwargs)

    def clean(self, value: Any) -> Body | None:
        text = super().clean(value)
        return unit_called(text) if text else None

    def prepare_value(self, value: Any) -> Any:
        return value.name if isinstance(value, Body) else value


class CollectiveField(_Bodies):
    """A body that may raise a collective proposal."""

    def __init__(self, *, needed_by: str = "", **kwargs: Any) -> None:
        self.needed_by = needed_by
        rows = Body.objects.collective().order_by("kind", "pinyin", "pk")
        super().__init__(queryset=rows, to_field_name="public_id", empty_label="（不是集体提案）", **kwargs)


def unit_names() -> list[str]:
    """What a line for units offers while one types."""
    return list(Body.objects.units().order_by("pinyin", "pk").values_list("name", flat=True))


class Boxes(forms.Widget):
    """One text box a suggestion, numbered, and an empty one at the end."""

    template_name = "proposals/boxes.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        texts = data.getlist(name) if hasattr(data, "getlist") else data.get(name, [])
        return [text.replace("\r\n", "\n") for text in texts]

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data

    def id_for_label(self, id_: str) -> str:
        return f"{id_}_1" if id_ else id_

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        filled = [text for text in value or () if text.strip()]
        context["widget"]["texts"] = [*filled, *[""] * max(1, 2 - len(filled))]
        return context


class SuggestionsField(forms.Field):
    """Numbered suggestions; the value is a list of the boxes that hold something."""

    widget = Boxes
    hidden_widget = forms.MultipleHiddenInput

    def clean(self, value: Iterable[str] | None) -> list[str]:
        texts = [text.strip() for text in value or () if text.strip()]
        if len(texts) > MOST_SUGGESTIONS:
            raise ValidationError(f"建议最多{MOST_SUGGESTIONS}条，现在有{len(texts)}条，请合并。")
        return texts


class DraftedText(forms.CharField):
    """A part of the text that must be there at submission; a draft may leave it empty.

    Lengths are counted by code point.
    """

    def validate(self, value: Any) -> None:
        """Whether something is missing is asked when the proposal is handed in."""


class LongText(DraftedText):
    def __init__(self, *, rows: int = 6, **kwargs: Any) -> None:
        super().__init__(widget=Counted({"rows": rows}), **kwargs)
