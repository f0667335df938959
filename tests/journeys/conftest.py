"""One running house for all journeys that a process tells."""

from collections.abc import Iterator

import pytest
from pytest_django.plugin import DjangoDbBlocker

from tests.journeys.house import House, at_home, running_house


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Journeys and whatever else is long begin at once, so that no process waits for the other's at the end."""
    for item in items:
        if item.path.parent.name == "journeys":
            item.add_marker(pytest.mark.journey)
    items.sort(key=lambda item: not (item.get_closest_marker("journey") or item.get_closest_marker("long")))


@pytest.fixture(scope="session")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    with django_db_blocker.unblock(), running_house() as started:
        yield started


@pytest.fixture(autouse=True)
def at_the_house(house: House, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """What a journey makes with factories stands in the database of the house, committed."""
    with django_db_blocker.unblock(), at_home():
        yield
