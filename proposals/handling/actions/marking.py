"""A matter becomes a key one (重点提案), and its answers follow a stricter ladder; or it is one no more."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from members.models import Person
from proposals.handling import clocks
from proposals.handling.models import ClockEvent, Matter, Obligation, TimeRule

KEY_RULE, RULE = "reply_key", "reply"


@dataclass(frozen=True)
class Stricter:
    """A running answer that another rule would take over, and its last day by it."""

    obligation: Obligation
    rule: TimeRule
    due_on: date

    @property
    def moves(self) -> bool:
        return self.due_on != self.obligation.due_on


def stricter(matter: Matter) -> list[Stricter]:
    """The answers that follow the rule of key proposals once this is one; none that it would give more time."""
    return [one for one in _by(matter, KEY_RULE) if one.due_on <= one.obligation.due_on]


def mark_key(matter: Matter, *, by: Person, now: datetime, reason: str) -> list[Obligation]:
    """Called with the matter locked. Returns the clocks that follow the stricter ladder from now on."""
    found = stricter(matter)
    matter.key = True
    matter.save(update_fields=["key"])
    return [clocks.apply_rule(one.obligation, one.rule, by=by, now=now, reason=reason) for one in found]


def unmark_key(matter: Matter, *, by: Person, now: datetime, reason: str) -> list[Obligation]:
    """The same back: each answer follows the rule that it had before."""
    found = [(row, _rule_before(row)) for row in _answers(matter) if row.rule.code == KEY_RULE]
    matter.key = False
    matter.save(update_fields=["key"])
    return [clocks.apply_rule(row, rule, by=by, now=now, reason=reason) for row, rule in found]


def _by(matter: Matter, code: str) -> Iterator[Stricter]:
    for row in _answers(matter):
        if row.rule.code != code:
            rule = clocks.rule_for(code, on=row.anchor_on)
            yield Stricter(row, rule, clocks.due_under(row, rule))


def _answers(matter: Matter) -> list[Obligation]:
    rows = clocks.open_for(matter=matter, stage=RULE).select_related("rule", "assignment__unit", "matter")
    return list(rows)


def _rule_before(row: Obligation) -> TimeRule:
    """The ordinary rule that this clock was last given, or the one of its first day."""
    given = ClockEvent.objects.filter(obligation=row, rule__code=RULE).select_related("rule").order_by("-seq").first()
    return given.rule if given and given.rule else clocks.rule_for(RULE, on=row.anchor_on)
