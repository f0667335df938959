"""The engine: what is due fires once, to the right people, and nothing stops it."""

import os
import uuid
from collections import Counter
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from members.actions import tell_leader
from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.models import Channel, Message
from members.inbox.registry import render
from members.models import Person
from proposals.handling import clocks, engine, workdays
from proposals.handling.actions import tuning
from proposals.handling.clockwork import engine_now
from proposals.handling.clockwork.years import Year
from proposals.handling.models import (
    CalendarDay,
    CalendarYear,
    Checkpoint,
    EngineBeat,
    EngineClock,
    LadderStep,
    Obligation,
)
from tests import conftest
from tests.factories import BodyFactory, appoint
from tests.handling.factories import MONDAY, House, assignment, at, house, matter, reply_clock, rule, unit

pytestmark = [pytest.mark.django_db, pytest.mark.engine]

T_10, T_3, DUE, T1, T5 = (
    date(2026, 5, 19),
    date(2026, 5, 28),
    date(2026, 6, 2),
    date(2026, 6, 3),
    date(2026, 6, 9),
)


@pytest.fixture
def home() -> House:
    return house()


def facts(person: Person) -> list[str]:
    """The steps that this person has in the inbox, in order."""
    told = Message.objects.filter(recipient=person, channel=Channel.INAPP, about__isnull=False).order_by("id")
    steps = {str(step.pk): step.code for step in LadderStep.objects.all()}
    return [steps[message.key.split(":")[2][1:]] for message in told]


def test_the_ladder_of_a_reply_reaches_clerk_head_and_office_in_turn(home: House) -> None:
    obligation = reply_clock(home)

    for day in (T_10, T_3, DUE, T1, T5, T5 + timedelta(days=7)):
        engine.scan(now=at(day, 9))

    assert facts(home.unit.clerk) == ["t-10", "t-3", "t"]
    assert facts(home.unit.head) == ["t", "t+1"]
    assert facts(home.officer) == ["t+1", "t+5", "t+5"]
    assert facts(home.staff) == []
    assert obligation.checkpoints.count() == 6


def test_i5_one_checkpoint_and_one_message_a_step_however_often_the_engine_runs(home: House) -> None:
    reply_clock(home)

    for _ in range(5):
        engine.scan(now=at(T_10, 9))

    assert Checkpoint.objects.count() == 1
    keys = Counter(Message.objects.values_list("key", flat=True))
    assert set(keys.values()) == {1}
    with pytest.raises(DatabaseError, match="checkpoint_once"), transaction.atomic():
        point = Checkpoint.objects.get()
        point.pk = None
        point.save(force_insert=True)


def test_i5_one_message_a_key(home: House) -> None:
    reply_clock(home)
    engine.scan(now=at(T_10, 9))
    message = Message.objects.filter(about__isnull=False)[0]

    message.pk, message.public_id = None, uuid.uuid4()
    with pytest.raises(IntegrityError), transaction.atomic():
        message.save(force_insert=True)


def test_i10_one_recipient_without_account_keeps_no_other_from_being_told(home: House) -> None:
    reply_clock(home)
    Person.objects.filter(pk=home.unit.head.pk).update(is_active=False)

    engine.scan(now=at(T1, 9))

    assert (facts(home.unit.head), facts(home.officer)) == ([], ["t+1"])


def test_what_has_fired_is_never_rewritten(home: House) -> None:
    reply_clock(home)
    engine.scan(now=at(T_10, 9))

    with pytest.raises(DatabaseError), transaction.atomic():
        Checkpoint.objects.update(outcome="superseded")
    with pytest.raises(DatabaseError), transaction.atomic():
        Checkpoint.objects.all().delete()


def test_i12_after_a_long_outage_one_step_fires_and_the_others_are_recorded(home: House) -> None:
    obligation = reply_clock(home)

    tally = engine.scan(now=at(T1, 15))

    assert (tally.fired, tally.superseded) == (1, 3)
    outcomes = obligation.checkpoints.order_by("id").values_list("step__code", "outcome")
    assert list(outcomes) == [("t-10", "superseded"), ("t-3", "superseded"), ("t", "superseded"), ("t+1", "fired")]
    assert facts(home.unit.clerk) == []
    assert facts(home.unit.head) == ["t+1"]


