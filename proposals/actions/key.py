"""Key proposals (重点提案) from the shortlist to the result: people decide each step, nothing follows by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from members.choices import Role
from members.days import short_day
from members.errors import Refused, WrongStep
from members.models import Appointment, Body, Person
from proposals.handling import clocks, readers
from proposals.handling.actions import Paper, mark_key, paper_facts, unmark_key
from proposals.handling.actions.paper import acted_at, sheet_needed
from proposals.handling.models import Assignment, Matter
from proposals.handling.queries import HEAD_ROLES, clerks_of, officers_of, people_in
from proposals.models import KeyOpinion, KeyProposal, KeyVisit, Proposal, Status

from .base import drop_clocks, end_clocks, expect, lock, not_later, proposal_office, proposers, today, told

State = KeyProposal.State
ON_THE_WAY = (Status.TO_NUMBER, Status.FILED, Status.ASSIGNED)
NEXT_STEP: dict[str, str] = {
    State.SHORTLISTED: "下一步是登记主席会议的决定",
    State.CHOSEN: "下一步是确定领办领导",
    State.LED: "下一步是送达领办通知、登记督办方案",
    State.RUNNING: "下一步是登记督办活动和督办成效",
    State.DONE: "督办已经办结，不再改动",
    State.NOT_CHOSEN: "要重新考虑，请再次列入候选",
    State.CEASED: "要重新考虑，请再次列入候选",
}


def lock_key(proposal: Proposal, *states: str) -> KeyProposal:
    """The row as it is now, its matter locked first, in one of `states`; else WrongStep says what comes next."""
    proposal = lock(proposal)
    key = KeyProposal.objects.select_for_update(of=("self",)).filter(proposal=proposal).first()
    if key is None:
        raise WrongStep("这件提案还没有列入重点提案候选，请先列入。")
    key.proposal = proposal
    if key.state not in states:
        raise WrongStep(f"这件提案现在是“{key.get_state_display()}”，不能这样做：{NEXT_STEP[key.state]}。")
    return key


@transaction.atomic
def shortlist(proposal: Proposal, *, reason: str, by: Person, now: datetime) -> KeyProposal:
    """Put a proposal on the shortlist (入围), once more if it was not chosen before. Only the office knows of it."""
    proposal = lock(proposal)
    expect(proposal, *ON_THE_WAY)
    matter = proposal.matter
    if matter.merged_into_id or matter.placeholder:
        raise WrongStep("并入主案或线下办理的提案不能列为重点提案，请选择主案。")
    if not reason.strip():
        raise Refused("请写明入围理由。", field="reason")
    key = KeyProposal.objects.filter(proposal=proposal).first() or KeyProposal(proposal=proposal)
    if key.pk and key.state not in (State.NOT_CHOSEN, State.CEASED):
        raise WrongStep(f"这件提案已经是“{key.get_state_display()}”：{NEXT_STEP[key.state]}。")
    key.state, key.reason, key.ended_reason = State.SHORTLISTED, reason.strip(), ""
    key.shortlisted_by, key.shortlisted_at = by, now
    key.decided_on, key.decision_no, key.decision = None, "", ""
    key.save()
    matter.record("key_shortlisted", by=by, now=now, reason=key.reason)
    return key


@transaction.atomic
def ask_opinions(proposal: Proposal, bodies: Iterable[Body], *, by: Person, now: datetime) -> list[KeyOpinion]:
    """Ask offices and committees what they think of a candidate; each sees the proposal until it has been decided."""
    key = lock_key(proposal, State.SHORTLISTED)
    known = set(key.opinions.values_list("body_id", flat=True))
    asked = [body for body in bodies if body.pk not in known]
    if not asked:
        raise WrongStep("所选单位都已经征求过意见。")
    rows = [KeyOpinion.objects.create(key=key, body=body, asked_by=by, asked_at=now) for body in asked]
    matter = key.proposal.matter
    readers.refresh(matter)
    event = matter.record("key_asked", by=by, now=now, bodies="、".join(body.name for body in asked))
    told(key.proposal, answering(asked, on=today(now)), event, "key_asked", now=now)
    return rows


ANSWERING = (Role.ASSIGNING_OFFICER, Role.COMMITTEE_OFFICE)
"""Who says an office's or a committee's opinion of a candidate."""


def answering(bodies: Iterable[Body], *, on: date) -> list[int]:
    return people_in(ANSWERING, on=on, bodies=[body.pk for body in bodies])


@transaction.atomic
def give_opinion(row: KeyOpinion, *, text: str, by: Person, now: datetime, paper: Paper | None = None) -> KeyOpinion:
    """The office says what it thinks; the proposal office may record that from its sheet."""
    sheet_needed(row.body_id, by=by, now=now, paper=paper, since=row.asked_at)
    key = lock_key(row.key.proposal, State.SHORTLISTED)
    row = KeyOpinion.objects.select_for_update(of=("self",)).select_related("body").get(pk=row.pk)
    if row.answered_at:
        raise WrongStep(f"{row.body}已经提出过意见。")
    if not text.strip():
        raise Refused("请填写意见。", field="text")
    row.text, row.answered_by, row.answered_at = text.strip(), by, acted_at(paper, now=now)
    row.save(update_fields=["text", "answered_by", "answered_at"])
    matter = key.proposal.matter
    event = matter.record("key_opinion", by=by, now=now, body=row.body.name, **paper_facts(paper))
    told(key.proposal, [row.asked_by_id], event, "key_opinion", now=now)
    return row


@transaction.atomic
def choose_key(
    proposal: Proposal, *, on: date, number: str, text: str, by: Person, now: datetime, paper: Paper | None = None
) -> KeyProposal:
    """The council has decided (主席会议): it is a key proposal, its answers follow the stricter ladder at once.

    The office has its days to settle the leader and to hand him the notice.
    """
    key = lock_key(proposal, State.SHORTLISTED)
    expect(key.proposal, *ON_THE_WAY)
    not_later(on, now, "主席会议日期")
    if not text.strip():
        raise Refused("请写明主席会议的决定。", field="text")
    key.state, key.decided_on, key.decision_no, key.decision = State.CHOSEN, on, number.strip(), text.strip()
    key.save(update_fields=["state", "decided_on", "decision_no", "decision"])
    matter = key.proposal.matter
    mark_key(matter, by=by, now=now, reason="列为重点提案")
    office = proposal_office(on=today(now))
    clocks.start(matter, "key_notice", body=office, anchor_on=on, by=by, now=now)
    readers.refresh(matter)
    event = matter.record("key_chosen", by=by, now=now, on=on, number=key.decision_no, **paper_facts(paper))
    told(key.proposal, _all_of(matter, now=now), event, "key_chosen", now=now)
    return key


@transaction.atomic
def drop_candidate(
    proposal: Proposal, *, reason: str, by: Person, now: datetime, paper: Paper | None = None
) -> KeyProposal:
    """It is not chosen; whoever was asked sees it no more."""
    key = lock_key(proposal, State.SHORTLISTED)
    _why(reason)
    key.state, key.ended_reason = State.NOT_CHOSEN, reason.strip()
    key.save(update_fields=["state", "ended_reason"])
    matter = key.proposal.matter
    readers.refresh(matter)
    matter.record("key_not_chosen", by=by, now=now, reason=key.ended_reason, **paper_facts(paper))
    return key


@transaction.atomic
def name_leader(
    proposal: Proposal, *, leader: Person, secretary: Person | None, by: Person, now: datetime
) -> KeyProposal:
    """Settle who leads it (领办). He is told by the notice that a person hands him, never by the system (P2).

    Another leader may take over until the result; his notice has days of its own.
    """
    key = lock_key(proposal, *KeyProposal.IN_HAND)
    matter, on = key.proposal.matter, today(now)
    if not _holds(leader, Role.LEADER, on):
        raise Refused(f"{leader}现在没有领导身份，请在“任职”中登记后再选。", field="leader")
    if secretary and not _holds(secretary, Role.LEADER_SECRETARY, on):
        raise Refused(f"{secretary}现在没有领导秘书身份，请在“任职”中登记后再选。", field="secretary")
    if matter.leader_id == leader.pk and key.secretary == secretary:
        raise WrongStep("领办领导和联系秘书没有变化。")
    if matter.leader_id != leader.pk:
        key.notice_on, key.notice_how = None, ""
        if not clocks.open_for(matter=matter, stage="key_notice").exists():
            clocks.start(matter, "key_notice", body=proposal_office(on=on), anchor_on=on, by=by, now=now)
    if key.state == State.CHOSEN:
        key.state = State.LED
    key.secretary = secretary
    key.save(update_fields=["state", "secretary", "notice_on", "notice_how"])
    matter.leader = leader
    matter.save(update_fields=["leader"])
    readers.refresh(matter)
    event = matter.record("key_leader", by=by, now=now, leader=leader.name)
    told(key.proposal, _all_of(matter, now=now) - {leader.pk}, event, "key_leader", now=now)
    return key


@transaction.atomic
def hand_notice(proposal: Proposal, *, on: date, how: str, by: Person, now: datetime) -> KeyProposal:
    """The printed notice has been handed to the leader, by a person."""
    key = lock_key(proposal, State.LED, State.RUNNING)
    not_later(on, now, "送达日期")
    if key.notice_on:
        raise WrongStep(f"领办通知已于{short_day(key.notice_on)}送达。")
    if key.decided_on and on < key.decided_on:
        raise Refused(f"送达日期不能早于主席会议日期（{short_day(key.decided_on)}）。", field="on")
    if not how.strip():
        raise Refused("请写明怎样送达。", field="how")
    key.notice_on, key.notice_how = on, how.strip()
    key.save(update_fields=["notice_on", "notice_how"])
    matter = key.proposal.matter
    end_clocks(matter, "key_notice", by=by, now=now)
    matter.record("key_notified", by=by, now=now, on=on, how=key.notice_how)
    return key


@transaction.atomic
def plan_key(
    proposal: Proposal, *, text: str, due_on: date, by: Person, now: datetime, paper: Paper | None = None
) -> KeyProposal:
    """Lay down the plan of supervision (督办方案), or write it anew while it runs."""
    key = lock_key(proposal, State.LED, State.RUNNING)
    if key.notice_on is None:
        raise WrongStep("请先登记领办通知的送达，再登记督办方案。")
    if not text.strip():
        raise Refused("请填写督办方案。", field="text")
    if due_on < today(now):
        raise Refused("方案完成日期不能早于今天。", field="due_on")
    key.state, key.plan, key.plan_due_on = State.RUNNING, text.strip(), due_on
    key.save(update_fields=["state", "plan", "plan_due_on"])
    matter = key.proposal.matter
    event = matter.record("key_planned", by=by, now=now, on=due_on, **paper_facts(paper))
    told(key.proposal, _units_of(matter, now=now), event, "key_planned", now=now)
    return key


@dataclass(frozen=True)
class Visit:
    """What happened under the leader's supervision, and what comes next."""

    kind: str
    on: date
    place: str
    people: str
    notes: str
    next_step: str = ""
    next_on: date | None = None


