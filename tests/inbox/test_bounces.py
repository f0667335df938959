"""Mail that comes back: at once or days later. The address rests, somebody is told, and nothing is answered."""

import io
import json
import mailbox
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from members.actions import prove_mail
from members.actions.codes import make_code
from members.choices import Role
from members.inbox import actions, bounces, engine, queries, registry, stops
from members.inbox.mail import message_id
from members.inbox.models import Channel, ChannelStop, Message, State
from members.models import CodeUse, Person
from members.transport import Line
from tests.factories import PersonFactory, appoint
from tests.inbox.sink import Sink

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 5, 22, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(days=2)

DSN = """From: MAILER-DAEMON@mx.example.com
To: {to}
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="B"

--B
Content-Type: text/plain

This is the mail system.

--B
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.com
{envelope}

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 no such user here

--B
Content-Type: text/rfc822-headers

{original}
--B--
"""


def report(
    *,
    to: str = "huiyin@example.cn",
    recipient: str = "a@example.com",
    action: str = "failed",
    status: str = "5.1.1",
    envelope: str = "X-Queue: 1",
    original: str = "Subject: x",
) -> EmailMessage:
    text = DSN.format(to=to, recipient=recipient, action=action, status=status, envelope=envelope, original=original)
    mail = message_from_bytes(text.encode(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


@pytest.fixture
def mailed() -> Message:
    """A mail that a server took."""
    person = PersonFactory(mail="a@example.com")
    actions.tell([person.pk], event_id=9, template="plain", subject={"text": "x"}, now=NOW)
    message = Message.objects.get(channel=Channel.EMAIL)
    Message.objects.filter(pk=message.pk).update(
        state=State.SENT, sent_at=NOW, message_id=message_id(message.key), attempts=1
    )
    message.refresh_from_db()
    return message


@pytest.fixture
def told_in_words() -> None:
    stops.connect(actions.tell_inside)


def test_the_envelope_names_the_message_and_the_headers_come_back(sink: Sink, settings: Settings) -> None:
    settings.EMAIL_URL, settings.BOUNCE_ADDRESS = sink.url, "bounces@example.cn"
    person = PersonFactory(mail="a@example.com")
    actions.tell([person.pk], event_id=9, template="plain", subject={"text": "x"}, now=NOW)

    engine.send(now=NOW, transport=Line(urlsplit(sink.url)))

    mark = Message.objects.get(channel=Channel.EMAIL).public_id.hex
    assert sink.senders == [f"bounces+{mark}@example.cn"]
    assert (sink.mails[0]["X-Huiyin-Message"], sink.mails[0]["Return-Path"]) == (mark, None)


@pytest.mark.parametrize("by", ["address", "envelope", "header", "message-id", "whole mail"])
def test_a_report_is_matched_by_each_of_our_marks(mailed: Message, by: str) -> None:
    mark = mailed.public_id.hex
    facts = {
        "address": {"to": f"bounces+{mark}@example.cn"},
        "envelope": {"envelope": f"Original-Envelope-Id: {mark}"},
        "header": {"original": f"X-Huiyin-Message: {mark}"},
        "message-id": {"original": f"Message-ID: {mailed.message_id}"},
        "whole mail": {"original": f"X-Huiyin-Message: {mark}\n\nText"},
    }[by]
    mail = report(**facts)
    if by == "whole mail":
        mail = message_from_bytes(
            mail.as_bytes().replace(b"text/rfc822-headers", b"message/rfc822"), policy=policy.default
        )

    taken = bounces.take([mail], now=LATER)

    mailed.refresh_from_db()
    assert (taken.stopped, mailed.state, mailed.error[:9]) == (1, State.DEAD, "退信：5.1.1 ")
    assert ChannelStop.objects.get().person == mailed.recipient


def test_a_guessed_message_id_with_another_address_stops_nobody(mailed: Message) -> None:
    mail = report(original=f"Message-ID: {mailed.message_id}", recipient="b@example.com")

    assert bounces.take([mail], now=LATER).unmatched == 1
    assert not ChannelStop.objects.exists()


@pytest.mark.parametrize(("action", "status"), [("delayed", "4.4.1"), ("failed", "4.2.2"), ("delivered", "2.0.0")])
def test_what_is_temporary_changes_nothing(mailed: Message, action: str, status: str) -> None:
    mail = report(to=f"bounces+{mailed.public_id.hex}@example.cn", action=action, status=status)

    assert bounces.take([mail], now=LATER).temporary == 1
    mailed.refresh_from_db()
    assert (mailed.state, ChannelStop.objects.count()) == (State.SENT, 0)


def test_a_refused_content_sets_the_mail_aside_and_leaves_the_address_alone(mailed: Message) -> None:
    mail = report(to=f"bounces+{mailed.public_id.hex}@example.cn", status="5.7.1")

    assert bounces.take([mail], now=LATER).refused == 1
    mailed.refresh_from_db()
    assert (mailed.state, ChannelStop.objects.count()) == (State.DEAD, 0)


def test_an_address_that_was_replaced_meanwhile_is_not_stopped(mailed: Message) -> None:
    person = mailed.recipient
    person.mail = "new@example.com"
    person.save()

    bounces.take([report(to=f"bounces+{mailed.public_id.hex}@example.cn")], now=LATER)

    assert not ChannelStop.objects.exists()


def test_a_bounce_about_a_bounce_and_ordinary_mail_end_here(mailed: Message) -> None:
    original = "From: MAILER-DAEMON@mx.example.com\nMessage-ID: <1@mx.example.com>\nAuto-Submitted: auto-replied"
    ordinary = EmailMessage()
    ordinary["To"] = f"bounces+{mailed.public_id.hex}@example.cn"
    ordinary.set_content("我在休假")
    before = Message.objects.count()

    taken = bounces.take([report(original=original), ordinary], now=LATER)

    assert (taken.unmatched, taken.no_report) == (1, 1)
    assert (Message.objects.count(), ChannelStop.objects.count()) == (before, 0)


@pytest.mark.usefixtures("told_in_words")
def test_the_person_and_the_keepers_of_addresses_are_told_once_and_in_the_inbox_only(
    client: Client, mailed: Message
) -> None:
    appoint(Role.MEMBER, person=mailed.recipient)
    staff, admin = appoint(Role.PROPOSAL_STAFF), appoint(Role.SYSTEM_ADMINISTRATOR)
    Person.objects.filter(pk=staff.pk).update(mail="s@example.com", mail_index="x")
    mail = report(to=f"bounces+{mailed.public_id.hex}@example.cn")

    bounces.take([mail, mail], now=LATER)

    told = Message.objects.filter(template__in=[stops.OWN, stops.OTHERS])
    assert set(told.values_list("recipient", "channel")) == {
        (one, "inapp") for one in (staff.pk, admin.pk, mailed.recipient_id)
    }
    shown = queries.shown(list(Message.objects.inbox_of(staff)), staff)
    assert mailed.recipient.name in shown[0].title
    why = {row.person: row.why for row in queries.unreached(now=LATER)}
    assert why[mailed.recipient] == "邮箱退信，请联系本人更正"
    client.force_login(mailed.recipient)
    assert "您的邮箱退信，已停止向它发邮件" in client.get(reverse("account_home")).content.decode()


def test_who_keeps_no_addresses_any_more_does_not_read_whose_it_was(mailed: Message) -> None:
    stops.connect(actions.tell_inside)
    member = appoint(Role.MEMBER)
    subject = {"person": str(mailed.recipient.public_id), "channel": "email"}

    assert registry.render([(stops.OTHERS, subject)], member) == [None]


def test_many_bounces_of_a_day_are_one_message(told_in_words: None) -> None:
    staff = appoint(Role.PROPOSAL_STAFF)
    for number in range(3):
        person = PersonFactory(mail=f"a{number}@example.com")
        stops.stop(person, Channel.EMAIL, person.mail_index, "550", now=NOW)

    [message] = queries.shown(list(Message.objects.inbox_of(staff)), staff)
    assert (message.title, len(message.lines)) == ("今天有 3 个地址退信，已停止向它们发送", 3)


def test_proving_the_address_again_lifts_the_stop(mailed: Message) -> None:
    person = mailed.recipient
    stops.stop(person, Channel.EMAIL, person.mail_index, "550", now=NOW)
    code = make_code(person, CodeUse.MAIL, now=timezone.now(), pending=person.mail)

    prove_mail(person, code, now=timezone.now())

    assert not ChannelStop.objects.exists()


# the command ----------------------------------------------------------------------------------------------------------


def ran(*arguments: str) -> dict[str, int]:
    out = io.StringIO()
    call_command("take_bounces", *arguments, "--json", stdout=out)
    answer: dict[str, int] = json.loads(out.getvalue())
    return answer


def test_the_command_reads_a_mail_a_folder_an_mbox_and_a_maildir_and_may_run_again(
    mailed: Message, tmp_path: Path
) -> None:
    mail = report(to=f"bounces+{mailed.public_id.hex}@example.cn")
    single = tmp_path / "one.eml"
    single.write_bytes(mail.as_bytes())
    box = mailbox.mbox(tmp_path / "box")
    box.add(mail.as_bytes())
    box.close()
    mailbox.Maildir(tmp_path / "maildir").add(mail.as_bytes())

    assert ran(str(single))["stopped"] == 1
    assert [ran(str(tmp_path / name))["known"] for name in ("", "box", "maildir")] == [1, 1, 1]


def test_the_command_says_what_it_misses(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="二者选一"):
        call_command("take_bounces")
    with pytest.raises(CommandError, match="没有"):
        call_command("take_bounces", str(tmp_path / "nothing"))
