"""Two at once: one wins, the other is told, nothing is half done. Real connections, real locks."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, Stale, WrongStep
from proposals.handling import actions
from proposals.handling.models import Evaluation, Matter
from tests.factories import appoint
from tests.handling.conftest import build_house, give, part_of, reason, result_class, round_of, signed
from tests.handling.test_acts import answered, objected

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(*acts: Callable[[], Any]) -> list[str]:
    """Run the acts in threads of their own that start together; what came of each, in order."""
    barrier = threading.Barrier(len(acts))
    came: dict[int, str] = {}

    def run(place: int, act: Callable[[], Any]) -> None:
        try:
            barrier.wait(10)
            act()
            came[place] = "done"
        except (WrongStep, Refused, Stale) as error:
            came[place] = type(error).__name__
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [came.get(place, "died") for place in range(len(acts))]


def test_two_clerks_sign_one_matter() -> None:
    house = build_house()
    part = part_of(give(house), house.unit)
    now = house.later()

    came = at_once(
        lambda: actions.sign_for(part, by=house.clerk, now=now), lambda: actions.sign_for(part, by=house.head, now=now)
    )

    assert sorted(came) == ["WrongStep", "done"]
    assert part.matter.events.filter(verb="signed_for").count() == 1


def test_a_decision_meets_a_withdrawal() -> None:
    house = build_house()
    part = part_of(give(house), house.unit)
    objection = actions.object_to(
        part,
        reason=reason("objection"),
        text="不属职责",
        approved_by="方正",
        suggested=None,
        by=house.clerk,
        now=house.later(),
    )
    now = house.later()

    came = at_once(
        lambda: actions.refuse_objection(objection, text="属于职责范围", by=house.officer, now=now),
        lambda: actions.withdraw_objection(objection, by=house.clerk, now=now),
    )

    assert sorted(came) == ["WrongStep", "done"]
    objection.refresh_from_db()
    assert objection.state == ("refused" if came[0] == "done" else "withdrawn")


def test_an_evaluation_meets_the_closing_of_its_round() -> None:
    house = build_house()
    part = signed(house, give(house, cosigned=True))
    answered(house, part)
    row = round_of(part)
    one, two = part.matter.participants.order_by("order")
    actions.evaluate(row, one, work="dissatisfied", result="basic", text="无措施", by=house.member, now=house.later())
    now = house.later()

    came = at_once(
        lambda: actions.evaluate(row, two, work="satisfied", result="satisfied", by=house.cosigner, now=now),
        lambda: actions.confirm_dissatisfaction(row, by=house.staff, now=now),
    )

    row.refresh_from_db()
    form = Evaluation.objects.get(participant=two)
    assert came == ["done", "done"]
    assert (row.outcome, row.missing) == ("dissatisfied", 1 if form.late else 0)


def test_two_heads_sign_one_version() -> None:
    house = build_house()
    other, now = appoint(Role.UNIT_HEAD, house.unit, name="齐副"), house.later()
    actions.add_step(house.unit, kind="head", order=1, role="unit_head", by=house.clerk, now=now)
    part = signed(house, give(house))
    points = {row.pk: actions.PointGiven(result_class(), "已办理。") for row in part.matter.suggestions.all()}
    fields = {"result": result_class(), "no_contact_reason": "已书面沟通。"}
    reply = actions.draft_reply(part, fields, points, by=house.clerk, now=now)
    version, now = actions.send_up(reply, by=house.clerk, now=now), house.later()

    came = at_once(
        lambda: actions.sign(version, agrees=True, turn=1, by=house.head, now=now),
        lambda: actions.sign(version, agrees=False, text="请补充数据。", turn=1, by=other, now=now),
    )

    assert sorted(came) == ["Stale", "done"]
    first = came.index("done")
    row = version.signatures.get()
    assert (row.by, row.agrees) == [(house.head, True), (other, False)][first]
    reply.refresh_from_db()
    assert reply.state == ["delivered", "returned"][first]
    assert part.matter.events.filter(verb__in=["reply_signed", "reply_sent_back"]).count() == 1


def test_two_forms_of_one_member() -> None:
    house = build_house()
    part = signed(house, give(house))
    answered(house, part)
    row, place, now = round_of(part), part.matter.participants.get(), house.later()

    came = at_once(*[lambda: actions.evaluate(row, place, work="basic", result="basic", by=house.member, now=now)] * 2)

    assert sorted(came) == ["WrongStep", "done"]
    assert Matter.objects.get(pk=part.matter_id).events.filter(verb="closed").count() == 1


def test_two_rulings_of_one_meeting() -> None:
    house = build_house()
    part = part_of(give(house), house.unit)
    objected(house, part)
    now = house.later()
    meeting = actions.call_coordination(
        part, meets_on=timezone.localdate(now), place="三楼", units=[house.other_unit], by=house.officer, now=now
    )
    said: dict[str, Any] = {
        "held_on": timezone.localdate(now), "chair": "严明", "present": "两个单位", "minutes": "议定。", "text": "职责明确",
        "by": house.officer, "now": house.later(),
    }  # fmt: skip

    came = at_once(
        lambda: actions.rule(meeting, ruling="keep", **said),
        lambda: actions.rule(meeting, ruling="move", unit=house.other_unit, **said),
    )

    assert sorted(came) == ["WrongStep", "done"]
    meeting.refresh_from_db()
    assert meeting.ruling == ("keep" if came[0] == "done" else "move")
    assert [row.ruling_id for row in part.matter.assignments.current()] == [meeting.pk]
