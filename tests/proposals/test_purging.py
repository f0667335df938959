"""A purge leaves no word of a proposal on this side, nor of what was made from it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection, models
from django.test import Client

from members.errors import Refused
from members.models import Person
from proposals import actions
from proposals.handling import actions as handling
from proposals.handling.actions import purging
from proposals.handling.models import Matter
from proposals.models import KeyProposal, Proposal
from proposals.owner import ProposalOwner
from proposals.reports import actions as reports
from proposals.reports.models import Opinion
from proposals.reports.owner import OpinionOwner
from tests.handling.test_purge import dump
from tests.rights.table import TABLE
from tests.rights.test_walk import ROUTES, filled

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


def test_nor_of_it_as_a_key_proposal_and_of_what_leaders_wrote(house: House, filed) -> None:
    proposal, now = filed(), house.later()
    key = actions.shortlist(proposal, reason=MARK, by=house.staff, now=now)
    row = actions.ask_opinions(proposal, [house.assigning], by=house.staff, now=now)[0]
    actions.give_opinion(row, text=MARK, by=house.officer, now=now)
    actions.choose_key(proposal, on=now.date(), number=MARK, text=MARK, by=house.staff, now=now)
    facts = {"place": MARK, "people": MARK, "notes": MARK, "next_step": MARK}
    key.visits.create(kind="visit", on=now.date(), by=house.staff, at=now, **facts)
    KeyProposal.objects.update(plan=MARK, result=MARK, ended_reason=MARK, notice_how=MARK)
    said: dict[str, Any] = {"kind": "instruction", "level": "city", "leader": None, "leader_name": MARK, "text": MARK}
    actions.record_instruction(proposal, **said, on=now.date(), by=house.staff, now=now)

    ProposalOwner().erase(proposal.matter)

    with connection.cursor() as cursor:
        for table in ("keyproposal", "keyopinion", "keyvisit", "instruction"):
            cursor.execute(f"SELECT count(*) FROM proposals_{table} t WHERE t::text LIKE %s", [f"%{MARK}%"])
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


OF_A_MATTER = {"/proposals/", "/handling/matters/", "/reports/opinions/", "/open/"}


def pages(person: Person, matters: list[Matter]) -> Iterator[str]:
    """What every address of the house shows to this person, those that name a matter for each of these."""
    client = Client()
    client.force_login(person)
    roles = set(Person.objects.get(pk=person.pk).appointments.values_list("role", flat=True))
    for name, route in ROUTES.items():
        if "logout" in route or not TABLE[name].roles & roles:
            continue  # what the table refuses is refused before any row is looked at
        head, found, rest = route.partition("<uuid:public_id>")
        ids = [str(matter.public_id) for matter in matters if head in OF_A_MATTER] if found else [""]
        for public_id in ids:
            answer = client.get(filled(head + public_id + rest))
            yield str(answer.headers) + ("" if answer.streaming else answer.content.decode())


@pytest.mark.django_db(transaction=True, databases=["default", "purge"])
def test_after_a_purge_nothing_is_left_in_other_matters_and_on_no_page(
    house: House, submitted, persons_read_once: None
) -> None:
    secret = replace(TEXT, title=f"关于{MARK}的建议", situation=MARK)
    turned, merged, main = submitted(text=secret), submitted(text=secret), submitted()
    actions.turn(turned, consent=MARK, text=MARK, by=house.staff, now=house.later())
    actions.merge(merged, main, text=MARK, by=house.staff, now=house.later())
    turned.matter.refresh_from_db()
    opinion = Matter.objects.get(opinion__origin=turned.matter)
    assert MARK in opinion.title

    for proposal in (turned, merged):
        handling.suspend(proposal.matter, reason="疑似涉密", by=house.staff, now=house.later())
        handling.ask_purge(proposal.matter, by=house.staff, now=house.later())
        handling.purge(proposal.matter, by=house.colleague, now=house.later())

    assert MARK not in dump()
    matters = [turned.matter, merged.matter, main.matter, opinion]
    for person in (house.director, house.member):
        assert not [page[:300] for page in pages(person, matters) if MARK in page]


def test_without_the_role_of_the_purge_it_is_refused_in_words(house: House, submitted, monkeypatch) -> None:
    matter = submitted().matter
    handling.suspend(matter, reason="疑似涉密", by=house.staff, now=house.later())
    handling.ask_purge(matter, by=house.staff, now=house.later())
    monkeypatch.setattr(purging, "DATABASE", "default")

    with pytest.raises(Refused, match="PURGE_DATABASE_URL"):
        handling.purge(matter, by=house.colleague, now=house.later())


def test_every_word_of_a_proposal_is_erased_or_known_to_be_harmless(house: House, submitted) -> None:
    harmless = {"receipt"}
    words = {
        field.name
        for field in Proposal._meta.get_fields()
        if isinstance(field, models.CharField | models.TextField) and not field.choices
    }
    proposal = submitted()
    Proposal.objects.filter(pk=proposal.pk).update(**dict.fromkeys(words - harmless, MARK))

    ProposalOwner().erase(proposal.matter)

    proposal.refresh_from_db()
    assert {name for name in words if getattr(proposal, name) == MARK} == set()
