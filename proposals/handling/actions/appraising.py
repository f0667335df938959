"""A unit appraises the proposal that it has answered, while the proposers evaluate its answer (双向评议)."""

from datetime import datetime

from django.db import transaction

from members.errors import Refused, WrongStep
from members.models import Person
from proposals.handling.models import Appraisal, EvaluationRound

from .evaluating import lock_round
from .paper import Paper, paper_facts, sheet_needed, stands_behind


@transaction.atomic
def appraise(
    row: EvaluationRound,
    *,
    topic: str,
    research: str,
    advice: str,
    text: str = "",
    by: Person,
    now: datetime,
    paper: Paper | None = None,
) -> Appraisal:
    """The unit's word on the proposal, once a round, between its reply and the end of the evaluation.

    Neither side reads what the other said before the round has closed. Whoever stands behind the proposal himself
    leaves it to colleagues (P13).
    """
    sheet_needed(row.assignment.unit_id, by=by, now=now, paper=paper, since=row.opened_at)
    row = lock_round(row)
    if stands_behind(row.assignment, by):
        raise Refused("您是本件的提案者，不能评议自己的提案。请由其他同事办理。")
    if row.closed_at is not None:
        raise WrongStep("这一轮评价已经结束，双方已能看到对方的意见，不能再评议提案。")
    if Appraisal.objects.filter(round_row=row).exists():
        raise WrongStep("本单位已经评议过这件提案，每轮答复评议一次。")
    if Appraisal.Grade.PLAIN in (topic, research, advice) and not text.strip():
        raise Refused("有一项评为“一般”的，请写明意见，供提案者参考。", field="text")
    given = Appraisal.objects.create(
        round_row=row, topic=topic, research=research, advice=advice, text=text.strip(), by=by, at=now
    )
    row.assignment.matter.record(
        "appraised",
        by=by,
        now=now,
        assignment=row.assignment,
        unit=str(row.assignment.unit),
        round=row.round,
        **paper_facts(paper),
    )
    return given