def test_i4_what_fires_next_is_what_the_ladder_says(home: House) -> None:
    obligation = reply_clock(home)

    for day in (T_10, T_3, DUE, T1, T5):
        engine.scan(now=at(day, 9))
        obligation.refresh_from_db()
        handled = set(obligation.checkpoints.values_list("step_id", "n"))
        coming = [firing for firing, _ in clocks.planned(obligation) if firing.key not in handled]
        following = (obligation.next_at, obligation.next_step_id, obligation.next_n)
        assert following == (coming[0].at, coming[0].step, coming[0].n)
        assert coming[0].at > at(day, 9)


def test_a_finished_ladder_rests(home: House) -> None:
    obligation = reply_clock(home)

    engine.scan(now=at(date(2027, 6, 1)))

    obligation.refresh_from_db()
    assert (obligation.next_at, obligation.next_step, obligation.next_n) == (None, None, None)


def test_two_steps_of_two_matters_for_one_person_are_one_sending(home: House) -> None:
    reply_clock(home)
    reply_clock(home)

    engine.scan(now=at(T_10, 9))

    carrier = Message.objects.get(key=f"digest:p{home.unit.clerk.pk}:inapp:2026-05-19T09")
    assert carrier.facts.count() == 2


def test_i9_whoever_has_left_is_not_told(home: House) -> None:
    reply_clock(home)
    home.unit.clerk.appointments.update(ends_on=date(2026, 5, 1))
    successor = appoint(Role.UNIT_CLERK, home.unit.body, starts_on=date(2026, 5, 2))

    engine.scan(now=at(T_10, 9))

    assert facts(home.unit.clerk) == []
    assert facts(successor) == ["t-10"]


def test_i9_a_disabled_account_is_not_told(home: House) -> None:
    reply_clock(home)
    Person.objects.filter(pk=home.unit.clerk.pk).update(is_active=False)

    engine.scan(now=at(T_10, 9))

    assert facts(home.unit.clerk) == []
    assert facts(home.unit.head) == ["t-10"]


def test_the_handler_inside_the_unit_is_reminded_in_the_clerks_place(home: House) -> None:
    handler = appoint(Role.UNIT_HANDLER, home.unit.body)
    case = matter(home)
    reply_clock(home, matter=case, assignment=assignment(home, case, handler=handler))

    engine.scan(now=at(T_10, 9))

    assert (facts(handler), facts(home.unit.clerk)) == (["t-10"], [])


def test_a_body_without_a_clerk_goes_to_its_head_and_the_administrator_hears_of_it(home: House) -> None:
    reply_clock(home)
    home.unit.clerk.appointments.update(ends_on=date(2026, 5, 1))

    engine.scan(now=at(T_10, 9))

    assert facts(home.unit.head) == ["t-10"]
    alarm = Message.objects.get(recipient=home.admin, template="clock.vacancy")
    assert alarm.key == f"vacant:b{home.unit.body.pk}:2026-05-19:p{home.admin.pk}:inapp"


def test_a_body_without_anybody_goes_to_the_assigning_office(home: House) -> None:
    empty = BodyFactory()
    case = matter(home)
    reply_clock(home, matter=case, assignment=assignment(home, case, empty))

    engine.scan(now=at(T_10, 9))

    assert facts(home.officer) == ["t-10"]


def test_a_proposal_office_without_staff_alarms_the_administrator_once_a_day(home: House) -> None:
    """Whoever is chased in the place of somebody else sits there: then nobody is told, and that is said."""
    held, other = BodyFactory(), BodyFactory()
    for body in (held, other):
        case = matter(home)
        reply_clock(home, matter=case, assignment=assignment(home, case, body))
    for person in (home.staff, home.officer):
        person.appointments.update(ends_on=date(2026, 5, 1))

    engine.scan(now=at(T_10, 9))

    assert not Message.objects.filter(about__isnull=False).exists()
    told = Message.objects.filter(template="clock.office_vacancy", recipient=home.admin, channel=Channel.INAPP)
    [fact] = told
    assert fact.key.startswith(f"vacant:office:{T_10}")
    [words] = render([(fact.template, fact.subject)], home.admin)
    assert getattr(words, "title", "") == "提案委没有在岗的工作人员"

    appoint(Role.PROPOSAL_STAFF, home.proposal_office)
    engine.scan(now=at(T_3, 9))
    assert told.count() == 1


