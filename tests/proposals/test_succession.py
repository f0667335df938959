"""A body gives way to another (P12): what it assigned, raised, was invited to or was asked goes on with its heir."""

import pytest

from members import actions as members
from members.choices import BodyKind, Change, Role, System
from members.errors import Refused
from members.inbox.models import Message
from members.models import AssigningOffice, Body, Person
from proposals import actions
from proposals.handling import actions as handling
from proposals.handling import clocks, queries, readers
from proposals.handling.models import Matter
from proposals.models import CoSignature, PreConsultation, Proposal
from tests.factories import BodyFactory, appoint

from .conftest import NOW, House, reason
from .test_collective import PARTY, Proposing, answered, draft_of, handed_over, proposing, submitted
from .test_correcting import signed_in
from .test_handing_over import shares
from .test_reviewing import fresh, told, verbs

pytestmark = pytest.mark.django_db


def change(house: House, old: Body, *heirs: Body, kind: Change) -> None:
    members.succeed(old, heirs, kind=kind, on=NOW.date(), by=house.director, now=house.later())
    assert readers.audit()[1] == []


def merge(house: House, old: Body, heir: Body) -> None:
    change(house, old, heir, kind=Change.MERGE)


def held(proposal: Proposal) -> dict[str, str]:
    rows = clocks.open_for(matter=proposal.matter).select_related("holder_body")
    return {row.stage: str(row.holder_body) for row in rows if row.holder_body}


@pytest.fixture
def heir(house: House) -> Body:
    body: Body = BodyFactory(name="市政府督查考评室测试", kind=BodyKind.OFFICE, system=System.GOVERNMENT)
    return body


@pytest.fixture
def party(house: House) -> Proposing:
    return proposing(*PARTY)


@pytest.fixture
def other_party(house: House) -> Proposing:
    return proposing(BodyKind.DEMOCRATIC_PARTY, Role.ORGANISATION_SECRETARY, "民进测试支部")


def test_what_a_merged_office_has_assigned_goes_on_with_its_heir(
    house: House, filed, heir: Body, clerk_unit: Body
) -> None:
    waiting, given = filed(), filed()
    for proposal in (waiting, given):
        actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    actions.hand_over([given], session=house.session, by=house.officer, now=house.later())
    due = clocks.open_for(matter=waiting.matter, stage="assignment").get().due_on
    officer = appoint(Role.ASSIGNING_OFFICER, heir, name="夏至")

    merge(house, house.assigning, heir)

    assert [fresh(row).matter.office for row in (waiting, given)] == [heir, heir]
    assert given.matter.assignments.get().office == heir
    assert clocks.open_for(matter=waiting.matter, stage="assignment").get().due_on == due
    assert held(waiting) == {"assignment": str(heir)}
    assert set(Matter.objects.visible_to(officer)) == {waiting.matter, given.matter}
    assert not Matter.objects.visible_to(house.officer).exists()
    assert verbs(waiting)[-1] == verbs(given)[-1] == "succeeded"
    rows = Message.objects.filter(recipient=officer, channel="inapp", template="office_succeeded")
    assert (rows.count(), rows.values("part_of").distinct().count()) == (2, 1)
    assert "因机构变更承接 2 件" in signed_in(officer).get("/inbox/").content.decode()
    actions.hand_over([waiting], session=house.session, by=officer, now=house.later())


def test_an_office_that_has_assigned_is_neither_split_nor_ended(house: House, filed, heir: Body) -> None:
    filed()
    other = BodyFactory(kind=BodyKind.OFFICE)
    AssigningOffice.objects.filter(office=house.assigning).update(office=heir)

    for heirs, kind in (([heir, other], Change.SPLIT), ([], Change.END)):
        with pytest.raises(Refused, match="交办的1件"):
            change(house, house.assigning, *heirs, kind=kind)


