"""Pages of handling in a real browser: readable on a desk and on a phone, in both sizes, without an axe violation."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from members.models import Person
from proposals.handling import actions
from proposals.handling.models import Assignment
from tests.browser import DESKTOP, PHONE, assert_accessible, assert_large, assert_reflows, picture, visit
from tests.handling.conftest import House, build_house, give, part_of, reason, round_of, signed
from tests.handling.test_acts import answered

pytestmark = pytest.mark.django_db(transaction=True)


def let_in(page: Page, person: Person, base: str) -> None:
    """Give the browser a session of this person."""
    from django.test import Client

    client = Client()
    client.force_login(person)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": base}])


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


LOOKS = [(DESKTOP, False), (PHONE, True)]


def test_pages_of_handling_are_accessible(live_server: LiveServer, browser: Browser) -> None:
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
    for size, large in LOOKS:
        Person.objects.update(size="large" if large else "normal")
        with visit(browser, live_server.url, viewport=size, large=large) as page:
            for person, name, keys in pages:
                let_in(page, person, live_server.url)
                page.goto(reverse(name, args=keys))
                picture(page, f"{name.replace(':', '-')}-{person.name}-{size['width']}{'-large' if large else ''}")
                assert_accessible(page)
                assert_reflows(page)
                if large:
                    assert_large(page)
