"""What was begun or handed in can be taken back: discarded, recalled, withdrawn (删除草稿、撤回修改、撤案)."""

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.registry import Rendered, render
from members.models import Body, Session
from proposals import actions
from proposals.handling.models import Exposure, Matter
from proposals.models import CoSignature, Proposal, Status
from tests.factories import SessionFactory, appoint

from .conftest import NOW, House
from .test_pages_thread import page_of, send, signed_in
from .test_reviewing import fresh, running, told, verbs


def test_a_draft_that_others_were_asked_to_sign_can_be_given_up(house: House, draft) -> None:
    friend, client = appoint(Role.MEMBER, name="苏桥"), signed_in(house.member)
    proposal = draft()
    [row] = actions.invite(proposal, [friend], by=house.member, now=house.later())
    where = f"/proposals/{proposal.public_id}/"
    assert f"{where}discard/" in page_of(client, where)
    assert signed_in(friend).get(f"{where}discard/").status_code == 404

    send(client, f"{where}discard/")

    assert (fresh(proposal).status, CoSignature.objects.get().state) == (Status.WITHDRAWN, CoSignature.State.REMOVED)
    assert told(friend) == ["proposal_cosign_invited", "proposal_cosign_removed"]
    assert (running(proposal), verbs(proposal)) == ([], ["invited", "discarded"])
    assert proposal.revisions.get().text().title == ""
    with pytest.raises(WrongStep):
        actions.answer_invitation(row, agrees=True, shown_hash=row.text_hash, by=friend, now=house.later())


def test_what_was_received_is_withdrawn_not_discarded(house: House, submitted) -> None:
    proposal = actions.recall(submitted(), by=house.member, now=house.later())
    assert "discard/" not in page_of(signed_in(house.member), f"/proposals/{proposal.public_id}/")

    with pytest.raises(Refused, match="收件号"):
        actions.discard(proposal, by=house.member, now=house.later())


def test_recalled_before_anybody_reads_it(house: House, submitted) -> None:
    proposal = submitted()
    where, client = f"/proposals/{proposal.public_id}/", signed_in(house.member)
    assert "撤回修改" in page_of(client, where)
    assert signed_in(house.staff).get(f"{where}recall/").status_code == 403
    assert signed_in(appoint(Role.MEMBER)).get(f"{where}recall/").status_code == 404

    assert send(client, f"{where}recall/").endswith("/write/")

    again = fresh(proposal)
    assert (again.status, again.matter.exposure, running(again)) == (Status.DRAFT, Exposure.DRAFT, [])
    assert not Matter.objects.visible_to(house.staff).filter(pk=again.matter_id).exists()
    again = actions.submit(again, not_secret=True, by=house.member, now=house.later())
    assert (again.receipt, again.submitted_at, again.submissions) == (proposal.receipt, proposal.submitted_at, 2)
    assert verbs(again) == ["submitted", "recalled", "resubmitted"]


def test_not_recalled_once_somebody_reads_it(house: House, submitted) -> None:
    proposal = submitted()
    actions.claim(proposal, by=house.staff, now=house.later())

    with pytest.raises(WrongStep, match="审查中"):
        actions.recall(proposal, by=house.member, now=house.later())
    assert "撤回修改" not in page_of(signed_in(house.member), f"/proposals/{proposal.public_id}/")


def test_whoever_had_to_do_with_it_learns_that_it_is_withdrawn(house: House, filed, clerk_unit: Body) -> None:
    clerk = clerk_unit.appointments.get().person
    proposal = filed()
    actions.allocate(proposal, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())
    actions.consult_units(proposal, by=house.officer, now=house.later())

    send(signed_in(house.member), f"/proposals/{proposal.public_id}/withdraw/", reason="情况有变化")

    everyone = (house.staff, house.colleague, house.director, house.officer, clerk)
    assert [told(person)[-1] for person in everyone] == ["proposal_withdrawn"] * 5
    assert told(house.member)[-1] != "proposal_withdrawn"
    subject = {"matter": str(proposal.public_id)}
    [words] = render([("proposal_withdrawn", subject)], clerk)
    assert isinstance(words, Rendered) and words.title == "第0001号提案已撤案，不再办理"


def test_who_reads_it_just_now_learns_that_it_is_withdrawn(house: House, submitted) -> None:
    reader = appoint(Role.SESSION_STAFF, house.office, name="罗川")
    proposal = submitted()
    actions.claim(proposal, by=reader, now=house.later())

    actions.withdraw(proposal, reason="情况有变化", by=house.member, now=house.later())

    assert told(reader) == ["proposal_withdrawn"]
    with pytest.raises(WrongStep):
        actions.withdraw(proposal, reason="情况有变化", by=house.member, now=house.later())


def test_a_withdrawal_needs_a_reason_and_the_proposer(house: House, submitted) -> None:
    proposal = submitted()
    where = f"/proposals/{proposal.public_id}/withdraw/"

    assert signed_in(appoint(Role.MEMBER)).get(where).status_code == 404
    answer = signed_in(house.member).post(where, {"reason": " "})
    assert answer.status_code == 422 and fresh(proposal).status == Status.SUBMITTED


def later_session(**days: date) -> Session:
    opens = NOW.date() + timedelta(days=30)
    session: Session = SessionFactory(
        code="14-3",
        opens_on=opens + timedelta(days=30),
        closes_on=opens + timedelta(days=34),
        submissions_open_on=opens,
    )
    return session


def test_a_draft_left_over_belongs_to_the_session_of_its_submission(house: House, draft) -> None:
    old, session = draft(), later_session()
    assert old.matter.session == house.session

    proposal = actions.submit(old, not_secret=True, by=house.member, now=NOW + timedelta(days=31))

    assert (proposal.matter.session, proposal.receipt, proposal.off_session) == (session, "收14-3-0001", False)


def test_what_came_in_stays_in_its_session(house: House, submitted) -> None:
    proposal = actions.recall(submitted(), by=house.member, now=house.later())
    later_session()

    proposal = actions.submit(proposal, not_secret=True, by=house.member, now=NOW + timedelta(days=31))

    assert (proposal.matter.session, proposal.receipt) == (house.session, "收14-2-0001")


@pytest.mark.parametrize(("hour", "off"), [(17, False), (18, False), (19, True)])
def test_after_the_last_hour_it_is_off_session(house: House, draft, hour: int, off: bool) -> None:
    now = timezone.make_aware(datetime(2026, 1, 14, hour))
    proposal = actions.submit(draft(), not_secret=True, by=house.member, now=now)

    assert (proposal.off_session, proposal.matter.session) == (off, house.session)


def test_a_withdrawn_one_is_nobodys_to_withdraw_again(house: House, submitted) -> None:
    proposal = submitted()
    actions.withdraw(proposal, reason="情况有变化", by=house.member, now=house.later())

    assert Proposal.objects.get().status == Status.WITHDRAWN
    assert signed_in(house.member).get(f"/proposals/{proposal.public_id}/withdraw/").status_code == 404
