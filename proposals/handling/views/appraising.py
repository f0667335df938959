"""A unit appraises the proposal that it has answered."""

from typing import Any

from django.http import Http404
from django.utils import timezone

from members.shown import Fact
from proposals.handling import actions, forms
from proposals.handling.actions import Paper
from proposals.handling.models import Appraisal, EvaluationRound

from .base import AssignmentForm


class Appraise(AssignmentForm):
    """Three grades and a text; the proposal office records what a unit wrote on paper."""

    action = "handling.appraise"
    title = "评议提案"
    form_class = forms.AppraisalForm
    submit_label = "提交评议"
    done_sentence = "评议已提交。本轮评价结束后，提案者和提案委可以看到；在此之前双方都看不到对方的意见。"

    def prepare(self) -> None:
        super().prepare()
        row = self.object.evaluation_rounds.order_by("-round").first()
        if row is None:
            raise Http404
        over = row.closed_at or Appraisal.objects.filter(round_row=row).exists()
        if over and self.request.method != "POST":  # what was typed is answered with a sentence
            raise Http404
        self.row: EvaluationRound = row

    def facts(self) -> list[Fact]:
        return [*super().facts(), Fact("评议", f"第{self.row.round}轮答复之后，评价结束之前")]

    def do(self, form: Any, paper: Paper | None) -> None:
        said = {name: form.cleaned_data[name] for name in (*Appraisal.QUESTIONS, "text")}
        actions.appraise(self.row, **said, by=self.me, now=timezone.now(), paper=paper)
