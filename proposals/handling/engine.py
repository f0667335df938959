"""The engine: finds what is due, writes what fired and who is told, and sets the next moment.

Any number of copies may run at once. A batch is one transaction; messages inside the house are delivered by its
commit, mail leaves by the sender of the inbox.
"""

import logging
import time
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta

from django.db import connection, transaction

from members.choices import Role
from members.inbox.actions import Fact, remind
from members.inbox.registry import Subject

from . import chase, clockface, clocks
from .audit import SET_ASIDE, differences
from .clockwork.calendar import WorkCalendar
from .clockwork.ladder import Firing, due_now, local_day, next_firing, office_moment, waiting
from .clockwork.years import missing_year
from .models import Checkpoint, EngineBeat, LadderStep, Obligation
from .models.clocks import ObligationQuerySet
from .workdays import working_calendar

logger = logging.getLogger(__name__)

BATCH = 200
BUDGET = timedelta(seconds=40)
REFOLD_LOCK = 7_205_001


@dataclass
class Tally:
    """What one run of the engine did."""

    fired: int = 0
    superseded: int = 0
    set_aside: int = 0
    lag_seconds: float = 0.0

    def add(self, other: "Tally") -> None:
        self.fired += other.fired
        self.superseded += other.superseded
        self.set_aside += other.set_aside
        self.lag_seconds = max(self.lag_seconds, other.lag_seconds)

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


@dataclass
class _Batch:
    """The rows of one batch, with all that deciding about them needs: read in a constant number of queries."""

    rows: list[Obligation]
    now: datetime
    calendar: WorkCalendar
    steps: dict[int, list[LadderStep]]
    handled: dict[int, set[tuple[int, int]]]
    directory: chase.Directory
    checkpoints: list[Checkpoint] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)


def scan(*, now: datetime) -> Tally:
    """Fire what is due until a batch is not full or the time budget is spent."""
    began, tally = time.monotonic(), Tally()
    while True:
        count, did = scan_batch(now=now)
        tally.add(did)
        if count < BATCH or time.monotonic() - began > BUDGET.total_seconds():
            break
    beat("scan", now=now, lag=timedelta(seconds=tally.lag_seconds))
    return tally


@transaction.atomic
def scan_batch(*, now: datetime) -> tuple[int, Tally]:
    """Fire one batch, and return how many rows it had.

    If it fails as a whole, each row is tried alone: a poisoned one is set aside for an hour with its error. What the
    database could not do now (disk full, deadlock, gone) is no row's fault: all roll back, and the next tick tries anew.
    """
    rows = _claim(now=now)
    if not rows:
        return 0, Tally()
    lag = (now - min(row.next_at for row in rows if row.next_at)).total_seconds()
    try:
        with transaction.atomic():
            tally = _fire(rows, now=now)
    except clocks.NO_ROWS_FAULT:
        raise
    except Exception:  # the faulty row is found by trying each alone
        logger.exception("a batch of %s obligations failed, trying one by one", len(rows))
        tally = _fire_one_by_one([row.pk for row in rows], now=now)
    tally.lag_seconds = lag
    return len(rows), tally


