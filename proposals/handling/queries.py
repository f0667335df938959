"""Questions about matters in hand that span tables."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import reduce
from math import ceil
from operator import add
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    FilteredRelation,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    When,
    prefetch_related_objects,
)
from django.utils import timezone

from members.choices import Role, System
from members.errors import Refused
from members.models import Absence, Appointment, AssigningOffice, Body, Delegation
from members.models.appointment import AppointmentQuerySet
from members.rights import roles_of

from . import owners
from .models import (
    Access,
    Assignment,
    Checkpoint,
    Commitment,
    Coordination,
    Countersign,
    EvaluationRound,
    JointConsultation,
    Matter,
    Objection,
    Obligation,
    Participant,
    Policy,
    PublicWord,
    Reply,
    ReplyVersion,
    Signature,
    SigningKind,
    Stage,
    Suggestion,
)
from .models.commitment import PublicWordQuerySet
from .models.signing import Signer

CLERK_ROLES = (Role.UNIT_CLERK,)
HEAD_ROLES = (Role.UNIT_HEAD,)
OFFICER_ROLES = (Role.ASSIGNING_OFFICER, Role.REPORT_STAFF)
SECRETARY_ROLES = (Role.ORGANISATION_SECRETARY, Role.CONVENER)
STAFF_ROLES = (Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR)

LIKE = 0.3
"""Which share of its pairs of characters a title must find in another to be on the same subject."""
LOOK_BACK = 3000


def people_in(roles: Iterable[Role], *, on: date, bodies: Iterable[int] | None = None) -> list[int]:
    """Ids of the persons who hold one of `roles` on that day, in `bodies` or anywhere."""
    appointments = Appointment.objects.in_force(on).filter(role__in=list(roles), person__is_active=True)
    if bodies is not None:
        appointments = appointments.filter(body__in=list(bodies))
    return list(appointments.order_by("person_id").values_list("person_id", flat=True).distinct())


def organisations_of(user: Any, *, on: date) -> set[int]:
    """The organisations whose secretary or convener this person is."""
    roles = roles_of(user, on)
    return {body for role in SECRETARY_ROLES for body in roles.get(role, ())}


def people_by_body(roles: Iterable[Role], bodies: Iterable[int], *, on: date) -> dict[int, set[int]]:
    """Ids of the persons who hold one of `roles` on that day, by body."""
    found: dict[int, set[int]] = {}
    appointments = Appointment.objects.in_force(on).filter(role__in=list(roles), person__is_active=True)
    for body, person in appointments.filter(body__in=list(bodies)).values_list("body_id", "person_id"):
        found.setdefault(body, set()).add(person)
    return found


def clerks_of(bodies: Iterable[int], *, on: date) -> list[int]:
    """The units' clerks; a unit without a clerk answers through its head."""
    return sorted({person for post in posts_at(bodies, on=on).values() for person in post.people})


@dataclass(frozen=True)
class Post:
    """Who is told of what comes to a unit; `manned` if one of them is there today."""

    people: tuple[int, ...] = ()
    manned: bool = False


def posts_at(bodies: Iterable[int], *, on: date) -> dict[int, Post]:
    """The posts of each body, with those to whom a clerk has lent his today, in one query.

    Clerks on leave find the message when they are back; as long as none is there, the heads are told too.
    """
    wanted = set(bodies)
    seats = seats_of(Appointment.objects.filter(body__in=wanted, role__in=[*CLERK_ROLES, *HEAD_ROLES]), on=on)
    told: dict[int, dict[bool, set[int]]] = {body: {True: set(), False: set()} for body in wanted}
    there: set[tuple[int, bool]] = set()
    for body, role, person, stand_in, is_away, stand_in_is_away in seats:
        clerk = role in CLERK_ROLES
        told[body][clerk] |= {one for one in (person, stand_in) if one}
        if not is_away or (stand_in and not stand_in_is_away):
            there.add((body, clerk))
    posts = {}
    for body, people in told.items():
        heads = set() if (body, True) in there else people[False]
        posts[body] = Post(tuple(sorted(people[True] | heads)), manned=bool(there & {(body, True), (body, False)}))
    return posts


