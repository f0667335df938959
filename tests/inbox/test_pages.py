"""The inbox as people see it, and the list of those whom nothing reaches."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from members.choices import BodyKind, Role, System
from members.inbox import actions, engine, queries, registry
from members.inbox.models import Channel, Message, PhoneNotice, State
from members.inbox.registry import GONE
from members.models import AssigningOffice, AuditEntry, Person
from tests.factories import BodyFactory, PersonFactory, appoint
from tests.inbox.sink import Sink

pytestmark = pytest.mark.django_db

FRIDAY = datetime(2026, 5, 22, 1, 0, tzinfo=UTC)  # 09:00 in Shanghai


def told(person: Person, event: int = 1, *, now: datetime | None = None, **subject: object) -> Message:
    facts = {"text": f"第{event}件已交办", **subject}
    actions.tell([person.pk], event_id=event, template="plain", subject=facts, now=now or timezone.now())
    return Message.objects.get(key=f"ev{event}:p{person.pk}:inapp")


def handed_over(person: Person, count: int, batch: int = 1) -> Message:
    facts = [(person.pk, 100 * batch + n, "plain", {"text": f"第{n}件"}) for n in range(count)]
    actions.tell_many(facts, sending=f"handover:{batch}", now=timezone.now())
    return Message.objects.get(key=f"handover:{batch}:p{person.pk}:inapp")


@pytest.fixture
def me(client: Client) -> Person:
    person = appoint(Role.MEMBER)
    client.force_login(person)
    return person


def test_a_message_is_unread_until_it_is_opened(client: Client, me: Person) -> None:
    message = told(me)
    assert queries.unread_count(me) == 1

    page = client.get(reverse("inbox:message", args=[message.public_id]))

    assert "第1件已交办" in page.content.decode()
    assert queries.unread_count(me) == 0


def test_the_inbox_shows_own_messages_newest_first(client: Client, me: Person) -> None:
    told(me, 1, now=FRIDAY)
    told(me, 2, now=FRIDAY + timedelta(hours=1))
    told(PersonFactory(), 3)

    page = client.get(reverse("inbox:list"))

    assert [shown.title for shown in page.context["shown"]] == ["第2件已交办", "第1件已交办"]


def test_a_message_of_somebody_else_is_not_there(client: Client, me: Person) -> None:
    message = told(PersonFactory())

    assert client.get(reverse("inbox:message", args=[message.public_id])).status_code == 404


def test_a_sending_shows_its_heading_and_every_fact(
    client: Client, me: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(registry._headings, "handover", "新交办 {n} 件")
    message = handed_over(me, 60)

    assert client.get(reverse("inbox:list")).context["shown"][0].title == "新交办 60 件"
    page = client.get(reverse("inbox:message", args=[message.public_id]))
    assert len(page.context["shown"].lines) == 60


def test_what_may_no_longer_be_seen_is_not_shown(client: Client, me: Person) -> None:
    message = told(me, hidden=True)

    for page in (reverse("inbox:list"), reverse("inbox:message", args=[message.public_id])):
        html = client.get(page).content.decode()
        assert GONE in html
        assert "第1件" not in html


def test_a_broken_template_spoils_one_line_and_not_the_page(client: Client, me: Person) -> None:
    told(me, 1, broken=True)
    told(me, 2)

    titles = {shown.title for shown in client.get(reverse("inbox:list")).context["shown"]}

    assert titles == {GONE, "第2件已交办"}


def test_only_unread_ones_can_be_shown(client: Client, me: Person) -> None:
    actions.mark_read(told(me, 1), now=timezone.now())
    told(me, 2)

    page = client.get(reverse("inbox:list"), {"state": "unread"})

    assert [shown.title for shown in page.context["shown"]] == ["第2件已交办"]


def test_marking_all_as_read_leaves_what_came_after_the_list_was_shown(client: Client, me: Person) -> None:
    told(me, 1, now=FRIDAY)
    told(me, 2, now=FRIDAY + timedelta(hours=2))

    client.post(reverse("inbox:mark_all_read"), {"upto": (FRIDAY + timedelta(hours=1)).isoformat()})

    assert [message.key[:3] for message in Message.objects.inbox_of(me).unread()] == ["ev2"]


def test_the_text_for_a_group_says_only_what_may_leave_the_house(client: Client, me: Person) -> None:
    message = told(me, text="关于某某的提案", outside="第7号 已交办")

    text = client.get(reverse("inbox:message", args=[message.public_id])).context["text"]

    assert "第7号 已交办" in text
    assert "某某" not in text


@pytest.mark.parametrize("url", ["inbox:list", "inbox:jobs"])
def test_lists_cost_the_same_for_one_row_and_for_many(
    client: Client, me: Person, url: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    handed_over(me, 2)
    actions.start_job("nothing", title="导出", args={}, by=me, now=timezone.now())
    client.get(reverse(url))  # the first visit writes down the session
    with django_assert_max_num_queries(12) as one:
        client.get(reverse(url))
    for number in range(2, 27):
        handed_over(me, 3, batch=number)
        actions.start_job("nothing", title="导出", args={}, by=me, now=timezone.now())
    with django_assert_max_num_queries(12) as many:
        client.get(reverse(url))

    assert len(one.captured_queries) == len(many.captured_queries)


def test_the_bell_counts_in_one_query_and_not_for_ever(
    me: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for event in range(1, 105):
        told(me, event)

    with django_assert_num_queries(1):
        assert queries.unread_count(me) == 100


# whom nothing reaches -------------------------------------------------------------------------------------------------


def test_the_undelivered_are_those_without_mail_and_those_who_do_not_read(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    mailed, mailless, reading = (
        PersonFactory(mail="a@example.com"), PersonFactory(), PersonFactory(mail="b@example.com")
    )  # fmt: skip
    for person in (mailed, mailless):
        told(person, now=FRIDAY)
    actions.mark_read(told(reading, now=FRIDAY), now=FRIDAY)

    with django_assert_max_num_queries(6):  # three, and three for a calendar that was not read yet
        soon = [(row.person, row.why) for row in queries.unreached(now=FRIDAY + timedelta(hours=1))]
    late = {(row.person, row.why) for row in queries.unreached(now=FRIDAY + timedelta(days=4))}

    assert soon == [(mailless, "没有可用的邮箱")]
    assert late == {(mailless, "没有可用的邮箱"), (mailed, "超过 2 个工作日未读")}


def test_two_working_days_do_not_run_over_the_weekend() -> None:
    person = PersonFactory(mail="a@example.com")
    told(person, now=FRIDAY)

    sunday, tuesday = FRIDAY + timedelta(days=2), FRIDAY + timedelta(days=4)

    assert queries.unreached(now=sunday) == []
    assert [row.person for row in queries.unreached(now=tuesday)] == [person]


def test_a_person_whose_address_was_refused_is_on_the_list(sink: Sink, settings: Settings) -> None:
    settings.EMAIL_URL = sink.url
    person = PersonFactory(mail="refuse@example.com")
    told(person, now=FRIDAY)
    engine.send(now=FRIDAY)

    assert {row.person: row.why for row in queries.unreached(now=FRIDAY)} == {person: "邮箱退信，请联系本人更正"}


def test_whoever_was_told_by_phone_leaves_the_list_until_something_new_comes(client: Client) -> None:
    staff, person = appoint(Role.PROPOSAL_STAFF), PersonFactory(phone="13800000000")
    told(person, 1, now=FRIDAY)
    client.force_login(staff)
    page = client.get(reverse("inbox:undelivered"))
    assert "13800000000" in page.content.decode()

    client.post(reverse("inbox:told_by_phone", args=[person.public_id]), {"note": "本人接听"})
    notice = PhoneNotice.objects.get()
    assert (notice.person, notice.by, notice.note) == (person, staff, "本人接听")
    assert queries.unreached(now=timezone.now()) == []

    told(person, 2, now=notice.upto + timedelta(seconds=1))
    assert [row.person for row in queries.unreached(now=timezone.now())] == [person]
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {"inbox.undelivered", "inbox.told_by_phone"}


def test_whoever_may_not_see_telephone_numbers_does_not(client: Client) -> None:
    told(PersonFactory(phone="13800000000"), now=FRIDAY)
    client.force_login(appoint(Role.SESSION_STAFF))

    assert "13800000000" not in client.get(reverse("inbox:undelivered")).content.decode()


def test_an_assigning_office_rings_up_the_people_of_its_units_and_nobody_else(client: Client) -> None:
    office = BodyFactory(kind=BodyKind.OFFICE)
    AssigningOffice.objects.update_or_create(system=System.GOVERNMENT, defaults={"office": office})
    clerk = appoint(Role.UNIT_CLERK, BodyFactory(system=System.GOVERNMENT), name="沈青")
    others = [
        appoint(Role.UNIT_CLERK, BodyFactory(system=System.PARTY), name="易安"),
        appoint(Role.MEMBER, name="林溪"),
    ]
    for number, person in enumerate([clerk, *others]):
        told(person, number, now=FRIDAY)
    client.force_login(appoint(Role.ASSIGNING_OFFICER, office))

    page = client.get(reverse("inbox:undelivered")).content.decode()

    assert "沈青" in page.split('id="copy-text"')[1]
    assert "易安" not in page and "林溪" not in page
    assert client.get(reverse("inbox:told_by_phone", args=[others[0].public_id])).status_code == 404
    assert client.post(reverse("inbox:told_by_phone", args=[clerk.public_id]), {"note": ""}).status_code == 302
    assert "沈青" not in client.get(reverse("inbox:undelivered")).content.decode().split("<main")[1]


@pytest.mark.parametrize("url", ["inbox:undelivered", "inbox:undelivered_mail"])
def test_members_do_not_see_who_reads_what(client: Client, url: str) -> None:
    client.force_login(appoint(Role.MEMBER))

    assert client.get(reverse(url)).status_code == 403


def test_staff_send_a_returned_mail_again(client: Client) -> None:
    person = PersonFactory(mail="a@example.com")
    told(person)
    mail = Message.objects.get(channel=Channel.EMAIL)
    Message.objects.filter(pk=mail.pk).update(state=State.DEAD, error="550 no such mailbox")
    client.force_login(appoint(Role.PROPOSAL_STAFF))
    assert "550 no such mailbox" in client.get(reverse("inbox:undelivered_mail")).content.decode()

    client.post(reverse("inbox:resend", args=[mail.public_id]))

    mail.refresh_from_db()
    assert (mail.state, mail.error) == (State.PENDING, "")


def test_the_demonstration_shows_its_mails_on_a_page(client: Client, settings: Settings, tmp_path: Path) -> None:
    settings.EMAIL_URL = f"file://{tmp_path}"
    told(PersonFactory(mail="a@example.com"), outside="第7号 已交办")
    engine.send(now=timezone.now())

    page = client.get(reverse("inbox:sent_mail"))
    [mail] = page.context["mails"]
    one = client.get(reverse("inbox:sent_mail_page", args=[mail.name]))

    assert (mail.subject, mail.to) == ("第7号 已交办", "a@example.com")
    assert "第7号 已交办" in one.content.decode()
    assert client.get(reverse("inbox:sent_mail_page", args=["nothing"])).status_code == 404
