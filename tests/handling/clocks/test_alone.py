"""The engine without Celery does all that beat would ring for, and nothing that fails stops the rest."""

import json
import threading
from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
from celery import current_app
from django.conf import settings
from django.core.management import call_command
from django.db import DatabaseError, InterfaceError
from django.utils import timezone

from config.portal import health, vitals
from members.inbox import engine as inbox
from proposals.handling import audit, clocks, engine
from proposals.handling.management.commands import run_deadlines
from proposals.handling.models import EngineBeat, Obligation
from tests.handling.factories import MONDAY, House, assignment, at, house, matter, reply_clock, unit

pytestmark = [pytest.mark.django_db, pytest.mark.engine]


@pytest.fixture
def home() -> House:
    return house()


def once() -> dict[str, Any]:
    out = StringIO()
    call_command("run_deadlines", "--once", "--json", stdout=out)
    found: dict[str, Any] = json.loads(out.getvalue())
    return found


def test_one_round_says_what_it_did(home: House) -> None:
    reply_clock(home, on=date(2024, 3, 4), now=at(date(2024, 3, 4)))

    did = once()

    assert (did["fired"], did["set_aside"], did["recounted"], did["failed"]) == (1, 0, 0, {})
    assert did["superseded"] > 3


def test_a_round_does_all_that_beat_rings_for_each_at_its_time(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []
    current_app.loader.import_default_modules()
    for name in settings.CELERY_BEAT_SCHEDULE:
        monkeypatch.setattr(current_app.tasks[name], "run", lambda name=name: done.append(name))

    once()
    assert done == list(settings.CELERY_BEAT_SCHEDULE), "whatever beat rings for is done, in the same order"

    done.clear()
    once()
    often = [name for name, entry in settings.CELERY_BEAT_SCHEDULE.items() if entry["schedule"] <= 60]
    assert done == often, "a minute later only what is due every minute"

    done.clear()
    EngineBeat.objects.update(last_ok_at=timezone.now() - timedelta(hours=1))
    once()
    assert "members.inbox.jobs.clear_files" in done
    assert "proposals.handling.jobs.audit" not in done


def test_with_one_round_a_minute_neither_doctor_nor_banner_misses_a_loop(home: House) -> None:
    once()

    assert [beat.loop.name for beat in vitals.beats(now=timezone.now()) if beat.late] == []
    assert (health.heartbeat().level, health.loops().level, vitals.trouble()) == ("ok", "ok", "")


@pytest.mark.parametrize("error", [InterfaceError("closed"), DatabaseError("deadlock"), KeyError("x")])
def test_work_that_fails_keeps_nothing_else_from_its_turn(
    home: House, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(**_: object) -> None:
        raise error

    monkeypatch.setattr(engine, "refold", fail)
    monkeypatch.setattr(engine, "audit", fail)

    did = once()

    assert set(did["failed"]) == {"proposals.handling.jobs.refold", "proposals.handling.jobs.audit"}
    assert did["messages"] == {}
    assert EngineBeat.objects.filter(name="send").exists()
    assert not EngineBeat.objects.filter(name="proposals.handling.jobs.audit").exists(), "it is due again at once"


def test_the_loop_outlives_a_round_that_fails(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that no recount can do, and a sender without its database: the loop says so and goes on."""
    stop, pauses = threading.Event(), list[float]()
    bad = reply_clock(home)
    Obligation.objects.filter(pk=bad.pk).update(calendar_version=0, anchor_on=date(2060, 12, 30))

    def wait(seconds: float) -> bool:
        pauses.append(seconds)
        if len(pauses) == 2:
            stop.set()
        return stop.is_set()

    def send(**_: object) -> inbox.Tally:
        if not pauses:
            raise InterfaceError("closed")
        return inbox.Tally()

    monkeypatch.setattr(stop, "wait", wait)
    monkeypatch.setattr(inbox, "send", send)
    monkeypatch.setattr(run_deadlines, "close_old_connections", lambda: None)
    told, said = StringIO(), StringIO()
    run_deadlines.Command(stdout=told, stderr=said).loop(stop, as_json=False)

    assert pauses == [run_deadlines.AFTER_TROUBLE, run_deadlines.EVERY]
    assert "members.inbox.tasks.send 没有完成" in said.getvalue()
    bad.refresh_from_db()
    assert bad.error.startswith("Refused: 日期超出日历范围")


def test_a_long_job_keeps_no_round_from_its_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the loop it has a thread of its own, which tries again after a fault."""
    current_app.loader.import_default_modules()
    done: list[str] = []
    for name in settings.CELERY_BEAT_SCHEDULE:
        monkeypatch.setattr(current_app.tasks[name], "run", lambda name=name: done.append(name))
    run_deadlines.one_round(without=run_deadlines.LONG)
    assert done == [name for name in settings.CELERY_BEAT_SCHEDULE if name != run_deadlines.LONG]

    stop, tries = threading.Event(), list[int]()

    def work() -> None:
        tries.append(len(tries))
        if len(tries) == 1:
            raise InterfaceError("closed")
        stop.set()

    monkeypatch.setattr(current_app.tasks[run_deadlines.LONG], "run", work)
    monkeypatch.setattr(run_deadlines, "EVERY", 0.0)
    beside = threading.Thread(target=run_deadlines.work_beside, args=(stop,))
    beside.start()
    beside.join(10)
    assert (tries, beside.is_alive()) == ([0, 1], False)


def test_i10_a_follower_that_cannot_be_counted_is_set_aside_alone_and_taken_up_again(home: House) -> None:
    case, helpers = matter(home), [unit(), unit()]
    lead = reply_clock(home, matter=case, assignment=assignment(home, case, role="lead"), fixed_on=date(2026, 3, 31))
    bad, good = (
        clocks.start(
            case, "co_opinion", assignment=assignment(home, case, one.body, role="co"), body=one.body, anchor_on=MONDAY,
            by=None, now=at(MONDAY),
        )
        for one in helpers
    )  # fmt: skip
    Obligation.objects.filter(pk=bad.pk).update(anchor_on=date(2060, 12, 31))

    clocks.extend(lead, amount=1, by=None, now=at(date(2026, 3, 10)), reason="x")

    for row in (lead, bad, good):
        row.refresh_from_db()
    assert (lead.due_on, good.due_on) == (date(2026, 4, 30), date(2026, 4, 2))
    assert (bad.due_on, bad.error[:7], bad.events.count()) == (date(2026, 3, 17), "Refused", 2)
    assert vitals.set_aside(home.staff) == [bad]
    assert engine.refold(now=at(date(2026, 3, 10))) == 0

    Obligation.objects.filter(pk=bad.pk).update(anchor_on=MONDAY)
    assert engine.refold(now=at(date(2026, 3, 11))) == 1
    bad.refresh_from_db()
    assert (bad.due_on, bad.error) == (date(2026, 4, 2), "")
    assert audit.differences(now=at(date(2026, 3, 11))) == []


def test_i10_one_clock_that_cannot_be_recounted_never_stops_its_neighbours(home: House) -> None:
    rows = [reply_clock(home) for _ in range(3)]
    Obligation.objects.update(calendar_version=0)
    Obligation.objects.filter(pk=rows[0].pk).update(anchor_on=date(2060, 12, 30))
    now = at(date(2026, 4, 2))

    assert engine.refold(now=now) == 2
    assert engine.refold(now=now) == 0, "it is looked at once a run"

    for row in rows:
        row.refresh_from_db()
    assert [row.calendar_version > 0 for row in rows] == [False, True, True]
    assert rows[0].error.startswith("Refused")
    engine.scan(now=at(date(2026, 5, 19), 9))
    rows[0].refresh_from_db()
    assert rows[0].error, "that a reminder could be made says nothing about the recount"
    Obligation.objects.filter(pk=rows[0].pk).update(anchor_on=date(2026, 3, 2))
    assert engine.refold(now=now) == 1
    rows[0].refresh_from_db()
    assert (rows[0].error, rows[0].due_on) == ("", date(2026, 6, 2))
    assert clocks.open_for(matter=rows[0].matter).get() == rows[0]
