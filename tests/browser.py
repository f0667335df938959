"""A real Chromium for tests of what people see.

HUIYIN_SCREENSHOTS names a folder for pictures; without it none are taken.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from config.mode import ROOT

EXECUTABLES = ("chromium", "chromium-browser", "google-chrome")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}
NARROW = {"width": 320, "height": 640}
PATIENCE = 180_000
"""Milliseconds that a browser may take to start or to lay a whole page out, however busy the machine is."""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium. As root it has no sandbox, which is only tolerable for our own pages."""
    path = os.environ.get("CHROMIUM") or next((found for name in EXECUTABLES if (found := shutil.which(name))), None)
    if path is None:
        raise RuntimeError("Chromium is missing: apt-get install chromium fonts-noto-cjk")
    arguments = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    # Playwright's loop would make Django refuse the database of the test itself.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments, timeout=PATIENCE)
        yield browser
        browser.close()


@contextmanager
def visit(
    browser: Browser, base: str, *, large: bool = False, theme: str = "light", offline: bool = False, **options: Any
) -> Iterator[Page]:
    """Open a page in a fresh profile; a script error or a complaint on the console fails the test at the end.

    Refusals (4xx) are part of life; requests that fail are so only where the test is `offline`.
    """
    context: BrowserContext = browser.new_context(base_url=base, locale="zh-CN", **options)
    context.add_cookies(
        [
            {"name": "size", "value": "large" if large else "normal", "url": base},
            {"name": "theme", "value": theme, "url": base},
        ]
    )
    context.set_default_timeout(15_000)
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    expected = ("status of 4", "net::ERR_FAILED") if offline else ("status of 4",)
    assert [words for words in complaints if not any(part in words for part in expected)] == []


def sign_in(page: Page, username: str, password: str) -> None:
    """Sign in as people do."""
    page.goto("/accounts/login/")
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_url("**/desk/**")


AXE_OPTIONS = {
    "runOnly": {"type": "tag", "values": RULES},
    "resultTypes": ["violations"],
    "preload": False,  # what only sound and film would need
}
AXE_RUN = "(options) => axe.run(document, options).then((all) => all.violations)"


def assert_accessible(page: Page) -> None:
    """Fail on any violation of WCAG 2.2 A and AA or of axe's best practices."""
    page.evaluate(AXE_SCRIPT)
    found = [
        (fault["id"], fault["help"], [node["html"][:200] for node in fault["nodes"][:5]])
        for fault in page.evaluate(AXE_RUN, AXE_OPTIONS)
    ]
    assert found == []


class Readers:
    """Two who read page after page as text of the same document, without a server: axe, and an eye on a phone in 大字版.

    Nothing is loaded anew for a page, so that a whole house is read in a minute; scripts do not run.
    """

    def __init__(self, browser: Browser) -> None:
        self.desk, self.phone = (self._opened(browser, size) for size in (DESKTOP, PHONE))
        self.desk.evaluate(AXE_SCRIPT)

    def _opened(self, browser: Browser, size: Any) -> Page:
        page = browser.new_page(viewport=size, locale="zh-CN")
        page.set_default_timeout(PATIENCE)
        style = (ROOT / "static/css/app.css").read_text(encoding="utf-8")
        page.set_content(
            f'<!doctype html><html><head><meta name="viewport" content="width=device-width"><style>{style}'
        )
        return page

    def faults(self, html: str) -> list[str]:
        """What axe finds, what scrolls sideways, and what is too small in 大字版."""
        self.desk.evaluate(PUT, html)
        found = self.desk.evaluate(AXE_RUN, AXE_OPTIONS)
        faults = [f"{fault['id']}: {[node['html'][:200] for node in fault['nodes'][:3]]}" for fault in found]
        self.phone.evaluate(PUT, html)
        self.phone.evaluate("document.documentElement.dataset.size = 'large'")
        if wide := self.phone.evaluate("document.documentElement.scrollWidth - window.innerWidth"):
            faults.append(f"{wide} px too wide")
        small = self.phone.evaluate(SMALL_TEXT) + self.phone.evaluate(SMALL_TARGETS, [MAIN, LARGE_TARGET])
        return faults + [f"too small: {one}" for one in small]

    def close(self) -> None:
        self.desk.close()
        self.phone.close()


def unfit(browser: Browser, pages: Mapping[str, str]) -> list[str]:
    """What is wrong with these pages, by name, for whoever reads them."""
    readers = Readers(browser)
    found = [f"{name}: {fault}" for name, page in pages.items() for fault in readers.faults(page)]
    readers.close()
    return found


PUT = """html => {
  const page = new DOMParser().parseFromString(html, "text/html"), root = document.documentElement;
  for (const { name, value } of page.documentElement.attributes) root.setAttribute(name, value);
  document.title = page.title;
  document.body.replaceWith(document.adoptNode(page.body));
}"""


def assert_reflows(page: Page) -> None:
    """Fail if the page scrolls sideways (WCAG 1.4.10); tables scroll within themselves."""
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def assert_large(page: Page) -> None:
    """Fail if 大字版 shows text below 18 px or a main target below 60 px."""
    assert page.evaluate(SMALL_TEXT) == []
    assert page.evaluate(SMALL_TARGETS, [MAIN, LARGE_TARGET]) == []


def assert_pressed_by_thumb(page: Page) -> None:
    """Fail if a main target on a phone, or what leads on from a list, is below 44 px."""
    assert page.evaluate(SMALL_TARGETS, [MAIN + IN_LISTS, TARGET]) == []


SMALL_TEXT = """() => {
  const found = [];
  for (const node of document.querySelectorAll('body *')) {
    const own = [...node.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim());
    if (!own || !node.getClientRects().length || node.closest('.unseen, option, svg')) continue;
    const size = parseFloat(getComputedStyle(node).fontSize);
    if (size < 18) found.push([node.tagName, node.className, size]);
  }
  return found;
}"""

TARGET, LARGE_TARGET = 44, 60
MAIN = (
    ".button, .tool, .choice, .choices label, .entry, .sidenav a, .tabs a, summary, select, textarea, "
    "input:not([type=hidden]):not([type=checkbox]):not([type=radio])"
)
IN_LISTS = ", .table--stack .table__title, .rows .grow > a, .card__head a.end"
SMALL_TARGETS = """([main, least]) => {
  return [...document.querySelectorAll(main)]
    .filter((node) => node.getClientRects().length && node.getBoundingClientRect().height < least)
    .map((node) => [node.tagName, node.className, node.getBoundingClientRect().height]);
}"""


def picture(page: Page, name: str) -> None:
    """Keep a picture of the page for people to look at, if a folder for it is named."""
    if folder := os.environ.get("HUIYIN_SCREENSHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
