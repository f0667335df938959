"""A closed matter is handled again: a new round, with the bodies that stand there now."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell, tell_many
from members.models import Body, Person
from members.succession import heir_of
from proposals.handling import clocks, owners, queries, readers
from proposals.handling.models import Assignment, Commitment, Event, Matter, Participant

from .giving import restage, subject_of
from .paper import Paper, lock, paper_facts
from .succeeding import ask_offices, move_to_successor

State = Assignment.State


@transaction.atomic
def reopen(
    assignment: Assignment,
    *,
    reason: str,
    by: Person,
    now: datetime,
    paper: Paper | None = None,
    promise: Commitment | None = None,
) -> Assignment:
    """Handle a closed matter again, as a late dissatisfied form may ask (P8): a new round of this unit.

    `promise` is the one that was missed, where that is why; its own clock goes on until it is kept.
    """
    assignment = lock(assignment)
    matter = assignment.matter
    if matter.closed_at is None:
        raise WrongStep("该件尚未办结，不需要重新办理。")
    if not owners.course_of(matter).evaluation:
        raise Refused("本件已经办结，不再重新办理。上级退回再办的，请按新的来文登记；又有新情况的，请另行登记。")
    if not assignment.answers:
        raise Refused("会办单位不单独重新办理，请选择主办单位。")
    if not reason.strip():
        raise Refused("请写明重新办理的原因。")
    if promise and not Commitment.objects.overdue(on=timezone.localdate(now)).filter(pk=promise.pk).exists():
        raise WrongStep("这项承诺没有逾期，或已经落实，不能作为重新办理的原因。")
    matter.closed_at = None
    matter.save(update_fields=["closed_at"])
    matter.assignments.current().update(state=State.ANSWERED)
    assignment.refresh_from_db()
    assignment.matter = matter
    _follow_changes_of_bodies(assignment, by=by, now=now)
    told = matter.record(
        "reopened",
        by=by,
        now=now,
        assignment=assignment,
        reason=reason,
        **paper_facts(paper),
    )
    if promise:
        named: dict[str, Any] = {"unit": str(assignment.unit), "number": promise.number, "promise": promise.text}
        matter.record("promise_missed", by=by, now=now, assignment=assignment, **named)
    owners.of(matter).reopened(matter)
    event = matter.record("rehandling", by=by, now=now, assignment=assignment, unit=str(assignment.unit))
    another_round(assignment, event, by=by, now=now)
    today = timezone.localdate(now)
    proposers = queries.people_behind(queries.evaluators(matter), on=today)
    tell(proposers, event_id=told.pk, template="reopened", subject={"matter": str(matter.public_id)}, now=now)
    return assignment


def make_room(matter: Matter, *, reason: str, by: Person, now: datetime) -> None:
    """What was closed is about to be given to units: parts that it has end as they are, with what was answered; matter locked.

    No clock of theirs runs any more.
    """
    ended = {"state": State.ENDED, "ended_at": now, "ended_by": by, "ended_reason": reason}
    matter.assignments.current().update(**ended)
    matter.closed_at = None
    matter.save(update_fields=["closed_at"])


def another_round(assignment: Assignment, event: Event, *, by: Person, now: datetime) -> None:
    """The unit answers once more, with a clock of its own, and hears of `event`; assignment and matter are locked.

    A last day that nobody here may move is the clock's, too, unless it has passed.
    """
    matter, today = assignment.matter, timezone.localdate(now)
    assignment.round += 1
    assignment.state = State.SIGNED
    assignment.save(update_fields=["round", "state"])
    clocks.start(
        matter,
        "rehandle",
        assignment=assignment,
        round=assignment.round,
        body=assignment.unit,
        anchor_on=today,
        fixed_on=owners.last_day(matter, after=today),
        by=by,
        now=now,
    )
    restage(matter)
    unit = {
        *queries.clerks_of([assignment.unit_id], on=today),
        *queries.people_in(queries.HEAD_ROLES, on=today, bodies=[assignment.unit_id]),
    }
    tell(sorted(unit), event_id=event.pk, template=event.verb, subject=subject_of(assignment), now=now)


def _follow_changes_of_bodies(reopened: Assignment, *, by: Person, now: datetime) -> None:
    """What was over kept the names of its time (P12): units and organisations that ended since give way to their heirs.

    Where a unit was split, or its heir has a part already, the office is asked who goes on.
    """
    matter, left = reopened.matter, []
    rows = list(matter.assignments.current().select_related("unit", "office").order_by("pk"))
    units = {row.unit_id for row in rows}
    for row in rows:
        part = reopened if row.pk == reopened.pk else row
        part.matter = matter
        if part.unit.ended_on is None:
            continue
        heir = heir_of(part.unit, of_split=False)
        if heir is None or heir.pk in units:
            left.append(part)
            continue
        units.add(heir.pk)
        move_to_successor(part, heir, by=by, now=now)
    if left:
        tell_many(ask_offices(left, by=by, now=now), sending=f"reopened:{reopened.public_id}:{reopened.round}", now=now)
    behind = queries.participants_of(matter).filter(body__ended_on__isnull=False).select_related("matter", "body")
    for place in behind.order_by("matter_id", "pk"):
        if place.body and (heir := heir_of(place.body)):
            _take_place(place, heir, by=by, now=now)


def _take_place(place: Participant, heir: Body, *, by: Person, now: datetime) -> None:
    """The heir stands once behind a proposal, in the better of the two places."""
    old, there = place.body, Participant.objects.filter(matter=place.matter_id, role=place.role, body=heir).first()
    if there:
        there.order, place.order = sorted([there.order, place.order])
        there.left_at, there.withdrew, place.left_at = None, False, now
        Participant.objects.bulk_update([there, place], ["order", "left_at", "withdrew"])
    else:
        place.body = heir
        place.save(update_fields=["body"])
    readers.refresh(place.matter)
    place.matter.record("succeeded", by=by, now=now, old=str(old), new=str(heir))
