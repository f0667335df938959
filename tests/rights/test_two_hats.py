"""Somebody with two capacities chooses one, and never judges the own proposal (P13)."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django.fixtures import Settings

from members.choices import Role
from members.errors import Refused
from members.models import Person
from proposals import actions as front
from proposals.handling import actions
from proposals.handling.aspects import Aspect, aspects
from proposals.handling.eyes import eyes
from proposals.handling.models import Assignment, EvaluationRound
from proposals.handling.rights import in_hands_of
from proposals.models import Proposal, Status
from proposals.rights import in_hands_of as proposals_in_hands_of
from proposals.rights import is_held
from tests.factories import appoint
from tests.handling.conftest import NOW, build_house, give

pytestmark = pytest.mark.django_db


def both() -> Person:
    """A member who is the clerk of a unit too."""
    return appoint(Role.UNIT_CLERK, person=appoint(Role.MEMBER))


def test_who_has_two_hats_chooses_one_for_the_session(client: Client) -> None:
    person = both()
    client.force_login(person)
    settings, hat = reverse("portal:settings"), reverse("portal:choose_hat")
    writing, queue = reverse("proposals:begin"), reverse("handling:queue")
    assert "办理身份" in client.get(settings).content.decode()

    def opens() -> tuple[int, int]:
        return client.get(writing).status_code, client.get(queue).status_code

    assert opens() == (200, 200)
    client.post(hat, {"hat": "member"})
    assert opens() == (200, 403)
    assert "（委员身份）" in client.get(settings).content.decode()
    client.post(hat, {"hat": "office"})
    assert opens() == (403, 200)
    client.post(hat, {"hat": "emperor"})
    assert opens() == (403, 200)
    client.post(hat, {"hat": ""})
    assert opens() == (200, 200)


def test_who_has_one_hat_keeps_it_whatever_the_session_says(client: Client, settings: Settings) -> None:
    client.force_login(appoint(Role.UNIT_CLERK))
    assert "办理身份" not in client.get(reverse("portal:settings")).content.decode()
    client.post(reverse("portal:choose_hat"), {"hat": "member"})
    assert client.get(reverse("handling:queue")).status_code == 200

    settings.REQUIRE_MFA = True  # and the second factor of an office is asked for under any hat
    client.force_login(appoint(Role.PROPOSAL_STAFF, person=appoint(Role.MEMBER)))
    session = client.session
    session["hat"] = "member"
    session.save()
    assert client.get(reverse("portal:desk")).headers["Location"] == reverse("mfa_activate_totp")


def test_staff_does_not_review_the_own_proposal() -> None:
    house = build_house()
    appoint(Role.PROPOSAL_STAFF, person=house.member)
    matter = give(house)
    Proposal.objects.filter(matter=matter).update(status=Status.SUBMITTED)
    proposal = Proposal.objects.prefetch_related("matter__participants").get(matter=matter)

    for action in ("proposals.claim", "proposals.review", "proposals.decide"):
        assert not is_held(house.member, proposal, action) and is_held(house.staff, proposal, action)
        assert not proposals_in_hands_of(Proposal.objects.all(), house.member, action).exists()
        assert proposals_in_hands_of(Proposal.objects.all(), house.staff, action).exists()
    with pytest.raises(Refused, match="不能审查自己的提案"):
        front.claim(proposal, by=house.member, now=NOW)


def test_staff_neither_sees_nor_confirms_evaluations_of_the_own_proposal() -> None:
    house = build_house()
    appoint(Role.PROPOSAL_STAFF, person=house.cosigner)
    matter = give(house, cosigned=True)
    part = matter.assignments.get()
    Assignment.objects.update(state=Assignment.State.ANSWERED)
    row = EvaluationRound.objects.create(assignment=part, round=1, opened_at=NOW)

    assert Aspect.FORMS in aspects(eyes(house.staff, matter), row)
    assert aspects(eyes(house.cosigner, matter), row) == frozenset()
    for action in ("handling.confirm_dissatisfaction", "handling.confirm_evaluation"):
        assert not in_hands_of(Assignment.objects.all(), house.cosigner, action).exists()
        assert in_hands_of(Assignment.objects.all(), house.staff, action).exists()
    with pytest.raises(Refused, match="不能以工作身份核对"):
        actions.confirm_dissatisfaction(row, by=house.cosigner, now=NOW)