_DUE = """
    SELECT id FROM handling_obligation WHERE next_at <= %s
    ORDER BY next_at, id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""


def _claim(*, now: datetime) -> list[Obligation]:
    """Lock what is due and nobody else has locked; an idle tick costs this one query."""
    with connection.cursor() as cursor:
        cursor.execute(_DUE, [now, BATCH])
        ids = [pk for (pk,) in cursor.fetchall()]
    return _rows(ids) if ids else []


def _rows(ids: Sequence[int]) -> list[Obligation]:
    found = Obligation.objects.filter(pk__in=ids).select_related("matter", "assignment", "rule")
    return list(found.order_by("next_at", "id"))


def _fire_one_by_one(ids: Sequence[int], *, now: datetime) -> Tally:
    tally = Tally()
    for pk in ids:
        try:
            with transaction.atomic():
                tally.add(_fire(_rows([pk]), now=now))
        except clocks.NO_ROWS_FAULT:
            raise
        except Exception as error:  # one poisoned row never stops its neighbours
            logger.exception("obligation %s was set aside", pk)
            clocks.set_aside(pk, error, next_at=office_moment(now + SET_ASIDE, working_calendar()))
            tally.set_aside += 1
    return tally


def _fire(rows: list[Obligation], *, now: datetime) -> Tally:
    batch = _read(rows, now=now)
    tally = Tally()
    for row in rows:
        _fire_row(row, batch, tally)
    Checkpoint.objects.bulk_create(batch.checkpoints)
    Obligation.objects.bulk_update(rows, ["next_at", "next_step", "next_n", "error"])
    remind(batch.facts, now=now)
    return tally


def _read(rows: list[Obligation], *, now: datetime) -> _Batch:
    today = local_day(now)
    epochs = {row.pk: row.epoch for row in rows}
    fired = Checkpoint.objects.filter(obligation__in=epochs).values_list("obligation_id", "epoch", "step_id", "n")
    handled = [(pk, step, n) for pk, epoch, step, n in fired if epochs[pk] == epoch]
    bodies = set().union(*(chase.bodies_of(row) for row in rows))
    return _Batch(
        rows=rows,
        now=now,
        calendar=working_calendar(),
        steps=clockface.steps_by_ladder(row.rule.ladder_id for row in rows if row.rule.ladder_id),
        handled=dict(clockface.handled_by_obligation(handled)),
        directory=chase.Directory.read(
            bodies, matters=[row.matter_id for row in rows], people=chase.holders_of(rows), on=today
        ),
    )


def _fire_row(row: Obligation, batch: _Batch, tally: Tally) -> None:
    """Fire the most severe step that is due and pass over the others; set what comes next."""
    steps = batch.steps.get(row.rule.ladder_id or 0, [])
    open_steps = waiting(clockface.firings_of(row, steps, batch.calendar), batch.handled.get(row.pk, ()))
    chosen, others = due_now(open_steps, batch.now)
    if chosen:
        batch.checkpoints += [_checkpoint(row, one, Checkpoint.Outcome.SUPERSEDED, batch.now) for one in others]
        batch.checkpoints.append(_checkpoint(row, chosen, Checkpoint.Outcome.FIRED, batch.now))
        batch.facts += _facts(row, chosen, next(step for step in steps if step.pk == chosen.step), batch)
        tally.fired += 1
        tally.superseded += len(others)
    past = {one.key for one in (*others, chosen) if one}
    coming = next_firing(waiting(open_steps, past), batch.now, batch.calendar)
    row.next_at = coming[0] if coming else None
    row.next_step_id = coming[1].step if coming else None
    row.next_n = coming[1].n if coming else None
    if row.calendar_version == batch.calendar.version:  # else the error may be that of its recount
        row.error = ""


def _checkpoint(row: Obligation, firing: Firing, outcome: str, now: datetime) -> Checkpoint:
    return Checkpoint(obligation=row, epoch=row.epoch, step_id=firing.step, n=firing.n, fired_at=now, outcome=outcome)


def _facts(row: Obligation, firing: Firing, step: LadderStep, batch: _Batch) -> list[Fact]:
    """What is told to whom. A quiet matter chases nobody; only the office's prepared sheet is laid out."""
    if row.matter.quiet and step.template not in chase.MUTE_TEMPLATES:
        return []
    told = chase.chased(row, step.audience_rule, batch.directory)
    stem = f"o{row.pk}:e{row.epoch}:s{firing.step}:n{firing.n}"
    subject = {"obligation": row.pk, "step": step.name}
    facts = [
        Fact(stem, person, step.template, subject, about=row.pk, epoch=row.epoch) for person in sorted(told.people)
    ]
    if told.vacant and told.unsigned:
        subject = {"body": told.vacant, "unsigned": True}
        facts += _vacancy(f"s{told.vacant}", "clock.vacancy", subject, batch, chase.PROPOSAL_OFFICE)
    elif told.vacant:
        facts += _vacancy(f"b{told.vacant}", "clock.vacancy", {"body": told.vacant}, batch)
    if told.nobody:
        facts += _vacancy("office", "clock.office_vacancy", {}, batch)
    return facts


