"""Contact between unit and proposers, recorded by the one and confirmed by the others."""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Person
from proposals.handling import clocks, owners, queries
from proposals.handling.models import Assignment, Contact, ContactAnswer, Participant

from .giving import subject_of
from .paper import Paper, expect, in_the_open, lock, paper_facts, unit_sheet_needed


@transaction.atomic
def record_contact(
    assignment: Assignment,
    *,
    when: str,
    mode: str,
    held_on: date,
    persons: str,
    text: str,
    by: Person,
    now: datetime,
    paper: Paper | None = None,
) -> Contact:
    """Log a contact (面商); the first one ends the contact clock and asks the proposers to confirm."""
    unit_sheet_needed(assignment, by=by, now=now, paper=paper)
    assignment = lock(assignment)
    in_the_open(assignment)
    if not owners.course_of(assignment.matter).contact:
        raise Refused("本件由上级交办，提案者由上级联系，不用登记沟通情况。")
    expect(assignment, *Assignment.OPEN)
    today = timezone.localdate(now)
    if held_on > today:
        raise Refused("沟通日期不能晚于今天。")
    if held_on < timezone.localdate(assignment.given_at):
        raise Refused("沟通日期不能早于交办日期。")
    if not persons.strip() or not text.strip():
        raise Refused("请写明参加人员和沟通情况。")
    contact = Contact.objects.create(
        assignment=assignment,
        round=assignment.round,
        when=when,
        mode=mode,
        held_on=held_on,
        persons=persons,
        text=text,
        by=by,
        at=now,
    )
    for obligation in clocks.open_for(assignment=assignment, stage="first_contact"):
        clocks.complete(obligation, by=by, now=now, on=held_on)
    event = assignment.matter.record(
        "contacted",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        mode=contact.get_mode_display(),
        held_on=held_on,
        **paper_facts(paper),
    )
    tell(
        queries.people_behind(queries.evaluators(assignment.matter), on=today),
        event_id=event.pk,
        template="contact_to_confirm",
        subject={**subject_of(assignment), "contact": str(contact.public_id)},
        now=now,
    )
    return contact


@transaction.atomic
def confirm_contact(
    contact: Contact,
    participant: Participant,
    *,
    took_place: bool,
    note: str,
    by: Person,
    now: datetime,
    paper: Paper | None = None,
) -> ContactAnswer:
    """A proposer says whether the contact took place; saying no needs a word why."""
    assignment = lock(contact.assignment)
    if contact.answers.filter(participant=participant).exists():
        raise WrongStep("您已经核对过这次沟通。")
    if not took_place and not note.strip():
        raise Refused("如情况不属实，请写一句说明。")
    answer = ContactAnswer.objects.create(
        contact=contact, participant=participant, took_place=took_place, note=note, by=by, at=now
    )
    assignment.matter.record(
        "contact_confirmed",
        by=by,
        now=now,
        assignment=assignment,
        answer="属实" if took_place else "不属实",
        **paper_facts(paper),
    )
    return answer