def seats_of(appointments: AppointmentQuerySet, *, on: date) -> Any:
    """Those in force: body, role, person, who stands in for him, and whether either is away that day."""
    away = Exists(Absence.objects.in_force(on).filter(person=OuterRef("person")))
    stand_in_away = Exists(Absence.objects.in_force(on).filter(person=OuterRef("lent__to")))
    in_force = Q(delegations__starts_on__lte=on, delegations__ends_on__gte=on, delegations__revoked_at=None)
    rows = appointments.in_force(on).filter(person__is_active=True)
    lent = rows.annotate(lent=FilteredRelation("delegations", condition=in_force), stand_in=F("lent__to"))
    return lent.values_list("body", "role", "person", "stand_in", away, stand_in_away)


def signers_at(unit_id: int, signer: Signer, *, on: date, but: Collection[int] = ()) -> Post:
    """Who may sign a step in that unit, with those to whom an appointment was lent; whether one of them is there.

    Leave out `but`: those who stand behind the proposal themselves sign no reply to it (P13).
    """
    seats = Appointment.objects.filter(body=unit_id)
    seats = seats.filter(role=signer.role) if signer.role else seats.filter(person=signer.person_id)
    people: set[int] = set()
    manned = False
    for _, _, person, stand_in, is_away, stand_in_is_away in seats_of(seats, on=on):
        there = [(person, not is_away), (stand_in, not stand_in_is_away)]
        free = [(one, present) for one, present in there if one and one not in but]
        people |= {one for one, _ in free}
        manned |= any(present for _, present in free)
    return Post(tuple(sorted(people)), manned)


def waiting_for(user: Any, *, on: date) -> QuerySet[ReplyVersion]:
    """The versions whose turn is this person's to sign, by his own or a lent appointment."""
    unit = "version__reply__assignment__unit"
    mine = Q(person=user)
    for role, bodies in roles_of(user, on).items():
        mine |= Q(role=role, **{f"{unit}__in": bodies})
    lent = Delegation.objects.in_force(on).filter(to=user, appointment__in=Appointment.objects.in_force(on))
    lent = lent.filter(appointment__person=OuterRef("person"), appointment__body=OuterRef(unit))
    turn = Signature.objects.filter(mine | Exists(lent), version=OuterRef("pk"), order=OuterRef("turn"))
    return ReplyVersion.objects.filter(Exists(turn), state=ReplyVersion.State.SIGNING)


def to_settle(*, on: date) -> QuerySet[ReplyVersion]:
    """Versions with whose countersigning the lead has to deal: some word is against it, or there is none left to wait for."""
    asked = Countersign.objects.filter(version=OuterRef("pk"), assignment__ended_at=None)
    days_left = Obligation.objects.running().filter(stage="countersign", due_on__gte=on)
    awaited = asked.filter(Exists(days_left.filter(assignment=OuterRef("assignment"))), answer="")
    turn = Signature.objects.filter(version=OuterRef("pk"), order=OuterRef("turn"), kind=SigningKind.COUNTERSIGN)
    rows = ReplyVersion.objects.filter(Exists(turn), state=ReplyVersion.State.SIGNING)
    return rows.filter(Exists(asked.filter(answer__in=Countersign.AGAINST)) | ~Exists(awaited))


def checks_replies(office: Body) -> bool:
    """Whether this office looks at every reply before it is delivered."""
    return AssigningOffice.objects.filter(office=office, checks_replies=True).exists()


def proposal_office(*, on: date) -> Body:
    """The body that reviews and confirms (提案委): the office of the committee's own system."""
    row = AssigningOffice.objects.select_related("office").filter(system=System.CPPCC).first()
    if row is not None:
        return row.office
    seat = Appointment.objects.in_force(on).filter(role__in=STAFF_ROLES).select_related("body").order_by("pk").first()
    if seat is None:
        raise Refused("还没有设置提案委的工作人员，请联系系统管理员。")
    return seat.body


