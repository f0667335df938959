"""Every component in every state: for everyone, on every screen."""

import gzip
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import (
    DESKTOP,
    NARROW,
    PHONE,
    assert_accessible,
    assert_large,
    assert_pressed_by_thumb,
    assert_reflows,
    picture,
    visit,
)
from tests.html import assert_valid

PAGES = [
    "/ui-kit/",
    *[
        f"/ui-kit/{part}/"
        for part in (
            "list", "matter", "form", "errors", "confirm", "conflict",
            "forbidden", "missing", "expired", "broken", "maintenance",
        )
    ],
    "/",
    "/accessibility/",
    "/browser/",
]  # fmt: skip


def name_of(address: str) -> str:
    return address.strip("/").replace("/", "-") or "home"


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_strict_html_and_light(address: str, site: str) -> None:
    html = urllib.request.urlopen(site + address).read()  # noqa: S310  our own pages on loopback

    assert_valid(html)
    assert "{#" not in html.decode()
    assert len(gzip.compress(html, 9)) <= 15 * 1024


LOOKS: dict[str, dict[str, Any]] = {
    "desktop": {"viewport": DESKTOP},
    "dark": {"viewport": DESKTOP, "theme": "dark"},
    "phone-large": {"viewport": PHONE, "large": True},
    "narrow": {"viewport": NARROW},
    "narrow-large-dark": {"viewport": NARROW, "large": True, "theme": "dark"},
    "forced": {"viewport": NARROW, "forced_colors": "active"},
}
TIGHTEST = "narrow-large-dark"
DENSE = ("/ui-kit/list/", "/ui-kit/matter/", "/ui-kit/errors/")
# the page of all components in every look, dense pages in the usual ones, the others where it is tightest
VISITS = {
    look: [
        "/ui-kit/",
        *(DENSE if look in ("desktop", "narrow", "phone-large") else PAGES[1:] if look == TIGHTEST else ()),
    ]
    for look in LOOKS
}


@pytest.mark.parametrize("look", LOOKS)
def test_pages_are_for_everyone(look: str, site: str, browser: Browser) -> None:
    options = LOOKS[look]
    with visit(browser, site, **options) as page:
        for address in VISITS[look]:
            page.goto(address)

            assert_accessible(page)
            assert_reflows(page)
            if options.get("large") and address not in ("/ui-kit/broken/", "/ui-kit/maintenance/"):
                assert_large(page)
            elif options.get("viewport") == NARROW:
                assert_pressed_by_thumb(page)
            picture(page, f"{name_of(address)}-{look}")


def test_text_may_be_spaced_out(site: str, browser: Browser) -> None:
    """WCAG 1.4.12: with the reader's own spacing nothing is cut off."""
    with visit(browser, site, viewport=PHONE, bypass_csp=True) as page:
        page.goto("/ui-kit/list/")
        page.add_style_tag(
            content="* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important }"
        )

        assert_reflows(page)


@pytest.mark.parametrize("address", ["/ui-kit/", "/ui-kit/list/", "/ui-kit/errors/"])
def test_a_first_visit_asks_for_few_files(address: str, site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=DESKTOP) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(address, wait_until="networkidle")

        assert len(asked) <= 7
        assert [url for url in asked if not url.startswith((site, "data:"))] == []


def test_nothing_jumps_while_the_page_loads(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=DESKTOP) as page:
        page.add_init_script(
            "window.shift = 0; new PerformanceObserver((list) => list.getEntries().forEach((entry) => {"
            " if (!entry.hadRecentInput) window.shift += entry.value })).observe({type: 'layout-shift', buffered: true})"
        )
        page.goto("/ui-kit/list/", wait_until="networkidle")

        assert page.evaluate("window.shift") < 0.02
