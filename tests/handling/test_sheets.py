"""A 督办单 is prepared by the ladder and leaves the house only through a person (P2)."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from proposals.handling import actions
from proposals.handling.models import Assignment, Checkpoint, LadderStep
from proposals.handling.queries import waiting_sheets
from tests.factories import appoint
from tests.handling.conftest import House, give, signed


@pytest.fixture
def prepared(house: House) -> Checkpoint:
    """The last step of the reply's ladder has fired."""
    house.now = timezone.now()
    clock = signed(house, give(house)).obligations.get(stage="reply")
    step = LadderStep.objects.filter(ladder=clock.rule.ladder, template="clock.chase_sheet").first()
    assert step is not None
    return Checkpoint.objects.create(
        obligation=clock, epoch=clock.epoch, step=step, n=1, fired_at=house.later(), outcome="fired"
    )


def part(prepared: Checkpoint) -> Assignment:
    assert prepared.obligation.assignment is not None
    return prepared.obligation.assignment


def test_what_is_sent_goes_to_the_unit_and_never_to_a_leader(house: House, prepared: Checkpoint) -> None:
    appoint(Role.LEADER, house.unit, name="某领导")

    actions.issue_sheet(prepared, text=actions.prepared_text(prepared), how="sent", by=house.officer, now=house.later())

    told = Message.objects.filter(template="sheet_issued", channel="inapp").values_list("recipient__name", flat=True)
    assert sorted(told) == sorted(["沈青", "方正"])
    assert not waiting_sheets().exists()
    with pytest.raises(WrongStep, match="已经处理过"):
        actions.issue_sheet(prepared, text="再发", how="sent", by=house.staff, now=house.later())


def test_a_sheet_laid_aside_says_why_and_tells_nobody(house: House, prepared: Checkpoint) -> None:
    with pytest.raises(Refused, match="请写明原因"):
        actions.issue_sheet(prepared, text="督办", how="aside", by=house.officer, now=house.later())

    actions.issue_sheet(prepared, text="督办", how="aside", note="已电话沟通", by=house.officer, now=house.later())

    assert not Message.objects.filter(template="sheet_issued").exists()
    assert part(prepared).matter.events.filter(verb="sheet_aside").exists()


def test_the_officer_finds_edits_and_prints_it(house: House, prepared: Checkpoint) -> None:
    client = Client()
    client.force_login(house.officer)
    assert part(prepared).matter.label in client.get(reverse("handling:sheets")).content.decode()
    url = reverse("handling:issue_sheet", args=[prepared.obligation.public_id])
    assert "请抓紧办理" in client.get(url).content.decode()

    answer = client.post(url, {"text": "请于三日内报告。", "how": "printed"}, follow=True)

    assert answer.status_code == 200
    assert "请于三日内报告。" in answer.content.decode()


def test_a_sheet_prepared_again_takes_the_place_of_the_one_before(house: House, prepared: Checkpoint) -> None:
    again = Checkpoint.objects.create(
        obligation=prepared.obligation,
        epoch=prepared.epoch,
        step=prepared.step,
        n=2,
        fired_at=house.later(),
        outcome="fired",
    )
    assert list(waiting_sheets()) == [again]

    actions.issue_sheet(again, text="督办", how="sent", by=house.officer, now=house.later())

    assert not waiting_sheets().exists()
