"""A purge leaves no word of a proposal on this side."""

from dataclasses import replace

from django.db import connection

from proposals import actions
from proposals.owner import ProposalOwner
from proposals.reports import actions as reports
from proposals.reports.models import Opinion
from proposals.reports.owner import OpinionOwner

from .conftest import TEXT, House, reason

MARK = "绝密词句"


def test_no_word_is_left(house: House, draft) -> None:
    proposal = draft(text=replace(TEXT, situation=MARK, analysis=MARK))
    actions.submit(proposal, not_secret=True, by=house.member, now=house.later())
    actions.send_back(proposal, reason=reason("return", "facts"), text=MARK, by=house.staff, now=house.later())

    ProposalOwner().erase(proposal.matter)

    with connection.cursor() as cursor:
        for table in ("proposals_proposal", "proposals_revision", "proposals_review", "proposals_cosignature"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{MARK}%"])
            assert cursor.fetchone() == (0,), table


def test_nor_where_it_went_instead(house: House, draft) -> None:
    lead, opinion = (draft(text=replace(TEXT, situation=MARK)) for _ in range(2))
    for proposal, way in ((lead, "lead"), (opinion, "opinion")):
        proposal = actions.submit(proposal, not_secret=True, by=house.member, now=house.later())
        actions.turn(proposal, way=way, consent=MARK, text=MARK, by=house.staff, now=house.later())
    turned = Opinion.objects.select_related("matter").get()
    reports.pass_on(turned, to=MARK, by=house.staff, now=house.later())
    reports.answer(turned, text=MARK, by=house.staff, now=house.later())

    ProposalOwner().erase(lead.matter)
    OpinionOwner().erase(turned.matter)

    with connection.cursor() as cursor:
        for table in ("reports_referral", "reports_opinion"):
            cursor.execute(f"SELECT count(*) FROM {table} t WHERE t::text LIKE %s", [f"%{MARK}%"])
            assert cursor.fetchone() == (0,), table
