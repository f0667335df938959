"""Wording that a unit keeps for its replies."""

from typing import Any

from django import forms

from members.models import Body
from proposals.handling import owners

from .fields import LongText


class WordingForm(forms.Form):
    name = forms.CharField(label="名称", max_length=40, help_text="例如：养老服务类答复。")
    category = forms.ChoiceField(label="提案类别", required=False, help_text="只在拟写这一类提案的答复时提供。")
    opening = LongText(
        label="总体说明",
        rows=6,
        max_length=4000,
        required=False,
        help_text="【案由】【案号】会自动换成该件的案由和案号；其他要逐件改写的地方也写在【】里，例如【责任科室】，没有改写的不能送签、发出。",
    )
    answer = LongText(
        label="每条建议的答复", rows=6, max_length=4000, required=False, help_text="填入每一条还没有答复的建议。"
    )

    def __init__(self, *args: Any, units: list[Body], category: str = "", **kwargs: Any) -> None:
        """`category` is the present one: it stays to be chosen after the committee has given it up."""
        super().__init__(*args, **kwargs)
        self.units = {str(unit.public_id): unit for unit in units}
        field: Any = self.fields["category"]
        names = dict.fromkeys([*owners.categories(), *filter(None, [category])])
        field.choices = [("", "各类提案"), *((name, name) for name in names)]
        if len(units) > 1:
            choices = [(key, unit.name) for key, unit in self.units.items()]
            self.fields["unit"] = forms.ChoiceField(label="单位", choices=choices)
            self.order_fields(["unit"])

    def values(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ("name", "category", "opening", "answer")}

    def unit(self) -> Body:
        chosen: str = self.cleaned_data.get("unit") or next(iter(self.units))
        return self.units[chosen]