def officers_of(office: Body, *, on: date) -> list[int]:
    """Who acts for an assigning office; the proposal committee's own staff if nobody does."""
    return people_in(OFFICER_ROLES, on=on, bodies=[office.pk]) or proposal_staff(on=on)


def proposal_staff(*, on: date) -> list[int]:
    return people_in(STAFF_ROLES, on=on)


def reviewers(*, on: date) -> list[int]:
    """Who decides on publication; the proposal office where there is nobody."""
    return people_in((Role.DISCLOSURE_REVIEWER,), on=on) or proposal_staff(on=on)


def participants_of(matter: Matter) -> QuerySet[Participant]:
    """Who stands behind the matter or behind one merged into it, and has not left."""
    return Participant.objects.filter(Q(matter=matter) | Q(matter__merged_into=matter), left_at=None)


def own_participants(matter: Matter) -> list[Participant]:
    """Who stands behind the matter itself and has not left; no query where the matter came with its participants."""
    prefetch_related_objects([matter], "participants")
    return [row for row in matter.participants.all() if row.left_at is None]


def evaluators(matter: Matter) -> list[Participant]:
    """Everyone who gets the reply and evaluates it: the proposers of the matter and of those merged into it.

    Nobody where the reply stays with the office, which tells those behind the matter itself.
    """
    if not owners.course_of(matter).evaluation:
        return []
    rows = participants_of(matter).filter(role__in=Participant.EVALUATING)
    return list(rows.select_related("person", "body", "matter").order_by("matter_id", "order", "id"))


def suggestions_of(matter: Matter, *, merged: bool = True) -> list[Suggestion]:
    """The suggestions of the matter, then of every one merged into it, each with the unit that it names.

    Without `merged` only its own, which the matter then keeps.
    """
    if not merged:
        prefetch_related_objects([matter], Prefetch("suggestions", Suggestion.objects.select_related("unit")))
        return sorted(matter.suggestions.all(), key=lambda row: row.number)
    among = Matter.objects.filter(Q(pk=matter.pk) | Q(merged_into=matter)).values("pk")
    rows = list(Suggestion.objects.filter(matter__in=among).select_related("matter", "unit"))
    for row in rows:
        if row.matter_id == matter.pk:
            row.matter = matter
    return sorted(rows, key=lambda row: (row.matter_id != matter.pk, row.matter_id, row.number))


def labels_of(suggestions: Sequence[Suggestion]) -> dict[int, str]:
    """What each of `suggestions_of` is called, by id: 第 1 条, or 第 2 件第 1 条 where several proposals go together."""
    places = {matter: place for place, matter in enumerate(dict.fromkeys(row.matter_id for row in suggestions), 1)}
    whose = "第{}件" if len(places) > 1 else ""
    return {row.pk: f"{whose.format(places[row.matter_id])}第{row.number}条" for row in suggestions}


def people_behind(participants: Iterable[Participant], *, on: date, contacts: bool = True) -> list[int]:
    """Ids of those who are told: the persons themselves, or an organisation's secretary or convener and contact person.

    Without `contacts` only those who evaluate. A co-signing organisation has no contact person of its own.
    """
    rows = list(participants)
    people = {row.person_id for row in rows if row.person_id}
    bodies = [row.body_id for row in rows if row.body_id]
    if bodies:
        people |= set(people_in(SECRETARY_ROLES, on=on, bodies=bodies))
    led = [row.matter_id for row in rows if row.body_id and row.leads]
    if led and contacts:
        named = Participant.objects.filter(matter__in=led, role=Participant.Role.CONTACT, left_at=None)
        people |= {person for person in named.values_list("person_id", flat=True) if person}
    return sorted(person for person in people if person)


def policy(code: str, *, on: date, default: str) -> str:
    """The committee's choice in force on that day."""
    row = Policy.objects.filter(code=code, starts_on__lte=on).order_by("-starts_on").first()
    return row.value if row else default


