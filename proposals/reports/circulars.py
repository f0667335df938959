"""Circulars (通报): what was submitted, accepted, issued, adopted and instructed in a period, cut four ways (P30, S20).

Each column counts reports by the day of its own fact; one with several authors counts for each of them, and once in the
total. What was put into another counts with that one, for its own authors. One that was adopted at two levels stands in
the column of each.
"""

from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any

from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast
from django.utils import timezone

from members.models import Membership
from proposals.handling.models import Access, Event, Participant
from proposals.reports.models import Report, Status
from proposals.reports.models.adoption import Adoption, Instruction, Level
from proposals.reports.models.issue import IssueItem

FEW = 5
"""Below so many a figure that leaves the office could point to a person (S20)."""
HIDDEN = "不足5"
HIDDEN_TOTAL = "—"
CUTS = {"member": "委员", "sector": "界别", "body": "来源单位", "source": "来源", "level": "公开级别"}
COLUMNS = {
    "submitted": "提交",
    "accepted": "采编",
    "issued": "刊发",
    "adopted": "采用",
    **{f"adopted_{level}": f"{label}采用" for level, label in Level.choices},
    "instructed": "批示转办",
    **{f"instructed_{level}": f"{label}批示" for level, label in Level.choices},
}
PARTS = {whole: [f"{whole}_{level}" for level in Level.values] for whole in ("adopted", "instructed")}
"""The columns into which another is divided: by how high somebody stands who adopted a report or wrote on it."""
ACCEPTED = ("report_accepted", "report_combined")


@dataclass(frozen=True)
class Period:
    """A month, a quarter or a year: 2026-03, 2026-Q1, 2026."""

    code: str
    name: str
    begins: date
    ends: date

    def moments(self) -> tuple[datetime, datetime]:
        """The first moment, and the last, in local time."""
        zone = timezone.get_current_timezone()
        return datetime.combine(self.begins, time(), zone), datetime.combine(self.ends, time.max, zone)


def period_of(code: str) -> Period | None:
    """The period of a code, or None for one that says nothing.

    >>> period_of("2026-Q1").ends, period_of("2026-02").name
    (datetime.date(2026, 3, 31), '2026年2月')
    """
    year, _, part = code.partition("-")
    if not (year.isascii() and year.isdigit() and len(year) == 4 and int(year) >= 1900):
        return None
    number = int(year)
    if not part:
        return Period(code, f"{number}年", date(number, 1, 1), date(number, 12, 31))
    if part in ("Q1", "Q2", "Q3", "Q4"):
        last = 3 * int(part[1])
        return Period(code, f"{number}年第{part[1]}季度", date(number, last - 2, 1), month_end(number, last))
    if part.isascii() and part.isdigit() and len(part) == 2 and 1 <= int(part) <= 12:
        month = int(part)
        return Period(code, f"{number}年{month}月", date(number, month, 1), month_end(number, month))
    return None


def month_end(year: int, month: int) -> date:
    return date(year, month, monthrange(year, month)[1])


