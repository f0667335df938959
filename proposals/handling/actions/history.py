"""Matters whose handling began elsewhere come in with what is known of them (历史导入)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from django.db import transaction

from members import keys
from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Body, Person
from proposals.handling import clocks, owners, queries, readers
from proposals.handling.clockwork.ladder import ZONE, local_day
from proposals.handling.models import (
    Assignment,
    EvaluationRound,
    Event,
    Exposure,
    Matter,
    Obligation,
    Reply,
    ResultClass,
    Stage,
    record_many,
)

from .closing import settle
from .giving import Part, restage

State = Assignment.State


@dataclass(frozen=True)
class PastReply:
    """What a register says of a reply; without a date it is only a draft that somebody must complete."""

    replied_on: date | None
    doc_no: str = ""
    result: ResultClass | None = None


@dataclass(frozen=True)
class Past:
    """A matter just made by its owner, and what a register says of its handling.

    `given_on` is the day of the assignment; without parts, or without that day, the matter is not yet handed over.
    `behind` are the audience keys of its proposers.
    """

    matter: Matter
    parts: Sequence[Part] = ()
    given_on: date | None = None
    due_on: date | None = None
    reply: PastReply | None = None
    behind: frozenset[int] = frozenset()
    facts: dict[str, Any] | None = None


@dataclass(frozen=True)
class TakenOver:
    """What came of it: the running reply clocks, and matters whose clock could not start, with the reason."""

    obligations: Sequence[Obligation]
    without_clock: Sequence[tuple[Matter, str]]


@transaction.atomic
def take_over(pasts: Sequence[Past], *, by: Person | None, now: datetime) -> TakenOver:
    """Write assignments, replies and events as the register has them, and start the reply clocks of what is open.

    No sign-for, contact, opinion or evaluation clock is invented; steps already past do not fire but are told to
    each assigning office in one message. The matters must be new: nothing here is ever overwritten.
    """
    assignments = Assignment.objects.bulk_create(
        assignment for past in pasts if past.given_on for assignment in assignments_of(past, by=by)
    )
    by_matter: dict[int, list[Assignment]] = {}
    for assignment in assignments:
        by_matter.setdefault(assignment.matter_id, []).append(assignment)
    Reply.objects.bulk_create(
        reply for past in pasts for reply in replies_of(past, by_matter.get(past.matter.pk, []), by=by, now=now)
    )
    events = record_many({past.matter: past.facts or {} for past in pasts}, "imported", by=by, now=now)
    for past in pasts:
        set_stage(past, by_matter.get(past.matter.pk, []))
    Matter.objects.bulk_update(
        [past.matter for past in pasts], ["stage", "exposure", "office", "readers"], batch_size=500
    )
    taken = TakenOver([], [])
    for past in pasts:
        if past.given_on and not answered(past):
            started = start_reply_clocks(past, by_matter[past.matter.pk], by=by, now=now)
            taken = TakenOver(
                [*taken.obligations, *started.obligations], [*taken.without_clock, *started.without_clock]
            )
    tell_offices(taken.obligations, events, now=now)
    return taken


def answered(past: Past) -> bool:
    return past.reply is not None and past.reply.replied_on is not None


def moment_of(day: date) -> datetime:
    """A register knows days; the moment of one is its beginning here."""
    return datetime.combine(day, time(), ZONE)


def assignments_of(past: Past, *, by: Person | None) -> Iterable[Assignment]:
    assert past.given_on
    for part in past.parts:
        yield Assignment(
            matter=past.matter,
            unit=part.unit,
            role=part.role,
            office=part.office,
            state=State.ANSWERED if answered(past) else State.SIGNED,
            given_at=moment_of(past.given_on),
            given_by=by,
        )


def replies_of(past: Past, assignments: Sequence[Assignment], *, by: Person | None, now: datetime) -> Iterable[Reply]:
    """One reply of each unit that answers, as the register has it."""
    if past.reply is None:
        return
    on = past.reply.replied_on
    for assignment in assignments:
        if assignment.answers:
            yield Reply(
                assignment=assignment,
                state=Reply.State.DELIVERED if on else Reply.State.DRAFT,
                issuer=assignment.unit,
                doc_no=past.reply.doc_no,
                letter_on=on,
                result=past.reply.result,
                imported=True,
                drafted_by=by,
                drafted_at=now,
                delivered_by=by if on else None,
                delivered_at=moment_of(on) if on else None,
                replied_on=on,
            )


def set_stage(past: Past, assignments: Sequence[Assignment]) -> None:
    """Set stage, exposure, office and audience of a matter that has its assignments; the caller writes them.

    The audience is that of `readers.readers_of` for a matter that nobody has touched yet, without a query a row.
    """
    matter = past.matter
    lead = next((assignment for assignment in assignments if assignment.answers), None)
    matter.stage = Stage.FILED if lead is None else Stage.ANSWERED if answered(past) else Stage.HANDLING
    matter.exposure = Exposure.OFFICE if lead is None else Exposure.HANDLING
    matter.office = lead.office if lead else None
    bodies = {body for assignment in assignments for body in (assignment.unit_id, assignment.office_id)}
    matter.readers = sorted({keys.PROPOSAL_OFFICE, *past.behind, *map(keys.body_key, bodies)})


def start_reply_clocks(past: Past, assignments: Sequence[Assignment], *, by: Person | None, now: datetime) -> TakenOver:
    """The reply clock of each answering unit from the real day of the assignment; a year without calendar has none."""
    assert past.given_on
    started: list[Obligation] = []
    for assignment in assignments:
        if not assignment.answers:
            continue
        try:
            with transaction.atomic():
                obligation = clocks.start(
                    past.matter,
                    "reply",
                    assignment=assignment,
                    body=assignment.unit,
                    anchor_on=past.given_on,
                    fixed_on=past.due_on,
                    fire_past=False,
                    by=by,
                    now=now,
                )
        except Refused as error:
            return TakenOver(started, [(past.matter, str(error))])
        started.append(obligation)
    return TakenOver(started, [])


def tell_offices(obligations: Sequence[Obligation], events: dict[int, Event], *, now: datetime) -> None:
    """One message to each assigning office: how many limits run, how many have steps behind them, how many are over."""
    by_office: dict[Body, list[Obligation]] = {}
    for obligation in obligations:
        assert obligation.assignment
        by_office.setdefault(obligation.assignment.office, []).append(obligation)
    today = local_day(now)
    for office, held in by_office.items():
        past = clocks.past_steps(held, now=now)
        if not past:
            continue
        subject = {
            "office": str(office.public_id),
            "open": len(held),
            "past": past,
            "overdue": sum(obligation.due_on < today for obligation in held),
        }
        first = min(events[obligation.matter_id].pk for obligation in held)
        people = queries.officers_of(office, on=today)
        tell(people, event_id=first, template="history_taken_over", subject=subject, now=now)


def why_not_over(matter: Matter) -> str:
    """Why a matter cannot be closed as history; empty if it can. Replies of this house are evaluated instead.

    Asks nothing of assignments, replies and rounds that are prefetched.
    """
    parts = [row for row in matter.assignments.all() if row.ended_at is None and row.answers]
    replies = [reply for row in parts for reply in row.replies.all() if reply.round == row.round]
    if not replies or not all(reply.imported for reply in replies):
        return "这不是历史导入的答复，应由提案者评价后办结。"
    if matter.stage != Stage.ANSWERED or any(reply.state != Reply.State.DELIVERED for reply in replies):
        return "只有已答复待评价的历史提案可以这样办结。"
    if any(row.evaluation_rounds.all() for row in parts):
        return "这件提案已经进入评价，请按评价办结。"
    return ""


@transaction.atomic
def close_past(matter: Matter, *, closed_on: date | None, outcome: str = "", by: Person, now: datetime) -> None:
    """Close a matter whose reply came in with a register (历史提案办结), with the dates of the register.

    Without `closed_on` it ended on the day of its last reply. `outcome` is what the register says of the evaluation;
    where it says nothing no round is invented. Nobody is told: it all happened long ago.
    """
    matter = matter.locked()
    if sentence := why_not_over(matter):
        raise WrongStep(sentence)
    parts = list(matter.assignments.current().answering())
    dates = {row.pk: row.replies.get(round=row.round).replied_on for row in parts}
    last = max(day for day in dates.values() if day)
    closed_on = closed_on or last
    if closed_on < last:
        raise Refused(f"办结日期不能早于答复日期（{last:%Y-%m-%d}）。", field="closed_on")
    if closed_on > local_day(now):
        raise Refused("办结日期不能晚于今天。", field="closed_on")
    if outcome:
        EvaluationRound.objects.bulk_create(
            EvaluationRound(
                assignment=row,
                round=row.round,
                opened_at=moment_of(dates[row.pk] or last),
                closed_at=moment_of(closed_on),
                outcome=outcome,
                confirmed_by=by,
            )
            for row in parts
        )
    matter.assignments.current().update(state=State.SETTLED)
    clocks.cancel_all(matter=matter, by=by, now=now, reason="办结")
    matter.closed_at = moment_of(closed_on)
    silent = outcome == EvaluationRound.Outcome.NOT_RETURNED
    matter.stage = Stage.CLOSED_SILENT if silent else Stage.CLOSED
    matter.save(update_fields=["closed_at", "stage"])
    matter.record("history_closed", by=by, now=now, on=f"{closed_on:%Y-%m-%d}")
    owners.of(matter).settled(matter)
    readers.refresh(matter)


@transaction.atomic
def answer_offline(matter: Matter, *, on: date, by: Person, now: datetime) -> None:
    """A matter that is handled offline was answered (线下答复): its clocks end on that day, no word comes in (P19)."""
    matter = _offline(matter, on=on, now=now)
    parts = matter.assignments.current().filter(state__in=Assignment.OPEN)
    if not parts.exclude(state=State.ANSWERED).exists():
        raise WrongStep("这件已经登记过答复。")
    if on < min(local_day(row.given_at) for row in parts):
        raise Refused("答复日期不能早于交办日期。", field="answered_on")
    main = Obligation.objects.running().filter(matter=matter, stage__in=["sign_for", "reply", "rehandle", "co_opinion"])
    clocks.complete_many(main.order_by("id"), by=by, now=now, on=on)
    clocks.cancel_all(matter=matter, by=by, now=now, reason="已答复")
    parts.update(state=State.ANSWERED)
    matter.record("answered_offline", by=by, now=now, on=on)
    restage(matter)
    owners.of(matter).answered(matter, 1)


@transaction.atomic
def close_offline(matter: Matter, *, on: date, by: Person, now: datetime) -> None:
    """And it ended on that day; the unit is told by number, as of every matter that is closed."""
    matter = _offline(matter, on=on, now=now)
    if matter.stage != Stage.ANSWERED:
        raise WrongStep("还没有登记答复日期，不能登记办结。")
    answered = matter.events.filter(verb="answered_offline").order_by("-seq").first()
    if answered and f"{on}" < answered.payload.facts["on"]:
        raise Refused("办结日期不能早于答复日期。", field="closed_on")
    settle(matter, by=by, now=now, closed_at=now if on == local_day(now) else moment_of(on))


def _offline(matter: Matter, *, on: date, now: datetime) -> Matter:
    matter = matter.locked()
    if not matter.placeholder:
        raise WrongStep("只有线下办理的件这样登记。")
    if on > local_day(now):
        raise Refused("日期不能晚于今天。")
    return matter
