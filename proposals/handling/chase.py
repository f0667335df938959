"""Who is reminded and chased: audience rules resolved to persons when a step fires (P2: no leader who has not been
switched on)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from django.db.models import Exists, OuterRef, Q

from members.choices import Role
from members.models import Absence, Appointment, Delegation, Person

from . import owners
from .eyes import Eye
from .knowing import eyes_on
from .models import Audience, Obligation, Participant

HEADS = frozenset({Role.UNIT_HEAD, Role.PROPOSAL_DIRECTOR})
CLERKS = frozenset(
    {
        Role.UNIT_CLERK,
        Role.PROPOSAL_STAFF,
        Role.ASSIGNING_OFFICER,
        Role.REPORT_STAFF,
        Role.CONSULTATION_STAFF,
        Role.COMMITTEE_OFFICE,
        Role.DUTY_STAFF,
        Role.RESEARCH_OFFICE,
        Role.PARTY_OFFICE,
        Role.GOVERNMENT_OFFICE,
        Role.ORGANISATION_SECRETARY,
        Role.CONVENER,
    }
)
SECRETARIES = frozenset({Role.ORGANISATION_SECRETARY, Role.CONVENER})
PROPOSAL_OFFICE = frozenset({Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR})
OFFICERS = frozenset({Role.ASSIGNING_OFFICER, Role.REPORT_STAFF})
REVIEWERS = frozenset({Role.DISCLOSURE_REVIEWER})
ACT_FOR_AN_OFFICE = OFFICERS | PROPOSAL_OFFICE
HOLDING = frozenset({Audience.HANDLER, Audience.HOLDER_CLERKS, Audience.HOLDER_HEADS, Audience.PERSON})
MUTE_TEMPLATES = frozenset({"clock.chase_sheet"})
"""What a quiet matter does not silence: the sheet that is laid out for the office."""


@dataclass
class Directory:
    """Appointments in force on one day, who leads each proposal and closed accounts, as far as a batch needs them.

    Five queries. A proposal is led by a person or by an organisation.

    `leaders` are those to whom nothing goes (P2): the proposal office has not switched reminders on for them.

    Whoever is away that day is not in it; those to whom an appointment is lent stand beside its holder, or in the
    place of one who is away.
    """

    by_body: dict[int, dict[str, set[int]]] = field(default_factory=dict)
    by_role: dict[str, set[int]] = field(default_factory=dict)
    covers: dict[tuple[int, int], set[int]] = field(default_factory=dict)
    leaders: set[int] = field(default_factory=set)
    first_of: dict[int, tuple[int | None, int | None]] = field(default_factory=dict)
    closed: set[int] = field(default_factory=set)

    @classmethod
    def read(
        cls, bodies: Iterable[int], *, matters: Iterable[int] = (), people: Iterable[int] = (), on: date
    ) -> "Directory":
        everywhere = [*owners.keepers(), *REVIEWERS, Role.LEADER, Role.SYSTEM_ADMINISTRATOR]
        leading = Participant.objects.leading().filter(matter__in=set(matters))
        rows_of = list(leading.values_list("matter_id", "person_id", "body_id", "person__is_active"))
        known = {*bodies, *(body for _, _, body, _ in rows_of if body)}
        wanted = Q(body__in=known, role__in=[*CLERKS, *HEADS, Role.UNIT_HANDLER]) | Q(role__in=everywhere)
        found = cls(
            first_of={matter: (person, body) for matter, person, body, _ in rows_of},
            closed={person for _, person, _, active in rows_of if person and not active},
        )
        absent = Absence.objects.in_force(on)
        appointments = Appointment.objects.in_force(on).filter(wanted, person__is_active=True)
        away_then = Exists(absent.filter(person=OuterRef("person")))
        rows = list(appointments.values_list("pk", "body_id", "role", "person_id", "person__told_as_leader", away_then))
        lent: dict[int, set[int]] = {}
        delegations = Delegation.objects.in_force(on).filter(appointment__in=[row[0] for row in rows])
        delegations = delegations.filter(~Exists(absent.filter(person=OuterRef("to"))), to__is_active=True)
        for appointment, to in delegations.values_list("appointment_id", "to_id"):
            lent.setdefault(appointment, set()).add(to)
        for appointment, body, role, person, told_as_leader, away in rows:
            reached = (set() if away else {person}) | lent.get(appointment, set())
            found.by_body.setdefault(body, {}).setdefault(role, set()).update(reached)
            found.by_role.setdefault(role, set()).update(reached)
            found.covers.setdefault((body, person), set()).update(reached)
            found.leaders |= {person} if role == Role.LEADER and not told_as_leader else set()
        if asked := set(people):
            found.closed |= set(Person.objects.filter(pk__in=asked, is_active=False).values_list("pk", flat=True))
        return found

    def at(self, body: int | None, roles: Iterable[str]) -> set[int]:
        holders = self.by_body.get(body or 0, {})
        return set().union(*(holders.get(role, set()) for role in roles))

    def anywhere(self, roles: Iterable[str]) -> set[int]:
        return set().union(*(self.by_role.get(role, set()) for role in roles))

    def works_at(self, person: int, body: int | None) -> bool:
        return any(person in people for people in self.by_body.get(body or 0, {}).values())


@dataclass(frozen=True)
class Chased:
    """Who is told; `vacant` is the body that has nobody to work on the matter, `unsigned` an organisation among these.

    With `nobody` a word had nobody to go to: the proposal office, which stands in for all others, has no staff.
    """

    people: frozenset[int]
    vacant: int | None = None
    unsigned: bool = False
    nobody: bool = False


def chased(obligation: Obligation, rules: Sequence[str], directory: Directory) -> Chased:
    """Resolve a step's audience for an obligation.

    A body without a clerk is escalated at once: to its head, else to the assigning office, or whoever of the offices may
    know of the clock. So is an organisation without secretary and convener. An assigning office without officers is
    vacant too.
    """
    people: set[int] = set()
    vacant: int | None = None
    unsigned = nobody = False
    for rule in rules:
        found = _resolve(obligation, rule, directory)
        if not found and rule in HOLDING:
            vacant = obligation.holder_body_id if rule != Audience.HOLDER_HEADS else vacant
            unsigned = unsigned or (rule == Audience.PERSON and vacant is not None)
            found = _heads(obligation, directory) or _office(obligation, directory)
        if rule == Audience.ASSIGNING_OFFICE and Eye.OFFICE in eyes_on(obligation):
            office = _office_id(obligation)
            vacant = vacant or (None if directory.at(office, ACT_FOR_AN_OFFICE) else office)
        people |= found
        nobody = nobody or not (found or directory.anywhere(PROPOSAL_OFFICE))
    return Chased(frozenset(people - directory.leaders), vacant, unsigned, nobody)


def concerned(obligation: Obligation, directory: Directory) -> frozenset[int]:
    """Whom a moved last day concerns: its holder, and the assigning office if it may know; a person's limit is his own."""
    if obligation.holder_person_id:
        return frozenset(_in_person(obligation.holder_person_id, obligation, directory))
    office = [Audience.ASSIGNING_OFFICE] if Eye.OFFICE in eyes_on(obligation) else []
    return chased(obligation, [Audience.HANDLER, *office], directory).people


