"""Two at once: one does it, the other is told."""

import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import connection

from members.errors import Refusal
from proposals import actions
from proposals.handling.models import Policy
from proposals.models import Proposal

from .conftest import NOW, House, category

pytestmark = pytest.mark.django_db(transaction=True)


def both(*calls: Callable[[], Any]) -> list[str]:
    """Run the calls at the same moment; what each came to, in words."""
    barrier, outcomes = threading.Barrier(len(calls)), list[str]()

    def run(call: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            call()
            outcomes.append("done")
        except Refusal:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[call]) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sorted(outcomes)


def test_two_reviewers_file_one_proposal_once(house: House, submitted) -> None:
    proposal = submitted()

    outcomes = both(
        *[
            partial(actions.file, proposal, category=category(), by=who, now=NOW)
            for who in (house.staff, house.colleague)
        ]
    )

    assert outcomes == ["done", "refused"]
    assert Proposal.objects.get().matter.events.filter(verb="filed").count() == 1


def test_two_numbering_runs_give_every_number_once(house: House, submitted) -> None:
    Policy.objects.create(code="number_at", value="run", starts_on=NOW.date() - timedelta(days=1))
    house.session.submissions_close_at = None
    house.session.save()
    for _ in range(4):
        actions.file(submitted(), category=category(), by=house.staff, now=house.later())
    expected = actions.stamp_of_run(actions.waiting(house.session, actions.Order.RECEIPT))

    outcomes = both(
        *[
            partial(actions.run, house.session, actions.Order.RECEIPT, expected, by=who, now=NOW)
            for who in (house.staff, house.colleague)
        ]
    )

    assert outcomes == ["done", "refused"]
    numbers = Proposal.objects.order_by("matter__number").values_list("matter__number", flat=True)
    assert list(numbers) == ["0001", "0002", "0003", "0004"]


def test_receipts_given_at_once_differ(house: House, draft) -> None:
    rows = [draft() for _ in range(4)]

    both(*[partial(actions.submit, row, not_secret=True, by=house.member, now=NOW) for row in rows])

    assert len(set(Proposal.objects.values_list("receipt", flat=True))) == 4
