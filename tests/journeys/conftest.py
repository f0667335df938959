"""One running house for all journeys that a process tells."""

import os
from collections.abc import Iterator
from itertools import islice

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.journeys.house import House, at_home, running_house


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each process begin with what is long: the journeys with one house stay together, the rest is dealt out.

    xdist gives every process an equal run of neighbours and lets whoever has finished take from the end of another's.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    heads: list[list[pytest.Item]] = [[] for _ in range(workers)]
    others: list[pytest.Item] = []
    dealt = 0
    for item in items:
        if item.path.parent.name == "journeys":
            item.add_marker(pytest.mark.journey)
            heads[0].append(item)
        elif item.get_closest_marker("long"):
            dealt += 1
            heads[-1 - dealt % max(workers - 1, 1)].append(item)
        else:
            others.append(item)
    left, rest = len(items), iter(others)
    ordered: list[pytest.Item] = []
    for place, head in enumerate(heads):
        share = left // (workers - place)
        left -= share
        ordered += [*head, *islice(rest, max(share - len(head), 0))]
    items[:] = [*ordered, *rest]


@pytest.fixture(scope="session")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    with django_db_blocker.unblock(), running_house() as started:
        yield started


@pytest.fixture(autouse=True)
def at_the_house(house: House, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What a journey makes with factories stands in the database of the house, committed."""
    with django_db_blocker.unblock(), at_home():
        yield
