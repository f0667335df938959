"""The last day as a fold: properties against a reference that counts day by day."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise
from random import Random

from hypothesis import assume, example, given
from hypothesis import strategies as st

from proposals.handling.clockwork.calendar import WorkCalendar
from proposals.handling.clockwork.explain import explain
from proposals.handling.clockwork.fold import Clock, Fact, fold, late_workdays
from proposals.handling.clockwork.rules import Rule
from tests.handling import reference

from .strategies import (
    Pair,
    any_limits,
    calendars,
    clock,
    dates,
    few_dates,
    histories,
    limits,
    pair,
    rule_of,
    stories,
    weekends,
)

PLAIN = WorkCalendar({}, {2025, 2026})
Changes = list[reference.Change]


@given(calendars(), limits, dates, histories())
def test_i1_the_fold_equals_counting_day_by_day(
    days: Pair, limit: reference.Limit, anchor: date, changes: Changes
) -> None:
    assert fold(clock(limit, anchor, changes), days.engine) == reference.due(limit, anchor, changes, days.slow)


@given(calendars(), limits, dates, histories(), st.integers(1, 200))
def test_i1_a_fixed_date_wins_and_is_moved_like_a_period(
    days: Pair, limit: reference.Limit, anchor: date, changes: Changes, later: int
) -> None:
    fixed = anchor + timedelta(days=later)

    due = fold(clock(limit, anchor, changes, fixed), days.engine)

    assert due == reference.due(limit, anchor, changes, days.slow, fixed)


bounds = st.none() | st.builds(reference.Bound, st.integers(1, 15), st.integers(1, 4))


ENDS_AS_IT_BEGINS = [  # whoever stops a limit on or before its first day stops it from the day after, when it was over
    reference.Change("pause", date(2025, 9, 24), 2),
    reference.Change("resume", date(2026, 1, 1), 3),
]


@given(calendars(), any_limits, dates | few_dates, stories(), st.none() | dates, bounds)
@example(
    Pair(PLAIN, reference.Days()),
    reference.Limit("workday", 1),
    date(2025, 9, 25),
    ENDS_AS_IT_BEGINS,
    date(2025, 9, 25),
    None,
)
@example(
    Pair(PLAIN, reference.Days()),
    reference.Limit("day", 1),
    date(2025, 9, 25),
    ENDS_AS_IT_BEGINS,
    date(2025, 9, 25),
    None,
)
def test_i1_whatever_happens_to_any_rule_the_fold_equals_counting_day_by_day(
    days: Pair,
    limit: reference.Limit,
    anchor: date,
    changes: Changes,
    fixed: date | None,
    bound: reference.Bound | None,
) -> None:
    due = fold(clock(limit, anchor, changes, fixed, bound), days.engine)

    assert due == reference.due(limit, anchor, changes, days.slow, fixed, bound)


@given(calendars(), dates, st.sampled_from(["workday", "day", "month"]), st.integers(1, 30))
def test_i1_a_limit_before_a_date_counts_back(days: Pair, anchor: date, unit: str, amount: int) -> None:
    limit = reference.Limit(unit, amount, before=True)

    due = fold(clock(limit, anchor, []), days.engine)

    assert due == reference.due(limit, anchor, [], days.slow)
    assert days.engine.is_workday(due)
    assert due < anchor


@given(calendars(), limits, dates, histories())
def test_i2_the_last_day_is_a_workday(days: Pair, limit: reference.Limit, anchor: date, changes: Changes) -> None:
    assert days.engine.is_workday(fold(clock(limit, anchor, changes), days.engine))


@given(calendars(), limits, dates, histories(by_date=False), dates)
def test_i2_a_new_holiday_never_makes_a_limit_earlier(
    days: Pair, limit: reference.Limit, anchor: date, changes: Changes, holiday: date
) -> None:
    more = pair(days.slow.off | {holiday}, days.slow.work - {holiday})

    assert fold(clock(limit, anchor, changes), more.engine) >= fold(clock(limit, anchor, changes), days.engine)


@given(calendars(), limits, dates, histories(by_date=False), weekends)
def test_i2_a_new_make_up_day_never_makes_a_limit_later(
    days: Pair, limit: reference.Limit, anchor: date, changes: Changes, workday: date
) -> None:
    more = pair(days.slow.off - {workday}, days.slow.work | {workday})

    assert fold(clock(limit, anchor, changes), more.engine) <= fold(clock(limit, anchor, changes), days.engine)


@given(calendars(), limits, dates, histories(), dates, st.integers(1, 60))
def test_i3_an_extension_never_shortens(
    days: Pair, limit: reference.Limit, anchor: date, changes: Changes, on: date, later: int
) -> None:
    before = fold(clock(limit, anchor, changes), days.engine)
    by_amount = reference.Change("extend", on, 99, amount=later)
    by_date = reference.Change("extend", on, 99, to_on=on + timedelta(days=later))

    assert fold(clock(limit, anchor, [*changes, by_amount]), days.engine) >= before
    assert fold(clock(limit, anchor, [*changes, by_date]), days.engine) >= before


@given(calendars(), limits, dates, histories(), dates, dates, st.integers(1, 90))
def test_i3_granting_and_taking_back_is_never_having_granted(
    days: Pair, limit: reference.Limit, anchor: date, changes: Changes, on: date, revoked_on: date, later: int
) -> None:
    granted = reference.Change("extend", on, 98, to_on=on + timedelta(days=later))
    taken_back = reference.Change("take_back", revoked_on, 99, takes_back=98)

    both = fold(clock(limit, anchor, [*changes, granted, taken_back]), days.engine)

    assert both == fold(clock(limit, anchor, changes), days.engine)


@given(calendars(), limits, dates, st.tuples(dates, dates, dates))
def test_i3_two_pauses_that_touch_are_one(
    days: Pair, limit: reference.Limit, anchor: date, moments: tuple[date, date, date]
) -> None:
    a, b, c = sorted(moments)
    one = [reference.Change("pause", a, 2), reference.Change("resume", c, 3)]
    two = [
        reference.Change("pause", a, 2),
        reference.Change("resume", b, 3),
        reference.Change("pause", b, 4),
        reference.Change("resume", c, 5),
    ]

    assert fold(clock(limit, anchor, one), days.engine) == fold(clock(limit, anchor, two), days.engine)


@given(calendars(), limits, dates, histories(ends=False), dates)
def test_i3_a_pause_of_no_length_changes_nothing(
    days: Pair, limit: reference.Limit, anchor: date, changes: Changes, on: date
) -> None:
    inside = any(one.kind == "pause" and one.on <= on <= two.on for one, two in pairwise(changes))
    assume(not inside)
    nothing = [reference.Change("pause", on, 98), reference.Change("resume", on, 99)]

    same = fold(clock(limit, anchor, [*changes, *nothing]), days.engine)

    assert same == fold(clock(limit, anchor, changes), days.engine)


@given(
    calendars(),
    limits,
    few_dates,
    histories(extensions=False, when=few_dates),
    st.lists(st.tuples(few_dates, st.integers(1, 9)), min_size=2, max_size=4),
    st.randoms(use_true_random=False),
)
def test_i3_the_order_of_extensions_by_amount_on_equal_dates_does_not_matter(
    days: Pair, limit: reference.Limit, anchor: date, changes: Changes, amounts: list[tuple[date, int]], chance: Random
) -> None:
    """Whether they were recorded before, between or after the pauses of the same day, and in which order."""
    extensions = [reference.Change("extend", on, 0, amount=amount) for on, amount in amounts]
    places = list(range(2, 2 + len(changes) + len(extensions)))
    mixed = sorted(chance.sample(places, len(changes)))
    others = [place for place in places if place not in mixed]
    chance.shuffle(others)
    shuffled = [replace(one, seq=place) for one, place in zip(changes, mixed, strict=True)]
    shuffled += [replace(one, seq=place) for one, place in zip(extensions, others, strict=True)]
    after = [replace(one, seq=50 + n) for n, one in enumerate(extensions)]

    one = fold(clock(limit, anchor, shuffled), days.engine)

    assert one == fold(clock(limit, anchor, [*changes, *after]), days.engine)


@given(calendars(), limits, dates, st.integers(1, 60), st.integers(0, 40))
def test_i3_time_that_was_closed_does_not_count(
    days: Pair, limit: reference.Limit, anchor: date, done_after: int, shut: int
) -> None:
    done = anchor + timedelta(days=done_after)
    again = done + timedelta(days=shut)
    rule = rule_of(limit)
    closed = [Fact("complete", done, 2), Fact("reopen", again, 3)]
    paused = [Fact("pause", done, 2), Fact("resume", again, 3)]

    assert fold(Clock(rule, anchor, None, closed), days.engine) == fold(Clock(rule, anchor, None, paused), days.engine)


@given(calendars(), any_limits, any_limits, dates, histories(extensions=False))
def test_i3_a_new_rule_keeps_earlier_pauses(
    days: Pair, old: reference.Limit, new: reference.Limit, anchor: date, changes: Changes
) -> None:
    before = clock(old, anchor, changes)
    changed = Clock(before.rule, anchor, None, [*before.facts, Fact("rule_change", anchor, 99, rule=rule_of(new))])

    assert fold(changed, days.engine) == fold(clock(new, anchor, changes), days.engine)


@given(calendars(), dates, st.integers(3, 90), limits)
def test_i17_a_follower_ends_before_its_leader_save_for_its_first_days(
    days: Pair, anchor: date, lead_after: int, limit: reference.Limit
) -> None:
    lead = days.engine.add(anchor, lead_after)
    own = fold(clock(limit, anchor, []), days.engine)
    rule = Rule(rule_of(limit).unit, limit.amount, bound=10, floor=2)

    due = fold(Clock(rule, anchor, None, [Fact("follow", anchor, 2, to_on=lead)]), days.engine)

    floor = min(own, days.slow.later(anchor, 2))
    assert due == max(floor, min(own, days.slow.earlier(lead, 10)))
    assert due < lead


@given(calendars(), limits, dates, histories())
def test_every_explanation_ends_on_the_day_it_explains(
    days: Pair, limit: reference.Limit, anchor: date, changes: Changes
) -> None:
    lines = explain(clock(limit, anchor, changes), days.engine)

    assert lines[-1].on == fold(clock(limit, anchor, changes), days.engine)
    assert all(line.text for line in lines)


@given(calendars(), st.integers(1, 40), dates, histories(extensions=False))
def test_an_explanation_counts_each_workday_once(days: Pair, amount: int, anchor: date, changes: Changes) -> None:
    lines = explain(clock(reference.Limit("workday", amount), anchor, changes), days.engine)

    assert [line.count for line in lines if line.count] == list(range(1, amount + 1))


def test_a_pause_over_a_weekend_credits_workdays_only() -> None:
    friday, monday = date(2026, 3, 6), date(2026, 3, 9)
    facts = [Fact("pause", friday, 2), Fact("resume", monday, 3)]

    due = fold(Clock(Rule("workday", 5), date(2026, 3, 2), None, facts), PLAIN)

    assert due == date(2026, 3, 10)


def test_a_pause_after_the_last_day_gives_no_time_back() -> None:
    facts = [Fact("pause", date(2026, 3, 20), 2), Fact("resume", date(2026, 3, 27), 3)]

    due = fold(Clock(Rule("workday", 5), date(2026, 3, 2), None, facts), PLAIN)

    assert due == date(2026, 3, 9)


def test_what_was_handed_in_in_time_is_not_late_however_long_it_is_checked() -> None:
    due, handed_in, delivered = date(2026, 3, 9), date(2026, 3, 9), date(2026, 3, 20)

    assert late_workdays(due, delivered, handed_in, PLAIN) == 0
    assert late_workdays(due, delivered, date(2026, 3, 10), PLAIN) == 1
    assert late_workdays(due, delivered, None, PLAIN) == 9
