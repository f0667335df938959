"""What is kept: sheets that come in later, closed proposals in the archive, secret ones as a number only (P19)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.db import transaction

from members.errors import Refused, WrongStep
from members.models import Person, Session
from members.uploads import Clean
from proposals.handling import actions as handling
from proposals.handling import readers
from proposals.handling.actions import Paper, Part, paper_facts
from proposals.handling.actions.attaching import attach
from proposals.handling.models import Access, Attachment, Exposure, Kind, Matter, Purpose
from proposals.models import Category, Proposal, Status
from proposals.owner import take_along

from .base import lock, move, today
from .reviewing import give_number


@transaction.atomic
def keep_paper(proposal: Proposal, file: Clean, *, what: str, paper: Paper, by: Person, now: datetime) -> Attachment:
    """Put a scan that comes in later with its proposal (补存): signatures, a written request, minutes of a meeting."""
    proposal = lock(proposal)
    if proposal.receipt is None or proposal.status == Status.ARCHIVED:
        raise WrongStep("尚未收件或已经归档的提案，不能补存纸质材料。")
    row = attach(proposal.matter, file, purpose=what, by=by, now=now)
    verb = "minutes_kept" if what == Purpose.MINUTES else "paper_kept"
    facts = {**paper_facts(paper), "paper_scan": str(row.public_id)}
    proposal.matter.record(verb, by=by, now=now, what=row.get_purpose_display(), **facts)
    return row


@transaction.atomic
def archive(proposal: Proposal, *, by: Person, now: datetime) -> Proposal:
    """Put the whole file away (归档), those merged into it with it."""
    proposal = lock(proposal)
    if proposal.matter.merged_into is not None:
        raise WrongStep(f"这件提案已并入{proposal.matter.merged_into.label}，主案归档时一并归档，请在主案上归档。")
    proposal.become(Status.ARCHIVED)
    matter = handling.archive(proposal.matter, by=by, now=now)
    take_along(matter, Status.ARCHIVED, matter.stage, "main_archived")
    return proposal


@transaction.atomic
def close_history(
    proposal: Proposal, *, closed_on: date | None, outcome: str = "", by: Person, now: datetime
) -> Proposal:
    """Close an imported proposal that was answered long ago (历史提案办结); see `handling.close_past`."""
    proposal = lock(proposal)
    handling.close_past(proposal.matter, closed_on=closed_on, outcome=outcome, by=by, now=now)
    return Proposal.objects.select_related("matter").get(pk=proposal.pk)


@transaction.atomic
def hold_place(
    session: Session,
    parts: Sequence[Part],
    *,
    form: str,
    by: Person,
    now: datetime,
    category: Category | None = None,
    fixed_on: date | None = None,
) -> Proposal:
    """Keep a number for a proposal that is handled offline (涉密占位): kind, units, dates, no title, no text.

    Counts, numbers and clocks stay true; messages name only the number. `fixed_on` is its own reply date.
    """
    if fixed_on and fixed_on <= today(now):
        raise Refused("答复期限应晚于今天。", field="fixed_on")
    if not parts:
        raise Refused("请至少选择一个承办单位，时限才能计算。", field="units")
    matter = Matter.objects.create(
        kind=Kind.PROPOSAL,
        session=session,
        stage=Status.REVIEWING,
        exposure=Exposure.OFFICE,
        placeholder=True,
        access=Access.SENSITIVE,
        office=parts[0].office,
    )
    proposal = Proposal.objects.create(
        matter=matter,
        form=form,
        source=Proposal.Source.PAPER,
        status=Status.REVIEWING,
        entered_by=by,
        category=category,
        consents=False,
        consent_reason="线下办理",
        internal=True,
        filed_at=now,
        off_session=not session.accepts(now),
    )
    move(proposal, Status.FILED)
    give_number(proposal, now=now)
    matter.record("placeholder_made", by=by, now=now, number=matter.number)
    given = handling.assign(matter, parts, by=by, now=now, fixed_on=fixed_on)
    handling.announce([given], sending=f"placeholder:{matter.public_id}", now=now)
    readers.refresh(matter)
    return Proposal.objects.get(pk=proposal.pk)


@transaction.atomic
def record_offline(
    proposal: Proposal, *, answered_on: date | None, closed_on: date | None, by: Person, now: datetime
) -> Proposal:
    """Write down how far a proposal that is handled offline has come (线下办理情况): its dates and nothing else."""
    proposal = lock(proposal)
    if answered_on is None and closed_on is None:
        raise Refused("请填写答复日期或办结日期。", field="answered_on")
    if answered_on:
        handling.answer_offline(proposal.matter, on=answered_on, by=by, now=now)
    if closed_on:
        handling.close_offline(proposal.matter, on=closed_on, by=by, now=now)
    return Proposal.objects.select_related("matter").get(pk=proposal.pk)
