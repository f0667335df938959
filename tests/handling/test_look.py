"""Pages of handling in a real browser: readable on a desk and on a phone, in both sizes, without an axe violation."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser

from members.models import Person
from proposals.handling import actions
from proposals.handling.models import Assignment
from tests.browser import unfit
from tests.handling.conftest import House, build_house, give, part_of, reason, round_of, signed
from tests.handling.test_acts import answered
from tests.html import assert_valid


def seen(pages: Iterable[tuple[Person, str, list[Any]]]) -> dict[str, str]:
    """What each person is shown at the address of that name; strict HTML."""
    found = {}
    for person, name, keys in pages:
        client = Client()
        client.force_login(person)
        answer = client.get(reverse(name, args=keys))
        assert answer.status_code == 200, name
        assert_valid(answer.content)
        found[f"{name} {person} {keys}"] = answer.content.decode()
    return found


def story(house: House) -> tuple[Assignment, Assignment, Any]:
    """A matter in hand with a co-handler, and one that was answered."""
    house.now = timezone.now() - timedelta(days=2)
    first = give(house, (house.unit, "lead"), (house.other_unit, "co"), cosigned=True)
    part = signed(house, first)
    actions.record_contact(
        part, when="before", mode="visit", held_on=timezone.localdate(house.now), persons="林溪，养老处", text="走访了社区。",
        by=house.clerk, now=house.later(),
    )  # fmt: skip
    objection = actions.object_to(
        part_of(first, house.other_unit), reason=reason("objection"), text="不属本单位职责。", approved_by="温良",
        suggested=house.third_unit, by=house.other_clerk, now=house.later(),
    )  # fmt: skip
    second = signed(house, give(house, cosigned=True))
    answered(house, second, opening="总体说明。")
    place = second.matter.participants.get(person=house.cosigner)
    actions.evaluate(
        round_of(second),
        place,
        work="basic",
        result="dissatisfied",
        text="没有时限。",
        by=house.cosigner,
        now=house.later(),
    )
    return part, second, objection


def test_pages_of_handling_are_accessible(db: None, browser: Browser) -> None:
    house = build_house()
    part, second, objection = story(house)
    pages = [
        (house.clerk, "handling:queue", []),
        (house.clerk, "handling:part", [part.public_id]),
        (house.clerk, "handling:draft_reply", [part.public_id]),
        (house.clerk, "handling:object", [part.public_id]),
        (house.clerk, "handling:pass_inside", [part.public_id]),
        (house.clerk, "handling:record_contact", [part.public_id]),
        (house.third_clerk, "handling:answer_objection", [objection.public_id]),
        (house.officer, "handling:objections", []),
        (house.officer, "handling:decide_objection", [objection.public_id]),
        (house.staff, "handling:part", [second.public_id]),
        (house.staff, "handling:dissatisfied", []),
        (house.staff, "handling:record_evaluation", [second.public_id]),
        (house.staff, "handling:evaluation_sheets", [second.public_id]),
        (house.staff, "handling:confirm_dissatisfaction", [second.public_id]),
        (house.member, "handling:evaluate", [second.public_id, 1]),
        (house.staff, "clock_settings:rules", []),
        (house.staff, "clock_settings:ladder", ["unit_rehandle"]),
        (house.staff, "clock_settings:calendar", []),
        (house.staff, "clock_settings:load_year", []),
        (house.staff, "clock_settings:local_day", []),
    ]
    assert unfit(browser, seen(pages)) == []
