"""Matters are given to units, signed for, passed on inside, and moved to other units."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from members.choices import Role as Post
from members.days import short_day
from members.errors import Refused, WrongStep
from members.inbox.actions import BULK, tell, tell_many
from members.models import Body, Person
from proposals.handling import clocks, owners, queries, readers
from proposals.handling.models import Assignment, Event, Exposure, Matter, record_many

from .marking import KEY_RULE
from .paper import Paper, acted_at, acted_on, acts_for, expect, lock, not_blocked, paper_facts, unit_sheet_needed

Role = Assignment.Role
State = Assignment.State


@dataclass(frozen=True)
class Part:
    """One unit's share of a matter, and the office that assigns it."""

    unit: Body
    role: str
    office: Body


@dataclass(frozen=True)
class Given:
    event: Event
    assignments: Sequence[Assignment]


def check_parts(parts: Sequence[Part]) -> None:
    """One sole unit, or one lead with co-handlers, or at least two split units."""
    roles = [part.role for part in parts]
    if len({part.unit.pk for part in parts}) < len(parts):
        raise Refused("同一单位只能出现一次。")
    sole, lead, split = roles.count(Role.SOLE), roles.count(Role.LEAD), roles.count(Role.SPLIT)
    if not parts:
        raise Refused("请至少选择一个承办单位。")
    if sole + lead > 1:
        raise Refused("只能有一个主办（独办）单位。")
    if sole and len(parts) > 1:
        raise Refused("独办只有一个单位。有会办单位时，请把承办单位定为主办。")
    if split and (sole or lead or split < 2):
        raise Refused("分办至少要两个单位，且不能与主办、独办并用。")
    if not (sole or lead or split):
        raise Refused("缺少主办单位。")


def assign(
    matter: Matter,
    parts: Sequence[Part],
    *,
    by: Person,
    now: datetime,
    fixed_on: date | None = None,
    paper: Paper | None = None,
) -> Given:
    """Give one matter to units; see `assign_many`."""
    return assign_many([(matter, parts)], by=by, now=now, fixed_on=fixed_on, paper=paper)[0]


