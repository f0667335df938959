"""What was given to units and no unit knows of yet comes back to the offices (撤销交办)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from members.models import Appointment, Person
from proposals.handling import clocks
from proposals.handling.models import Assignment, Checkpoint, Event, Exposure, Matter, Obligation, Sight

State = Assignment.State


def why_units_know(matters: Sequence[Matter], *, given_at: datetime, on: date) -> str:
    """Why what was given at that moment cannot be taken back: somebody has acted on it, been reminded of it or read it.

    Empty if nobody has. Five queries at most, however many there are.
    """
    given = Event.objects.filter(matter=OuterRef("matter"), verb="assigned", at=given_at).values("seq")[:1]
    events = Event.objects.filter(matter__in=matters).annotate(given=Subquery(given))
    if later := events.filter(seq__gt=F("given")).select_related("matter").order_by("matter_id", "seq").first():
        return f"{later.matter.label}交办以后已有办理记录"
    parts = Assignment.objects.current().filter(matter__in=matters)
    fired = Checkpoint.objects.filter(obligation__assignment__in=parts, outcome=Checkpoint.Outcome.FIRED)
    if reminded := fired.select_related("obligation__matter").order_by("pk").first():
        return f"{reminded.obligation.matter.label}已向承办单位发出提醒"
    people = Appointment.objects.in_force(on).filter(body__in=parts.values("unit")).values("person")
    seen = Sight.objects.filter(matter__in=matters, person__in=people, last_on__gte=on)
    if sight := seen.select_related("person", "matter").order_by("matter_id", "pk").first():
        return f"承办单位的{sight.person}已经打开过{sight.matter.label}"
    return ""


@transaction.atomic
def take_back_many(matters: Sequence[Matter], *, reason: str, by: Person, now: datetime) -> None:
    """End the assignments of these locked matters as if they had not been; their clocks tell nobody any more.

    All or none, in a number of queries that does not grow with them. What the matters are now, and who reads them, is
    for their owner to say.
    """
    parts = list(Assignment.objects.current().filter(matter__in=matters).select_for_update(of=("self",)).order_by("pk"))
    running = Obligation.objects.running().filter(assignment__in=parts)
    clocks.cancel_many(running, by=by, now=now, reason="撤销交办")
    ended = {"state": State.ENDED, "ended_at": now, "ended_by": by, "ended_reason": f"撤销交办：{reason}"[:200]}
    Assignment.objects.filter(pk__in=[row.pk for row in parts]).update(**ended)
    for matter in matters:
        matter.exposure = Exposure.OFFICE
    Matter.objects.filter(pk__in=[matter.pk for matter in matters]).update(exposure=Exposure.OFFICE)
