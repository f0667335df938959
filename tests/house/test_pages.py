"""What every answer carries, and what the two pages for watchers say."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from config.middleware import TrustedProxies
from config.portal import health


def test_healthz_asks_nothing(client: Client) -> None:
    response = client.get("/healthz")

    assert (response.status_code, response.content) == (200, b"ok\n")


@pytest.mark.django_db
def test_readyz_tells_this_machine_what_is_ready(client: Client) -> None:
    answer = client.get("/readyz", REMOTE_ADDR="127.0.0.1").json()

    assert answer["ready"] and set(answer) == {"ready", "database", "redis", "migrations"}


@pytest.mark.django_db
def test_readyz_tells_others_only_whether(client: Client) -> None:
    assert client.get("/readyz", REMOTE_ADDR="192.0.2.7").json() == {"ready": True}
    assert client.get("/readyz", headers={"X-Forwarded-For": "192.0.2.7"}).json() == {"ready": True}


@pytest.mark.django_db
def test_readyz_opens_its_details_to_the_token(client: Client, settings) -> None:
    settings.STATUS_TOKEN = "a-token"

    given = client.get("/readyz", REMOTE_ADDR="192.0.2.7", headers={"Authorization": "Bearer a-token"}).json()
    guessed = client.get("/readyz", REMOTE_ADDR="192.0.2.7", headers={"Authorization": "Bearer another"}).json()

    assert ("database" in given, "database" in guessed) == (True, False)


@pytest.mark.django_db
def test_readyz_is_not_ready_without_redis(client: Client, settings) -> None:
    settings.REDIS_URL = "unix:///nonexistent/valkey.sock"

    response = client.get("/readyz")

    assert (response.status_code, response.json()["ready"]) == (503, False)


@pytest.mark.django_db
def test_every_page_carries_the_security_headers(client: Client) -> None:
    headers = client.get("/").headers

    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert policy == {
        "default-src": "'self'",
        "img-src": "'self' data:",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "same-origin")


@pytest.mark.django_db
def test_pages_of_people_who_are_signed_in_are_not_kept(client: Client) -> None:
    from tests.factories import AppointmentFactory

    client.force_login(AppointmentFactory().person)

    assert client.get("/").headers["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("proxies", "address", "forwarded", "seen"),
    [
        ([], "192.0.2.1", "198.51.100.9", "192.0.2.1"),
        (["192.0.2.0/24"], "192.0.2.1", "198.51.100.9", "198.51.100.9"),
        (["192.0.2.0/24"], "192.0.2.1", "203.0.113.5, 198.51.100.9", "198.51.100.9"),
        (["192.0.2.0/24"], "192.0.2.1", "198.51.100.9, 192.0.2.2", "198.51.100.9"),
        (["192.0.2.0/24"], "192.0.2.1", "not an address", "192.0.2.1"),
        (["unix"], "", "198.51.100.9", "198.51.100.9"),
    ],
)
def test_only_our_proxies_say_where_a_request_came_from(
    settings, proxies: list[str], address: str, forwarded: str, seen: str
) -> None:
    settings.TRUSTED_PROXIES = proxies
    request = RequestFactory().get(
        "/", REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR=forwarded, HTTP_X_FORWARDED_PROTO="https"
    )

    TrustedProxies(answer)(request)

    assert (request.META["REMOTE_ADDR"], request.is_secure()) == (seen, bool(proxies))


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


@pytest.mark.django_db
def test_doctor_answers_every_question_and_fails_on_a_fault() -> None:
    out = StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("doctor", json=True, stdout=out)

    report = json.loads(out.getvalue())
    assert ended.value.code == 1, "no worker has ever run here"
    assert [finding["name"] for finding in report["findings"]] == list(health.ALL)
    assert {finding["name"] for finding in report["findings"] if finding["level"] == "fail"} == {"heartbeat"}


@pytest.mark.django_db
def test_the_tick_is_a_heartbeat() -> None:
    from config.portal.jobs import tick

    tick()

    assert health.heartbeat().level == "ok"


@pytest.mark.django_db
def test_demonstration_data_makes_an_account_for_every_role_once() -> None:
    from members.choices import Role
    from members.models import Appointment, Person

    for _ in range(2):
        call_command("demo_data", size="2", if_needed=True, stdout=StringIO())

    assert set(Person.objects.filter(is_demo=True).values_list("username", flat=True)) >= set(Role.values)
    assert Appointment.objects.filter(person__username="unit_clerk", role="unit_clerk").count() == 1


@pytest.mark.django_db
def test_demonstration_data_is_refused_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    from config.portal.management.commands import demo_data

    monkeypatch.setattr(demo_data, "mark", lambda: "")

    with pytest.raises(CommandError):
        call_command("demo_data")
