"""The simulated year: every message of the engine, and no other, is one that counting day by day asks for."""

import pytest

from members.inbox.models import Channel, Message, State
from proposals.handling import audit
from proposals.handling.models import Checkpoint, ClockEvent, Obligation
from tests.handling.factories import at

from .year import END, World

# committed for real: in one long transaction no dead row is ever swept and each look costs more than the one before
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.engine, pytest.mark.long]


@pytest.fixture
def world(request: pytest.FixtureRequest) -> World:
    world = World(seed=2026, proposals=500)
    world.run()
    return world


def handed_off_after_the_end(world: World) -> list[str]:
    """Keys of what was sent about a limit that had ended."""
    sent = Message.objects.filter(about__in=world.ended, state=State.SENT).values_list("key", "about", "sent_at")
    return [key for key, about, at_last in sent if about and at_last and at_last > world.ended[about]]


def key(fact: Message) -> str:
    """What the reference calls a fact: it cannot know the number of the event that a moved last day left."""
    if fact.template != "clock.moved":
        return fact.key
    event = ClockEvent.objects.get(pk=fact.subject["event"])
    return f"moved:o{event.obligation_id}:{event.new_due}:p{fact.recipient_id}:{fact.channel}"


def test_i7_a_year_of_five_hundred_proposals_equals_the_reference(world: World) -> None:
    facts = {key(fact) for fact in Message.objects.filter(part_of__isnull=False)}
    sendings = set(Message.objects.filter(part_of__isnull=True).values_list("key", flat=True))

    counts = world.counts
    assert (counts.extensions >= 60, counts.objections >= 40, counts.transfers >= 20, counts.edits) == (
        True,
        True,
        True,
        2,
    )
    assert facts == world.book.facts
    assert sendings == world.book.sendings
    assert len(facts) > len(sendings) > 0
    assert {pk: row.due_on for pk, row in Obligation.objects.running().in_bulk().items()} == {
        pk: case.due for pk, case in world.book.cases.items() if case.state != "ended"
    }
    assert handed_off_after_the_end(world) == []
    assert not Message.objects.filter(state=State.PENDING, created_at__lt=at(END)).exists()
    mails = Message.objects.filter(channel=Channel.EMAIL, part_of=None, state=State.SENT)
    assert sorted(world.ledger.taken) == sorted(mails.values_list("message_id", flat=True))
    assert Checkpoint.objects.filter(outcome="fired").count() > 10 * world.proposals
    assert list(audit.differences(now=at(END, 17))) == []
