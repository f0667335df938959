"""The sender: claims what is due, hands it over, marks it. Any number of copies may run.

A claim and a hand-off are two steps: the claim counts `attempts`, which is the token of the hand-off. A row
that was closed, re-claimed or is being closed right now is not handed off.
"""

import logging
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from itertools import groupby

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.models.functions import Coalesce

from members.gateways import gateways
from members.inbox import mail, registry, stops
from members.inbox.lines import Lines, compose
from members.inbox.models import Message, State
from members.inbox.registry import SENDING, Broken, Rendered
from members.models import Person
from members.transport import Delayed, LineDown, Refused, Transport, Unsure

logger = logging.getLogger(__name__)

BATCH = 20
TRIED_AT_ONCE = 200
LEASE = timedelta(seconds=120)
BUDGET = timedelta(seconds=40)
FIRST_PAUSE = timedelta(minutes=1)
LONGEST_PAUSE = timedelta(hours=6)
GIVE_UP_AFTER = timedelta(days=5)
RECONNECT_SECONDS = 0.5
BEGUN = "正在交给网关"  # of a gateway that gets everything at most once: written before it is handed over

_CLAIM = """
    UPDATE inbox_message SET attempts = attempts + 1, not_before = %s
    WHERE id IN (
        SELECT id FROM inbox_message
        WHERE state = 'pending' AND part_of_id IS NULL AND not_before <= %s AND gateway <> ALL(%s)
        ORDER BY not_before, id LIMIT %s FOR UPDATE SKIP LOCKED
    )
    RETURNING id, attempts, gateway
"""


class Outcome(Enum):
    SENT = "sent"
    CANCELLED = "cancelled"
    DEAD = "dead"
    UNKNOWN = "unknown"
    DELAYED = "delayed"
    LINE_DOWN = "line_down"
    PASSED = "passed"


@dataclass
class Tally:
    """How many messages ended how, in one run of the sender."""

    counts: dict[str, int] = field(default_factory=dict)

    def add(self, outcome: Outcome) -> None:
        self.counts[outcome.value] = self.counts.get(outcome.value, 0) + 1


class _Watch:
    """The given moment, moving on with the machine's monotonic clock."""

    def __init__(self, now: datetime) -> None:
        self.start = now
        self.began = time.monotonic()

    def passed(self) -> timedelta:
        return timedelta(seconds=time.monotonic() - self.began)

    def now(self) -> datetime:
        return self.start + self.passed()


def send(*, now: datetime, transport: Transport | None = None) -> Tally:
    """Hand over what is due, until nothing is left, the budget is spent, or every line is down.

    `transport` is the line to the mail server, if not that of the settings.
    """
    watch, tally = _Watch(now), Tally()
    regroup(now=now)
    lines = Lines(transport)
    try:
        while watch.passed() < BUDGET:
            claimed = claim(now=watch.now(), without=lines.down)
            if not claimed or not _hand_off_all(claimed, lines, watch, tally):
                break
    finally:
        lines.close()
    while watch.passed() < BUDGET and try_words() == TRIED_AT_ONCE:
        pass
    registry.beat(now)
    return tally


@transaction.atomic
def try_words() -> int:
    """Put into words, once, what reaches its reader in the inbox only, and return how many messages that were.

    What goes out as a mail is tried by its hand-off. One that breaks is marked, for staff to see and to send again; it
    holds up none of the others.
    """
    waiting = Message.objects.filter(to_try=True).select_related("recipient").order_by("pk")
    rows = list(waiting.select_for_update(skip_locked=True, no_key=True, of=("self",))[:TRIED_AT_ONCE])
    for_nobody = [row for row in rows if registry.is_readerless(row.template)]
    _mark_broken(for_nobody, registry.render_for_nobody([(row.template, row.subject) for row in for_nobody]))
    others = [row for row in rows if not registry.is_readerless(row.template)]
    for person, said in groupby(sorted(others, key=lambda row: row.recipient_id), key=lambda row: row.recipient):
        told = list(said)
        _mark_broken(told, registry.render([(row.template, row.subject) for row in told], person))
    Message.objects.filter(pk__in=[row.pk for row in rows]).update(to_try=False)
    return len(rows)


def _mark_broken(rows: Sequence[Message], words: Sequence[Rendered | Broken | None]) -> None:
    for row, word in zip(rows, words, strict=True):
        if isinstance(word, Broken):
            Message.objects.filter(pk=row.pk).update(state=State.DEAD, error=word.why[:500])


