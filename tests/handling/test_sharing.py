"""The units of a matter change after the hand-over (P9): whose clocks move, who is asked first, who is told."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import BodyKind, Role, System
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.models import AssigningOffice, Person
from proposals.handling import actions, clocks
from proposals.handling.models import Assignment, Matter, Objection
from proposals.handling.panels import panels_of
from tests.factories import BodyFactory, appoint
from tests.handling.conftest import House, give, part_of, reason, signed
from tests.handling.test_acts import answered, objected, stages, verbs

State, Share = Assignment.State, Assignment.Role


@pytest.fixture
def shared(house: House) -> Matter:
    """A lead that has signed for, and a co-handler that has not; a term of years ago would be late."""
    house.now = timezone.now() - timedelta(days=3)
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"))
    signed(house, matter)
    return matter


def dues(part: Assignment) -> dict[str, date]:
    return {row.stage: row.due_on for row in clocks.open_for(assignment=part)}


def told(template: str) -> set[str]:
    rows = Message.objects.filter(template=template, channel="inapp")
    return set(rows.values_list("recipient__name", flat=True))


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


# added, released, made to lead ---------------------------------------------------------------------------------------


def test_a_unit_is_added_with_its_own_clocks_and_the_others_keep_theirs(house: House, shared: Matter) -> None:
    lead, co = part_of(shared, house.unit), part_of(shared, house.other_unit)
    before = dues(lead), dues(co)

    new = actions.add_unit(lead, house.third_unit, reason="涉及用地", by=house.officer, now=house.later())

    assert (new.role, new.state, stages(new)) == ("co", State.PENDING, ["co_opinion", "objection_window", "sign_for"])
    assert (dues(lead), dues(co)) == before
    assert (told("assigned"), told("units_changed"), told("unit_changed")) == ({"易安"}, {"沈青", "温良"}, {"林溪"})
    assert Matter.objects.visible_to(house.third_clerk).filter(pk=shared.pk).exists()
    with pytest.raises(Refused, match="已经在承办该件"):
        actions.add_unit(lead, house.third_unit, reason="再加", by=house.officer, now=house.later())
    with pytest.raises(Refused, match="纸质办理"):
        actions.add_unit(lead, house.third_unit, reason="再加", by=house.staff, now=house.later())


def test_who_handled_it_alone_leads_once_another_is_added(house: House) -> None:
    matter = give(house)

    actions.add_unit(part_of(matter, house.unit), house.other_unit, reason="", by=house.officer, now=house.later())

    assert part_of(matter, house.unit).role == Share.LEAD


def test_a_co_handler_is_released_and_who_is_left_handles_it_alone(house: House, shared: Matter) -> None:
    lead, co = part_of(shared, house.unit), part_of(shared, house.other_unit)
    before = dues(lead)

    gone = actions.release(co, reason="职责已划转", by=house.officer, now=house.later())

    lead.refresh_from_db()
    assert (gone.state, gone.ended_reason, stages(gone)) == (State.ENDED, "职责已划转", [])
    assert (lead.role, dues(lead), verbs(shared)[-1]) == (Share.SOLE, before, "unit_released")
    assert (told("taken_back"), told("units_changed"), told("unit_changed")) == ({"温良"}, {"沈青"}, {"林溪"})
    assert not Matter.objects.visible_to(house.other_clerk).filter(pk=shared.pk).exists()
    with pytest.raises(Refused, match="须有单位接办"):
        actions.release(lead, reason="", by=house.officer, now=house.later())


def test_releasing_the_last_that_has_not_answered_lets_the_matter_go_on(house: House) -> None:
    matter = give(house, (house.unit, "split"), (house.other_unit, "split"))
    answered(house, signed(house, matter))

    actions.release(part_of(matter, house.other_unit), reason="不涉及", by=house.officer, now=house.later())

    matter.refresh_from_db()
    assert (matter.stage, part_of(matter, house.unit).role) == ("answered", Share.SOLE)


def test_lead_and_co_handler_change_places_and_the_clock_of_the_answer_goes_along(house: House, shared: Matter) -> None:
    lead, co = part_of(shared, house.unit), part_of(shared, house.other_unit)
    before = dues(lead)

    actions.make_lead(co, reason="职责在财政", by=house.officer, now=house.later())

    lead.refresh_from_db()
    co.refresh_from_db()
    assert (lead.role, lead.state, co.role, co.state) == (Share.CO, State.SIGNED, Share.LEAD, State.PENDING)
    after = dues(co)
    assert {stage: after[stage] for stage in ("reply", "first_contact")} == {
        stage: before[stage] for stage in ("reply", "first_contact")
    }
    assert stages(co) == ["first_contact", "objection_window", "reply", "sign_for"]
    assert stages(lead) == ["co_opinion", "objection_window"]
    holders = set(clocks.open_for(assignment=co).values_list("holder_body", flat=True))
    assert holders == {house.other_unit.pk}
    assert (told("made_lead"), told("made_co_handler"), told("unit_changed")) == ({"温良"}, {"沈青"}, {"林溪"})
    with pytest.raises(WrongStep, match="不是会办单位"):
        actions.make_lead(co, reason="", by=house.officer, now=house.later())


def test_a_co_handler_that_had_given_its_opinion_leads_all_the_same(house: House, shared: Matter) -> None:
    co = signed(house, shared, house.other_unit, house.other_clerk)
    actions.send_opinion(co, text="同意。", by=house.other_clerk, now=house.later())

    actions.make_lead(co, reason="", by=house.officer, now=house.later())
    answered(house, part_of(shared, house.other_unit), by=house.other_clerk)

    shared.refresh_from_db()
    assert (shared.stage, part_of(shared, house.other_unit).opinions.count()) == ("answered", 1)


def test_a_co_handler_takes_over_from_a_lead_that_leaves_with_clocks_of_its_own(house: House, shared: Matter) -> None:
    lead, co = part_of(shared, house.unit), part_of(shared, house.other_unit)
    old = dues(lead)

    new = actions.transfer(lead, house.other_unit, reason="职责调整", by=house.officer, now=house.later(days=2))

    lead.refresh_from_db()
    assert (new.pk, new.role, lead.state, stages(lead)) == (co.pk, Share.LEAD, State.ENDED, [])
    assert stages(new) == ["first_contact", "objection_window", "reply", "sign_for"]
    assert dues(new)["reply"] > old["reply"]
    assert (told("made_lead"), told("taken_back")) == ({"温良"}, {"沈青"})


def test_the_office_of_the_new_leads_system_leads_the_matter(house: House) -> None:
    party = BodyFactory(name="市委督查室测试", kind=BodyKind.OFFICE, system=System.PARTY)
    AssigningOffice.objects.update_or_create(system=System.PARTY, defaults={"office": party})
    union = BodyFactory(name="市总工会测试", system=System.PARTY)
    matter = give(house)
    Matter.objects.filter(pk=matter.pk).update(office=house.assigning)

    new = actions.transfer(part_of(matter, house.unit), union, reason="职责", by=house.officer, now=house.later())

    matter.refresh_from_db()
    assert (new.office, matter.office) == (party, party)


def test_a_letter_that_waits_for_its_date_is_decided_first(house: House, shared: Matter) -> None:
    lead = part_of(shared, house.unit)
    actions.draft_reply(lead, {}, {}, by=house.clerk, now=house.later())
    lead.replies.update(state="checking", date_to_confirm=True)

    for act in (
        lambda: actions.transfer(lead, house.third_unit, reason="", by=house.officer, now=house.later()),
        lambda: actions.make_lead(part_of(shared, house.other_unit), reason="", by=house.officer, now=house.later()),
    ):
        with pytest.raises(Refused, match="正在等待审核或确认落款日期"):
            act()


# asked first ---------------------------------------------------------------------------------------------------------


def test_an_open_objection_is_decided_and_not_passed_over(house: House, shared: Matter) -> None:
    co = part_of(shared, house.other_unit)
    objection = objected(house, co, suggested=house.third_unit, by=house.other_clerk)

    for act in (
        lambda: actions.transfer(co, house.third_unit, reason="", by=house.officer, now=house.later()),
        lambda: actions.release(co, reason="", by=house.officer, now=house.later()),
        lambda: actions.make_lead(co, reason="", by=house.officer, now=house.later()),
    ):
        with pytest.raises(Refused, match="退回申请还没有决定"):
            act()

    objection.refresh_from_db()
    assert objection.state == Objection.State.OPEN
    shown = panels_of(house.officer, shared)
    offered = {act.label for unit, acts in shown.by_unit if unit == str(co.unit) for act in acts}
    assert not offered & {"调整承办单位", "不再承办", "改为主办"}


def test_the_office_asks_a_unit_of_its_own_choice_before_it_decides(house: House, shared: Matter) -> None:
    co = part_of(shared, house.other_unit)
    objection = objected(house, co, by=house.other_clerk)

    with pytest.raises(Refused, match="请先征求市住建局测试的意见"):
        actions.uphold_objection(objection, unit=house.third_unit, text="", by=house.officer, now=house.later())
    objection = actions.ask_unit(objection, house.third_unit, by=house.officer, now=house.later())
    assert told("objection_asked") == {"易安"}
    assert Matter.objects.visible_to(house.third_clerk).filter(pk=shared.pk).exists()
    with pytest.raises(Refused, match="请先征求市住建局测试的意见"):
        actions.uphold_objection(objection, unit=house.third_unit, text="", by=house.officer, now=house.later())
    actions.answer_objection(objection, accepts=True, text="可以。", by=house.third_clerk, now=house.later())
    new = actions.uphold_objection(objection, unit=house.third_unit, text="", by=house.officer, now=house.later())

    assert (new.unit, new.role) == (house.third_unit, Share.CO)
    assert verbs(shared)[-4:] == ["objected", "objection_asked", "objection_answered", "reassigned"]


def test_a_co_handlers_objection_is_upheld_without_another_in_its_place(house: House, shared: Matter) -> None:
    objection = objected(house, part_of(shared, house.other_unit), by=house.other_clerk)

    gone = actions.uphold_objection(objection, unit=None, text="不涉及", by=house.officer, now=house.later())

    objection.refresh_from_db()
    assert (gone.state, objection.state, objection.new_unit) == (State.ENDED, Objection.State.UPHELD, None)
    lead = objected(house, part_of(shared, house.unit))
    with pytest.raises(Refused, match="须有单位接办"):
        actions.uphold_objection(lead, unit=None, text="", by=house.officer, now=house.later())


def test_after_two_returns_a_meeting_decides_on_a_transfer_too(house: House) -> None:
    matter = give(house)
    part = part_of(matter, house.unit)
    for _ in range(2):
        Objection.objects.create(
            assignment=part, reason=reason("objection"), text="不属", approved_by="方正", state="upheld",
            raised_by=house.clerk, raised_at=house.now, decided_by=house.officer, decided_at=house.now,
        )  # fmt: skip

    with pytest.raises(Refused, match="只能由协调会决定"):
        actions.transfer(part, house.other_unit, reason="调整", by=house.officer, now=house.later())
    page = signed_in(house.officer).get(reverse("handling:part", args=[part.public_id])).content.decode()
    assert reverse("handling:call_coordination", args=[part.public_id]) in page
    assert reverse("handling:transfer", args=[part.public_id]) not in page


# pages ---------------------------------------------------------------------------------------------------------------


def release_page(house: House, matter: Matter) -> tuple[str, Assignment, dict[str, Any]]:
    return "release", part_of(matter, house.other_unit), {"reason": "不涉及"}


def add_page(house: House, matter: Matter) -> tuple[str, Assignment, dict[str, Any]]:
    return "add_unit", part_of(matter, house.unit), {"unit": house.third_unit.public_id, "reason": "涉及用地"}


def lead_page(house: House, matter: Matter) -> tuple[str, Assignment, dict[str, Any]]:
    return "make_lead", part_of(matter, house.other_unit), {"reason": "职责"}


def transfer_page(house: House, matter: Matter) -> tuple[str, Assignment, dict[str, Any]]:
    return "transfer", part_of(matter, house.other_unit), {"unit": house.third_unit.public_id, "reason": "职责"}


@pytest.mark.parametrize(
    ("page", "units"),
    [
        (add_page, [("财政", "co"), ("民政", "lead"), ("住建", "co")]),
        (release_page, [("民政", "sole")]),
        (lead_page, [("财政", "lead"), ("民政", "co")]),
        (transfer_page, [("民政", "lead"), ("住建", "co")]),
    ],
)
def test_an_officer_changes_the_units_on_the_page_and_a_clerk_does_not(
    house: House, shared: Matter, page: Callable[..., Any], units: list[tuple[str, str]]
) -> None:
    name, part, data = page(house, shared)
    url = reverse(f"handling:{name}", args=[part.public_id])
    assert signed_in(house.clerk).get(url).status_code == 403
    stranger = appoint(Role.ASSIGNING_OFFICER, BodyFactory(kind=BodyKind.OFFICE))
    assert signed_in(stranger).get(url).status_code == 404
    officer = signed_in(house.officer)
    assert officer.get(url).status_code == 200

    answer = officer.post(url, data, follow=True)

    assert answer.status_code == 200
    rows = shared.assignments.current().values_list("unit__name", "role")
    assert sorted((name[1:3], role) for name, role in rows) == sorted(units)


def test_staff_record_from_the_offices_sheet_and_its_day_starts_the_clocks(house: House, shared: Matter) -> None:
    lead = part_of(shared, house.unit)
    url = reverse("handling:add_unit", args=[lead.public_id])
    on = timezone.localdate() - timedelta(days=2)
    sheet = {"paper_who": "严明", "paper_on": on.isoformat(), "paper_sheet": "会议纪要"}
    data = {"unit": house.third_unit.public_id, "reason": "涉及用地"}
    assert signed_in(house.staff).post(url, data).status_code == 422

    signed_in(house.staff).post(url, data | sheet)

    new = part_of(shared, house.third_unit)
    assert (timezone.localdate(new.given_at), new.obligations.get(stage="sign_for").anchor_on) == (on, on)


def test_the_office_asks_and_releases_on_the_pages(house: House, shared: Matter) -> None:
    objection = objected(house, part_of(shared, house.other_unit), by=house.other_clerk)
    desk = signed_in(house.officer)
    decide = reverse("handling:decide_objection", args=[objection.public_id])
    ask = reverse("handling:ask_unit", args=[objection.public_id])
    assert signed_in(house.clerk).get(ask).status_code == 403
    assert ask in desk.get(decide).content.decode()

    assert desk.get(ask).status_code == 200
    assert desk.post(ask, {"unit": house.third_unit.public_id}).status_code == 302
    refused = desk.post(decide, {"decision": "uphold", "unit": house.third_unit.public_id})
    assert (refused.status_code, "请先征求" in refused.content.decode()) == (422, True)
    released = desk.post(decide, {"decision": "release", "text": "不涉及"}, follow=True)

    assert "已决定" in released.content.decode()
    assert not shared.assignments.current().filter(unit=house.other_unit).exists()