def stages_of(matters: Iterable[Matter]) -> dict[int, Stage]:
    """The stage that the assignments of each matter put it in while it is being handled, by its id, in one query."""
    found = list(matters)
    parts: dict[int, list[Assignment]] = {matter.pk: [] for matter in found}
    waiting = Objection.objects.filter(assignment=OuterRef("pk"), state="coordinating")
    called = Coordination.objects.open().filter(assignment=OuterRef("pk"))
    rows = Assignment.objects.current().filter(matter__in=parts)
    for row in rows.annotate(coordinating=Exists(waiting) | Exists(called)):
        parts[row.matter_id].append(row)
    return {matter.pk: _stage_of(parts[matter.pk], owners.course_of(matter)) for matter in found}


def _stage_of(rows: Sequence[Any], course: owners.Course) -> Stage:
    answering = [row for row in rows if row.answers]
    if any(row.coordinating for row in rows):
        return Stage.COORDINATING
    if answering and all(row.state == Assignment.State.ANSWERED for row in answering):
        return course.answered
    if any(row.round > 1 and row.state == Assignment.State.SIGNED for row in answering):
        return course.again
    if any(row.state == Assignment.State.SIGNED for row in rows):
        return Stage.HANDLING
    return Stage.TO_SIGN


def open_round(assignment: Assignment) -> EvaluationRound | None:
    return assignment.evaluation_rounds.filter(round=assignment.round, closed_at=None).first()


def rounds_to_confirm() -> QuerySet[EvaluationRound]:
    """Rounds with a dissatisfaction that the proposal office has to confirm: its clock runs (P7)."""
    confirming = Obligation.objects.running().filter(
        stage="confirm_dissatisfaction", assignment=OuterRef("assignment"), round=OuterRef("round")
    )
    return EvaluationRound.objects.filter(Exists(confirming), closed_at=None)


def consultations_due() -> QuerySet[EvaluationRound]:
    """Rounds that ended dissatisfied after a second handling, and that nobody has met about yet (联合会商)."""
    rows = EvaluationRound.objects.filter(
        outcome=EvaluationRound.Outcome.DISSATISFIED, round__gte=2, round=F("assignment__round")
    )
    held = JointConsultation.objects.filter(assignment=OuterRef("assignment"), round=OuterRef("round"))
    return rows.filter(~Exists(held), assignment__ended_at=None, assignment__matter__closed_at=None)


def earlier_replies(assignment: Assignment, user: Any, limit: int = 5) -> list[Reply]:
    """The unit's own delivered replies on the same subject, by pairs of characters that titles share as units read them (P6).

    Only what `user` may see: whoever types a letter for the unit may belong to an office that assigned one of many.
    """
    wanted = pairs_of(assignment.matter.title_for_units)
    if not wanted:
        return []
    rows = Reply.objects.filter(assignment__unit=assignment.unit_id, state=Reply.State.DELIVERED)
    rows = rows.exclude(assignment=assignment).filter(assignment__matter__in=Matter.objects.visible_to(user))
    matter = "assignment__matter"
    own = Case(When(**{f"{matter}__unit_title": ""}, then=F(f"{matter}__title")), default=F(f"{matter}__unit_title"))
    latest = Reply.objects.filter(pk__in=rows.order_by("-pk").values("pk")[:LOOK_BACK]).annotate(read_as=own)
    has: list[Any] = [Case(When(read_as__contains=pair, then=1), default=0) for pair in sorted(wanted)]
    alike = latest.annotate(shared=reduce(add, has)).filter(shared__gte=ceil(LIKE * len(wanted)))
    return list(alike.select_related("assignment__matter", "result").order_by("-shared", "-pk")[:limit])


def pairs_of(title: str) -> set[str]:
    """Neighbouring characters of a title, without the words that every title has."""
    core = title.removeprefix("关于").removesuffix("建议").removesuffix("提案").removesuffix("的")
    return {core[n : n + 2] for n in range(len(core) - 1)}


