"""Signing in, submitting and answering while Redis is away: each press rings a bell that nobody hears."""

import logging
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from config.celery import app as celery_app
from members.inbox import doorbell
from members.models import Person
from proposals import actions
from proposals.handling import actions as handling
from tests.factories import PASSWORD
from tests.handling.conftest import House, build_house, give, result_class, signed
from tests.proposals.conftest import TEXT

LIMIT_MS = 2000.0
ROUNDS = 30
SLOW_HASHER = "django.contrib.auth.hashers.ScryptPasswordHasher"  # production's; the tests have a quick one

Press = Callable[[], object]


def take_redis_away() -> None:
    """From now on this process finds nobody where Redis was. Before anything has rung: Celery keeps its connections."""
    logging.getLogger(doorbell.__name__).setLevel(logging.ERROR)
    celery_app.conf.update(broker_url="redis://127.0.0.1:1/0")


def measured() -> Iterator[tuple[str, float, float, int]]:
    """Yield what was pressed, the median and the 95th percentile in milliseconds, and the queries of one press."""
    house = build_house()
    house.now = timezone.now()
    with override_settings(PASSWORD_HASHERS=[SLOW_HASHER]):
        for name, ways in (("sign in", sign_in(house)), ("submit", submit(house)), ("answer", answer(house))):
            press(next(ways))
            way = next(ways)
            with CaptureQueriesContext(connection) as asked:
                press(way)
            queries = len(asked)  # the next request forgets them
            taken = [press(next(ways)) for _ in range(ROUNDS)]
            yield name, statistics.median(taken), statistics.quantiles(taken, n=20)[-1], queries


def press(act: Press) -> float:
    doorbell._quiet_until = 0.0  # nothing was learnt from the press before
    began = time.perf_counter()
    act()
    return (time.perf_counter() - began) * 1000


def post(client: Client, url: str, data: dict[str, str]) -> None:
    response = client.post(url, data)
    assert response.status_code == 302, f"{url}: {response.status_code}"


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(person, backend="members.backend.AppointmentBackend")
    return client


def sign_in(house: House) -> Iterator[Press]:
    house.member.set_password(PASSWORD)
    house.member.save()
    while True:
        yield partial(post, Client(), "/accounts/login/", {"login": house.member.username, "password": PASSWORD})


def submit(house: House) -> Iterator[Press]:
    client = client_of(house.member)
    while True:
        draft = actions.begin(actions.Behind(person=house.member), by=house.member, now=house.later())
        actions.save_text(draft, TEXT, version=None, by=house.member, now=house.later(), details=actions.Details())
        url = reverse("proposals:check", args=[draft.matter.public_id])
        yield partial(post, client, url, {"consents": "yes", "not_secret": "on", "wished_units": ""})


def answer(house: House) -> Iterator[Press]:
    client, result = client_of(house.clerk), result_class()
    while True:
        part = signed(house, give(house))
        points = {row.pk: handling.PointGiven(result, "已办理。") for row in part.matter.suggestions.all()}
        values = {"result": result, "no_contact_reason": "已书面沟通。"}
        handling.draft_reply(part, values, points, by=house.clerk, now=house.later())
        yield partial(post, client, reverse("handling:reply", args=[part.public_id]), {})