def test_nothing_ever_goes_to_a_leader(home: House) -> None:
    reply_clock(home)
    appoint(Role.LEADER, home.office, person=home.unit.head)
    leader = appoint(Role.LEADER, home.office)

    engine.scan(now=at(T1, 9))

    assert (facts(home.unit.head), facts(leader), facts(home.officer)) == ([], [], ["t+1"])


def test_a_leader_for_whom_the_office_switched_it_on_is_reminded_in_his_other_work_only(home: House) -> None:
    reply_clock(home)
    appoint(Role.LEADER, home.office, person=home.unit.head)
    other = appoint(Role.LEADER, home.office)
    for person in (home.unit.head, other):
        tell_leader(person, wanted=True, by=home.staff, now=at(MONDAY))

    engine.scan(now=at(T1, 9))
    engine.scan(now=at(T5, 9))

    assert (facts(home.unit.head), facts(other)) == (["t+1"], []), "the sheet stays the office's to issue"
    with pytest.raises(WrongStep, match="已经是这样设置"):
        tell_leader(other, wanted=True, by=home.staff, now=at(MONDAY))


def test_a_quiet_matter_chases_nobody_but_lays_out_the_sheet(home: House) -> None:
    reply_clock(home, matter=(case := matter(home, quiet=True)), assignment=assignment(home, case))

    for day in (T_10, T_3, DUE, T1, T5):
        engine.scan(now=at(day, 9))

    assert (facts(home.unit.clerk), facts(home.unit.head), facts(home.officer)) == ([], [], ["t+5"])


def test_i10_one_poisoned_row_never_stops_its_neighbours(home: House, monkeypatch: pytest.MonkeyPatch) -> None:
    good, bad, other = reply_clock(home), reply_clock(home), reply_clock(home)
    CalendarDay.objects.exists()
    Obligation.objects.filter(pk=bad.pk).update(due_on=date(2060, 12, 31))

    tally = engine.scan(now=at(T_10, 9))

    assert (tally.fired, tally.set_aside) == (2, 1)
    bad.refresh_from_db()
    assert bad.next_at == at(T_10, 10)
    assert bad.error.startswith("OutOfCalendar")
    assert {good.checkpoints.count(), other.checkpoints.count()} == {1}


def test_i13_what_is_set_aside_or_tried_again_waits_for_office_hours(home: House) -> None:
    row = reply_clock(home)
    Obligation.objects.filter(pk=row.pk).update(due_on=date(2060, 12, 31))
    friday_evening, monday = at(date(2026, 5, 22), 17), at(date(2026, 5, 25), 9)

    assert engine.scan(now=friday_evening).set_aside == 1
    row.refresh_from_db()
    assert row.next_at == monday
    assert tuning.try_again(by=home.staff, now=at(date(2026, 5, 23))) == 1
    row.refresh_from_db()
    assert row.next_at == monday
    assert tuning.try_again(by=home.staff, now=at(date(2026, 5, 25), 11)) == 1
    row.refresh_from_db()
    assert row.next_at == at(date(2026, 5, 25), 11)


def test_i9_a_limit_of_somebody_without_account_goes_to_the_proposal_office(home: House) -> None:
    member, case = appoint(Role.MEMBER), matter(home)
    held = assignment(home, case)
    clock = clocks.start(case, "evaluation", assignment=held, person=member, anchor_on=MONDAY, by=None, now=at(MONDAY))
    Person.objects.filter(pk=member.pk).update(is_active=False)
    assert clock.next_at

    engine.scan(now=clock.next_at)

    assert (facts(member), len(facts(home.staff))) == ([], 1)


def test_i20_a_batch_costs_the_same_queries_for_one_row_and_for_two_hundred(home: House) -> None:
    reply_clock(home)
    with CaptureQueriesContext(connection) as one:
        engine.scan_batch(now=at(T_10, 9))
    units = [unit() for _ in range(20)] * 10
    cases = [(matter(home), held.body) for held in units]
    wanted = [
        clocks.Wanted(case, "reply", MONDAY, assignment=assignment(home, case, body), body=body) for case, body in cases
    ]
    clocks.start_many(wanted, by=None, now=at(MONDAY))
    with CaptureQueriesContext(connection) as many:
        count, tally = engine.scan_batch(now=at(T_10, 9))

    assert (count, tally.fired) == (engine.BATCH, 200)
    assert len(many) == len(one)
    assert len(one) <= 25


