"""A calendar is published, a rule is applied: who hears of it is shown before, and each hears once after."""

from datetime import date, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members import keys
from members.inbox.models import Channel, LongJob, Message, State
from members.inbox.registry import render
from members.inbox.work import work
from members.models import Person
from proposals.handling import batches, clocks, engine, moving, workdays
from proposals.handling.actions import tuning
from proposals.handling.clockwork.years import Year
from proposals.handling.events import timeline
from proposals.handling.models import CalendarDay, Obligation, TimeRule
from tests.factories import appoint
from tests.handling.factories import House, assignment, at, house, matter, reply_clock, rule, unit

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

DUE, BETWEEN = date(2026, 6, 2), date(2026, 5, 28)
LINE = "因节假日安排调整，期限由6月2日（星期二）改为6月3日（星期三）"
NOW = at(date(2026, 4, 2))


@pytest.fixture
def home() -> House:
    return house()


def free(*more: date, notice: str = "国办发明电〔2026〕9号") -> Year:
    """The year 2026 as published, with more holidays."""
    days = CalendarDay.objects.filter(date__year=2026)
    off = {day.date: day.name for day in days if day.source == "statutory"}
    work_ = {day.date: day.name for day in days if day.source == "makeup"}
    return Year(2026, published=True, notice=notice, off=off | dict.fromkeys(more, "增放假"), work=work_)


def publish(year: Year) -> None:
    workdays.publish(year)
    engine.refold(now=NOW)


def sendings(person: Person) -> list[tuple[str, int]]:
    """The kinds of sending that stand in this person's inbox, with the number of facts in each."""
    rows = Message.objects.inbox_of(person).order_by("id")
    return [(str(row.subject["name"]), row.facts.count()) for row in rows]


def with_co_handler(home: House) -> tuple[Obligation, Obligation]:
    """A lead's reply, and the opinion that is due ten working days before it."""
    case, helper = matter(home), unit()
    reply = reply_clock(home, matter=case, assignment=assignment(home, case, role="lead"))
    held = assignment(home, case, helper.body, role="co")
    opinion = clocks.start(
        case, "co_opinion", assignment=held, body=helper.body, anchor_on=date(2026, 5, 5), by=None, now=NOW
    )
    return reply, opinion


def test_the_preview_names_old_and_new_day_and_who_will_hear(home: House) -> None:
    reply, opinion = with_co_handler(home)
    apart = reply_clock(home, fixed_on=date(2026, 6, 30))
    assert opinion.due_on < reply.due_on
    helper = Person.objects.get(appointments__body=opinion.holder_body, appointments__role="unit_clerk")

    effect = moving.effect_of(free(DUE, BETWEEN), viewer=home.staff, now=NOW)

    lines = {one.obligation.pk: one for one in effect.moved}
    assert set(lines) == {reply.pk, opinion.pk}
    assert apart.pk not in lines
    assert (lines[reply.pk].old, lines[reply.pk].new) == (DUE, date(2026, 6, 3))
    assert lines[reply.pk].told == [home.officer.name, home.unit.clerk.name]
    assert lines[opinion.pk].told == [home.officer.name, helper.name]
    assert (effect.amount, effect.people, effect.counted) == (2, 3, [])

    publish(free(DUE, BETWEEN))
    for one in lines.values():
        one.obligation.refresh_from_db()
        assert one.obligation.due_on == one.new, "what was shown is what happened"


def test_the_preview_costs_the_same_queries_however_many_move_and_names_only_some(home: House) -> None:
    reply_clock(home)
    with CaptureQueriesContext(connection) as one:
        moving.effect_of(free(DUE, BETWEEN), viewer=home.staff, now=NOW)
    for _ in range(4):
        with_co_handler(home)
    with CaptureQueriesContext(connection) as many:
        effect = moving.effect_of(free(DUE, BETWEEN), viewer=home.staff, now=NOW, shown=3)

    assert len(many) == len(one) <= 15
    assert (len(effect.moved), effect.amount, sum(one.amount for one in effect.counted)) == (3, 9, 6)


def test_a_published_year_stands_on_the_timeline_and_everybody_concerned_is_told_once(home: House) -> None:
    home.unit.clerk.mail = "clerk@example.test"
    home.unit.clerk.save()
    case = matter(home, readers=[keys.PROPOSAL_OFFICE, keys.body_key(home.unit.body.pk)])
    first, second = reply_clock(home, matter=case, assignment=assignment(home, case)), reply_clock(home)

    publish(free(DUE))
    engine.refold(now=NOW)

    assert sendings(home.unit.clerk) == [("clocks", 2)]
    assert sendings(home.officer) == [("clocks", 2)]
    assert sendings(home.unit.head) == sendings(home.staff) == []
    mail = Message.objects.get(recipient=home.unit.clerk, channel=Channel.EMAIL, part_of=None)
    assert (mail.state, mail.not_before) == (State.PENDING, NOW + clocks.GATHERED)
    fact = Message.objects.filter(recipient=home.unit.clerk, template="clock.moved").order_by("id")[0]
    [words] = render([(fact.template, fact.subject)], home.unit.clerk)
    assert LINE in getattr(words, "body", "")
    event = first.matter.events.get(verb="clock_changed")
    assert event.payload.facts == {
        "clock": "答复", "old": "2026-06-02", "new": "2026-06-03", "reason": "节假日安排调整",
    }  # fmt: skip
    assert second.matter.events.filter(verb="clock_changed").count() == 1
    stranger = unit()
    assert [words for _, words, _ in timeline(home.unit.clerk, first.matter)] == [
        "答复期限由6月2日改为6月3日：节假日安排调整"
    ]
    assert timeline(stranger.clerk, first.matter) == []