def claim(*, now: datetime, without: Collection[str] = ()) -> list[tuple[int, int, str]]:
    """Lease up to a batch of due messages to this process, and return id, token and line of each.

    `without` are the lines that are down.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, [now + LEASE, now, list(without), BATCH])
        return sorted(cursor.fetchall())


def _hand_off_all(claimed: Sequence[tuple[int, int, str]], lines: Lines, watch: _Watch, tally: Tally) -> bool:
    """Return whether another batch makes sense. What is left of a lease half spent comes back by itself."""
    lease = _Watch(watch.now())
    for pk, token, name in claimed:
        if lease.passed() > LEASE / 2:
            return False
        if name in lines.down:
            continue
        line, once = lines.by(name), lines.at_most_once(name)
        try:
            line.open()
            outcome = _hand_off_surely(pk, token, line, watch, lease, once=once)
        except LineDown as down:
            logger.warning("%s: %s", name or "mail", down)
            outcome = Outcome.LINE_DOWN
        except Exception as error:  # one poisoned row must not keep the others from being sent
            logger.exception("message %s was not handed off", pk)
            why = f"{type(error).__name__}: {error}"
            outcome = _doubt(pk, token, why) if once else _postpone(pk, token, why, now=watch.now())
        tally.add(outcome)
        if outcome == Outcome.LINE_DOWN:
            lines.down.add(name)
    return True


def _hand_off_surely(
    pk: int, token: int, line: Transport, watch: _Watch, lease: _Watch, *, once: bool = False
) -> Outcome:
    """Hand off, and if the database goes away meanwhile, again when it is back, as long as the lease is half ours.

    The server may then get the same mail twice, under the same Message-ID. With `once` it never does: a hand-off
    that began and whose end was not written down is one for people.
    """
    while True:
        try:
            if once and not _begin(pk, token):
                return _doubt(pk, token, "已开始交给网关，没有收到结果")
            outcome = hand_off(pk, token, line, now=watch.now())
            if once and outcome == Outcome.PASSED:  # somebody held the row, so nothing began
                Message.objects.filter(pk=pk, attempts=token, state=State.PENDING, error=BEGUN).update(error="")
            return outcome
        except (OperationalError, InterfaceError):
            if connection.is_usable() or lease.passed() > LEASE / 2:
                raise
            connection.close()
            time.sleep(RECONNECT_SECONDS)


def _begin(pk: int, token: int) -> bool:
    """Write down, for good, that a hand-off begins; False if an earlier one began and nobody knows how it ended."""
    mine = Message.objects.filter(pk=pk, attempts=token, state=State.PENDING)
    return not mine.filter(error=BEGUN).exists() and bool(mine.update(error=BEGUN))


@transaction.atomic
def _doubt(pk: int, token: int, why: str) -> Outcome:
    if not Message.objects.filter(pk=pk, attempts=token, state=State.PENDING).update(
        state=State.UNKNOWN, error=why[:500]
    ):
        return Outcome.PASSED
    Message.objects.filter(part_of=pk, state=State.PENDING).update(state=State.UNKNOWN, error=why[:500])
    return Outcome.UNKNOWN


@transaction.atomic
def hand_off(pk: int, token: int, line: Transport, *, now: datetime) -> Outcome:
    """Send one claimed message, in one transaction with its mark.

    The locks make a cancelling statement wait for a hand-off in flight, and a hand-off pass by what is being
    cancelled. What the recipient may no longer see is left out (S4).
    """
    claimed = Message.objects.filter(pk=pk, attempts=token, state=State.PENDING, part_of=None)
    locked = claimed.select_related("recipient").select_for_update(skip_locked=True, no_key=True, of=("self",))
    message = locked.first()
    if message is None:
        return Outcome.PASSED
    facts = _lock_facts(message)
    words = _words(facts, message.recipient) if message.recipient.is_active else {}
    gone = [fact.pk for fact in facts if fact.pk not in words]
    Message.objects.filter(pk__in=gone, part_of=message).update(state=State.CANCELLED, error="收件人不再可见")
    if not words:
        if Message.objects.filter(pk=pk, state=State.DEAD).exists():
            return Outcome.DEAD
        return _end(message, [], Outcome.CANCELLED, now=now, error="没有可发的内容")
    return _deliver(message, words, line, now=now)


def _lock_facts(message: Message) -> list[Message]:
    """What the mail says: the facts of a sending that are not just being cancelled, or the message itself."""
    if message.template != SENDING:
        return [message]
    pending = message.facts.filter(state=State.PENDING).order_by("pk")
    return list(pending.select_for_update(skip_locked=True, no_key=True, of=("self",)))


def _words(facts: Sequence[Message], recipient: Person) -> dict[int, Rendered]:
    """Put each fact into words. One that cannot be is marked, stands alone from now on, and holds up nobody."""
    rendered = registry.render([(fact.template, fact.subject) for fact in facts], recipient)
    words: dict[int, Rendered] = {}
    for fact, word in zip(facts, rendered, strict=True):
        if isinstance(word, Broken):
            Message.objects.filter(pk=fact.pk).update(state=State.DEAD, part_of=None, error=word.why[:500])
        elif word:
            words[fact.pk] = word
    return words


def _deliver(message: Message, words: dict[int, Rendered], line: Transport, *, now: datetime) -> Outcome:
    try:
        title = registry.heading(message.subject.get("name", ""), len(words))
        letter = compose(message, title, list(words.values()), now=now)
        message.message_id = mail.message_id(message.key)
        line.deliver(letter)
    except Refused as refusal:
        if refusal.gone:
            _stop(message, str(refusal), now=now)
        return _end(message, words, Outcome.DEAD, now=now, error=str(refusal))
    except Unsure as doubt:
        return _end(message, words, Outcome.UNKNOWN, now=now, error=str(doubt))
    except Delayed as delay:
        return _postpone(message.pk, message.attempts, str(delay), now=now, line_down=isinstance(delay, LineDown))
    return _end(message, words, Outcome.SENT, now=now)


def _end(message: Message, facts: Iterable[int], outcome: Outcome, *, now: datetime, error: str = "") -> Outcome:
    """Mark the message and the facts that it carried."""
    Message.objects.filter(pk__in={message.pk, *facts}).update(
        state=outcome.value,
        sent_at=now if outcome == Outcome.SENT else None,
        message_id=message.message_id,
        error=error[:500],
    )
    return outcome


def _postpone(pk: int, token: int, error: str, *, now: datetime, line_down: bool = False) -> Outcome:
    """Try again later, ever more rarely; five days after it was written or sent again it is a matter for people.

    A line that is down is no fault of the message: it keeps its turn.
    """
    mine = Message.objects.filter(pk=pk, attempts=token, state=State.PENDING)
    if line_down:
        mine.update(not_before=now + FIRST_PAUSE, error=error[:500])
        return Outcome.LINE_DOWN
    facts = mine.annotate(since=Coalesce("resent_at", "created_at")).values_list("since", "resent_from").first()
    if facts is None:
        return Outcome.PASSED
    since, pause = facts[0], pause_after(token - facts[1])
    if since < now - GIVE_UP_AFTER and pause == LONGEST_PAUSE:
        mine.update(state=State.DEAD, error=error[:500])
        Message.objects.filter(part_of=pk, state=State.PENDING).update(state=State.DEAD, error=error[:500])
        return Outcome.DEAD
    mine.update(not_before=now + pause, error=error[:500])
    return Outcome.DELAYED


def pause_after(attempts: int) -> timedelta:
    """One minute, doubled with each try, six hours at most.

    >>> [pause_after(n).seconds // 60 for n in (1, 2, 3, 9, 10, 30)]
    [1, 2, 4, 256, 360, 360]
    """
    doubled: int = 2 ** (min(attempts, 20) - 1)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def _stop(message: Message, error: str, *, now: datetime) -> None:
    gateway = gateways().get(message.gateway)
    mark = gateway.mark_of(message.recipient) if gateway else message.recipient.mail_index
    stops.stop(message.recipient, message.channel, mark, error, now=now)


@transaction.atomic
def regroup(*, now: datetime) -> int:
    """Give facts whose sending has gone without them a sending of their own, and return their number.

    That happens when a cancellation was rolled back while the sending went out.
    """
    left = Message.objects.filter(state=State.PENDING, part_of__isnull=False).exclude(part_of__state=State.PENDING)
    facts = list(
        left.select_related("part_of").select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("pk")
    )
    for fact in facts:
        assert fact.part_of is not None
        sending, _ = Message.objects.get_or_create(
            key=f"{fact.part_of.key}#again{fact.part_of.attempts}",
            defaults={
                "recipient_id": fact.recipient_id,
                "channel": fact.channel,
                "gateway": fact.gateway,
                "template": SENDING,
                "subject": fact.part_of.subject,
                "not_before": now,
                "created_at": now,
            },
        )
        Message.objects.filter(pk=fact.pk).update(part_of=sending)
    return len(facts)
