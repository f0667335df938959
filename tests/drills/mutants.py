"""Six faults on purpose, each in a copy of the house: at least one named test must notice (`python -m tests.drills.mutants`).

Prints a table: fault · the tests that noticed. Fails if a fault goes unnoticed.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from config.mode import ROOT

COMMANDS, ENGINE = "tests/handling/clocks/test_commands.py", "tests/handling/clocks/test_engine.py"
RACES, SENDING = "tests/inbox/test_races.py", "tests/inbox/test_sending.py"


@dataclass(frozen=True)
class Mutant:
    fault: str
    file: str
    old: str
    new: str
    tests: tuple[str, ...]


MUTANTS = (
    Mutant(
        "drop the unique key",
        "members/inbox/migrations/0001_initial.py",
        '("key", models.CharField(max_length=200, unique=True, verbose_name="标识"))',
        '("key", models.CharField(max_length=200, verbose_name="标识"))',
        (f"{ENGINE}::test_i5_one_message_a_key",),
    ),
    Mutant(
        "hand off without the row lock",
        "members/inbox/engine.py",
        'pending.select_for_update(skip_locked=True, no_key=True, of=("self",))',
        "pending",
        (
            f"{RACES}::test_closing_waits_for_a_hand_off_in_flight",
            f"{RACES}::test_no_hand_off_begins_while_closing_is_under_way",
        ),
    ),
    Mutant(
        "mark before sending",
        "members/inbox/engine.py",
        "        line.deliver(letter)\n",
        "        transaction.on_commit(lambda: line.deliver(letter))\n",
        (f"{SENDING}::test_i6_a_mail_is_marked_only_after_it_was_handed_over",),
    ),
    Mutant(
        "ignore the epoch",
        "proposals/handling/clocks.py",
        "        bench.row.epoch += 1\n",
        "",
        (f"{COMMANDS}::test_a_real_change_takes_back_what_the_old_date_planned",),
    ),
    Mutant(
        "close without waiting for a hand-off in flight",
        "members/inbox/actions.py",
        'pending.order_by("id").select_for_update(no_key=True)',
        'pending.order_by("id").select_for_update(no_key=True, skip_locked=True)',
        (f"{RACES}::test_closing_waits_for_a_hand_off_in_flight",),
    ),
    Mutant(
        "compare the date with equality instead of ≤",
        "proposals/handling/engine.py",
        "handling_obligation WHERE next_at <= %s",
        "handling_obligation WHERE next_at = %s",
        (f"{ENGINE}::test_i12_after_a_long_outage_one_step_fires_and_the_others_are_recorded",),
    ),
)


def noticed(mutant: Mutant, house: Path) -> list[str]:
    """Return which of its tests fail in a copy that has the fault."""
    file = house / mutant.file
    text = file.read_text(encoding="utf-8")
    if text.count(mutant.old) != 1:
        raise SystemExit(f"{mutant.file} does not hold what “{mutant.fault}” changes")
    file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
    clean = {key: value for key, value in os.environ.items() if key != "DJANGO_SETTINGS_MODULE"}
    argv = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *mutant.tests]
    done = subprocess.run(argv, cwd=house, env=clean, capture_output=True, text=True, check=False)
    file.write_text(text, encoding="utf-8")
    failed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("FAILED ")]
    return [name.rpartition("::")[2] for name in failed]


def main() -> int:
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    missed = 0
    with tempfile.TemporaryDirectory(prefix="huiyin-mutant-") as folder:
        house = Path(folder)
        house.chmod(0o755)
        for name in filter(None, names.split("\0")):
            (house / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, house / name)
        for mutant in MUTANTS:
            found = noticed(mutant, house)
            missed += not found
            print(f"{mutant.fault:<48} {', '.join(found) or 'NOBODY NOTICED'}", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
