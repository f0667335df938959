"""Settings of proposals: the lists of words that a committee keeps, and the choices that rules read."""

from dataclasses import dataclass
from datetime import date
from typing import Any, ClassVar
from uuid import UUID

from django import forms
from django.db import models
from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.pages import FormPage, Page, Signed
from members.shown import Act, Crumb, Fact, Tab
from proposals.actions import settings as acts
from proposals.forms import ChoiceForm, RowForm
from proposals.vocabularies import ALL, BY_KEY, CHOICES, Choice, Vocabulary, histories, history_of

RIGHT = "proposals.settings"


def tabs(here: str) -> list[Tab]:
    ways = [Tab("规定", reverse("proposal_settings:choices"), here == "")]
    return ways + [Tab(one.label, reverse("proposal_settings:rows", args=[one.key]), here == one.key) for one in ALL]


def way(*further: Crumb) -> list[Crumb]:
    return [Crumb("设置", reverse("portal:settings")), *further]


@dataclass(frozen=True)
class Line:
    """A row as the list shows it: what it is called, and its cells with their heads."""

    public_id: UUID
    name: str
    cells: list[tuple[str, str]]
    ended_on: date | None


class Words:
    """A page about the list of words in its address."""

    kwargs: dict[str, Any]

    @property
    def words(self) -> Vocabulary:
        try:
            return BY_KEY[self.kwargs["key"]]
        except KeyError as error:
            raise Http404 from error

    @property
    def list_url(self) -> str:
        return reverse("proposal_settings:rows", args=[self.words.key])


class Rows(Words, Page):
    action = RIGHT
    template_name = "proposals/settings/rows.html"

    def get_title(self) -> str:
        return self.words.label

    def crumbs(self) -> list[Crumb]:
        return way(Crumb("提案设置", reverse("proposal_settings:choices")))

    def acts(self) -> list[Act]:
        return [Act("新增", reverse("proposal_settings:add_row", args=[self.words.key]), icon="plus", kind="primary")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        words = self.words
        form = RowForm(words=words, new=True)
        heads = {name: str(form.fields[name].label) for name in words.columns}
        lines = [
            Line(
                row.public_id,
                str(row),
                [(head, _cell(row, name)) for name, head in heads.items()],
                getattr(row, words.end),
            )
            for row in words.rows()
        ]
        lines.sort(key=lambda line: line.ended_on is not None)
        return super().get_context_data(
            words=words, heads=list(heads.values()), lines=lines, tabs=tabs(words.key), **kwargs
        )


def _cell(row: models.Model, name: str) -> str:
    value = acts.shown(row, name)
    return {True: "是", False: "否"}[value] if isinstance(value, bool) else str(value)


class RowPage(Words, Signed, FormPage):
    """A form about a list of words; it leads back to the list."""

    action = RIGHT
    form_class: ClassVar[type[forms.BaseForm]] = RowForm

    def crumbs(self) -> list[Crumb]:
        return way(Crumb(self.words.label, self.list_url))

    def do(self, form: Any) -> None:
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form)
        return HttpResponseRedirect(self.list_url)


class AddRow(RowPage):
    submit_label = "新增"
    done_sentence = "已新增。"

    def get_title(self) -> str:
        return f"新增{self.words.label}"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "words": self.words, "new": True}

    def do(self, form: Any) -> None:
        acts.add_row(self.words, form.cleaned_data, by=self.me, now=timezone.now())


class OneRow(RowPage):
    """A form about one row, which somebody else may have changed meanwhile."""

    row: models.Model
    verb = ""

    def prepare(self) -> None:
        self.row = get_object_or_404(self.words.rows(), public_id=self.kwargs["public_id"])

    def version(self) -> int:
        return self.words.version_of(self.row)

    def get_title(self) -> str:
        return f"{self.verb}{self.words.label}：{self.row}"


class ChangeRow(OneRow):
    verb = "修改"
    submit_label = "保存"
    done_sentence = "已保存。"

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.row, name) for name in self.words.columns}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "words": self.words, "new": False}

    def do(self, form: Any) -> None:
        acts.change_row(
            self.words, self.row.pk, form.cleaned_data, by=self.me, now=timezone.now(), seen=self.opened_version()
        )


class AskRow(OneRow):
    """Asks before an act on a row, and says how much stands on it."""

    template_name = "pages/confirm.html"
    form_class = forms.Form
    question = ""
    danger = False

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        amount = acts.uses_of(self.row)
        facts = [
            Fact(self.words.label, str(self.row)),
            Fact("使用情况", f"已有 {amount} 处使用" if amount else "还没有使用过"),
        ]
        return super().get_context_data(question=self.question, facts=facts, danger=self.danger, **kwargs)


class RetireRow(AskRow):
    verb = "停用"
    question = "停用后不能再选；已经使用它的提案和记录保持不变。"
    submit_label = "停用"
    done_sentence = "已停用。"

    def do(self, form: Any) -> None:
        acts.retire_row(self.words, self.row.pk, by=self.me, now=timezone.now(), seen=self.opened_version())


class ResumeRow(AskRow):
    verb = "恢复"
    question = "恢复后可以重新选用。"
    submit_label = "恢复使用"
    done_sentence = "已恢复使用。"

    def do(self, form: Any) -> None:
        acts.resume_row(self.words, self.row.pk, by=self.me, now=timezone.now(), seen=self.opened_version())


class RemoveRow(AskRow):
    verb = "删除"
    question = "只能删除误加的、从未使用过的条目；用过的请停用。"
    submit_label = "删除"
    done_sentence = "已删除。"
    danger = True

    def do(self, form: Any) -> None:
        acts.remove_row(self.words, self.row.pk, by=self.me, now=timezone.now(), seen=self.opened_version())


class Choices(Page):
    action = RIGHT
    title = "提案设置"
    template_name = "proposals/settings/choices.html"

    def crumbs(self) -> list[Crumb]:
        return way()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        written = histories(CHOICES.values())
        rows = [
            {
                "choice": choice,
                "now": choice.said(acts.value_in(written[choice.code], choice, today)),
                "coming": [(row, choice.said(row.value)) for row in written[choice.code] if row.starts_on > today],
            }
            for choice in CHOICES.values()
        ]
        return super().get_context_data(rows=rows, tabs=tabs(""), **kwargs)


class Choose(Signed, FormPage):
    action = RIGHT
    form_class = ChoiceForm
    template_name = "proposals/settings/choose.html"
    submit_label = "保存"
    done_sentence = "已保存。"
    choice: Choice

    def prepare(self) -> None:
        try:
            self.choice = CHOICES[self.kwargs["code"]]
        except KeyError as error:
            raise Http404 from error

    def get_title(self) -> str:
        return f"修改规定：{self.choice.label}"

    def crumbs(self) -> list[Crumb]:
        return way(Crumb("提案设置", reverse("proposal_settings:choices")))

    def version(self) -> int:
        return acts.version_of_choice(self.choice)

    def get_initial(self) -> dict[str, Any]:
        today = timezone.localdate()
        return {"value": acts.value_on(self.choice, today), "starts_on": today}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "choice": self.choice}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        history = [(row, self.choice.said(row.value)) for row in history_of(self.choice)]
        return super().get_context_data(history=history, **kwargs)

    def form_valid(self, form: Any) -> HttpResponseBase:
        acts.choose(
            self.choice,
            str(form.cleaned_data["value"]),
            starts_on=form.cleaned_data["starts_on"],
            by=self.me,
            now=timezone.now(),
            seen=self.opened_version(),
        )
        return HttpResponseRedirect(reverse("proposal_settings:choices"))
