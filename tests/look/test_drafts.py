"""Drafts on a phone: the server has the copy; a local one exists only while it cannot be reached (S16)."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests.browser import PHONE, visit

KEY = "draft:person-1:draft-7"
AFTER_TYPING = 3_100
DAY = 24 * 3600 * 1000
HOLD_ONE = """() => {
    const send = window.fetch
    window.fetch = (...asked) => new Promise(answer => {
        window.fetch = send
        window.release = () => answer(send(...asked))
    })
}"""
"""The next request waits in the browser until `release()`."""


class Server:
    """What the network answers to the script; `heard` is what arrived."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] | None = {"status": 200, "json": {"version": 2}}
        self.heard: list[str] = []

    def keep(self, route: Route) -> None:
        if self.answer is None:
            route.abort()
            return
        self.heard.append(route.request.post_data or "")
        route.fulfill(**self.answer)


@contextmanager
def writing(browser: Browser, site: str, server: Server, *, form: str = "", body: str = "") -> Iterator[Page]:
    """Open the sample form as a signed-in person would have it, with a draft behind it."""

    def dress(route: Route) -> None:
        page = route.fetch()
        html = page.text().replace("<body", f'<body data-person="person-1" {body}', 1)
        dressed = f'<form data-autosave="/keep/" data-draft="draft-7" {form} method="post" novalidate'
        route.fulfill(response=page, body=html.replace('<form method="post" novalidate', dressed, 1))

    with visit(browser, site, viewport=PHONE, offline=True) as page:
        page.route("**/ui-kit/form/", dress)
        page.route("**/keep/", server.keep)
        page.clock.install()
        page.goto("/ui-kit/form/")
        yield page


def status(page: Page) -> Any:
    return expect(page.locator("[data-saving-words]"))


def local(page: Page) -> Any:
    kept = page.evaluate("(key) => localStorage.getItem(key)", KEY)
    return dict(json.loads(kept)["fields"]) if kept else None


def type_and_wait(page: Page, text: str) -> None:
    page.fill("#id_title", text)
    page.clock.fast_forward(AFTER_TYPING)


def test_what_is_typed_is_on_the_server_a_few_seconds_later(site: str, browser: Browser) -> None:
    server = Server()
    with writing(browser, site, server) as page:
        type_and_wait(page, "电梯")

        status(page).to_contain_text("草稿已保存")
        assert "电梯" in server.heard[0]
        assert local(page) is None


def test_without_a_network_the_phone_keeps_a_copy_until_the_server_has_it(site: str, browser: Browser) -> None:
    server = Server()
    with writing(browser, site, server) as page:
        server.answer = None
        type_and_wait(page, "电梯")
        status(page).to_contain_text("已存在本机")
        assert local(page)["title"] == "电梯"
        assert "csrfmiddlewaretoken" not in local(page)

        server.answer = {"status": 200, "json": {"version": 3}}
        page.clock.fast_forward(15_100)

        status(page).to_contain_text("草稿已保存")
        assert local(page) is None


def test_a_form_is_sent_with_the_version_that_its_own_autosave_brings(site: str, browser: Browser) -> None:
    server = Server()
    with writing(browser, site, server) as page:
        page.evaluate(HOLD_ONE)
        form = page.locator("form[data-autosave]")
        form.evaluate("node => node.insertAdjacentHTML('beforeend', '<input type=hidden name=version value=1>')")
        page.fill("#id_title", "电梯")
        page.locator("#id_title").blur()
        status(page).to_contain_text("正在保存")

        form.locator("button[type=submit]").first.click()
        with page.expect_request(lambda request: request.method == "POST" and "/keep/" not in request.url) as sent:
            page.evaluate("release()")

        assert 'name="version"\r\n\r\n2\r\n' in (sent.value.post_data or "")


def test_what_is_typed_while_a_copy_is_under_way_goes_with_the_next(site: str, browser: Browser) -> None:
    server = Server()
    with writing(browser, site, server) as page:
        page.evaluate(HOLD_ONE)
        page.fill("#id_title", "电梯")
        page.locator("#id_title").blur()
        status(page).to_contain_text("正在保存")
        page.fill("#id_title", "电梯老化")
        page.evaluate("release()")
        status(page).to_contain_text("草稿已保存")

        with page.expect_response("**/keep/"):
            page.clock.fast_forward(AFTER_TYPING)

        assert ["电梯老化" in words for words in server.heard] == [False, True]


@pytest.mark.parametrize("options", [{"form": 'data-local="no"'}, {"body": "data-shared-phone"}])
def test_some_texts_and_some_phones_keep_nothing(options: dict[str, str], site: str, browser: Browser) -> None:
    server = Server()
    with writing(browser, site, server, **options) as page:
        server.answer = None
        type_and_wait(page, "电梯")

        status(page).to_contain_text("还没有保存")
        assert local(page) is None


def test_a_copy_is_offered_when_one_comes_back(site: str, browser: Browser) -> None:
    server = Server()
    with writing(browser, site, server) as page:
        server.answer = None
        type_and_wait(page, "电梯")
        status(page).to_contain_text("已存在本机")
        page.on("dialog", lambda dialog: dialog.accept())
        page.reload()

        page.click("text=恢复")

        assert page.input_value("#id_title") == "电梯"


def test_a_copy_of_yesterday_or_of_somebody_else_is_gone(site: str, browser: Browser) -> None:
    server = Server()
    with writing(browser, site, server) as page:
        page.evaluate(
            "([key, day]) => { localStorage.setItem(key, JSON.stringify({at: Date.now() - day - 1000, fields: []}));"
            " localStorage.setItem('draft:other:1', JSON.stringify({at: Date.now(), fields: []})) }",
            [KEY, DAY],
        )

        page.reload()

        assert page.evaluate("Object.keys(localStorage)") == []


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"status": 409, "json": {"sentence": "…"}}, "已在别处修改"),
        ({"status": 422, "json": {"sentence": "这份草稿已经提交。"}}, "这份草稿已经提交。"),
        ({"status": 403, "body": ""}, "登录已过期"),
    ],
)
def test_a_draft_that_is_not_kept_says_why(answer: dict[str, Any], words: str, site: str, browser: Browser) -> None:
    server = Server()
    with writing(browser, site, server) as page:
        server.answer = answer

        type_and_wait(page, "电梯")

        status(page).to_contain_text(words)
        assert local(page) is None


def test_the_next_save_carries_the_version_of_the_last(site: str, browser: Browser) -> None:
    server = Server()
    with writing(browser, site, server) as page:
        page.evaluate(
            "document.querySelector('form[data-autosave]').insertAdjacentHTML('beforeend', '<input type=hidden name=version value=1>')"
        )
        type_and_wait(page, "电梯")
        status(page).to_contain_text("草稿已保存")

        type_and_wait(page, "电梯加装")

        expect(page.locator("input[name=version]")).to_have_value("2")
        assert 'name="version"\r\n\r\n2' in server.heard[-1]


def test_two_clicks_send_one_form(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=PHONE) as page:
        page.goto("/ui-kit/form/")
        sent: list[str] = []
        page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)

        page.locator("text=下一步").dblclick()
        page.wait_for_selector(".error-summary")

        assert len(sent) == 1


def test_leaving_a_half_written_form_is_asked_about(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=PHONE) as page:
        page.goto("/ui-kit/form/")
        asked: list[str] = []
        page.on("dialog", lambda dialog: asked.append(dialog.type))
        page.on("dialog", lambda dialog: dialog.accept())

        page.locator("#id_title").press_sequentially("电梯")
        page.goto("/")

        assert asked == ["beforeunload"]
