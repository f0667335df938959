"""Files lie under MEDIA_ROOT by names of ours; nothing else in the house builds a path to them."""

import os
import re
import uuid
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

NAME = re.compile(r"[0-9a-f]{2}/[0-9a-f]{32}\.[a-z]{2,5}")


def save(content: bytes, extension: str) -> str:
    """Write a new file and return its name. It is on the disk when this returns."""
    token = uuid.uuid4().hex
    name = f"{token[:2]}/{token}.{extension}"
    path = _path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return name


def open_file(name: str) -> BinaryIO:
    """Raises FileNotFoundError if it was purged."""
    return _path(name).open("rb")


def delete(name: str) -> None:
    _path(name).unlink(missing_ok=True)


def stored_before(moment: datetime) -> Iterator[str]:
    """The names of the files that lie here unchanged since before that moment."""
    root = Path(settings.MEDIA_ROOT)
    for path in root.glob("??/*.*"):
        name = path.relative_to(root).as_posix()
        if NAME.fullmatch(name) and path.stat().st_mtime < moment.timestamp():
            yield name


def _path(name: str) -> Path:
    if not NAME.fullmatch(name):
        raise ValueError(f"not a name of ours: {name!r}")
    return Path(settings.MEDIA_ROOT) / name