def test_an_idle_tick_asks_once(home: House) -> None:
    reply_clock(home)

    with CaptureQueriesContext(connection) as queries:
        engine.scan_batch(now=at(MONDAY, 12))

    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 1


def test_i6_the_lag_of_the_engine_is_written_down(home: House) -> None:
    reply_clock(home)

    engine.scan(now=at(T_10, 9, 7))

    beat = EngineBeat.objects.get(name="scan")
    assert (beat.last_ok_at, beat.oldest_due_lag) == (at(T_10, 9, 7), timedelta(minutes=7))
    assert not Obligation.objects.filter(next_at__lte=at(T_10, 9, 7)).exists()


def test_i19_hourly_daily_or_once_the_same_steps_are_handled(home: House) -> None:
    hourly, daily, once = (reply_clock(home) for _ in range(3))
    moment, end = at(date(2026, 5, 18), 0), at(date(2026, 6, 30), 0)

    def run(obligation: Obligation, every: timedelta) -> set[tuple[str, int]]:
        others = Obligation.objects.exclude(pk=obligation.pk)
        kept = dict(others.values_list("pk", "next_at"))
        others.update(next_at=None, next_step=None, next_n=None)
        now = moment
        while now < end:
            now = min(now + every, end)
            engine.scan(now=now)
        for pk, next_at in kept.items():
            step = LadderStep.objects.filter(ladder=obligation.rule.ladder).first()
            if next_at:
                Obligation.objects.filter(pk=pk).update(next_at=next_at, next_step=step, next_n=1)
        return set(obligation.checkpoints.values_list("step__code", "n"))

    results = [run(hourly, timedelta(hours=1)), run(daily, timedelta(days=1)), run(once, timedelta(days=60))]

    assert results[0] == results[1] == results[2]
    assert len(results[0]) == 7


# the calendar is edited ----------------------------------------------------------------------------------------------


def may_with(extra: date) -> Year:
    """The year 2026 as published, with one more holiday."""
    days = CalendarDay.objects.filter(date__year=2026)
    off = {day.date: day.name for day in days if day.source == "statutory"}
    work = {day.date: day.name for day in days if day.source == "makeup"}
    return Year(2026, published=True, notice="国办发明电〔2026〕9号", off=off | {extra: "增放假"}, work=work)


def test_a_new_holiday_moves_running_limits_and_only_those_it_touches(home: House) -> None:
    touched = reply_clock(home)
    apart = reply_clock(home, fixed_on=date(2026, 6, 30))
    done = clocks.complete(reply_clock(home), by=None, now=at(date(2026, 4, 1)))
    before = apart.epoch, apart.due_on

    version = workdays.publish(may_with(date(2026, 6, 2))).version
    assert engine.refold(now=at(date(2026, 4, 2))) == 2
    assert engine.refold(now=at(date(2026, 4, 2))) == 0

    for row in (touched, apart, done):
        row.refresh_from_db()
    assert (touched.due_on, touched.epoch, touched.calendar_version) == (date(2026, 6, 3), 2, version)
    assert (apart.epoch, apart.due_on) == before
    assert done.calendar_version < version
    moved = touched.events.get(kind="calendar")
    assert (moved.old_due, moved.new_due) == (date(2026, 6, 2), date(2026, 6, 3))


def test_i14_a_recount_without_effect_leaves_no_trace(home: House) -> None:
    obligation = reply_clock(home, fixed_on=date(2026, 6, 30))
    workdays.publish(may_with(date(2026, 9, 1)))

    engine.refold(now=at(date(2026, 4, 2)))

    obligation.refresh_from_db()
    assert obligation.epoch == 1
    assert obligation.events.count() == 1
    assert not Message.objects.exists()


def test_loading_the_same_year_again_changes_nothing() -> None:
    year = may_with(date(2026, 6, 2))

    assert workdays.publish(year).changed
    assert not workdays.publish(year).changed


