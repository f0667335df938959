"""The frame of every page on the running house: signing in, staying signed in, leaving nothing behind."""

from playwright.sync_api import Browser, expect

from members.models import Person
from tests.browser import (
    DESKTOP,
    NARROW,
    PHONE,
    assert_accessible,
    assert_large,
    assert_reflows,
    picture,
    sign_in,
    visit,
)
from tests.factories import PASSWORD, AppointmentFactory, PersonFactory
from tests.html import assert_valid
from tests.journeys.house import House


def somebody(**facts: object) -> Person:
    """A clerk of a unit: an account without an appointment ends at the door."""
    return AppointmentFactory(person=PersonFactory(password=PASSWORD, **facts)).person


def test_somebody_signs_in_with_the_form(house: House, browser: Browser) -> None:
    person = somebody()

    with visit(browser, house.url, viewport=PHONE, large=True) as page:
        page.goto("/accounts/login/")
        assert_valid(page.content())
        assert_accessible(page)
        assert_large(page)
        assert_reflows(page)
        picture(page, "sign-in-phone-large")
        sign_in(page, person.username, PASSWORD)

        expect(page.locator("h1")).to_have_text("工作台")


def test_the_pages_of_everyone_who_is_signed_in(house: House, browser: Browser) -> None:
    person = somebody()

    with visit(browser, house.url, viewport=DESKTOP) as page:
        house.enter(page, person)
        for address in ("/desk/", "/settings/", "/inbox/"):
            page.goto(address)
            assert_valid(page.request.get(address).text())
            assert_accessible(page)
            picture(page, f"signed-in{address.replace('/', '-')}desktop")


def test_a_phone_in_large_print_has_the_same_pages(house: House, browser: Browser) -> None:
    person = somebody(size="large")

    with visit(browser, house.url, viewport=PHONE, large=True) as page:
        house.enter(page, person)
        for address in ("/desk/", "/settings/", "/inbox/"):
            page.goto(address)
            assert_accessible(page)
            assert_large(page)
            assert_reflows(page)
            picture(page, f"signed-in{address.replace('/', '-')}phone-large")
        page.goto("/desk/#menu")
        expect(page.locator("#menu")).to_be_visible()
        picture(page, "menu-phone-large")


def test_the_menu_opens_on_a_phone_without_a_script(house: House, browser: Browser) -> None:
    person = somebody()

    with visit(browser, house.url, viewport=NARROW, java_script_enabled=False) as page:
        house.enter(page, person)
        page.goto("/desk/")
        expect(page.locator("#menu")).to_be_hidden()
        page.click("text=菜单")

        page.click("#menu >> text=设置")

        expect(page.locator("h1")).to_have_text("设置")


def test_one_is_warned_before_the_session_ends_and_can_stay(house: House, browser: Browser) -> None:
    person = somebody()

    with visit(browser, house.url, viewport=DESKTOP) as page:
        house.enter(page, person)
        page.clock.install()
        page.goto("/settings/")
        expect(page.locator("[data-session-warning]")).to_be_hidden()
        seconds = int(page.get_attribute("body", "data-session") or 0)

        page.clock.fast_forward((seconds - 299) * 1000)
        expect(page.locator("[data-session-warning]")).to_be_visible()
        page.click("text=延长登录")

        expect(page.locator("[data-session-warning]")).to_be_hidden()


def test_signing_out_leaves_nothing_on_the_phone(house: House, browser: Browser) -> None:
    person = somebody()

    with visit(browser, house.url, viewport=DESKTOP) as page:
        house.enter(page, person)
        page.goto("/settings/")
        key = f"draft:{person.public_id}:7"
        page.evaluate("(key) => localStorage.setItem(key, JSON.stringify({at: Date.now(), fields: []}))", key)
        page.evaluate(
            "() => localStorage.setItem('draft:somebody-else:7', JSON.stringify({at: Date.now(), fields: []}))"
        )
        page.reload()
        assert page.evaluate("Object.keys(localStorage)") == [key]

        page.click("header >> text=退出")
        page.wait_for_load_state()

        assert page.evaluate("Object.keys(localStorage).filter((name) => name.startsWith('draft:'))") == []
