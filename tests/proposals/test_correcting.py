"""A wrong step is put right with a reason: what was and what is stays written, the proposer is told."""

from dataclasses import replace

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from members.choices import Role
from members.errors import Refused, WrongStep
from members.models import Body, Person
from proposals import actions
from proposals.handling.models import Matter
from proposals.models import Proposal, Status
from tests.factories import appoint

from .conftest import House, category, reason
from .test_handing_over import shares
from .test_reviewing import fresh, running, told, verbs

pytestmark = pytest.mark.django_db


def handed_over(house: House, proposal: Proposal, unit: Body) -> None:
    actions.allocate(proposal, shares(unit), by=house.officer, now=house.later())
    actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_what_stands_on_record_is_corrected_before_the_hand_over(house: House, filed) -> None:
    proposal = filed()
    client = signed_in(house.staff)
    page = f"{proposal.get_absolute_url()}correct/"
    assert "更正的原因" in client.get(page).content.decode()

    sent = client.post(
        page,
        {
            "category": category("经济建设").public_id,
            "unit_title": "关于养老床位的建议",
            "consents": "no",
            "consent_reason": "涉及个案",
            "internal": "on",
            "reason": "提案者来函更正",
        },
    )

    assert sent.status_code == 302
    proposal = fresh(proposal)
    assert (proposal.category, proposal.matter.unit_title, proposal.consents, proposal.consent_reason) == (
        category("经济建设"), "关于养老床位的建议", False, "涉及个案",
    )  # fmt: skip
    assert (proposal.internal, proposal.matter.access) == (True, "internal")
    event = proposal.matter.events.get(verb="corrected")
    assert event.payload.facts["changes"].startswith("类别由“社会建设”改为“经济建设”；单位所见案由由")
    assert event.payload.facts["reason"] == "提案者来函更正"
    assert told(house.member)[-1] == "proposal_corrected"
    assert "更正类别由" in signed_in(house.member).get(proposal.get_absolute_url()).content.decode()


def test_after_the_hand_over_only_how_it_is_sorted(house: House, filed, clerk_unit: Body) -> None:
    proposal = filed()
    handed_over(house, proposal, clerk_unit)
    was = actions.recorded(fresh(proposal))

    with pytest.raises(WrongStep, match="只能更正类别"):
        actions.correct(proposal, replace(was, internal=True), reason="误选", by=house.staff, now=house.later())
    page = signed_in(house.staff).get(f"{proposal.get_absolute_url()}correct/").content.decode()
    assert "市委中心工作" in page and "公开" not in page.partition("<form")[2].partition("</form>")[0]

    actions.correct(
        proposal, replace(was, category=category("文化建设")), reason="误选", by=house.staff, now=house.later()
    )
    assert fresh(proposal).category == category("文化建设")


def test_a_correction_needs_a_reason_and_a_change(house: House, filed) -> None:
    proposal = filed()
    was = actions.recorded(proposal)

    for new, why, sentence in (
        (replace(was, internal=True), " ", "更正的原因"),
        (was, "误选", "没有要更正的内容"),
        (replace(was, consents=False, consent_reason=""), "误选", "写明理由"),
    ):
        with pytest.raises(Refused, match=sentence):
            actions.correct(proposal, new, reason=why, by=house.staff, now=house.later())
    assert verbs(proposal)[-1] == "filed"


def test_a_refusal_is_undone_and_review_begins_again(house: House, submitted) -> None:
    proposal = actions.decline(
        submitted(), ground=reason("decline", "empty"), text="过于笼统。", by=house.staff, now=house.later()
    )
    client = signed_in(house.staff)

    assert client.post(f"{proposal.get_absolute_url()}undo/", {"reason": "审查有误"}).status_code == 302

    proposal = fresh(proposal)
    assert (proposal.status, proposal.matter.closed_at, running(proposal)) == (Status.REVIEWING, None, ["review"])
    assert (verbs(proposal)[-1], told(house.member)[-1]) == ("decision_undone", "proposal_decision_undone")
    assert (proposal.decided_text, proposal.decided_reason) == ("", None)
    actions.file(proposal, category=category(), by=house.staff, now=house.later())


def test_a_filing_is_undone_and_its_number_stays_its_own(house: House, filed, clerk_unit: Body) -> None:
    proposal, other = filed(), filed()
    actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())

    actions.undo_decision(proposal, reason="审查有误", by=house.staff, now=house.later())

    proposal = fresh(proposal)
    assert (proposal.status, proposal.matter.number, running(proposal)) == (Status.REVIEWING, "0001", ["review"])
    assert not proposal.allocation.exists()
    actions.file(proposal, category=category(), by=house.staff, now=house.later())
    assert (fresh(proposal).matter.number, fresh(filed()).matter.number) == ("0001", "0003")
    assert running(proposal) == ["assignment"]

    handed_over(house, other, clerk_unit)
    with pytest.raises(WrongStep, match="办理中"):
        actions.undo_decision(other, reason="审查有误", by=house.staff, now=house.later())


def test_nobody_is_left_behind_by_a_main_one_that_is_not_filed(house: House, submitted) -> None:
    main, follower = submitted(), submitted()
    actions.merge(follower, main, text="", by=house.staff, now=house.later())

    with pytest.raises(Refused, match="先取消并案"):
        actions.decline(main, ground=reason("decline", "empty"), text="笼统。", by=house.staff, now=house.later())
    with pytest.raises(Refused, match="先取消并案"):
        actions.turn(main, consent="电话同意", text="", by=house.staff, now=house.later())
    actions.send_back(main, reason=reason("return", "facts"), text="补充。", by=house.staff, now=house.later())
    actions.unmerge(follower, reason="主案退回", by=house.staff, now=house.later())
    assert Matter.objects.get(pk=follower.matter_id).stage == "reviewing"


def test_the_own_proposal_is_left_to_colleagues(house: House, submitted) -> None:
    proposal = submitted()
    appoint(Role.PROPOSAL_STAFF, house.office, person=house.member)

    assert signed_in(house.member).get(f"{proposal.get_absolute_url()}correct/").status_code == 404
    assert signed_in(house.officer).get(f"{proposal.get_absolute_url()}correct/").status_code == 403


@pytest.mark.parametrize("zone", ["internet", "government"])
def test_only_off_the_internet_a_proposal_becomes_internal(
    house: House, draft, filed, settings: Settings, zone: str
) -> None:
    settings.ZONE = zone
    begun, waiting = draft(), filed()
    facts = {"consents": "yes", "internal": "on", "later": "1"}
    pages = {house.member: f"/proposals/{begun.public_id}/check/", house.staff: f"{waiting.get_absolute_url()}correct/"}

    offered = {"仅供内部办理" in signed_in(who).get(page).content.decode() for who, page in pages.items()}
    assert offered == {zone == "government"}
    answer = signed_in(house.member).post(f"/proposals/{begun.public_id}/check/", facts)
    if zone == "internet":
        assert (answer.status_code, fresh(begun).internal) == (422, False)
        assert "改为线下提交" in answer.content.decode()
        with pytest.raises(Refused, match="涉密占位"):
            actions.correct(
                waiting,
                replace(actions.recorded(waiting), internal=True),
                reason="来函",
                by=house.staff,
                now=house.later(),
            )
        Proposal.objects.filter(pk=begun.pk).update(internal=True)  # as it came from elsewhere
        assert "仅供内部办理" in signed_in(house.member).get(pages[house.member]).content.decode()
        assert signed_in(house.member).post(f"/proposals/{begun.public_id}/check/", facts).status_code == 302
    else:
        assert (answer.status_code, fresh(begun).internal) == (302, True)
