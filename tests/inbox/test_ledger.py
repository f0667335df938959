"""The delivery ledger: staff find any message, see how it ended, and never what it said."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from pytest_django.fixtures import Settings

from config.portal import vitals
from members.choices import Role
from members.errors import WrongStep
from members.inbox import actions, engine, queries, registry
from members.inbox.models import Channel, ChannelStop, Message, State
from members.models import AuditEntry, Person
from proposals.handling import notices
from tests.factories import MatterFactory, PersonFactory, appoint
from tests.inbox.gateway import SECRET
from tests.inbox.sink import Sink

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 22, 1, 0, tzinfo=UTC)
LEDGER = "inbox:ledger"


@pytest.fixture
def staff(client: Client) -> Person:
    person = appoint(Role.PROPOSAL_STAFF)
    client.force_login(person)
    return person


def mailed(event: int = 1, *, name: str = "江一苇", now: datetime = NOW, **subject: object) -> Message:
    person = PersonFactory(name=name, mail=f"a{event}@example.com")
    facts = {"text": "机密的题目", "outside": "机密的事由", **subject}
    actions.tell([person.pk], event_id=event, template="plain", subject=facts, now=now)
    return Message.objects.get(recipient=person, channel=Channel.EMAIL)


def found(client: Client, **query: str) -> set[int]:
    return {row.pk for row in client.get(reverse(LEDGER), query).context["page_obj"]}


@pytest.mark.usefixtures("staff")
def test_a_message_is_found_by_person_key_channel_state_and_day(client: Client) -> None:
    one, other = mailed(1), mailed(2, name="苏晚", now=NOW + timedelta(days=1))
    Message.objects.filter(pk=other.pk).update(state=State.DEAD, error="550", message_id="<2@house>")

    assert found(client) == {one.pk, other.pk}
    assert found(client, q="江一") == {one.pk}
    assert found(client, key=one.key) == {one.pk}
    assert found(client, key="<2@house>") == {other.pk}
    assert found(client, state="dead") == {other.pk}
    assert found(client, channel="webhook") == set()
    assert found(client, day="2026-05-22") == {one.pk}


@pytest.mark.usefixtures("staff")
def test_a_number_finds_what_was_sent_about_a_matter_that_the_asker_may_see(client: Client) -> None:
    registry.register_numbers(notices.by_number)
    matter = MatterFactory(number="77")
    one = mailed(1, matter=str(matter.public_id))
    mailed(2)
    keeper = PersonFactory(mail="k@example.com")
    facts = [(keeper.pk, 90 + n, "plain", {"text": "x", "matter": str(matter.public_id)}) for n in (1, 2)]
    actions.tell_many(facts, sending="handover:1", now=NOW)
    sending = Message.objects.outgoing().get(recipient=keeper)
    assert found(client, number="77") == {one.pk, sending.pk}

    client.force_login(appoint(Role.SYSTEM_ADMINISTRATOR))
    assert found(client, number="77") == set()


@pytest.mark.usefixtures("staff")
def test_a_number_is_looked_up_by_indexes_whatever_was_sent(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_by_number", lambda number, person: (["a"], [1]))
    mailed(1)
    with connection.cursor() as cursor, CaptureQueriesContext(connection) as asked:
        cursor.execute("SET LOCAL enable_seqscan = off")
        client.get(reverse(LEDGER), {"number": "77"})
        look_up = next(query["sql"] for query in asked if "UNION ALL" in query["sql"])
        cursor.execute(f"EXPLAIN {look_up}")
        plan = "\n".join(line for (line,) in cursor.fetchall())

    assert "message_about_matter" in plan and "message_about_clock" in plan, plan


@pytest.mark.usefixtures("staff")
def test_the_ledger_never_says_what_a_message_said(client: Client) -> None:
    mailed(1)

    page = client.get(reverse(LEDGER)).content.decode()
    table = client.post(reverse(LEDGER) + "?export=xlsx", {"reason": "核对退信"})

    assert b"".join(table)
    assert "机密" not in page
    assert (table.status_code, AuditEntry.objects.filter(verb="export").count()) == (200, 1)


@pytest.mark.usefixtures("staff")
def test_names_leave_only_with_a_reason(client: Client) -> None:
    mailed(1)

    assert client.get(reverse(LEDGER) + "?export=xlsx").status_code == 422


def test_members_do_not_read_it(client: Client) -> None:
    client.force_login(appoint(Role.MEMBER))

    assert client.get(reverse(LEDGER)).status_code == 403


@pytest.mark.usefixtures("staff")
@pytest.mark.parametrize("page", [LEDGER, "inbox:undelivered_mail", "portal:engine"])
def test_the_pages_ask_as_much_for_one_row_as_for_three(client: Client, page: str) -> None:
    def visit() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse(page)).status_code == 200
        return len(asked)

    mailed(1)
    Message.objects.outgoing().update(state=State.DEAD, error="550")
    visit()
    one = visit()
    mailed(2)
    mailed(3)
    Message.objects.outgoing().update(state=State.DEAD, error="550")

    assert visit() == one


@pytest.mark.usefixtures("staff")
def test_the_engine_page_shows_dead_letters_with_the_reason_and_sends_again(client: Client) -> None:
    message = mailed(1)
    Message.objects.filter(pk=message.pk).update(state=State.DEAD, error="550 no such mailbox")

    page = client.get(reverse("portal:engine")).content.decode()

    assert "江一苇，邮件" in page
    assert "550 no such mailbox" in page
    assert reverse("inbox:resend", args=[message.public_id]) in page


# what the inbox cannot show -------------------------------------------------------------------------------------------


def test_what_breaks_in_the_inbox_of_somebody_without_mail_is_seen_by_staff_and_shown_again(
    client: Client, staff: Person
) -> None:
    person, other = PersonFactory(name="江一苇"), PersonFactory()
    facts = [actions.Fact(f"o{n}:e1:s4:n1", person.pk, "plain", {"text": f"第{n}项"}) for n in (1, 2)]
    actions.remind([*facts, actions.Fact("o3:e1:s4:n1", other.pk, "plain", {"text": "别人的"})], now=NOW)
    broken = Message.objects.get(key=f"o1:e1:s4:n1:p{person.pk}:inapp")
    Message.objects.filter(pk=broken.pk).update(subject={"broken": True})

    engine.send(now=NOW)

    assert list(Message.objects.undeliverable()) == [broken]
    broken.refresh_from_db()
    assert (broken.state, broken.error) == (State.DEAD, "ValueError: broken template")
    page = client.get(reverse("portal:engine")).content.decode()
    again = reverse("inbox:resend", args=[broken.public_id])
    assert "江一苇，站内" in page and "ValueError: broken template" in page and again in page
    assert [row.dead for row in vitals.backlogs(now=NOW) if row.channel == Channel.INAPP] == [1]
    [shown] = queries.shown(list(Message.objects.inbox_of(person)), person)
    assert [line.title for line in shown.lines] == ["第2项"], "its neighbour stands there"

    actions.mark_all_read(person, upto=NOW, now=NOW)
    assert client.post(again).status_code == 302
    engine.send(now=NOW)
    assert list(Message.objects.undeliverable()) == [broken], "still broken: it comes back"
    Message.objects.filter(pk=broken.pk).update(subject={"text": "第1项"})
    client.post(again)
    engine.send(now=NOW)

    assert not Message.objects.undeliverable().exists()
    [sending] = Message.objects.inbox_of(person).unread()
    [shown] = queries.shown([sending], person)
    assert [line.title for line in shown.lines] == ["第1项", "第2项"]
    assert AuditEntry.objects.filter(verb="inbox.resend", by=staff).count() == 2
    with pytest.raises(WrongStep, match="不在未送达之列"):
        actions.resend(broken, by=staff, now=NOW)


def test_what_only_the_inbox_carries_is_tried_once_and_a_mail_by_its_hand_off() -> None:
    without, with_mail = PersonFactory(), PersonFactory(mail="a@example.com")
    actions.tell([without.pk, with_mail.pk], event_id=1, template="plain", subject={"text": "x"}, now=NOW)
    waiting = Message.objects.filter(to_try=True)
    assert [(row.recipient, row.channel) for row in waiting] == [(without, Channel.INAPP)]

    assert (engine.try_words(), engine.try_words()) == (1, 0)


# resending ------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("staff")
def test_a_message_of_the_gateway_is_sent_again_and_its_stop_lifted(client: Client, settings: Settings) -> None:
    settings.WEBHOOKS, settings.WEBHOOK_SECRETS = "sms=https://a.example.cn/ phone everyone", f"sms={SECRET}"
    person = PersonFactory(phone="13800000000")
    actions.tell([person.pk], event_id=1, template="plain", subject={"text": "x"}, now=NOW)
    message = Message.objects.get(channel=Channel.WEBHOOK)
    Message.objects.filter(pk=message.pk).update(state=State.UNKNOWN, error="没有回话", attempts=3)
    ChannelStop.objects.create(person=person, channel=Channel.WEBHOOK, mark="x", stopped_at=NOW)

    client.post(reverse("inbox:resend", args=[message.public_id]))

    message.refresh_from_db()
    assert (message.state, message.error, message.attempts, message.resent_from) == (State.PENDING, "", 3, 3)
    assert not ChannelStop.objects.exists()


def test_what_is_sent_again_after_many_tries_and_days_starts_the_count_anew(sink: Sink, settings: Settings) -> None:
    settings.EMAIL_URL = sink.url
    person = PersonFactory(mail="later@example.com")
    actions.tell([person.pk], event_id=1, template="plain", subject={"text": "x"}, now=NOW)
    message = Message.objects.get(channel=Channel.EMAIL)
    Message.objects.filter(pk=message.pk).update(state=State.DEAD, attempts=30)
    later = NOW + timedelta(days=9)
    actions.resend(message, by=PersonFactory(), now=later)

    engine.send(now=later)

    message.refresh_from_db()
    assert (message.state, message.attempts) == (State.PENDING, 31)
    assert timedelta(0) < message.not_before - later <= timedelta(minutes=2)


@pytest.mark.parametrize(("facts", "sentence"), [({"mail": ""}, "没有登记邮箱"), ({"is_active": False}, "账号已停用")])
def test_nothing_is_sent_again_to_whom_nothing_can_reach(facts: dict[str, object], sentence: str) -> None:
    message = mailed(1)
    Message.objects.filter(pk=message.pk).update(state=State.DEAD)
    Person.objects.filter(pk=message.recipient_id).update(**facts)

    with pytest.raises(WrongStep, match=sentence):
        actions.resend(message, by=PersonFactory(), now=NOW)
