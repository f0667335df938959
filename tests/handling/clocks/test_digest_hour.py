"""Everybody chooses the hour at which reminders are mailed; the engine's office hours are another matter."""

from datetime import date, datetime, timedelta

import pytest

from members.inbox.actions import Fact, remind
from members.inbox.models import Channel, Message
from members.models import Person
from proposals.handling import engine
from tests.handling.factories import House, at, house, reply_clock

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
FRIDAY, SUNDAY, MONDAY = date(2026, 5, 15), date(2026, 5, 17), date(2026, 5, 18)


@pytest.fixture
def home() -> House:
    return house()


def mailed(person: Person) -> list[tuple[str, datetime]]:
    """The sendings by mail of this person: slot and moment."""
    rows = Message.objects.filter(recipient=person, channel=Channel.EMAIL, part_of=None).order_by("pk")
    return [(row.key.rpartition(":")[2], row.not_before) for row in rows]


def choose(person: Person, hour: int) -> None:
    person.mail = f"p{person.pk}@example.test"
    person.digest_hour = hour
    person.save()


def test_the_mail_waits_for_the_chosen_hour_of_the_same_day_also_behind_a_weekend(home: House) -> None:
    choose(home.unit.clerk, 17)
    due_soon = reply_clock(home, on=date(2026, 3, 2), fixed_on=date(2026, 6, 1))
    for hour in (0, 12, 23):
        assert engine.scan(now=at(SUNDAY, hour)).fired == 0, "nothing is planned on a day off"

    engine.scan(now=at(MONDAY, 9, 1))

    assert due_soon.checkpoints.count() == 1
    assert mailed(home.unit.clerk) == [("2026-05-18T17", at(MONDAY, 17))]


@pytest.mark.parametrize(
    ("now", "hour", "slot", "opens"),
    [
        (at(FRIDAY, 23, 50), 9, "2026-05-15T23", at(FRIDAY, 23, 50)),
        (at(FRIDAY, 23, 50) + timedelta(minutes=20), 9, "2026-05-16T09", at(FRIDAY + timedelta(days=1), 9)),
        (at(SUNDAY, 0, 0), 0, "2026-05-17T00", at(SUNDAY, 0, 0)),
        (at(SUNDAY, 22, 59), 23, "2026-05-17T23", at(SUNDAY, 23)),
    ],
)
def test_the_hour_is_shanghais_on_either_side_of_midnight_and_on_a_day_off(
    home: House, now: datetime, hour: int, slot: str, opens: datetime
) -> None:
    choose(home.staff, hour)

    for number in range(2):
        remind([Fact(f"x{number}", home.staff.pk, "clock.calendar_missing", {"year": 2027})], now=now)

    assert mailed(home.staff) == [(slot, opens)]
