"""Every address, every role: what is not granted is refused, what is not visible is not there (S1)."""

import uuid
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from members.choices import Role
from members.models import Person
from tests.factories import LONG_AGO, PASSWORD, MembershipFactory, PersonFactory, appoint
from tests.once import read_once
from tests.rights.table import TABLE

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.urls("tests.rights.bare_urls"),
    pytest.mark.usefixtures("persons_read_once"),
]
# without an account there is nothing to sign out of, and no first factor to add a second to
NEVER_A_PAGE = {"account_logout", "mfa_authenticate"}


def addresses(patterns: Any = None, space: str = "", path: str = "/") -> Iterator[tuple[str, str]]:
    """Every named address of the house with its route."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        if isinstance(entry, URLResolver):
            inner = f"{space}{entry.namespace}:" if entry.namespace else space
            yield from addresses(entry.url_patterns, inner, path + str(entry.pattern))
        elif isinstance(entry, URLPattern):
            yield f"{space}{entry.name}", path + str(entry.pattern)


def filled(route: str) -> str:
    """The route with values that no row has."""
    url = ""
    for part in route.split("<"):
        inside, found, rest = part.partition(">")
        if not found:
            url += part
            continue
        kind = inside.partition(":")[0]
        url += {"uuid": str(uuid.uuid4()), "int": "1"}.get(kind, "nothing-such") + rest
    return url.replace("^", "").replace("$", "").replace("\\", "")


ROUTES = dict(addresses())


def test_the_table_names_every_address_and_nothing_else() -> None:
    assert set(ROUTES) == set(TABLE)


def test_no_address_names_a_running_key() -> None:
    assert {name for name, route in ROUTES.items() if "<int:" in route} == {"handling:evaluate"}  # the round


def test_the_table_knows_every_role() -> None:
    assert set().union(*(row.roles for row in TABLE.values())) == set(Role)


def answers(client: Client, url: str, *, may_open: bool, posts: bool) -> list[int]:
    """What GET and, where asked for, POST and HEAD answer."""
    codes = [client.get(url).status_code]
    if may_open or posts:
        codes.append(client.post(url).status_code)
    return [*codes, client.head(url).status_code] if posts else codes


def signed_in(person: Person) -> Client:
    client = Client()
    client.force_login(Person.objects.get(pk=person.pk))
    read_once.cache_clear()
    return client


FOR_EVERYBODY = {name for name, row in TABLE.items() if row.public or row.roles == frozenset(Role)}


def faults(person: Person, granted: set[str], *, thorough: bool = False) -> list[str]:
    """Addresses that answer `person` otherwise than the table says.

    `thorough` also sends to what is not granted, and asks for what is everybody's.
    """
    found = []
    client = signed_in(person)
    for name, route in ROUTES.items():
        row = TABLE[name]
        if not thorough and name in FOR_EVERYBODY:
            continue
        codes = answers(client, filled(route), may_open=name in granted, posts=thorough)
        if any(code >= 500 for code in codes):
            found.append(f"{name}: {codes}")
        elif not row.public and name not in granted and set(codes) != {403}:
            found.append(f"{name}: {codes}, not granted")
        elif name in granted and 403 in codes:
            found.append(f"{name}: {codes}, granted")
        elif name in granted and row.row and not row.public and 200 in codes:
            found.append(f"{name}: {codes}, though there is no such row")
        if name.startswith(("account_", "mfa_")):
            client = signed_in(person)  # such a page may end the session that it is asked in
    return found


# the right is asked before the method is looked at: two roles that may do little send and ask for the head everywhere
THOROUGH = {Role.AUDITOR, Role.UNIT_HANDLER}


@pytest.mark.parametrize("role", list(Role))
def test_what_a_role_may_open(role: Role) -> None:
    person = appoint(role, password=PASSWORD)
    granted = {name for name, row in TABLE.items() if role in row.roles}

    wrong = faults(person, granted, thorough=role in THOROUGH)
    assert not wrong, "\n".join(wrong)


def out_of_force(person: Person) -> Person:
    """The person with an appointment that ended and one that has not begun."""
    today = timezone.localdate()
    appoint(Role.UNIT_CLERK, person=person, starts_on=today - timedelta(days=30), ends_on=today - timedelta(days=1))
    appoint(Role.PROPOSAL_STAFF, person=person, starts_on=today + timedelta(days=1))
    return person


def test_appointments_out_of_force_open_nothing_to_a_former_member() -> None:
    once = MembershipFactory(person=PersonFactory(password=PASSWORD), starts_on=LONG_AGO, ends_on=date(2021, 12, 31))
    person = out_of_force(once.person)
    for_everybody = {name for name, row in TABLE.items() if row.roles == frozenset(Role)}

    wrong = faults(person, for_everybody, thorough=True)
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("has_account", [False, True], ids=["without-an-account", "appointments-out-of-force"])
def test_who_may_not_sign_in_is_led_there_from_everything_that_is_not_public(*, has_account: bool) -> None:
    client = signed_in(out_of_force(PersonFactory(password=PASSWORD))) if has_account else Client()
    wrong = []
    for name, route in ROUTES.items():
        answer = client.get(filled(route))
        to_sign_in = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/")
        if to_sign_in == TABLE[name].public and name not in NEVER_A_PAGE:
            wrong.append(f"{name}: {answer.status_code} {answer.headers.get('Location', '')}")
    assert wrong == []
