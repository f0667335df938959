"""Bodies merge, split and end (P12): what they have in hand goes to their successors with unchanged clocks."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell, tell_many
from members.models import Body, Person
from proposals.handling import clocks, queries, readers
from proposals.handling.models import Assignment, Event, Reply

from .giving import restage, subject_of
from .paper import lock
from .sharing import end, letter_first, take_role

Role = Assignment.Role
State = Assignment.State
Told = tuple[int, int, str, dict[str, Any]]


@transaction.atomic
def succeed(old: Body, new: Body, *, by: Person, now: datetime) -> list[Assignment]:
    """Move the open parts of `old` to its one successor, in one message a person.

    Returns those that need a decision by hand, for the successor has an answer of its own to give; their offices
    are asked.
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
    tell_many(told, sending=f"succession:{old.public_id}:{new.public_id}", now=now)
    return left


def open_at(unit: Body) -> list[Assignment]:
    """What the unit has in hand, closed matters left out: they keep the name of their time."""
    rows = Assignment.objects.current().filter(unit=unit).exclude(state=State.SETTLED)
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
    if old.answers and not there.answers:
        end(there, reason=reason, by=by, now=now)
        event = move_to_successor(old, new, by=by, now=now)
    elif old.answers and (old.state == State.ANSWERED or old.replies.filter(state=Reply.State.DATED).exists()):
        return None
    else:
        end(old, reason=reason, by=by, now=now)
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


def follow_succession(old: Body, heirs: list[Body], on: date, by: Person, now: datetime) -> None:
    """Registered with `members.succession`: one heir takes all; after a split each matter is asked about.

    Raises Refused if a body with open matters would end without an heir.
    """
    if len(heirs) == 1:
        succeed(old, heirs[0], by=by, now=now)
        return
    rows = open_at(old)
    if rows and not heirs:
        raise Refused(f"{old}还有{len(rows)}件正在办理，请先指定承接单位或逐件调整，再撤销。")
    tell_many(ask_offices(rows, by=by, now=now), sending=f"split:{old.public_id}", now=now)
