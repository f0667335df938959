"""Closing against sending, sender against sender: on real connections, in both orders."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage
from threading import Barrier, Event
from typing import Any, TypeVar
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction

from members.inbox import actions, engine
from members.inbox.actions import Fact
from members.inbox.engine import Outcome
from members.inbox.models import Channel, Message, State
from members.models import Person
from members.transport import Line
from tests.factories import PersonFactory
from tests.inbox.sink import Sink

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 5, 22, 1, 0, tzinfo=UTC)
SECONDS = 10
T = TypeVar("T")


class Gate:
    """A line that stops in the middle of a hand-off until it is told to go on."""

    def __init__(self) -> None:
        self.reached, self.go_on = Event(), Event()
        self.sent: list[str] = []

    def open(self) -> None:
        return

    def deliver(self, mail: EmailMessage) -> None:
        self.reached.set()
        assert self.go_on.wait(SECONDS)
        self.sent.append(mail["Message-ID"])

    def close(self) -> None:
        return


def beside(pool: ThreadPoolExecutor, call: Callable[..., T], *args: Any, **kwargs: Any) -> Future[T]:
    """Run in a thread that gives its connection back."""

    def run() -> T:
        try:
            return call(*args, **kwargs)
        finally:
            connection.close()

    return pool.submit(run)


def waiting_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return bool(cursor.fetchone()[0])


def until(condition: Callable[[], bool]) -> None:
    pause = Event()
    for _ in range(SECONDS * 100):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("it never came to that")


def reminded(person: Person, *numbers: int) -> Message:
    facts = [Fact(f"o{n}:e1:s4:n1", person.pk, "plain", {"text": str(n), "outside": f"第{n}号"}, n, 1) for n in numbers]
    actions.remind(facts, now=NOW)
    return Message.objects.get(recipient=person, channel=Channel.EMAIL, part_of=None)


def test_closing_waits_for_a_hand_off_in_flight() -> None:
    message, gate = reminded(PersonFactory(mail="a@example.com"), 1), Gate()
    [(pk, token, _)] = engine.claim(now=NOW)

    with ThreadPoolExecutor() as pool:
        handing_off = beside(pool, engine.hand_off, pk, token, gate, now=NOW)
        assert gate.reached.wait(SECONDS)
        closing = beside(pool, actions.cancel, 1)
        until(waiting_for_a_lock)
        assert not closing.done()
        gate.go_on.set()

        assert (handing_off.result(SECONDS), closing.result(SECONDS)) == (Outcome.SENT, 0)
    assert len(gate.sent) == 1
    assert message.facts.get().state == State.SENT


def test_no_hand_off_begins_while_closing_is_under_way() -> None:
    reminded(PersonFactory(mail="a@example.com"), 1, 2)
    [(pk, token, _)] = engine.claim(now=NOW)
    gate = Gate()
    gate.go_on.set()

    with ThreadPoolExecutor() as pool, transaction.atomic():
        actions.cancel(1)
        outcome = beside(pool, engine.hand_off, pk, token, gate, now=NOW).result(SECONDS)

    assert (outcome, len(gate.sent)) == (Outcome.SENT, 1)
    states = set(Message.objects.filter(channel=Channel.EMAIL, about__isnull=False).values_list("about", "state"))
    assert states == {(1, State.CANCELLED), (2, State.SENT)}


def test_what_a_rolled_back_closing_held_back_is_sent_after_all() -> None:
    message = reminded(PersonFactory(mail="a@example.com"), 1, 2)
    [(pk, token, _)] = engine.claim(now=NOW)
    gate = Gate()
    gate.go_on.set()

    with ThreadPoolExecutor() as pool, transaction.atomic():
        actions.cancel(1)
        beside(pool, engine.hand_off, pk, token, gate, now=NOW).result(SECONDS)
        transaction.set_rollback(True)
    engine.send(now=NOW, transport=gate)

    assert len(gate.sent) == 2
    left = Message.objects.get(about=1, channel=Channel.EMAIL)
    assert (left.state, left.part_of_id == message.pk) == (State.SENT, False)


def test_a_claim_that_was_taken_over_hands_nothing_off() -> None:
    reminded(PersonFactory(mail="a@example.com"), 1)
    [(pk, old_token, _)] = engine.claim(now=NOW)
    [(_, token, _)] = engine.claim(now=NOW + engine.LEASE)
    gate = Gate()
    gate.go_on.set()

    assert engine.hand_off(pk, old_token, gate, now=NOW) == Outcome.PASSED
    assert engine.hand_off(pk, token, gate, now=NOW) == Outcome.SENT
    assert len(gate.sent) == 1


def test_a_reminder_that_comes_while_its_mail_goes_out_is_not_lost() -> None:
    person, gate = PersonFactory(mail="a@example.com"), Gate()
    reminded(person, 1)
    [(pk, token, _)] = engine.claim(now=NOW)

    with ThreadPoolExecutor() as pool:
        handing_off = beside(pool, engine.hand_off, pk, token, gate, now=NOW)
        assert gate.reached.wait(SECONDS)
        late = Fact("o2:e1:s4:n1", person.pk, "plain", {"text": "2"}, 2, 1)
        beside(pool, actions.remind, [late], now=NOW).result(SECONDS)
        gate.go_on.set()
        handing_off.result(SECONDS)
    engine.send(now=NOW, transport=gate)

    assert gate.sent == [
        f"<digest.p{person.pk}.email.2026-05-22T09@127.0.0.1>",
        f"<digest.p{person.pk}.email.2026-05-22T09#2@127.0.0.1>",
    ]


def test_three_senders_send_each_message_once(sink: Sink) -> None:
    people = [PersonFactory(mail=f"a{number}@example.com") for number in range(60)]
    actions.tell([person.pk for person in people], event_id=1, template="plain", subject={"text": "x"}, now=NOW)
    start = Barrier(3)

    def send() -> None:
        start.wait(SECONDS)
        engine.send(now=NOW, transport=Line(urlsplit(sink.url)))

    with ThreadPoolExecutor() as pool:
        for done in [beside(pool, send) for _ in range(3)]:
            done.result(60)

    assert (len(sink.ledger), sink.doubled()) == (60, {})
    assert not Message.objects.filter(channel=Channel.EMAIL).exclude(state=State.SENT).exists()


def test_two_scans_that_remind_the_same_person_share_one_message() -> None:
    person = PersonFactory(mail="a@example.com")
    start = Barrier(2)

    def remind(number: int) -> None:
        start.wait(SECONDS)
        actions.remind([Fact(f"o{number}:e1:s4:n1", person.pk, "plain", {"text": "x"}, number, 1)], now=NOW)

    with ThreadPoolExecutor() as pool:
        for done in [beside(pool, remind, number) for number in (1, 2)]:
            done.result(SECONDS)

    sending = Message.objects.get(channel=Channel.EMAIL, part_of=None)
    assert sending.facts.count() == 2
