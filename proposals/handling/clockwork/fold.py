"""The last day of a time limit as a fold over what happened to its clock: pure, re-derivable at any time."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from .calendar import WorkCalendar
from .rules import Rule, Unit, plus

PAUSED = ({"pause"}, {"resume", "reopen"})
ENDED = ({"complete", "cancel"}, {"reopen"})
"""What makes a clock stand, and what lets it go on: one that has ended is not resumed, it is opened again."""


@dataclass(frozen=True)
class Fact:
    """One clock event as the calculation needs it."""

    kind: str
    on: date
    seq: int
    amount: int = 0
    unit: Unit = "workday"
    to_on: date | None = None
    takes_back: int | None = None
    rule: Rule | None = None


@dataclass(frozen=True)
class Span:
    """Days on which the clock stands: from `start`, up to but without `end`."""

    start: date
    end: date

    def __contains__(self, day: date) -> bool:
        return self.start <= day < self.end


@dataclass(frozen=True)
class Clock:
    """What a due date is computed from."""

    rule: Rule
    anchor: date
    fixed: date | None = None
    facts: Sequence[Fact] = field(default=())


def fold(clock: Clock, calendar: WorkCalendar) -> date:
    """Return the last day of the limit; that day is still in time.

    Extensions and pauses count in the order of their dates. A pause counts in the unit of the rule and
    only while the limit has not run out; a pause still open counts nothing yet.
    """
    facts = standing(clock.facts)
    rule = rule_of(clock)
    stops = spans(facts)
    base, amounts, since = Base(clock.anchor, clock.fixed), list[Fact](), date.min
    for extension in (fact for fact in facts if fact.kind == "extend"):
        if extension.to_on is None:
            amounts.append(extension)
            continue
        earlier = [Span(span.start, min(span.end, extension.on)) for span in stops if span.start < extension.on]
        if extension.to_on > _run(rule, base, amounts, _from(earlier, since), calendar):
            base, amounts, since = Base(clock.anchor, extension.to_on), [], extension.on
    return _bound(clock, rule, facts, _run(rule, base, amounts, _from(stops, since), calendar), calendar)


def standing(facts: Iterable[Fact]) -> list[Fact]:
    """Return the facts that were not taken back, by date; those of one day as they were recorded."""
    found = list(facts)
    revoked = {fact.takes_back for fact in found if fact.kind == "revoke"}
    return sorted((fact for fact in found if fact.seq not in revoked), key=lambda fact: (fact.on, fact.seq))


def rule_of(clock: Clock) -> Rule:
    """Return the rule that counts now: the one applied last, whenever its date."""
    changes = [fact for fact in clock.facts if fact.kind == "rule_change" and fact.rule]
    last = max(changes, key=lambda fact: fact.seq, default=None)
    return last.rule if last and last.rule else clock.rule


def spans(facts: Sequence[Fact]) -> list[Span]:
    """Return the closed times during which the clock stood, merged and in order.

    A limit that was ended and opened again stood in between.
    """
    return merged(Span(start, end) for start, end in _stands(facts) if end)


def open_since(facts: Sequence[Fact]) -> date | None:
    """Return since when the clock has been standing, or None while it runs."""
    return min((start for start, end in _stands(facts) if end is None), default=None)


def _stands(facts: Sequence[Fact]) -> Iterator[tuple[date, date | None]]:
    """Yield from when to when the clock stood, for each reason; a time that lasts still has no end."""
    ordered = sorted(facts, key=lambda fact: (fact.on, fact.seq))
    for stops, starts in (PAUSED, ENDED):
        start: date | None = None
        for fact in ordered:
            if fact.kind in stops:
                start = start or fact.on
            elif fact.kind in starts and start:
                yield start, fact.on
                start = None
        if start:
            yield start, None


def merged(found: Iterable[Span]) -> list[Span]:
    """Join spans that touch or overlap and drop empty ones."""
    result: list[Span] = []
    for span in sorted(found, key=lambda span: span.start):
        if span.start >= span.end:
            continue
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return result


@dataclass(frozen=True)
class Base:
    """Where a count begins: the anchor of a period, or a last day that was set."""

    anchor: date
    fixed: date | None = None


def _from(found: Iterable[Span], since: date) -> list[Span]:
    return [Span(max(span.start, since), span.end) for span in found if span.end > since]


def _run(rule: Rule, base: Base, amounts: Sequence[Fact], stops: Sequence[Span], calendar: WorkCalendar) -> date:
    """Return the last day after extensions by amount and pauses, rolled to a workday."""
    same = sum(fact.amount for fact in amounts if fact.unit == rule.unit)
    if base.fixed is None:
        amount = rule.amount - same if rule.before else rule.amount + same
        nominal = rule.nominal(base.anchor, amount, calendar)
    else:
        fixed = rule.roll(base.fixed, calendar) if rule.unit == "workday" else base.fixed
        nominal = plus(fixed, same, rule.unit, calendar)
    for fact in amounts:
        if fact.unit != rule.unit:
            nominal = plus(nominal, fact.amount, fact.unit, calendar)
    for span in stops:
        nominal = _stand(rule, base, nominal, span, calendar)
    return rule.roll(nominal, calendar)


def _stand(rule: Rule, base: Base, nominal: date, span: Span, calendar: WorkCalendar) -> date:
    """Move the last day by the time that the clock stood; nothing once the limit had run out.

    A limit *before* a date does not move: the date stays where it is.
    """
    if rule.before:
        return nominal
    first, rolled = max(span.start, base.anchor + timedelta(days=1 if rule.amount else 0)), rule.roll(nominal, calendar)
    if first >= span.end or first > rolled:
        return nominal
    if first > nominal:
        nominal = rolled
    if rule.unit == "workday":
        stood = calendar.count(first - timedelta(days=1), span.end - timedelta(days=1))
        return calendar.add(nominal, stood) if stood else nominal
    return nominal + (span.end - first)


def _bound(clock: Clock, rule: Rule, facts: Sequence[Fact], due: date, calendar: WorkCalendar) -> date:
    """Hold a follower before the obligation it follows, but never before its own first days."""
    led = max((fact for fact in facts if fact.kind == "follow"), key=lambda fact: fact.seq, default=None)
    if rule.bound is None or led is None or led.to_on is None:
        return due
    return max(min(due, calendar.back(led.to_on, rule.bound)), min(due, calendar.add(clock.anchor, rule.floor)))


def late_workdays(due: date, done: date, standing_since: date | None, calendar: WorkCalendar) -> int:
    """Count the workdays past the last day, until done or until the clock was stopped for good."""
    return calendar.count(due, min(done, standing_since) if standing_since else done)
