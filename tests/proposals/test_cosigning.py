"""Who signs signs the very words he was shown (S10)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, Stale, WrongStep
from members.inbox.models import Message
from members.inbox.registry import Rendered, render
from members.models import Person
from proposals import actions
from proposals.handling import clocks, engine, queries, workdays
from proposals.handling.actions import Paper
from proposals.handling.events import timeline
from proposals.handling.models import Matter
from proposals.models import CoSignature, Proposal, Status
from proposals.queries import inviting
from tests.factories import appoint

from .conftest import NOW, TEXT, House, reason
from .test_pages_thread import page_of, send, signed_in

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


def test_while_the_plenary_meets_one_day_of_the_calendar_is_what_there_is(
    house: House, draft: Callable[..., Proposal], friend: Person
) -> None:
    house.session.opens_on, house.session.closes_on = date(2026, 3, 4), date(2026, 3, 9)
    house.session.save()
    friday = timezone.make_aware(datetime(2026, 3, 6, 10))

    [row] = actions.invite(draft(), [friend], by=house.member, now=friday)

    [clock] = clocks.open_for(matter=row.proposal.matter, stage="cosign")
    assert row.due_on == clock.due_on == date(2026, 3, 7), "the Saturday counts: no rolling on to Monday"
    assert clock.next_at == friday, "the first proposer hears of it before it is over, on the last workday"
    assert not row.lapsed(date(2026, 3, 7)) and row.lapsed(date(2026, 3, 8))


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

    clock = clocks.open_for(matter=proposal.matter, stage="cosign")
    clock.update(due_on=timezone.localdate() + timedelta(days=3))
    message = Message.objects.get(recipient=friend, channel="inapp")
    assert marked() == [False] * 4
    clock.update(provisional=True)
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


def changed(house: House, proposal: Proposal) -> Proposal:
    """The office returns the proposal; its author writes other words."""
    proposal = actions.send_back(
        proposal, reason=reason("return", "facts"), text="请补充数据", by=house.staff, now=house.later()
    )
    return actions.save_text(
        proposal, replace(TEXT, analysis="补充了数据"), version=None, by=house.member, now=house.later()
    )


def behind(proposal: Proposal) -> list[str]:
    return [str(row) for row in queries.evaluators(proposal.matter)]


def sees(person: Person, proposal: Proposal) -> bool:
    return Matter.objects.visible_to(person).filter(pk=proposal.matter_id).exists()


@pytest.mark.parametrize("agrees", [False, None])
def test_who_does_not_sign_the_changed_text_is_a_proposer_no_longer(
    house: House, invitation: CoSignature, friend: Person, agrees: bool | None
) -> None:
    answer(house, invitation, friend)
    proposal = actions.submit(invitation.proposal, not_secret=True, by=house.member, now=house.later())
    assert (behind(proposal), sees(friend, proposal)) == (["林溪", "苏桥"], True)

    proposal = changed(house, proposal)
    [row] = actions.ask_again(proposal, by=house.member, now=house.later())
    if agrees is not None:
        answer(house, row, friend, agrees=agrees)
    proposal = actions.submit(proposal, not_secret=True, by=house.member, now=house.later())

    assert (behind(proposal), sees(friend, proposal)) == (["林溪"], False)
    assert proposal.form == Proposal.Form.INDIVIDUAL
    assert proposal.matter.events.filter(verb="resubmitted").count() == 1


def test_who_signs_the_changed_text_stays(house: House, invitation: CoSignature, friend: Person) -> None:
    answer(house, invitation, friend)
    proposal = actions.submit(invitation.proposal, not_secret=True, by=house.member, now=house.later())
    proposal = changed(house, proposal)
    [row] = actions.ask_again(proposal, by=house.member, now=house.later())
    answer(house, row, friend)

    proposal = actions.submit(proposal, not_secret=True, by=house.member, now=house.later())

    assert (behind(proposal), proposal.form) == (["林溪", "苏桥"], Proposal.Form.JOINT)


def test_the_last_day_to_agree_is_its_clocks_whatever_moves_that(
    house: House, invitation: CoSignature, friend: Person
) -> None:
    """A holiday that is added moves the clock; who was asked reads the new day, and is not too late on it."""
    first = invitation.due_on
    assert first is not None
    workdays.set_local_day(first, is_workday=False, name="市民日")
    engine.refold(now=house.later())

    row = CoSignature.objects.get(pk=invitation.pk)
    clock = clocks.open_for(matter=row.proposal.matter, stage="cosign").get()
    assert row.due_on == clock.due_on > first
    assert not row.lapsed(clock.due_on) and row.lapsed(clock.due_on + timedelta(days=1))
    [words] = render([("proposal_cosign_invited", subject_of_invitation(row))], friend)
    assert isinstance(words, Rendered) and f"{clock.due_on:%m月%d日}前" in words.body
    assert friend not in inviting(row.proposal, "", on=clock.due_on)
    answer(house, row, friend)
    assert CoSignature.objects.get(pk=row.pk).due_on is None, "who has answered has no day any more"


def subject_of_invitation(row: CoSignature) -> dict[str, str]:
    return {"matter": str(row.proposal.public_id), "cosignature": str(row.public_id)}


@pytest.mark.parametrize("asked_again", [True, False])
def test_a_sheet_is_taken_from_whoever_signed_earlier_words(
    house: House, invitation: CoSignature, friend: Person, asked_again: bool
) -> None:
    answer(house, invitation, friend)
    proposal = actions.submit(invitation.proposal, not_secret=True, by=house.member, now=house.later())
    with pytest.raises(Refused, match="已在提案者之中"):
        actions.cosign_on_paper(proposal, friend, SHEET, by=house.staff, now=house.later())
    proposal = changed(house, proposal)
    if asked_again:
        actions.ask_again(proposal, by=house.member, now=house.later())

    row = actions.cosign_on_paper(proposal, friend, SHEET, by=house.staff, now=house.later())

    assert (row.state, row.on_paper, row.text_hash) == (State.AGREED, True, proposal.text().hash)
    assert not clocks.open_for(matter=proposal.matter, stage="cosign").exists()
    with pytest.raises(Refused, match="已在提案者之中"):
        actions.cosign_on_paper(proposal, friend, SHEET, by=house.staff, now=house.later())
    proposal = actions.submit(proposal, not_secret=True, by=house.member, now=house.later())
    assert (behind(proposal), proposal.form) == (["林溪", "苏桥"], Proposal.Form.JOINT)


def test_who_is_asked_again_may_decline_on_a_sheet(house: House, invitation: CoSignature, friend: Person) -> None:
    answer(house, invitation, friend)
    proposal = actions.submit(invitation.proposal, not_secret=True, by=house.member, now=house.later())
    proposal = changed(house, proposal)
    actions.ask_again(proposal, by=house.member, now=house.later())

    row = actions.cosign_on_paper(proposal, friend, SHEET, by=house.staff, now=house.later(), agrees=False)

    assert (row.state, behind(proposal)) == (State.DECLINED, ["林溪"])


def test_who_let_his_day_pass_can_be_asked_again(house: House, invitation: CoSignature, friend: Person) -> None:
    proposal, after = invitation.proposal, NOW + timedelta(days=6)
    with pytest.raises(Refused, match="已经收到"):
        actions.invite(proposal, [friend], by=house.member, now=house.later())
    assert friend not in inviting(proposal, "", on=NOW.date())
    assert friend in inviting(proposal, "", on=after.date())

    [row] = actions.invite(proposal, [friend], by=house.member, now=after)

    assert (row.pk, row.state, row.lapsed(after.date())) == (invitation.pk, State.INVITED, False)
    assert clocks.open_for(matter=proposal.matter, stage="cosign").get().due_on == row.due_on
    row = actions.answer_invitation(row, agrees=True, shown_hash=row.text_hash, by=friend, now=after)
    assert row.state == State.AGREED


def test_the_page_offers_whoever_let_his_day_pass(house: House, invitation: CoSignature, friend: Person) -> None:
    where = f"/proposals/{invitation.proposal.public_id}/cosigners/"
    client = signed_in(house.member)

    page = page_of(client, where)
    assert "已过期" in page and str(friend.public_id) in page
    assert "已经过期" in page_of(signed_in(friend), f"/proposals/invitations/{invitation.public_id}/")
    send(client, where, people=[str(friend.public_id)])

    assert not CoSignature.objects.get(pk=invitation.pk).lapsed(timezone.localdate())


def test_with_nobody_left_it_is_a_plain_draft_again(house: House, invitation: CoSignature, friend: Person) -> None:
    other = appoint(Role.MEMBER, name="钟声")
    [second] = actions.invite(invitation.proposal, [other], by=house.member, now=house.later())

    answer(house, invitation, friend, agrees=False)
    assert Proposal.objects.get().status == Status.COSIGNING
    actions.remove_cosigner(second, by=house.member, now=house.later())

    assert Proposal.objects.get().status == Status.DRAFT


def test_a_name_is_removed_through_the_page(house: House, invitation: CoSignature, friend: Person) -> None:
    where = f"/proposals/cosigners/{invitation.public_id}/remove/"
    assert signed_in(friend).get(where).status_code == 404
    assert signed_in(house.staff).get(where).status_code == 404

    send(signed_in(house.member), where)

    assert CoSignature.objects.get().state == State.REMOVED
    assert told(friend)[-1] == "proposal_cosign_removed"


def test_an_answer_to_what_was_taken_back_is_refused(house: House, invitation: CoSignature, friend: Person) -> None:
    other = appoint(Role.MEMBER, name="钟声")
    proposal = actions.submit(invitation.proposal, not_secret=True, by=house.member, now=house.later())
    proposal = changed(house, proposal)
    [row] = actions.invite(proposal, [other], by=house.member, now=house.later())

    actions.withdraw(proposal, reason="不再提出", by=house.member, now=house.later())

    assert CoSignature.objects.get(pk=row.pk).state == State.EXPIRED
    assert told(other) == ["proposal_cosign_invited", "proposal_cosign_removed"]
    CoSignature.objects.filter(pk=row.pk).update(state=State.INVITED)
    with pytest.raises(WrongStep, match="不再征求联名"):
        answer(house, row, other)


def test_whoever_signed_does_not_read_who_was_asked_and_declined(house: House, draft, friend: Person) -> None:
    refuses = appoint(Role.MEMBER, name="婉拒")
    proposal = draft()
    rows = actions.invite(proposal, [friend, refuses], by=house.member, now=house.later())
    for row, person in zip(rows, (friend, refuses), strict=True):
        answer(house, row, person, agrees=person == friend)
    proposal = actions.submit(Proposal.objects.get(pk=proposal.pk), not_secret=True, by=house.member, now=house.later())

    read = {
        person: " ".join(words for _, words, _ in timeline(person, proposal.matter))
        for person in (house.member, house.staff, friend)
    }

    assert "婉拒不参加联名" in read[house.member] and "婉拒不参加联名" in read[house.staff]
    assert "婉拒" not in read[friend] and "苏桥同意联名" in read[friend]
