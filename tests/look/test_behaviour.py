"""What the script adds: keys, input methods, counters, focus. And that nothing is lost without it."""

from playwright.sync_api import Browser, Page, expect

from tests.browser import DESKTOP, PHONE, visit


def test_pinyin_is_not_searched_until_it_is_chosen(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=DESKTOP) as page:
        page.goto("/ui-kit/list/")
        page.evaluate(
            "window.heard = []; document.addEventListener('search-input', (event) => {"
            " heard.push(event.detail); document.body.dataset.heard = heard.join() })"
        )
        keyboard = page.context.new_cdp_session(page)
        page.focus("#id_q")

        for typed in ("d", "di", "dia", "dian", "diant", "dianti"):
            facts = {"text": typed, "selectionStart": len(typed), "selectionEnd": len(typed)}
            keyboard.send("Input.imeSetComposition", facts)
            page.wait_for_timeout(450)  # longer than the script waits after typing
        during = page.evaluate("window.heard.slice()")
        keyboard.send("Input.insertText", {"text": "电梯"})
        expect(page.locator("body")).to_have_attribute("data-heard", "电梯")

        assert during == []


def test_a_list_can_be_worked_from_the_keyboard(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=DESKTOP) as page:
        page.goto("/ui-kit/list/")

        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("x")

        expect(page.locator("tr.is-current td.number")).to_have_text("0037")
        expect(page.locator("[data-amount]")).to_have_text("1")
        expect(page.locator("[data-chips]")).to_be_hidden()
        page.keyboard.press("k")
        expect(page.locator("tr.is-current td.number")).to_have_text("0000")
        page.keyboard.press("/")
        assert page.evaluate("document.activeElement.id") == "id_q"


def test_enter_opens_the_current_row(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=DESKTOP) as page:
        page.goto("/ui-kit/list/")

        page.keyboard.press("j")
        page.keyboard.press("Enter")

        page.wait_for_url("**/ui-kit/matter/")


def test_the_code_of_a_slip_is_filled_in_and_leaves_the_address(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=PHONE) as page:
        page.goto("/accounts/code/?next=/inbox/#ABCD-2345")

        expect(page.locator("#id_code")).to_have_value("ABCD-2345")
        assert page.url == f"{site}/accounts/code/?next=/inbox/"


def test_keys_mean_nothing_while_typing(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=DESKTOP) as page:
        page.goto("/ui-kit/list/")

        page.focus("#id_q")
        page.keyboard.type("jx/?")

        assert page.input_value("#id_q") == "jx/?"
        expect(page.locator("tr.is-current")).to_have_count(0)


def test_keys_can_be_switched_off(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=DESKTOP) as page:
        page.context.add_cookies([{"name": "keys", "value": "off", "url": site}])
        page.goto("/ui-kit/list/")

        page.keyboard.press("j")

        expect(page.locator("tr.is-current")).to_have_count(0)


def test_all_rows_are_chosen_and_let_go_together(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=DESKTOP) as page:
        page.goto("/ui-kit/list/")

        page.check("[data-check-all]")
        expect(page.locator("[data-amount]")).to_have_text("5")
        page.click("[data-unchoose]")

        expect(page.locator("tbody [data-check]:checked")).to_have_count(0)
        expect(page.locator("[data-chips]")).to_be_visible()


def test_the_bulk_bar_moves_nothing(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=DESKTOP) as page:
        page.goto("/ui-kit/list/")
        row = page.locator("tbody tr").first
        before = row.bounding_box()

        page.locator("tbody [data-check]").first.check()

        assert row.bounding_box() == before


def test_characters_are_counted_as_people_count(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=PHONE) as page:
        page.goto("/ui-kit/form/")

        page.fill("#id_title", "𠮷野家")

        expect(page.locator("#id_title_count")).to_have_text("3 / 40 字")
        page.fill("#id_title", "字" * 41)
        expect(page.locator("#id_title_count")).to_have_text("超出 1 字")


