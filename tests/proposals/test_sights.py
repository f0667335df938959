"""Who has had a text before the eyes is written down, whichever page showed it (S5)."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from django.urls import get_resolver, reverse
from django.utils import timezone

from members.choices import Role
from members.models import Body, Person
from proposals import actions
from proposals.handling import clocks
from proposals.handling.models import Sight
from proposals.models import Proposal
from tests.factories import appoint
from tests.rights.table import TABLE

from .conftest import TEXT, House
from .test_handing_over import shares
from .test_pages_thread import signed_in

MARK = "只在正文里出现的词句"
MARKED = replace(TEXT, situation=MARK)
RESOLVER: Any = get_resolver().namespace_dict["proposals"][1]
ROWS = sorted(
    str(name)
    for name, (places, *_) in RESOLVER.reverse_dict.items()
    if isinstance(name, str) and places[0][1] == ["public_id"]
)


def unnoted(person: Person, *rows: Any, matter: Proposal) -> Iterable[str]:
    """Pages that showed the text to this person without writing it down, of these rows' addresses."""
    client = signed_in(person)
    roles = set(person.appointments.values_list("role", flat=True))
    for name in (name for name in ROWS if TABLE[f"proposals:{name}"].roles & roles):
        for row in rows:
            Sight.objects.all().delete()
            answer = client.get(reverse(f"proposals:{name}", args=[row.public_id]))
            shows = answer.status_code == 200 and not answer.streaming and MARK in answer.content.decode()
            if shows:
                SHOWN.add(name)
            if shows and not Sight.objects.filter(person=person, matter=matter.matter_id).exists():
                yield f"{name} to {person.name}"


SHOWN: set[str] = set()


@pytest.mark.usefixtures("persons_read_once")
def test_a_page_that_renders_the_text_leaves_a_sight(house: House, draft, submitted, filed, clerk_unit: Body) -> None:
    friend, clerk = appoint(Role.MEMBER), clerk_unit.appointments.get().person
    own, waiting, ready = draft(text=MARKED), submitted(text=MARKED), filed(text=MARKED)
    [invitation] = actions.invite(own, [friend], by=house.member, now=house.later())
    clocks.open_for(matter=own.matter, stage="cosign").update(due_on=timezone.localdate())
    typed = actions.register(actions.Behind(person=house.member), source="paper", by=house.staff, now=house.later())
    actions.save_text(typed, MARKED, version=None, by=house.staff, now=house.later())
    actions.allocate(ready, shares(clerk_unit), by=house.officer, now=house.later())
    [asked] = actions.consult_units(ready, by=house.officer, now=house.later())

    found = [
        *unnoted(house.member, own, matter=own),
        *unnoted(friend, invitation, matter=own),
        *unnoted(house.staff, typed, matter=typed),
        *unnoted(house.staff, waiting, matter=waiting),
        *unnoted(house.officer, ready, asked, matter=ready),
        *unnoted(clerk, ready, asked, matter=ready),
    ]

    assert found == []
    assert {
        "detail", "write", "check", "invitation", "confirm_text", "review", "allocation_of", "consultation",
        "record_consultation",
    } <= SHOWN  # fmt: skip
