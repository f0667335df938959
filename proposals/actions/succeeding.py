"""Bodies merge, split and end (P12): invitations to co-sign and what units are asked before the hand-over follow."""

from datetime import date, datetime
from typing import Any

from django.db.models import Q

from members.inbox.actions import tell_many
from members.models import Body, Person
from proposals.handling import clocks, readers
from proposals.handling.actions.succeeding import Told, sending_of
from proposals.handling.models import Assignment, Event, Participant
from proposals.handling.queries import clerks_of
from proposals.models import EDITABLE, AllocationPart, CoSignature, PreConsultation, Proposal, Status

from .allocating import drop_questions, led_by_its_unit
from .base import subject_of, today
from .cosigning import answerers, clock_of, end_invitation

Role = Assignment.Role


def follow_succession(old: Body, heirs: list[Body], on: date, by: Person, now: datetime) -> None:
    """Registered with `members.succession`; places behind proposals and all other clocks follow on handling's floor."""
    told = _pass_invitations(old, heirs[0] if heirs else None, by=by, now=now)
    told += _pass_drafts(old, heirs[0] if len(heirs) == 1 else None, by=by, now=now)
    if told:
        tell_many(told, sending=sending_of(old, heirs[0]), now=now)


def _message(event: Event, people: list[int], template: str, proposal: Proposal, **more: Any) -> list[Told]:
    return [(person, event.pk, template, subject_of(proposal, **more)) for person in people]


def _pass_invitations(old: Body, heir: Body | None, *, by: Person, now: datetime) -> list[Told]:
    """The heir answers in the place of an invited organisation, and its consent stands; nobody signs twice."""
    told: list[Told] = []
    raised = Participant.objects.leading().filter(body=old).values("matter")
    rows = CoSignature.objects.filter(state__in=CoSignature.LIVE, proposal__status__in=EDITABLE)
    rows = rows.filter(Q(body=old) | Q(body=heir, body__isnull=False, proposal__matter__in=raised))
    for row in rows.select_related("proposal__matter", "body").order_by("proposal__matter", "pk"):
        matter = row.proposal.matter = row.proposal.matter.locked()
        leads = matter.participants.leading().filter(body__in=[old, heir]).exists()
        if heir is None or leads or _live(row.proposal, heir):
            end_invitation(row, by=by, now=now, reason=f"由{heir}承接" if heir else f"{old}已撤销")
            continue
        clocks.move_holders(clock_of(row), heir, by=by, now=now)
        row.body = heir
        row.save(update_fields=["body"])
        if row.state == CoSignature.State.INVITED:
            event = matter.record("invited", by=by, now=now, names=str(heir))
            more = {"cosignature": str(row.public_id)}
            told += _message(event, answerers(row, on=today(now)), "proposal_cosign_invited", row.proposal, **more)
    return told


def _live(proposal: Proposal, body: Body) -> bool:
    return proposal.cosignatures.filter(body=body, state__in=CoSignature.LIVE).exists()


def _pass_drafts(old: Body, heir: Body | None, *, by: Person, now: datetime) -> list[Told]:
    """What is drafted for a unit, and what it is asked, goes to its one heir; otherwise the office drafts anew."""
    told: list[Told] = []
    drafted = AllocationPart.objects.filter(unit=old).values("proposal")
    waiting = PreConsultation.objects.filter(unit=old, answered_at=None).values("proposal")
    rows = Proposal.objects.filter(status=Status.FILED)
    for proposal in (rows.filter(pk__in=drafted) | rows.filter(pk__in=waiting)).order_by("matter"):
        proposal.matter = proposal.matter.locked()
        question = proposal.preconsultations.filter(unit=old, answered_at=None).first()
        if heir:
            _draft_for(proposal, old, heir, by=by, now=now)
        if question and heir and not proposal.preconsultations.filter(unit=heir, answered_at=None).exists():
            question.unit = heir
            question.save(update_fields=["unit"])
            running = clocks.open_for(matter=proposal.matter, stage="preconsultation")
            clocks.move_holders(running.filter(holder_body=old), heir, by=by, now=now)
            event = proposal.matter.record("units_asked", by=by, now=now, units=str(heir))
            told += _message(event, clerks_of([heir.pk], on=today(now)), "proposal_unit_asked", proposal)
        elif question:
            drop_questions(proposal, [old], by=by, now=now, reason=f"{old}已撤销")
        readers.refresh(proposal.matter)
    return told


def _draft_for(proposal: Proposal, old: Body, heir: Body, *, by: Person, now: datetime) -> None:
    parts = {row.unit_id: row for row in proposal.allocation.all()}
    if mine := parts.get(old.pk):
        if there := parts.get(heir.pk):
            mine.delete()
            alone = len(parts) == 2
            there.role = Role.SOLE if alone else mine.role if mine.role == Role.LEAD else there.role
            there.save(update_fields=["role"])
        else:
            mine.unit = heir
            mine.save(update_fields=["unit"])
        led_by_its_unit(proposal, by=by, now=now)
