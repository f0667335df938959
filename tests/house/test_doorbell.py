"""A dead broker costs a request next to nothing."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from config.celery import app as celery_app
from config.mode import ROOT
from members.inbox import doorbell

PROGRAM = """
import django; django.setup()
import time, kombu.transport.redis
from config.celery import app; app.finalize(); app.amqp.producer_pool
from members.inbox.doorbell import SEND, ring
started = time.monotonic(); ring(SEND); print(time.monotonic() - started)
"""


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port where nobody ever answers: the queue of its listener is full."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        callers = [socket.socket() for _ in range(4)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]
        for caller in callers:
            caller.close()


def seconds_to_ring(monkeypatch: pytest.MonkeyPatch, url: str) -> float:
    monkeypatch.setenv("REDIS_URL", url)
    done = subprocess.run([sys.executable, "-c", PROGRAM], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def test_a_refused_connection_is_noticed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seconds_to_ring(monkeypatch, "redis://127.0.0.1:1/0") < 1.5


def test_a_missing_socket_is_noticed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    assert seconds_to_ring(monkeypatch, "unix:///nonexistent/valkey.sock") < 1.5


def test_a_broker_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch, silent_port: int) -> None:
    assert seconds_to_ring(monkeypatch, f"redis://127.0.0.1:{silent_port}/0") < 1.5


def test_a_bell_that_was_not_heard_is_not_rung_again_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorbell, "_quiet_until", time.monotonic() + 5)
    monkeypatch.setattr(celery_app, "send_task", lambda *a, **k: pytest.fail("rung"))

    doorbell.ring(doorbell.SEND)
