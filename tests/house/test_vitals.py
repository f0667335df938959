"""How the engine does is told on a page, in a banner, by the doctor and to Prometheus: the same figures."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.portal import context, health, vitals
from members.choices import Role
from members.inbox.models import Message
from members.models import Person
from proposals.handling import engine
from proposals.handling.clockwork.ladder import office_moment
from proposals.handling.models import EngineBeat, Obligation
from proposals.handling.workdays import working_calendar
from tests.factories import PersonFactory, appoint
from tests.handling.factories import house, reply_clock
from tests.html import assert_valid

pytestmark = pytest.mark.django_db


@pytest.fixture
def late() -> Obligation:
    """A clock with a reminder ten minutes late, another set aside with its error, and two mails that failed or wait."""
    home, now = house(), timezone.now()
    aside, row = reply_clock(home), reply_clock(home)
    Obligation.objects.filter(pk=aside.pk).update(error="KeyError: 'x'", next_at=now + timedelta(minutes=50))
    Obligation.objects.filter(pk=row.pk).update(next_at=now - timedelta(minutes=10))
    for key, state, error in (("a", "pending", ""), ("b", "dead", "550 no such mailbox")):
        Message.objects.create(
            key=key,
            recipient=PersonFactory(),
            channel="email",
            template="plain",
            state=state,
            error=error,
            created_at=now,
            not_before=now - timedelta(minutes=20),
        )
    aside.refresh_from_db()
    return aside


def test_the_page_says_what_is_late_and_lets_it_be_tried_again(client: Client, late: Obligation) -> None:
    client.force_login(appoint(Role.PROPOSAL_STAFF))
    client.get("/inbox/")

    with CaptureQueriesContext(connection) as queries:
        page = client.get("/settings/engine/").content
    assert len(queries) <= 15
    assert_valid(page)
    assert "KeyError" in page.decode()
    assert client.post("/settings/engine/").status_code == 302

    late.refresh_from_db()
    assert late.next_at is not None
    assert late.next_at == office_moment(late.next_at, working_calendar()), "at once, or when the office opens"
    engine.scan(now=late.next_at)
    late.refresh_from_db()
    assert late.error == ""


def test_the_doctor_and_prometheus_say_the_same(client: Client, late: Obligation, settings) -> None:
    figures = dict(
        line.rsplit(" ", 1) for line in client.get("/metrics").content.decode().splitlines() if not line.startswith("#")
    )
    assert float(figures["huiyin_engine_due_lag_seconds"]) >= 600
    assert (figures["huiyin_engine_due"], figures["huiyin_engine_set_aside"]) == ("1.0", "1.0")
    assert figures['huiyin_messages{channel="email",state="dead"}'] == "1.0"
    findings = {finding.name: finding for finding in health.examine(health.ALL)}
    assert (findings["engine_lag"].level, findings["outbox"].level) == ("fail", "fail")
    assert findings["engine_lag"].facts["set_aside"] == 1

    settings.STATUS_TOKEN = "a-token"
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7").status_code == 403
    given = {"Authorization": "Bearer a-token"}
    assert client.get("/metrics", REMOTE_ADDR="192.0.2.7", headers=given).status_code == 200


def test_a_loop_that_stopped_is_named() -> None:
    EngineBeat.objects.create(name="send", last_ok_at=timezone.now() - timedelta(minutes=4))

    finding = health.loops()

    assert (finding.level, finding.facts["late"]) == ("fail", ["send"])


def test_the_banner_is_for_those_who_look_after_the_clocks(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(context, "KEPT_SECONDS", 0)
    staff, member = appoint(Role.PROPOSAL_STAFF), appoint(Role.MEMBER)

    def banner(person: Person) -> bool:
        client.force_login(person)
        return "查看运行状况" in client.get("/inbox/").content.decode()

    assert (banner(staff), banner(member)) == (True, False), "nothing has ever run here"
    EngineBeat.objects.create(name="tick", last_ok_at=timezone.now())
    assert not banner(staff)
    row = reply_clock(house())
    Obligation.objects.filter(pk=row.pk).update(next_at=timezone.now() - timedelta(minutes=6))
    assert "有提醒到了时间" in vitals.trouble()


def test_the_nightly_audit_tells_once_a_day_what_it_found() -> None:
    row, now = reply_clock(house()), timezone.now()
    assert engine.audit(now=now) == 0
    staff = appoint(Role.PROPOSAL_STAFF)
    Obligation.objects.filter(pk=row.pk).update(due_on=row.due_on + timedelta(days=1))

    assert engine.audit(now=now) == engine.audit(now=now) > 0

    assert Message.objects.filter(recipient=staff, template="clock.audit", channel="inapp").count() == 1
    assert EngineBeat.objects.get(name="audit").found > 0