def holders_of(obligations: Iterable[Obligation]) -> set[int]:
    """The persons who hold a limit of their own."""
    return {row.holder_person_id for row in obligations if row.holder_person_id}


def bodies_of(obligation: Obligation) -> set[int]:
    """The bodies whose people may be chased about the obligation."""
    return {body for body in (obligation.holder_body_id, _office_id(obligation)) if body}


def _resolve(obligation: Obligation, rule: str, directory: Directory) -> set[int]:
    if rule == Audience.PERSON or (obligation.holder_person_id and rule in (Audience.HANDLER, Audience.HOLDER_CLERKS)):
        return _in_person(obligation.holder_person_id, obligation, directory) or _clerks(obligation, directory)
    if rule == Audience.HANDLER:
        return _handler(obligation, directory) or _clerks(obligation, directory)
    if rule == Audience.HOLDER_CLERKS:
        return _clerks(obligation, directory)
    if rule == Audience.HOLDER_HEADS:
        return _heads(obligation, directory)
    if rule == Audience.ASSIGNING_OFFICE:
        return _office(obligation, directory)
    if rule == Audience.FIRST_PROPOSER:
        if not eyes_on(obligation) & {Eye.FIRST, Eye.PROPOSER}:
            return set()
        person, body = directory.first_of.get(obligation.matter_id, (None, None))
        return _in_person(person, obligation, directory) or directory.at(body, SECRETARIES)
    return _committee(obligation, directory)


def _in_person(person: int | None, obligation: Obligation, directory: Directory) -> set[int]:
    """The person himself; the proposal office in the place of one whose account is closed."""
    if person in directory.closed:
        return _committee(obligation, directory)
    return {person} if person else set()


def _handler(obligation: Obligation, directory: Directory) -> set[int]:
    """The handler inside the unit, as long as he works there, or who stands in for him."""
    handler = obligation.assignment.handler_id if obligation.assignment else None
    return directory.covers.get((obligation.holder_body_id or 0, handler or 0), set())


def _clerks(obligation: Obligation, directory: Directory) -> set[int]:
    """Who works for the holder; on a publication its reviewers, wherever they sit."""
    if Eye.REVIEWER in eyes_on(obligation) and (reviewers := directory.anywhere(REVIEWERS)):
        return reviewers
    return directory.at(obligation.holder_body_id, CLERKS)


def _heads(obligation: Obligation, directory: Directory) -> set[int]:
    return directory.at(obligation.holder_body_id, HEADS)


def _office_id(obligation: Obligation) -> int | None:
    return obligation.assignment.office_id if obligation.assignment else obligation.matter.office_id


def _office(obligation: Obligation, directory: Directory) -> set[int]:
    """The assigning office; the proposal office where there is none, nobody in it, or the clock is not its business."""
    officers = directory.at(_office_id(obligation), OFFICERS) if Eye.OFFICE in eyes_on(obligation) else set()
    return officers or _committee(obligation, directory)


def _committee(obligation: Obligation, directory: Directory) -> set[int]:
    """Who keeps matters of this kind, of what they may know: not of what is inside a unit, nor of a draft."""
    keepers = owners.course_of(obligation.matter).keepers
    return directory.anywhere(keepers) if Eye.STAFF in eyes_on(obligation) else set()
