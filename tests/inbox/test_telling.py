"""Telling each person once, in one message per sending."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from members.inbox import actions, queries
from members.inbox.actions import Fact
from members.inbox.models import Channel, Message, State
from members.models import Person

pytestmark = pytest.mark.django_db

MORNING = datetime(2026, 5, 22, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai


def make_person(name: str, mail: str = "", **facts: Any) -> Person:
    person: Person = Person.objects.create(username=name, name=name, mail=mail, **facts)
    return person


def fact(person: Person, number: int, *, epoch: int = 1) -> Fact:
    return Fact(f"o{number}:e{epoch}:s4:n1", person.pk, "plain", {"text": f"第{number}件"}, about=number, epoch=epoch)


def keys() -> set[str]:
    return set(Message.objects.values_list("key", flat=True))


def test_a_person_with_mail_is_told_inside_at_once_and_by_mail_later() -> None:
    person = make_person("a", "a@example.com")

    actions.tell([person.pk, person.pk], event_id=9, template="plain", subject={"text": "已交办"}, now=MORNING)

    states = set(Message.objects.values_list("key", "state"))
    assert states == {
        (f"ev9:p{person.pk}:inapp", State.SENT),
        (f"ev9:p{person.pk}:email", State.PENDING),
    }


@pytest.mark.parametrize("facts", [{}, {"mail": "a@example.com", "mail_ok": False}])
def test_without_a_working_address_the_inbox_is_the_only_channel(facts: dict[str, Any]) -> None:
    person = make_person("a", **facts)

    actions.tell([person.pk], event_id=9, template="plain", subject={"text": "已交办"}, now=MORNING)

    assert keys() == {f"ev9:p{person.pk}:inapp"}


def test_a_disabled_account_is_told_nothing() -> None:
    person = make_person("a", "a@example.com", is_active=False)

    actions.tell([person.pk], event_id=9, template="plain", subject={}, now=MORNING)

    assert not Message.objects.exists()


def test_telling_the_same_event_twice_tells_once() -> None:
    person = make_person("a", "a@example.com")

    for _ in range(2):
        actions.tell([person.pk], event_id=9, template="plain", subject={"text": "已交办"}, now=MORNING)

    assert Message.objects.count() == 2


def test_the_facts_of_one_act_make_one_message_per_person_and_channel() -> None:
    person, other = make_person("a", "a@example.com"), make_person("b")
    told = [(one.pk, event, "plain", {"text": f"第{event}件"}) for event in (1, 2, 3) for one in (person, other)]

    actions.tell_many(told, sending="handover:b12", now=MORNING)

    sendings = Message.objects.filter(part_of=None)
    assert set(sendings.values_list("key", flat=True)) == {
        f"handover:b12:p{person.pk}:inapp",
        f"handover:b12:p{person.pk}:email",
        f"handover:b12:p{other.pk}:inapp",
    }
    assert {sending.facts.count() for sending in sendings} == {3}


def test_reminders_of_one_hour_are_one_message() -> None:
    person = make_person("a", "a@example.com")

    actions.remind([fact(person, 1)], now=MORNING)
    actions.remind([fact(person, 2), fact(person, 1)], now=MORNING + timedelta(minutes=20))

    sending = Message.objects.get(key=f"digest:p{person.pk}:email:2026-05-22T09")
    assert set(sending.facts.values_list("key", flat=True)) == {
        f"o1:e1:s4:n1:p{person.pk}:email",
        f"o2:e1:s4:n1:p{person.pk}:email",
    }
    assert Message.objects.count() == 6


def test_mail_waits_for_the_hour_that_the_person_chose_and_the_inbox_does_not() -> None:
    person = make_person("a", "a@example.com", digest_hour=17)

    actions.remind([fact(person, 1)], now=MORNING)

    mail = Message.objects.get(key=f"digest:p{person.pk}:email:2026-05-22T17")
    assert mail.not_before == datetime(2026, 5, 22, 9, 0, tzinfo=UTC)
    assert Message.objects.inbox_of(person).get().key == f"digest:p{person.pk}:inapp:2026-05-22T09"


def test_a_reminder_after_the_mail_went_out_gets_a_mail_of_its_own() -> None:
    person = make_person("a", "a@example.com")
    actions.remind([fact(person, 1)], now=MORNING)
    Message.objects.filter(channel=Channel.EMAIL).update(state=State.SENT, sent_at=MORNING)

    actions.remind([fact(person, 2)], now=MORNING)

    late = Message.objects.get(key=f"o2:e1:s4:n1:p{person.pk}:email")
    assert late.part_of is not None
    assert (late.part_of.key, late.part_of.state) == (f"digest:p{person.pk}:email:2026-05-22T09#2", State.PENDING)


def test_a_sending_that_grows_after_it_was_read_is_unread_again() -> None:
    person = make_person("a")
    actions.remind([fact(person, 1)], now=MORNING)
    actions.mark_all_read(person, upto=MORNING, now=MORNING)

    actions.remind([fact(person, 1)], now=MORNING)
    assert queries.unread_count(person) == 0

    actions.remind([fact(person, 2)], now=MORNING)
    assert queries.unread_count(person) == 1


def test_posting_costs_the_same_for_one_fact_and_for_fifty(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    people = [make_person(f"p{number}", f"p{number}@example.com") for number in range(10)]

    with django_assert_num_queries(9):
        actions.remind([fact(people[0], 1)], now=MORNING)
    with django_assert_num_queries(9):
        actions.remind([fact(person, 10 + n) for person in people for n in range(5)], now=MORNING + timedelta(hours=1))


def test_closing_takes_back_what_has_not_left_the_house() -> None:
    person = make_person("a", "a@example.com")
    actions.remind([fact(person, 1), fact(person, 2)], now=MORNING)

    taken_back = actions.cancel(1)

    assert taken_back == 1
    assert Message.objects.get(key=f"o1:e1:s4:n1:p{person.pk}:email").state == State.CANCELLED
    assert Message.objects.get(key=f"o2:e1:s4:n1:p{person.pk}:email").state == State.PENDING


def test_a_new_epoch_takes_back_only_what_older_ones_planned() -> None:
    person = make_person("a", "a@example.com")
    actions.remind([fact(person, 1, epoch=1), fact(person, 1, epoch=2)], now=MORNING)

    assert actions.cancel(1, before_epoch=2) == 1
    assert Message.objects.get(key=f"o1:e2:s4:n1:p{person.pk}:email").state == State.PENDING
