"""The sender on a real mail server: who is harmed by whom (nobody), and what each answer means."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from members import transport
from members.inbox import actions, engine
from members.inbox.actions import Fact
from members.inbox.mail import message_id
from members.inbox.models import Channel, ChannelStop, Message, State
from members.models import Person
from members.transport import Line
from tests.factories import PersonFactory
from tests.inbox.sink import Sink

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 22, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai


def line(sink: Sink) -> Line:
    return Line(urlsplit(sink.url))


def told(mail: str, event: int = 9, **subject: object) -> Message:
    person = PersonFactory(mail=mail)
    actions.tell([person.pk], event_id=event, template="plain", subject={"text": "已交办", **subject}, now=NOW)
    return Message.objects.get(recipient=person, channel=Channel.EMAIL)


def reminded(person: Person, *numbers: int, **subject: object) -> Message:
    facts = [
        Fact(f"o{n}:e1:s4:n1", person.pk, "plain", {"text": f"第{n}件", "outside": f"第{n}号", **subject}, n, 1)
        for n in numbers
    ]
    actions.remind(facts, now=NOW)
    return Message.objects.get(recipient=person, channel=Channel.EMAIL, part_of=None, state=State.PENDING)


def test_a_mail_goes_out_once_and_carries_only_what_may_leave_the_house(sink: Sink) -> None:
    message = told("a@example.com", text="关于涉密停车场的提案", outside="")

    engine.send(now=NOW, transport=line(sink))
    engine.send(now=NOW + timedelta(hours=1), transport=line(sink))

    message.refresh_from_db()
    [mail] = sink.mails
    assert (message.state, message.message_id) == (State.SENT, message_id(message.key))
    assert sink.ledger == [message.message_id]
    assert mail["Subject"] == "您有一件待办"
    assert "停车场" not in mail.as_string() + mail.get_content()


def test_the_facts_of_a_sending_travel_in_one_mail(sink: Sink) -> None:
    message = reminded(PersonFactory(mail="a@example.com"), 1, 2, 3)

    engine.send(now=NOW, transport=line(sink))

    [mail] = sink.mails
    assert [number for number in (1, 2, 3) if f"第{number}号" in mail.get_content()] == [1, 2, 3]
    assert set(message.facts.values_list("state", flat=True)) == {State.SENT}


class Dies:
    """A line on which the process dies while a mail is handed over."""

    def open(self) -> None: ...

    def close(self) -> None: ...

    def deliver(self, letter: object) -> None:
        raise SystemExit


@pytest.mark.django_db(transaction=True)
def test_i6_a_mail_is_marked_only_after_it_was_handed_over() -> None:
    person = PersonFactory(mail="a@example.com")
    actions.tell([person.pk], event_id=1, template="plain", subject={"text": "x"}, now=NOW)
    [(pk, token, _)] = engine.claim(now=NOW)

    with pytest.raises(SystemExit):
        engine.hand_off(pk, token, Dies(), now=NOW)

    message = Message.objects.get(pk=pk)
    assert (message.state, message.sent_at) == (State.PENDING, None)


def test_i10_one_bad_address_harms_nobody_else_and_is_not_tried_again(sink: Sink) -> None:
    bad, good = told("refuse@example.com", event=1), told("a@example.com", event=2)

    engine.send(now=NOW, transport=line(sink))
    engine.send(now=NOW + timedelta(days=1), transport=line(sink))

    bad.refresh_from_db()
    assert sink.ledger == [message_id(good.key)]
    assert (bad.state, bad.error[:3]) == (State.DEAD, "550")
    assert ChannelStop.objects.get().person == bad.recipient


def test_a_refused_address_is_left_alone_until_the_person_has_another(sink: Sink) -> None:
    person = told("refuse@example.com").recipient
    engine.send(now=NOW, transport=line(sink))

    actions.tell([person.pk], event_id=10, template="plain", subject={"text": "又一件"}, now=NOW)
    assert not Message.objects.filter(key=f"ev10:p{person.pk}:email").exists()

    person.mail = "new@example.com"
    person.save()
    actions.tell([person.pk], event_id=11, template="plain", subject={"text": "又一件"}, now=NOW)
    assert Message.objects.filter(key=f"ev11:p{person.pk}:email").exists()


def test_a_mail_whose_content_is_refused_says_nothing_about_the_address(sink: Sink) -> None:
    message = told("content@example.com")

    engine.send(now=NOW, transport=line(sink))

    message.refresh_from_db()
    assert message.state == State.DEAD
    assert not ChannelStop.objects.exists()


def test_not_now_is_tried_later_and_ever_more_rarely(sink: Sink) -> None:
    message = told("later@example.com")
    pauses = []

    at = NOW
    for _ in range(4):
        engine.send(now=at, transport=line(sink))
        message.refresh_from_db()
        pauses.append(round((message.not_before - at).total_seconds() / 60))
        at = message.not_before

    assert (message.state, pauses) == (State.PENDING, [1, 2, 4, 8])


def test_after_five_days_it_is_a_matter_for_people(sink: Sink) -> None:
    message = told("later@example.com")
    Message.objects.filter(pk=message.pk).update(attempts=12)

    engine.send(now=NOW + timedelta(days=6), transport=line(sink))

    message.refresh_from_db()
    assert message.state == State.DEAD


def test_a_server_that_takes_a_mail_and_falls_silent_leaves_it_unknown_and_unrepeated(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(transport, "SECONDS", 0.3)
    hung, dropped = told("hang@example.com", event=1), told("drop@example.com", event=2)
    good = told("a@example.com", event=3)

    engine.send(now=NOW, transport=line(sink))
    engine.send(now=NOW + timedelta(days=1), transport=line(sink))

    states = dict(Message.objects.filter(channel=Channel.EMAIL).values_list("pk", "state"))
    assert states == {hung.pk: State.UNKNOWN, dropped.pk: State.UNKNOWN, good.pk: State.SENT}
    assert sink.doubled() == {}


def test_many_mails_share_one_connection(sink: Sink) -> None:
    for event in range(5):
        told(f"a{event}@example.com", event=event)

    engine.send(now=NOW, transport=line(sink))

    assert (len(sink.ledger), sink.connections) == (5, 1)


def test_no_mail_server_costs_no_message_its_life(sink: Sink) -> None:
    message = told("a@example.com")

    tally = engine.send(now=NOW, transport=Line(urlsplit("smtp://127.0.0.1:1")))
    engine.send(now=NOW + timedelta(days=30), transport=Line(urlsplit("smtp://127.0.0.1:1")))
    engine.send(now=NOW + timedelta(days=31), transport=line(sink))

    assert tally.counts == {"line_down": 1}
    assert sink.ledger == [message_id(message.key)]


@pytest.mark.parametrize("mail", ["a@example.com\r\nBcc: b@example.com", "不是地址", "a@b@c", "a b@example.com"])
def test_an_address_that_is_none_never_reaches_a_header(sink: Sink, mail: str) -> None:
    message = told(mail)

    engine.send(now=NOW, transport=line(sink))

    message.refresh_from_db()
    assert (message.state, message.error, sink.ledger) == (State.DEAD, "邮箱地址不合法", [])


def test_a_line_break_in_the_words_forges_no_header(sink: Sink) -> None:
    told("a@example.com", outside="第1号\r\nBcc: b@example.com")

    engine.send(now=NOW, transport=line(sink))

    [mail] = sink.mails
    assert (mail["Bcc"], mail["Subject"]) == (None, "第1号 Bcc: b@example.com")


def test_a_line_with_a_single_dot_does_not_end_the_mail(sink: Sink) -> None:
    told("a@example.com", outside="第1号\n.\n第2号")

    engine.send(now=NOW, transport=line(sink))

    assert "第2号" in sink.mails[0].get_content()


def test_what_the_recipient_may_no_longer_see_is_left_out(sink: Sink) -> None:
    person = PersonFactory(mail="a@example.com")
    message = reminded(person, 1, 2)
    Message.objects.filter(key__startswith="o1:", channel=Channel.EMAIL).update(subject={"hidden": True})

    engine.send(now=NOW, transport=line(sink))

    [mail] = sink.mails
    assert "第1号" not in mail.get_content()
    assert set(message.facts.values_list("key", "state")) == {
        (f"o1:e1:s4:n1:p{person.pk}:email", State.CANCELLED),
        (f"o2:e1:s4:n1:p{person.pk}:email", State.SENT),
    }


def test_a_mail_with_nothing_left_to_say_is_not_sent(sink: Sink) -> None:
    message = reminded(PersonFactory(mail="a@example.com"), 1)
    actions.cancel(1)

    engine.send(now=NOW, transport=line(sink))

    message.refresh_from_db()
    assert (message.state, sink.ledger) == (State.CANCELLED, [])


def test_whoever_was_disabled_meanwhile_gets_no_mail(sink: Sink) -> None:
    message = told("a@example.com")
    Person.objects.filter(pk=message.recipient_id).update(is_active=False)

    engine.send(now=NOW, transport=line(sink))

    message.refresh_from_db()
    assert (message.state, sink.ledger) == (State.CANCELLED, [])


def test_a_broken_template_harms_neither_its_sending_nor_others(sink: Sink) -> None:
    person = PersonFactory(mail="a@example.com")
    reminded(person, 1, 2)
    broken = Message.objects.get(key=f"o1:e1:s4:n1:p{person.pk}:email")
    Message.objects.filter(pk=broken.pk).update(subject={"broken": True})
    told("b@example.com", broken=True)
    good = told("c@example.com", event=3)

    engine.send(now=NOW, transport=line(sink))

    broken.refresh_from_db()
    assert sink.ledger == [message_id(f"digest:p{person.pk}:email:2026-05-22T09"), message_id(good.key)]
    assert (broken.state, broken.error) == (State.DEAD, "ValueError: broken template")
    assert broken in Message.objects.undeliverable()


def test_resending_uses_the_same_message_id(sink: Sink) -> None:
    message = told("refuse@example.com")
    engine.send(now=NOW, transport=line(sink))
    person = message.recipient
    person.mail = "a@example.com"
    person.save()

    actions.resend(message, by=person, now=NOW)
    engine.send(now=NOW, transport=line(sink))

    assert sink.ledger == [message_id(message.key)]


def test_facts_that_a_sending_left_behind_get_one_of_their_own(sink: Sink) -> None:
    person = PersonFactory(mail="a@example.com")
    message = reminded(person, 1, 2)
    left = f"o2:e1:s4:n1:p{person.pk}:email"
    engine.send(now=NOW, transport=line(sink))
    Message.objects.filter(key=left).update(state=State.PENDING, sent_at=None)

    engine.send(now=NOW + timedelta(minutes=1), transport=line(sink))

    again = Message.objects.get(key=left).part_of
    assert again is not None and again.pk != message.pk
    assert sink.ledger == [message_id(message.key), message_id(again.key)]


@pytest.mark.parametrize("facts", [1, 30])
def test_a_hand_off_costs_the_same_for_one_fact_and_for_thirty(
    sink: Sink, facts: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    message = reminded(PersonFactory(mail="a@example.com"), *range(1, facts + 1))
    [(pk, token, _)] = engine.claim(now=NOW)
    open_line = line(sink)

    with django_assert_num_queries(7):
        engine.hand_off(pk, token, open_line, now=NOW)

    open_line.close()
    assert pk == message.pk
