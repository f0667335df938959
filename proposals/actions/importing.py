"""Proposals of a register come in as they stand (历史导入)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from members import keys
from members.errors import Refused, WrongStep
from members.models import Body, Membership, Person, Session
from proposals.handling import numbering, readers
from proposals.handling.actions.giving import Part
from proposals.handling.actions.history import Past, PastReply, take_over
from proposals.handling.models import Assignment, Kind, Matter, Participant, ResultClass
from proposals.models import AllocationPart, Category, Proposal, Status
from proposals.queries import LETTERS, series_of

from .base import lock, proposers, today, told

Role = Assignment.Role
NOT_ASKED = "历史导入，未征求公开意愿"
COLLECTIVE_ENDS = (
    "委员会",
    "中央",
    "界",
    "界别",
    "党",
    "联合会",
    "总工会",
    "共青团",
    "侨联",
    "工商联",
    "妇联",
    "科协",
    "小组",
    "九三学社",
)


@dataclass(frozen=True)
class Row:
    """One proposal of a register, normalised; `notes` are the clerk's words that no column of ours holds."""

    number: str
    title: str
    proposer: str = ""
    names: tuple[str, ...] = ()
    joint: bool = False
    form: str = ""
    category: str = ""
    lead: Body | None = None
    co: tuple[Body, ...] = ()
    split: tuple[Body, ...] = ()
    units_text: str = ""
    assigned_on: date | None = None
    due_on: date | None = None
    replied_on: date | None = None
    doc_no: str = ""
    reply_class: str = ""
    notes: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Imported:
    """How many came in, and the numbers whose reply clock could not start, with the reason."""

    count: int
    running: int
    without_clock: Sequence[tuple[str, str]]


def numbers_of(session: Session) -> dict[str, str]:
    """The numbers that the session has given already, with their titles."""
    rows = Matter.objects.filter(session=session, kind=Kind.PROPOSAL, number__isnull=False)
    return {number: title for number, title in rows.values_list("number", "title") if number}


@transaction.atomic
def import_proposals(rows: Sequence[Row], session: Session, *, by: Person | None, now: datetime) -> Imported:
    """Make a proposal of each row, all or none; the caller has left out numbers that are there.

    An answered one is answered with its dates, an open one gets its reply clock from the real day of assignment,
    one without lead or day waits to be handed over with its units as the draft. The sequence goes on behind them.
    """
    matters = Matter.objects.bulk_create(
        Matter(kind=Kind.PROPOSAL, session=session, number=row.number, title=row.title, unit_title=row.title)
        for row in rows
    )
    categories = current_categories()
    proposals = Proposal.objects.bulk_create(
        proposal_of(row, matter, categories, by=by) for row, matter in zip(rows, matters, strict=True)
    )
    participants = Participant.objects.bulk_create(participants_of(rows, matters, session))
    AllocationPart.objects.bulk_create(
        part
        for row, proposal in zip(rows, proposals, strict=True)
        if not handed_over(row)
        for part in draft_of(row, proposal, by=by, now=now)
    )
    results = {result.code: result for result in ResultClass.objects.filter(ends_on=None)}
    offices = offices_of(rows)
    behind: dict[int, frozenset[int]] = {}
    for one in participants:
        behind[one.matter_id] = behind.get(one.matter_id, frozenset()) | {key_of(one)}
    taken = take_over(
        [
            past_of(row, matter, results, offices, behind.get(matter.pk, frozenset()))
            for row, matter in zip(rows, matters, strict=True)
        ],
        by=by,
        now=now,
    )
    for letter in ("", *LETTERS.values()):
        ours = [row.number.removeprefix(letter) for row in rows if row.number.startswith(letter)]
        if last := max((int(number) for number in ours if number.isdigit()), default=0):
            numbering.at_least(session, series_of(letter), last)
    without = [(matter.number or "", reason) for matter, reason in taken.without_clock]
    return Imported(len(rows), len(taken.obligations), without)


def handed_over(row: Row) -> bool:
    """Somebody answers it, and since when is known: by the day of assignment, or by that of the reply."""
    return bool(row.lead or row.split) and bool(row.assigned_on or row.replied_on)


def proposal_of(row: Row, matter: Matter, categories: Mapping[str, Category], *, by: Person | None) -> Proposal:
    return Proposal(
        matter=matter,
        status=Status.ASSIGNED if handed_over(row) else Status.FILED,
        form=form_of(row),
        source=Proposal.Source.IMPORT,
        category=category_of(row.category, categories),
        consents=False,
        consent_reason=NOT_ASKED,
        proposer_text=row.proposer,
        units_text=row.units_text,
        import_note=row.notes,
        entered_by=by,
    )


def form_of(row: Row) -> str:
    """By the register's own word if it has one, else by what the proposer's name looks like."""
    if form := form_word(row.form):
        return form
    if row.names and row.names[0].endswith(COLLECTIVE_ENDS):
        return str(Proposal.Form.COLLECTIVE)
    return str(Proposal.Form.JOINT if row.joint or len(row.names) > 1 else Proposal.Form.INDIVIDUAL)


def form_word(text: str) -> str | None:
    """The form that a register's own word names."""
    words = {"集体": Proposal.Form.COLLECTIVE, "联名": Proposal.Form.JOINT, "个人": Proposal.Form.INDIVIDUAL}
    return next((str(form) for word, form in words.items() if word in text), None)


def current_categories() -> dict[str, Category]:
    return {category.name: category for category in Category.objects.filter(ended_on=None)}


def category_of(name: str, categories: Mapping[str, Category]) -> Category | None:
    if name in categories:
        return categories[name]
    near = [category for known, category in categories.items() if name and (known in name or name in known)]
    return near[0] if len(near) == 1 else None


