"""Why a limit ends on its day (为什么是这一天): every day counted or skipped, each with its reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from .calendar import ONE_DAY, WorkCalendar
from .fold import Clock, Fact, Span, fold, rule_of, spans, standing
from .rules import UNIT_NAMES, Rule


@dataclass(frozen=True)
class Line:
    """One day of the explanation. `count` is the number that the day has in the period, if it counts."""

    on: date
    text: str
    kind: str
    count: int | None = None


def explain(clock: Clock, calendar: WorkCalendar) -> list[Line]:
    """Return the lines by day; the last one is the day that `fold` gives."""
    facts = standing(clock.facts)
    rule = rule_of(clock)
    due = fold(clock, calendar)
    stops = spans(facts)
    lines = [_first(clock, rule)]
    if not clock.fixed and not rule.before and rule.unit == "workday":
        lines += _workdays(clock, rule, stops, calendar)
    else:
        lines += _jump(clock, rule, calendar) + list(_stood(stops, clock, due, calendar))
    lines += [_change(fact) for fact in facts if fact.kind in ("extend", "rule_change", "follow")]
    lines = [line for line in lines if line.on <= due or line.kind == "change"]
    return [*sorted(lines, key=lambda line: line.on), Line(due, _last(rule, due, calendar), "due")]


def _first(clock: Clock, rule: Rule) -> Line:
    if clock.fixed:
        return Line(clock.anchor, "起算依据日；本批指定了办理期限，以指定日期为准", "start")
    side = "之前" if rule.before else "之后"
    text = f"起算依据日，当日不计；期限为{side} {rule.amount} {UNIT_NAMES[rule.unit]}"
    return Line(clock.anchor, text, "start")


def _workdays(clock: Clock, rule: Rule, stops: Sequence[Span], calendar: WorkCalendar) -> Iterator[Line]:
    """Yield every day after the anchor up to the last one counted by the rule and its extensions."""
    end = fold(replace(clock, facts=[fact for fact in clock.facts if fact.to_on is None]), calendar)
    day, count = clock.anchor + ONE_DAY, 0
    while day <= end:
        known = calendar.day(day)
        if any(day in span for span in stops):
            yield Line(day, "暂停计时，不计", "paused")
        elif known.is_workday:
            count += 1
            yield Line(day, f"第 {count} 个工作日" + (f"（{known.label}）" if known.name else ""), "counted", count)
        else:
            yield Line(day, f"{known.label}，不计", "off")
        day += ONE_DAY


def _jump(clock: Clock, rule: Rule, calendar: WorkCalendar) -> list[Line]:
    """Return the days on which a period of months or days, or a fixed date, ends by itself."""
    end = clock.fixed or rule.nominal(clock.anchor, rule.amount, calendar)
    name = "指定的办理期限" if clock.fixed else f"{rule.amount} {UNIT_NAMES[rule.unit]}的对应日"
    lines = [Line(end, name, "counted")]
    rolled = rule.roll(end, calendar)
    low, high = sorted((end, rolled))
    day = low
    while day <= high and low != high:
        if not calendar.is_workday(day):
            lines.append(Line(day, f"{calendar.day(day).label}，末日顺延", "off"))
        day += ONE_DAY
    return lines


def _stood(stops: Sequence[Span], clock: Clock, due: date, calendar: WorkCalendar) -> Iterator[Line]:
    for span in stops:
        day = max(span.start, clock.anchor)
        while day < min(span.end, due + ONE_DAY):
            yield Line(day, "暂停计时，不计", "paused")
            day += ONE_DAY


def _change(fact: Fact) -> Line:
    if fact.kind == "rule_change":
        return Line(fact.on, "适用新的时限规则", "change")
    if fact.kind == "follow":
        return Line(fact.on, f"主办期限为 {fact.to_on}，会办须提前", "change")
    text = f"批准延期至 {fact.to_on}" if fact.to_on else f"批准延期 {fact.amount} {UNIT_NAMES[fact.unit]}"
    return Line(fact.on, text, "change")


def _last(rule: Rule, due: date, calendar: WorkCalendar) -> str:
    hint = "" if calendar.is_workday(due) or rule.rolls else "（休息日，规则不顺延）"
    return f"最后一天，当日 24 时前均为按时{hint}"
