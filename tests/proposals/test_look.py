"""What happens to a proposal after review, in a real browser: on a desk and on a phone, in both sizes, axe clean."""

import pytest
from playwright.sync_api import Browser

from members.choices import Role
from members.models import Body, Person
from proposals import actions
from proposals.actions.importing import Row, import_proposals
from proposals.handling.actions import Part
from proposals.models import Proposal
from proposals.reports import actions as reports
from proposals.reports.models import Opinion
from tests.browser import unfit
from tests.handling.test_look import seen

from .conftest import House
from .test_handing_over import shares

pytestmark = pytest.mark.django_db
Pages = list[tuple[Person, str, list[object]]]


@pytest.fixture
def pages(house: House, submitted, filed, clerk_unit: Body) -> Pages:
    """One page of each kind, with whoever opens it."""
    waiting, main, follower, case = submitted(), filed(), submitted(), filed()
    actions.merge(follower, main, text="内容相同", by=house.staff, now=house.later())
    actions.allocate(main, shares(clerk_unit), by=house.officer, now=house.later(), suggestions={1: clerk_unit})
    actions.hand_over([main], session=house.session, by=house.officer, now=house.later())
    actions.turn(submitted(), way="lead", consent="电话同意", text="", by=house.staff, now=house.later())
    actions.turn(submitted(), consent="电话同意", text="", by=house.staff, now=house.later())
    opinion = Opinion.objects.select_related("matter").get()
    reports.pass_on(opinion, to="市民政局", by=house.staff, now=house.later())
    placed = actions.hold_place(
        house.session, [Part(clerk_unit, "sole", house.assigning)], form="individual", by=house.staff, now=house.later()
    )
    import_proposals([Row("0990", "旧案", proposer="林奚")], house.session, by=house.staff, now=house.now)
    old = Proposal.objects.select_related("matter").get(source="import")
    part = main.matter.assignments.get()
    about = [opinion.matter.public_id]
    return [
        (house.staff, "reports:opinions", []),
        (house.staff, "reports:opinion", about),
        (house.member, "reports:opinion", about),
        (house.staff, "reports:pass_on", about),
        (house.staff, "reports:answer_opinion", about),
        (house.staff, "reports:leads", []),
        (house.staff, "proposals:turn", [waiting.public_id]),
        (house.staff, "proposals:correct", [case.public_id]),
        (house.staff, "proposals:undo", [case.public_id]),
        (house.staff, "proposals:offline", [placed.public_id]),
        (house.staff, "proposals:placeholder", []),
        (house.staff, "proposals:link_proposer", [old.public_id]),
        (house.staff, "proposals:detail", [old.public_id]),
        (house.staff, "proposals:detail", [main.public_id]),
        (part.unit.appointments.get(role=Role.UNIT_CLERK).person, "handling:part", [part.public_id]),
    ]


def test_pages_after_review_are_accessible(browser: Browser, pages: Pages) -> None:
    assert unfit(browser, seen(pages)) == []
