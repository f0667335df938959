"""Transfer and reopening close and start clocks in their own transaction; what a page is asked is refused there too."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.models import Message, State
from members.inbox.registry import SENDING
from proposals.handling import actions, clocks, engine
from proposals.handling.models import Obligation
from proposals.handling.panels import panels_of
from tests.handling.conftest import House, give, round_of, signed
from tests.handling.test_acts import answered, rated

pytestmark = pytest.mark.engine


class Broken(Exception):
    """Something fails after the act, before its transaction ends."""


def test_i8_i9_a_transfer_ends_the_old_units_clocks_and_messages_and_starts_the_new_ones(house: House) -> None:
    house.clerk.mail = "clerk@example.test"
    house.clerk.save()
    part = signed(house, give(house))
    due = clocks.open_for(assignment=part, stage="reply").get().due_on
    engine.scan(now=house.now + (due - timezone.localdate(house.now)))
    old = Obligation.objects.running().filter(assignment=part)
    waiting = Message.objects.filter(about__in=list(old.values_list("pk", flat=True)), state=State.PENDING)
    before = (old.count(), waiting.count())
    assert min(before) > 0

    with pytest.raises(Broken), transaction.atomic():
        actions.transfer(part, house.other_unit, reason="职责调整", by=house.officer, now=house.later())
        raise Broken
    assert (old.count(), waiting.count()) == before

    new = actions.transfer(part, house.other_unit, reason="职责调整", by=house.officer, now=house.later())
    assert (old.count(), waiting.count()) == (0, 0)
    fresh = Obligation.objects.running().filter(assignment=new)
    assert set(fresh.values_list("holder_body", flat=True)) == {house.other_unit.pk}
    days = dict(fresh.values_list("stage", "due_on"))
    assert days["sign_for"] <= days["first_contact"] <= days["reply"], "i17"


def test_i8_i18_closing_ends_every_clock_and_reopening_starts_a_new_round_never_the_old_one(house: House) -> None:
    matter = give(house)
    part = signed(house, matter)
    answered(house, part)
    rated(house, round_of(part), house.member)
    frozen = Obligation.objects.filter(matter=matter).order_by("pk").values_list("pk", "status", "late_workdays")
    before = list(frozen)
    matter.refresh_from_db()
    assert matter.is_closed
    handling_it = Obligation.objects.running().filter(matter=matter).exclude(stage="publication")
    assert not handling_it.exists()

    part.refresh_from_db()
    with pytest.raises(Broken), transaction.atomic():
        actions.reopen(part, reason="补交", by=house.officer, now=house.later())
        raise Broken
    assert not handling_it.exists()
    actions.reopen(part, reason="补交", by=house.officer, now=house.later())

    [clock] = handling_it.all()
    assert (clock.stage, clock.round) == ("rehandle", 2)
    assert list(frozen)[: len(before)] == before


def test_staff_quiet_a_matter_with_a_reason_and_only_the_sheet_is_still_laid_out(house: House, client: Client) -> None:
    house.clerk.mail = house.officer.mail = "one@example.test"
    house.clerk.save()
    house.officer.save()
    matter = give(house)
    part = signed(house, matter)
    clock = clocks.open_for(assignment=part, stage="reply").get()
    engine.scan(now=house.now + (clock.due_on - timezone.localdate(house.now)))
    waiting = Message.objects.filter(about=clock.pk, state=State.PENDING)
    assert waiting.exists()
    address = reverse("handling:quiet", args=[matter.public_id])
    client.force_login(house.clerk)
    assert client.post(address, {"reason": "x"}).status_code == 403
    client.force_login(house.staff)

    assert client.post(address, {"reason": ""}).status_code == 422
    assert client.post(address, {"reason": "专题协商期间"}).status_code == 302

    matter.refresh_from_db()
    clock.refresh_from_db()
    assert (matter.quiet, clock.is_running, waiting.exists()) == (True, True, False)
    page = client.get(matter.get_absolute_url()).content.decode()
    assert "停止自动催办：专题协商期间" in page
    assert "恢复自动催办" in page
    assert [mark.label for mark in panels_of(house.officer, matter).marks] == ["不自动催办"]
    assert panels_of(house.clerk, matter).marks == []
    said = Message.objects.count()
    engine.scan(now=house.now + (clock.due_on - timezone.localdate(house.now)) + timedelta(days=20))
    told = Message.objects.order_by("pk").values_list("template", "recipient")[said:]
    assert {one for one in told if one[0] != SENDING} == {("clock.chase_sheet", house.officer.pk)}
    client.post(address, {"reason": "协商结束"})
    matter.refresh_from_db()
    assert not matter.quiet
    with pytest.raises(WrongStep):
        actions.set_quiet(matter, quiet=False, reason="再一次", by=house.staff, now=house.later())


@pytest.mark.parametrize(
    ("days", "sentence"), [(-3, "晚于现在的期限"), (0, "晚于现在的期限"), (60, "一次延期不得晚于")]
)
def test_a_page_refuses_an_extension_that_cannot_be_with_a_sentence(
    house: House, client: Client, days: int, sentence: str
) -> None:
    house.now = timezone.now()
    part = signed(house, give(house))
    due = clocks.open_for(assignment=part, stage="reply").get().due_on
    client.force_login(house.clerk)
    address = reverse("handling:ask_extension", args=[part.public_id])
    context: Any = client.get(address).context
    assert ("现在的期限", due) in [(fact.label, fact.value) for fact in context["facts"]]
    why, _ = list(context["form"].fields["reason"].choices)[-1]

    page = client.post(address, {"to": due + timedelta(days=days), "reason": str(why), "text": "需要"})

    assert page.status_code == 422
    assert sentence in page.content.decode()
    assert clocks.open_for(assignment=part, stage="reply").get().due_on == due


def test_i16_who_asked_does_not_decide_and_a_second_request_waits(house: House) -> None:
    part = signed(house, give(house))
    due = clocks.open_for(assignment=part, stage="reply").get().due_on
    to = due + timedelta(days=9)
    request = actions.ask_extension(part, to=to, reason="需要", by=house.clerk, now=house.later())

    with pytest.raises(Refused, match="不能审批自己"):
        actions.decide_extension(request, office="assigning", agrees=True, reason="", by=house.clerk, now=house.later())
    with pytest.raises(WrongStep, match="已有一份延期申请"):
        actions.ask_extension(part, to=to, reason="需要", by=house.clerk, now=house.later())
    assert clocks.open_for(assignment=part, stage="reply").get().due_on == due


def test_a_pause_neither_begins_in_the_future_nor_ends_before_it_began(house: House) -> None:
    part = signed(house, give(house))
    clock = clocks.open_for(assignment=part, stage="reply").get()
    today = timezone.localdate(house.later())

    with pytest.raises(Refused, match="不能晚于今天"):
        clocks.pause(clock, by=house.clerk, now=house.now, reason="x", on=today + timedelta(days=1))
    clocks.pause(clock, by=house.clerk, now=house.now, reason="x")
    for on in (today - timedelta(days=1), today + timedelta(days=1)):
        with pytest.raises(Refused, match="恢复日期应在"):
            clocks.resume(clock, by=house.clerk, now=house.now, on=on)
