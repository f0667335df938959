"""What reminders say, to whom they say it, and how little of it leaves the house (S4)."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.inbox import actions as inbox
from members.inbox import engine as sender
from members.inbox import registry
from members.inbox.models import Channel, Message, State
from members.inbox.registry import Rendered
from members.models import Person
from proposals.handling import clocks, engine, reminders
from proposals.handling.clockwork.calendar import WorkCalendar
from proposals.handling.models import Access, Matter, Obligation
from tests.handling.factories import House, at, house, reply_clock, unit

pytestmark = pytest.mark.django_db


@pytest.fixture
def home() -> House:
    return house()


def words(obligation: Obligation, person: Person, template: str = "clock.soon") -> Rendered | None:
    (rendered,) = registry.render([(template, {"obligation": obligation.pk, "step": "x"})], person)
    assert rendered is None or isinstance(rendered, Rendered)
    return rendered


@pytest.mark.parametrize("template", ["clock.soon", "clock.today", "clock.overdue", "clock.chase_sheet"])
def test_an_open_matters_mail_says_number_step_and_date(home: House, template: str) -> None:
    obligation = reply_clock(home, on=date(2026, 9, 1))

    said = words(obligation, home.staff, template)

    assert said is not None
    assert "第0001号答复，12月1日（星期二）到期" in said.outside
    assert "关于测试事项" not in said.outside
    assert "关于测试事项1的建议" in said.title
    assert str(home.unit.body) in said.body


def test_of_a_matter_that_is_not_open_the_mail_says_nothing(home: House) -> None:
    obligation = reply_clock(home)
    Matter.objects.filter(pk=obligation.matter_id).update(access=Access.INTERNAL)

    said = words(obligation, home.staff)

    assert said is not None
    assert said.outside == ""


def test_i9_whoever_may_not_see_the_matter_is_told_nothing(home: House) -> None:
    obligation = reply_clock(home)

    assert words(obligation, home.unit.clerk) is None


def test_an_ended_limit_is_not_said_to_be_overdue(home: House) -> None:
    obligation = clocks.complete(reply_clock(home), by=None, now=at(date(2026, 6, 1)))

    said = words(obligation, home.staff, "clock.overdue")

    assert said is not None
    assert said.title.startswith("已结束")


def test_the_words_of_many_cost_the_queries_of_one(home: House) -> None:
    rows = [reply_clock(home) for _ in range(5)]
    with CaptureQueriesContext(connection) as one:
        words(rows[0], home.staff)

    with CaptureQueriesContext(connection) as many:
        registry.render([("clock.soon", {"obligation": row.pk}) for row in rows], home.staff)

    assert len(many) == len(one)


def test_the_administrator_reads_which_body_has_no_clerk(home: House) -> None:
    (said,) = registry.render([("clock.vacancy", {"body": home.unit.body.pk})], home.admin)

    assert isinstance(said, Rendered)
    assert said.title == f"{home.unit.body}没有在岗的联络员"


def test_a_missing_year_is_named(home: House) -> None:
    (said,) = registry.render([("clock.calendar_missing", {"year": 2027})], home.staff)

    assert isinstance(said, Rendered)
    assert said.title == "2027 年放假安排尚未载入"


# sent again ----------------------------------------------------------------------------------------------------------


def undelivered(home: House, *obligations: Obligation) -> Message:
    """The mail to the unit's clerk of a scan, which did not arrive."""
    home.unit.clerk.mail = "clerk@example.com"
    home.unit.clerk.save()
    engine.scan(now=at(date(2026, 5, 19), 9))
    mine = Message.objects.filter(recipient=home.unit.clerk, channel=Channel.EMAIL)
    mine.update(state=State.DEAD)
    return mine.get(part_of=None)


def test_a_reminder_that_did_not_arrive_is_not_sent_again_after_the_end(home: House) -> None:
    obligation = reply_clock(home)
    mail = undelivered(home, obligation)
    clocks.complete(obligation, by=home.staff, now=at(date(2026, 5, 20)))

    assert not inbox.resend(mail, by=home.staff, now=at(date(2026, 5, 21)))

    states = Message.objects.filter(recipient=home.unit.clerk, channel=Channel.EMAIL).values_list("state", flat=True)
    assert set(states) == {State.CANCELLED}


def test_of_a_mail_with_several_reminders_only_what_still_runs_is_sent_again(home: House) -> None:
    over, moved, running = (reply_clock(home) for _ in range(3))
    mail = undelivered(home, over, moved, running)
    clocks.complete(over, by=home.staff, now=at(date(2026, 5, 20)))
    clocks.extend(moved, to_on=date(2026, 7, 1), by=home.staff, now=at(date(2026, 5, 20)), reason="x")

    assert inbox.resend(mail, by=home.staff, now=at(date(2026, 5, 21)))

    states = dict(mail.facts.values_list("about", "state"))
    assert states == {over.pk: State.CANCELLED, moved.pk: State.CANCELLED, running.pk: State.PENDING}
    mail.refresh_from_db()
    assert mail.state == State.PENDING


def test_staff_are_told_why_nothing_was_sent_again(home: House, client: Client) -> None:
    obligation = reply_clock(home)
    mail = undelivered(home, obligation)
    clocks.complete(obligation, by=home.staff, now=at(date(2026, 5, 20)))
    client.force_login(home.staff)

    page = client.post(reverse("inbox:resend", args=[mail.public_id]), follow=True).content.decode()

    assert "没有再发" in page


def test_a_reminder_in_the_inbox_that_cannot_be_worded_is_set_aside_and_holds_up_none(
    home: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = reply_clock(home), reply_clock(home, body=(other := unit()).body)

    def soon(row: Obligation, today: date, calendar: WorkCalendar) -> tuple[str, str]:
        if row.pk == bad.pk:
            raise ValueError("no words for this one")
        return "即将到期", "请尽快办理。"

    monkeypatch.setitem(reminders.TEMPLATES, "clock.soon", soon)
    engine.scan(now=at(date(2026, 5, 19), 9))

    sender.try_words()

    [broken] = Message.objects.undeliverable()
    assert (broken.recipient, broken.about, broken.error) == (other.clerk, bad.pk, "ValueError: no words for this one")
    assert Message.objects.get(about=good.pk).state == State.SENT
    assert not Message.objects.filter(to_try=True).exists()


def test_reminders_in_the_inbox_are_tried_for_all_their_readers_at_once(home: House) -> None:
    def tried(readers: int, hour: int) -> int:
        for _ in range(readers):
            reply_clock(home, body=unit().body)
        engine.scan(now=at(date(2026, 5, 19), hour))
        with CaptureQueriesContext(connection) as asked:
            assert sender.try_words() == readers
        return len(asked)

    assert tried(1, 9) == tried(5, 10)
