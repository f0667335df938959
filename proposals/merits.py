"""How candidates for an honour stand: every figure computed from what happened, one question a source (表彰评选).

Only matters that anybody could hear of count: nothing secret, internal, suspended, withdrawn or merged into another.
Satisfaction is what came back, shown with how much did (P8); a form that looks forced and was not looked into is not
one that came back (S9). Whoever looks leaves out what he proposed himself (P13).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from members.models import Person, Session
from proposals.handling.models import (
    Access,
    Appraisal,
    Assignment,
    Commitment,
    ContactAnswer,
    EvaluationRound,
    Kind,
    Matter,
    Obligation,
    Participant,
    Reply,
    ReplyPoint,
)
from proposals.handling.panels import MAIN_STAGES
from proposals.handling.queries import figures_of
from proposals.handling.satisfaction import GRADES, with_counts
from proposals.models import Criterion, Honour, Instruction, Measure, Proposal, Status
from proposals.models.publication import OVER

SOLVED = "A"
"""The class of an answer that solves or adopts a suggestion; a promise counts once it is kept."""
DONE = (Status.CLOSED, Status.ARCHIVED)
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Figure:
    """A percentage or a number, and how it reads; none where there is nothing to measure."""

    value: Decimal | None
    text: str


def share(part: int, whole: int, more: str = "") -> Figure:
    if not whole:
        return Figure(None, f"—（没有可计的{more}）")
    return Figure(Decimal(100 * part) / whole, f"{100 * part / whole:.1f}%（{part}/{whole}{more}）")


def number(amount: int, word: str) -> Figure:
    return Figure(Decimal(amount), f"{amount} {word}")


def is_percentage(measure: str) -> bool:
    return measure not in WORDS


WORDS: dict[str, str] = {
    Measure.COSIGNERS: "人",
    Measure.KEY: "件",
    Measure.INSTRUCTED: "次",
    Measure.DISSATISFIED: "件",
    Measure.ANSWERED: "件",
    Measure.OVERDUE: "件",
    Measure.MISSED: "项",
    Measure.FORMS: "份",
}
HOW: dict[str, str] = {
    Measure.COSIGNERS: "联名的委员和组织，退出的不计。",
    Measure.KEY: "列为重点提案的计 1 件。",
    Measure.INSTRUCTED: "领导批示和转办的次数，圈阅不计。",
    Measure.APPRAISED: "承办单位评议中评为“好”的项数÷全部项数，只计已经结束的评价轮次。",
    Measure.SOLVED: "已经解决或采纳（A类）、承诺已经全部落实的建议÷已经答复的建议，“同第几条”的不重复计。",
    Measure.DISSATISFIED: "最后一轮评价结果为不满意的；经说明接受的不计。",
    Measure.ANSWERED: "独办、主办、分办并已送达答复的提案。",
    Measure.ON_TIME: "按期的答复÷已到期或已答复的，二次办理的答复也计。",
    Measure.OPINIONS: "按期的会办意见÷已到期或已提交的。",
    Measure.CONTACT: "提案者确认沟通属实的÷已答复的；未确认的不算没有沟通，也不算已确认。",
    Measure.SATISFACTION: "最后一轮（满意＋基本满意）÷回收份数；有异常又没有核查的评价不计，回收情况见括号。",
    Measure.FIRST: "首轮（满意＋基本满意）÷回收份数；有异常又没有核查的评价不计，回收情况见括号。",
    Measure.PROMISES: "按期落实的承诺÷已到期的承诺。",
    Measure.OVERDUE: "今天已过期限还没有答复的。",
    Measure.MISSED: "今天已过期限还没有落实的承诺。",
    Measure.RETURNED: "最后一轮回收份数÷应评份数；有异常又没有核查的评价不算回收。",
    Measure.FORMS: "最后一轮回收的份数；有异常又没有核查的评价不算回收。",
}
TOO_FEW = (Measure.RETURNED, Measure.FORMS)
"""What bars a candidate from below; every other bar does from above."""


@dataclass(frozen=True)
class Line:
    """What one criterion says of one candidate."""

    criterion: Criterion
    figure: Figure

    @property
    def points(self) -> Decimal | None:
        """The share of the full points, two decimals; a bar gives none."""
        row = self.criterion
        if row.points is None:
            return None
        if self.figure.value is None:
            return Decimal(0).quantize(CENT)
        return (row.points * min(self.figure.value / row.mark, Decimal(1))).quantize(CENT, ROUND_HALF_UP)

    @property
    def bars(self) -> str:
        """Why this keeps the candidate out; empty if it does not."""
        row, value = self.criterion, self.figure.value
        if row.points is not None:
            return ""
        word = "%" if is_percentage(row.measure) else f" {WORDS[row.measure]}"
        if row.measure in TOO_FEW:
            if value is None:
                return f"{row}：没有可计的"
            return f"{row}：{self.figure.text}，低于 {row.mark}{word}" if value < row.mark else ""
        if value is None or value <= row.mark:
            return ""
        return f"{row}：{self.figure.text}" + (f"，超过 {row.mark}{word}" if row.mark else "")


@dataclass
class Candidate:
    """A proposal or a unit with what every criterion says of it; `place` is shared by those with as many points."""

    pk: int
    public_id: UUID
    name: str
    number: str = ""
    lines: list[Line] = field(default_factory=list)
    place: int = 0

    @property
    def points(self) -> Decimal:
        return sum((line.points for line in self.lines if line.points is not None), Decimal(0))

    @property
    def out(self) -> str:
        """Why it is not a candidate; empty if it is one."""
        return "；".join(line.bars for line in self.lines if line.bars)

    @property
    def called(self) -> str:
        return f"第{self.number}号" if self.number else self.name


@dataclass(frozen=True)
class Ranking:
    """The candidates of a session in their places, and those that a criterion keeps out."""

    criteria: list[Criterion]
    placed: list[Candidate]
    out: list[Candidate]

    def find(self, public_id: str) -> Candidate | None:
        return next((one for one in (*self.placed, *self.out) if str(one.public_id) == public_id), None)


def ranking(honour: str, session: Session | None, *, by: Person, on: date) -> Ranking:
    """Compute the list by the criteria in force on that day. The number of queries is one a source."""
    criteria = list(Criterion.objects.in_force(on).filter(honour=honour).order_by("-use", "-points", "pk"))
    sources = Proposals(session, by, on) if honour == Honour.PROPOSAL else Units(session, by, on)
    candidates = list(sources.candidates.values())
    for one in candidates:
        one.lines = [Line(row, sources.figure(row.measure, one.pk)) for row in criteria]
    out = [one for one in candidates if one.out]
    placed = [one for one in candidates if not one.out]
    placed.sort(key=lambda one: (-one.points, one.number.zfill(12), one.name, one.pk))
    for index, one in enumerate(placed):
        before = placed[index - 1] if index else None
        one.place = before.place if before and before.points == one.points else index + 1
    out.sort(key=lambda one: (one.number.zfill(12), one.name, one.pk))
    return Ranking(criteria, placed, out)


def matters(session: Session | None, by: Person) -> QuerySet[Matter]:
    """What counts for whoever looks."""
    own = Participant.objects.filter(person=by, left_at=None)
    rows = Matter.objects.visible_to(by).filter(
        session=session, kind=Kind.PROPOSAL, access=Access.OPEN, placeholder=False, merged_into=None
    )
    mains = own.filter(matter__merged_into__isnull=False).values("matter__merged_into")
    return rows.exclude(pk__in=own.values("matter")).exclude(pk__in=mains)


def has_own(session: Session, by: Person) -> bool:
    """Whether he stands behind a proposal that takes part: his colleagues decide then."""
    rows = Participant.objects.filter(person=by, left_at=None, matter__session=session)
    return rows.filter(matter__proposal__status__in=(*OVER, Status.MERGED)).exists()


class Sources:
    """What is asked of the database, each source once and only if a criterion needs it."""

    measures: ClassVar[Mapping[str, Callable[[Any, int], Figure]]]

    def __init__(self, session: Session | None, by: Person, on: date) -> None:
        self.matters = matters(session, by)
        self.on = on

    @property
    def candidates(self) -> dict[int, Candidate]:
        raise NotImplementedError

    def figure(self, measure: str, pk: int) -> Figure:
        return self.measures[measure](self, pk)


class Proposals(Sources):
    """Of proposals that are closed; the figures are found by the matter."""

    @cached_property
    def rows(self) -> dict[int, dict[str, Any]]:
        joined = Q(matter__participants__left_at=None) & (
            Q(matter__participants__role=Participant.Role.COSIGNER)
            | Q(matter__participants__role=Participant.Role.ORGANISATION, matter__participants__order__gt=0)
        )
        rows = Proposal.objects.filter(matter__in=self.matters, status__in=DONE)
        rows = rows.annotate(cosigners=Count("matter__participants", filter=joined))
        names = ("pk", "matter__public_id", "matter__number", "matter__title", "matter__key", "cosigners")
        return {row["pk"]: row for row in rows.values(*names)}

    @property
    def candidates(self) -> dict[int, Candidate]:
        return {
            pk: Candidate(pk, row["matter__public_id"], row["matter__title"], row["matter__number"] or "")
            for pk, row in self.rows.items()
        }

    @cached_property
    def rounds(self) -> dict[int, list[dict[str, Any]]]:
        rows = EvaluationRound.objects.filter(
            assignment__matter__in=self.matters, assignment__ended_at=None, closed_at__isnull=False
        )
        said = [f"appraisal__{name}" for name in Appraisal.QUESTIONS]
        path = "assignment__matter__proposal"
        return _grouped(rows.values(path, "round", "assignment__round", "outcome", *said), path)

    @cached_property
    def points(self) -> dict[int, tuple[int, int]]:
        return solved_by(Assignment.objects.current().filter(matter__in=self.matters), "matter__proposal")

    @cached_property
    def promises(self) -> dict[int, dict[str, int]]:
        parts = Assignment.objects.current().filter(matter__in=self.matters)
        return promises_by(parts, "matter__proposal", self.on)

    @cached_property
    def instructions(self) -> dict[int, int]:
        rows = Instruction.objects.filter(proposal__matter__in=self.matters, kind__in=Instruction.INSTRUCTING)
        return dict(rows.order_by().values_list("proposal").annotate(n=Count("pk")))

    def appraised(self, pk: int) -> Figure:
        rows = self.rounds.get(pk, [])
        said = [row[f"appraisal__{name}"] for row in rows for name in Appraisal.QUESTIONS if row[f"appraisal__{name}"]]
        return share(said.count(Appraisal.Grade.GOOD), len(said))

    measures: ClassVar = {
        Measure.COSIGNERS: lambda of, pk: number(of.rows[pk]["cosigners"], "人"),
        Measure.KEY: lambda of, pk: number(int(of.rows[pk]["matter__key"]), "件"),
        Measure.INSTRUCTED: lambda of, pk: number(of.instructions.get(pk, 0), "次"),
        Measure.APPRAISED: lambda of, pk: of.appraised(pk),
        Measure.SOLVED: lambda of, pk: share(*of.points.get(pk, (0, 0))),
        Measure.DISSATISFIED: lambda of, pk: number(dissatisfied(of.rounds.get(pk, [])), "件"),
        Measure.MISSED: lambda of, pk: number(of.promises.get(pk, {}).get("overdue", 0), "项"),
    }


class Units(Sources):
    """Of units that have answered a proposal."""

    @cached_property
    def parts(self) -> QuerySet[Assignment]:
        found = self.matters.filter(proposal__status__in=OVER)
        return Assignment.objects.current().filter(matter__in=found)

    @cached_property
    def answers(self) -> dict[int, list[dict[str, Any]]]:
        replied = Reply.objects.filter(assignment=OuterRef("pk"), state=Reply.State.DELIVERED)
        confirmed = ContactAnswer.objects.filter(contact__assignment=OuterRef("pk"), took_place=True)
        rows: Any = self.parts.answering()  # type: ignore[attr-defined]  # an AssignmentQuerySet
        rows = rows.annotate(confirmed=Exists(confirmed)).filter(Exists(replied))
        return _grouped(rows.values("unit", "unit__public_id", "unit__name", "confirmed"), "unit")

    @property
    def candidates(self) -> dict[int, Candidate]:
        return {
            pk: Candidate(pk, rows[0]["unit__public_id"], rows[0]["unit__name"]) for pk, rows in self.answers.items()
        }

    @cached_property
    def clocks(self) -> dict[tuple[int, bool], Counter[str]]:
        """By unit and whether it answers: how many clocks ended in time, ended late, or are late."""
        status = Obligation.Status
        kinds = {
            "in_time": Q(status=status.DONE) & (Q(late_workdays=0) | Q(late_workdays=None)),
            "late": Q(status=status.DONE, late_workdays__gt=0),
            "overdue": Q(status=status.OPEN, due_on__lt=self.on),
        }
        rows = Obligation.objects.filter(assignment__in=self.parts, stage__in=MAIN_STAGES).order_by()
        found: dict[tuple[int, bool], Counter[str]] = defaultdict(Counter)
        counts = {name: Count("pk", filter=kind) for name, kind in kinds.items()}
        grouped: Any = rows.values("assignment__unit", "stage").annotate(**counts)
        for row in grouped:
            where = found[row["assignment__unit"], row["stage"] != "co_opinion"]
            where.update({name: row[name] for name in kinds})
        return found

    def punctual(self, unit: int, *, answers: bool) -> Figure:
        count = self.clocks.get((unit, answers), Counter())
        return share(count["in_time"], count["in_time"] + count["late"] + count["overdue"])

    @cached_property
    def rounds(self) -> dict[int, list[dict[str, Any]]]:
        rows = EvaluationRound.objects.filter(assignment__in=self.parts, closed_at__isnull=False)
        names = ("assignment__unit", "round", "assignment__round", "outcome", "missing", "odd", "returned", *GRADES)
        return _grouped(with_counts(rows, checked=True).order_by().values(*names), "assignment__unit")

    def forms(self, unit: int, *, final: bool = True) -> Counter[str]:
        """How many forms came back of which grade, of the last rounds or of the first."""
        found: Counter[str] = Counter()
        for row in self.rounds.get(unit, []):
            if row["round"] == (row["assignment__round"] if final else 1):
                found.update({name: row[name] for name in ("missing", "odd", "returned", *GRADES)})
        return found

    def satisfied(self, unit: int, *, final: bool) -> Figure:
        count = self.forms(unit, final=final)
        sent = count["returned"] + count["missing"] + count["odd"]
        return share(count["satisfied"] + count["basic"], count["returned"], f"，回收 {count['returned']}/{sent}")

    def returned(self, unit: int) -> Figure:
        count = self.forms(unit)
        return share(count["returned"], count["returned"] + count["missing"] + count["odd"])

    @cached_property
    def points(self) -> dict[int, tuple[int, int]]:
        return solved_by(self.parts, "unit")

    @cached_property
    def promises(self) -> dict[int, dict[str, int]]:
        return promises_by(self.parts, "unit", self.on)

    def promise(self, unit: int, name: str) -> int:
        return self.promises.get(unit, {}).get(name, 0)

    measures: ClassVar = {
        Measure.ANSWERED: lambda of, pk: number(len(of.answers[pk]), "件"),
        Measure.CONTACT: lambda of, pk: share(sum(row["confirmed"] for row in of.answers[pk]), len(of.answers[pk])),
        Measure.ON_TIME: lambda of, pk: of.punctual(pk, answers=True),
        Measure.OPINIONS: lambda of, pk: of.punctual(pk, answers=False),
        Measure.OVERDUE: lambda of, pk: number(of.clocks.get((pk, True), Counter())["overdue"], "件"),
        Measure.SATISFACTION: lambda of, pk: of.satisfied(pk, final=True),
        Measure.FIRST: lambda of, pk: of.satisfied(pk, final=False),
        Measure.RETURNED: lambda of, pk: of.returned(pk),
        Measure.FORMS: lambda of, pk: number(of.forms(pk)["returned"], "份"),
        Measure.DISSATISFIED: lambda of, pk: number(dissatisfied(of.rounds.get(pk, [])), "件"),
        Measure.SOLVED: lambda of, pk: share(*of.points.get(pk, (0, 0))),
        Measure.PROMISES: lambda of, pk: share(of.promise(pk, "in_time"), of.promise(pk, "due")),
        Measure.MISSED: lambda of, pk: number(of.promise(pk, "overdue"), "项"),
    }


def dissatisfied(rounds: Iterable[dict[str, Any]]) -> int:
    """How many of the last rounds ended so."""
    last = (row for row in rounds if row["round"] == row["assignment__round"])
    return sum(row["outcome"] == EvaluationRound.Outcome.DISSATISFIED for row in last)


def solved_by(parts: QuerySet[Assignment], path: str) -> dict[int, tuple[int, int]]:
    """How many suggestions are solved, and how many were answered, by what stands at `path` of the part."""
    given = Commitment.objects.given().filter(point=OuterRef("pk"))
    kept = Exists(given) & ~Exists(given.exclude(state=Commitment.State.KEPT))
    rows = ReplyPoint.objects.filter(
        same_as=None,
        reply__state=Reply.State.DELIVERED,
        reply__assignment__in=parts,
        reply__round=F("reply__assignment__round"),
    )
    rows = rows.order_by().values(f"reply__assignment__{path}")
    found = rows.annotate(solved=Count("pk", filter=Q(result__code=SOLVED) | kept), total=Count("pk"))
    return {
        pk: (solved, total) for pk, solved, total in found.values_list(f"reply__assignment__{path}", "solved", "total")
    }


def promises_by(parts: QuerySet[Assignment], path: str, on: date) -> dict[int, dict[str, int]]:
    """How promises stand, by what stands at `path` of the part."""
    where = f"assignment__{path}"
    rows = Commitment.objects.given().filter(assignment__in=parts).order_by().values(where)
    return {row.pop(where): row for row in rows.annotate(**figures_of(on=on))}


def _grouped(rows: Iterable[dict[str, Any]], path: str) -> dict[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        found[row[path]].append(row)
    return found