def test_a_form_that_comes_back_leads_to_its_faults(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=PHONE) as page:
        page.goto("/ui-kit/errors/")

        assert page.title().startswith("错误：")
        assert page.evaluate("document.activeElement.className") == "error-summary"
        page.click(".error-summary a >> text=案由")
        assert page.evaluate("document.activeElement.id") == "id_title"
        assert page.get_attribute("#id_title", "aria-invalid") == "true"
        described = (page.get_attribute("#id_title", "aria-describedby") or "").split()
        assert "id_title_error" in described


def test_size_and_colours_change_at_once_and_stay(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=DESKTOP) as page:
        page.goto("/ui-kit/form/")
        page.fill("#id_title", "写了一半")

        with page.expect_response("**/settings/display/"):
            page.click("text=大字版")

        assert page.get_attribute("html", "data-size") == "large"
        assert page.input_value("#id_title") == "写了一半"
        page.goto("/")
        assert page.get_attribute("html", "data-size") == "large"


def tab_stops(page: Page, times: int) -> list[str]:
    stops = []
    for _ in range(times):
        page.keyboard.press("Tab")
        stops.append(page.evaluate("(document.activeElement.textContent || '').trim().slice(0, 8)"))
    return stops


def test_the_first_stop_skips_to_the_content(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=DESKTOP) as page:
        page.goto("/ui-kit/list/")

        assert tab_stops(page, 1) == ["跳到主要内容"[:8]]
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_the_keyboard_is_never_trapped(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=DESKTOP) as page:
        page.goto("/ui-kit/")
        focusable = page.evaluate(
            "[...document.querySelectorAll('a[href], button:not([disabled]), input:not([type=hidden]), select, textarea, summary,"
            " [tabindex=\"0\"]')].filter((node) => node.getClientRects().length && !node.closest('details:not([open]) > :not(summary)')).length"
        )
        seen = set()

        for _ in range(focusable):
            page.keyboard.press("Tab")
            seen.add(page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))

        assert len(seen) >= focusable - 3  # a set of radios is one stop


def test_the_focus_is_not_under_the_bars(site: str, browser: Browser) -> None:
    with visit(browser, site, viewport=PHONE) as page:
        page.goto("/ui-kit/form/")
        for _ in range(25):
            page.keyboard.press("Tab")
            hidden = page.evaluate(
                "(() => { const node = document.activeElement; if (!node || node === document.body || node.closest('.topbar, .dock')) return '';"
                " const box = node.getBoundingClientRect(); const top = document.elementFromPoint(box.left + 4, Math.min(box.top + 4, innerHeight - 1));"
                " return top && top.closest('.topbar, .dock') ? node.id : ''; })()"
            )
            assert hidden == ""


class TestWithoutScript:
    def test_the_size_is_a_form(self, site: str, browser: Browser) -> None:
        with visit(browser, site, viewport=PHONE, java_script_enabled=False) as page:
            page.goto("/open/")

            page.click("text=大字版")

            assert page.url.endswith("/open/")
            assert page.get_attribute("html", "data-size") == "large"

    def test_a_form_comes_back_filled(self, site: str, browser: Browser) -> None:
        with visit(browser, site, viewport=PHONE, java_script_enabled=False) as page:
            page.goto("/ui-kit/form/")
            page.fill("#id_title", "关于电梯的提案")

            page.click("text=下一步")

            assert page.input_value("#id_title") == "关于电梯的提案"
            expect(page.locator(".error-summary")).to_be_visible()

    def test_chosen_rows_are_sent(self, site: str, browser: Browser) -> None:
        with visit(browser, site, viewport=DESKTOP, java_script_enabled=False) as page:
            page.goto("/ui-kit/list/")
            page.locator("tbody [data-check]").nth(1).check()

            page.click("text=发送催办")

            assert page.url.count("row=") == 1

    def test_filters_are_an_address(self, site: str, browser: Browser) -> None:
        with visit(browser, site, viewport=DESKTOP, java_script_enabled=False) as page:
            page.goto("/ui-kit/list/")
            page.fill("#id_q", "电梯")

            page.click("button:has-text('筛选')")

            assert "q=%E7%94%B5%E6%A2%AF" in page.url
