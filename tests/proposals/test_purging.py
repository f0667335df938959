"""A purge leaves no word of a proposal on this side."""

from dataclasses import replace

from django.db import connection

from proposals import actions
from proposals.owner import ProposalOwner

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
