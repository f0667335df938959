"""The engine under every fault that we can stage, with real processes (`make drill`).

    make drill ARGS="D1 D6"        only these
    make drill ARGS="--short D8"   smaller and quicker, as the tests do

Prints a table and writes `var/drill.json`. Fails if anything is lost, said twice inside, sent after its clock was
closed, mailed twice more often than processes were killed, or not back within a minute.
"""

# ruff: noqa: I001  the servers start before Django's models load

import argparse
import json
import sys
import time
from pathlib import Path

from config.mode import ROOT

from .place import PATIENCE
from .drills import DRILLS, Report

assert PATIENCE


def line(name: str, row: Report, seconds: float) -> str:
    figures = f"{row.staged:>8}{row.lost:>6}{row.doubled:>9}{row.sent_after_close:>18}{row.recovered_s:>12.1f}"
    return f"{name:<6}{figures}{seconds:>9.1f}  {'ok' if row.ok else 'NO'}  {row.note}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make drill")
    parser.add_argument(
        "drills", nargs="*", default=list(DRILLS), metavar="D1 …", help="which ones; all if none is named"
    )
    parser.add_argument("--short", action="store_true", help="smaller and quicker")
    parser.add_argument("--out", type=Path, default=ROOT / "var" / "drill.json")
    arguments = parser.parse_args()
    print(f"{'drill':<6}{'staged':>8}{'lost':>6}{'doubled':>9}{'sent after close':>18}{'recovered s':>12}{'took s':>9}")
    rows: dict[str, Report] = {}
    for name in arguments.drills:
        began = time.monotonic()
        rows[name] = DRILLS[name](short=arguments.short)
        print(line(name, rows[name], time.monotonic() - began), flush=True)
    arguments.out.parent.mkdir(exist_ok=True)
    listed = [
        {
            "drill": name,
            "staged": row.staged,
            "lost": row.lost,
            "doubled": row.doubled,
            "sent_after_close": row.sent_after_close,
            "recovered_s": round(row.recovered_s, 1),
        }
        for name, row in rows.items()
    ]
    arguments.out.write_text(json.dumps(listed, indent=1))
    return 0 if all(row.ok for row in rows.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