def _vacancy(
    whose: str, template: str, subject: Subject, batch: _Batch, beside: Collection[str] = frozenset()
) -> list[Fact]:
    """A body without a clerk, a proposal office without staff: those who can appoint one hear of it, once a day.

    So do those `beside`: of an organisation that nobody speaks for the proposal office, which can ring it up.
    """
    stem = f"vacant:{whose}:{local_day(batch.now)}"
    people = batch.directory.anywhere([Role.SYSTEM_ADMINISTRATOR, *beside])
    return [Fact(stem, person, template, subject) for person in sorted(people)]


# the calendar was edited --------------------------------------------------------------------------------------------


def refold(*, now: datetime, limit: int | None = None, budget: timedelta | None = BUDGET) -> int:
    """Recount running clocks that were counted on an older calendar, and return how many were.

    Each is looked at once, in a transaction of its own behind a lock: so it can stop anywhere and run beside itself.
    One that cannot be counted is set aside with its error, stays where it is, and comes last the next time.
    """
    began, done = time.monotonic(), 0
    for row in behind().order_by("error", "calendar_version", "id").only("matter")[:limit].iterator(chunk_size=500):
        if budget and time.monotonic() - began > budget.total_seconds():
            break
        done += _recount(row, now=now)
    return done


def behind() -> ObligationQuerySet:
    """Running clocks that were counted on an older calendar."""
    return Obligation.objects.running().filter(calendar_version__lt=working_calendar().version)


def _recount(row: Obligation, *, now: datetime) -> bool:
    try:
        with transaction.atomic():
            _hold_refold_lock()
            clocks.recount(row, now=now)
    except clocks.NO_ROWS_FAULT:
        raise
    except Exception as error:  # one poisoned row never stops its neighbours
        logger.exception("obligation %s was not recounted", row.pk)
        clocks.set_aside(row.pk, error)
        return False
    return True


def _hold_refold_lock() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [REFOLD_LOCK])


def warn_missing_year(*, now: datetime) -> int | None:
    """Tell the offices once a day which year's notice is missing: from 1 November before it until it is there."""
    today = local_day(now)
    year = missing_year(today, working_calendar().published)
    if year is None:
        return None
    directory = chase.Directory.read((), on=today)
    people = directory.anywhere([*chase.PROPOSAL_OFFICE, Role.SYSTEM_ADMINISTRATOR])
    stem = f"calendar:{year}:{today}"
    remind([Fact(stem, person, "clock.calendar_missing", {"year": year}) for person in sorted(people)], now=now)
    return year


def beat(name: str, *, now: datetime, lag: timedelta = timedelta(), found: int = 0) -> None:
    """Write that a loop went well; a stale row shows as a banner."""
    facts = {"last_ok_at": now, "oldest_due_lag": lag, "found": found}
    if not EngineBeat.objects.filter(pk=name).update(**facts):
        EngineBeat.objects.update_or_create(name=name, defaults=facts)


def audit(*, now: datetime) -> int:
    """Derive every running clock anew; tell the administrators and the proposal office, once a day, if one differs."""
    found = len(differences(now=now))
    if found:
        directory = chase.Directory.read((), on=local_day(now))
        people = directory.anywhere([*chase.PROPOSAL_OFFICE, Role.SYSTEM_ADMINISTRATOR])
        stem = f"audit:{local_day(now)}"
        remind([Fact(stem, person, "clock.audit", {"found": found}) for person in sorted(people)], now=now)
    beat("audit", now=now, found=found)
    return found
