"""Lists and pages cost the same for one row and for fifty, and what is hidden changes nothing (S11)."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.models import Person
from proposals.handling.models import Exposure, Matter
from tests.factories import MatterFactory, appoint
from tests.handling.conftest import House, give, part_of, round_of, signed
from tests.handling.test_acts import answered, objected, rated


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def queries_of(client: Client, url: str) -> int:
    client.get(url)  # what is kept for a process is kept now
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def fill(house: House, amount: int) -> None:
    for _ in range(amount):
        objected(house, signed(house, give(house)))


@pytest.mark.parametrize(
    ("who", "name"), [("clerk", "queue"), ("officer", "ledger"), ("officer", "objections"), ("staff", "ledger")]
)
def test_a_list_costs_the_same_for_one_row_and_for_many(house: House, who: str, name: str) -> None:
    house.now = timezone.now()
    client, url = signed_in(getattr(house, who)), reverse(f"handling:{name}")
    fill(house, 1)
    one = queries_of(client, url)

    fill(house, 11)

    assert queries_of(client, url) == one
    assert one <= 12


@pytest.mark.parametrize("who", ["clerk", "officer", "staff"])
def test_a_matter_that_has_been_through_everything_costs_fifteen_queries(house: House, who: str) -> None:
    house.now = timezone.now()
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"), cosigned=True)
    part = signed(house, matter)
    answered(house, part)
    rated(house, round_of(part), house.member)

    assert queries_of(signed_in(getattr(house, who)), reverse("handling:part", args=[part.public_id])) <= 15


WORD = "独一无二的暗语"


def snapshot(people: list[Person]) -> list[Any]:
    """Everything these people can list, count and export."""
    urls = [reverse(f"handling:{name}") for name in ("queue", "ledger", "objections", "extensions", "dissatisfied")]
    urls += ["/proposals/", "/desk/", "/inbox/", f"/proposals/?q={WORD}", f"{reverse('handling:queue')}?q={WORD}"]
    found = []
    for person in people:
        client = signed_in(person)
        for url in urls:
            answer = client.get(url)
            body = answer.content.decode()
            for secret in ("csrfmiddlewaretoken", 'name="once"', 'name="upto"'):
                body = "\n".join(line for line in body.splitlines() if secret not in line)
            body = re.sub(r'data-session="\d+"|\d+:\d\d', "", body)  # what time changes
            found.append((person.name, url, answer.status_code, body if answer.status_code == 200 else ""))
    return found


def test_one_hidden_matter_changes_no_list_no_count_no_order(house: House) -> None:
    house.now = timezone.now()
    fill(house, 2)
    people = [
        house.clerk,
        house.other_clerk,
        house.officer,
        house.member,
        appoint(Role.MEMBER),
        appoint(Role.UNIT_CLERK),
    ]
    before = snapshot(people)

    hidden = MatterFactory(by=house.cosigner, title=WORD, exposure=Exposure.OFFICE)
    Matter.objects.filter(pk=hidden.pk).update(access="suspended", readers=[14])

    assert snapshot(people) == before


def test_a_hidden_row_and_no_row_are_answered_alike(house: House) -> None:
    house.now = timezone.now()
    part = part_of(give(house), house.unit)
    stranger = signed_in(appoint(Role.UNIT_CLERK))

    for name in ("part", "sign_for", "object", "draft_reply", "reply", "record_contact"):
        real = stranger.get(reverse(f"handling:{name}", args=[part.public_id]))
        none = stranger.get(reverse(f"handling:{name}", args=["00000000-0000-4000-8000-000000000000"]))
        assert (real.status_code, none.status_code) == (404, 404), name
        same = [answer.content.decode().replace(str(part.public_id), "") for answer in (real, none)]
        assert len(same[0]) - len(same[1]) <= 40


@pytest.mark.parametrize(("who", "name"), [("officer", "ledger"), ("clerk", "queue"), ("officer", "objections")])
def test_lists_copy_as_text_for_a_group_chat_without_names_or_titles_that_are_held_back(
    house: House, who: str, name: str
) -> None:
    house.now = timezone.now()
    shown, hidden = (MatterFactory(by=house.member, title=title) for title in ("关于养老的建议", "关于某事的建议"))
    for matter in (shown, hidden):
        objected(house, signed(house, give(house, matter=matter)))
    Matter.objects.filter(pk=hidden.pk).update(access="internal")

    body = signed_in(getattr(house, who)).get(reverse(f"handling:{name}")).content.decode()

    text = body.split('id="copy-text"')[1].split("</textarea>")[0]
    assert shown.unit_title in text and "登录查看：" in text and house.unit.name in text
    assert hidden.unit_title not in text and house.member.name not in text and "不属本单位" not in text
