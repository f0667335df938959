"""The whole house, running: gunicorn, workers and beat on a database and a Valkey of their own, and a real SMTP sink."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

import psycopg
from aiosmtpd.controller import Controller
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import Page
from psycopg import sql

from config import house as supervisor
from config.mode import var_folder
from config.servers import Child, socket_folder, start_valkey, stop_all, wait_until
from members.models import Person
from tests.databases import TEMPLATE

T = TypeVar("T")

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
DATABASE = f"huiyin_house_{WORKER}"  # each process of a run has a house of its own
PORTS = 8100 + 1000 * int(WORKER.removeprefix("gw"))
PATIENCE = 60  # seconds until something that must happen is missed


def until(question: Callable[[], T], what: str, *, seconds: float = PATIENCE) -> T:
    """Ask again and again until the answer is not empty, and return it."""
    deadline = time.monotonic() + seconds
    while not (answer := question()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.05)
    return answer


class Sink:
    """Takes every mail and keeps it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(mail)
        return "250 OK"

    def to(self, address: str) -> list[EmailMessage]:
        return [mail for mail in self.mails if address in str(mail["To"])]


@dataclass
class House:
    """What a journey needs to know of the house it walks through."""

    url: str
    sink: Sink
    web: Child
    worker: Child
    long_worker: Child
    beat: Child
    environment: dict[str, str] = field(repr=False)
    seen: set[str] = field(default_factory=set, repr=False)
    """Kinds of pages that a story has examined."""

    def enter(self, page: Page, person: Person) -> None:
        """Be signed in as this person from the next page on, without the form."""
        client = Client()
        client.force_login(person)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME]
        page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie.value, "url": self.url}])


@contextmanager
def running_house() -> Iterator[House]:
    """Start everything, wait until beat, worker and database hear each other, and stop everything."""
    sink = Sink()
    smtp = Controller(sink, hostname="127.0.0.1", port=supervisor.free_port(PORTS + 100))
    smtp.start()
    children: list[Child] = []
    try:
        with _database():
            folder = var_folder() / f"house-{WORKER}"
            environment = _environment(folder, smtp.port)
            children += [start_valkey(folder, durable=False)]
            port = supervisor.free_port(PORTS)
            environment["SITE_URL"] = f"http://127.0.0.1:{port}"
            started = (
                supervisor.web(folder, port, environment),
                supervisor.worker(folder, environment),
                supervisor.long_worker(folder, environment),
                supervisor.beat(folder, environment),
            )
            for child in started:
                children.append(child.start())
            wait_until(lambda: supervisor.answers(port, environment["HUIYIN_RUN"]), started[0], seconds=PATIENCE)
            wait_until(_has_ticked, started[1], seconds=PATIENCE)
            yield House(f"http://127.0.0.1:{port}", sink, *started, environment)
            stop_all(children)
            children.clear()
    finally:
        stop_all(children)
        smtp.stop()


def _environment(folder: Path, smtp_port: int) -> dict[str, str]:
    socket_folder(folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    own = {
        "DATABASE_URL": _renamed(settings.DATABASE_URL),
        "OWNER_DATABASE_URL": _renamed(settings.OWNER_DATABASE_URL),
        "REDIS_URL": f"unix://{socket_folder(folder)}/valkey.sock",
        "EMAIL_URL": f"smtp://127.0.0.1:{smtp_port}/",
        "FIELD_KEYS": settings.FIELD_KEYS,
        "INDEX_KEY": settings.INDEX_KEY,
        "HUIYIN_PROCESS": "command",
        "HUIYIN_RUN": os.urandom(12).hex(),
    }
    if settings.PURGE_DATABASE_URL:
        own["PURGE_DATABASE_URL"] = _renamed(settings.PURGE_DATABASE_URL)
    return dict(os.environ) | own


def _renamed(url: str) -> str:
    """The same server, our database."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{DATABASE}"))


@contextmanager
def _database() -> Iterator[None]:
    name = sql.Identifier(DATABASE)
    _administrate(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
    _administrate(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(name, sql.Identifier(TEMPLATE)))
    try:
        yield
    finally:
        _administrate(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def _administrate(statement: sql.Composed) -> None:
    with psycopg.connect(settings.OWNER_DATABASE_URL, dbname="postgres", autocommit=True) as server:
        server.execute(statement)


def _has_ticked() -> bool:
    with psycopg.connect(_renamed(settings.OWNER_DATABASE_URL)) as server:
        return bool(server.execute("SELECT 1 FROM handling_enginebeat WHERE name = 'tick'").fetchone())


@contextmanager
def at_home() -> Iterator[None]:
    """Let this process read and write the database of the house, for what a journey finds there and leaves behind."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = DATABASE
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
