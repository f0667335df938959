"""Registers of earlier years come in: reports with who adopted them, and lists of what higher CPPCCs adopted (P30)."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from members.models import Body, Membership, Person
from proposals.handling import readers
from proposals.handling.models import Exposure, Kind, Matter, Participant, Stage, record_many
from proposals.reports.models import Report, Status
from proposals.reports.models.adoption import Adoption, CreditRule, Instruction

BATCH = 500
APART = re.compile(r"[、，,;；\n]+|\s{2,}")
BRACKETED = re.compile(r"^(.+?)[（(](.+)[）)]$")


@dataclass(frozen=True)
class AdoptedRow:
    level: str
    adopter: str
    form: str
    journal: str = ""


@dataclass(frozen=True)
class ReportRow:
    """One report of a register: what stands there and no more, its text does not."""

    title: str
    on: date
    authors: str = ""
    adopted: Sequence[AdoptedRow] = ()
    kind: str = ""
    level: str = ""
    leader: str = ""
    note: str = ""
    source: str = ""


@transaction.atomic
def import_reports(rows: Sequence[ReportRow], *, by: Person | None, now: datetime) -> int:
    """Keep reports of earlier years with what became of them, and return how many; nobody is told, no clock starts.

    They have no number here and rest on no issue of ours; adoptions count by the rule of their day.
    """
    if not rows:
        return 0
    moments = [datetime.combine(row.on, time(12), timezone.get_current_timezone()) for row in rows]
    matters = Matter.objects.bulk_create(
        [
            Matter(
                kind=Kind.REPORT,
                title=row.title,
                exposure=Exposure.OFFICE,
                stage=Stage.CLOSED,
                closed_at=at,
            )
            for row, at in zip(rows, moments, strict=True)
        ],
        batch_size=BATCH,
    )
    named = _Named.read(row.authors for row in rows)
    reports = Report.objects.bulk_create(
        [_report(row, matter, at, named, by) for row, matter, at in zip(rows, matters, moments, strict=True)],
        batch_size=BATCH,
    )
    places = [place for row, matter in zip(rows, matters, strict=True) for place in named.places(row.authors, matter)]
    Participant.objects.bulk_create(places, batch_size=BATCH)
    rules = _rules()
    adopted = [
        Adoption(
            report=report, level=one.level, adopter=one.adopter, form=one.form, journal=one.journal, on=row.on,
            source=Adoption.Source.REGISTER, rule=_rule(rules, one.form, one.level, row.on), by=by, at=now,
        )
        for row, report in zip(rows, reports, strict=True)
        for one in row.adopted
    ]  # fmt: skip
    Adoption.objects.bulk_create(adopted, batch_size=BATCH)
    instructed = [
        Instruction(
            report=report, kind=row.kind, level=row.level, leader_name=row.leader, on=row.on,
            rule=_rule(rules, row.kind, row.level, row.on), by=by, at=now,
        )
        for row, report in zip(rows, reports, strict=True)
        if row.kind
    ]  # fmt: skip
    Instruction.objects.bulk_create(instructed, batch_size=BATCH)
    for start in range(0, len(matters), BATCH):
        readers.refresh_many(matters[start : start + BATCH])
    facts = {matter: {"note": row.note, "source": row.source} for row, matter in zip(rows, matters, strict=True)}
    record_many(facts, "report_imported", by=by, now=now)
    return len(reports)


def _report(row: ReportRow, matter: Matter, at: datetime, named: "_Named", by: Person | None) -> Report:
    bodies, people, rest = named.found(row.authors)
    source = Report.Source.BODY if bodies else Report.Source.MEMBER if people else Report.Source.OTHER
    return Report(
        matter=matter,
        status=Status.ISSUED,
        source=source,
        author_text=rest[:200],
        title=row.title[:100],
        submissions=1,
        submitted_at=at,
        entered_by=by,
    )


@dataclass(frozen=True)
class _Named:
    """Bodies and members that the names in a register mean; a name that two members bear is nobody's."""

    bodies: Mapping[str, Body]
    people: Mapping[str, Person]

    @classmethod
    def read(cls, texts: Iterable[str]) -> "_Named":
        names = {name for text in texts for name in names_in(text)}
        found = {name: body for name, (body, _) in Body.objects.match_many(names).items() if body is not None}
        members = Person.objects.filter(pk__in=Membership.objects.values("person"), name__in=names - found.keys())
        people: dict[str, Person | None] = {}
        for person in members:
            people[person.name] = None if person.name in people else person
        return cls(found, {name: person for name, person in people.items() if person})

    def found(self, text: str) -> tuple[list[Body], list[Person], str]:
        """The bodies, the members, and the names that stay text."""
        names = names_in(text)
        bodies = [self.bodies[name] for name in names if name in self.bodies]
        people = [self.people[name] for name in names if name in self.people]
        if not bodies and not people:
            return [], [], text.strip()
        rest = [name for name in names if name not in self.bodies and name not in self.people]
        return list(dict.fromkeys(bodies)), list(dict.fromkeys(people)), "、".join(rest)

    def places(self, text: str, matter: Matter) -> list[Participant]:
        bodies, people, _ = self.found(text)
        role = Participant.Role.AUTHOR
        rows = [Participant(matter=matter, body=body, role=role) for body in bodies]
        rows += [Participant(matter=matter, person=person, role=role) for person in people]
        for order, row in enumerate(rows):
            row.order = order
        return rows


def names_in(text: str) -> list[str]:
    """The names in one cell, each without the organisation behind it in brackets.

    >>> names_in("叶青、崔艳"), names_in("张黎明（九三学社）")
    (['叶青', '崔艳'], ['张黎明'])
    """
    parts = [part.strip() for part in APART.split(text) if part.strip()]
    return [found[1].strip() if (found := BRACKETED.match(part)) else part for part in parts]


def _rules() -> dict[tuple[str, str], list[CreditRule]]:
    found: dict[tuple[str, str], list[CreditRule]] = {}
    for rule in CreditRule.objects.order_by("starts_on"):
        found.setdefault((rule.merit, rule.level), []).append(rule)
    return found


def _rule(rules: Mapping[tuple[str, str], list[CreditRule]], merit: str, level: str, on: date) -> CreditRule | None:
    among = rules.get((merit, level), [])
    return next((one for one in among if one.starts_on <= on and (one.ends_on is None or on <= one.ends_on)), None)


def known_titles() -> list[tuple[str, int]]:
    """Title and year of every report that was handed in."""
    rows = Report.objects.filter(submissions__gt=0).values_list("matter__title", "submitted_at")
    return [(title, timezone.localtime(at).year) for title, at in rows if at]


def issued_titles(user: Any) -> list[tuple[int, str]]:
    """Ids and titles of the reports in sight that can be adopted: as they were handed in, and as they were printed."""
    own = Report.objects.visible_to(user).filter(status__in=[Status.ISSUED, Status.REFERRED]).main()
    rows = list(own.values_list("pk", "matter__title"))
    printed = own.filter(issue_items__isnull=False).annotate(last=Max("issue_items__edition__title"))
    return rows + [(pk, title) for pk, title in printed.values_list("pk", "last") if title]