def test_collective_proposals_of_a_merged_party_go_on_with_its_heir(
    house: House, party: Proposing, other_party: Proposing, clerk_unit: Body
) -> None:
    returned, rated = submitted(house, party), submitted(house, party)
    actions.claim(returned, by=house.staff, now=house.later())
    actions.send_back(returned, reason=reason("return", "facts"), text="补充。", by=house.staff, now=house.later())
    answered(house, handed_over(house, rated, clerk_unit), clerk_unit.appointments.get().person)

    merge(house, party.body, other_party.body)

    name = str(other_party.body)
    assert (held(returned), held(rated)) == ({"revision": name}, {"evaluation": name, "publication": "市政协提案委"})
    assert [str(row.matter.participants.leading().get()) for row in (returned, rated)] == [name, name]
    assert told(other_party.acts) == ["sending", "place_succeeded", "place_succeeded"]
    client = signed_in(other_party.acts)
    assert client.get(f"/proposals/{returned.public_id}/write/").status_code == 200
    assert f"/proposals/{rated.public_id}/" in client.get("/proposals/mine/").content.decode()
    assert verbs(returned)[-1] == "succeeded"


def test_of_two_parties_behind_one_proposal_the_heir_stands_once_and_leads(
    house: House, party: Proposing, other_party: Proposing
) -> None:
    proposal = draft_of(house, party)
    [invited] = actions.invite(proposal, [], [other_party.body], by=party.acts, now=house.later())
    shown = fresh(proposal).text().hash
    actions.answer_invitation(invited, agrees=True, shown_hash=shown, by=other_party.acts, now=house.later())

    merge(house, party.body, other_party.body)

    rows = proposal.matter.participants.filter(left_at=None, role="organisation")
    assert [(row.body, row.order) for row in rows] == [(other_party.body, 0)]
    assert CoSignature.objects.get().state == "removed"


def test_an_invitation_is_answered_by_the_heir(house: House, party: Proposing, other_party: Proposing) -> None:
    third = proposing(BodyKind.ORGANISATION, Role.ORGANISATION_SECRETARY, "市工商联测试")
    proposal = draft_of(house, party)
    actions.invite(proposal, [], [third.body], by=party.acts, now=house.later())

    merge(house, third.body, other_party.body)

    row = CoSignature.objects.get()
    assert (row.body, row.state, held(proposal)) == (other_party.body, "invited", {"cosign": str(other_party.body)})
    shown = fresh(proposal).text().hash
    actions.answer_invitation(row, agrees=True, shown_hash=shown, by=other_party.acts, now=house.later())
    assert held(proposal) == {}


def test_a_party_that_ends_is_asked_for_an_heir_and_a_split_one_hands_on_to_the_first(
    house: House, party: Proposing, other_party: Proposing
) -> None:
    proposal = submitted(house, party)
    third = BodyFactory(kind=BodyKind.DEMOCRATIC_PARTY, system=System.CPPCC)
    with pytest.raises(Refused, match="提出的1件提案还没有办结"):
        change(house, party.body, kind=Change.END)

    change(house, party.body, other_party.body, third, kind=Change.SPLIT)

    assert proposal.matter.participants.leading().get().body == other_party.body


def test_what_a_merged_unit_is_asked_beforehand_is_answered_by_its_heir(house: House, filed, clerk_unit: Body) -> None:
    proposal, old = filed(), BodyFactory(name="市老龄办测试")
    actions.allocate(proposal, shares(clerk_unit, old), by=house.officer, now=house.later())
    actions.consult_units(proposal, units=[old], by=house.officer, now=house.later())

    merge(house, old, clerk_unit)

    row = PreConsultation.objects.get()
    assert [(part.unit, part.role) for part in proposal.allocation.all()] == [(clerk_unit, "sole")]
    assert (row.unit, held(proposal)["preconsultation"]) == (clerk_unit, str(clerk_unit))
    clerk = clerk_unit.appointments.get().person
    assert told(clerk) == ["sending", "proposal_unit_asked"]
    actions.answer_consultation(row, accepts=True, text="", by=clerk, now=house.later())


def test_a_unit_that_is_split_is_asked_no_more(house: House, filed, clerk_unit: Body) -> None:
    proposal, old = filed(), BodyFactory(name="市老龄办测试")
    actions.allocate(proposal, shares(old), by=house.officer, now=house.later())
    actions.consult_units(proposal, by=house.officer, now=house.later())

    change(house, old, clerk_unit, BodyFactory(), kind=Change.SPLIT)

    assert not PreConsultation.objects.exists()
    assert set(held(proposal)) == {"assignment"}


