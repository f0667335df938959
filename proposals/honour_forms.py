"""What is filled in when an honour is decided. Forms check input; actions check rules."""

from typing import Any

from django import forms

from members.forms import PlainForm
from members.widgets import Day
from proposals.handling.forms.fields import LongText
from proposals.merits import Candidate, Ranking

OFFERED = 100
MOST = 500


class AwardForm(PlainForm):
    """The first places to tick, `places` of them ticked already; whoever stands lower is written out."""

    chosen = forms.MultipleChoiceField(label="入选", required=False, widget=forms.CheckboxSelectMultiple)
    others = LongText(
        label="另选（上面没有列出的）", rows=2, max_length=1000, required=False,
        help_text="提案写案号，单位写全称，一行一个。",
    )  # fmt: skip
    on = forms.DateField(label="决定日期", widget=Day)
    number = forms.CharField(label="决定文号", required=False, max_length=60)
    reason = LongText(
        label="与名次不一致的理由", rows=3, max_length=MOST, required=False, needed_by="名次在前的没有入选时必填"
    )

    def __init__(self, *args: Any, found: Ranking, places: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        offered = offered_of(found, places)
        field: Any = self.fields["chosen"]
        field.needed_by = "至少选一个"
        field.choices = [(str(one.public_id), _said(one)) for one in offered]
        field.initial = [str(one.public_id) for one in first_of(found.placed, places)]
        field.error_messages["invalid_choice"] = "名单有变化，请重新打开本页选择。"

    def clean_others(self) -> list[str]:
        names = [line.strip() for line in self.cleaned_data["others"].replace("、", "\n").splitlines()]
        known = {name: one for one in self.found.placed for name in named(one)}
        missing = [name for name in names if name and name not in known]
        if missing:
            raise forms.ValidationError(
                f"没有找到参评的“{'、'.join(missing)[:60]}”。提案请写案号，单位请写全称，一行一个。"
            )
        return [str(known[name].public_id) for name in names if name]

    def values(self) -> dict[str, Any]:
        data = {**self.cleaned_data}
        others = data.pop("others")
        return {**data, "chosen": [*data["chosen"], *others]}


class TakeBackForm(PlainForm):
    reason = LongText(
        label="撤回的原因", rows=3, max_length=MOST, help_text="会写进办理记录，提案者和承办单位都能看到。"
    )


def offered_of(found: Ranking, places: int) -> list[Candidate]:
    """Who is there to be ticked: twice the places and some more."""
    return found.placed[: min(OFFERED, places * 2 + 10)]


def named(one: Candidate) -> tuple[str, ...]:
    """How a candidate may be written: by its number, for titles may be the same; a unit by its name."""
    return (one.number, one.called) if one.number else (one.name,)


def first_of(placed: list[Candidate], places: int) -> list[Candidate]:
    """The first ones; of those who share a place all or none, so that nobody is picked by chance."""
    if len(placed) <= places:
        return placed
    return [one for one in placed[:places] if one.place < placed[places].place]


def _said(one: Candidate) -> str:
    name = f"{one.called}　{one.name}" if one.number else one.name
    return f"第{one.place}名　{name}（{one.points}分）"
