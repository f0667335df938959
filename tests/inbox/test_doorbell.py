"""A doorbell that nobody hears costs nothing but a moment."""

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError

from members.inbox import doorbell
from members.inbox.doorbell import SEND, WORK, ring, ring_after_commit

pytestmark = pytest.mark.django_db(transaction=True)


class Broker:
    """Stands in for Celery at the edge of the network."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.tried = 0
        self.dead = False

    def send_task(self, name: str, **options: object) -> None:
        self.tried += 1
        if self.dead:
            raise OperationalError("no broker")
        assert options["retry"] is False
        self.heard.append(name)


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker()
    monkeypatch.setattr(doorbell, "current_app", broker)
    monkeypatch.setattr(doorbell, "_quiet_until", 0.0)
    return broker


def test_one_transaction_rings_once_for_each_task_and_not_before_it_is_done(broker: Broker) -> None:
    with transaction.atomic():
        for _ in range(60):
            ring_after_commit(SEND)
        ring_after_commit(WORK)
        assert broker.heard == []

    assert broker.heard == [SEND, WORK]


def test_a_transaction_that_failed_does_not_ring(broker: Broker) -> None:
    with pytest.raises(ValueError), transaction.atomic():
        ring_after_commit(SEND)
        raise ValueError

    assert broker.heard == []


def test_a_dead_broker_is_left_alone_for_a_while(broker: Broker) -> None:
    broker.dead = True

    for _ in range(60):
        ring(SEND)

    assert broker.tried == 1