def asked_clerk(house: House, proposal: Proposal, unit: Body) -> Person:
    actions.allocate(proposal, shares(unit), by=house.officer, now=house.later())
    actions.consult_units(proposal, by=house.officer, now=house.later())
    return unit.appointments.get().person


def test_a_unit_that_the_draft_no_longer_names_is_asked_no_more(house: House, filed, clerk_unit: Body) -> None:
    proposal = filed()
    clerk = asked_clerk(house, proposal, clerk_unit)

    actions.allocate(proposal, shares(BodyFactory()), by=house.officer, now=house.later())

    assert not PreConsultation.objects.exists()
    assert set(held(proposal)) == {"assignment"}
    assert told(clerk)[-1] == "proposal_question_dropped"
    assert not Matter.objects.visible_to(clerk).exists()
    assert "第0001号提案拟办单位有调整，不再征求您单位意见" in signed_in(clerk).get("/inbox/").content.decode()


def test_after_a_filing_is_undone_no_unit_is_chased_and_all_are_told(house: House, filed, clerk_unit: Body) -> None:
    proposal = filed()
    clerk = asked_clerk(house, proposal, clerk_unit)

    actions.undo_decision(proposal, reason="审查有误", by=house.staff, now=house.later())

    assert (set(held(proposal)), PreConsultation.objects.exists()) == ({"review"}, False)
    assert [told(person)[-1] for person in (house.member, clerk, house.officer)] == ["proposal_decision_undone"] * 3
    for person in (clerk, house.officer):
        assert not Matter.objects.visible_to(person).exists()
        assert "撤销立案、重新审查，暂不交办" in signed_in(person).get("/inbox/").content.decode()


def test_batches_show_only_what_one_sees(house: House, filed, clerk_unit: Body) -> None:
    seen, hidden = filed(), filed()
    for proposal in (seen, hidden):
        actions.allocate(proposal, shares(clerk_unit), by=house.officer, now=house.later())
    batch, _ = actions.hand_over([seen, hidden], session=house.session, by=house.officer, now=house.later())
    stranger = appoint(Role.ASSIGNING_OFFICER, BodyFactory(kind=BodyKind.OFFICE, system=System.PARTY))
    Matter.objects.filter(pk=hidden.matter_id).update(readers=[])
    page = f"/proposals/batches/{batch.public_id}/"

    words = signed_in(house.officer).get(page).content.decode()
    assert "交办 1 件" in words and hidden.matter.title not in words.replace(seen.matter.title, "", 1)
    assert batch.name in signed_in(house.officer).get("/proposals/batches/").content.decode()
    assert batch.name not in signed_in(stranger).get("/proposals/batches/").content.decode()
    assert [signed_in(stranger).get(one).status_code for one in (page, f"{page}papers/")] == [404, 404]


def test_what_was_closed_before_a_party_merged_is_rated_by_its_heir_once_it_is_opened_again(
    house: House, party: Proposing, other_party: Proposing, clerk_unit: Body
) -> None:
    proposal = submitted(house, party)
    part = handed_over(house, proposal, clerk_unit)
    clerk = clerk_unit.appointments.get().person
    part = answered(house, part, clerk)
    handling.evaluate(
        part.evaluation_rounds.get(), queries.evaluators(part.matter)[0], work="basic", result="basic", approval="主委会议审定", by=party.acts,
        now=house.later(),
    )  # fmt: skip
    merge(house, party.body, other_party.body)
    unit_heir = BodyFactory(name="市民政和养老局测试")
    appoint(Role.UNIT_CLERK, unit_heir, name="夏至")
    merge(house, clerk_unit, unit_heir)

    part.refresh_from_db()
    reopened = handling.reopen(part, reason="承诺没有落实", by=house.officer, now=house.later())

    assert readers.audit()[1] == []
    assert (reopened.unit, held(proposal)["rehandle"]) == (unit_heir, str(unit_heir))
    assert [str(row) for row in queries.evaluators(reopened.matter)] == [str(other_party.body)]
    assert told(other_party.acts)[-1] == "reopened"
    assert Matter.objects.visible_to(other_party.acts).filter(pk=proposal.matter_id).exists()
