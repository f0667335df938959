"""A short form of the drills, in a process and on servers of their own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from config.mode import ROOT

CHOSEN = ["D1", "D2", "D3", "D6", "D8"]
OURS = ("DATABASE_URL", "OWNER_DATABASE_URL", "PURGE_DATABASE_URL", "REDIS_URL", "HUIYIN_VAR", "HUIYIN_PROCESS")


@pytest.mark.long
def test_short_drills_lose_nothing_and_send_nothing_after_a_close(tmp_path: Path) -> None:
    out = tmp_path / "drill.json"
    environment = {name: value for name, value in os.environ.items() if name not in OURS}
    argv = [sys.executable, "-m", "tests.drills", "--short", "--out", str(out), *CHOSEN]
    done = subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300)

    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(out.read_text())
    assert [(row["drill"], row["lost"], row["sent_after_close"]) for row in rows] == [(name, 0, 0) for name in CHOSEN]
    assert all(row["staged"] > 0 for row in rows)
