"""A contact is confirmed with one tap; one that nobody confirmed is not counted as none; a reply without is counted (P29)."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.errors import Refused
from proposals.handling import actions
from proposals.handling.contacted import State, by_contact, contact_state, figures_by_unit, last_day_to_confirm
from proposals.handling.models import Contact, Reply
from proposals.handling.workdays import working_calendar
from tests.handling.conftest import House, give, signed
from tests.handling.factories import at
from tests.handling.test_acts import answered


def talked(house: House, part: Any) -> Contact:
    on = timezone.localdate(house.now)
    return actions.record_contact(
        part, when="during", mode="visit", held_on=on, persons="双方", text="上门", by=house.clerk, now=house.later()
    )


def opened(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_proposer_confirms_with_one_tap(house: House) -> None:
    house.now = timezone.now()
    contact = talked(house, signed(house, give(house)))
    url, home = (
        reverse("handling:confirm_contact", args=[contact.public_id]),
        contact.assignment.matter.get_absolute_url(),
    )
    client = opened(house.member)
    assert f'action="{url}"' in client.get(home).content.decode()

    assert client.post(url, {"took_place": "yes"}).status_code == 302

    assert contact.answers.get().took_place
    page = client.get(home).content.decode()
    assert "已确认" in page and f'action="{url}"' not in page
    assert f'action="{url}"' not in opened(house.clerk).get(home).content.decode()


@pytest.mark.parametrize("today", [date(2026, 3, 18), date(2026, 3, 21), date(2026, 10, 9)])
@pytest.mark.django_db
def test_ten_working_days_without_an_answer_read_unconfirmed_and_never_none(today: date) -> None:
    since = last_day_to_confirm(today)

    for days in range(-3, 4):
        given = since + timedelta(days=days)
        late = working_calendar().count(given, today) > 10
        assert contact_state(0, 0, at(given), today) == ("未确认" if late else "待确认")
    assert (contact_state(1, 0, at(since), today), contact_state(1, 1, at(since), today)) == (
        "已确认",
        "提案者称不属实",
    )


def test_replies_are_counted_by_contact_and_those_without_say_why(house: House) -> None:
    house.now = timezone.now()
    parts = [signed(house, give(house)) for _ in range(4)]
    with pytest.raises(Refused, match="请写明原因"):
        answered(house, parts[0], no_contact_reason="")
    confirmed, denied, silent = (talked(house, part) for part in parts[1:])
    place = confirmed.assignment.matter.participants.get()
    actions.confirm_contact(confirmed, place, took_place=True, note="", by=house.member, now=house.later())
    place = denied.assignment.matter.participants.get()
    actions.confirm_contact(denied, place, took_place=False, note="没有来过", by=house.member, now=house.later())
    for part in parts:
        answered(house, part, no_contact_reason="提案者出差" if part == parts[0] else "")
    today = timezone.localdate(house.now)

    def states(on: date) -> list[str]:
        rows: Any = by_contact(Reply.objects.order_by("pk"), on=on)
        return [row.contact for row in rows]

    assert states(today) == [State.NONE, State.CONFIRMED, State.DENIED, State.WAITING]
    assert states(today + timedelta(days=40))[3] == State.UNCONFIRMED
    ((name, _, figures),) = figures_by_unit(by_contact(Reply.objects.all(), on=today))
    assert (name, figures.replies, figures.none, figures.rate) == (house.unit.name, 4, 1, "75.0%")
    url = reverse("handling:contacts")
    page = opened(house.officer).get(url).content.decode()
    assert "沟通率＝有沟通记录的答复份数÷已发出的答复份数" in page and "提案者出差" in page
    only = opened(house.staff).get(url, {"contact": "none"}).content.decode()
    assert str(parts[0].matter.number) in only and "没有来过" not in only
    table = opened(house.staff).get(url, {"export": "xlsx"})
    assert table.status_code == 200
    assert b"".join(table)
    assert opened(house.clerk).get(url).status_code == 403
    assert silent.answers.count() == 0


def test_the_list_costs_the_same_for_one_row_and_for_three(house: House, django_assert_num_queries: Any) -> None:
    house.now = timezone.now()
    client, url = opened(house.staff), reverse("handling:contacts")
    answered(house, signed(house, give(house)))
    client.get(url)
    with CaptureQueriesContext(connection) as one:
        client.get(url)
    for _ in range(2):
        answered(house, signed(house, give(house)))

    with django_assert_num_queries(len(one)):
        client.get(url)
