"""A step that was wrong is put right in the open (更正): with a reason, what was and what is, and the proposer told."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from members.errors import Refused, WrongStep
from members.models import Body, Person
from proposals.handling import clocks
from proposals.handling.models import Access, Priority
from proposals.handling.queries import clerks_of
from proposals.models import Category, Proposal, Status
from proposals.reports import actions as reports

from .allocating import drop_questions
from .base import drop_clocks, expect, handling_it, lock, move, proposal_office, proposers, today, told
from .drafting import must_suit_zone

IN_OFFICE = frozenset({Status.SUBMITTED, Status.REVIEWING, Status.TO_NUMBER, Status.FILED})
"""Until the hand-over everything on record may be put right; later only how it is sorted."""
UNDONE = frozenset({Status.DECLINED, Status.REPORTED, Status.TO_NUMBER, Status.FILED})
NAMED = {Status.DECLINED: "不予立案", Status.REPORTED: "转社情民意"}


@dataclass(frozen=True)
class Recorded:
    """What stands on record beside the text."""

    category: Category | None
    priority: Priority | None
    unit_title: str
    consents: bool
    consent_reason: str
    internal: bool

    def lines(self) -> dict[str, str]:
        """Each thing in words, as the event keeps it."""
        return {
            "类别": str(self.category or "未定"),
            "市委中心工作": str(self.priority or "无"),
            "单位所见案由": self.unit_title or "未定",
            "公开意愿": "同意公开" if self.consents else f"不同意公开（{self.consent_reason}）",
            "公开范围": "不公开（内部）" if self.internal else "公开",
        }


SORTING = ("类别", "市委中心工作")


def recorded(proposal: Proposal) -> Recorded:
    matter = proposal.matter
    return Recorded(
        category=proposal.category,
        priority=matter.priority,
        unit_title=matter.unit_title,
        consents=proposal.consents,
        consent_reason=proposal.consent_reason,
        internal=proposal.internal,
    )


@transaction.atomic
def correct(proposal: Proposal, new: Recorded, *, reason: str, by: Person, now: datetime) -> Proposal:
    """Put right what is on record; the text itself goes back to its proposer (退回修改).

    Raises Refused if nothing changes, or if more than category and priority changes after the hand-over.
    """
    if not reason.strip():
        raise Refused("请写明更正的原因。", field="reason")
    if not new.consents and not new.consent_reason.strip():
        raise Refused("不同意公开的，请写明理由。", field="consent_reason")
    proposal = lock(proposal)
    must_suit_zone(proposal, internal=new.internal)
    before, after = recorded(proposal).lines(), new.lines()
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        raise Refused("没有要更正的内容，请先修改再提交。")
    if proposal.status not in IN_OFFICE and set(changed) - set(SORTING):
        raise WrongStep("已经交办，只能更正类别和市委中心工作。")
    matter = proposal.matter
    proposal.category, proposal.internal = new.category, new.internal
    proposal.consents, proposal.consent_reason = new.consents, "" if new.consents else new.consent_reason.strip()
    proposal.save(update_fields=["category", "internal", "consents", "consent_reason", "updated_at"])
    matter.priority, matter.unit_title = new.priority, new.unit_title.strip()
    if "公开范围" in changed:
        matter.access = Access.INTERNAL if new.internal else Access.OPEN
    matter.save(update_fields=["priority", "unit_title", "access"])
    changes = "；".join(f"{name}由“{before[name]}”改为“{after[name]}”" for name in changed)
    event = matter.record("corrected", by=by, now=now, changes=changes, reason=reason.strip())
    told(proposal, proposers(matter, on=today(now)), event, "corrected", now=now)
    return proposal


@transaction.atomic
def undo_decision(proposal: Proposal, *, reason: str, by: Person, now: datetime) -> Proposal:
    """Take back a filing, a refusal or a lead for a report that was wrong (撤销决定): review begins again.

    The assigning office has nothing to assign and units have nothing to answer any more; they are told. A number that was given stays the proposal's own: filed again it bears it, otherwise nobody does.
    """
    if not reason.strip():
        raise Refused("请写明撤销的原因。", field="reason")
    proposal = lock(proposal)
    expect(proposal, *UNDONE)
    decision, was_lead = NAMED.get(Status(proposal.status), "立案"), proposal.status == Status.REPORTED
    if was_lead:
        reports.take_lead_back(proposal.matter)
    asked = list(Body.objects.filter(pk__in=proposal.preconsultations.values("unit")).order_by("pk"))
    people = {*proposers(proposal.matter, on=today(now)), *handling_it(proposal.matter, (), on=today(now))}
    people |= {*clerks_of([unit.pk for unit in asked], on=today(now))}
    drop_clocks(proposal.matter, "numbering", "assignment", by=by, now=now, reason="撤销立案")
    drop_questions(proposal, asked, by=by, now=now, reason="撤销立案")
    proposal.allocation.all().delete()
    proposal.decided_reason, proposal.decided_text, proposal.filed_at = None, "", None
    proposal.save(update_fields=["decided_reason", "decided_text", "filed_at", "updated_at"])
    move(proposal, Status.REVIEWING, closed_at=None, office=None)
    clocks.start(
        proposal.matter,
        "review",
        round=proposal.submissions,
        body=proposal_office(on=today(now)),
        anchor_on=today(now),
        by=by,
        now=now,
    )
    event = proposal.matter.record("decision_undone", by=by, now=now, decision=decision, reason=reason.strip())
    told(proposal, sorted(people), event, "decision_undone", now=now)
    if was_lead:
        reports.tell_of_lead(event, "lead_taken_back", now=now)
    return proposal