def recent(on: date) -> list[Period]:
    """What is offered on that day: the year and the one before, its quarters, the last twelve months."""
    months = [(on.year - (on.month <= back), (on.month - back - 1) % 12 + 1) for back in range(12)]
    codes = [f"{year}-{month:02d}" for year, month in months]
    codes += [f"{on.year}-Q{quarter}" for quarter in range((on.month - 1) // 3 + 1, 0, -1)]
    codes += [str(on.year), str(on.year - 1)]
    return [period for code in codes if (period := period_of(code))]


@dataclass
class Line:
    """A row of a circular: the reports behind each figure, by column."""

    key: str
    label: str
    found: dict[str, set[int]] = field(default_factory=lambda: {name: set() for name in COLUMNS})

    def figures(self) -> list[str]:
        """As they may leave the office."""
        hidden = self.telling()
        return [HIDDEN_TOTAL if name in hidden else shown(len(self.found[name])) for name in COLUMNS]

    def told(self, name: str) -> bool:
        """Whether the figure of this column can stand as it is (S20)."""
        return len(self.found[name]) >= FEW and name not in self.telling()

    def telling(self) -> set[str]:
        """The columns from which, taken from the whole that they are part of, a figure could be reckoned that is hidden."""
        found: set[str] = set()
        for whole, parts in PARTS.items():
            many = [name for name in parts if len(self.found[name]) >= FEW]
            left = self.found[whole].difference(*(self.found[name] for name in many))
            if many and 0 < len(left) < FEW:
                found.update(many)
        return found


@dataclass(frozen=True)
class Circular:
    period: Period
    cut: str
    lines: list[Line]
    total: Line


def shown(amount: int) -> str:
    return HIDDEN if 0 < amount < FEW else str(amount)


def circular(period: Period, cut: str, user: Any, *, outside: bool = False) -> Circular:
    """Count what `user` may see; what leaves the office (`outside`) leaves out what is sensitive."""
    rows = Report.objects.visible_to(user).filter(submissions__gt=0).exclude(status=Status.WITHDRAWN)
    if outside:
        rows = rows.exclude(matter__access=Access.SENSITIVE)
    total = Line("", "合计", found_in(period, rows))
    keys = keys_of_cut(cut, {pk for found in total.found.values() for pk in found})
    lines: dict[str, Line] = {}
    for name, found in total.found.items():
        for pk in found:
            for key, label in keys.get(pk, ()):
                lines.setdefault(key, Line(key, label)).found[name].add(pk)
    ordered = sorted(lines.values(), key=lambda line: (*(-len(line.found[name]) for name in COLUMNS), line.label))
    return Circular(period, cut, ordered, total)


def found_in(period: Period, rows: "QuerySet[Report]") -> dict[str, set[int]]:
    """The reports (ids) among these behind each column, in two queries."""
    begins, ends = period.moments()
    found: dict[str, set[int]] = {name: set() for name in COLUMNS}
    seen: dict[int, int] = {}
    families: dict[int, list[int]] = {}
    columns = ("matter_id", "pk", "submitted_at", "matter__merged_into_id")
    for matter, pk, submitted_at, main in rows.values_list(*columns):
        seen[matter] = pk
        families.setdefault(main or matter, []).append(pk)
        if begins <= submitted_at <= ends:
            found["submitted"].add(pk)
    for matter, what, level in happened(period):
        if what == "accepted":
            found[what] |= {seen[matter]} if matter in seen else set()
            continue
        found[what].update(families.get(matter, ()))
        if what in PARTS:
            found[f"{what}_{level}"].update(families.get(matter, ()))
    return found


def happened(period: Period) -> Iterable[tuple[int, str, str]]:
    """What became of which matter in that period, and at what level, in one query."""
    days = (period.begins, period.ends)
    accepted = Event.objects.filter(verb__in=ACCEPTED, at__range=period.moments())
    issued = IssueItem.objects.issued().filter(issue__issued_on__range=days)
    adopted = Adoption.objects.standing().filter(on__range=days)
    instructed = Instruction.objects.counted().filter(on__range=days)
    none = Value("", output_field=CharField())
    parts: list[QuerySet[Any, Any]] = [
        accepted.annotate(what=Value("accepted"), high=none).order_by().values_list("matter_id", "what", "high"),
        issued.annotate(what=Value("issued"), high=none).order_by().values_list("report__matter_id", "what", "high"),
        adopted.annotate(what=Value("adopted"), high=Cast("level", CharField()))
        .order_by()
        .values_list("report__matter_id", "what", "high"),
        instructed.annotate(what=Value("instructed"), high=Cast("level", CharField()))
        .order_by()
        .values_list("report__matter_id", "what", "high"),
    ]
    return parts[0].union(*parts[1:])


def keys_of_cut(cut: str, reports: set[int]) -> dict[int, list[tuple[str, str]]]:
    """Under which rows each report stands: (key, label) pairs by report id."""
    rows = Report.objects.filter(pk__in=reports)
    if cut == "level":
        names = dict(Access.choices)
        return {pk: [(level, names[level])] for pk, level in rows.values_list("pk", "matter__access")}
    if cut == "source":
        labels = dict(Report.Source.choices)
        return {pk: [(source, labels[source])] for pk, source in rows.values_list("pk", "source")}
    places = Participant.objects.filter(matter__report__in=reports, role=Participant.Role.AUTHOR, left_at=None)
    found: dict[int, list[tuple[str, str]]] = {}
    if cut == "body":
        of_bodies = places.exclude(body=None).values_list("matter__report", "body__public_id", "body__name")
        for pk, key, name in of_bodies:
            found.setdefault(pk, []).append((str(key), name))
        return found
    people = list(
        places.exclude(person=None).values_list("matter__report", "person", "person__public_id", "person__name")
    )
    if cut == "member":
        for pk, _, key, name in people:
            found.setdefault(pk, []).append((str(key), name))
        return found
    sectors = sectors_of({person for _, person, _, _ in people})
    for pk, person, _, _ in people:
        if pair := sectors.get(person):
            found.setdefault(pk, []).append(pair)
    return {pk: list(dict.fromkeys(pairs)) for pk, pairs in found.items()}


def sectors_of(people: set[int]) -> dict[int, tuple[str, str]]:
    """The sector of each member's latest term."""
    rows = Membership.objects.filter(Q(person__in=people), sector__isnull=False).order_by("starts_on", "pk")
    return {
        person: (str(key), name)
        for person, key, name in rows.values_list("person_id", "sector__public_id", "sector__name")
    }
