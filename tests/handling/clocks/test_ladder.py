"""When the steps of a ladder fire: a pure function."""

from datetime import date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from proposals.handling.clockwork.ladder import (
    CLOSES,
    OPENS,
    ZONE,
    Step,
    due_now,
    ends_at,
    local_day,
    next_firing,
    office_moment,
    plan,
    waiting,
)

from .strategies import Pair, calendars, dates, pair

steps = st.lists(
    st.builds(
        Step,
        key=st.integers(1, 99),
        offset=st.integers(-12, 12),
        severity=st.integers(1, 5).map(lambda n: n * 10),
        from_start=st.booleans(),
        at=st.times(OPENS, CLOSES).map(lambda at: at.replace(tzinfo=None)),
        every=st.integers(1, 9),
        times=st.integers(1, 4),
    ),
    max_size=6,
    unique_by=lambda step: step.key,
)
moments = st.datetimes(datetime(2025, 1, 1), datetime(2026, 12, 31)).map(lambda at: at.replace(tzinfo=ZONE))


@given(calendars(), steps, dates, st.integers(0, 200))
def test_i13_every_step_fires_on_a_workday_within_office_hours(
    days: Pair, ladder: list[Step], started: date, length: int
) -> None:
    for firing in plan(ladder, started, started + timedelta(days=length), days.engine):
        local = firing.at.astimezone(ZONE)
        assert days.slow.worked(local.date())
        assert time(9) <= local.time() <= time(17, 30)


@given(calendars(), steps, dates, st.integers(0, 200), moments)
def test_i13_the_engine_is_never_woken_outside_office_hours(
    days: Pair, ladder: list[Step], started: date, length: int, now: datetime
) -> None:
    coming = next_firing(plan(ladder, started, started + timedelta(days=length), days.engine), now, days.engine)

    if coming:
        local = coming[0].astimezone(ZONE)
        assert coming[0] >= now
        assert days.slow.worked(local.date())
        assert time(9) <= local.time() <= time(17, 30)


@given(calendars(), steps, dates, st.integers(0, 200), st.lists(moments, max_size=6))
def test_i19_how_often_the_engine_runs_does_not_change_what_is_handled(
    days: Pair, ladder: list[Step], started: date, length: int, looks: list[datetime]
) -> None:
    firings = plan(ladder, started, started + timedelta(days=length), days.engine)
    end = datetime(2028, 1, 1, tzinfo=ZONE)
    handled: set[tuple[int, int]] = set()

    for now in [*sorted(looks), end]:
        chosen, others = due_now(waiting(firings, handled), now)
        handled |= {one.key for one in (*others, chosen) if one}

    assert handled == {firing.key for firing in firings if firing.at <= end}


@given(calendars(), steps, dates, st.integers(0, 200), moments)
def test_i12_of_several_steps_come_together_one_fires(
    days: Pair, ladder: list[Step], started: date, length: int, now: datetime
) -> None:
    firings = plan(ladder, started, started + timedelta(days=length), days.engine)

    chosen, others = due_now(firings, now)

    past = [firing for firing in firings if firing.at <= now]
    assert len(past) == len(others) + (chosen is not None)
    assert chosen is None or chosen.severity == max(firing.severity for firing in past)


def test_a_reminder_before_the_limit_is_not_sent_on_its_first_day() -> None:
    days = pair(set(), set())
    ladder = [Step(1, offset=-10, severity=10), Step(2, offset=-1, severity=20), Step(3, offset=0, severity=30)]

    firings = plan(ladder, date(2026, 3, 2), date(2026, 3, 5), days.engine)

    assert [(firing.step, firing.at.date()) for firing in firings] == [(2, date(2026, 3, 4)), (3, date(2026, 3, 5))]


def test_offsets_are_counted_over_holidays() -> None:
    days = pair({date(2026, 3, 4), date(2026, 3, 5)}, {date(2026, 3, 7)})

    firings = plan([Step(1, offset=-3, severity=10)], date(2026, 2, 2), date(2026, 3, 9), days.engine)

    assert [firing.at.date() for firing in firings] == [date(2026, 3, 3)]


def test_a_last_day_of_rest_is_announced_before_it_and_overdue_after_it() -> None:
    days = pair(set(), set())
    ladder = [Step(1, offset=-1, severity=20), Step(2, offset=0, severity=30), Step(3, offset=1, severity=40)]

    firings = plan(ladder, date(2026, 3, 6), date(2026, 3, 7), days.engine)

    assert [(firing.step, firing.at.date()) for firing in firings] == [(2, date(2026, 3, 6)), (3, date(2026, 3, 9))]


def test_at_night_the_most_severe_past_step_waits_for_the_office() -> None:
    days = pair(set(), set())
    night = datetime(2026, 3, 6, 22, tzinfo=ZONE)

    assert office_moment(night, days.engine) == datetime(2026, 3, 9, 9, tzinfo=ZONE)


def test_i11_the_last_day_lasts_until_midnight_in_shanghai() -> None:
    due = date(2026, 6, 2)
    end = ends_at(due)

    assert end.isoformat() == "2026-06-03T00:00:00+08:00"
    assert local_day(end - timedelta(seconds=1)) == due
    assert local_day(end) == date(2026, 6, 3)
