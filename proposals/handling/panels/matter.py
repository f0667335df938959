"""The whole of a matter in hand for one person, and its units and timeline."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import JSONObject, TruncDate
from django.urls import reverse
from django.utils import timezone

from members.days import short_day
from members.rights import may
from members.shown import Act, Fact, Happening, Mark, UnitRow, Went
from proposals.handling import owners
from proposals.handling.aspects import Aspect, aspects
from proposals.handling.attachments import attachments_of
from proposals.handling.events import VERBS, timeline
from proposals.handling.eyes import Eye, Eyes, eyes
from proposals.handling.knowing import knows
from proposals.handling.models import (
    Assignment,
    Attachment,
    Coordination,
    ExtensionRequest,
    Matter,
    Objection,
    Obligation,
    Purpose,
    Reply,
    returns_in,
)
from proposals.handling.promises import promises_shown
from proposals.handling.queries import suggestions_of
from proposals.handling.signatures import countersigns_shown, requests_shown

from .contacts import contacts_shown, opinions_shown, sheets_shown
from .evaluations import round_shown, rounds_of
from .links import file_row, to
from .offers import MAIN_STAGES, fill_acts
from .replies import replies_shown, with_points
from .requests import coordinations_shown, open_requests, request_shown
from .shown import Panels

CONFIRMING = "confirm_dissatisfaction"


def panels_of(user: Any, matter: Matter, *, parts: Sequence[Any] | None = None, on: date | None = None) -> Panels:
    """Fill the panels for `user`; the number of queries does not depend on how much there is.

    `parts` are the current parts, as `parts_of` reads them, where they are at hand.
    """
    today = on or timezone.localdate()
    rows = list(parts_of(matter.assignments.current()) if parts is None else parts)
    rows.sort(key=lambda row: row.role == Assignment.Role.CO)
    for row in rows:
        row.matter = matter
    merged = not rows or bool(rows[0].has_merged)
    view = eyes(user, matter, rows, merged=merged)
    panels = Panels(view, rows, merged=merged, offline=matter.placeholder)
    events = timeline(user, matter, view)
    scanned = any(event.on_paper for event, _, _ in events)
    files = attachments_of(matter, user, view) if rows or scanned else []
    scans = {str(one.public_id): one for one in files}
    panels.happenings = [happening_of(event, words, tone, scans) for event, words, tone in events]
    if not rows:
        return panels
    verbs = {event.verb for event, _, _ in events}
    for event, _, _ in reversed(events):
        if event.assignment_id and event.verb in ("consultation_due", "joint_consulted"):
            turn = panels.to_consult.add if event.verb == "consultation_due" else panels.to_consult.discard
            turn(event.assignment_id)
    granted = ExtensionRequest.objects.filter(obligation=OuterRef("pk"), state=ExtensionRequest.State.GRANTED)
    panels.obligations = list(
        Obligation.objects.filter(matter=matter, assignment__in=rows)
        .annotate(extended=Exists(granted))
        .select_related("rule")
        .order_by("pk")
    )
    parts_by_id = {row.pk: row for row in rows}
    for clock in panels.obligations:
        clock.matter, clock.assignment = matter, parts_by_id[clock.assignment_id]
    if matter.quiet and view.general & {Eye.STAFF} | ({Eye.OFFICE} if view.offices else set()):
        panels.marks.append(Mark("不自动催办", "warn", "bell"))
    panels.units = [unit_row(row, panels.obligations, view) for row in rows]
    panels.inside = [fact for row in rows if Aspect.INSIDE in aspects(view, row) for fact in inside_facts(row)]
    open_ones = open_requests(matter, rows)
    panels.requests = [shown for one in open_ones if (shown := request_shown(user, one, view))]
    if verbs & {"reply_sent_up", "reply_check_asked", "reply_date_asked"}:
        panels.requests += requests_shown(user, rows, view)
    if verbs & {"coordination_called", "ruled"}:
        panels.requests += coordinations_shown(user, matter, rows, view)
    if "countersign_asked" in verbs:
        panels.requests += countersigns_shown(user, rows, view)
    panels.files = [file_row(one) for one in files if one.purpose != Purpose.LETTER]
    if "contacted" in verbs:
        panels.contacts = contacts_shown(user, matter, view, today)
    panels.opinions = opinions_shown(rows, view)
    if "sheet_issued" in verbs:
        panels.sheets = sheets_shown(matter, view)
    panels.suggestions = suggestions_of(matter, merged=panels.merged)
    replies = list(with_points(Reply.objects.filter(assignment__matter=matter, assignment__in=rows)))
    panels.replies = replies_shown(user, matter, replies, view, files, panels.suggestions)
    panels.under_way = {
        row.assignment_id for row in replies if row.state in (Reply.State.SIGNING, Reply.State.CHECKING)
    }
    if "promised" in verbs:
        panels.promises = promises_shown(user, matter, rows, view, on=today)
    evaluated = "replied" in verbs and owners.course_of(matter).evaluation
    rounds = rounds_of(matter, rows) if evaluated else []
    confirming = {clock.assignment_id for clock in panels.obligations if clock.stage == CONFIRMING and clock.is_running}
    panels.rounds = [
        told for row in rounds if (told := round_shown(user, row, view, deciding=row.assignment_id in confirming))
    ]
    fill_acts(user, panels, open_ones)
    if may(user, "handling.quiet") and not matter.is_closed:
        words = "恢复自动催办" if matter.quiet else "不自动催办"
        panels.acts.append(Act(words, reverse("handling:quiet", args=[matter.public_id]), "bell"))
    return panels


def parts_of(rows: QuerySet[Assignment]) -> list[Any]:
    """The current parts with their units, what waits on them and, as plain values, the opinions that were given."""
    waiting = Objection.objects.undecided().filter(assignment=OuterRef("pk"))
    asked = ExtensionRequest.objects.asked().filter(obligation__assignment=OuterRef("pk"))
    opinion = JSONObject(
        text="opinions__text", doc_no="opinions__doc_no", version="opinions__version", on=TruncDate("opinions__at")
    )
    rows = rows.select_related("unit", "office", "handler", "deputy")
    given = JSONBAgg(opinion, filter=Q(opinions__isnull=False), order_by=[F("opinions__version").desc()])
    rows = rows.annotate(given_opinions=given, has_objection=Exists(waiting), has_asked=Exists(asked))
    rows = rows.annotate(
        is_called=Exists(Coordination.objects.open().filter(assignment=OuterRef("pk"))), returns=returns_in("matter")
    )
    rows = rows.annotate(has_merged=Exists(Matter.objects.filter(merged_into=OuterRef("matter"))))
    return list(rows.order_by("role", "pk"))


def note_of(event: Any) -> str:
    """Who did it, if that may be told, for whom as a delegate (S2), and that it was done on paper (P1)."""
    payload = getattr(event, "payload", None)
    facts = payload.facts if payload else {}
    who = event.by.name if event.by and not VERBS[event.verb].by_rule else "系统"
    if lender := facts.get("acted_for"):
        who = f"{who}（受{lender}委托）"
    if not event.on_paper:
        return str(who)
    on = facts.get("paper_on")
    sheet = [facts.get("paper_who"), short_day(date.fromisoformat(on)) if on else "", facts.get("paper_sheet")]
    named = "，".join(filter(None, sheet))
    return f"纸质办理·{who}代录" + (f"（{named}）" if named else "")


def happening_of(event: Any, words: str, tone: Went, scans: Mapping[str, Attachment]) -> Happening:
    """A line of the timeline; `scans` are the files that this person may open."""
    payload = getattr(event, "payload", None)
    scan = scans.get(payload.facts.get("paper_scan", "")) if payload else None
    return Happening(words, event.at, note=note_of(event), tone=tone, file_url=to("attachment", scan) if scan else "")


def main_clock(assignment: Assignment, obligations: Sequence[Obligation]) -> Obligation | None:
    """The clock that the unit is measured by in this round."""
    mine = [row for row in obligations if row.assignment_id == assignment.pk and row.stage in MAIN_STAGES]
    live = [row for row in mine if row.is_running]
    found = live or mine
    return found[-1] if found else None


def unit_row(assignment: Assignment, obligations: Sequence[Obligation], view: Eyes) -> UnitRow:
    clock = main_clock(assignment, obligations)
    late = f"（晚{clock.late_workdays}个工作日）" if clock and clock.late_workdays else ""
    done = clock is None or not clock.is_running
    return UnitRow(
        unit=assignment.unit.name,
        role=assignment.get_role_display(),
        state=assignment.get_state_display() + late,
        signed_on=assignment.signed_at,
        due_on=clock.due_on if clock and clock.status != Obligation.Status.CANCELLED else None,
        started_on=clock.started_on if clock else None,
        contact=assignment.unit.phone,
        why_url=to("why", clock) if clock and clock.is_running and knows(view, clock) else "",
        done=done,
        provisional=bool(clock and clock.provisional),
    )


def inside_facts(assignment: Assignment) -> list[Fact]:
    """Who works on it inside the unit; only the unit itself reads this."""
    facts = [
        Fact("分管领导", assignment.deputy),
        Fact("科室", assignment.section),
        Fact("经办人", assignment.handler),
        Fact("内部时限", assignment.internal_due_on),
        Fact("批办意见", assignment.head_comment, wide=True),
    ]
    return [fact for fact in facts if fact.value]