@transaction.atomic
def assign_many(
    wanted: Sequence[tuple[Matter, Sequence[Part]]],
    *,
    by: Person,
    now: datetime,
    fixed_on: date | None = None,
    paper: Paper | None = None,
    scans: Mapping[int, str] | None = None,
) -> list[Given]:
    """Give matters to units (交办) and start the clocks of `clocks_of`.

    All or none, in a number of queries that does not grow with them. `fixed_on` is the batch's reply date, which
    wins over the period; from `paper` they count from the day of its meeting; `scans` names its scan by matter.
    Telling is `announce`, so that a hand-over of many matters is one message a clerk.
    """
    for _, parts in wanted:
        check_parts(parts)
    ids = [matter.pk for matter, _ in wanted]
    matters = {row.pk: row for row in Matter.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")}
    if taken := Assignment.objects.current().filter(matter__in=ids).order_by("matter_id").first():
        raise WrongStep(f"{matters[taken.matter_id].label}已经交办。")
    on, given_at = acted_on(paper, now=now), acted_at(paper, now=now)
    rows = [
        Assignment(
            matter=matters[matter.pk],
            unit=part.unit,
            role=part.role,
            office=part.office,
            given_at=given_at,
            given_by=by,
        )
        for matter, parts in wanted
        for part in sorted(parts, key=lambda part: part.role == Role.CO)
    ]
    given: dict[int, list[Assignment]] = {}
    for row in Assignment.objects.bulk_create(rows, batch_size=500):
        given.setdefault(row.matter_id, []).append(row)
    clocks.start_many([one for row in rows for one in clocks_of(row, on=on, fixed_on=fixed_on)], by=by, now=now)
    for matter in matters.values():
        matter.exposure = Exposure.HANDLING
    Matter.objects.filter(pk__in=matters).update(exposure=Exposure.HANDLING)
    sheets = {pk: replace(paper, scan=scans.get(pk, "")) if paper and scans else paper for pk in matters}
    facts = {matter: _facts(given[matter.pk], sheets[matter.pk]) for matter in matters.values()}
    events = record_many(facts, "assigned", by=by, now=now, on_paper=paper is not None)
    for owner, own in owners.by_owner(matters.values()):
        owner.assigned(own)
    restage_many(list(matters.values()))
    return [Given(events[pk], given[pk]) for pk in ids]


def _facts(assignments: Sequence[Assignment], paper: Paper | None) -> dict[str, Any]:
    return {"units": "、".join(str(assignment) for assignment in assignments), **(paper.facts() if paper else {})}


def clocks_of(assignment: Assignment, *, on: date, fixed_on: date | None = None) -> list[clocks.Wanted]:
    """The clocks of one new assignment: sign-for, objection window, contact, and reply or opinion."""
    stages = ["sign_for", "objection_window"]
    answering = ["first_contact", "reply" if assignment.round == 1 else "rehandle"]
    if assignment.matter.placeholder or not owners.course_of(assignment.matter).contact:  # nobody stands behind it here
        answering.remove("first_contact")
    stages += answering if assignment.answers else ["co_opinion"]
    return [
        clocks.Wanted(
            assignment.matter,
            _rule_of(assignment.matter) if stage == "reply" else stage,
            on,
            stage=stage,
            assignment=assignment,
            round=assignment.round,
            body=assignment.unit,
            fixed_on=fixed_on if stage in ("reply", "rehandle") else None,
        )
        for stage in stages
    ]


def _rule_of(matter: Matter) -> str:
    return KEY_RULE if matter.key else owners.course_of(matter).reply_rule


def announce(given: Iterable[Given], *, sending: str, now: datetime, mail_at: datetime | None = None) -> None:
    """Tell the units' clerks: one message a person, with the list of what was given."""
    facts: list[tuple[int, int, str, dict[str, Any]]] = []
    today = timezone.localdate(now)
    rows = [(one.event, assignment) for one in given for assignment in one.assignments]
    posts = queries.posts_at({assignment.unit_id for _, assignment in rows}, on=today)
    for event, assignment in rows:
        subject = subject_of(assignment)
        facts += [(person, event.pk, "assigned", subject) for person in posts[assignment.unit_id].people]
    facts += alarms([row for row in rows if not posts[row[1].unit_id].manned], on=today)
    tell_many(facts, sending=sending, now=now, mail_at=mail_at)


def alarms(rows: Sequence[tuple[Event, Assignment]], *, on: date) -> list[tuple[int, int, str, dict[str, Any]]]:
    """Who hears at once of parts whose unit has neither clerk nor head at work: their office, and who can appoint one."""
    if not rows:
        return []
    admins = queries.people_in([Post.SYSTEM_ADMINISTRATOR], on=on)
    officers = {office: queries.officers_of(office, on=on) for office in {row.office for _, row in rows}}
    facts: list[tuple[int, int, str, dict[str, Any]]] = []
    for event, row in rows:
        facts += [(one, event.pk, "nobody_to_sign", dict(subject_of(row))) for one in officers[row.office]]
        facts += [(one, event.pk, "clock.vacancy", {"body": row.unit_id}) for one in admins]
    return facts


def restage(matter: Matter) -> None:
    """Write stage and audience after the assignments changed."""
    restage_many([matter])


def restage_many(matters: Sequence[Matter]) -> None:
    stages = queries.stages_of(matters)
    moved = [matter for matter in matters if matter.stage != stages[matter.pk]]
    for matter in moved:
        matter.stage = stages[matter.pk]
    for stage in {matter.stage for matter in moved}:
        Matter.objects.filter(pk__in=[matter.pk for matter in moved if matter.stage == stage]).update(stage=stage)
    readers.refresh_many(matters)


@transaction.atomic
def sign_for(assignment: Assignment, *, by: Person, now: datetime, paper: Paper | None = None) -> Assignment:
    """The unit acknowledges the matter (签收); its sign-for clock ends."""
    unit_sheet_needed(assignment, by=by, now=now, paper=paper)
    not_blocked(by, now=now)
    assignment = lock(assignment)
    expect(assignment, State.PENDING)
    assignment.state, assignment.signed_at, assignment.signed_by = State.SIGNED, acted_at(paper, now=now), by
    assignment.save(update_fields=["state", "signed_at", "signed_by"])
    for obligation in clocks.open_for(assignment=assignment, stage="sign_for"):
        clocks.complete(obligation, by=by, now=now, on=paper.on if paper else None)
    assignment.matter.record(
        "signed_for",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        **paper_facts(paper),
    )
    restage(assignment.matter)
    return assignment


@transaction.atomic
def pass_inside(
    assignment: Assignment,
    *,
    by: Person,
    now: datetime,
    deputy: Person | None = None,
    section: str = "",
    handler: Person | None = None,
    internal_due_on: date | None = None,
    comment: str = "",
    sending: str = "",
    paper: Paper | None = None,
) -> Assignment:
    """Pass the work on inside the unit (内部分办); assignment and reply stay the unit's (P5).

    The internal date must lie before the unit's own due date; it has a clock of its own, of which nobody outside
    the unit hears. Those passed on in one `sending` are one message a person (P3).
    """
    unit_sheet_needed(assignment, by=by, now=now, paper=paper)
    assignment = lock(assignment)
    expect(assignment, State.PENDING, State.SIGNED)
    today = timezone.localdate(now)
    for person in filter(None, (deputy, handler)):
        if not acts_for(person, assignment.unit_id, on=today):
            raise Refused(f"{person}不是{assignment.unit}的工作人员，请先由安全管理员办理任职。")
    stages = ["reply", "rehandle", "co_opinion"]
    due = clocks.open_for(assignment=assignment).filter(stage__in=stages).values_list("due_on", flat=True).first()
    if internal_due_on and due and internal_due_on >= due:
        raise Refused(f"内部时限应早于办理期限（{short_day(due)}）。")
    if internal_due_on and internal_due_on < today:
        raise Refused("内部时限不能早于今天。")
    if internal_due_on != assignment.internal_due_on:
        _count_inside(assignment, internal_due_on, by=by, now=now)
    assignment.deputy, assignment.section, assignment.handler = deputy, section, handler
    assignment.internal_due_on, assignment.head_comment = internal_due_on, comment
    assignment.save(update_fields=["deputy", "section", "handler", "internal_due_on", "head_comment"])
    event = assignment.matter.record(
        "passed_inside",
        by=by,
        now=now,
        assignment=assignment,
        section=section,
        handler=str(handler or ""),
        deputy=str(deputy or ""),
        comment=comment,
        **paper_facts(paper),
    )
    subject = subject_of(assignment)
    told = {deputy.pk: "passed_to_deputy"} if deputy and deputy != by else {}
    if handler and handler != by:
        told[handler.pk] = "passed_inside"
    if sending:
        facts: list[tuple[int, int, str, dict[str, Any]]] = [
            (recipient, event.pk, template, dict(subject)) for recipient, template in told.items()
        ]
        tell_many(facts, sending=f"inside:{sending}", now=now, mail_at=now + BULK)
        return assignment
    for recipient, template in told.items():
        tell([recipient], event_id=event.pk, template=template, subject=subject, now=now)
    return assignment


def _count_inside(assignment: Assignment, due_on: date | None, *, by: Person, now: datetime) -> None:
    for clock in clocks.open_for(assignment=assignment, stage="internal"):
        clocks.cancel(clock, by=by, now=now, reason="内部时限已改")
    if due_on:
        clocks.start(
            assignment.matter,
            "internal",
            assignment=assignment,
            round=assignment.round,
            body=assignment.unit,
            anchor_on=timezone.localdate(now),
            fixed_on=due_on,
            by=by,
            now=now,
        )


def subject_of(assignment: Assignment) -> dict[str, str]:
    """What a message refers to; the words are made when it is shown (S4)."""
    return {"matter": str(assignment.matter.public_id), "assignment": str(assignment.public_id)}
