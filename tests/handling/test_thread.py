"""The thread: signed for, replied, evaluated, closed."""

from proposals.handling.actions import PointGiven, deliver_reply, draft_reply, evaluate, record_contact
from proposals.handling.models import Stage
from tests.handling.conftest import House, give, result_class, round_of, signed


def test_a_matter_is_signed_for_answered_evaluated_and_closed(house: House) -> None:
    matter = give(house)
    assert matter.stage == Stage.TO_SIGN

    assignment = signed(house, matter)
    record_contact(
        assignment,
        when="before",
        mode="phone",
        held_on=house.now.date(),
        persons="林溪",
        text="已电话沟通。",
        by=house.clerk,
        now=house.later(),
    )
    points = {row.pk: PointGiven(result_class(), "已办理。") for row in matter.suggestions.all()}
    reply = draft_reply(assignment, {"result": result_class()}, points, by=house.clerk, now=house.later())
    deliver_reply(reply, by=house.clerk, now=house.later())
    matter.refresh_from_db()
    assert matter.stage == Stage.ANSWERED

    row = round_of(assignment)
    participant = matter.participants.get()
    evaluate(row, participant, work="satisfied", result="basic", by=house.member, now=house.later())

    matter.refresh_from_db()
    row.refresh_from_db()
    assert (matter.stage, matter.closed_at is not None) == (Stage.CLOSED, True)
    assert row.outcome == "basic"
    running = matter.obligations.running().values_list("stage", flat=True)
    assert list(running) == ["publication"], "what is published is looked at afterwards"
    assert list(matter.events.order_by("seq").values_list("verb", flat=True)) == [
        "assigned",
        "signed_for",
        "contacted",
        "replied",
        "publication_opened",
        "evaluated",
        "round_closed",
        "closed",
    ]
