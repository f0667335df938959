"""More time for a reply: asked before the due date, agreed by the offices, told to the proposers (P29)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from members.days import short_day
from members.errors import Refused, WrongStep
from members.inbox.actions import BULK, tell, tell_many
from members.models import Body, Person
from proposals.handling import clocks, owners, queries
from proposals.handling.models import Assignment, ExtensionApproval, ExtensionRequest, Obligation
from proposals.handling.models.clocks import ObligationQuerySet

from .giving import subject_of
from .paper import (
    Paper,
    acted_at,
    acted_on,
    acts_for,
    expect,
    lock,
    office_sheet_needed,
    paper_facts,
    sheet_needed,
    unit_sheet_needed,
)

Office = ExtensionApproval.Office
OWN_REQUEST = "申请人不能审批自己提出的延期。"
NOT_ASKED_OF_OFFICE = "这份申请不需要该机构审批。"
OFFICE_HAS_SPOKEN = "该机构已经审批过了。"


EXTENDED = ("reply", "rehandle", "co_opinion")
"""The clocks that an extension may move."""


def running_reply(assignment: Assignment) -> Obligation:
    """The open clock that an extension would move."""
    obligation = clocks.open_for(assignment=assignment).filter(stage__in=EXTENDED).first()
    if obligation is None:
        raise WrongStep("这项办理没有正在计算的期限，不需要延期。")
    return obligation


@transaction.atomic
def ask_extension(
    assignment: Assignment, *, to: date, reason: str, by: Person, now: datetime, paper: Paper | None = None
) -> ExtensionRequest:
    """Ask for a later due date (申请延期). Asking alone moves nothing."""
    unit_sheet_needed(assignment, by=by, now=now, paper=paper)
    assignment = lock(assignment)
    expect(assignment, Assignment.State.SIGNED)
    if not reason.strip():
        raise Refused("请写明延期的理由。")
    obligation = running_reply(assignment)
    asked_at, today = acted_at(paper, now=now), timezone.localdate(now)
    limit = owners.of(assignment.matter).limit(assignment.matter)
    if limit and to > limit:
        raise Refused(
            f"上级规定的期限是{short_day(limit)}，延期不能晚于这一天。确需推迟的，请先联系交办机构，由其登记上级同意的新期限。",
            field="to",
        )
    clocks.check_extension(obligation, to_on=to, now=asked_at)
    if obligation.extension_requests.asked().exists():
        raise WrongStep("已有一份延期申请正在审批，请等待决定。")
    request = ExtensionRequest.objects.create(
        obligation=obligation,
        asked_by=by,
        asked_at=asked_at,
        to_on=to,
        reason=reason,
        old_due=obligation.due_on,
        on_paper=paper is not None and not acts_for(by, assignment.unit_id, on=today),
    )
    needed = offices_needed(assignment, on=today)
    for body in {body_of(office, assignment, on=today) for office in needed}:
        clocks.start(
            assignment.matter,
            "extension_decision",
            assignment=assignment,
            round=assignment.round,
            body=body,
            anchor_on=acted_on(paper, now=now),
            by=by,
            now=now,
        )
    event = assignment.matter.record(
        "extension_asked",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        to=to,
        reason=reason,
        **paper_facts(paper),
    )
    deciders = set(queries.officers_of(assignment.office, on=today)) if Office.ASSIGNING in needed else set()
    if Office.PROPOSAL in needed:
        deciders |= set(queries.proposal_staff(on=today))
    tell(
        sorted(deciders),
        event_id=event.pk,
        template="extension_asked",
        subject={**subject_of(assignment), "request": str(request.public_id)},
        now=now,
    )
    return request


def offices_needed(assignment: Assignment, *, on: date) -> set[str]:
    """The offices whose word an extension needs: a policy row, both by default; one where they are the same."""
    return needed_of([assignment], on=on)[assignment.pk]


def needed_of(assignments: Iterable[Assignment], *, on: date) -> dict[int, set[str]]:
    """The same for many, by their ids, in a constant number of queries; what others keep is not the proposal office's."""
    own, choice = queries.proposal_office(on=on), queries.policy("extension_offices", on=on, default="both")
    chosen = {str(Office.ASSIGNING), str(Office.PROPOSAL)} if choice == "both" else {choice}

    def of(row: Assignment) -> set[str]:
        if row.office_id == own.pk:
            return {str(Office.PROPOSAL)}
        return {str(Office.ASSIGNING)} if owners.course_of(row.matter).has_own_keepers else set(chosen)

    return {row.pk: of(row) for row in assignments}


