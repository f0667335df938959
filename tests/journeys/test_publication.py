"""A proposal and its reply are published with what is nobody's business masked, and taken back later."""

from datetime import timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from members.choices import Role, System
from members.models import AssigningOffice, Body, Person
from proposals.handling import actions
from proposals.handling.actions import Part, PointGiven
from proposals.handling.models import Assignment, Matter, Reply, ResultClass
from proposals.models import Proposal
from tests.browser import PHONE, assert_accessible, picture, visit
from tests.factories import MatterFactory
from tests.html import assert_valid
from tests.journeys.committee import committee, member, somebody, unit
from tests.journeys.house import House
from tests.journeys.steps import Story, story

TITLE = "关于规范社区快递驿站经营的建议"
PHONE_NUMBER, NEIGHBOUR = "13800001234", "孙大同"


def test_a_proposal_is_published_with_masked_words_and_taken_back(house: House, browser: Browser) -> None:
    committee()
    lin, post = member("林溪"), unit("市商务局")
    clerk = somebody(Role.UNIT_CLERK, "沈青", post)
    reviewer = somebody(Role.DISCLOSURE_REVIEWER, "柯平", Body.objects.get(name="市政协提案委员会"))
    matter = answered(lin, post, clerk)

    with story(house, browser, "publication") as told, visit(browser, house.url, viewport=PHONE) as stranger:
        the_unit_says_what_may_be_read(told, matter, clerk)
        the_reviewer_masks_and_publishes(told, matter, reviewer)
        everybody_reads_it(stranger, matter)
        told.as_(lin).gets_mail("提案和答复已决定公开")
        it_is_taken_back(told, matter, reviewer, stranger)


def answered(lin: Person, post: Body, clerk: Person) -> Matter:
    """A proposal whose unit has just replied, a quarter of an hour ago."""
    office = AssigningOffice.objects.get(system=System.GOVERNMENT).office
    now = timezone.now() - timedelta(minutes=15)
    matter: Matter = MatterFactory(by=lin, title=TITLE, unit_title=TITLE)
    text = f"居民{NEIGHBOUR}（电话{PHONE_NUMBER}）反映，驿站占用楼道堆放快件。"
    Proposal.objects.filter(matter=matter).update(situation=text, analysis="没有统一的经营规范。")
    actions.assign(matter, [Part(post, "sole", office)], by=clerk, now=now)
    part = actions.sign_for(Assignment.objects.get(matter=matter), by=clerk, now=now)
    good: Any = ResultClass.objects.get(code="A", ends_on=None)
    points = {row.pk: PointGiven(good, "已出台驿站经营规范。") for row in matter.suggestions.all()}
    fields = {"result": good, "no_contact_reason": "已书面沟通。", "opening": "林溪委员：您的提案收悉。"}
    letter = actions.draft_reply(part, fields, points, by=clerk, now=now)
    actions.deliver_reply(letter, by=clerk, now=now)
    return matter


def the_unit_says_what_may_be_read(told: Story, matter: Matter, clerk: Person) -> None:
    letter = Reply.objects.get(assignment__matter=matter)
    told.as_(clerk).gets_mail("请提出答复的公开属性")
    unit = told.as_(clerk).open("handling:part", letter.assignment.public_id).reads("承办单位还没有提出")
    unit.follow("提出公开属性").fill(attribute="active").press("提出").reads("主动公开")


def the_reviewer_masks_and_publishes(told: Story, matter: Matter, reviewer: Person) -> None:
    me = told.as_(reviewer).open("portal:desk").open("proposals:disclosures").follow(TITLE)
    me.reads(NEIGHBOUR, PHONE_NUMBER, "手机号", "将公布")
    me.fill(hidden=NEIGHBOUR).press("更新公开文本").reads("居民＊＊＊（电话＊＊＊）反映")
    me.press("公开").fill(checked=True).press("决定公开").reads("已公布")


def everybody_reads_it(stranger: Page, matter: Matter) -> None:
    stranger.goto(reverse("portal:home"))
    for name in ("提案公开", TITLE):
        with stranger.expect_navigation():
            stranger.get_by_role("main").get_by_role("link", name=name).first.click()
        looked_at(stranger)
    main = stranger.locator("main")
    for words in ("林溪", "市商务局", "居民＊＊＊（电话＊＊＊）反映", "已出台驿站经营规范。", f"第{matter.number}号"):
        expect(main).to_contain_text(words)
    for secret in (NEIGHBOUR, PHONE_NUMBER):
        expect(main).not_to_contain_text(secret)
    assert TITLE in stranger.request.get(reverse("portal:open_feed")).text()
    assert str(matter.public_id) in stranger.request.get(reverse("portal:sitemap")).text()


def it_is_taken_back(told: Story, matter: Matter, reviewer: Person, stranger: Page) -> None:
    me = told.as_(reviewer).open("proposals:disclosure", matter.public_id)
    me.press("撤回公开").fill(reason="答复中的数字有误，更正后重新公布。").press("撤回公开").reads("已撤回公开")

    answer = stranger.reload()
    assert answer is not None and answer.status == 410
    looked_at(stranger)
    expect(stranger.locator("main")).to_contain_text("撤回公开，内容不再提供")
    expect(stranger.locator("main")).not_to_contain_text("驿站")
    for name in ("portal:open", "portal:open_feed", "portal:sitemap", "portal:open_json", "portal:open_csv"):
        text = stranger.request.get(reverse(name)).text()
        assert TITLE not in text and str(matter.public_id) not in text


def looked_at(page: Page) -> None:
    assert_valid(page.request.get(page.url).text())
    assert_accessible(page)
    picture(page, f"publication-public-{len(page.url)}")
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, page.url
