"""The thread once more, in pages: a clerk signs for and replies, the member evaluates."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from proposals.handling.models import Stage
from tests.factories import PASSWORD
from tests.handling.conftest import House, give, part_of


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture(autouse=True)
def today(house: House) -> None:
    house.now = timezone.now()


def test_a_matter_goes_from_hand_over_to_closed_in_pages(house: House) -> None:
    matter = give(house)
    part = part_of(matter, house.unit)
    clerk, member = signed_in(house.clerk), signed_in(house.member)

    assert matter.title in clerk.get(reverse("handling:queue")).content.decode()
    assert clerk.get(reverse("handling:part", args=[part.public_id])).status_code == 200
    url = reverse("handling:sign_for", args=[part.public_id])
    assert clerk.get(url).status_code == 200
    assert clerk.post(url).status_code == 302

    url = reverse("handling:record_contact", args=[part.public_id])
    contact = {"when": "before", "mode": "phone", "held_on": timezone.localdate(), "persons": "林溪", "text": "已沟通"}
    assert clerk.get(url).status_code == 200
    assert clerk.post(url, contact).status_code == 302

    url = reverse("handling:draft_reply", args=[part.public_id])
    assert clerk.get(url).status_code == 200
    reply = {"result": "A", "opening": "总体答复", "text_1": "已办", "class_1": "A", "same_2": "1", "version": "0"}
    answer = clerk.post(url, reply)
    assert answer.status_code == 302, answer.context["form"].errors
    url = reverse("handling:reply", args=[part.public_id])
    assert clerk.get(url).status_code == 200
    answer = clerk.post(url)
    assert answer.status_code == 302, answer.context["form"].errors

    house.member.set_password(PASSWORD)
    house.member.save()
    member = signed_in(house.member)
    url = reverse("handling:evaluate", args=[part.public_id, 1])
    assert "仅限本人，承办单位不得代填" in member.get(url).content.decode()
    ratings = {"place": house.member.public_id, "work": "satisfied", "result": "satisfied"}
    assert member.post(url, ratings).status_code == 422
    answer = member.post(url, {**ratings, "password": PASSWORD})
    assert answer.status_code == 302, answer.context["form"].errors

    matter.refresh_from_db()
    assert matter.stage == Stage.CLOSED
    assert "已办结" in clerk.get(reverse("handling:part", args=[part.public_id])).content.decode()


def test_after_the_window_a_unit_is_not_offered_to_give_back(house: House) -> None:
    house.now = timezone.now() - timedelta(days=40)
    part = part_of(give(house), house.unit)
    giving_back = reverse("handling:object", args=[part.public_id])

    shown = {
        who: signed_in(who).get(reverse("handling:part", args=[part.public_id])).content.decode()
        for who in (house.clerk, house.officer)
    }

    assert giving_back not in shown[house.clerk]
    assert giving_back in shown[house.officer]  # from a sheet of a day on which it was in time
