"""Which units a proposal will be given to: the draft, and what the units say beforehand (拟办、预告)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from members.errors import Refused, WrongStep
from members.models import AssigningOffice, Body, Person
from proposals.handling import clocks, readers
from proposals.handling.actions import Paper, Part, paper_facts
from proposals.handling.actions.giving import check_parts
from proposals.handling.actions.paper import acted_at, sheet_needed
from proposals.handling.models import Assignment, Matter, Obligation
from proposals.handling.queries import clerks_of
from proposals.models import AllocationPart, PreConsultation, Proposal, Status

from .base import expect, lock, proposal_office, today, told
from .reviewing import units_to_begin_with

Role = Assignment.Role
LEADING = (Role.SOLE, Role.LEAD, Role.SPLIT)
DRAFTED = "已有拟办单位，如需改动请打开本件单独修改。"


@dataclass(frozen=True)
class Share:
    """One unit of an allocation draft."""

    unit: Body
    role: str


def proposed(proposal: Proposal) -> list[Share]:
    """What to begin with: the suggested or wished units, the first as lead; one alone handles it alone."""
    units = [unit for unit in units_to_begin_with(proposal) if unit.ended_on is None]
    if len(units) == 1:
        return [Share(units[0], Role.SOLE)]
    return [Share(unit, Role.LEAD if place == 0 else Role.CO) for place, unit in enumerate(units)]


def office_of(unit: Body, *, now: datetime) -> Body:
    """The office that assigns to this unit's system (P9); the proposal office where none is set."""
    return offices_of([unit], now=now)[unit]


def offices_of(units: Iterable[Body], *, now: datetime) -> dict[Body, Body]:
    """The same for many units."""
    wanted = set(units)
    rows = AssigningOffice.objects.select_related("office").filter(system__in={unit.system for unit in wanted})
    by_system = {row.system: row.office for row in rows}
    rest = None if all(unit.system in by_system for unit in wanted) else proposal_office(on=today(now))
    found = ((unit, by_system.get(unit.system) or rest) for unit in wanted)
    return {unit: office for unit, office in found if office}


def parts_of(rows: Iterable[AllocationPart], offices: Mapping[Body, Body]) -> list[Part]:
    """The draft as handling takes it, the leading unit first."""
    ordered = sorted(rows, key=lambda row: (row.role not in LEADING, row.pk))
    return [Part(row.unit, row.role, offices[row.unit]) for row in ordered]


@transaction.atomic
def allocate(
    proposal: Proposal,
    shares: Sequence[Share],
    *,
    by: Person,
    now: datetime,
    suggestions: Mapping[int, Body | None] | None = None,
    only_first: bool = False,
) -> Proposal:
    """Write the allocation draft anew; nobody outside the offices sees it before the hand-over.

    The leading unit's office leads the proposal. `suggestions` names units for suggestions by number. With
    `only_first` a draft that is there already stays, and WrongStep says so.
    """
    proposal = lock(proposal)
    expect(proposal, Status.FILED)
    if only_first and proposal.allocation.exists():
        raise WrongStep(DRAFTED)
    check_parts([Part(share.unit, share.role, share.unit) for share in shares])
    ended = [share.unit.name for share in shares if share.unit.ended_on]
    if ended:
        raise Refused(f"{'、'.join(ended)}已撤销，请选择承接其职责的单位。", field="units")
    drafted = {share.unit.pk for share in shares}
    asked = proposal.preconsultations.filter(answered_at=None).exclude(unit__in=drafted).select_related("unit")
    gone = [row.unit for row in asked]
    drop_questions(proposal, gone, by=by, now=now, reason="拟办单位有调整")
    proposal.allocation.all().delete()
    AllocationPart.objects.bulk_create(
        AllocationPart(proposal=proposal, unit=share.unit, role=share.role, by=by, at=now) for share in shares
    )
    for row in proposal.matter.suggestions.all():
        if suggestions is not None and row.unit != suggestions.get(row.number):
            row.unit = suggestions.get(row.number)
            row.save(update_fields=["unit"])
    led_by_its_unit(proposal, by=by, now=now)
    readers.refresh(proposal.matter)
    event = proposal.matter.record(
        "allocated",
        by=by,
        now=now,
        units="、".join(f"{share.unit}（{Role(share.role).label}）" for share in shares),
    )
    told(proposal, clerks_of([unit.pk for unit in gone], on=today(now)), event, "question_dropped", now=now)
    return proposal


def led_by_its_unit(proposal: Proposal, *, by: Person, now: datetime) -> None:
    """The office of the leading unit's system leads the proposal, and has its days to hand it over."""
    matter = proposal.matter
    leading = min(proposal.allocation.select_related("unit").order_by("pk"), key=lambda row: row.role not in LEADING)
    office = office_of(leading.unit, now=now)
    if matter.office_id == office.pk:
        return
    matter.office = office
    matter.save(update_fields=["office"])
    for obligation in clocks.open_for(matter=matter, stage="assignment"):
        clocks.move_holder(obligation, office, by=by, now=now)