def test_i14_a_year_that_moves_nothing_tells_nobody(home: House) -> None:
    obligation = reply_clock(home)

    publish(free(date(2026, 9, 1)))

    assert not Message.objects.exists()
    assert not obligation.matter.events.exists()


def test_a_persons_own_limit_is_told_to_that_person_alone(home: House) -> None:
    member = appoint("member")
    case = matter(home)
    clock = clocks.start(
        case, "evaluation", assignment=assignment(home, case), person=member, anchor_on=date(2026, 5, 18), by=None,
        now=NOW,
    )  # fmt: skip

    effect = moving.effect_of(free(clock.due_on), viewer=home.staff, now=NOW)
    publish(free(clock.due_on))

    assert [one.told for one in effect.moved] == [[member.name]]
    assert sendings(member) == [("clocks", 1)]
    assert Message.objects.exclude(recipient=member).count() == 0
    assert timeline(home.unit.clerk, case) == [], "no unit learns who has not evaluated yet"
    assert len(timeline(home.staff, case)) == 1


def new_rule() -> TimeRule:
    old = TimeRule.objects.get(code="reply")
    old.valid = (date(2000, 1, 1), date(2026, 4, 1))
    old.save()
    new = rule("reply", 2, "month", valid=(date(2026, 4, 1), None))
    new.refresh_from_db()
    return new


def test_an_applied_rule_is_told_once_and_its_followers_move_with_it(home: House) -> None:
    reply, opinion = with_co_handler(home)
    wanted = new_rule()

    effect = moving.effect_of_rule(wanted, viewer=home.staff, now=NOW)
    assert {one.obligation.pk for one in effect.moved} == {reply.pk, opinion.pk}
    assert tuning.apply_rule(wanted, by=home.staff, now=NOW) == 1
    assert tuning.apply_rule(wanted, by=home.staff, now=NOW) == 0

    for one in effect.moved:
        one.obligation.refresh_from_db()
        assert one.obligation.due_on == one.new
    assert sendings(home.officer) == [("clocks", 2)]
    assert sendings(home.unit.clerk) == [("clocks", 1)]
    event = reply.matter.events.filter(verb="clock_changed").order_by("seq")[0]
    assert (event.by, event.payload.facts["reason"]) == (home.staff, "时限规则自2026年4月1日起调整")


def test_a_rule_for_many_runs_as_a_long_job_and_goes_on_where_it_broke_off(
    home: House, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [reply_clock(home) for _ in range(3)]
    wanted = new_rule()
    monkeypatch.setattr(batches, "AT_ONCE", 2)
    monkeypatch.setattr(tuning, "TICK", 1)
    client.force_login(home.staff)

    answer = client.post(reverse("clock_settings:apply_rule", args=[wanted.code]), {})
    job = LongJob.objects.get()
    assert answer.headers["Location"] == reverse("inbox:job", args=[job.public_id])
    clocks.apply_rule(rows[0], wanted, by=home.staff, now=NOW, reason="上次做到这里")
    LongJob.objects.filter(pk=job.pk).update(done=1)
    work(now=NOW + timedelta(days=1))

    job.refresh_from_db()
    assert (job.done, job.total, job.result["sentence"]) == (3, 3, "3 项进行中的期限已按新规则重算。")
    assert set(Obligation.objects.values_list("rule", flat=True)) == {wanted.pk}
    assert sendings(home.unit.clerk) == [("clocks", 3)]


def test_the_command_shows_numbers_and_no_matter_and_writes_nothing(home: House, tmp_path: Path) -> None:
    clock = reply_clock(home)
    file = tmp_path / "2026.json"
    file.write_text(
        '{"year": 2026, "notice": "国办发明电〔2026〕9号", "off": {"2026-06-02": "增放假"}}', encoding="utf-8"
    )
    out = StringIO()

    call_command("calendar", "load", str(file), "--dry-run", stdout=out)

    assert "答复：2026-06-02 → 2026-06-03，1 项" in out.getvalue()
    assert not any(word in out.getvalue() for word in (clock.matter.label, clock.matter.title, home.officer.name))
    assert "告知 2 人。没有写入" in out.getvalue()
    assert not Message.objects.exists()
