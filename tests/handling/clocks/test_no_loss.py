"""Nothing planned is left lying while one engine runs, and nothing is said that was not planned, however it runs."""

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from members.inbox.models import Channel, Message
from members.inbox.registry import SENDING
from proposals.handling import clocks, engine
from proposals.handling.models import Checkpoint, Obligation
from tests.handling.factories import House, at, house, reply_clock

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
T_10 = date(2026, 5, 19)
STARTS = (date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 6), date(2026, 3, 9))
AFTER = timedelta(minutes=5)


@pytest.fixture
def home() -> House:
    return house()


def test_i6_no_open_clock_lies_longer_than_five_minutes_while_one_engine_runs(home: House) -> None:
    for day in STARTS:
        reply_clock(home, on=day)
    now, looks = at(date(2026, 5, 18), 8, 58), 0

    while now < at(date(2026, 6, 12)):
        engine.scan(now=now)
        assert not Obligation.objects.open().filter(next_at__lte=now - AFTER).exists()
        looks += 1
        now += timedelta(minutes=4) if looks % 3 else timedelta(days=1, minutes=-8)

    planned = {(row.pk, one.key) for row in Obligation.objects.all() for one, _ in clocks.planned(row) if one.at < now}
    handled = {(pk, (step, n)) for pk, step, n in Checkpoint.objects.values_list("obligation", "step", "n")}
    assert handled == planned


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(moments=st.lists(st.integers(min_value=0, max_value=40 * 24 * 60), min_size=1, max_size=8))
def test_i7_whatever_the_order_and_number_of_looks_nothing_is_said_beyond_the_plan(
    home: House, moments: list[int]
) -> None:
    """Looks may come late, twice, or with a clock that has gone back."""
    with transaction.atomic():
        rows = [reply_clock(home, on=day) for day in STARTS[:2]]
        for minutes in [*moments, *moments]:
            engine.scan(now=at(T_10, 8) + timedelta(minutes=minutes))
        latest = at(T_10, 8) + timedelta(minutes=max(moments))

        planned = {
            f"o{row.pk}:e1:s{one.step}:n{one.n}" for row in rows for one, _ in clocks.planned(row) if one.at <= latest
        }
        facts = Message.objects.exclude(template=SENDING).filter(channel=Channel.INAPP)
        keys = list(facts.values_list("key", flat=True))
        assert len(keys) == len(set(keys))
        assert {key.rpartition(":p")[0] for key in keys} <= planned
        fired = Checkpoint.objects.filter(outcome="fired").values_list("obligation", "step", "n")
        assert len(fired) == len(set(fired)) <= len(planned)
        transaction.set_rollback(True)