def body_of(office: str, assignment: Assignment, *, on: date) -> Body:
    """The body that is chased for this office's word: each for its own."""
    return assignment.office if office == Office.ASSIGNING else queries.proposal_office(on=on)


def lock_request(request: ExtensionRequest) -> tuple[ExtensionRequest, Assignment]:
    """The request as it is now with its assignment, matter locked first."""
    assignment = request.obligation.assignment
    assert assignment is not None
    assignment = lock(assignment)
    fresh = ExtensionRequest.objects.select_for_update(of=("self",)).select_related("obligation").get(pk=request.pk)
    if fresh.state != "asked":
        raise WrongStep("这份延期申请已经处理过了。请刷新页面。")
    return fresh, assignment


@transaction.atomic
def decide_extension(
    request: ExtensionRequest,
    *,
    office: str,
    agrees: bool,
    reason: str,
    by: Person,
    now: datetime,
    paper: Paper | None = None,
    sending: str = "",
) -> ExtensionRequest:
    """One office's word. One refusal ends the request; the last needed consent moves the date.

    Those decided in one `sending` are one message a person (P3).
    """
    request, assignment = lock_request(request)
    if request.asked_by == by and not request.on_paper:
        raise Refused(OWN_REQUEST)
    if office == Office.ASSIGNING or paper is not None:
        office_sheet_needed(assignment, by=by, now=now, paper=paper, since=request.asked_at)
    if not agrees and not reason.strip():
        raise Refused("不同意延期时，请写明理由。")
    today = timezone.localdate(now)
    needed = offices_needed(assignment, on=today)
    if office not in needed:
        raise Refused(NOT_ASKED_OF_OFFICE)
    if request.approvals.filter(office=office).exists():
        raise WrongStep(OFFICE_HAS_SPOKEN)
    ExtensionApproval.objects.create(request=request, office=office, agrees=agrees, reason=reason, by=by, at=now)
    for clock in waiting(assignment).filter(holder_body=body_of(office, assignment, on=today)):
        clocks.complete(clock, by=by, now=now, on=acted_on(paper, now=now))
    granted = set(request.approvals.filter(agrees=True).values_list("office", flat=True))
    if agrees and needed - granted:
        assignment.matter.record(
            "extension_agreed",
            by=by,
            now=now,
            assignment=assignment,
            unit=str(assignment.unit),
            office=Office(office).label,
            **paper_facts(paper),
        )
        return request
    if agrees:
        moved = clocks.extend(request.obligation, to_on=request.to_on, by=by, now=now, reason=request.reason)
        request.new_due = moved.due_on
    request.state = "granted" if agrees else "refused"
    request.decided_by, request.decided_at, request.decision_reason = by, acted_at(paper, now=now), reason.strip()
    request.save(update_fields=["state", "decided_by", "decided_at", "decision_reason", "new_due"])
    no_longer_asked(assignment, by=by, now=now)
    event = assignment.matter.record(
        f"extension_{request.state}",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        to=request.new_due or request.to_on,
        reason=reason,
        **paper_facts(paper),
    )
    subject = subject_of(assignment)
    clerks = queries.clerks_of([assignment.unit_id], on=today)
    _told(clerks, event.pk, f"extension_{request.state}", subject, now=now, sending=sending)
    if agrees and assignment.answers:
        proposers = queries.people_behind(queries.evaluators(assignment.matter), on=today)
        _told(proposers, event.pk, "extension_told", subject, now=now, sending=sending)
    return request


def _told(
    people: Sequence[int], event: int, template: str, subject: dict[str, Any], *, now: datetime, sending: str
) -> None:
    if sending:
        facts = [(one, event, template, subject) for one in people]
        tell_many(facts, sending=f"extensions:{sending}", now=now, mail_at=now + BULK)
    else:
        tell(people, event_id=event, template=template, subject=subject, now=now)


