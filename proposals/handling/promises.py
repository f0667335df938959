"""What a page shows of the promises of a matter, as far as this person may know of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import F, Q
from django.db.models.functions import JSONObject, TruncDate
from django.urls import reverse

from members.days import short_day
from members.shown import Act, Fact, Mark

from .aspects import Aspect, aspects
from .eyes import Eye, Eyes
from .models import Assignment, Commitment, CommitmentStep, Matter
from .rights import allowed

Kind, State = CommitmentStep.Kind, CommitmentStep.State


@dataclass(frozen=True)
class PromiseShown:
    title: str
    state: str
    marks: list[Mark]
    facts: list[Fact]
    notes: list[str] = field(default_factory=list)
    replies: list[tuple[str, str]] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)


def promises_shown(
    user: Any, matter: Matter, parts: Sequence[Assignment], view: Eyes, *, on: date
) -> list[PromiseShown]:
    """The promises of the current parts, with what was said of each, in one query."""
    step = JSONObject(
        kind="steps__kind", state="steps__state", text="steps__text", reply="steps__reply", to="steps__to_on",
        id="steps__public_id", decision="steps__decision", on=TruncDate("steps__at"),
    )  # fmt: skip
    rows = Commitment.objects.given().filter(assignment__in=parts).select_related("clock", "point__suggestion")
    rows = rows.annotate(said=JSONBAgg(step, filter=Q(steps__isnull=False), order_by=[F("steps__at"), F("steps__pk")]))
    by_id = {part.pk: part for part in parts}
    shown = []
    for row in rows.order_by("number"):
        row.assignment = by_id[row.assignment_id]
        if Aspect.PROMISES in aspects(view, row.assignment):
            shown.append(promise_shown(user, row, view, on=on))
    return shown


def promise_shown(user: Any, row: Any, view: Eyes, *, on: date) -> PromiseShown:
    inside = bool(view.of(row.assignment) & {Eye.STAFF, Eye.OFFICE, Eye.UNIT})
    said = [one for one in row.said or [] if inside or one["state"] in (State.NOTED, State.AGREED)]
    facts = [
        Fact("可检验的结果", row.measure, wide=True),
        Fact("承诺单位", row.assignment.unit.name),
        Fact("完成日期", row.clock.due_on),
        Fact("原承诺日期", row.due_on if row.due_on != row.clock.due_on else None),
        Fact("落实日期", row.kept_on),
    ]
    asked = next((one for one in said if one["state"] == State.ASKED), None)
    late = row.state == Commitment.State.RUNNING and row.clock.status == "open" and row.clock.due_on < on
    marks = [Mark("逾期", "danger")] if late and inside else []
    if asked and inside:
        marks.append(Mark("待核实" if asked["kind"] == Kind.KEPT else "待批准调整", "warn"))
    return PromiseShown(
        title=f"第{row.number}项：{row.text}",
        state=row.get_state_display(),
        marks=marks,
        facts=[fact for fact in facts if fact.value],
        notes=[note_of(one) for one in said],
        replies=[
            (f"再次答复（{day_of(one)}）", one["reply"])
            for one in said
            if one["kind"] == Kind.KEPT and one["state"] == State.AGREED
        ],
        acts=acts_on(user, row, view, asked),
    )


def day_of(step: dict[str, Any]) -> str:
    return short_day(date.fromisoformat(step["on"]))


def note_of(step: dict[str, Any]) -> str:
    to = f"到{short_day(date.fromisoformat(step['to']))}" if step["to"] else ""
    state = "" if step["state"] == State.NOTED else f"（{State(step['state']).label}）"
    why = f"　交办机构：{step['decision']}" if step["decision"] else ""
    return f"{day_of(step)}　{Kind(step['kind']).label}{to}{state}：{step['text']}{why}"


def acts_on(user: Any, row: Commitment, view: Eyes, asked: dict[str, Any] | None) -> list[Act]:
    """What this person may do about a promise that is not kept yet."""
    if row.state != Commitment.State.RUNNING:
        return []
    about, part = f"第{row.number}项承诺", row.assignment
    outside = Eye.UNIT not in view.of(part)
    from_paper = "（纸质）" if outside else ""
    acts = []
    if asked and allowed(user, "handling.decide_promise", part, view):
        words = "核实落实情况" if asked["kind"] == Kind.KEPT else "决定是否调整"
        acts.append(Act(words, reverse("handling:decide_promise", args=[asked["id"]]), about=about))
    if allowed(user, "handling.report_progress", part, view):
        acts.append(Act(f"报告进展{from_paper}", to("report_progress", row), about=about))
    if not asked and allowed(user, "handling.report_promise", part, view):
        acts.append(Act(f"报告落实{from_paper}", to("report_kept", row), about=about))
        acts.append(Act(f"申请调整时间{from_paper}", to("ask_delay", row), about=about))
    return acts


def to(name: str, row: Commitment) -> str:
    return reverse(f"handling:{name}", args=[row.public_id])


def drafted(rows: Iterable[Commitment]) -> list[Fact]:
    """The promises of a draft, for who signs it."""
    return [Fact(f"承诺：{row.text}", f"{row.measure}　{short_day(row.due_on)}前完成", wide=True) for row in rows]
