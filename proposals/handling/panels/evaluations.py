"""Rounds of evaluation: what each side said of the other, as far as this person may know it (S2)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Q
from django.db.models.functions import JSONObject
from django.urls import reverse

from members.days import short_day
from members.shown import Act, Fact
from proposals.handling.aspects import Aspect, aspects
from proposals.handling.eyes import Eye, Eyes
from proposals.handling.models import Assignment, Evaluation, EvaluationRound, Matter
from proposals.handling.rights import allowed

from .links import to
from .shown import RoundShown

FEW = 3
"""From this many forms on a unit is told how many there were of each grade (S2)."""


GRADES = dict(Evaluation.Grade.choices)


def rounds_of(matter: Matter, assignments: Sequence[Assignment]) -> list[Any]:
    """Rounds of evaluation with their forms as plain values, in one query."""
    form = JSONObject(
        id="evaluations__public_id", who="evaluations__participant__person__name",
        body="evaluations__participant__body__name", participant="evaluations__participant_id",
        work="evaluations__work", result="evaluations__result", reason="evaluations__reason__label",
        text="evaluations__text", approval="evaluations__approval", cleared="evaluations__text_cleared", named="evaluations__name_to_unit",
        paper="evaluations__on_paper", confirmed="evaluations__confirmed_at", late="evaluations__late",
        flags="evaluations__flags", checked="evaluations__checked_note",
        explained="evaluations__explanation__text", explained_on="evaluations__explanation__held_on",
    )  # fmt: skip
    live = Q(evaluations__isnull=False, evaluations__withdrawn_at=None)
    rows = EvaluationRound.objects.filter(assignment__matter=matter, assignment__in=assignments)
    rows = rows.select_related("assignment__unit", "assignment__office", "appraisal")
    return list(rows.annotate(forms=JSONBAgg(form, filter=live)).order_by("-round", "pk"))


def round_shown(user: Any, row: Any, view: Eyes, *, deciding: bool) -> RoundShown | None:
    """What each side said of the other, as far as this person may know either.

    `deciding`: the office has a dissatisfaction of this unit's reply to confirm.
    """
    seen = aspects(view, row)
    shown = evaluation_shown(user, row, view, seen, deciding=deciding)
    if shown is None:
        return None
    acts = [*shown.acts, *appraise_act(user, row, view)]
    return replace(shown, acts=acts, appraisal=appraisal_facts(row) if Aspect.APPRAISAL in seen else [])


def appraisal_facts(row: Any) -> list[Fact]:
    given = getattr(row, "appraisal", None)
    if given is None:
        return []
    facts = [Fact(label, grade) for label, grade in given.said()]
    return [*facts, Fact("评议意见", given.text, wide=True)] if given.text else facts


def appraise_act(user: Any, row: Any, view: Eyes) -> list[Act]:
    """The unit's way to say what it thinks of the proposal, once a round and before that has closed."""
    given = getattr(row, "appraisal", None)
    if row.closed_at or given or not allowed(user, "handling.appraise", row.assignment, view):
        return []
    words = "评议提案" if Eye.UNIT in view.of(row.assignment) else "登记单位评议（纸质）"
    return [Act(words, to("appraise", row.assignment))]


def evaluation_shown(user: Any, row: Any, view: Eyes, seen: frozenset[Aspect], *, deciding: bool) -> RoundShown | None:
    forms = sorted(row.forms or [], key=lambda form: str(form["id"]))
    own = [form for form in forms if form["participant"] in view.rates]
    if Aspect.FORMS in seen:
        return office_round(user, row, forms, view, deciding=deciding)
    if Aspect.RESULT in seen:
        return RoundShown(title_of(row), digest(row, forms, all_counts=True), reasons(forms, named=False))
    if own or Eye.PROPOSER in view.general:
        return own_round(user, row, own, view)
    if Aspect.DIGEST in seen:
        cleared = [form for form in forms if form["cleared"]]
        return RoundShown(title_of(row), digest(row, forms, all_counts=False), reasons(cleared, named=True))
    if Eye.UNIT in view.of(row.assignment) and not row.closed_at:
        return RoundShown(title_of(row), [], [], "正在征求提案者意见，评价结束后可以看到结果。")
    return None


def title_of(row: Any) -> str:
    return f"{row.assignment.unit}" + (f" 第{row.round}轮" if row.round > 1 else "")


def grades_of(form: dict[str, Any]) -> str:
    marks = (
        ["纸质"] * form["paper"]
        + ["待核对"] * (form["paper"] and not form["confirmed"])
        + ["结束后收到"] * form["late"]
    )
    said = f"办理工作{GRADES[form['work']]}，办理结果{GRADES[form['result']]}"
    return said + (f"（{'、'.join(marks)}）" if marks else "")