def test_loading_a_year_keeps_local_days(home: House) -> None:
    obligation = reply_clock(home)
    workdays.set_local_day(DUE, is_workday=False, name="市民日")
    assert workdays.calendar_with(may_with(date(2026, 9, 1))).is_workday(DUE) is False

    workdays.publish(may_with(date(2026, 9, 1)))
    engine.refold(now=at(date(2026, 4, 2)))

    obligation.refresh_from_db()
    assert obligation.due_on == DUE + timedelta(days=1)
    assert CalendarDay.objects.get(date=DUE).source == "local"
    assert not workdays.publish(may_with(date(2026, 9, 1))).changed


def test_a_published_year_is_never_made_provisional_again() -> None:
    with pytest.raises(Refused, match="已经公布，不能改回暂定"):
        workdays.publish(Year(2026, published=False))
    assert CalendarYear.objects.get(year=2026).status == "published"


def test_a_holiday_on_a_reminders_day_moves_the_reminder_but_sends_nothing_anew(home: House) -> None:
    obligation = reply_clock(home)
    engine.scan(now=at(T_10, 9))

    workdays.set_local_day(T_3, is_workday=False, name="本地放假")
    engine.refold(now=at(date(2026, 5, 20)))

    obligation.refresh_from_db()
    assert (obligation.epoch, obligation.due_on) == (1, DUE)
    assert obligation.next_at == at(date(2026, 5, 27), 9)


def test_from_november_on_the_offices_hear_daily_that_a_year_is_missing(home: House) -> None:
    assert engine.warn_missing_year(now=at(date(2026, 10, 31))) is None
    for day in (1, 1, 2):
        assert engine.warn_missing_year(now=at(date(2026, 11, day), 9)) == 2027

    assert engine.warn_missing_year(now=at(date(2027, 1, 4), 9)) == 2027
    warned = Message.objects.filter(template="clock.calendar_missing", recipient=home.staff)
    assert sorted(warned.values_list("key", flat=True)) == [
        f"calendar:2027:2026-11-01:p{home.staff.pk}:inapp",
        f"calendar:2027:2026-11-02:p{home.staff.pk}:inapp",
        f"calendar:2027:2027-01-04:p{home.staff.pk}:inapp",
    ]


# the engine's clock --------------------------------------------------------------------------------------------------


def test_the_engines_clock_moves_only_in_a_marked_database() -> None:
    with pytest.raises(DatabaseError, match="only_a_marked_clock_moves"), transaction.atomic():
        EngineClock.objects.filter(pk=1).update(offset=timedelta(days=1))

    before = engine_now()
    EngineClock.objects.filter(pk=1).update(offset=timedelta(days=1), mark="drill")

    assert timedelta(hours=23) < engine_now() - before < timedelta(hours=25)


def test_i11_the_day_of_the_engine_is_shanghais(home: House) -> None:
    obligation = reply_clock(home)

    last = at(DUE, 23, 59)
    assert settings.TIME_ZONE == "Asia/Shanghai"
    assert not Obligation.objects.overdue(on=workdays.today(last)).exists()
    assert Obligation.objects.overdue(on=workdays.today(last + timedelta(minutes=1))).get() == obligation


def test_i11_the_process_stands_in_the_zone_that_was_asked_for() -> None:
    """`TZ=UTC` really means a server on UTC, whatever Django has set for itself."""
    here = datetime.now().astimezone().utcoffset()

    assert os.environ["TZ"] == conftest.ZONE
    assert here == datetime.now(ZoneInfo(conftest.ZONE)).utcoffset()


def test_a_rule_without_a_ladder_chases_nobody(home: House) -> None:
    obligation = clocks.start(
        matter(home), "objection_window", body=home.unit.body, anchor_on=MONDAY, by=None, now=at(MONDAY)
    )

    assert (obligation.due_on, obligation.next_at) == (date(2026, 3, 16), None)


def test_a_ladder_without_steps_rests(home: House) -> None:
    rule("empty", 3)

    obligation = clocks.start(matter(home), "empty", body=home.unit.body, anchor_on=MONDAY, by=None, now=at(MONDAY))

    assert obligation.next_at is None
