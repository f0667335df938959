"""A list costs the same for one row and for fifty; no page costs more than fifteen queries."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from members.models import Body
from proposals import actions

from .conftest import House
from .test_pages_thread import page_of, signed_in

MOST = 15


def cost(person: object, url: str) -> int:
    client = signed_in(person)  # type: ignore[arg-type]  # a person
    page_of(client, url)
    with CaptureQueriesContext(connection) as queries:
        page_of(client, url)
    return len(queries)


@pytest.mark.parametrize(
    ("who", "url"),
    [
        ("staff", "/proposals/"),
        ("member", "/proposals/mine/"),
        ("staff", "/proposals/review/"),
        ("officer", "/proposals/allocation/"),
        ("staff", "/proposals/plenary/"),
    ],
)
def test_a_list_costs_the_same_for_one_row_and_for_many(
    house: House, filed, submitted, clerk_unit: Body, who: str, url: str
) -> None:
    def add() -> None:
        submitted()
        proposal = filed(wished_units=[clerk_unit])
        actions.allocate(proposal, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())

    person = getattr(house, who)
    add()
    one = cost(person, url)
    for _ in range(5):
        add()

    assert cost(person, url) == one <= MOST


def test_no_page_of_one_proposal_costs_more_than_fifteen(
    house: House, filed, submitted, draft, clerk_unit: Body
) -> None:
    waiting, proposal, writing = submitted(), filed(), draft()
    actions.allocate(proposal, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())
    assigned = filed()
    actions.allocate(assigned, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())
    actions.hand_over([assigned], session=house.session, by=house.officer, now=house.later())
    pages = [
        (house.member, writing, "write/"),
        (house.member, writing, "cosigners/"),
        (house.member, writing, "check/"),
        (house.member, assigned, ""),
        (house.staff, assigned, ""),
        (house.staff, waiting, "review/"),
        (house.officer, proposal, "allocation/"),
        (house.staff, proposal, ""),
    ]

    costs = {f"{who} {part}": cost(who, f"/proposals/{row.matter.public_id}/{part}") for who, row, part in pages}

    assert {page: amount for page, amount in costs.items() if amount > MOST} == {}
