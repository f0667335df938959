"""Large hand-overs run as long jobs: a page waits for some, not for hundreds."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.utils import timezone

from members.errors import Refused
from members.inbox.models import LongJob
from members.inbox.work import Product, Progress
from members.inbox.work import register as offer
from proposals.actions import Refusal, hand_over_by_session
from proposals.handling.actions import Paper
from proposals.handling.actions.attaching import PutBy, throw_away
from proposals.models import Batch, Proposal
from proposals.rights import in_hands_of

HAND_OVER = "proposals.hand_over"
AT_ONCE = 100
"""As many proposals as a page hands over while one waits."""


def register() -> None:
    offer(HAND_OVER, run)


def paper_of(kept: dict[str, Any] | None) -> Paper | None:
    return Paper(**{**kept, "on": date.fromisoformat(kept["on"])}) if kept else None


def run(job: LongJob, progress: Progress) -> Product:
    """Hand over what the form named; taken up again after a crash, it finds the batch done or not begun."""
    args: dict[str, Any] = job.args
    progress(len(args["rows"]), len(args["rows"]))
    if batch := Batch.objects.filter(public_id=args["batch"]).first():
        return Product(result={"sentence": f"已交办 {batch.total} 件。"})
    scan = PutBy(**args["scan"]) if args.get("scan") else None
    try:
        return given(job, args, scan)
    except Refused:
        if scan:
            throw_away(scan)
        raise


def given(job: LongJob, args: dict[str, Any], scan: PutBy | None) -> Product:
    rows = in_hands_of(Proposal.objects.filter(matter__public_id__in=args["rows"]), job.by, HAND_OVER)
    found = list(rows.select_related("matter__session").prefetch_related("allocation__unit").order_by("pk"))
    if not found:
        raise Refused("所选提案已不在待交办之列。")
    batches, refused = hand_over_by_session(
        found,
        name=args["name"],
        notice=args["notice"],
        public_id=uuid.UUID(args["batch"]),
        fixed_on=date.fromisoformat(args["fixed_on"]) if args["fixed_on"] else None,
        paper=paper_of(args.get("paper")),
        scan=scan,
        by=job.by,
        now=timezone.now(),
    )
    return Product(result={"sentence": said(batches, refused)})


def said(batches: Sequence[Batch], refused: Sequence[Refusal]) -> str:
    """What became of a hand-over: how many went, by session if there are several, and why the others did not."""
    total = sum(batch.total for batch in batches)
    parts = "、".join(f"{batch.session.name} {batch.total} 件" for batch in batches) if len(batches) > 1 else ""
    left = "；".join(f"{row.proposal.matter.label}：{row.reason}" for row in refused)
    return (
        f"已交办 {total} 件"
        + (f"（{parts}，各为一批）。" if parts else "。")
        + (f"未交办 {len(refused)} 件：{left}" if refused else "")
    )
