"""Large hand-overs run as long jobs: a page waits for some, not for hundreds."""

import uuid
from datetime import date
from typing import Any

from django.utils import timezone

from members.errors import Refused
from members.inbox.models import LongJob
from members.inbox.work import Product, Progress
from members.inbox.work import register as offer
from proposals.actions import hand_over
from proposals.models import Batch, Proposal
from proposals.rights import in_hands_of

HAND_OVER = "proposals.hand_over"
AT_ONCE = 100
"""As many proposals as a page hands over while one waits."""


def register() -> None:
    offer(HAND_OVER, run)


def run(job: LongJob, progress: Progress) -> Product:
    """Hand over what the form named; taken up again after a crash, it finds the batch done or not begun."""
    args: dict[str, Any] = job.args
    progress(len(args["rows"]), len(args["rows"]))
    if batch := Batch.objects.filter(public_id=args["batch"]).first():
        return Product(result={"sentence": f"已交办 {batch.total} 件。"})
    rows = in_hands_of(Proposal.objects.filter(matter__public_id__in=args["rows"]), job.by, HAND_OVER)
    found = list(rows.select_related("matter__session").order_by("pk"))
    session = found[0].matter.session if found else None
    if session is None:
        raise Refused("所选提案已不在待交办之列。")
    batch, refused = hand_over(
        found,
        session=session,
        name=args["name"],
        notice=args["notice"],
        public_id=uuid.UUID(args["batch"]),
        fixed_on=date.fromisoformat(args["fixed_on"]) if args["fixed_on"] else None,
        by=job.by,
        now=timezone.now(),
    )
    left = "；".join(f"{row.proposal.matter.label}{row.reason}" for row in refused)
    return Product(
        result={"sentence": f"已交办 {batch.total} 件。" + (f"未交办 {len(refused)} 件：{left}" if refused else "")}
    )
