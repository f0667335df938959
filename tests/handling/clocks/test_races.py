"""Commands against the sender and scanners against each other, on real connections (a short form of the drills)."""

import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from email.message import EmailMessage
from threading import Event, Lock
from typing import Any

import pytest
from django.db import connection

from members import keys
from members.inbox import engine as inbox
from members.inbox.models import Channel, Message, State
from proposals.handling import audit, clocks, engine
from proposals.handling.models import Checkpoint, Obligation
from tests.handling.factories import House, Unit, assignment, at, house, matter, reply_clock, unit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine]

T_10 = at(date(2026, 5, 19), 9)
RACES = 40
SECONDS = 60


class Ledger:
    """Takes mails, slowly enough to be overtaken, and remembers when each hand-off began."""

    def __init__(self) -> None:
        self.began: dict[str, float] = {}
        self.lock = Lock()
        self.chance = random.Random(7)

    def open(self) -> None:
        return

    def deliver(self, mail: EmailMessage) -> None:
        with self.lock:
            assert mail["Message-ID"] not in self.began
            self.began[mail["Message-ID"]] = time.monotonic()
        Event().wait(self.chance.random() / 500)

    def close(self) -> None:
        return


def beside(pool: ThreadPoolExecutor, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Run in a thread that gives its connection back."""

    def run() -> Any:
        try:
            return call(*args, **kwargs)
        finally:
            connection.close()

    return pool.submit(run)


def fired(home: House, number: int) -> list[tuple[Obligation, Unit]]:
    """Reply clocks whose first reminder waits as a mail, each for a clerk of its own."""
    held = []
    for _ in range(number):
        one = unit()
        one.clerk.mail = f"p{one.clerk.pk}@example.test"
        one.clerk.save()
        case = matter(home, readers=[keys.PROPOSAL_OFFICE, keys.body_key(one.body.pk)])
        held.append((reply_clock(home, matter=case, assignment=assignment(home, case, one.body)), one))
    engine.scan(now=T_10)
    return held


def mails() -> dict[int, Message]:
    """The mailed fact of each obligation."""
    return {
        fact.about: fact for fact in Message.objects.filter(channel=Channel.EMAIL, about__isnull=False) if fact.about
    }


@pytest.mark.parametrize("command", ["complete", "extend", "transfer"])
def test_i8_d8_nothing_is_handed_off_after_a_command_has_taken_it_back(command: str) -> None:
    home = house()
    held = fired(home, RACES)
    heir = unit()
    ledger, taken_back = Ledger(), dict[int, float]()
    now = T_10 + timedelta(hours=1)

    def act(row: Obligation) -> None:
        if command == "complete":
            clocks.complete(row, by=None, now=now)
        elif command == "extend":
            clocks.extend(row, amount=1, by=None, now=now, reason="x")
        else:
            clocks.move_holder(row, heir.body, by=None, now=now)
        taken_back[row.pk] = time.monotonic()

    def act_on_all() -> None:
        for row, _ in random.Random(3).sample(held, len(held)):
            act(row)

    with ThreadPoolExecutor() as pool:
        senders = [beside(pool, inbox.send, now=now, transport=ledger) for _ in range(2)]
        actor = beside(pool, act_on_all)
        for one in [*senders, actor]:
            one.result(SECONDS)

    facts = mails()
    assert len(facts) == len(taken_back) == RACES
    assert {fact.state for fact in facts.values()} <= {State.SENT, State.CANCELLED}
    sent = {about: fact.message_id for about, fact in facts.items() if fact.state == State.SENT}
    late = [about for about, message_id in sent.items() if ledger.began[message_id] > taken_back[about]]
    assert late == []
    assert len(ledger.began) == len(sent)


def test_i1_the_audit_reads_one_moment_whatever_is_committed_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """Between the reading of the clocks and that of their events, somebody else moves one of them."""
    home = house()
    row = reply_clock(home)
    read, connections = audit._events_of, list[int]()

    def move() -> None:
        clocks.extend(row, amount=1, by=None, now=at(date(2026, 3, 4)), reason="x")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            connections.append(cursor.fetchone()[0])

    def read_after_a_move(rows: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            connections.append(cursor.fetchone()[0])
        with ThreadPoolExecutor() as pool:
            beside(pool, move).result(SECONDS)
        return read(rows)

    monkeypatch.setattr(audit, "_events_of", read_after_a_move)
    found = audit.differences(now=at(date(2026, 3, 4)))

    assert found == []
    assert len(set(connections)) == 2
    row.refresh_from_db()
    assert row.due_on == date(2026, 7, 2), "the move was committed before the events were read"


def test_i7_d4_four_scanners_fire_each_step_once() -> None:
    home = house()
    for _ in range(40):
        one = unit()
        case = matter(home)
        reply_clock(home, matter=case, assignment=assignment(home, case, one.body))

    with ThreadPoolExecutor() as pool:
        for scanner in [beside(pool, engine.scan, now=T_10) for _ in range(4)]:
            scanner.result(SECONDS)

    assert Checkpoint.objects.count() == 40
    assert Message.objects.filter(about__isnull=False).count() == 40
    assert list(audit.differences(now=T_10)) == []


def test_i8_a_command_waits_for_a_scan_in_flight_and_then_takes_back_what_it_wrote() -> None:
    home = house()
    one = unit()
    one.clerk.mail = "clerk@example.test"
    one.clerk.save()
    rows = [
        reply_clock(home, matter=(case := matter(home)), assignment=assignment(home, case, one.body)) for _ in range(30)
    ]

    with ThreadPoolExecutor() as pool:
        scan = beside(pool, engine.scan, now=T_10)
        closings = [beside(pool, clocks.complete, row, by=None, now=T_10) for row in rows]
        for each in [scan, *closings]:
            each.result(SECONDS)

    assert not Message.objects.filter(channel=Channel.EMAIL, about__isnull=False, state=State.PENDING).exists()
    assert not Obligation.objects.filter(next_at__isnull=False).exists()
