"""The servers under their supervisor: nothing is left behind, whatever was interrupted is mended."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import psutil
import pytest

from config import house
from config.bootstrap import digest
from config.lock import Taken, hold
from config.mode import ROOT
from config.servers import are_running, embedded_urls, socket_folder, start_postgres, start_servers, stop_all
from tests.conftest import make_var, remove_var

SUPERVISOR = """
import sys, time
from pathlib import Path
from config.servers import start_servers
children = start_servers(Path(sys.argv[1]), durable=False)
print(*[child.process.pid for child in children], flush=True)
time.sleep(600)
"""


@pytest.fixture
def var() -> Iterator[Path]:
    folder = make_var()
    yield folder
    remove_var(folder)


def until(happened: Callable[[], bool], *, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def test_a_supervisor_that_is_killed_leaves_no_orphan(var: Path) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(var)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    with supervisor:
        assert supervisor.stdout is not None
        pids = [int(text) for text in supervisor.stdout.readline().split()]
        processes = [psutil.Process(pid) for pid in pids]

        supervisor.kill()

    until(lambda: not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes))
    assert not are_running(var)


def test_what_was_interrupted_is_made_again(var: Path) -> None:
    half = var / "pg.half"
    half.mkdir()
    (half / "PG_VERSION").write_text("interrupted")
    socket_folder(var).mkdir(mode=0o700, exist_ok=True)
    (socket_folder(var) / "valkey.sock").touch()

    children = start_servers(var, durable=False)

    try:
        assert are_running(var)
    finally:
        stop_all(children)
    assert not half.exists()


def test_a_mark_of_a_process_that_is_gone_is_no_hindrance(var: Path) -> None:
    start_postgres(var, durable=False).stop()
    mark = var / "pg" / "postmaster.pid"
    mark.write_text(f"{os.getpid()}\n{var / 'pg'}\n")  # a living process, and not PostgreSQL

    child = start_postgres(var, durable=False)

    try:
        assert are_running(var)
    finally:
        child.stop()


def test_a_server_that_was_left_behind_is_stopped_first(var: Path) -> None:
    orphan = start_postgres(var, durable=False)

    second = start_postgres(var, durable=False)

    try:
        until(orphan.ended)
        assert are_running(var)
    finally:
        stop_all([orphan, second])


def test_two_clones_at_one_place_never_share_sockets(var: Path) -> None:
    deep = var / ("x" * 90)  # too deep for sockets of its own, whoever runs it
    deep.mkdir()
    first = embedded_urls(deep)
    (deep / "identity").unlink()

    assert embedded_urls(deep) != first


def test_only_one_runs_at_a_time(tmp_path: Path) -> None:
    with hold(tmp_path / "lock"), pytest.raises(Taken) as taken:
        hold(tmp_path / "lock")

    assert taken.value.pid == str(os.getpid())
    hold(tmp_path / "lock").close()


def test_a_port_in_use_is_passed_over() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]

        assert house.free_port(taken) > taken


def test_another_program_on_our_port_is_not_taken_for_us() -> None:
    with HTTPServer(("127.0.0.1", 0), Impostor) as server:
        Thread(target=server.serve_forever, daemon=True).start()

        assert not house.answers(server.server_port, "our token")
        assert house.answers(server.server_port, "their token")
        server.shutdown()


class Impostor(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("X-Huiyin-Run", "their token")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def test_a_child_that_dies_young_is_not_started_for_ever(tmp_path: Path) -> None:
    from config.servers import Child, Trouble

    child = Child("试验", [sys.executable, "-c", "print('为什么'); raise SystemExit(4)"], tmp_path / "log").start()
    until(child.ended)

    with pytest.raises(Trouble, match="为什么"):
        house.revive(child)


def test_a_stopped_child_gets_one_signal_and_is_killed_if_deaf(tmp_path: Path) -> None:
    from config.servers import Child

    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True); time.sleep(600)"
    child = Child("试验", [sys.executable, "-c", deaf], tmp_path / "log", grace=0.2).start()
    until(lambda: "ready" in child.last_words())

    child.stop()

    assert child.process.returncode == -signal.SIGKILL


def test_the_stamp_knows_another_lock_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from config import bootstrap

    before = digest("requirements.lock")
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    (tmp_path / "requirements.lock").write_text("other==1")

    assert digest("requirements.lock") != before
