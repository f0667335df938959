"""How fast the house is, beside what a minimal Django list costs in the same run (`make bench`).

    make bench ARGS="--proposals 500"

Prints a table and writes `var/bench.json`. Queries are counted once, times are taken without counting.
"""

# ruff: noqa: I001  the servers start before Django's models load

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial

from tests import conftest

from django.core.management import call_command
from django.db import connection
from django.template import Context, Template
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.mode import ROOT
from members.models import Body, Person
from proposals.handling import engine
from tests import databases

assert conftest.PREFIX
ROUNDS = 30
LIST, PAGE = 2.5, 4.0
# role, address, how many times the minimal list it may cost, queries
PAGES = [
    ("member", "/desk/", PAGE, 15),
    ("member", "/proposals/", LIST, 12),
    ("proposal_staff", "/desk/", PAGE, 15),
    ("proposal_staff", "/proposals/", LIST, 12),
    ("unit_clerk", "/desk/", PAGE, 15),
    ("unit_clerk", "/handling/", LIST, 12),
    ("unit_clerk", "/inbox/", LIST, 12),
    ("", "/", PAGE, 15),
    ("", "/accounts/login/", PAGE, 15),
]
MINIMAL = Template(
    "<table>{% for b in bodies %}<tr><td>{{ b.name }}</td><td>{{ b.kind }}</td></tr>{% endfor %}</table>"
)


@dataclass
class Row:
    measure: str
    p50_ms: float
    p95_ms: float
    limit_ms: float | None
    ratio: float | None
    goal: float | None
    queries: int
    growth: float | None
    ok: bool


def times(act: Callable[[], object]) -> tuple[float, float]:
    """Return the median and the 95th percentile in milliseconds."""
    act()
    taken = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        act()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken), statistics.quantiles(taken, n=20)[-1]


def queries_of(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def minimal_list() -> str:
    return MINIMAL.render(Context({"bodies": Body.objects.order_by("pk")[:25]}))


def page(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200, f"{address}: {response.status_code}"


def measure(floor: float) -> list[Row]:
    rows = []
    for role, address, goal, most in PAGES:
        client = Client()
        if role:
            client.force_login(Person.objects.get(username=role), backend="members.backend.AppointmentBackend")
        median, slow = times(partial(page, client, address))
        count = queries_of(partial(page, client, address))
        ratio = median / floor
        rows.append(
            Row(
                f"{role or 'public'} {address}",
                median,
                slow,
                goal * floor,
                ratio,
                goal,
                count,
                None,
                ratio <= goal and count <= most,
            )
        )
    median, slow = times(lambda: engine.scan(now=timezone.now()))
    rows.append(
        Row(
            "engine: idle tick",
            median,
            slow,
            2.0,
            None,
            None,
            queries_of(lambda: engine.scan(now=timezone.now())),
            None,
            median <= 2.0,
        )
    )
    return rows


def show(rows: list[Row]) -> None:
    print(f"{'measure':<34}{'p50 ms':>9}{'p95 ms':>9}{'limit':>9}{'queries':>9}  ok")
    for row in rows:
        limit = f"{row.limit_ms:9.1f}" if row.limit_ms else f"{'':>9}"
        print(
            f"{row.measure:<34}{row.p50_ms:9.1f}{row.p95_ms:9.1f}{limit}{row.queries:9d}  {'yes' if row.ok else 'NO'}"
        )


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--proposals", type=int, default=40, help="synthetic proposals")
    arguments = parser.parse_args()
    databases.prepare("bench")
    call_command("demo_data", "--size", str(arguments.proposals))
    floor, slow = times(minimal_list)
    rows = [
        Row("minimal list of 25 rows", floor, slow, None, 1.0, None, queries_of(minimal_list), None, True),
        *measure(floor),
    ]
    show(rows)
    target = ROOT / "var" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1))
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
