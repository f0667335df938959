"""Figures of satisfaction: first and last answer apart, by proposal and by form, nobody pointed at (S2, P8, P13)."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from members.choices import Role
from members.models import Person
from proposals.handling import actions
from proposals.handling.models import Assignment, Participant
from proposals.handling.satisfaction import FINAL, FIRST, Gathered, figures, gather
from tests.channels import WAYS, words_of
from tests.factories import appoint
from tests.handling.conftest import House, give, part_of, round_of, signed
from tests.handling.test_acts import answered, rated
from tests.handling.test_appraising import appraised
from tests.handling.test_evaluating import explained, lapse
from tests.html import assert_valid

STAFF, OWN = "handling:satisfaction", "handling:own_satisfaction"


def opened(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page_of(person: Person, name: str, query: str = "") -> str:
    return opened(person).get(reverse(name) + query).content.decode()


def evaluated(house: House, *grades: str) -> Assignment:
    """A reply that so many proposers have evaluated so, the first one first; `-` is silent."""
    matter = give(house)
    people = [house.member]
    for number in range(1, len(grades)):
        person = house.cosigner if number == 1 else appoint(Role.MEMBER, name=f"联名{number}")
        matter.participants.create(person=person, role=Participant.Role.COSIGNER, order=number)
        people.append(person)
    part = signed(house, matter)
    answered(house, part)
    for person, grade in zip(people, grades, strict=True):
        if grade != "-":
            rated(house, round_of(part), person, grade)
    return part_of(matter, house.unit)


def again(house: House, part: Assignment, grade: str) -> None:
    """The dissatisfaction is confirmed, the unit answers once more, and the first proposer says this of it."""
    actions.confirm_dissatisfaction(round_of(part), by=house.staff, now=house.later())
    part = part_of(part.matter, house.unit)
    answered(house, part)
    rated(house, round_of(part), house.member, grade)


def all_parts() -> Gathered:
    return gather(Assignment.objects.all())


def test_the_first_answers_and_the_last_ones_are_counted_apart(house: House) -> None:
    evaluated(house, "satisfied")
    again(house, evaluated(house, "dissatisfied"), "basic")
    actions.confirm_dissatisfaction(round_of(evaluated(house, "dissatisfied")), by=house.staff, now=house.later())
    evaluated(house, "satisfied", "-")  # runs still
    form = evaluated(house, "dissatisfied").evaluation_rounds.get().evaluations.get()
    explained(house, form)

    found = all_parts()
    first, final = figures(found, FIRST, few=False), figures(found, FINAL, few=False)

    assert dict(first.proposals) == {"satisfied": 1, "dissatisfied": 2, "explained": 1}
    assert dict(final.proposals) == {"satisfied": 1, "basic": 1, "explained": 1}
    assert (first.running, final.running) == (1, 2)
    assert (first.forms["dissatisfied"], final.forms["basic"], final.forms["explained"]) == (2, 1, 1)


def test_silence_is_told_and_is_in_no_rate(house: House) -> None:
    part = evaluated(house, "satisfied", "-")
    quiet = evaluated(house, "-")
    for one in (part, quiet):
        lapse(house, one)

    final = figures(all_parts(), FINAL, few=False)

    assert dict(final.proposals) == {"satisfied": 1, "not_returned": 1}
    assert final.forms["not_returned"] == 2
    assert round_of(quiet).pk in final.behind("not_returned")
    shown = page_of(house.staff, STAFF)
    assert_valid(shown)
    assert "100.0%（1/1）" in shown


def test_what_runs_is_in_no_figure_of_anybody(house: House) -> None:
    part = evaluated(house, "dissatisfied", "-")

    for person, name in ((house.staff, STAFF), (house.officer, STAFF), (house.clerk, OWN)):
        for way in WAYS:
            words = words_of(opened(person).get(reverse(name) + way))
            assert part.matter.title not in words
    assert "另有 1 件正在评价" in page_of(house.clerk, OWN)


def test_a_figure_leads_to_the_matters_behind_it(house: House) -> None:
    good, bad = evaluated(house, "satisfied"), evaluated(house, "dissatisfied")
    again(house, bad, "basic")
    for first, outcome, there, away in (
        ("first", "dissatisfied", bad, good), ("final", "basic", bad, good), ("final", "satisfied", good, bad),
    ):  # fmt: skip
        shown = page_of(house.staff, STAFF, f"?of={first}&outcome={outcome}")
        assert there.matter.title in shown and away.matter.title not in shown
    words = words_of(opened(house.staff).get(reverse(STAFF) + "?of=first&export=xlsx"))
    assert good.matter.title in words and "不满意" in words
    assert house.member.name not in words
    assert page_of(house.staff, STAFF, "?of=x&outcome=y&unit=z&session=0").count(good.matter.title) >= 1


def test_a_unit_reads_forms_only_of_replies_of_which_three_came_back(house: House) -> None:
    few = evaluated(house, "satisfied", "basic")
    many = evaluated(house, "satisfied", "satisfied", "basic")

    found = figures(all_parts(), FINAL, few=True)
    assert (dict(found.proposals), found.told) == ({"basic": 2}, 1)
    assert (found.forms["satisfied"], found.forms["basic"]) == (2, 1)
    shown = page_of(house.clerk, OWN)
    assert_valid(shown)
    assert "不足 3 份，不列" in shown and "满意 2　基本满意 1" in shown
    for way in WAYS:
        words = words_of(opened(house.clerk).get(reverse(OWN) + way))
        assert few.matter.title in words and many.matter.title in words
        assert not [
            name for name in (house.member.name, house.cosigner.name, "联名2") if name in words.split("main")[-1]
        ]


def test_each_sees_what_is_his_and_nobody_his_own_proposals(house: House) -> None:
    part = evaluated(house, "satisfied")
    appoint(Role.PROPOSAL_STAFF, house.office, person=house.member)

    assert part.matter.title in page_of(house.officer, STAFF)
    assert part.matter.title not in page_of(appoint(Role.ASSIGNING_OFFICER), STAFF)
    assert part.matter.title not in page_of(house.member, STAFF)  # P13
    assert part.matter.title in page_of(house.clerk, OWN)
    assert part.matter.title not in page_of(house.other_clerk, OWN)
    assert opened(house.clerk).get(reverse(STAFF)).status_code == 403
    assert opened(house.staff).get(reverse(OWN)).status_code == 403
    actions.suspend(part.matter, reason="疑似涉密", by=house.staff, now=house.later())
    assert part.matter.title not in page_of(house.officer, STAFF)


def test_what_units_say_of_proposals_is_counted_once_the_round_is_over(house: House) -> None:
    part = evaluated(house, "-")
    appraised(house, part)
    assert "承办单位对提案的评议" not in page_of(house.staff, STAFF)

    rated(house, round_of(part), house.member)

    assert "承办单位对提案的评议" in page_of(house.staff, STAFF)
    assert "承办单位对提案的评议" not in page_of(house.clerk, OWN)


@pytest.mark.parametrize("name", [STAFF, OWN])
def test_the_figures_cost_the_same_for_one_and_for_many(
    house: House, name: str, django_assert_max_num_queries: Any
) -> None:
    for _ in range(4):
        evaluated(house, "satisfied")
    client = opened(house.staff if name == STAFF else house.clerk)
    client.get(reverse(name))

    with django_assert_max_num_queries(15):
        client.get(reverse(name))
