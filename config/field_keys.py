"""Keys of the sealed personal columns for demonstration and tests: made once, kept beside the data they open."""

import base64
import contextlib
import json
import os
from pathlib import Path


def field_keys(var: Path) -> dict[str, str]:
    """Return FIELD_KEYS and INDEX_KEY of this `var`, making them on first use; only the owner may read the file."""
    file = var / "field_keys.json"
    if not file.exists():
        var.mkdir(parents=True, exist_ok=True)
        made = {"FIELD_KEYS": f"demo:{_key()}", "INDEX_KEY": _key()}
        draft = var / f"field_keys.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(made))
        with contextlib.suppress(FileExistsError):
            os.link(draft, file)  # whoever comes second keeps the keys of the first
        draft.unlink()
    keys: dict[str, str] = json.loads(file.read_text())
    return keys


def _key() -> str:
    return base64.b64encode(os.urandom(32)).decode()
