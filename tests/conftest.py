"""Throw-away PostgreSQL and Valkey for one run of the tests, unless DATABASE_URL and REDIS_URL name others.

They start before Django reads its settings, in the process that leads the run; xdist's workers use its servers, each
with a database of its own. Tests that roll back run as the runtime role, as the web does; mark a test `owner` if it
must do what that role may not, such as backdating an event.
"""

import atexit
import gc
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from copy import copy
from pathlib import Path

import django
import pytest

from config.mode import write_mode
from config.servers import embedded_urls, socket_folder, start_servers, stop_all

PREFIX = "huiyin-test-"

pytest.register_assert_rewrite("tests.browser", "tests.html")  # helpers that assert, before a test imports them


def make_var() -> Path:
    """Return a new folder for servers: short, since sockets are in it, and open to whom PostgreSQL runs as for root."""
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    folder.chmod(0o711)
    return folder


def remove_var(folder: Path) -> None:
    shutil.rmtree(socket_folder(folder), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def _sweep() -> None:
    """Remove folders of runs that were killed before they could do it themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if folder.stat().st_uid == os.geteuid() and pid.isdigit() and not Path(f"/proc/{pid}").exists():
            remove_var(folder)


def _start() -> None:
    _sweep()
    folder = make_var()
    os.environ["HUIYIN_VAR"] = str(folder)
    write_mode("test")
    (folder / "static").mkdir()  # whitenoise warns without it; it serves from the sources
    atexit.register(remove_var, folder)
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        atexit.register(stop_all, start_servers(folder, durable=False))  # the last one registered runs first
        urls = embedded_urls(folder)
        os.environ |= {"DATABASE_URL": urls["runtime"], "OWNER_DATABASE_URL": urls["owner"]}
        os.environ |= {"PURGE_DATABASE_URL": urls["purge"], "REDIS_URL": urls["redis"]}


ZONE = os.environ.get("TZ", "Asia/Shanghai")
"""Where the processes of the tests stand: Django sets its own zone for the process, which would hide another server's."""

if "PYTEST_XDIST_WORKER" not in os.environ:
    _start()
os.environ["HUIYIN_PROCESS"] = "owner"
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
os.environ["TZ"] = ZONE
time.tzset()
logging.getLogger("django.request").setLevel(logging.ERROR)  # thousands of refusals, each with its traceback, take time

from django.conf import settings  # noqa: E402  the servers come first
from django.db import connection, connections  # noqa: E402  as above
from django.test import TransactionTestCase  # noqa: E402  as above
from playwright.sync_api import Browser  # noqa: E402  as above
from pytest_django.fixtures import Settings  # noqa: E402  as above
from pytest_django.plugin import DjangoDbBlocker  # noqa: E402  as above

from members.backend import AppointmentBackend  # noqa: E402  as above
from tests import databases  # noqa: E402  as above
from tests.browser import chromium  # noqa: E402  as above
from tests.once import read_once  # noqa: E402  as above


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
    with django_db_blocker.unblock():
        databases.prepare(worker)
        yield
        databases.drop(worker)


@pytest.fixture(scope="session", autouse=True)
def nothing_emptied() -> None:
    """A database that was committed to is thrown away (see below): to empty its tables first takes a second."""
    TransactionTestCase._fixture_teardown = lambda self: None  # type: ignore[attr-defined]  # private to Django


@pytest.fixture(scope="session", autouse=True)
def few_collections() -> None:
    """What was imported stays for the whole run: nobody need look through it for what can be thrown away."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The one browser of a process: Playwright's loop does not run twice in a thread."""
    with chromium() as started:
        yield started


@pytest.fixture
def persons_read_once(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    """Who asks is read, session, appointments and all, when he first does; clear `read_once` when he changes."""
    read_once.cache_clear()
    settings.SESSION_ENGINE = "django.contrib.sessions.backends.cache"
    monkeypatch.setattr(AppointmentBackend, "get_user", lambda _, pk: copy(read_once(int(pk))))


@pytest.fixture(autouse=True)
def as_runtime_role(request: pytest.FixtureRequest, _django_db_marker: None) -> None:
    """Let a test that rolls back speak as the role of the web; the roll-back ends it."""
    if "_django_db_helper" in request.fixturenames:
        request.getfixturevalue("_django_db_helper")
    if connection.in_atomic_block and not request.node.get_closest_marker("owner"):
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL ROLE {connection.ops.quote_name(settings.RUNTIME_ROLE)}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """Give a fresh copy to whatever follows a test that really commits.

    What follows may be any test: a process that has finished its own takes over some of the other's.
    """
    yield
    marker = item.get_closest_marker("django_db")
    if nextitem and marker and marker.kwargs.get("transaction"):
        worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
        connections.close_all()
        databases.drop(worker)
        databases.prepare(worker)
