"""Who signs signs the very words he was shown (S10)."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from members.choices import Role
from members.errors import Refused, Stale, WrongStep
from members.inbox.models import Message
from members.inbox.registry import Rendered, render
from members.models import Person
from proposals import actions
from proposals.handling import clocks
from proposals.handling.actions import Paper
from proposals.models import CoSignature, Proposal, Status
from tests.factories import appoint

from .conftest import NOW, TEXT, House

State = CoSignature.State
SHEET = Paper(who="苏桥", on=NOW.date(), sheet="联名签名页")


def told(person: Person) -> list[str]:
    return list(
        Message.objects.filter(recipient=person, channel="inapp").order_by("pk").values_list("template", flat=True)
    )


@pytest.fixture
def friend(house: House) -> Person:
    return appoint(Role.MEMBER, name="苏桥")


@pytest.fixture
def invitation(house: House, draft, friend: Person) -> CoSignature:
    [row] = actions.invite(draft(), [friend], by=house.member, now=house.later())
    return row


def answer(house: House, row: CoSignature, by: Person, *, agrees: bool = True, shown: str = "") -> CoSignature:
    return actions.answer_invitation(row, agrees=agrees, shown_hash=shown or row.text_hash, by=by, now=house.later())


def test_an_invitation_starts_a_clock_and_tells_the_invited(
    house: House, invitation: CoSignature, friend: Person
) -> None:
    proposal = invitation.proposal

    [clock] = clocks.open_for(matter=proposal.matter, stage="cosign")
    assert (clock.holder_person, clock.due_on) == (friend, NOW.date() + timedelta(days=5))
    assert told(friend) == ["proposal_cosign_invited"]
    assert Proposal.objects.get(pk=proposal.pk).status == Status.COSIGNING


def test_a_last_day_to_agree_that_hangs_on_an_unpublished_year_is_marked_everywhere(
    house: House, invitation: CoSignature, friend: Person, client: Client
) -> None:
    proposal = invitation.proposal
    places = [
        (friend, "/proposals/invitations/"),
        (friend, f"/proposals/invitations/{invitation.public_id}/"),
        (house.member, f"/proposals/{proposal.matter.public_id}/cosigners/"),
    ]

    def marked() -> list[bool]:
        [words] = render([("proposal_cosign_invited", message.subject)], friend)
        assert isinstance(words, Rendered)
        pages = []
        for person, address in places:
            client.force_login(person)
            pages.append("（暂定）" in client.get(address).content.decode())
        return [*pages, "（暂定）" in words.body]

    message = Message.objects.get(recipient=friend, channel="inapp")
    assert marked() == [False] * 4
    clocks.open_for(matter=proposal.matter, stage="cosign").update(provisional=True)
    assert marked() == [True] * 4


def test_who_agrees_is_a_proposer_once_it_is_submitted(house: House, invitation: CoSignature, friend: Person) -> None:
    answer(house, invitation, friend)
    proposal = actions.submit(invitation.proposal, not_secret=True, by=house.member, now=house.later())

    assert [str(row) for row in proposal.matter.participants.order_by("order", "pk")] == ["林溪", "苏桥"]
    assert proposal.form == Proposal.Form.JOINT
    assert told(house.member)[0] == "proposal_cosign_answered"
    assert not clocks.open_for(matter=proposal.matter, stage="cosign").exists()


def test_who_declines_is_not_named(house: House, invitation: CoSignature, friend: Person) -> None:
    row = answer(house, invitation, friend, agrees=False)
    proposal = actions.submit(invitation.proposal, not_secret=True, by=house.member, now=house.later())

    assert (row.state, proposal.form) == (State.DECLINED, Proposal.Form.INDIVIDUAL)


def test_nobody_answers_for_another(house: House, invitation: CoSignature) -> None:
    for person in (house.member, house.staff, appoint(Role.MEMBER)):
        with pytest.raises(Refused, match="本人"):
            answer(house, invitation, person)


def test_other_words_than_those_shown_are_not_signed(house: House, invitation: CoSignature, friend: Person) -> None:
    proposal = invitation.proposal
    actions.save_text(proposal, replace(TEXT, analysis="改过"), version=None, by=house.member, now=house.later())

    with pytest.raises(Stale):
        answer(house, invitation, friend)
    with pytest.raises(Stale):
        answer(house, invitation, friend, shown="0" * 64)


def test_a_changed_text_asks_again(house: House, invitation: CoSignature, friend: Person) -> None:
    answer(house, invitation, friend)
    proposal = invitation.proposal
    actions.save_text(proposal, replace(TEXT, analysis="改过"), version=None, by=house.member, now=house.later())

    with pytest.raises(Refused, match="修改前的文字"):
        actions.submit(proposal, not_secret=True, by=house.member, now=house.later())
    [row] = actions.ask_again(proposal, by=house.member, now=house.later())

    assert (row.pk, row.state) == (invitation.pk, State.INVITED)
    assert told(friend) == ["proposal_cosign_invited"] * 2
    assert answer(house, row, friend).state == State.AGREED


def test_answering_twice_is_refused(house: House, invitation: CoSignature, friend: Person) -> None:
    answer(house, invitation, friend)

    with pytest.raises(WrongStep):
        answer(house, invitation, friend, agrees=False)


def test_an_invitation_ends(house: House, invitation: CoSignature, friend: Person) -> None:
    with pytest.raises(WrongStep, match="过期"):
        actions.answer_invitation(
            invitation, agrees=True, shown_hash=invitation.text_hash, by=friend, now=NOW + timedelta(days=6)
        )


def test_who_has_not_answered_at_submission_drops_out_and_is_told(
    house: House, invitation: CoSignature, friend: Person
) -> None:
    proposal = actions.submit(invitation.proposal, not_secret=True, by=house.member, now=house.later())

    assert CoSignature.objects.get(pk=invitation.pk).state == State.EXPIRED
    assert told(friend)[-1] == "proposal_cosign_expired"
    assert [event.verb for event in proposal.matter.events.order_by("seq")] == [
        "invited",
        "cosign_expired",
        "submitted",
    ]


def test_only_current_members_are_invited(house: House, draft) -> None:
    former = appoint(Role.MEMBER, ends_on=NOW.date() - timedelta(days=1))

    with pytest.raises(Refused, match="现任委员"):
        actions.invite(draft(), [former], by=house.member, now=house.later())
    with pytest.raises(Refused, match="现任委员"):
        actions.invite(draft(), [house.staff], by=house.member, now=house.later())


def test_a_name_on_paper_is_added_until_filing(house: House, submitted, filed, friend: Person) -> None:
    proposal = submitted()

    row = actions.cosign_on_paper(proposal, friend, SHEET, by=house.staff, now=house.later())

    assert (row.state, row.on_paper) == (State.AGREED, True)
    assert proposal.matter.events.get(verb="cosigned").on_paper
    assert told(friend) == ["proposal_cosign_paper"]
    with pytest.raises(WrongStep):
        actions.cosign_on_paper(filed(), friend, SHEET, by=house.staff, now=house.later())


def test_a_removed_name_is_told_and_gone(house: House, invitation: CoSignature, friend: Person) -> None:
    actions.remove_cosigner(invitation, by=house.member, now=house.later())

    assert told(friend)[-1] == "proposal_cosign_removed"
    with pytest.raises(WrongStep):
        answer(house, invitation, friend)


def test_an_account_reset_today_does_not_co_sign(house: House, invitation: CoSignature, friend: Person) -> None:
    friend.blocked_until = house.now + timedelta(hours=20)
    friend.save()

    with pytest.raises(Refused, match="24小时内不能确认联名"):
        answer(house, invitation, friend)
    house.now += timedelta(hours=24)

    assert answer(house, invitation, friend).state == State.AGREED
