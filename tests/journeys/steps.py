"""Small verbs for stories: who, on which page, fills in what and presses which button.

Every kind of page is examined once a house, the first time that anybody stands on it: no violation of axe, a strict
parse with unique ids, a picture.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

from django.urls import resolve, reverse
from playwright.sync_api import Browser, Locator, Page, expect

from members.models import Body, Person
from tests.browser import DESKTOP, PHONE, assert_accessible, picture, sign_in, visit
from tests.factories import PASSWORD
from tests.html import assert_valid
from tests.journeys.house import House, until


class Actor:
    """One person at a browser, signed in for the whole story."""

    def __init__(self, story: "Story", person: Person, page: Page) -> None:
        self.story, self.person, self.page = story, person, page

    @property
    def main(self) -> Locator:
        return self.page.locator("main")

    def open(self, name: str, *args: Any) -> "Actor":
        """Go to the page of that name."""
        answer = self.page.goto(reverse(name, args=args))
        assert answer is not None
        assert answer.status == 200, (name, answer.status)
        return self.arrived()

    def follow(self, words: str) -> "Actor":
        """Press the first link that holds these words."""
        return self._go(self.main.get_by_role("link").filter(has_text=words).first)

    def press(self, words: str) -> "Actor":
        """Press the button or link of exactly these words, and arrive without a complaint."""
        button = self.main.get_by_role("button", name=words, exact=True)
        link = self.main.get_by_role("link", name=words, exact=True)
        return self._go(button.or_(link).first)

    def records_for(self, body: Body, words: str) -> "Actor":
        """Open what can be recorded from a unit's paper, and press this of it."""
        self.main.get_by_text("代单位登记纸质办理").click()
        unit = self.main.get_by_role("heading", name=str(body), exact=True)
        return self._go(unit.locator("xpath=following-sibling::*[1]").get_by_role("link", name=words, exact=True))

    def _go(self, target: Locator) -> "Actor":
        with self.page.expect_navigation() as going:
            target.click()
        answer = going.value
        assert answer is None or answer.status in (200, 422), (self.page.url, answer.status)
        return self.arrived()

    def arrived(self) -> "Actor":
        complaint = self.page.locator(".error-summary")
        assert complaint.count() == 0, complaint.inner_text()
        self.story.examine(self.page)
        return self

    def fill(self, **values: Any) -> "Actor":
        """Fill in fields by their names: words, a choice by its value or label, a file, or a list of words."""
        for name, value in values.items():
            self._fill(self.page.locator(f'main [name="{name}"]'), value)
        return self

    def tick(self, **chosen: list[Any]) -> "Actor":
        """Tick the boxes with these values."""
        for name, values in chosen.items():
            for value in values:
                self.main.locator(f'[name="{name}"][value="{value}"]').check()
        return self

    def _fill(self, field: Locator, value: Any) -> None:
        if isinstance(value, list):
            for box, words in enumerate(value):
                field.nth(box).fill(words)
            return
        match field.first.evaluate("node => node.type"):
            case "radio":
                field.and_(self.page.locator(f'[value="{value}"]')).check()
            case "checkbox":
                field.first.set_checked(value)
            case "select-one":
                field.select_option(str(value))
            case "file":
                field.set_input_files(value)
            case _:
                field.fill(str(value))

    def reads(self, *words: str) -> "Actor":
        for sentence in words:
            expect(self.main).to_contain_text(sentence)
        return self

    def sees_nothing_of(self, *words: str) -> "Actor":
        for sentence in words:
            expect(self.main).not_to_contain_text(sentence)
        return self

    def signs_in(self) -> "Actor":
        """Give the password at the door, as after a break."""
        self.page.context.clear_cookies()
        sign_in(self.page, self.person.username, PASSWORD)
        return self.arrived()

    def gets_mail(self, *words: str) -> EmailMessage:
        """Wait until a mail with these words has left the house for this person."""
        return until(lambda: self._mails(words), f"a mail to {self.person} about {words}")[0]

    def _mails(self, words: tuple[str, ...]) -> list[EmailMessage]:
        mails = self.story.house.sink.to(self.person.mail)
        return [mail for mail in mails if all(part in text_of(mail) for part in words)]

    def looks_around(self) -> "Actor":
        """Examine this page once more, now that there is more on it."""
        self.story.look_at(self.page)
        return self


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    return f"{mail['Subject']}\n{body.get_content() if body else ''}"


class Story:
    """The people of one story, each in a browser of their own."""

    def __init__(self, house: House, browser: Browser, name: str, stack: ExitStack) -> None:
        self.house, self.browser, self.name, self.stack = house, browser, name, stack
        self.actors: dict[int, Actor] = {}
        self.pictures = 0

    def as_(self, person: Person, *, phone: bool = False) -> Actor:
        """This person, entering at the first time and the same browser ever after."""
        if person.pk not in self.actors:
            size = PHONE if phone else DESKTOP
            page = self.stack.enter_context(visit(self.browser, self.house.url, viewport=size))
            self.house.enter(page, person)
            self.actors[person.pk] = Actor(self, person, page)
        return self.actors[person.pk]

    def examine(self, page: Page) -> None:
        kind = resolve(urlsplit(page.url).path).view_name
        if kind not in self.house.seen:
            self.house.seen.add(kind)
            self.look_at(page)

    def look_at(self, page: Page) -> None:
        assert_valid(page.request.get(page.url).text())
        assert_accessible(page)
        self.pictures += 1
        kind = resolve(urlsplit(page.url).path).view_name.replace(":", "-")
        picture(page, f"{self.name}-{self.pictures:02}-{kind}")


@contextmanager
def story(house: House, browser: Browser, name: str) -> Iterator[Story]:
    with ExitStack() as stack:
        yield Story(house, browser, name, stack)