@transaction.atomic
def consult_units(
    proposal: Proposal, *, by: Person, now: datetime, units: Iterable[Body] | None = None
) -> list[PreConsultation]:
    """Ask units of the draft whether the matter is theirs (预告征求意见); each has its own clock to answer by.

    Asked are `units`, or those that were not asked about the role that the draft gives them. A question that is still
    open is put anew where the role has changed.
    """
    proposal = lock(proposal)
    expect(proposal, Status.FILED)
    asked = list(proposal.preconsultations.order_by("pk"))
    known = {(row.unit_id, row.role) for row in asked}
    parts = list(proposal.allocation.select_related("unit").order_by("pk"))
    if not parts:
        raise WrongStep("请先拟定承办单位，再征求意见。")
    if units is None:
        parts = [row for row in parts if (row.unit_id, row.role) not in known]
    else:
        wanted = {unit.pk for unit in units}
        waiting = {(row.unit_id, row.role) for row in asked if row.answered_at is None}
        parts = [row for row in parts if row.unit_id in wanted and (row.unit_id, row.role) not in waiting]
    if not parts:
        raise WrongStep("所选单位都已征求过意见。已答复的，可在“征求拟办单位意见”中勾选后再次征求。")
    rows = [_ask(proposal, part, by=by, now=now) for part in parts]
    readers.refresh(proposal.matter)
    event = proposal.matter.record("units_asked", by=by, now=now, units="、".join(str(row.unit) for row in rows))
    told(proposal, clerks_of([row.unit_id for row in rows], on=today(now)), event, "unit_asked", now=now)
    return rows


def _ask(proposal: Proposal, part: AllocationPart, *, by: Person, now: datetime) -> PreConsultation:
    _drop_question_clocks([proposal.matter], by=by, now=now, reason="拟定职责有变，重新征求", unit=part.unit)
    clock = clocks.start(proposal.matter, "preconsultation", body=part.unit, anchor_on=today(now), by=by, now=now)
    row, _ = PreConsultation.objects.update_or_create(
        proposal=proposal,
        unit=part.unit,
        answered_at=None,
        defaults={"role": part.role, "asked_by": by, "asked_at": now, "due_on": clock.due_on},
    )
    return row


def _drop_question_clocks(
    matters: Iterable[Matter], *, by: Person, now: datetime, reason: str, unit: Body | None = None
) -> None:
    rows = Obligation.objects.running().filter(matter__in=matters, stage="preconsultation")
    clocks.cancel_many(rows.filter(holder_body=unit) if unit else rows, by=by, now=now, reason=reason)


def drop_questions(proposal: Proposal, units: Iterable[Body], *, by: Person, now: datetime, reason: str) -> None:
    """Units need not answer what they have not answered: it is not theirs any more. What they said stays."""
    for unit in units:
        _drop_question_clocks([proposal.matter], by=by, now=now, reason=reason, unit=unit)
        proposal.preconsultations.filter(unit=unit, answered_at=None).delete()


def end_questions(matters: Iterable[Matter], *, by: Person, now: datetime) -> None:
    """Units need not answer any more: the proposal has its units."""
    _drop_question_clocks(matters, by=by, now=now, reason="已交办")


@transaction.atomic
def answer_consultation(
    row: PreConsultation, *, accepts: bool, text: str, by: Person, now: datetime, paper: Paper | None = None
) -> PreConsultation:
    """A unit says whether it will take the matter; the office still decides."""
    sheet_needed(row.unit_id, by=by, now=now, paper=paper, since=row.asked_at)
    proposal = lock(row.proposal)
    row = PreConsultation.objects.select_for_update(of=("self",)).select_related("unit").get(pk=row.pk)
    if row.answered_at:
        raise WrongStep("本单位已经答复过这次征求意见。")
    if proposal.status != Status.FILED:
        raise WrongStep("这件提案已经交办，不再征求意见。")
    if not accepts and not text.strip():
        raise Refused("不同意承办的，请写明理由和建议的承办单位。", field="text")
    row.accepts, row.text, row.answered_by, row.answered_at = accepts, text.strip(), by, acted_at(paper, now=now)
    row.save(update_fields=["accepts", "text", "answered_by", "answered_at"])
    for obligation in clocks.open_for(matter=proposal.matter, stage="preconsultation").filter(holder_body=row.unit):
        clocks.complete(obligation, by=by, now=now)
    event = proposal.matter.record(
        "unit_answered",
        by=by,
        now=now,
        unit=str(row.unit),
        answer="同意承办" if accepts else "不同意承办",
        **paper_facts(paper),
    )
    told(proposal, [row.asked_by_id], event, "unit_answered", now=now)
    return row
