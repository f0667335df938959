"""A proposer dies or is removed: the next co-signer or the proposal office goes on (P13)."""

import pytest
from django.test import Client

from members.choices import Role
from members.errors import Refused
from members.inbox.models import Message
from proposals import actions as proposing
from proposals.handling.models import EvaluationRound, Obligation
from proposals.models import Status
from tests.factories import appoint
from tests.handling.conftest import build_house, give, round_of, signed
from tests.handling.test_acts import answered, rated

from .conftest import House, reason

pytestmark = pytest.mark.django_db


def test_the_next_cosigner_leads_and_gets_the_time_to_revise(house: House, submitted) -> None:
    proposal = submitted()
    heir, other = appoint(Role.MEMBER, name="白露"), appoint(Role.MEMBER, name="顾山")
    for order, person in enumerate([heir, other], start=1):
        proposal.matter.participants.create(person=person, role="cosigner", order=order)
    proposing.claim(proposal, by=house.staff, now=house.later())
    proposing.send_back(
        proposal, reason=reason("return", "facts"), text="请补充数据。", by=house.staff, now=house.later()
    )

    leader = proposing.take_out(proposal, house.member, reason="逝世", by=house.staff, now=house.later())

    assert leader is not None
    assert (leader.person, leader.role) == (heir, "first")
    held = Obligation.objects.running().filter(matter=proposal.matter, stage="revision")
    assert [row.holder_person for row in held] == [heir]
    assert not proposal.matter.participants.filter(person=house.member, left_at=None).exists()
    told = Message.objects.filter(template="proposal_proposer_left", channel="inapp").values_list(
        "recipient", flat=True
    )
    assert list(told) == [heir.pk]
    with pytest.raises(Refused, match="不在这件提案的提案者之中"):
        proposing.take_out(proposal, house.member, reason="逝世", by=house.staff, now=house.later())


def test_without_a_cosigner_the_proposal_office_goes_on(house: House, submitted) -> None:
    proposal = submitted()
    client = Client()
    client.force_login(house.staff)
    page = f"/proposals/{proposal.matter.public_id}/take-out/"
    assert house.member.name in client.get(page).content.decode()

    with pytest.raises(Refused, match="请写明原因"):
        proposing.take_out(proposal, house.member, reason=" ", by=house.staff, now=house.later())
    assert client.post(page, {"person": house.member.public_id, "reason": "撤销委员资格"}).status_code == 302

    proposal.refresh_from_db()
    assert proposal.status == Status.SUBMITTED
    assert "由提案委继续" in client.get(proposal.get_absolute_url()).content.decode()


def test_a_round_does_not_wait_for_one_who_has_left() -> None:
    house = build_house()
    part = signed(house, give(house, cosigned=True))
    answered(house, part)
    row = round_of(part)
    rated(house, row, house.cosigner)
    assert Obligation.objects.running().filter(stage="evaluation", holder_person=house.member).exists()

    proposing.take_out(part.matter.proposal, house.member, reason="逝世", by=house.staff, now=house.later())

    row = EvaluationRound.objects.get(pk=row.pk)
    assert (row.outcome, row.missing) == ("satisfied", 0)
    assert not Obligation.objects.running().filter(assignment=part).exists()


def test_with_nobody_left_to_rate_the_round_ends_without_an_answer() -> None:
    house = build_house()
    part = signed(house, give(house))
    answered(house, part)

    proposing.take_out(part.matter.proposal, house.member, reason="逝世", by=house.staff, now=house.later())

    assert round_of(part).outcome == "not_returned"
