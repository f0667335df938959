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
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from tests import conftest

from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.mode import ROOT
from members.models import Person
from proposals.handling import engine
from proposals.handling.models import Obligation
from tests import databases
from tests.bench import batches, minimal, papers, reports, without_redis

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


def times(*acts: Callable[[], object]) -> list[tuple[float, float]]:
    """Return the median and the 95th percentile of each act in milliseconds; they take turns, so that load meets all."""
    for act in acts:
        act()
    taken: list[list[float]] = [[] for _ in acts]
    for _ in range(ROUNDS):
        for act, own in zip(acts, taken, strict=True):
            started = time.perf_counter()
            act()
            own.append((time.perf_counter() - started) * 1000)
    return [(statistics.median(own), statistics.quantiles(own, n=20)[-1]) for own in taken]


def queries_of(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as captured:
        act()
    return len(captured)


def in_database(act: Callable[[], object]) -> float:
    """Milliseconds that all queries of an act take together."""
    taken = []

    def timed(execute: Any, *asked: Any) -> Any:
        began = time.perf_counter()
        try:
            return execute(*asked)
        finally:
            taken.append(time.perf_counter() - began)

    with connection.execute_wrapper(timed):
        act()
    return sum(taken) * 1000


def page(client: Client, address: str) -> None:
    response = client.get(address)
    assert response.status_code == 200, f"{address}: {response.status_code}"


def client_of(role: str) -> Client:
    client = Client()
    if role:
        client.force_login(Person.objects.get(username=role), backend="members.backend.AppointmentBackend")
    return client


def measure_floor() -> Row:
    """The least that a signed-in person's list can cost; what pages cost is told in multiples of it."""
    floor = partial(page, client_of("proposal_staff"), minimal.ADDRESS)
    ((median, slow),) = times(floor)
    return Row("minimal list of 25 rows", median, slow, None, 1.0, None, queries_of(floor), None, True)


def measure(pages: Iterable[tuple[str, str, float, int]] = PAGES) -> list[Row]:
    least = partial(page, client_of("proposal_staff"), minimal.ADDRESS)
    rows = []
    for role, address, goal, most in pages:
        client = client_of(role)
        (floor, _), (median, slow) = times(least, partial(page, client, address))
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
    return rows


_COPIES = """
    INSERT INTO handling_obligation (public_id, matter_id, assignment_id, stage, round, holder_body_id, holder_person_id,
        rule_id, anchor_on, started_on, due_on, status, epoch, calendar_version, provisional, next_at, next_step_id,
        next_n, error)
    SELECT gen_random_uuid(), one.matter_id, one.assignment_id, 'copy' || n, 1, one.holder_body_id, one.holder_person_id,
        one.rule_id, one.anchor_on, one.started_on, one.due_on, 'open', 1, one.calendar_version, false,
        now() + interval '30 days' + n * interval '1 second', one.next_step_id, one.next_n, ''
    FROM (SELECT * FROM handling_obligation WHERE status = 'open' AND next_step_id IS NOT NULL ORDER BY id LIMIT 1) one,
        generate_series(%s, %s) n
"""
IDLE_MS = 2.0
FEW, MANY, DUE = 20_000, 200_000, 200


def plant(first: int, last: int) -> None:
    """Copies of a running clock, all with something to say in a month."""
    with connection.cursor() as cursor:
        cursor.execute(_COPIES, [first, last])
        cursor.execute("VACUUM ANALYZE handling_obligation")


def idle() -> float:
    """Milliseconds that the database takes for a look at which nothing is due."""
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + engine._DUE, [now, engine.BATCH])
        return float(json.loads(json.dumps(cursor.fetchone()[0]))[0]["Execution Time"])