@transaction.atomic
def record_visit(
    proposal: Proposal, visit: Visit, *, by: Person, now: datetime, paper: Paper | None = None
) -> KeyVisit:
    """Note a visit, a meeting or a tour; the proposers learn that it took place, its notes stay inside."""
    key = lock_key(proposal, State.RUNNING)
    not_later(visit.on, now, "活动日期")
    if key.decided_on and visit.on < key.decided_on:
        raise Refused(f"活动日期不能早于主席会议日期（{short_day(key.decided_on)}）。", field="on")
    if visit.next_on and not visit.next_step.strip():
        raise Refused("请写明下一步做什么。", field="next_step")
    if visit.next_on and visit.next_on < visit.on:
        raise Refused("下一步的日期不能早于这次活动。", field="next_on")
    row = KeyVisit(key=key, by=by, at=now, **vars(visit))
    row.save()
    matter, kind = key.proposal.matter, row.get_kind_display()
    event = matter.record("key_visited", by=by, now=now, on=row.on, kind=kind, place=row.place, **paper_facts(paper))
    told(key.proposal, _all_of(matter, now=now), event, "key_visited", now=now)
    return row


@transaction.atomic
def finish_key(
    proposal: Proposal, *, result: str, on: date, by: Person, now: datetime, paper: Paper | None = None
) -> KeyProposal:
    """Say what the supervision has achieved (督办成效) and end it; it stays a key proposal."""
    key = lock_key(proposal, State.RUNNING)
    not_later(on, now, "办结日期")
    last = key.visits.order_by("-on", "-pk").first()
    if last is None:
        raise WrongStep("还没有登记督办活动，请先登记至少一次走访、座谈、调研或推进会。")
    if on < last.on:
        raise Refused(f"办结日期不能早于最后一次督办活动（{short_day(last.on)}）。", field="on")
    if not result.strip():
        raise Refused("请填写督办成效。", field="result")
    key.state, key.result, key.result_on = State.DONE, result.strip(), on
    key.save(update_fields=["state", "result", "result_on"])
    matter = key.proposal.matter
    event = matter.record("key_finished", by=by, now=now, on=on, **paper_facts(paper))
    told(key.proposal, _all_of(matter, now=now), event, "key_finished", now=now)
    return key


