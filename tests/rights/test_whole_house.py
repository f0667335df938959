"""A committee in the middle of its year, seen by every role: whoever is shown a way may go it, and pays little for it.

The rows are those of the demonstration: matters at every stage, with everything that has happened to them. Addresses
that one role finds are then asked for by all others who may go there, messages are followed, and every form found is
sent with what nobody means well by.

Every run asks for the same in the same order, by how pages offer it and never by random ids; nothing is given up or
looked at again because the machine is slow.
"""

import re
from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import cycle, groupby
from typing import Any
from urllib.parse import urldefrag, urlsplit
from xml.etree.ElementTree import Element

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import Resolver404, resolve
from django.utils import timezone
from playwright.sync_api import Browser

from config.portal import context
from config.portal.demo.accounts import make_accounts
from config.portal.demo.story import tell
from members.choices import Role
from members.inbox import engine as mailroom
from members.inbox.models import Channel, Message
from members.inbox.registry import SENDING, Broken, render
from members.models import Person
from members.pages.lists import ListPage
from members.uploads import door
from proposals.handling import engine, letter_templates, pdf
from proposals.handling.models import EngineClock
from tests.browser import unfit
from tests.html import assert_valid
from tests.rights.table import TABLE

pytestmark = [pytest.mark.django_db, pytest.mark.long]

NOW = timezone.make_aware(datetime(2026, 6, 17, 10, 0))
PAGE, LIST = 15, 12
WORDED = {"inbox:list"}  # a list whose rows are put into words by every family of subjects among them: as a page
LONG = timedelta(days=1)  # longer than a run takes on any machine
OF_EACH = 2  # objects that a role looks at behind one name
OF_EACH_MESSAGE = 6
NOT_COUNTED = re.compile(r"SAVEPOINT|INSERT INTO handling_sight")
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
    "report_staff",
    "secretary_general",
    "disclosure_reviewer",
    "security_administrator",
    "system_administrator",
    "auditor",
)
"""Who walks; the other roles have no pages that none of these has, and are asked for every address that was found."""


@dataclass(frozen=True)
class Form:
    """Where a form goes, what the page fills in, and what is typed."""

    path: str
    given: dict[str, str]
    typed: list[str]


@dataclass
class Seen:
    """What one role found: the address, what it is called, what it answered and what it cost."""

    paths: dict[str, str] = field(default_factory=dict)
    forms: dict[str, "Form"] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    pages: dict[str, str] = field(default_factory=dict)


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
        if cost > (most := LIST if is_list(path) and name not in WORDED else PAGE):
            seen.faults.append(f"{role} {name} {path}: {cost} queries, not {most}")
        try:
            document = assert_valid(answer.content)
        except AssertionError as error:
            seen.faults.append(f"{role} {path}: {str(error)[:300]}")
            continue
        page = answer.content.decode()
        seen.pages[name] = max(page, seen.pages.get(name, ""), key=len)
        for form in forms_of(path, document):
            seen.forms.setdefault(name_of(form.path), form)
        for found in LINK.findall(page):
            ways.append(urldefrag(found.replace("&amp;", "&"))[0])
    return seen


def forms_of(path: str, document: Element) -> Iterator[Form]:
    """What can be sent from this page; leaving the house is another story."""
    for form in document.iter("form"):
        goes = form.attrib.get("action") or path
        if form.attrib.get("method", "").lower() != "post" or name_of(goes).startswith(NOT_WALKED):
            continue
        fields = [node for kind in ("input", "textarea", "select") for node in form.iter(kind) if "name" in node.attrib]
        given = {node.attrib["name"]: node.attrib.get("value", "") for node in fields if is_hidden(node)}
        yield Form(goes, given, [node.attrib["name"] for node in fields if not is_hidden(node)])


def is_hidden(node: Element) -> bool:
    return node.attrib.get("type") == "hidden"


HOSTILE = (
    "\x00<script>alert(1)</script>",
    "长" * 100_000,
    "𠮷䶮😀" * 20,
    "-1",
    "9" * 400,
    "' OR 1=1 --",
    "../../etc/passwd",
)
TURNS = 4


def answers_badly(client: Client, form: Form) -> str:
    """What a form answers that it must not: every field gets something else each time, at last what is hidden too."""
    for turn in range(TURNS):
        words = HOSTILE[turn:] + HOSTILE[:turn]
        typed = dict(zip(form.typed, cycle(words), strict=False))
        given = form.given if turn < TURNS - 1 else dict(zip(form.given, cycle(words), strict=False))
        answer = client.post(form.path, {**given, **typed})
        if answer.status_code >= 500:
            return f"{answer.status_code} for {words[0][:20]!r}"
        if answer.status_code >= 400 and 'lang="zh-CN"' not in answer.content.decode():
            return f"{answer.status_code} not in Chinese for {words[0][:20]!r}"
    return ""