def rater_of(form: dict[str, Any]) -> str:
    return str(form["who"] or form["body"])


def office_round(user: Any, row: Any, forms: list[dict[str, Any]], view: Eyes, *, deciding: bool) -> RoundShown:
    ratings = [Fact(rater_of(form), grades_of(form)) for form in forms]
    notes = reasons(forms, named=True, anyway=True)
    notes += [f"{form['body']}审定情况：{form['approval']}" for form in forms if form["approval"]]
    for form in forms:
        if form["flags"]:
            words = f"已核查：{form['checked']}" if form["checked"] else f"请核查（{'、'.join(form['flags'])}）"
            notes.append(f"{rater_of(form)}：{words}")
        if form["explained"]:
            on = short_day(date.fromisoformat(form["explained_on"]))
            notes.append(f"{rater_of(form)}：{on}经说明接受。{form['explained']}")
    acts = [act for form in forms for act in acts_on_form(form, closed=row.closed_at is not None)]
    if row.closed_at:
        ratings.insert(0, Fact("结果", row.get_outcome_display()))
    elif deciding:
        acts.append(Act("核实不满意", to("confirm_dissatisfaction", row.assignment), kind="primary"))
    if row.round == row.assignment.round and allowed(user, "handling.record_evaluation", row.assignment, view):
        acts.append(Act("登记纸质评价", to("record_evaluation", row.assignment)))
    sentence = "" if forms else "还没有收到评价。"
    return RoundShown(title_of(row), ratings, notes, sentence, acts)


def acts_on_form(form: dict[str, Any], *, closed: bool) -> list[Act]:
    """What the office can do with one form; it never changes what the proposer said."""
    who = f"（{rater_of(form)}）"
    if form["paper"] and not form["confirmed"]:
        return [Act(f"核对纸质评价{who}", reverse("handling:confirm_evaluation", args=[form["id"]]))]
    acts = []
    if form["flags"] and not form["checked"]:
        acts.append(Act(f"登记核查{who}", reverse("handling:check_flags", args=[form["id"]])))
    against = Evaluation.Grade.DISSATISFIED in (form["work"], form["result"])
    if against and not form["explained"] and form["late"] == closed:
        acts.append(Act(f"登记说明情况{who}", reverse("handling:explain_dissatisfaction", args=[form["id"]])))
    if closed and form["text"]:
        words = "停止向单位提供" if form["cleared"] else "向单位提供"
        acts.append(Act(f"{words}意见{who}", reverse("handling:clear_evaluation", args=[form["id"]])))
    return acts


def digest(row: Any, forms: list[dict[str, Any]], *, all_counts: bool) -> list[Fact]:
    """The outcome; how many of each grade only where that points at nobody."""
    facts = [Fact("结果", row.get_outcome_display())]
    counted = [form for form in forms if not form["late"] and (form["confirmed"] or not form["paper"])]
    order = list(GRADES).index
    worst = [max(form["work"], form["result"], key=order) for form in counted]
    if worst:
        facts.append(Fact("最低评价", GRADES[max(worst, key=order)]))
    if all_counts or len(counted) >= FEW:
        facts += [Fact(label, f"{worst.count(grade)}份") for grade, label in GRADES.items()]
        facts.append(Fact("未反馈", f"{row.missing}人"))
    return facts


def reasons(forms: list[dict[str, Any]], *, named: bool, anyway: bool = False) -> list[str]:
    """What was written. With `named` whoever agreed is named, or everyone (`anyway`); a single rater is known."""
    written = []
    for form in forms:
        text = "：".join(filter(None, [form["reason"], form["text"]]))
        known = named and (anyway or form["named"])
        who = f"{form['who'] or form['body']}——" if known else ""
        if text:
            written.append(f"{who}{text}")
    return written


def own_round(user: Any, row: Any, own: list[dict[str, Any]], view: Eyes) -> RoundShown:
    acts = []
    if not own and allowed(user, "handling.evaluate", row.assignment, view):
        acts.append(
            Act("评价", reverse("handling:evaluate", args=[row.assignment.public_id, row.round]), kind="primary")
        )
    if not row.closed_at:
        acts += [Act("撤回评价", reverse("handling:withdraw_evaluation", args=[form["id"]])) for form in own]
    ratings = [Fact(form["who"] or form["body"], grades_of(form)) for form in own]
    ended = "评价已经结束；您仍可补交，补交的评价会单独记录。" if row.closed_at else "请对这份答复作出评价。"
    if not view.rates:
        ended = "" if row.closed_at else "由提案组织的秘书长或召集人评价。"
    mark = ["您在本承办单位工作，这份评价会加注说明。"] if Eye.UNIT in view.of(row.assignment) else []
    return RoundShown(title_of(row), ratings, reasons(own, named=False) + mark, "" if own else ended, acts)
