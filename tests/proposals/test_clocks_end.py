"""Merging and withdrawing end every clock in their own transaction, and take back what was about to be said."""

from collections.abc import Callable

import pytest
from django.db import transaction

from members.inbox.models import Message, State
from proposals import actions
from proposals.handling import engine
from proposals.handling.models import Obligation
from proposals.models import Proposal
from tests.handling.factories import at

from .conftest import House

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
Make = Callable[..., Proposal]
Act = Callable[[House, Proposal, Make], object]


def merge(house: House, proposal: Proposal, filed: Make) -> object:
    return actions.merge(proposal, filed(), text="相同", by=house.staff, now=house.later())


def withdraw(house: House, proposal: Proposal, filed: Make) -> object:
    return actions.withdraw(proposal, reason="本人申请", by=house.staff, now=house.later())


class Broken(Exception):
    """Something fails after the act, before its transaction ends."""


@pytest.mark.parametrize("act", [merge, withdraw])
def test_i8_i9_a_proposal_that_goes_takes_its_clocks_and_messages_along_or_nothing(
    act: Act, house: House, filed: Make
) -> None:
    for person in (house.staff, house.colleague, house.officer):
        person.mail = f"p{person.pk}@example.test"
        person.save()
    proposal = filed()
    running = Obligation.objects.running().filter(matter=proposal.matter)
    latest = max(running.values_list("due_on", flat=True))
    engine.scan(now=at(latest))
    ids = list(running.values_list("pk", flat=True))
    waiting = Message.objects.filter(about__in=ids, state=State.PENDING)
    before = (len(ids), waiting.count())
    assert min(before) > 0

    with pytest.raises(Broken), transaction.atomic():
        act(house, proposal, filed)
        raise Broken
    assert (running.count(), waiting.count()) == before

    act(house, Proposal.objects.get(pk=proposal.pk), filed)
    assert (running.count(), waiting.count()) == (0, 0)
    assert set(Obligation.objects.filter(pk__in=ids).values_list("status", "next_at")) == {("cancelled", None)}
