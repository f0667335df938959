"""A committee in the middle of its year, seen by every role: whoever is shown a way may go it, and pays little for it.

The rows are those of the demonstration: matters at every stage, with everything that has happened to them. Addresses
that one role finds are then asked for by all the others.
"""

import re
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urldefrag, urlsplit

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, resolve
from django.utils import timezone

from config.portal.demo.accounts import make_accounts
from config.portal.demo.story import tell
from members.choices import Role
from members.models import Person
from members.pages.lists import ListPage
from tests.html import assert_valid
from tests.rights.table import TABLE

pytestmark = pytest.mark.django_db

PAGE, LIST = 15, 12
WORDED = {"inbox:list"}  # a list whose rows are put into words by every family of subjects among them: as a page
OF_EACH = 2  # objects that a role looks at behind one name
LINK = re.compile(r'<a [^>]*href="(/[^"]*)"')
NOT_WALKED = ("account_", "mfa_")
WALKERS = (
    "member",
    "organisation_secretary",
    "unit_clerk",
    "unit_head",
    "proposal_staff",
    "proposal_director",
    "session_staff",
    "assigning_officer",
    "security_administrator",
    "system_administrator",
    "auditor",
)
"""Who walks; the other roles have no pages that none of these has, and are asked for every address that was found."""


@dataclass
class Seen:
    """What one role found: the address, what it is called, what it answered and what it cost."""

    paths: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def name_of(path: str) -> str:
    try:
        return resolve(urlsplit(path).path).view_name
    except Resolver404:
        return ""


def is_list(path: str) -> bool:
    view = getattr(resolve(urlsplit(path).path).func, "view_class", object)
    return issubclass(view, ListPage)


def crawl(role: str, client: Client) -> Seen:
    """Follow what the pages offer from the desk on, a few objects behind each name."""
    seen, times = Seen(), Counter[str]()
    ways = deque(["/desk/", "/inbox/", "/settings/", "/proposals/", "/handling/"])
    while ways:
        path = ways.popleft()
        name = name_of(path)
        if path in seen.paths or name.startswith(NOT_WALKED) or times[name] >= OF_EACH:
            continue
        if not name:
            seen.faults.append(f"{role} {path}: leads nowhere")
            continue
        times[name] += 1
        answer, cost = looked_at(client, path)
        seen.paths[path] = name
        if answer.status_code != 200:
            if not (300 <= answer.status_code < 400) and ways_shown_to(role, name):
                seen.faults.append(f"{role} {path}: {answer.status_code}")
            continue
        if not answer.get("Content-Type", "").startswith("text/html"):
            continue
        most = LIST if is_list(path) and name not in WORDED else PAGE
        if cost > most and (cost := looked_at(client, path)[1]) > most:  # what is kept for a process is kept now
            seen.faults.append(f"{role} {name} {path}: {cost} queries")
        try:
            assert_valid(answer.content)
        except AssertionError as error:
            seen.faults.append(f"{role} {path}: {str(error)[:300]}")
        for found in LINK.findall(answer.content.decode()):
            ways.append(urldefrag(found.replace("&amp;", "&"))[0])
    return seen


def looked_at(client: Client, path: str) -> tuple[Any, int]:
    """The answer, and how many queries it took; what a test adds around them does not count."""
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(path)
    return answer, sum("SAVEPOINT" not in one["sql"] for one in asked.captured_queries)


def ways_shown_to(role: str, name: str) -> bool:
    """The entrances are tried by everybody; of the others only what was offered."""
    row = TABLE.get(name)
    return row is None or row.public or Role(role) in row.roles


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(Person.objects.get(username=role))
    return client


def test_every_role_walks_through_a_year() -> None:
    now = timezone.now()
    make_accounts(password="", since=timezone.localdate(now) - timedelta(days=400))
    tell(size=30, seed=1, now=now, say=lambda _: None)

    found = {role: crawl(role, signed_in(role)) for role in WALKERS}

    faults = [fault for seen in found.values() for fault in seen.faults]
    everything: dict[str, set[str]] = defaultdict(set)
    for seen in found.values():
        for path, name in seen.paths.items():
            everything[name].add(path)
    for role in Role.values:
        client = signed_in(role)
        for name, paths in everything.items():
            walked = set(found[role].paths) if role in found else set()
            for path in sorted(paths - walked)[:1]:
                code = client.get(path).status_code
                expected = {200, 302, 404} if ways_shown_to(role, name) else {403}
                if code not in expected:
                    faults.append(f"{role} {path}: {code}")
    assert faults == []
