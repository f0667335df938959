"""The servers and processes of the drills, all real: PostgreSQL, Valkey, workers, beat, and a mail server with a ledger.

Importing this starts the servers and readies Django, in an empty database marked as one whose engine's clock may move.
"""

import atexit
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from config import house as supervisor
from config.mode import ROOT, write_mode
from config.servers import ADMIN, Child, are_running, embedded_urls, socket_folder, start_servers, stop_all, wait_until

FOLDER = Path(tempfile.mkdtemp(prefix="huiyin-drill-"))
FOLDER.chmod(0o711)
os.environ["HUIYIN_VAR"] = str(FOLDER)
write_mode("test")
(FOLDER / "static").mkdir()
POSTGRES, VALKEY = start_servers(FOLDER, durable=True)
URLS = embedded_urls(FOLDER)
os.environ |= {"DATABASE_URL": URLS["runtime"], "OWNER_DATABASE_URL": URLS["owner"]}
os.environ |= {"PURGE_DATABASE_URL": URLS["purge"], "REDIS_URL": URLS["redis"]}
os.environ |= {"HUIYIN_PROCESS": "owner", "DJANGO_SETTINGS_MODULE": "config.settings"}


def _clear() -> None:
    stop_all([POSTGRES, VALKEY])
    shutil.rmtree(socket_folder(FOLDER), ignore_errors=True)
    shutil.rmtree(FOLDER, ignore_errors=True)


atexit.register(_clear)

import django  # noqa: E402  the servers come first
import psycopg  # noqa: E402  as above

django.setup()

from celery import current_app  # noqa: E402  as above
from django.conf import settings  # noqa: E402  as above
from django.db import connection  # noqa: E402  as above

from proposals.handling.models import EngineClock, Obligation  # noqa: E402  as above
from tests import databases  # noqa: E402  as above
from tests.inbox.sink import Sink, running_sink  # noqa: E402  as above

databases.prepare("drill")
with psycopg.connect(host=str(socket_folder(FOLDER)), user=ADMIN, dbname="postgres", autocommit=True) as server:
    server.execute("CHECKPOINT")  # until one has passed, the sequences of a copied database fall back in a crash
EngineClock.objects.filter(pk=1).update(mark="drill")
PATIENCE = 200.0


def until(question: Callable[[], object], what: str, *, seconds: float = PATIENCE) -> float:
    """Ask until the answer is not empty, and return how many seconds that took."""
    began = time.monotonic()
    while not question():
        if time.monotonic() - began > seconds:
            raise AssertionError(f"waited {seconds:.0f} s in vain for {what}")
        time.sleep(0.05)
    return time.monotonic() - began


def move_clock(offset: timedelta) -> None:
    """Move the clock of every engine that asks this database."""
    EngineClock.objects.filter(pk=1).update(offset=offset)


def ring() -> None:
    """What a beat does, and a request after its commit."""
    for task in ("proposals.handling.jobs.scan", "members.inbox.tasks.send"):
        current_app.send_task(task, expires=55, ignore_result=True, retry=False)


@dataclass
class Place:
    """The processes of one drill."""

    sink: Sink
    children: list[Child] = field(default_factory=list)

    def environment(self) -> dict[str, str]:
        name = str(connection.settings_dict["NAME"])
        urls = {
            key: urlunsplit(urlsplit(os.environ[key])._replace(path=f"/{name}"))
            for key in ("DATABASE_URL", "OWNER_DATABASE_URL", "PURGE_DATABASE_URL")
        }
        keys = {key: str(getattr(settings, key)) for key in ("FIELD_KEYS", "INDEX_KEY")}
        return dict(os.environ) | urls | keys | {"EMAIL_URL": self.sink.url, "HUIYIN_PROCESS": "command"}

    def worker(self) -> Child:
        child = supervisor.worker(FOLDER, self.environment())
        child.argv = [*child.argv, "--hostname", f"drill{len(self.children)}@%h"]
        return self._start(child)

    def beat(self) -> Child:
        return self._start(supervisor.beat(FOLDER, self.environment()))

    def engine(self, how: str) -> Child:
        """`manage.py run_deadlines`, which needs no Redis."""
        argv = [supervisor.PYTHON, "manage.py", "run_deadlines", how]
        options = {"cwd": ROOT, "env": self.environment()}
        return self._start(Child("engine", argv, FOLDER / "log" / "engine.log", options=options))

    def _start(self, child: Child) -> Child:
        self.children.append(child.start())
        return child


@contextmanager
def place() -> Iterator[Place]:
    """An engine whose clock is right, with an empty ledger and no clocks but its own; what runs at the end is stopped."""
    move_clock(timedelta())
    left = Obligation.objects.running()
    left.update(status=Obligation.Status.CANCELLED, next_at=None, next_step=None, next_n=None)
    with running_sink() as sink:
        settings.EMAIL_URL = sink.url
        here = Place(sink)
        try:
            yield here
        finally:
            for child in here.children:
                if not child.ended():
                    os.killpg(child.process.pid, signal.SIGCONT)
            stop_all(here.children)
            move_clock(timedelta())


def restart_postgres() -> None:
    """Break every connection at once, as `pg_ctl restart -m immediate` does."""
    POSTGRES.process.send_signal(signal.SIGQUIT)
    POSTGRES.process.wait(30)
    POSTGRES.start()
    wait_until(lambda: are_running(FOLDER), POSTGRES, seconds=60)
    connection.close()
