"""PostgreSQL and Valkey from wheels, for demonstration and tests (docs/adr/0002-embedded-servers.md).

Only the standard library until the servers run, so that the supervisor can use it.
"""

import ctypes
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

DATABASE = "huiyin"
ADMIN, OWNER, RUNTIME, PURGE = "huiyin_admin", "huiyin_owner", "huiyin_app", "huiyin_purge"
LONGEST_FOLDER = 80  # a socket's whole path may have 107 bytes
PR_SET_PDEATHSIG = 1
Environment = dict[str, str]


class Trouble(Exception):
    """Something that a person must know or mend; the text is for them."""


def socket_folder(var: Path) -> Path:
    """Return where the sockets of this `var` are, running or not: `manage.py` finds them by this rule."""
    if os.geteuid() != 0 and len(str(var).encode()) < LONGEST_FOLDER:
        return var / "run"
    return Path("/tmp") / f"huiyin-{os.geteuid()}-{_tag(var)}"


def embedded_urls(var: Path) -> dict[str, str]:
    """Return the addresses that the embedded servers of this `var` have while they run."""
    folder = socket_folder(var)
    host = quote(str(folder), safe="")
    urls = {name: f"postgresql://{role}@{host}/{DATABASE}" for name, role in ROLES.items()}
    return urls | {"redis": f"unix://{folder}/valkey.sock"}


ROLES = {"admin": ADMIN, "owner": OWNER, "runtime": RUNTIME, "purge": PURGE}


def _tag(path: Path) -> str:
    return hashlib.sha256(str(path).encode()).hexdigest()[:10]