def waiting(assignment: Assignment) -> ObligationQuerySet:
    return clocks.open_for(assignment=assignment, stage="extension_decision")


def due_anew(assignment: Assignment, *, to: date, by: Person, now: datetime, reason: str) -> None:
    """The answer is due on another day than was said, earlier or later: decided outside this house, matter locked.

    What was asked meanwhile is moot. The clock begins anew from the same day: steps that are behind it are not told
    again. An answer that waits to be checked has its day already.
    """
    clock = clocks.open_for(assignment=assignment).filter(stage__in=["reply", "rehandle"]).first()
    if clock is None or clock.status == Obligation.Status.PAUSED or clock.due_on == to:
        return
    asked = clock.extension_requests.asked()
    asked.update(state=ExtensionRequest.State.WITHDRAWN, decided_by=by, decided_at=now)
    no_longer_asked(assignment, by=by, now=now)
    clocks.cancel(clock, by=by, now=now, reason=reason)
    clocks.start(
        assignment.matter,
        clock.stage,
        assignment=assignment,
        round=clock.round,
        body=assignment.unit,
        anchor_on=clock.anchor_on,
        fixed_on=to,
        fire_past=False,
        by=by,
        now=now,
    )


def within_limit(assignment: Assignment, *, by: Person, now: datetime) -> None:
    """A last day that nobody in this house may move holds though the clock has rested meanwhile; matter locked."""
    limit = owners.last_day(assignment.matter, after=timezone.localdate(now))
    if limit is None:
        return
    running = clocks.open_for(assignment=assignment).filter(stage__in=["reply", "rehandle"])
    if running.filter(due_on__gt=limit).exists():
        due_anew(assignment, to=limit, by=by, now=now, reason="上级规定的期限不因审核顺延")


def no_longer_asked(assignment: Assignment, *, by: Person, now: datetime) -> None:
    """Whose word is not wanted any more is chased for it no longer."""
    for clock in waiting(assignment):
        clocks.cancel(clock, by=by, now=now, reason="申请已有结果")


@transaction.atomic
def revoke_extension(
    assignment: Assignment, *, reason: str, by: Person, now: datetime, paper: Paper | None = None
) -> ExtensionRequest:
    """Take the last extension back (撤销延期): the due date is again what it was, and everyone concerned is told."""
    office_sheet_needed(assignment, by=by, now=now, paper=paper)
    assignment = lock(assignment)
    expect(assignment, Assignment.State.SIGNED)
    if not reason.strip():
        raise Refused("请写明撤销延期的原因。", field="reason")
    clock = running_reply(assignment)
    if clock.extension_requests.asked().exists():
        raise WrongStep("还有一份延期申请正在审批，请先审批。")
    request = clock.extension_requests.filter(state="granted").order_by("-decided_at", "-pk").first()
    if request is None:
        raise WrongStep("这项办理没有批准过延期。")
    clock = clocks.revoke(clock, by=by, now=now, reason=reason.strip())
    request.state = ExtensionRequest.State.REVOKED
    request.save(update_fields=["state"])
    event = assignment.matter.record(
        "extension_revoked",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        to=clock.due_on,
        reason=reason.strip(),
        **paper_facts(paper),
    )
    today, subject = timezone.localdate(now), subject_of(assignment)
    clerks = queries.clerks_of([assignment.unit_id], on=today)
    tell(clerks, event_id=event.pk, template="extension_revoked", subject=subject, now=now)
    if assignment.answers:
        proposers = queries.people_behind(queries.evaluators(assignment.matter), on=today)
        tell(proposers, event_id=event.pk, template="extension_taken_back", subject=subject, now=now)
    return request


@transaction.atomic
def withdraw_extension(
    request: ExtensionRequest, *, by: Person, now: datetime, paper: Paper | None = None
) -> ExtensionRequest:
    request, assignment = lock_request(request)
    sheet_needed(assignment.unit_id, by=by, now=now, paper=paper, since=request.asked_at)
    request.state, request.decided_by, request.decided_at = "withdrawn", by, now
    request.save(update_fields=["state", "decided_by", "decided_at"])
    no_longer_asked(assignment, by=by, now=now)
    assignment.matter.record(
        "extension_withdrawn",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        **paper_facts(paper),
    )
    return request
