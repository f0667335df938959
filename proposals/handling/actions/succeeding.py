"""Bodies merge, split and end (P12): what they have in hand goes to their successors with unchanged clocks."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell, tell_many
from members.models import Body, Person
from proposals.handling import clocks, queries, readers
from proposals.handling.models import (
    Assignment,
    Commitment,
    Event,
    Matter,
    Objection,
    Obligation,
    Participant,
    Reply,
    Stage,
    Suggestion,
    record_many,
)

from .catalogue import hand_on_remits
from .giving import restage, subject_of
from .leaving import leave
from .objecting import asked
from .paper import lock
from .promising import carry_promises
from .sharing import end, letter_first, take_role
from .wording import hand_on_wordings

Role = Assignment.Role
State = Assignment.State
Told = tuple[int, int, str, dict[str, Any]]
OVER = (Stage.ARCHIVED, Stage.WITHDRAWN)
"""Nothing is done about these any more: their office keeps the name of its time."""


def sending_of(old: Body, new: Body) -> str:
    """One message a person, whoever writes a part of it."""
    return f"succession:{old.public_id}:{new.public_id}"


@transaction.atomic
def succeed(old: Body, new: Body, *, by: Person, now: datetime) -> list[Assignment]:
    """All that is open with `old` goes to its one successor, in one message a person.

    That is its parts, what it is asked as a unit, what it assigns as an office, its places behind proposals and the
    clocks of all these. Returns the parts that need a decision by hand, for the successor has an answer of its own to
    give; their offices are asked.
    """
    left: list[Assignment] = []
    told: list[Told] = []
    people = queries.clerks_of([old.pk, new.pk], on=timezone.localdate(now))
    for row in open_at(old):
        event = hand_on(row, new, by=by, now=now)
        if event is None:
            left.append(row)
            continue
        told += [(person, event.pk, "succeeded", subject_of(row)) for person in people]
    told += ask_offices(left, by=by, now=now)
    told += _take_over_office(old, new, by=by, now=now)
    _pass_question(old, new, by=by, now=now)
    clocks.move_holders(_other_clocks(old), new, by=by, now=now)
    told += _take_places(old, new, by=by, now=now)
    Suggestion.objects.filter(unit=old, matter__closed_at=None).update(unit=new)
    tell_many(told, sending=sending_of(old, new), now=now)
    return left


def open_at(unit: Body) -> list[Assignment]:
    """What the unit has in hand; a closed matter keeps the name of its time, unless a promise still runs."""
    over = Q(state=State.SETTLED) & ~Exists(Commitment.objects.running().filter(assignment=OuterRef("pk")))
    rows = Assignment.objects.current().filter(unit=unit).exclude(over)
    return list(rows.select_related("matter", "unit", "office").order_by("matter_id"))


def hand_on(assignment: Assignment, new: Body, *, by: Person, now: datetime) -> Event | None:
    """One part goes to the heir, or becomes one with the part that the heir has; None if neither can be.

    Of two parts that become one the answering one stays, with its clocks; the other ends and is kept.
    """
    old = lock(assignment)
    there = old.matter.assignments.current().select_related("unit", "office").filter(unit=new).first()
    if there is None:
        return move_to_successor(old, new, by=by, now=now)
    there.matter = old.matter
    reason = f"{old.unit}的职责由{new}承接"
    if old.state == State.SETTLED:
        carry_promises(old, there, by=by, now=now)
        return old.matter.record("succeeded", by=by, now=now, assignment=there, old=str(old.unit), new=str(new))
    if old.answers and not there.answers:
        end(there, reason=reason, by=by, now=now)
        event = move_to_successor(old, new, by=by, now=now)
    elif old.answers and (old.state == State.ANSWERED or old.replies.filter(state=Reply.State.CHECKING).exists()):
        return None
    else:
        end(old, reason=reason, by=by, now=now)
        carry_promises(old, there, by=by, now=now)
        event = old.matter.record("succeeded", by=by, now=now, assignment=there, old=str(old.unit), new=str(new))
    left = list(old.matter.assignments.current())
    if len(left) == 1:
        take_role(left[0], Role.SOLE, round=left[0].round)
    restage(old.matter)
    return event


def move_to_successor(assignment: Assignment, new: Body, *, by: Person, now: datetime) -> Event:
    """One part with its clocks, unchanged, goes to the unit that took over the duty; the matter is locked."""
    old, assignment.unit = assignment.unit, new
    assignment.handler = assignment.deputy = None
    assignment.section = ""
    assignment.save(update_fields=["unit", "handler", "deputy", "section"])
    for obligation in clocks.open_for(assignment=assignment).filter(holder_body=old):
        clocks.move_holder(obligation, new, by=by, now=now)
    event = assignment.matter.record("succeeded", by=by, now=now, assignment=assignment, old=str(old), new=str(new))
    readers.refresh(assignment.matter)
    return event


@transaction.atomic
def name_successor(assignment: Assignment, new: Body, *, by: Person, now: datetime) -> Assignment:
    """After a split somebody says by hand which successor goes on with this matter (P12).

    Returns the part that is in hand now: an heir that handles the matter already goes on with one part.
    """
    if assignment.unit.ended_on is None:
        raise WrongStep(f"{assignment.unit}没有撤销，不需要指定承接单位；需要换单位请用“调整承办单位”。")
    if assignment.state == State.SETTLED and not assignment.commitments.running().exists():
        raise WrongStep("该件已经办结，也没有要继续落实的承诺，不需要指定承接单位。")
    if not Body.objects.units().filter(pk=new.pk).exists():
        raise Refused(f"{new}不是承办单位，或已经撤销。", field="unit")
    event = hand_on(assignment, new, by=by, now=now)
    if event is None:
        letter_first(assignment)
        raise Refused(f"{new}已经单独答复该件，不能并为一份；请等这份答复的评价结束。", field="unit")
    part = assignment.matter.assignments.current().select_related("matter", "unit").get(unit=new)
    people = queries.clerks_of([new.pk], on=timezone.localdate(now))
    tell(people, event_id=event.pk, template="succeeded", subject=subject_of(part), now=now)
    return part


def ask_offices(rows: Iterable[Assignment], *, by: Person, now: datetime) -> list[Told]:
    """Put it on the timeline that a successor must be named, and whom to tell: the offices."""
    today = timezone.localdate(now)
    told: list[Told] = []
    staff = queries.proposal_staff(on=today)
    for row in rows:
        event = row.matter.record("successor_needed", by=by, now=now, assignment=row, unit=str(row.unit))
        people = sorted({*staff, *queries.officers_of(row.office, on=today)})
        told += [(person, event.pk, "successor_needed", subject_of(row)) for person in people]
    return told


def assigned_by(office: Body) -> QuerySet[Matter]:
    """What the office leads, or has a part of, and may still have to act upon: a closed matter can open again."""
    parts = Assignment.objects.current().filter(office=office)
    return Matter.objects.exclude(stage__in=OVER).filter(Q(office=office) | Q(pk__in=parts.values("matter")))


def _take_over_office(old: Body, new: Body, *, by: Person, now: datetime) -> list[Told]:
    """The successor of an assigning office leads what that has assigned; told is of what is open."""
    matters = list(assigned_by(old).select_for_update(of=("self",)).order_by("pk"))
    for matter in matters:
        matter.office_id = new.pk if matter.office_id == old.pk else matter.office_id
    Matter.objects.filter(pk__in=[matter.pk for matter in matters], office=old).update(office=new)
    Assignment.objects.current().filter(matter__in=matters, office=old).update(office=new)
    readers.refresh_many(matters)
    events = record_many(dict.fromkeys(matters, _names(old, new)), "succeeded", by=by, now=now)
    people = queries.people_in(queries.OFFICER_ROLES, on=timezone.localdate(now), bodies=[old.pk, new.pk])
    return [
        (person, events[matter.pk].pk, "office_succeeded", {"matter": str(matter.public_id)})
        for matter in matters
        if not matter.is_closed
        for person in people
    ]


def _names(old: Body, new: Body) -> dict[str, str]:
    return {"old": str(old), "new": str(new)}


def _pass_question(old: Body, new: Body | None, *, by: Person, now: datetime) -> None:
    """A unit that was asked to take a matter over gives way to its heir; nobody is asked about the own matter."""
    waiting = Objection.objects.filter(state=Objection.State.OPEN).select_related("assignment", "suggested")
    for objection in waiting.filter(Q(suggested=old) | Q(suggested=new, assignment__unit=new)).order_by("pk"):
        assignment = objection.assignment = lock(objection.assignment)
        for clock in clocks.open_for(assignment=assignment, stage="objection_opinion"):
            clocks.cancel(clock, by=by, now=now, reason=f"{old}已撤销")
        heir = None if new == assignment.unit else new
        objection.suggested, objection.state = heir, Objection.State.OPEN if heir else Objection.State.DECIDING
        objection.save(update_fields=["suggested", "state"])
        readers.refresh(assignment.matter)
        if heir:
            event = assignment.matter.record("objection_asked", by=by, now=now, assignment=assignment, unit=str(heir))
            asked(objection, event, on=timezone.localdate(now), by=by, now=now)


def _other_clocks(old: Body) -> QuerySet[Obligation]:
    """What the body has to do by a day, beside its own parts: as an office, or behind a proposal."""
    return Obligation.objects.running().held_by(old).exclude(assignment__unit=old)


def places_of(body: Body) -> QuerySet[Participant]:
    """Where an organisation stands behind what is not over; what is keeps the name of its time."""
    rows = Participant.objects.filter(body=body, left_at=None, matter__closed_at=None)
    return rows.select_related("matter").order_by("matter_id", "pk")


def _take_places(old: Body, new: Body, *, by: Person, now: datetime) -> list[Told]:
    """Collective proposals of `old` go on with its heir (P14); where both stand behind one, the heir stands once."""
    rows = list(places_of(old))
    behind = {row.matter_id for row in rows}
    matters = Matter.objects.select_for_update(of=("self",)).filter(pk__in=behind).order_by("pk").in_bulk()
    theirs = Participant.objects.filter(body=new, matter__in=behind)
    there = {(row.matter_id, row.role): row for row in theirs}
    for row in rows:
        row.matter = matters[row.matter_id]
        if one := there.get((row.matter_id, row.role)):
            one.order, row.order = sorted([one.order, row.order])
            one.left_at, one.withdrew = None, False
            Participant.objects.bulk_update([one, row], ["order", "left_at", "withdrew"])
            leave(row, reason=f"由{new}承接", by=by, now=now)
        else:
            row.body = new
            row.save(update_fields=["body"])
    mains = Matter.objects.filter(followers__in=behind).exclude(pk__in=behind)
    readers.refresh_many([*matters.values(), *mains.distinct()])
    events = record_many(dict.fromkeys(matters.values(), _names(old, new)), "succeeded", by=by, now=now)
    people = queries.people_in(queries.SECRETARY_ROLES, on=timezone.localdate(now), bodies=[old.pk, new.pk])
    return [
        (person, events[pk].pk, "place_succeeded", {"matter": str(matter.public_id)})
        for pk, matter in matters.items()
        for person in people
    ]


def follow_succession(old: Body, heirs: list[Body], on: date, by: Person, now: datetime) -> None:
    """Registered with `members.succession`: one heir takes all; after a split each part is asked about.

    The first heir of a split goes on with what `old` raised itself. Raises Refused if a body would end without an heir
    to what is open, or if an office that has assigned were split.
    """
    hand_on_remits(old, heirs, on=on)
    if len(heirs) == 1:
        hand_on_wordings(old, heirs[0])
        succeed(old, heirs[0], by=by, now=now)
        return
    _refuse_to_strand(old, heirs)
    tell_many(ask_offices(open_at(old), by=by, now=now), sending=f"split:{old.public_id}", now=now)
    _pass_question(old, None, by=by, now=now)
    if heirs:
        clocks.move_holders(_other_clocks(old), heirs[0], by=by, now=now)
        told = _take_places(old, heirs[0], by=by, now=now)
        tell_many(told, sending=sending_of(old, heirs[0]), now=now)


def _refuse_to_strand(old: Body, heirs: Sequence[Body]) -> None:
    if assigning := assigned_by(old).count():
        raise Refused(f"{old}交办的{assigning}件还没有归档，只能并入另一单位，由其继续督办。", field="kind")
    if heirs:
        return
    if handling := len(open_at(old)):
        raise Refused(f"{old}还有{handling}件正在办理或跟踪落实承诺，请先指定承接单位或逐件调整，再撤销。")
    if raised := places_of(old).count():
        raise Refused(f"{old}提出的{raised}件提案还没有办结，请并入承接的组织，或办结、撤案后再撤销。")
