"""A 督办单 is prepared by the ladder and leaves the house only through a person (P2)."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.days import full_day
from members.desk import work_of
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.shown import Count
from proposals.handling import actions
from proposals.handling.models import Assignment, Checkpoint, LadderStep
from proposals.handling.queries import waiting_sheets
from tests.factories import appoint
from tests.handling.conftest import House, give, signed
from tests.handling.test_acts import answered


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


def opened(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


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
        actions.issue_sheet(prepared, text="再发", how="sent", by=house.officer, now=house.later())


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


def test_the_unit_reads_and_prints_what_was_sent_whatever_becomes_of_the_matter(
    house: House, prepared: Checkpoint
) -> None:
    row = part(prepared)
    sheet = actions.issue_sheet(prepared, text="请于三日内书面报告。", how="sent", by=house.officer, now=house.later())
    url, page = reverse("handling:sheet", args=[sheet.public_id]), reverse("handling:part", args=[row.public_id])
    clerk = opened(house.clerk)

    told = Message.objects.get(template="sheet_issued", recipient=house.clerk, channel="inapp")
    assert url in clerk.get(reverse("inbox:message", args=[told.public_id])).content.decode()
    answered(house, row)

    assert "请于三日内书面报告。" in clerk.get(url).content.decode()
    assert "请于三日内书面报告。" in clerk.get(page).content.decode()
    assert "请于三日内书面报告。" not in opened(house.member).get(row.matter.get_absolute_url()).content.decode()
    for person in (house.clerk, house.officer):
        assert url in opened(person).get(reverse("handling:issued_sheets")).content.decode()
    assert opened(house.officer).get(url).status_code == 200
    assert opened(house.other_clerk).get(url).status_code == 404
    assert url not in opened(house.other_clerk).get(reverse("handling:issued_sheets")).content.decode()


def test_the_printed_sheet_bears_its_number_and_until_then_the_office_is_led_to_it(
    house: House, prepared: Checkpoint
) -> None:
    row = part(prepared)
    text = actions.prepared_text(prepared)
    sheet = actions.issue_sheet(prepared, text=text, how="printed", by=house.officer, now=house.later())
    page, way = (
        reverse(f"handling:{name}", args=[one.public_id])
        for name, one in (("sheet", sheet), ("number_office_paper", row))
    )
    before = {person: opened(person).get(page).content.decode() for person in (house.officer, house.clerk)}

    actions.number_office_paper(
        row, "chase", str(sheet.public_id), typed="政督〔2026〕7号", by=house.officer, now=house.later()
    )

    assert [way in text for text in before.values()] == [True, False]
    for person in (house.officer, house.clerk):
        after = opened(person).get(page).content.decode()
        assert "政督〔2026〕7号" in after and way not in after
        assert "<p>你单位承办的" in after, "the page indents: the spaces of the text do not"
        assert full_day(timezone.localdate(sheet.at)) in after


def test_a_sheet_laid_aside_is_nobodys_reading(house: House, prepared: Checkpoint) -> None:
    sheet = actions.issue_sheet(
        prepared, text="督办", how="aside", note="已电话沟通", by=house.officer, now=house.later()
    )

    assert opened(house.clerk).get(reverse("handling:sheet", args=[sheet.public_id])).status_code == 404


def test_prepared_sheets_stand_on_the_desk(house: House, prepared: Checkpoint) -> None:
    counts = {
        one.label: one.value for one in work_of(house.officer, timezone.localdate()).counts if isinstance(one, Count)
    }

    assert counts["待审督办单"] == 1


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