def waiting_sheets() -> QuerySet[Checkpoint]:
    """Prepared sheets that nobody has dealt with yet, of clocks that still run: the latest one a clock."""
    fired = Checkpoint.objects.filter(outcome=Checkpoint.Outcome.FIRED, step__template="clock.chase_sheet")
    newer = fired.filter(obligation=OuterRef("obligation"), pk__gt=OuterRef("pk"))
    running = fired.filter(obligation__status__in=Obligation.RUNNING, obligation__assignment__isnull=False)
    return running.filter(~Exists(newer), sheet=None)


@dataclass(frozen=True)
class PublicCommitment:
    """What everybody may read of a promise: the words that the disclosure reviewer has passed, and no others (P25)."""

    unit: str
    text: str
    said: str
    on: date


def public_commitments(matter: Matter, replies: Iterable[int]) -> list[PublicCommitment]:
    """The promises of the published `replies` (ids), each with its latest word that was passed; none of what is not open."""
    if matter.access != Access.OPEN:
        return []
    passed = PublicWord.objects.filter(commitment__assignment__matter=matter, state=PublicWord.State.PASSED)
    passed = passed.filter(commitment__point__reply__in=replies)
    rows = passed.select_related("commitment__assignment__unit").order_by("commitment_id", "-pk")
    latest = sorted(rows.distinct("commitment_id"), key=lambda row: row.commitment.number or 0)
    return [
        PublicCommitment(str(row.commitment.assignment.unit), row.text, row.said, timezone.localdate(row.at))
        for row in latest
    ]


def words_to_review(reviewer: Any) -> QuerySet[PublicWord]:
    """Public changes of promises that wait for a disclosure reviewer."""
    return words_for(reviewer).waiting()


def words_for(reviewer: Any) -> PublicWordQuerySet:
    """Public changes of promises that he may look at: nothing of what is not open, or of his own proposals (P13)."""
    own = Participant.objects.filter(person=reviewer, left_at=None)
    behind = Q(commitment__assignment__matter__in=own.values("matter"))
    behind |= Q(commitment__assignment__matter__followers__in=own.values("matter"))
    rows = PublicWord.objects.filter(commitment__assignment__matter__access=Access.OPEN)
    return rows.exclude(pk__in=PublicWord.objects.filter(behind).values("pk"))


@dataclass(frozen=True)
class PromiseFigures:
    """How promises stand: of `due`, whose day has passed, `in_time` were kept by their day."""

    given: int
    kept: int
    overdue: int
    due: int
    in_time: int

    @property
    def rate(self) -> str:
        return f"{100 * self.in_time / self.due:.1f}%" if self.due else "—"


def figures_of(*, on: date) -> dict[str, Any]:
    """The aggregates of `PromiseFigures` over promises."""
    late = Q(state=Commitment.State.RUNNING, clock__status=Obligation.Status.OPEN, clock__due_on__lt=on)
    due = Q(clock__due_on__lt=on)
    return {
        "given": Count("pk"),
        "kept": Count("pk", filter=Q(state=Commitment.State.KEPT)),
        "overdue": Count("pk", filter=late),
        "due": Count("pk", filter=due),
        "in_time": Count("pk", filter=due & Q(kept_on__lte=F("clock__due_on"))),
    }


def promise_figures(rows: QuerySet[Commitment], *, on: date) -> PromiseFigures:
    return PromiseFigures(**rows.order_by().aggregate(**figures_of(on=on)))


def promise_figures_by_unit(rows: QuerySet[Commitment], *, on: date) -> list[tuple[str, str, PromiseFigures]]:
    """Name and public id of each unit with its figures, the most overdue first, in one query."""
    names = ("assignment__unit__name", "assignment__unit__public_id")
    found = rows.order_by().values(*names).annotate(**figures_of(on=on)).order_by("-overdue", "-given", *names)
    return [(row.pop(names[0]), str(row.pop(names[1])), PromiseFigures(**row)) for row in found]
