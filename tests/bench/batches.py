"""What work on hundreds of matters costs: a hand-over of 500 proposals to 60 units, and the volume of them with replies."""

import os
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import cycle, islice

from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from members.choices import Role
from members.inbox import work
from members.inbox.actions import start_job
from members.inbox.models import JobState, LongJob
from members.models import AssigningOffice, Body, Person, Session
from proposals import actions
from proposals.batches import HAND_OVER
from proposals.handling import clocks, readers
from proposals.handling.models import (
    Assignment,
    Exposure,
    Kind,
    Matter,
    Participant,
    Reply,
    ReplyPoint,
    ResultClass,
    Stage,
    Suggestion,
)
from proposals.models import AllocationPart, Category, Proposal, Status
from tests.factories import appoint

FEW, MANY, UNITS = 100, 500, 60
HAND_OVER_MS, VOLUME_MS, VOLUME_MB = 5_000.0, 60_000.0, 400.0
CHUNKS = 16
"""So many queries more may five times as many rows cost: their rows go into the tables by the 500 and by the 1,000."""
TEXT = "老旧小区停车难，夜间尤其突出，边角地没有利用，错时共享还没有形成机制。" * 8

# in a process of its own, as in a worker: what it takes at most is what it took
VOLUME = """
import resource, sys, time
import django
django.setup()
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from members.inbox.models import LongJob
from proposals.volume import make
job = LongJob.objects.select_related("by").get(pk=sys.argv[2])
began = time.perf_counter()
made = make(job, lambda done, total: None)
print(int((time.perf_counter() - began) * 1000), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, made.result["sentence"])
"""


def units() -> list[Body]:
    """Sixty units, each with somebody who hears of what it gets."""
    rows = list(Body.objects.units().filter(ended_on=None).order_by("pk")[:UNITS])
    for row in rows:
        if not row.appointments.filter(role=Role.UNIT_CLERK).exists():
            appoint(Role.UNIT_CLERK, row)
    return rows


def plant(amount: int, *, by: Person, now: datetime) -> list[Proposal]:
    """Filed proposals with a lead and a co-handler each, every unit in turn, and the office's clock on them."""
    session = Session.objects.current(now)
    office = AssigningOffice.objects.select_related("office").order_by("pk")[0].office
    people = list(Person.objects.filter(memberships__isnull=False).distinct().order_by("pk")[:40])
    categories = list(Category.objects.order_by("pk"))
    matters = Matter.objects.bulk_create(
        Matter(
            kind=Kind.PROPOSAL, session=session, number=str(50_000 + n), title=f"关于增加停车位的建议（{n}）",
            unit_title="", exposure=Exposure.OFFICE, stage=Stage.FILED, office=office,
        )
        for n in range(amount)
    )  # fmt: skip
    proposals = Proposal.objects.bulk_create(
        Proposal(
            matter=matter, status=Status.FILED, situation=TEXT, analysis=TEXT, category=category, filed_at=now,
        )
        for matter, category in zip(matters, cycle(categories), strict=False)
    )  # fmt: skip
    Participant.objects.bulk_create(
        Participant(matter=matter, person=person, role=Participant.Role.FIRST)
        for matter, person in zip(matters, cycle(people), strict=False)
    )
    Suggestion.objects.bulk_create(
        Suggestion(matter=matter, number=number, text=TEXT) for matter in matters for number in (1, 2, 3)
    )
    turn = cycle(units())
    AllocationPart.objects.bulk_create(
        AllocationPart(proposal=proposal, unit=unit, role=role, by=by, at=now)
        for proposal in proposals
        for unit, role in zip(islice(turn, 2), ("lead", "co"), strict=True)
    )
    wanted = [
        clocks.Wanted(matter, "assignment", timezone.localdate(now), stage="assignment", body=office)
        for matter in matters
    ]
    clocks.start_many(wanted, by=by, now=now)
    readers.refresh_many(matters)
    return proposals