def participants_of(rows: Sequence[Row], matters: Sequence[Matter], session: Session) -> list[Participant]:
    """Proposers who can be told apart: members of that term with a name of their own, and bodies that exist."""
    names = {name for row in rows for name in row.names}
    members: dict[str, set[int]] = {}
    held = Membership.objects.filter(term=session.term, person__name__in=names).values_list("person__name", "person_id")
    for name, person in held:
        members.setdefault(name, set()).add(person)
    bodies = Body.objects.collective().match_many(names)
    found: list[Participant] = []
    for row, matter in zip(rows, matters, strict=True):
        here: set[Body] = set()
        for order, name in enumerate(dict.fromkeys(row.names)):
            people, (body, how) = members.get(name, set()), bodies[name]
            first = order == 0
            if len(people) == 1:
                role = Participant.Role.FIRST if first else Participant.Role.COSIGNER
                found.append(Participant(matter=matter, person_id=min(people), role=role, order=order))
            elif body and how != "former" and body not in here:
                here.add(body)
                found.append(Participant(matter=matter, body=body, role=Participant.Role.ORGANISATION, order=order))
    return found


def draft_of(row: Row, proposal: Proposal, *, by: Person | None, now: datetime) -> list[AllocationPart]:
    """The register's units as the draft of a hand-over that is still to come."""
    return [AllocationPart(proposal=proposal, unit=unit, role=role, by=by, at=now) for unit, role in parts_of(row)]


def parts_of(row: Row) -> list[tuple[Body, str]]:
    """Units with their roles: one alone is sole, a lead has co-handlers, two or more without a lead share it."""
    if row.lead:
        others = [unit for unit in dict.fromkeys([*row.co, *row.split]) if unit != row.lead]
        return [(row.lead, Role.LEAD if others else Role.SOLE), *((unit, Role.CO) for unit in others)]
    if len(row.split) == 1:
        others = [unit for unit in row.co if unit != row.split[0]]
        return [(row.split[0], Role.LEAD if others else Role.SOLE), *((unit, Role.CO) for unit in others)]
    shared = dict.fromkeys(row.split)
    return [*((unit, Role.SPLIT) for unit in shared), *((unit, Role.CO) for unit in row.co if unit not in shared)]


def offices_of(rows: Sequence[Row]) -> dict[str, Body]:
    """The assigning office of each system that the rows' units belong to; a system without one is Refused."""
    units = {unit.system: unit for row in rows for unit, _ in parts_of(row)}
    found = {}
    for system, unit in units.items():
        office = Body.objects.assigning_office_for(unit)
        if office is None:
            raise Refused(f"{unit}所属的“{unit.get_system_display()}”还没有指定交办机构，请先在“设置”中指定。")
        found[system] = office
    return found


def key_of(participant: Participant) -> int:
    """The audience key of a proposer."""
    if participant.person_id:
        return keys.person_key(participant.person_id)
    assert participant.body_id
    return keys.body_key(participant.body_id)


def past_of(
    row: Row,
    matter: Matter,
    results: Mapping[str, ResultClass],
    offices: Mapping[str, Body],
    behind: frozenset[int],
) -> Past:
    reply = None
    if row.replied_on or row.doc_no or row.reply_class:
        reply = PastReply(row.replied_on, row.doc_no, results.get(row.reply_class))
    if not handed_over(row):
        return Past(matter, behind=behind, facts=facts_of(row))
    parts = [Part(unit, role, offices[unit.system]) for unit, role in parts_of(row)]
    return Past(matter, parts, row.assigned_on or row.replied_on, row.due_on, reply, behind, facts_of(row))


def facts_of(row: Row) -> dict[str, str]:
    """What the timeline says: the register's dates in one sentence, and where the row stood."""
    words = []
    if row.assigned_on:
        words.append(f"{row.assigned_on:%Y-%m-%d} 交办")
    if row.replied_on:
        mark = f"（{row.reply_class}类）" if row.reply_class else ""
        words.append(f"{row.replied_on:%Y-%m-%d} 答复{mark}{row.doc_no}")
    return {"summary": "，".join(words) or "尚未交办", **row.facts}


@transaction.atomic
def link_proposer(
    proposal: Proposal, *, person: Person | None = None, body: Body | None = None, by: Person, now: datetime
) -> Participant:
    """Say who stands behind an imported proposal whose proposer the register named in words only (关联提案者).

    The first who is linked leads; whoever is linked later has signed with him.
    """
    if (person is None) == (body is None):
        raise Refused("请选择一位委员，或者一个组织。", field="person")
    proposal = lock(proposal)
    if proposal.source != Proposal.Source.IMPORT:
        raise WrongStep("只有历史导入的提案需要关联提案者。")
    matter = proposal.matter
    rows = list(matter.participants.filter(left_at=None).order_by("order", "pk"))
    if any((row.person_id, row.body_id) == (person and person.pk, body and body.pk) for row in rows):
        raise Refused(f"{person or body}已经是这件提案的提案者。", field="person" if person else "body")
    leads = not any(row.role in (Participant.Role.FIRST, Participant.Role.ORGANISATION) for row in rows)
    role = Participant.Role.ORGANISATION if body else Participant.Role.FIRST if leads else Participant.Role.COSIGNER
    order = max((row.order for row in rows), default=-1) + 1
    place = Participant.objects.create(matter=matter, person=person, body=body, role=role, order=order)
    readers.refresh(matter)
    event = matter.record("proposer_linked", by=by, now=now, name=str(place))
    told(proposal, proposers(matter, on=today(now)), event, "proposer_linked", now=now)
    return place
