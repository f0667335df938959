"""One at a time: a lock that ends with the process that holds it."""

import fcntl
import os
from io import TextIOWrapper
from pathlib import Path


class Taken(Exception):
    def __init__(self, pid: str) -> None:
        super().__init__(pid)
        self.pid = pid


def hold(path: Path) -> TextIOWrapper:
    """Take the lock until the returned file is closed or this process ends, however it ends.

    Raises Taken with the process that has it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        pid = file.read().strip()
        file.close()
        raise Taken(pid or "?") from None
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file