def fire(amount: int) -> tuple[float, int]:
    """Milliseconds and queries of a scan that finds so many clocks due; rolled back."""
    with transaction.atomic():
        due = Obligation.objects.filter(stage__startswith="copy").order_by("id").values("pk")[:amount]
        Obligation.objects.filter(pk__in=due).update(next_at=timezone.now())
        with CaptureQueriesContext(connection) as asked:
            began = time.perf_counter()
            count, _ = engine.scan_batch(now=timezone.now())
            took = (time.perf_counter() - began) * 1000
        assert count == amount, f"{count} were due"
        transaction.set_rollback(True)
    return took, len(asked)


def measure_engine() -> list[Row]:
    engine.scan(now=timezone.now())  # what the story has left
    rows, before = [], 0.0
    for planted, amount in ((0, FEW), (FEW, MANY)):
        plant(planted + 1, amount)
        taken = [idle() for _ in range(ROUNDS)]
        median, slow = statistics.median(taken), statistics.quantiles(taken, n=20)[-1]
        growth = median / before if before else None
        name = f"engine: idle look, {amount} running"
        rows.append(Row(name, median, slow, IDLE_MS, None, None, 1, growth, slow <= IDLE_MS))
        before = median
    one, many = fire(1), fire(DUE)
    same = one[1] == many[1]
    rows.append(Row(f"engine: scan of {DUE} due", many[0], many[0], None, None, None, many[1], many[1] / one[1], same))
    return rows


def measure_without_redis() -> list[Row]:
    return [
        Row(f"without Redis: {name}", median, slow, without_redis.LIMIT_MS, None, None, asked, None, slow < without_redis.LIMIT_MS)
        for name, median, slow, asked in without_redis.measured()
    ]  # fmt: skip


def measure_papers() -> list[Row]:
    taken = [*papers.measured(), papers.from_database()]
    return [Row(name, took, took, limit, None, None, 0, None, ok) for name, took, limit, ok in taken]


def measure_batches() -> list[Row]:
    return [
        Row(name, took, took, limit, None, None, asked, growth, ok)
        for name, took, limit, asked, growth, ok in batches.measured()
    ]


def measure_reports() -> list[Row]:
    """The report office's lists, with as many reports in store as ten years bring."""
    reports.plant()
    rows = measure((role, address, LIST, 12) for role, address in reports.PAGES)
    for words, query in reports.SEARCHES.items():
        act = partial(page, client_of("report_staff"), f"/reports/{query}")
        act()
        taken = [in_database(act) for _ in range(ROUNDS)]
        slow = statistics.quantiles(taken, n=20)[-1]
        name = f"reports in the database: {words}"
        limit = reports.SEARCH_MS
        rows.append(Row(name, statistics.median(taken), slow, limit, None, None, queries_of(act), None, slow <= limit))
    return rows


def show(rows: list[Row]) -> None:
    print(f"{'measure':<34}{'p50 ms':>9}{'p95 ms':>9}{'limit':>9}{'ratio':>7}{'queries':>9}  ok")
    for row in rows:
        limit = f"{row.limit_ms:9.1f}" if row.limit_ms else f"{'':>9}"
        ratio = f"{row.ratio:7.1f}" if row.ratio else f"{'':>7}"
        figures = f"{row.p50_ms:9.1f}{row.p95_ms:9.1f}{limit}{ratio}{row.queries:9d}"
        print(f"{row.measure:<34}{figures}  {'yes' if row.ok else 'NO'}")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--proposals", type=int, default=40, help="synthetic proposals")
    arguments = parser.parse_args()
    without_redis.take_redis_away()  # nothing in a request needs it
    databases.prepare("bench")
    call_command("demo_data", "--size", str(arguments.proposals))
    with override_settings(ROOT_URLCONF=minimal.__name__):
        rows = [
            measure_floor(),
            *measure(),
            *measure_engine(),
            *measure_without_redis(),
            *measure_papers(),
            *measure_batches(),
            *measure_reports(),
        ]
    show(rows)
    target = ROOT / "var" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1))
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
