"""With Redis stopped, people go on working: signing in, submitting and answering need PostgreSQL alone."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from config import house as supervisor
from config.mode import var_folder
from config.servers import stop_all, wait_until
from members.choices import Role
from members.inbox.models import Channel, Message, State
from members.models import Body, Session
from proposals import actions as front
from proposals.handling import actions as handling
from proposals.handling.models import Assignment, ResultClass
from proposals.models import Category, Proposal, Text
from tests.browser import sign_in, visit
from tests.factories import PASSWORD, BodyFactory, SessionFactory, appoint
from tests.journeys.house import PATIENCE, PORTS, WORKER, House


@pytest.fixture
def without_redis(house: House) -> Iterator[str]:
    """A web server of the same house whose Redis is not there."""
    folder, port = var_folder() / f"deaf-{WORKER}", supervisor.free_port(PORTS + 200)
    environment = house.environment | {
        "REDIS_URL": f"unix://{folder}/nobody.sock",
        "HUIYIN_RUN": os.urandom(12).hex(),
    }
    child = supervisor.web(folder, port, environment).start()
    wait_until(lambda: supervisor.answers(port, environment["HUIYIN_RUN"]), child, seconds=PATIENCE)
    yield f"http://127.0.0.1:{port}"
    stop_all([child])


def test_a_member_signs_in_and_submits(house: House, without_redis: str, browser: Browser) -> None:
    SessionFactory(code="15-9")
    appoint(Role.PROPOSAL_STAFF)
    member = appoint(Role.MEMBER, password=PASSWORD, mail="member-without-redis@example.org")

    with visit(browser, without_redis) as page:
        sign_in(page, member.username, PASSWORD)
        page.goto("/proposals/new/")
        page.check("input[value=me]")
        page.click("main form[method=post] button[type=submit]")
        page.wait_for_url("**/write/")
        page.fill("[name=title]", "关于停用消息服务时照常办理的建议")
        page.fill("[name=situation]", "消息服务停止时，提案照样要能提交。")
        page.locator("[name=suggestions]").first.fill("把要紧的事都记在数据库里")
        page.click(".dock .button--primary")
        page.wait_for_url("**/cosigners/")
        page.goto(page.url.replace("/cosigners/", "/check/"))
        page.check("[name=consents][value=yes]")
        page.check("[name=not_secret]")
        page.click(".dock .button--primary")

        expect(page.locator("main")).to_contain_text("收15-9-")
    told = Message.objects.get(recipient=member, channel=Channel.EMAIL)
    assert told.state in (State.PENDING, State.SENT)  # the house's own worker may have been quicker


def test_a_unit_answers(house: House, without_redis: str, browser: Browser) -> None:
    assignment = answered_but_for_the_button()
    clerk = appoint(Role.UNIT_CLERK, assignment.unit, password=PASSWORD)

    with visit(browser, without_redis) as page:
        sign_in(page, clerk.username, PASSWORD)
        page.goto(f"/handling/parts/{assignment.public_id}/reply/send/")
        page.click("main form[method=post] button[type=submit]")

        expect(page.locator("main")).to_contain_text("已答复")
    assignment.refresh_from_db()
    assert assignment.state == Assignment.State.ANSWERED


def answered_but_for_the_button() -> Assignment:
    """A matter whose reply is written, checked and ready to leave."""
    session: Session = SessionFactory(code="15-9")
    now = timezone.now() - timedelta(minutes=30)
    member, staff = appoint(Role.MEMBER), appoint(Role.PROPOSAL_STAFF)
    unit: Body = BodyFactory()
    clerk = appoint(Role.UNIT_CLERK, unit)
    proposal = front.begin(front.Behind(person=member), by=member, now=now)
    text = Text("关于照常答复的建议", "情况。", "", ("建议一。",))
    proposal = front.save_text(proposal, text, version=None, by=member, now=now, details=front.Details())
    proposal = front.submit(proposal, not_secret=True, by=member, now=now)
    proposal = front.file(proposal, category=Category.objects.order_by("order")[0], by=staff, now=now)
    front.allocate(proposal, [front.Share(unit, Assignment.Role.SOLE)], by=staff, now=now)
    front.hand_over([Proposal.objects.get(pk=proposal.pk)], session=session, by=staff, now=now)
    assignment = Assignment.objects.get(matter=proposal.matter)
    assignment = handling.sign_for(assignment, by=clerk, now=now)
    result = ResultClass.objects.get(code="A", ends_on=None)
    points = {
        one.pk: handling.PointGiven(result=result, text="已经采纳。") for one in assignment.matter.suggestions.all()
    }
    fields = {"result": result, "no_contact_reason": "提案者出差在外。"}
    handling.draft_reply(assignment, fields, points, by=clerk, now=now)
    return assignment