def hand_over(rows: list[Proposal], *, by: Person) -> LongJob:
    """As a page begins it and a worker does it."""
    args = {
        "batch": str(uuid.uuid4()),
        "rows": [str(row.public_id) for row in rows],
        "name": "",
        "fixed_on": "",
        "notice": "",
    }
    job = start_job(HAND_OVER, title="交办", args=args, by=by, now=timezone.now())
    work.work(now=timezone.now())
    job.refresh_from_db()
    assert job.state == JobState.DONE and f"已交办 {len(rows)} 件" in job.result["sentence"], job.result or job.error
    return job


def queries_for(rows: list[Proposal], *, by: Person) -> int:
    with transaction.atomic(), CaptureQueriesContext(connection) as asked:
        hand_over(rows, by=by)
        transaction.set_rollback(True)
    return len(asked)


def answer(*, by: Person, now: datetime) -> None:
    """Every lead's reply, point by point, as it stands when it has been delivered."""
    result = ResultClass.objects.filter(code="A", ends_on=None).get()
    parts = list(Assignment.objects.current().answering().filter(matter__proposal__situation=TEXT).order_by("pk"))
    facts = {"state": Reply.State.DELIVERED, "result": result, "opening": TEXT, "signer": "主要负责人"}
    facts |= {"drafted_by": by, "drafted_at": now, "delivered_by": by, "delivered_at": now}
    replies = Reply.objects.bulk_create(
        Reply(assignment=part, issuer_id=part.unit_id, doc_no=f"函〔2026〕{n}号", replied_on=now.date(), **facts)
        for n, part in enumerate(parts, 1)
    )
    points: dict[int, list[Suggestion]] = {}
    for row in Suggestion.objects.filter(matter__in=[part.matter_id for part in parts]):
        points.setdefault(row.matter_id, []).append(row)
    ReplyPoint.objects.bulk_create(
        ReplyPoint(reply=reply, suggestion=row, result=result, text=TEXT)
        for part, reply in zip(parts, replies, strict=True)
        for row in points[part.matter_id]
    )


def volume(*, by: Person) -> tuple[float, float]:
    """Milliseconds and megabytes of the volume of the whole session, read and written in a process of its own."""
    session = Session.objects.current(timezone.now())
    assert session is not None
    job = start_job(
        "proposals.volume", title="汇编", args={"session": session.code, "names": "all"}, by=by, now=timezone.now()
    )
    command = [sys.executable, "-W", "ignore", "-c", VOLUME, str(connection.settings_dict["NAME"]), str(job.pk)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ})
    took, megabytes, _, amount = done.stdout.split()[:4]
    assert int(amount) >= MANY, done.stdout
    LongJob.objects.filter(pk=job.pk).delete()
    return float(took), float(megabytes)


def measured() -> Iterator[tuple[str, float, float, int, float | None, bool]]:
    """Name, figure, limit, queries, how many times those of a fifth of the rows, and whether it holds."""
    by, now = Person.objects.get(username="proposal_staff"), timezone.now()
    with transaction.atomic():
        rows = plant(MANY, by=by, now=now - timedelta(minutes=1))
    few, many = queries_for(rows[:FEW], by=by), queries_for(rows, by=by)
    began = time.perf_counter()
    hand_over(rows, by=by)
    took = (time.perf_counter() - began) * 1000
    holds = took <= HAND_OVER_MS and many - few <= CHUNKS
    yield f"hand-over of {MANY} to {UNITS} units", took, HAND_OVER_MS, many, many / few, holds
    began = time.perf_counter()
    batch = rows[0].batches.get()
    actions.undo_hand_over(batch, reason="批次名称填错。", by=by, now=timezone.now())
    took = (time.perf_counter() - began) * 1000
    yield "undoing it", took, HAND_OVER_MS, 0, None, took <= HAND_OVER_MS
    hand_over(rows, by=by)
    answer(by=by, now=timezone.now())
    took, megabytes = volume(by=by)
    yield "volume of them with their replies", took, VOLUME_MS, 0, None, took <= VOLUME_MS
    yield "its worker's memory, MB", megabytes, VOLUME_MB, 0, None, megabytes <= VOLUME_MB