@transaction.atomic
def cease_key(proposal: Proposal, *, reason: str, by: Person, now: datetime, paper: Paper | None = None) -> KeyProposal:
    """It is no key proposal any more: its answers follow the ordinary ladder again, nobody leads it."""
    key = lock_key(proposal, *KeyProposal.IN_HAND)
    _why(reason)
    matter = key.proposal.matter
    unmark_key(matter, by=by, now=now, reason="不再列为重点提案")
    drop_clocks(matter, "key_notice", by=by, now=now, reason="不再列为重点提案")
    key.state, key.ended_reason = State.CEASED, reason.strip()
    key.secretary, key.notice_on, key.notice_how = None, None, ""
    key.save(update_fields=["state", "ended_reason", "secretary", "notice_on", "notice_how"])
    matter.leader = None
    matter.save(update_fields=["leader"])
    readers.refresh(matter)
    event = matter.record("key_ceased", by=by, now=now, reason=key.ended_reason, **paper_facts(paper))
    told(key.proposal, _all_of(matter, now=now), event, "key_ceased", now=now)
    return key


def _units_of(matter: Matter, *, now: datetime) -> set[int]:
    """Clerks and heads of the units that handle it: the head answers for a key proposal himself."""
    units = list(Assignment.objects.current().filter(matter=matter).values_list("unit_id", flat=True))
    on = today(now)
    return {*clerks_of(units, on=on), *people_in(HEAD_ROLES, on=on, bodies=units)}


def _all_of(matter: Matter, *, now: datetime) -> set[int]:
    """Proposers, units and the offices that assign it."""
    on = today(now)
    rows = list(Assignment.objects.current().filter(matter=matter).select_related("office"))
    offices = {row.office for row in rows} | ({matter.office} if matter.office else set())
    officers = {person for office in offices for person in officers_of(office, on=on)}
    return {*proposers(matter, on=on), *officers, *_units_of(matter, now=now)}


def _holds(person: Person, role: Role, on: date) -> bool:
    return Appointment.objects.in_force(on).filter(person=person, role=role).exists()


def _why(reason: str) -> None:
    if not reason.strip():
        raise Refused("请写明理由。", field="reason")
