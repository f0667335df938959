"""A proposer who has died or was removed takes no further part (P13); what he wrote and rated before stays."""

from datetime import datetime

from django.db import transaction

from members.models import Person
from proposals.handling import clocks, queries, readers
from proposals.handling.models import EvaluationRound, Obligation, Participant

from .evaluating import close_if_complete, close_round, lock_round


@transaction.atomic
def leave(participant: Participant, *, reason: str, by: Person, now: datetime, withdrew: bool = False) -> list[str]:
    """End this proposer's part: nothing is asked of him any more, and no open round waits for his form.

    Whoever `withdrew` still reads what he wrote. Lock the matter first. Returns the stages of the clocks that he held.
    """
    matter = participant.matter
    participant.left_at, participant.withdrew = now, withdrew
    participant.save(update_fields=["left_at", "withdrew"])
    matters = [matter.pk, *filter(None, [matter.merged_into_id])]
    who = {"holder_person": participant.person} if participant.person_id else {"holder_body": participant.body}
    held = list(Obligation.objects.running().filter(matter__in=matters, **who).order_by("id"))
    for obligation in held:
        clocks.cancel(obligation, by=by, now=now, reason=reason)
    readers.refresh(matter)
    rounds = EvaluationRound.objects.filter(assignment__matter__in=matters, closed_at=None).select_related("assignment")
    for row in map(lock_round, rounds.order_by("id")):
        if queries.evaluators(row.assignment.matter):
            close_if_complete(row, by=by, now=now)
        else:
            close_round(row, EvaluationRound.Outcome.NOT_RETURNED, missing=0, by=by, now=now)
    return [obligation.stage for obligation in held]