def fetched(client: Client, path: str) -> Any:
    """The answer, to its end: a table that nobody takes would stay open."""
    answer: Any = client.get(path)
    if answer.streaming:
        b"".join(answer)
    return answer


def looked_at(client: Client, path: str) -> tuple[Any, int]:
    """The answer, and how many queries it took at first sight.

    Neither what a test adds around them counts, nor the note of who has had a matter before the eyes, once a day (S5).
    """
    connection.queries_log.clear()  # it holds so many and no more
    with CaptureQueriesContext(connection) as asked:
        answer = fetched(client, path)
    return answer, sum(not NOT_COUNTED.search(one["sql"]) for one in asked.captured_queries)


def dead_messages() -> list[str]:
    """Messages, a few of each kind, that lead their recipient nowhere, though they are about what has long gone on."""
    faults, times = [], Counter[str]()
    rows = Message.objects.filter(channel=Channel.INAPP).exclude(template=SENDING).select_related("recipient")
    for person, told in groupby(rows.order_by("recipient", "-pk"), lambda row: row.recipient):
        client, messages = Client(), list({row.template: row for row in told}.values())
        client.force_login(person)
        for row, words in zip(messages, render([(row.template, row.subject) for row in messages], person), strict=True):
            if isinstance(words, Broken):
                faults.append(f"{person.username} {row.template}: {words.why}")
            elif words and words.url and times[row.template] < OF_EACH_MESSAGE:
                times[row.template] += 1
                if (code := client.get(words.url, follow=True).status_code) != 200:
                    faults.append(f"{person.username} {row.template} {words.url}: {code}")
    return faults


def ways_shown_to(role: str, name: str) -> bool:
    """The entrances are tried by everybody; of the others only what was offered."""
    row = TABLE.get(name)
    return row is None or row.public or Role(role) in row.roles


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(Person.objects.get(username=role))
    return client


def fullest(walked: Iterable[Seen]) -> dict[str, str]:
    """Of the pages behind each name the one with most on it."""
    found: dict[str, str] = {}
    for seen in walked:
        for name, page in seen.pages.items():
            found[name] = max(page, found.get(name, ""), key=len)
    return found


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same year whenever the test runs: the day of the pages and of the engine is that of the story."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    for room in (engine, mailroom):
        monkeypatch.setattr(room, "BUDGET", LONG)
    for room in (door, letter_templates, pdf):
        monkeypatch.setattr(room, "SECONDS", LONG.total_seconds())
    monkeypatch.setattr(context, "KEPT_SECONDS", LONG.total_seconds())
    EngineClock.objects.update_or_create(id=1, defaults={"mark": "test", "offset": NOW - datetime.now(tz=UTC)})
    make_accounts(password="", since=timezone.localdate() - timedelta(days=400))
    tell(size=24, seed=1, now=NOW, say=lambda _: None)
    for path in ("/desk/", "/proposals/"):  # what a process keeps for all its pages, such as the working calendar
        signed_in(Role.PROPOSAL_STAFF).get(path)


def test_every_role_walks_through_a_year(told: None, browser: Browser, request: pytest.FixtureRequest) -> None:
    found = {role: crawl(role, signed_in(role)) for role in WALKERS}
    request.getfixturevalue("persons_read_once")  # from here on nothing is counted

    faults = [fault for seen in found.values() for fault in seen.faults]
    faults += unfit(browser, fullest(found.values()))
    faults += dead_messages()
    everything: dict[str, dict[str, None]] = defaultdict(dict)
    for seen in found.values():
        for path, name in seen.paths.items():
            everything[name][path] = None
    for role in Role.values:
        client = signed_in(role)
        for name, paths in everything.items():
            if not ways_shown_to(role, name):
                continue  # refused before any row is looked at: `test_walk` asks every address
            walked = found[role].paths if role in found else {}
            for path in [one for one in paths if one not in walked][:1]:
                if (code := fetched(client, path).status_code) not in {200, 302, 404}:
                    faults.append(f"{role} {path}: {code}")
    sent: set[str] = set()
    for role, seen in found.items():
        client = signed_in(role)
        new = {name: form for name, form in seen.forms.items() if name not in sent}
        sent |= set(new)
        faults += [f"{role} {name}: {bad}" for name, form in new.items() if (bad := answers_badly(client, form))]
    assert "\n".join(faults) == ""
