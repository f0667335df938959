"""What a unit says of the proposal, back to back with what the proposers say of its answer (双向评议; S2, P13)."""

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.errors import Refused, WrongStep
from members.models import Person
from proposals.handling import actions
from proposals.handling.actions import Paper
from proposals.handling.models import Appraisal, Assignment
from proposals.handling.panels import panels_of
from tests.factories import appoint
from tests.handling.conftest import House, give, part_of, round_of, signed
from tests.handling.test_acts import answered, rated, verbs
from tests.html import assert_valid
from tests.uploads.made import pdf

MARK = "暗号评议"


def opened(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def replied(house: House) -> Assignment:
    """A lead's reply that two proposers may evaluate, and a co-handler looks on."""
    house.now = timezone.now() - timedelta(minutes=30)
    matter = give(house, (house.unit, "lead"), (house.other_unit, "co"), cosigned=True)
    part = signed(house, matter)
    answered(house, part)
    return part_of(matter, house.unit)


def appraised(house: House, part: Assignment, **kw: Any) -> Appraisal:
    said = {"topic": "good", "research": "fair", "advice": "plain", "text": MARK, "by": house.clerk, **kw}
    return actions.appraise(round_of(part), now=house.later(), **said)


def url_of(part: Assignment) -> str:
    return reverse("handling:appraise", args=[part.public_id])


def test_a_unit_appraises_once_a_round_and_is_told_why_not(house: House) -> None:
    part = replied(house)
    with pytest.raises(Refused, match="请写明意见，供提案者参考"):
        appraised(house, part, text=" ")

    appraised(house, part)

    assert verbs(part.matter)[-1] == "appraised"
    with pytest.raises(WrongStep, match="每轮答复评议一次"):
        appraised(house, part, by=house.head)
    with pytest.raises(Refused, match="纸质办理"):
        appraised(house, part, by=house.other_clerk)


def test_the_second_answer_is_appraised_anew(house: House) -> None:
    part = replied(house)
    appraised(house, part)
    rated(house, round_of(part), house.member, "dissatisfied")
    actions.confirm_dissatisfaction(round_of(part), by=house.staff, now=house.later())
    with pytest.raises(WrongStep, match="已经结束，双方已能看到"):
        actions.appraise(
            round_of(part, 1), topic="good", research="good", advice="good", by=house.clerk, now=house.later()
        )
    part = part_of(part.matter, house.unit)
    answered(house, part)

    appraised(house, part_of(part.matter, house.unit))

    assert Appraisal.objects.filter(round_row__assignment=part).count() == 2


def test_who_works_in_the_unit_and_stands_behind_it_leaves_it_to_colleagues(house: House) -> None:
    """P13: his own proposal is not his to appraise, and he reads it no sooner than the other proposers."""
    part = replied(house)
    appoint(Role.UNIT_CLERK, house.unit, person=house.cosigner)
    client = opened(house.cosigner)
    assert client.get(url_of(part)).status_code == 404
    with pytest.raises(Refused, match="不能评议自己的提案"):
        appraised(house, part, by=house.cosigner)
    appraised(house, part)

    assert MARK not in repr(panels_of(house.cosigner, part.matter))
    for person in (house.member, house.cosigner):
        rated(house, round_of(part), person)
    assert MARK in repr(panels_of(house.cosigner, part.matter))


def test_the_page_takes_it_from_the_unit_and_not_from_others(house: House) -> None:
    part = replied(house)
    clerk = opened(house.clerk)
    page = reverse("handling:part", args=[part.public_id])
    assert url_of(part) in clerk.get(page).content.decode()
    assert_valid(clerk.get(url_of(part)).content.decode())
    for person, answer in ((house.officer, 403), (house.member, 403), (house.other_clerk, 404)):
        assert opened(person).get(url_of(part)).status_code == answer
    typed = {"topic": "good", "research": "good", "advice": "plain", "text": ""}
    assert "请写明意见" in clerk.post(url_of(part), typed).content.decode()

    assert clerk.post(url_of(part), {**typed, "text": MARK}).status_code == 302

    shown = clerk.get(page).content.decode()
    assert MARK in shown and url_of(part) not in shown
    assert clerk.get(url_of(part)).status_code == 302  # to the part as it is now
    assert "评议一次" in clerk.post(url_of(part), {**typed, "text": "再来"}).content.decode()


def test_what_comes_after_the_end_is_refused_with_what_was_typed(house: House) -> None:
    part = replied(house)
    for person in (house.member, house.cosigner):
        rated(house, round_of(part), person)

    answer = opened(house.clerk).post(
        url_of(part), {"topic": "good", "research": "good", "advice": "good", "text": "迟到的意见"}
    )

    assert answer.status_code == 422
    assert "已经结束" in answer.content.decode() and "迟到的意见" in answer.content.decode()
    assert not Appraisal.objects.exists()


def test_the_office_records_it_from_the_units_paper(house: House) -> None:
    part = replied(house)
    staff = opened(house.staff)
    assert "登记单位评议（纸质）" in staff.get(part.matter.get_absolute_url()).content.decode()
    typed: dict[str, Any] = {
        "topic": "good", "research": "good", "advice": "good", "text": MARK, "paper_who": "方正",
        "paper_on": timezone.localdate(), "paper_sheet": "评议表",
    }  # fmt: skip
    assert staff.post(url_of(part), typed).status_code == 422  # the scan is wanting

    assert staff.post(url_of(part), {**typed, "paper_scan": SimpleUploadedFile("表.pdf", pdf())}).status_code == 302

    assert part.matter.events.get(verb="appraised").on_paper
    assert MARK not in staff.get(part.matter.get_absolute_url()).content.decode()
    with pytest.raises(Refused, match="不能早于"):
        actions.appraise(
            round_of(part), topic="good", research="good", advice="good", by=house.staff, now=house.later(),
            paper=Paper("方正", timezone.localdate() - timedelta(days=9), "评议表"),
        )  # fmt: skip
