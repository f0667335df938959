"""All filed proposals of a session get their numbers in one run (统一编号, P4)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from django.db import models, transaction

from members.errors import Refused, Stale
from members.inbox.actions import tell_many
from members.models import Person, Session
from proposals.handling import numbering, readers
from proposals.handling.models import Access, NumberSeries
from proposals.models import Proposal, Status
from proposals.queries import letters, series_of

from .base import end_clocks, lock_many, proposers, subject_of, today
from .reviewing import start_assignment_clock


class Order(models.TextChoices):
    COLLECTIVE_CATEGORY = "collective_category", "集体提案在前，再按类别、收件顺序"
    CATEGORY = "category", "按类别、收件顺序"
    RECEIPT = "receipt", "按收件顺序"


def waiting(session: Session, order: str) -> list[Proposal]:
    """Those without a number, in the order in which the run would count them; a suspended one waits for a later run."""
    rows = (
        Proposal.objects.filter(status=Status.TO_NUMBER, matter__session=session)
        .exclude(matter__access=Access.SUSPENDED)
        .select_related("matter", "category")
        .prefetch_related("matter__participants__person", "matter__participants__body")
    )
    return sorted(rows, key=lambda row: _place(row, order))


def _place(proposal: Proposal, order: str) -> tuple[int, int, str, int]:
    collective = proposal.form == Proposal.Form.COLLECTIVE
    first = 0 if collective or order != Order.COLLECTIVE_CATEGORY else 1
    category = proposal.category.order if proposal.category and order != Order.RECEIPT else 0
    return first, category, proposal.receipt or "", proposal.pk


def counted(
    rows: Sequence[Proposal], known: Mapping[str, str], before: Mapping[str, int]
) -> list[tuple[str, Proposal]]:
    """Each row with its number: the letter of its form, and the next in that letter's sequence after `before`."""
    last, given = dict(before), []
    for row in rows:
        letter = known[row.form]
        last[letter] = last.get(letter, 0) + 1
        given.append((letter + numbering.written(last[letter]), row))
    return given


def preview(session: Session, rows: Sequence[Proposal], *, now: datetime) -> list[tuple[str, Proposal]]:
    """The numbers that a run would give at this moment."""
    known = letters(on=today(now))
    kinds = {series_of(letter): letter for letter in set(known.values())}
    series = NumberSeries.objects.filter(session=session, kind__in=kinds).values_list("kind", "last")
    return counted(rows, known, {kinds[kind]: last for kind, last in series})


def stamp_of_run(rows: Sequence[Proposal]) -> str:
    """A word that changes with the proposals and their order: what the form of an earlier preview is compared with."""
    return sha256(" ".join(str(row.public_id) for row in rows).encode()).hexdigest()


@transaction.atomic
def run(session: Session, order: str, expected: str, *, by: Person, now: datetime) -> list[Proposal]:
    """Number every waiting proposal of the session at once; numbers never change afterwards.

    `expected` is the stamp of what was previewed: if one was filed, withdrawn or merged since,
    nothing is numbered and Stale is raised. Two runs at once cannot both find the same proposals waiting.
    """
    found = {row.pk: row for row in lock_many(waiting(session, order))}
    rows = [row for row in waiting(session, order) if row.pk in found]
    if not rows:
        raise Refused("没有待编号的提案。")
    if stamp_of_run(rows) != expected:
        raise Stale("预览之后待编号的提案有变化，请重新预览后再确认。")
    facts = []
    for row in rows:
        proposal = found[row.pk]
        proposal.become(Status.FILED)
        end_clocks(proposal.matter, "numbering", by=by, now=now)
        start_assignment_clock(proposal, by=by, now=now)
    known = letters(on=today(now))
    amounts = Counter(known[row.form] for row in rows)
    before = {letter: numbering.take(session, series_of(letter), amounts[letter]) - 1 for letter in sorted(amounts)}
    given = counted(rows, known, before)
    for number, row in given:
        proposal = found[row.pk]
        proposal.matter.number, proposal.matter.stage = number, Status.FILED
        proposal.matter.save(update_fields=["number", "stage"])
        readers.refresh(proposal.matter)
        event = proposal.matter.record("numbered", by=by, now=now, number=proposal.matter.number)
        facts += [
            (person, event.pk, "proposal_numbered", subject_of(proposal))
            for person in proposers(proposal.matter, on=today(now))
        ]
    tell_many(facts, sending=f"numbering:{session.code}:{given[0][0]}", now=now)
    return [found[row.pk] for row in rows]
