"""More time for a reply: asked before the due date, agreed by the offices, told to the proposers (P29)."""

from datetime import date, datetime, time

from django.db import transaction
from django.utils import timezone

from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Person
from proposals.handling import clocks, queries
from proposals.handling.models import Assignment, ExtensionApproval, ExtensionRequest, Obligation

from .giving import subject_of
from .paper import (
    Paper,
    expect,
    lock,
    paper_facts,
    unit_sheet_needed,
)

Office = ExtensionApproval.Office


def running_reply(assignment: Assignment) -> Obligation:
    """The open clock that an extension would move."""
    obligation = clocks.open_for(assignment=assignment).filter(stage__in=["reply", "rehandle", "co_opinion"]).first()
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
    asked_at = datetime.combine(paper.on, time(12), timezone.get_current_timezone()) if paper else now
    clocks.check_extension(obligation, to_on=to, now=asked_at)
    if obligation.extension_requests.filter(state="asked").exists():
        raise WrongStep("已有一份延期申请正在审批，请等待决定。")
    request = ExtensionRequest.objects.create(
        obligation=obligation, asked_by=by, asked_at=now, to_on=to, reason=reason, old_due=obligation.due_on
    )
    clocks.start(
        assignment.matter,
        "extension_decision",
        assignment=assignment,
        round=assignment.round,
        body=assignment.office,
        anchor_on=timezone.localdate(now),
        by=by,
        now=now,
    )
    event = assignment.matter.record(
        "extension_asked",
        by=by,
        now=now,
        assignment=assignment,
        on_paper=paper is not None,
        unit=str(assignment.unit),
        to=to,
        reason=reason,
        **paper_facts(paper),
    )
    today = timezone.localdate(now)
    deciders = set(queries.officers_of(assignment.office, on=today))
    if Office.PROPOSAL in offices_needed(assignment, on=today):
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
    if assignment.office == queries.proposal_office(on=on):
        return {Office.PROPOSAL}
    choice = queries.policy("extension_offices", on=on, default="both")
    return {Office.ASSIGNING, Office.PROPOSAL} if choice == "both" else {choice}


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
) -> ExtensionRequest:
    """One office's word. One refusal ends the request; the last needed consent moves the date."""
    request, assignment = lock_request(request)
    if request.asked_by == by:
        raise Refused("申请人不能审批自己提出的延期。")
    if not agrees and not reason.strip():
        raise Refused("不同意延期时，请写明理由。")
    today = timezone.localdate(now)
    needed = offices_needed(assignment, on=today)
    if office not in needed:
        raise Refused("这份申请不需要该机构审批。")
    if request.approvals.filter(office=office).exists():
        raise WrongStep("该机构已经审批过了。")
    ExtensionApproval.objects.create(request=request, office=office, agrees=agrees, reason=reason, by=by, at=now)
    granted = set(request.approvals.filter(agrees=True).values_list("office", flat=True))
    if agrees and needed - granted:
        assignment.matter.record(
            "extension_agreed",
            by=by,
            now=now,
            assignment=assignment,
            on_paper=paper is not None,
            unit=str(assignment.unit),
            office=Office(office).label,
            **paper_facts(paper),
        )
        return request
    if agrees:
        clocks.extend(request.obligation, to_on=request.to_on, by=by, now=now, reason=request.reason)
    request.state = "granted" if agrees else "refused"
    request.decided_by, request.decided_at = by, now
    request.new_due = request.to_on if agrees else None
    request.save(update_fields=["state", "decided_by", "decided_at", "new_due"])
    finish(request, assignment, by=by, now=now)
    event = assignment.matter.record(
        f"extension_{request.state}",
        by=by,
        now=now,
        assignment=assignment,
        on_paper=paper is not None,
        unit=str(assignment.unit),
        to=request.to_on,
        reason=reason,
        **paper_facts(paper),
    )
    subject = subject_of(assignment)
    clerks = queries.clerks_of([assignment.unit_id], on=today)
    tell(clerks, event_id=event.pk, template=f"extension_{request.state}", subject=subject, now=now)
    if agrees:
        proposers = queries.people_behind(queries.evaluators(assignment.matter), on=today)
        tell(proposers, event_id=event.pk, template="extension_told", subject=subject, now=now)
    return request


def finish(request: ExtensionRequest, assignment: Assignment, *, by: Person, now: datetime) -> None:
    for obligation in clocks.open_for(assignment=assignment, stage="extension_decision"):
        clocks.complete(obligation, by=by, now=now)


@transaction.atomic
def withdraw_extension(
    request: ExtensionRequest, *, by: Person, now: datetime, paper: Paper | None = None
) -> ExtensionRequest:
    request, assignment = lock_request(request)
    unit_sheet_needed(assignment, by=by, now=now, paper=paper)
    request.state, request.decided_by, request.decided_at = "withdrawn", by, now
    request.save(update_fields=["state", "decided_by", "decided_at"])
    finish(request, assignment, by=by, now=now)
    assignment.matter.record(
        "extension_withdrawn",
        by=by,
        now=now,
        assignment=assignment,
        on_paper=paper is not None,
        unit=str(assignment.unit),
        **paper_facts(paper),
    )
    return request
