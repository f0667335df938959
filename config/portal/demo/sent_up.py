"""Proposals of the story that go to a higher body: one whose fate is known, one sent, one whose proposer is asked."""

from datetime import datetime, timedelta

from django.utils import timezone

from members.models import Person, Session
from proposals import actions as front
from proposals.models import Proposal, Status

WHITHER = (
    ("省政协提案委员会", "涉及全省统一的政策标准，由省里决定。"),
    ("省交通运输厅", "线路规划的审批权限在省里。"),
    ("省医疗保障局", "报销目录由省里确定。"),
)


def leave_sent_up(session: Session, staff: Person, at: datetime) -> None:
    """Three proposals that were answered, if there are any whose first proposer is a member."""
    rows = Proposal.objects.filter(
        matter__session=session, matter__access="open", matter__placeholder=False, matter__merged_into=None,
        internal=False, status__in=[Status.ASSIGNED, Status.CLOSED], matter__participants__role="first",
        matter__assignments__state="answered",
    )  # fmt: skip
    day = timezone.localdate(at)
    for step, (proposal, (to, reason)) in enumerate(zip(rows.distinct().order_by("pk")[:3], WHITHER, strict=False)):
        row = front.ask_to_send_up(proposal, to=to, reason=reason, by=staff, now=at)
        if step == 2:
            break
        first = proposal.matter.participants.leading().select_related("person").get().person
        assert first is not None
        front.answer_sending(row, agrees=True, by=first, now=at + timedelta(minutes=5))
        front.record_sent(
            row, on=day, number=f"政协提〔{day.year}〕{step + 1}号", by=staff, now=at + timedelta(minutes=9)
        )
        if step == 0:
            said = {"kind": "taken_up", "text": "已列入省政协提案办理，由省发展改革委研究。"}
            front.record_fate(row, **said, on=day, by=staff, now=at + timedelta(minutes=20))
