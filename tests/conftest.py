"""Throw-away PostgreSQL and Valkey for one run of the tests, unless DATABASE_URL and REDIS_URL name others.

They start before Django reads its settings, in the process that leads the run; xdist's workers use its servers, each
with a database of its own.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

import django

from config.mode import write_mode
from config.servers import socket_folder, start_servers, stop_all

PREFIX = "huiyin-test-"


def _sweep() -> None:
    """Remove folders of runs that were killed before they could do it themselves."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        pid = folder.name.removeprefix(PREFIX).partition("-")[0]
        if folder.stat().st_uid == os.geteuid() and pid.isdigit() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(folder, ignore_errors=True)


def _start() -> None:
    _sweep()
    folder = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-"))
    (folder / "static").mkdir()
    folder.chmod(0o711)  # PostgreSQL runs as another user when we are root
    os.environ["HUIYIN_VAR"] = str(folder)
    write_mode("test")
    atexit.register(_remove, folder)
    if not (os.environ.get("DATABASE_URL") and os.environ.get("REDIS_URL")):
        atexit.register(stop_all, start_servers(folder, durable=False))  # the last one registered runs first


def _remove(folder: Path) -> None:
    shutil.rmtree(socket_folder(folder), ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


if "PYTEST_XDIST_WORKER" not in os.environ:
    _start()
os.environ["HUIYIN_PROCESS"] = "owner"
os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
django.setup()
