"""How satisfied the proposers are, of the first answer and of the last one, by proposal and by form (P8, S2).

Only rounds that have closed are in any figure. What a unit reads of forms leaves out every reply of which fewer than
`FEW` came back: no sum, and no difference of two, points at a single rater.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, Q, QuerySet

from .models import Appraisal, Assignment, Evaluation, EvaluationRound
from .panels import FEW

Outcome = EvaluationRound.Outcome
ORDER = (Outcome.SATISFIED, Outcome.BASIC, Outcome.EXPLAINED, Outcome.DISSATISFIED, Outcome.NOT_RETURNED)
"""As the columns stand, the worse to the right; who is silent says nothing."""
GRADES = ("satisfied", "basic", "explained", "dissatisfied")
FIRST, FINAL = "first", "final"


def with_counts(rows: QuerySet[EvaluationRound], *, checked: bool = False) -> QuerySet[EvaluationRound]:
    """Rounds with how many forms that count came back in all (`returned`), and of each grade by its worse half.

    With `checked` forms with something odd about them that nobody has looked into are counted as `odd` and nothing
    else (S9).
    """
    form = Q(evaluations__isnull=False, evaluations__withdrawn_at=None, evaluations__late=False)
    form &= Q(evaluations__on_paper=False) | Q(evaluations__confirmed_at__isnull=False)
    if checked:
        sure = Q(evaluations__flags=[]) | Q(evaluations__checked_at__isnull=False)
        rows = rows.annotate(odd=Count("evaluations", filter=form & ~sure))
        form &= sure
    bad, basic = Evaluation.Grade.DISSATISFIED, Evaluation.Grade.BASIC
    against = Q(evaluations__work=bad) | Q(evaluations__result=bad)
    middling = ~against & (Q(evaluations__work=basic) | Q(evaluations__result=basic))
    accepted = Q(evaluations__explanation__isnull=False)
    kinds = {
        "returned": form,
        "satisfied": form & ~against & ~middling,
        "basic": form & middling,
        "explained": form & against & accepted,
        "dissatisfied": form & against & ~accepted,
    }
    return rows.annotate(**{name: Count("evaluations", filter=kind) for name, kind in kinds.items()})


@dataclass(frozen=True)
class Gathered:
    """The answering parts and their rounds as plain values."""

    parts: Sequence[dict[str, Any]]
    rounds: Sequence[dict[str, Any]]

    def of_unit(self, unit: str) -> "Gathered":
        parts = [part for part in self.parts if str(part["unit__public_id"]) == unit]
        ids = {part["pk"] for part in parts}
        return Gathered(parts, [row for row in self.rounds if row["assignment_id"] in ids])

    def units(self) -> list[tuple[str, str]]:
        """Public id and name of every unit with a round that has opened."""
        opened = {row["assignment_id"] for row in self.rounds}
        found = {(str(part["unit__public_id"]), part["unit__name"]) for part in self.parts if part["pk"] in opened}
        return sorted(found, key=lambda one: one[1])


def gather(parts: QuerySet[Assignment]) -> Gathered:
    """Two queries, however many there are."""
    parts = parts.answering()  # type: ignore[attr-defined]  # an AssignmentQuerySet
    rounds = with_counts(EvaluationRound.objects.filter(assignment__in=parts)).order_by("pk")
    names = ("pk", "assignment_id", "round", "closed_at", "outcome", "missing", "returned", *GRADES)
    said = [f"appraisal__{name}" for name in Appraisal.QUESTIONS]
    found: list[Any] = list(parts.values("pk", "matter_id", "unit__public_id", "unit__name", "round", "ended_at"))
    return Gathered(found, list(rounds.values(*names, *said)))


@dataclass
class Figures:
    """One line of figures: proposals by their outcome, forms by their grade, and the rounds behind them."""

    proposals: Counter[str] = field(default_factory=Counter)
    forms: Counter[str] = field(default_factory=Counter)
    running: int = 0
    told: int = 0
    rounds: dict[str, set[int]] = field(default_factory=dict)

    def behind(self, outcome: str = "") -> set[int]:
        """The rounds behind one figure, or behind all."""
        return self.rounds.get(outcome, set()) if outcome else set().union(*self.rounds.values())


def figures(found: Gathered, which: str, *, few: bool) -> Figures:
    """Figures of the first answers or of the last ones; with `few` forms count from three of a reply on.

    A proposal counts when every unit that answers it has been evaluated, by the worst of what came back; silence is
    an outcome only where nobody answered at all.
    """
    rounds = {(row["assignment_id"], row["round"]): row for row in found.rounds}
    result = Figures()
    for parts in _by_matter(found.parts):
        wanted = _wanted(parts, rounds, which)
        rows = [rounds.get(key) for key in wanted]
        closed = [row for row in rows if row and row["closed_at"]]
        if not rows or len(closed) < len(rows):
            result.running += any((part["pk"], number) in rounds for part in parts for number in (1, part["round"]))
            continue
        outcome = _worst(row["outcome"] for row in closed)
        result.proposals[outcome] += 1
        result.rounds.setdefault(outcome, set()).update(row["pk"] for row in closed)
        for row in closed:
            if not few or row["returned"] >= FEW:
                result.told += 1
                result.forms.update({name: row[name] for name in GRADES})
                result.forms[Outcome.NOT_RETURNED] += row["missing"]
    return result


def _by_matter(parts: Iterable[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = {}
    for part in parts:
        found.setdefault(part["matter_id"], []).append(part)
    return found.values()


def _wanted(parts: Sequence[dict[str, Any]], rounds: dict[tuple[int, int], Any], which: str) -> list[tuple[int, int]]:
    """The rounds that a proposal's figure needs: of the units that answered first, or of those that have it now."""
    if which == FINAL:
        return [(part["pk"], part["round"]) for part in parts if part["ended_at"] is None]
    first = [part["pk"] for part in parts if (part["pk"], 1) in rounds]
    first += [
        part["pk"] for part in parts if part["ended_at"] is None and part["round"] == 1 and part["pk"] not in first
    ]
    return [(pk, 1) for pk in first]


def _worst(outcomes: Iterable[str]) -> str:
    found = set(outcomes)
    said = found - {Outcome.NOT_RETURNED}
    return str(max(said, key=[str(one) for one in ORDER].index)) if said else str(Outcome.NOT_RETURNED)


def rate(counts: Counter[str]) -> str:
    """Satisfied and basically satisfied among those that came back, with both numbers; silence is in neither (P8)."""
    returned = sum(number for outcome, number in counts.items() if outcome != Outcome.NOT_RETURNED)
    well = counts[Outcome.SATISFIED] + counts[Outcome.BASIC]
    return f"{well / returned:.1%}（{well}/{returned}）" if returned else "—"


def appraised(found: Gathered) -> list[list[Any]]:
    """What units said of the proposals in rounds that have closed: each question with how many of each grade."""
    closed = [row for row in found.rounds if row["closed_at"]]
    lines: list[list[Any]] = []
    for name in Appraisal.QUESTIONS:
        counts = Counter(row[f"appraisal__{name}"] for row in closed)
        label = getattr(Appraisal._meta.get_field(name), "verbose_name", "")
        lines.append([label, *(counts[grade] for grade in Appraisal.Grade.values)])
    return lines if any(sum(line[1:]) for line in lines) else []
