"""Who is told, as a table: each act, and the persons who find it in their inbox."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from members.inbox.models import Message
from proposals.handling import actions
from proposals.handling.models import Assignment
from tests.handling.conftest import House, give, part_of, reason, round_of, signed
from tests.handling.test_acts import answered, rated


def assigned(house: House) -> Assignment:
    return part_of(give(house, (house.unit, "lead"), (house.other_unit, "co"), cosigned=True), house.unit)


def in_hand(house: House) -> Assignment:
    return signed(house, assigned(house).matter)


def replied(house: House) -> Assignment:
    part = in_hand(house)
    answered(house, part)
    return part


def objection(house: House) -> Any:
    return actions.object_to(
        assigned(house),
        reason=reason("objection"),
        text="不属职责",
        approved_by="方正",
        suggested=house.third_unit,
        by=house.clerk,
        now=house.later(),
    )


def answered_objection(house: House) -> Any:
    return actions.answer_objection(objection(house), accepts=True, text="", by=house.third_clerk, now=house.later())


def request(house: House) -> Any:
    part = in_hand(house)
    to = part.obligations.get(stage="reply").due_on + timedelta(days=7)
    return actions.ask_extension(part, to=to, reason="调研", by=house.clerk, now=house.later())


def contact(house: House) -> Any:
    return actions.record_contact(
        in_hand(house),
        when="before",
        mode="phone",
        held_on=timezone.localdate(house.now),
        persons="林溪",
        text="沟通",
        by=house.clerk,
        now=house.later(),
    )


def granted(house: House) -> Any:
    row = request(house)
    actions.decide_extension(row, office="assigning", agrees=True, reason="", by=house.officer, now=house.later())
    return actions.decide_extension(row, office="proposal", agrees=True, reason="", by=house.staff, now=house.later())


def refused(house: House) -> Any:
    return actions.decide_extension(
        request(house), office="proposal", agrees=False, reason="不足", by=house.staff, now=house.later()
    )


def given(house: House) -> None:
    matter = give(house)
    parts = list(matter.assignments.select_related("matter"))
    event = matter.events.get(verb="assigned")
    actions.announce([actions.Given(event, parts)], sending="handover:t", now=house.later())


def handed_inside(house: House) -> Any:
    return actions.pass_inside(in_hand(house), by=house.head, now=house.later(), handler=house.handler)


def moved(house: House) -> Any:
    return actions.transfer(in_hand(house), house.third_unit, reason="调整", by=house.officer, now=house.later())


def opinion(house: House) -> Any:
    co = signed(house, in_hand(house).matter, house.other_unit, house.other_clerk)
    return actions.send_opinion(co, text="同意", by=house.other_clerk, now=house.later())


def dissatisfied(house: House) -> Any:
    part = replied(house)
    rated(house, round_of(part), house.member, "dissatisfied")
    return part


def second_round(house: House) -> Any:
    part = dissatisfied(house)
    actions.confirm_dissatisfaction(round_of(part), by=house.staff, now=house.later())


def closed(house: House) -> Any:
    row = round_of(replied(house))
    rated(house, row, house.member)
    rated(house, row, house.cosigner)


def chased(house: House) -> Any:
    return actions.chase(in_hand(house), by=house.officer, now=house.later())


UNIT, PROPOSERS, STAFF, OFFICER = {"沈青"}, {"林溪", "白露"}, {"何晓", "江南", "高原"}, {"严明"}


@pytest.mark.parametrize(
    ("act", "template", "people"),
    [
        (given, "assigned", UNIT),
        (handed_inside, "passed_inside", {"邹平"}),
        (objection, "objected", OFFICER),
        (objection, "objection_asked", {"易安"}),
        (answered_objection, "objection_answered", OFFICER),
        (request, "extension_asked", OFFICER | STAFF),
        (granted, "extension_granted", UNIT),
        (granted, "extension_told", PROPOSERS),
        (refused, "extension_refused", UNIT),
        (contact, "contact_to_confirm", PROPOSERS),
        (moved, "assigned", {"易安"}),
        (moved, "taken_back", UNIT),
        (moved, "unit_changed", PROPOSERS),
        (opinion, "opinion_sent", UNIT),
        (replied, "replied", PROPOSERS),
        (replied, "replied_to_co_handlers", {"温良"}),
        (dissatisfied, "dissatisfied", STAFF),
        (dissatisfied, "evaluation_receipt", {"林溪"}),
        (second_round, "rehandling", {"沈青", "方正"}),
        (closed, "closed", {"沈青", "温良", "林溪", "白露"}),
        (chased, "chased", UNIT),
    ],
)
def test_who_is_told(house: House, act: Callable[[House], Any], template: str, people: set[str]) -> None:
    act(house)

    told = Message.objects.filter(template=template, channel="inapp").values_list("recipient__name", flat=True)
    assert sorted(told) == sorted(people)
