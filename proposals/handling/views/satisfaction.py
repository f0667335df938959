"""Figures of satisfaction, for the offices and for each unit of its own; each leads to the matters behind it."""

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpResponseBase
from django.utils import timezone

from members.models import Session
from members.pages import Column, ListPage, Signed
from members.shown import Tab
from members.tables import NEEDS_SECOND_PERSON
from proposals.handling.models import Appraisal, Assignment, EvaluationRound
from proposals.handling.panels import FEW, GRADES
from proposals.handling.rights import in_hands_of
from proposals.handling.satisfaction import (
    FINAL,
    FIRST,
    ORDER,
    Figures,
    appraised,
    figures,
    gather,
    rate,
    with_counts,
)
from proposals.handling.sights import note

OF = {FIRST: "首轮", FINAL: "最终"}


def worst_of(row: Any) -> str:
    """The worst grade that came back, as a unit is told it."""
    grades = "dissatisfied" if row.dissatisfied or row.explained else "basic" if row.basic else "satisfied"
    return GRADES[grades] if row.returned else ""


def told(name: str) -> Any:
    """A count of forms for a unit: nothing of a reply of which fewer than three came back."""
    return lambda row: getattr(row, name) if row.returned >= FEW else None


class Satisfaction(Signed, ListPage[EvaluationRound]):
    """The offices' figures, those of one unit, and the replies behind each."""

    action = "handling.satisfaction"
    title = "满意度"
    template_name = "handling/satisfaction.html"
    empty_sentence = "这里还没有结束的评价。"
    few: ClassVar[bool] = False
    columns: ClassVar[Sequence[Column]] = (
        Column("编号", lambda row: row.assignment.matter.number or ""),
        Column("案由", lambda row: row.assignment.matter.title),
        Column("承办单位", lambda row: row.assignment.unit.name),
        Column("轮次", lambda row: row.round),
        Column("结果", lambda row: row.get_outcome_display()),
        Column("满意（份）", lambda row: row.satisfied),
        Column("基本满意（份）", lambda row: row.basic),
        Column("经说明接受（份）", lambda row: row.explained),
        Column("不满意（份）", lambda row: row.dissatisfied),
        Column("未反馈（人）", lambda row: row.missing),
        Column("结束日期", lambda row: timezone.localdate(row.closed_at)),
    )

    def wanted(self, name: str, known: Sequence[str], default: str = "") -> str:
        """A value of the address, if it is one that there is."""
        value = self.request.GET.get(name, "")
        return value if value in known else default

    def get_queryset(self) -> QuerySet[EvaluationRound]:
        self.sessions = list(Session.objects.newest_first())
        code = self.wanted("session", [row.code for row in self.sessions])
        chosen = next((row for row in self.sessions if row.code == code), None)
        self.session = chosen or Session.objects.current(timezone.now())
        parts = in_hands_of(Assignment.objects.filter(matter__session=self.session), self.me, self.action)
        self.found = gather(parts)
        self.of = self.wanted("of", list(OF), FINAL)
        self.outcome = self.wanted("outcome", [str(one) for one in ORDER])
        self.unit = "" if self.few else self.wanted("unit", [unit for unit, _ in self.found.units()])
        self.chosen = self.found.of_unit(self.unit) if self.unit else self.found
        self.figures = {which: figures(self.chosen, which, few=self.few) for which in OF}
        rows = EvaluationRound.objects.filter(pk__in=self.figures[self.of].behind(self.outcome))
        return (
            with_counts(rows).select_related("assignment__matter", "assignment__unit").order_by("assignment_id", "pk")
        )

    def way(self, **values: str) -> str:
        """The address with these values in place of its own."""
        here = {"session": self.session.code if self.session else "", "unit": self.unit, "of": self.of}
        return "?" + urlencode({name: value for name, value in {**here, **values}.items() if value})

    def lines(self) -> list[dict[str, Any]]:
        """Two lines of each: proposals, whose numbers lead to the replies behind them, and forms."""
        shown = []
        for which, label in OF.items():
            found = self.figures[which]
            cells = [(found.proposals[one], self.way(of=which, outcome=str(one))) for one in ORDER]
            shown.append(self.line(f"{label}（件）", found.proposals, cells))
        for which, label in OF.items():
            found = self.figures[which]
            shown.append(self.line(f"{label}（份）", found.forms, [(found.forms[one], "") for one in ORDER]))
        return shown

    def line(self, label: str, counts: Any, cells: list[tuple[int, str]]) -> dict[str, Any]:
        return {"label": label, "cells": cells, "total": sum(number for number, _ in cells), "rate": rate(counts)}

    def by_unit(self) -> list[list[Any]]:
        """Every unit with its first and its last figure; the name leads to it."""
        rows = []
        for unit, name in self.found.units():
            own = self.found.of_unit(unit)
            both = [figures(own, which, few=False) for which in OF]
            rows.append([name, self.way(unit=unit), *(cell for one in both for cell in in_short(one))])
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            session=self.session,
            sessions=self.sessions,
            unit=self.unit,
            units=[] if self.few else self.found.units(),
            heads=[one.label for one in ORDER],
            lines=self.lines(),
            running=self.figures[FINAL].running,
            told={label: self.figures[which].told for which, label in OF.items()},
            few=FEW if self.few else 0,
            by_unit=[] if self.few or self.unit else self.by_unit(),
            appraised=[] if self.few else appraised(self.chosen),
            appraisal_heads=["评议", *Appraisal.Grade.labels],
            outcome=dict(EvaluationRound.Outcome.choices).get(self.outcome, ""),
            all_url=self.way(),
            tabs=[Tab(f"{label}答复", self.way(of=which), which == self.of) for which, label in OF.items()],
            **kwargs,
        )

    def export(self, rows: QuerySet[EvaluationRound]) -> HttpResponseBase:
        answer = super().export(rows)
        if answer.status_code == 200:
            note(self.me, rows.order_by().values_list("assignment__matter", flat=True)[:NEEDS_SECOND_PERSON])
        return answer


def in_short(found: Figures) -> list[Any]:
    return [sum(found.proposals.values()), rate(found.proposals), found.proposals["dissatisfied"]]


class OwnSatisfaction(Satisfaction):
    """A unit's own figures; of forms only what points at nobody (S2)."""

    action = "handling.own_satisfaction"
    title = "本单位满意度"
    few = True
    columns = (
        Column("编号", lambda row: row.assignment.matter.number or ""),
        Column("案由", lambda row: row.assignment.matter.title_for_units),
        Column("承办单位", lambda row: row.assignment.unit.name),
        Column("轮次", lambda row: row.round),
        Column("结果", lambda row: row.get_outcome_display()),
        Column("最低评价", worst_of),
        Column("满意（份）", told("satisfied")),
        Column("基本满意（份）", told("basic")),
        Column("经说明接受（份）", told("explained")),
        Column("不满意（份）", told("dissatisfied")),
        Column("未反馈（人）", told("missing")),
        Column("结束日期", lambda row: timezone.localdate(row.closed_at)),
    )
