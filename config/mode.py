"""Which mode this checkout is in: production, unless our make targets left a mark (S7)."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODES = ("demo", "test")


def var_folder() -> Path:
    """Return the folder of everything that is made while running: mark, databases, sockets, uploads, logs."""
    return Path(os.environ.get("HUIYIN_VAR") or ROOT / "var").resolve()


def read_mode() -> str:
    """Return `demo` or `test` if the mark says so, and `production` in every other case."""
    try:
        mark = (var_folder() / "mode").read_text().strip()
    except OSError:
        return "production"
    return mark if mark in MODES else "production"


def write_mode(mode: str) -> None:
    folder = var_folder()
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "mode").write_text(f"{mode}\n")
