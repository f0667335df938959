"""Key proposals from the shortlist to the result (重点提案): each step taken, refused, written down and told."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.utils import timezone

from members.choices import BodyKind, Role
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.models import Body, Person
from proposals import actions
from proposals.handling import audit, clocks, readers
from proposals.handling.actions import Paper
from proposals.handling.models import Matter, Obligation
from proposals.keyed import expected_of_leader, led_by, with_next
from proposals.models import KeyProposal, Proposal
from tests.channels import words_of
from tests.factories import BodyFactory, appoint

from .conftest import House
from .test_pages_thread import page_of, send, signed_in

State = KeyProposal.State
TODAY = date(2026, 3, 4)
Make = Callable[..., Proposal]


@pytest.fixture
def chosen(house: House, handed: Make) -> Make:
    def make() -> Proposal:
        proposal = handed()
        actions.shortlist(proposal, reason="事关全市中心工作", by=house.staff, now=house.later())
        choose(house, proposal)
        return proposal

    return make


def choose(house: House, proposal: Proposal) -> KeyProposal:
    return actions.choose_key(
        proposal, on=TODAY, number="政协办〔2026〕3号", text="列为重点提案。", by=house.staff, now=house.later()
    )


def lead(house: House, proposal: Proposal, leader: Person, secretary: Person | None = None) -> None:
    actions.name_leader(proposal, leader=leader, secretary=secretary, by=house.staff, now=house.later())
    actions.hand_notice(proposal, on=TODAY, how="当面送交", by=house.staff, now=house.later())


def plan(house: House, proposal: Proposal) -> None:
    due = TODAY + timedelta(days=60)
    actions.plan_key(proposal, text="走访两个街道。", due_on=due, by=house.staff, now=house.later())


VISIT = actions.Visit(
    kind="visit", on=TODAY, place="市民政局", people="提案者、承办科室", notes="床位缺口已核实", next_step="开推进会",
    next_on=TODAY + timedelta(days=20),
)  # fmt: skip


def key_of(proposal: Proposal) -> KeyProposal:
    return KeyProposal.objects.select_related("proposal__matter").get(proposal=proposal)


def verbs(proposal: Proposal) -> list[str]:
    events = proposal.matter.events.order_by("seq")
    return [verb for verb in events.values_list("verb", flat=True) if verb.startswith("key_")]


def told(template: str) -> set[str]:
    rows = Message.objects.filter(template=f"proposal_{template}", channel="inapp")
    return set(rows.values_list("recipient__name", flat=True))


def test_from_the_shortlist_to_the_result(house: House, handed: Make, leader: Person) -> None:
    proposal = handed()

    actions.shortlist(proposal, reason="事关全市中心工作", by=house.staff, now=house.later())
    assert (told("key_chosen"), proposal.matter.locked().key) == (set(), False)
    choose(house, proposal)
    assert told("key_chosen") == {"林溪", "严明", "沈青"}
    lead(house, proposal, leader)
    plan(house, proposal)
    actions.record_visit(proposal, VISIT, by=house.staff, now=house.later())
    actions.finish_key(proposal, result="新增床位六十张。", on=TODAY, by=house.staff, now=house.later())

    assert key_of(proposal).state == State.DONE
    assert verbs(proposal) == [
        "key_shortlisted", "key_chosen", "key_leader", "key_notified", "key_planned", "key_visited", "key_finished",
    ]  # fmt: skip
    matter = Matter.objects.get(pk=proposal.matter_id)
    assert (matter.key, matter.leader) == (True, leader)
    assert not Message.objects.filter(recipient=leader).exists()  # P2
    assert told("key_finished") == {"林溪", "严明", "沈青"}


def test_no_step_is_taken_before_the_one_before_it(house: House, handed: Make, leader: Person) -> None:
    proposal = handed()
    with pytest.raises(WrongStep, match="还没有列入重点提案候选"):
        choose(house, proposal)
    with pytest.raises(Refused, match="请写明入围理由"):
        actions.shortlist(proposal, reason=" ", by=house.staff, now=house.later())

    actions.shortlist(proposal, reason="群众关注", by=house.staff, now=house.later())
    with pytest.raises(WrongStep, match="已经是“入围候选”"):
        actions.shortlist(proposal, reason="群众关注", by=house.staff, now=house.later())
    with pytest.raises(WrongStep, match="下一步是登记主席会议的决定"):
        actions.name_leader(proposal, leader=leader, secretary=None, by=house.staff, now=house.later())
    choose(house, proposal)
    with pytest.raises(WrongStep, match="下一步是确定领办领导"):
        plan(house, proposal)
    with pytest.raises(Refused, match="没有领导身份"):
        actions.name_leader(proposal, leader=house.officer, secretary=None, by=house.staff, now=house.later())
    actions.name_leader(proposal, leader=leader, secretary=None, by=house.staff, now=house.later())
    with pytest.raises(WrongStep, match="请先登记领办通知的送达"):
        plan(house, proposal)
    actions.hand_notice(proposal, on=TODAY, how="机要交换", by=house.staff, now=house.later())
    with pytest.raises(WrongStep, match="已于3月4日送达"):
        actions.hand_notice(proposal, on=TODAY, how="机要交换", by=house.staff, now=house.later())
    plan(house, proposal)
    with pytest.raises(WrongStep, match="还没有登记督办活动"):
        actions.finish_key(proposal, result="好", on=TODAY, by=house.staff, now=house.later())


def test_offices_are_asked_see_the_candidate_and_answer_also_on_paper(house: House, handed: Make) -> None:
    proposal = handed()
    committee = BodyFactory(name="城建环资委测试", kind=BodyKind.CPPCC_COMMITTEE)
    asked = appoint(Role.COMMITTEE_OFFICE, committee, name="乔木")
    actions.shortlist(proposal, reason="群众关注", by=house.staff, now=house.later())

    rows = actions.ask_opinions(proposal, [committee, house.assigning], by=house.staff, now=house.later())
    assert told("key_asked") == {"乔木", "严明"}
    assert Proposal.objects.visible_to(asked).filter(pk=proposal.pk).exists()
    url = f"/proposals/key/opinions/{rows[0].public_id}/"
    assert url in page_of(signed_in(asked), f"/proposals/{proposal.matter.public_id}/key/")
    send(signed_in(asked), url, text="赞成列为重点")
    with pytest.raises(WrongStep, match="已经提出过意见"):
        actions.give_opinion(rows[0], text="再说一次", by=asked, now=house.later())
    with pytest.raises(Refused, match="代其他单位登记时"):
        actions.give_opinion(rows[1], text="同意", by=house.staff, now=house.later())
    sheet = Paper(who="督查室负责人", on=TODAY, sheet="征求意见函")
    actions.give_opinion(rows[1], text="同意", by=house.staff, now=house.later(), paper=sheet)
    page = page_of(signed_in(house.staff), f"/proposals/{proposal.matter.public_id}/key/")
    assert "赞成列为重点" in page
    assert "赞成列为重点" not in page_of(signed_in(house.member), f"/proposals/{proposal.matter.public_id}/")
    choose(house, proposal)

    assert not Proposal.objects.visible_to(asked).filter(pk=proposal.pk).exists()
    assert readers.audit()[1] == []


def test_who_is_not_chosen_may_be_a_candidate_again(house: House, handed: Make) -> None:
    proposal = handed()
    actions.shortlist(proposal, reason="群众关注", by=house.staff, now=house.later())

    with pytest.raises(Refused, match="请写明理由"):
        actions.drop_candidate(proposal, reason="", by=house.staff, now=house.later())
    actions.drop_candidate(proposal, reason="与另一件相近", by=house.staff, now=house.later())
    assert key_of(proposal).state == State.NOT_CHOSEN
    actions.shortlist(proposal, reason="情况有变", by=house.staff, now=house.later())

    assert (key_of(proposal).state, key_of(proposal).ended_reason) == (State.SHORTLISTED, "")


def test_the_notice_to_the_leader_has_a_clock_of_its_own(house: House, chosen: Make, leader: Person) -> None:
    proposal = chosen()
    clock = Obligation.objects.get(matter=proposal.matter, stage="key_notice")
    assert (clock.due_on, clock.holder_body) == (date(2026, 3, 16), house.office)  # ten days end on a Saturday

    lead(house, proposal, leader)

    clock.refresh_from_db()
    assert clock.status == "done"
    other = appoint(Role.LEADER, name="时雨")
    actions.name_leader(proposal, leader=other, secretary=None, by=house.staff, now=house.later())
    assert Obligation.objects.running().filter(matter=proposal.matter, stage="key_notice").count() == 1
    assert key_of(proposal).notice_on is None


def reply_clock(proposal: Proposal) -> Obligation:
    return clocks.open_for(matter=proposal.matter, stage="reply").select_related("rule__ladder").get()


def test_answers_follow_the_stricter_ladder_as_long_as_it_is_a_key_proposal(house: House, handed: Make) -> None:
    proposal = handed()
    before = reply_clock(proposal)
    actions.shortlist(proposal, reason="群众关注", by=house.staff, now=house.later())
    page = page_of(signed_in(house.staff), f"/proposals/{proposal.matter.public_id}/key/choose/")
    assert "到期前 20 个工作日" in page

    choose(house, proposal)

    key = reply_clock(proposal)
    assert (key.rule.code, key.rule.ladder and key.rule.ladder.code) == ("reply_key", "unit_reply_key")
    assert (key.due_on, key.epoch > before.epoch) == (before.due_on, True)
    assert audit.differences(now=house.now) == []
    with pytest.raises(Refused, match="请写明理由"):
        actions.cease_key(proposal, reason=" ", by=house.staff, now=house.later())
    actions.cease_key(proposal, reason="主席会议调整", by=house.staff, now=house.later())
    after = reply_clock(proposal)
    assert (after.rule, after.due_on) == (before.rule, before.due_on)
    assert audit.differences(now=house.now) == []
    assert not Obligation.objects.running().filter(matter=proposal.matter, stage="key_notice").exists()
    matter = Matter.objects.get(pk=proposal.matter_id)
    assert (matter.key, matter.leader) == (False, None)


def test_a_unit_given_a_key_proposal_later_begins_with_the_stricter_ladder(
    house: House, filed: Make, clerk_unit: Body
) -> None:
    proposal = filed()
    actions.shortlist(proposal, reason="群众关注", by=house.staff, now=house.later())
    choose(house, proposal)

    actions.allocate(proposal, [actions.Share(clerk_unit, "sole")], by=house.staff, now=house.later())
    actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())

    assert reply_clock(proposal).rule.code == "reply_key"
    assert reply_clock(proposal).stage == "reply"


def test_notes_of_a_visit_stay_inside_and_proposers_learn_of_it(house: House, chosen: Make, leader: Person) -> None:
    proposal = chosen()
    secretary = appoint(Role.LEADER_SECRETARY, name="简宁")
    lead(house, proposal, leader, secretary)
    plan(house, proposal)
    actions.record_visit(proposal, VISIT, by=house.staff, now=house.later())
    url = f"/proposals/{proposal.matter.public_id}/key/"

    clerk = Person.objects.get(name="沈青")
    for person in (house.staff, house.officer, clerk, leader, secretary):
        assert "床位缺口已核实" in page_of(signed_in(person), url), person
    page = page_of(signed_in(house.member), url)
    assert "走访单位" in page
    for inside in ("床位缺口已核实", "走访两个街道", "开推进会", "简宁"):
        assert inside not in page
    stranger = appoint(Role.UNIT_CLERK, name="路人")
    assert signed_in(stranger).get(url).status_code == 404
    assert signed_in(appoint(Role.LEADER, name="另一位")).get(url).status_code == 404


def test_a_leader_reads_what_he_leads_and_nothing_else(house: House, chosen: Make, leader: Person) -> None:
    mine, other = chosen(), chosen()
    secretary = appoint(Role.LEADER_SECRETARY, name="简宁")
    actions.name_leader(mine, leader=leader, secretary=secretary, by=house.staff, now=house.later())
    others = appoint(Role.LEADER, name="时雨")
    actions.name_leader(other, leader=others, secretary=None, by=house.staff, now=house.later())
    where = {person: page_of(signed_in(person), "/proposals/led/") for person in (leader, secretary, others)}

    links = {row: f"/proposals/{row.matter.public_id}/key/" for row in (mine, other)}
    assert (links[mine] in where[leader], links[other] in where[leader]) == (True, False)
    assert (links[mine] in where[secretary], links[other] in where[secretary]) == (True, False)
    assert links[mine] not in where[others]
    assert "领办通知尚未送达" in where[leader]
    actions.hand_notice(mine, on=TODAY, how="当面送交", by=house.staff, now=house.later())
    row = with_next(led_by(leader), on=TODAY).get()
    assert expected_of_leader(row) == "审定督办方案"
    why = f"/handling/clocks/{reply_clock(mine).public_id}/"
    assert [signed_in(person).get(why).status_code for person in (leader, others)] == [200, 404]
    assert row.answer_on == reply_clock(mine).due_on  # type: ignore[attr-defined]  # annotated
    actions.cease_key(mine, reason="主席会议调整", by=house.staff, now=house.later())
    assert links[mine] not in page_of(signed_in(leader), "/proposals/led/")
    assert signed_in(secretary).get(links[mine]).status_code == 404


def test_nobody_of_the_office_chooses_the_own_proposal(house: House, handed: Make) -> None:
    proposal = handed()
    proposal.matter.participants.create(person=house.staff, role="cosigner", order=1)
    url = f"/proposals/{proposal.matter.public_id}/key/shortlist/"

    assert signed_in(house.staff).get(url).status_code == 404
    send(signed_in(house.colleague), url, reason="群众关注")
    assert key_of(proposal).state == State.SHORTLISTED


def test_the_pages_lead_from_step_to_step(house: House, handed: Make, leader: Person) -> None:
    proposal = handed()
    staff, base = signed_in(house.staff), f"/proposals/{proposal.matter.public_id}/key/"
    assert "督办与批示" in page_of(staff, f"/proposals/{proposal.matter.public_id}/")
    assert base == send(staff, f"{base}shortlist/", reason="群众关注")
    today = timezone.localdate().isoformat()
    send(staff, f"{base}choose/", on=today, number="", text="列为重点提案")
    send(staff, f"{base}leader/", leader=str(leader.public_id))
    assert "陆远" in page_of(staff, f"{base}letter/")
    send(staff, f"{base}notice/", on=today, how="当面送交")
    send(staff, f"{base}plan/", text="先走访，再座谈。", due_on=(timezone.localdate() + timedelta(30)).isoformat())
    send(staff, f"{base}visit/", kind="meeting", on=today, place="市政协", people="各方", notes="谈定三件事")
    send(staff, f"{base}finish/", on=today, result="三件事都已办成。")

    assert "三件事都已办成" in page_of(signed_in(house.member), base)
    assert "重点提案" in page_of(signed_in(house.member), f"/proposals/{proposal.matter.public_id}/")
    assert "谈定三件事" in page_of(staff, base)


def test_the_list_filters_exports_and_costs_the_same_for_more(house: House, chosen: Make, leader: Person) -> None:
    from .test_lists_cost import MOST, cost

    first = chosen()
    lead(house, first, leader)
    one = {url: cost(who, url) for who, url in ((house.staff, "/proposals/key/"), (leader, "/proposals/led/"))}
    for _ in range(3):
        more = chosen()
        lead(house, more, leader)
        plan(house, more)
        actions.record_visit(more, VISIT, by=house.staff, now=house.later())

    assert {url: cost(who, url) for who, url in ((house.staff, "/proposals/key/"), (leader, "/proposals/led/"))} == one
    assert max(one.values()) <= MOST
    staff = signed_in(house.staff)
    page = page_of(staff, f"/proposals/key/?state=led&leader={leader.public_id}&session={house.session.code}")
    assert page.count("table__title") == 1
    unit = Body.objects.get(name="市民政局测试")
    assert page_of(staff, f"/proposals/key/?unit={unit.public_id}").count("table__title") == 4
    assert "督办方案完成日期" in words_of(staff.get("/proposals/key/?export=xlsx"))
    assert page_of(staff, "/proposals/?key=yes").count("tag--key") == 4
    assert max(cost(who, f"/proposals/{more.matter.public_id}/{part}") for who in (house.staff, leader, house.member) for part in ("", "key/")) <= MOST  # fmt: skip


def test_what_comes_after_the_proposal_has_moved_on_is_told_and_nothing_typed_is_lost(
    house: House, chosen: Make, leader: Person, clerk_unit: Body
) -> None:
    proposal = chosen()
    lead(house, proposal, leader)
    Proposal.objects.filter(pk=proposal.pk).update(status="archived")
    page = f"/proposals/{proposal.matter.public_id}/key/plan/"

    answer = signed_in(house.staff).post(page, {"text": "走访三个街道。", "due_on": "2026-09-01"})

    shown = answer.content.decode()
    assert (answer.status_code, "这一步不能办理" in shown, "走访三个街道。" in shown) == (409, True, True)
    assert signed_in(Person.objects.get(name="沈青")).post(page, {"text": "x"}).status_code == 403


def test_an_office_that_answers_after_the_decision_reads_so_beside_what_it_wrote(house: House, handed: Make) -> None:
    proposal = handed()
    actions.shortlist(proposal, reason="群众关注", by=house.staff, now=house.later())
    committee = BodyFactory(name="经济委测试", kind=BodyKind.CPPCC_COMMITTEE)
    writer = appoint(Role.COMMITTEE_OFFICE, committee, name="简宁")
    [row] = actions.ask_opinions(proposal, [committee], by=house.staff, now=house.later())
    actions.drop_candidate(proposal, reason="另有安排", by=house.staff, now=house.later())

    answer = signed_in(writer).post(f"/proposals/key/opinions/{row.public_id}/", {"text": "建议列入。"})

    shown = answer.content.decode()
    assert (answer.status_code, "建议列入。" in shown, proposal.matter.title in shown) == (409, True, False)
