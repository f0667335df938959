"""What a page shows of a matter in hand: filled per aspect for one person, printed by `handling/panels/*.html`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, QuerySet
from django.db.models.functions import JSONObject, TruncDate
from django.urls import reverse
from django.utils import timezone

from members.days import short_day
from members.rights import may
from members.shown import Act, Fact, FileRow, Happening, Mark, UnitRow, Went

from .aspects import Aspect, aspects
from .attachments import attachments_of, removable
from .blocks import Answer, ReplyShown, RequestShown
from .contacted import contact_state
from .events import VERBS, timeline
from .eyes import Eye, Eyes, eyes
from .knowing import knows
from .models import (
    COORDINATE_AFTER,
    Access,
    Assignment,
    Attachment,
    ChaseSheet,
    Contact,
    Coordination,
    CoordinationOpinion,
    Evaluation,
    EvaluationRound,
    ExtensionRequest,
    Matter,
    Objection,
    Obligation,
    Purpose,
    Reply,
    Suggestion,
    returns_in,
)
from .promises import PromiseShown, promises_shown
from .queries import labels_of, suggestions_of
from .rights import IN_HAND, allowed
from .signatures import countersigns_shown, requests_shown

MAIN_STAGES = ("reply", "rehandle", "co_opinion")
CONFIRMING = "confirm_dissatisfaction"
FEW = 3
"""From this many forms on a unit is told how many there were of each grade (S2)."""


@dataclass(frozen=True)
class ContactShown:
    what: str
    note: str
    state: str
    acts: list[Act] = field(default_factory=list)
    confirm_url: str = ""


@dataclass(frozen=True)
class OpinionShown:
    title: str
    text: str
    note: str


@dataclass(frozen=True)
class RoundShown:
    """A round of evaluation as far as this person may know it."""

    title: str
    ratings: list[Fact]
    notes: list[str]
    sentence: str = ""
    acts: list[Act] = field(default_factory=list)
    appraisal: list[Fact] = field(default_factory=list)


@dataclass(frozen=True)
class SheetShown:
    """A letter of supervision that the unit has got."""

    title: str
    text: str
    url: str


@dataclass
class Panels:
    """Everything about the handling of one matter that this person may read now."""

    view: Eyes
    assignments: list[Assignment]
    units: list[UnitRow] = field(default_factory=list)
    inside: list[Fact] = field(default_factory=list)
    requests: list[RequestShown] = field(default_factory=list)
    contacts: list[ContactShown] = field(default_factory=list)
    opinions: list[OpinionShown] = field(default_factory=list)
    sheets: list[SheetShown] = field(default_factory=list)
    replies: list[ReplyShown] = field(default_factory=list)
    promises: list[PromiseShown] = field(default_factory=list)
    rounds: list[RoundShown] = field(default_factory=list)
    files: list[FileRow] = field(default_factory=list)
    happenings: list[Happening] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    by_unit: list[tuple[str, list[Act]]] = field(default_factory=list)
    recorded: list[tuple[str, list[Act]]] = field(default_factory=list)
    obligations: list[Any] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    to_consult: set[int] = field(default_factory=set)
    under_way: set[int] = field(default_factory=set)
    merged: bool = True
    offline: bool = False
    suggestions: list[Suggestion] = field(default_factory=list)


def suspend_act(user: Any, matter: Matter) -> list[Act]:
    """The way to take a matter out of everyone's sight, open to all of the committee's staff (S5)."""
    if matter.access == Access.SUSPENDED or not may(user, "handling.suspend"):
        return []
    return [Act("暂停查看", reverse("handling:suspend", args=[matter.public_id]), "lock", "ghost")]


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
    if "reply_sent_up" in verbs:
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
    rounds = rounds_of(matter, rows) if "replied" in verbs else []
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


# objections and extensions -------------------------------------------------------------------------------------------


def open_requests(matter: Matter, rows: Sequence[Any]) -> list[Objection | ExtensionRequest]:
    """What waits for a decision on one of the parts; asked only where there is such a thing."""
    found: list[Objection | ExtensionRequest] = []
    if any(row.has_objection for row in rows):
        parts = {row.pk: row for row in rows}
        objections = Objection.objects.undecided().with_returns().filter(assignment__in=rows)
        for objection in objections.select_related("reason", "suggested"):
            objection.assignment = parts[objection.assignment_id]
            found.append(objection)
    if any(row.has_asked for row in rows):
        asked = ExtensionRequest.objects.asked().filter(obligation__matter=matter)
        found += asked.select_related("obligation__assignment__unit", "obligation__assignment__office")
    return found


def part_of(request: Objection | ExtensionRequest) -> Assignment:
    part = request.assignment if isinstance(request, Objection) else request.obligation.assignment
    assert part is not None
    return part


def request_shown(user: Any, request: Objection | ExtensionRequest, view: Eyes) -> RequestShown | None:
    assignment = part_of(request)
    seen = aspects(view, assignment)
    words = "撤回申请" if Eye.UNIT in view.of(assignment) else "登记单位撤回（纸质）"
    if isinstance(request, Objection):
        if Aspect.OBJECTION not in seen:
            return None
        decide = allowed(user, "handling.decide_objection", assignment, view)
        withdraw = allowed(user, "handling.withdraw_objection", assignment, view)
        page, about, label = "decide_objection", str(request.public_id), "作出决定"
        if request.state == Objection.State.COORDINATING:
            page, about, label = "call_coordination", str(assignment.public_id), "召开协调会"
            decide = allowed(user, "handling.call_coordination", assignment, view) and not getattr(
                assignment, "is_called", False
            )
        return RequestShown(
            f"{assignment.unit}申请退回（{request.get_state_display()}）",
            objection_facts(request),
            [Act(label, reverse(f"handling:{page}", args=[about]), kind="primary")] * decide
            + [Act(words, to("withdraw_objection", request))] * withdraw,
        )
    if Aspect.EXTENSION not in seen:
        return None
    decide = allowed(user, "handling.decide_extension", assignment, view)
    withdraw = allowed(user, "handling.withdraw_extension", assignment, view)
    return RequestShown(
        f"{assignment.unit}申请延期（{request.get_state_display()}）",
        extension_facts(request),
        [Act("审批", to("decide_extension", request), kind="primary")] * decide
        + [Act(words, to("withdraw_extension", request))] * withdraw,
    )


def objection_facts(row: Objection) -> list[Fact]:
    facts = [
        Fact("退回原因", row.reason),
        Fact("理由", row.text, wide=True),
        Fact("本单位审批领导", row.approved_by),
        Fact("建议承办单位", row.suggested or "未提出"),
    ]
    if row.suggested_at:
        answer = "同意接办" if row.suggested_accepts else "不同意接办"
        facts.append(Fact("建议单位意见", f"{answer}　{row.suggested_text}", wide=True))
    if returns := getattr(row, "returns", 0):
        facts.append(Fact("该件已调整", f"{returns}次" + ("，须由协调会裁定" if returns >= COORDINATE_AFTER else "")))
    return facts


def coordinations_shown(user: Any, matter: Matter, rows: Sequence[Any], view: Eyes) -> list[RequestShown]:
    """Meetings about the parts that are not called off: for the unit, the offices, and the units that a ruling binds."""
    asked = CoordinationOpinion.objects.select_related("unit").order_by("pk")
    found = Coordination.objects.filter(assignment__matter=matter, called_off_at=None).order_by("-pk")
    found = found.select_related("assignment__unit").prefetch_related(Prefetch("opinions", asked))
    shown = []
    for one in found:
        about = [one.assignment, *(row for row in rows if row.ruling_id == one.pk)]
        if not any(Aspect.OBJECTION in aspects(view, part) for part in about):
            continue
        acts = []
        if one.ruled_at is None and allowed(user, "handling.rule_coordination", one.assignment, view):
            acts = [Act("登记协调会和裁定", to("rule_coordination", one), kind="primary")]
        inside = bool(view.of(one.assignment) & {Eye.STAFF, Eye.OFFICE})
        title = f"协调会裁定：{one.get_ruling_display()}" if one.ruled_at else f"{one.assignment.unit}承办事项协调会"
        shown.append(RequestShown(title, coordination_facts(one, opinions=inside), acts))
    return shown


def coordination_facts(row: Coordination, *, opinions: bool) -> list[Fact]:
    """What is known of a meeting; what each unit said before it is the offices' to read."""
    facts = [
        Fact("召开原因", row.reason, wide=True),
        Fact("会议", f"{short_day(row.held_on or row.meets_on)}　{row.place}"),
        Fact("邀请单位", "、".join(one.unit.name for one in row.opinions.all()), wide=True),
        *(Fact("书面意见", str(one), wide=True) for one in row.opinions.all() if opinions),
        Fact("主持人", row.chair),
        Fact("参加单位和人员", row.present, wide=True),
        Fact("会议纪要", row.minutes, wide=True),
        Fact("裁定理由", row.text, wide=True),
    ]
    return [fact for fact in facts if fact.value]


def extension_facts(row: ExtensionRequest) -> list[Fact]:
    return [Fact("现在的期限", row.old_due), Fact("申请延至", row.to_on), Fact("理由", row.reason, wide=True)]


# contacts and opinions -----------------------------------------------------------------------------------------------


def contacts_shown(user: Any, matter: Matter, view: Eyes, today: date) -> list[ContactShown]:
    rows = (
        Contact.objects.filter(assignment__matter=matter)
        .select_related("assignment__unit")
        .annotate(
            yes=Count("answers", filter=Q(answers__took_place=True)),
            no=Count("answers", filter=Q(answers__took_place=False)),
            mine=Count("answers", filter=Q(answers__participant__in=view.answers)),
        )
    )
    shown = []
    for row in rows.order_by("-held_on", "-pk"):
        if Aspect.CONTACTS not in aspects(view, row.assignment):
            continue
        may_answer = allowed(user, "handling.confirm_contact", row.assignment, view)
        asked = bool(view.answers) and not row.mine and may_answer
        silent = Eye.STAFF in view.general and not (row.yes or row.no) and may_answer
        shown.append(
            ContactShown(
                f"{short_day(row.held_on)} {row.assignment.unit}{row.get_mode_display()}（{row.get_when_display()}）",
                f"{row.persons}。{row.text}",
                contact_state(row.yes, row.no, row.at, today),
                [Act("核对是否属实" if asked else "代录提案者核对", to("confirm_contact", row))]
                if asked or silent
                else [],
                to("confirm_contact", row) if asked and len(view.answers) == 1 else "",
            )
        )
    return shown


def opinions_shown(rows: Sequence[Any], view: Eyes) -> list[OpinionShown]:
    return [
        OpinionShown(
            f"{row.unit}" + (f" 第{given['version']}稿" if given["version"] > 1 else ""),
            given["text"],
            "　".join(filter(None, [given["doc_no"], given["on"] and short_day(date.fromisoformat(given["on"]))])),
        )
        for row in rows
        for given in row.given_opinions or []
        if Aspect.OPINION in aspects(view, row)
    ]


def sheets_shown(matter: Matter, view: Eyes) -> list[SheetShown]:
    """The letters of supervision, for their unit and the offices."""
    rows = ChaseSheet.objects.issued().filter(checkpoint__obligation__matter=matter)
    rows = rows.select_related("checkpoint__obligation__assignment__unit").order_by("-pk")
    return [
        SheetShown(f"{part.unit}　{short_day(timezone.localdate(row.at))}", row.text, to("sheet", row))
        for row in rows
        if (part := row.checkpoint.obligation.assignment) and Aspect.REMINDED in aspects(view, part)
    ]


# replies and evaluations ---------------------------------------------------------------------------------------------


def replies_shown(
    user: Any,
    matter: Matter,
    rows: Sequence[Reply],
    view: Eyes,
    files: Sequence[Attachment],
    suggestions: Sequence[Suggestion],
) -> list[ReplyShown]:
    """The replies that this person may read, the latest round first."""
    for row in rows:
        row.assignment.matter = matter
    readable = [row for row in rows if aspects(view, row) & {Aspect.REPLY, Aspect.DRAFT_REPLY}]
    readable.sort(key=lambda row: (-row.round, row.pk))
    return [told_of(user, row, view, reply_shown(row, files, suggestions)) for row in readable]


def told_of(user: Any, row: Reply, view: Eyes, shown: ReplyShown) -> ReplyShown:
    """The same with what the unit proposed for its publication, and the way to propose it or to put it back."""
    if Aspect.DISCLOSURE not in aspects(view, row) or row.assignment.matter.placeholder:
        return shown
    said = getattr(row, "disclosure", None)
    shown.facts.append(Fact("公开属性", said.words if said else "承办单位还没有提出"))
    if allowed(user, "handling.propose_disclosure", row.assignment, view):
        wanted = row.state == Reply.State.DELIVERED and (said is None or said.returned_at is not None)
        primary = wanted and Eye.UNIT in view.of(row.assignment)
        label = "提出公开属性" if said is None else "更改公开属性"
        shown.acts.append(
            Act(label, to("disclosure", row), kind="primary" if primary else "", about=str(row.assignment.unit))
        )
    put_back = said is not None and said.returned_at is not None
    delivered = row.state == Reply.State.DELIVERED and not put_back
    if delivered and allowed(user, "handling.return_disclosure", row.assignment, view):
        shown.acts.append(Act("公开属性退回单位", to("return_disclosure", row), about=str(row.assignment.unit)))
    return shown


def with_points(replies: QuerySet[Reply]) -> QuerySet[Reply]:
    """Replies with what `reply_shown` needs of each, in one query."""
    points = JSONObject(
        suggestion="points__suggestion_id", text="points__text",
        result="points__result__code", same="points__same_as_id",
    )  # fmt: skip
    rows = replies.select_related("assignment__unit", "issuer", "result", "disclosure")
    return rows.annotate(given=JSONBAgg(points, filter=Q(points__isnull=False)))


def reply_shown(row: Any, files: Sequence[Attachment], suggestions: Sequence[Suggestion]) -> ReplyShown:
    state = "" if row.state == Reply.State.DELIVERED else f"（{row.get_state_display()}）"
    title = f"{row.assignment.unit}{'二次' if row.round > 1 else ''}答复{state}"
    facts = [
        Fact("行文单位", row.issuer.name if row.issuer_id != row.assignment.unit_id else ""),
        Fact("文号", row.doc_no),
        Fact("落款日期", row.letter_on),
        Fact("签发人", row.signer),
        Fact("办理结果", row.result),
        Fact("联系人", " ".join(filter(None, [row.contact_name, row.contact_phone]))),
        Fact("未面商原因", row.no_contact_reason, wide=True),
        Fact("退回修改意见", row.return_reason if row.state == Reply.State.RETURNED else "", wide=True),
    ]
    letters = [one for one in files if one.reply_id == row.pk]
    return ReplyShown(
        title=title,
        facts=[fact for fact in facts if fact.value],
        answers=answers_of(row.given or [], suggestions),
        text=row.opening,
        files=[file_row(one) for one in letters],
        acts=[],
    )


def answers_of(points: Sequence[dict[str, Any]], suggestions: Sequence[Suggestion]) -> list[Answer]:
    """The answers in the order of the suggestions, each called as everywhere else."""
    labels, given = labels_of(suggestions), {point["suggestion"]: point for point in points}
    return [
        Answer(
            f"{labels[one.pk]}：{one.for_units}",
            f"同{labels[point['same']]}" if point["same"] else point["text"],
            f"{point['result']}类" if point["result"] else "",
        )
        for one in suggestions
        if (point := given.get(one.pk))
    ]


def rounds_of(matter: Matter, assignments: Sequence[Assignment]) -> list[Any]:
    """Rounds of evaluation with their forms as plain values, in one query."""
    form = JSONObject(
        id="evaluations__public_id", who="evaluations__participant__person__name",
        body="evaluations__participant__body__name", participant="evaluations__participant_id",
        work="evaluations__work", result="evaluations__result", reason="evaluations__reason__label",
        text="evaluations__text", approval="evaluations__approval", cleared="evaluations__text_cleared", named="evaluations__name_to_unit",
        paper="evaluations__on_paper", confirmed="evaluations__confirmed_at", late="evaluations__late",
        flags="evaluations__flags", checked="evaluations__checked_note",
        explained="evaluations__explanation__text", explained_on="evaluations__explanation__held_on",
    )  # fmt: skip
    live = Q(evaluations__isnull=False, evaluations__withdrawn_at=None)
    rows = EvaluationRound.objects.filter(assignment__matter=matter, assignment__in=assignments)
    rows = rows.select_related("assignment__unit", "assignment__office", "appraisal")
    return list(rows.annotate(forms=JSONBAgg(form, filter=live)).order_by("-round", "pk"))


def round_shown(user: Any, row: Any, view: Eyes, *, deciding: bool) -> RoundShown | None:
    """What each side said of the other, as far as this person may know either.

    `deciding`: the office has a dissatisfaction of this unit's reply to confirm.
    """
    seen = aspects(view, row)
    shown = evaluation_shown(user, row, view, seen, deciding=deciding)
    if shown is None:
        return None
    acts = [*shown.acts, *appraise_act(user, row, view)]
    return replace(shown, acts=acts, appraisal=appraisal_facts(row) if Aspect.APPRAISAL in seen else [])


def appraisal_facts(row: Any) -> list[Fact]:
    given = getattr(row, "appraisal", None)
    if given is None:
        return []
    facts = [Fact(label, grade) for label, grade in given.said()]
    return [*facts, Fact("评议意见", given.text, wide=True)] if given.text else facts


def appraise_act(user: Any, row: Any, view: Eyes) -> list[Act]:
    """The unit's way to say what it thinks of the proposal, once a round and before that has closed."""
    given = getattr(row, "appraisal", None)
    if row.closed_at or given or not allowed(user, "handling.appraise", row.assignment, view):
        return []
    words = "评议提案" if Eye.UNIT in view.of(row.assignment) else "登记单位评议（纸质）"
    return [Act(words, to("appraise", row.assignment))]


def evaluation_shown(user: Any, row: Any, view: Eyes, seen: frozenset[Aspect], *, deciding: bool) -> RoundShown | None:
    forms = sorted(row.forms or [], key=lambda form: str(form["id"]))
    own = [form for form in forms if form["participant"] in view.rates]
    if Aspect.FORMS in seen:
        return office_round(user, row, forms, view, deciding=deciding)
    if Aspect.RESULT in seen:
        return RoundShown(title_of(row), digest(row, forms, all_counts=True), reasons(forms, named=False))
    if own or Eye.PROPOSER in view.general:
        return own_round(user, row, own, view)
    if Aspect.DIGEST in seen:
        cleared = [form for form in forms if form["cleared"]]
        return RoundShown(title_of(row), digest(row, forms, all_counts=False), reasons(cleared, named=True))
    if Eye.UNIT in view.of(row.assignment) and not row.closed_at:
        return RoundShown(title_of(row), [], [], "正在征求提案者意见，评价结束后可以看到结果。")
    return None


def title_of(row: Any) -> str:
    return f"{row.assignment.unit}" + (f" 第{row.round}轮" if row.round > 1 else "")


GRADES = dict(Evaluation.Grade.choices)


def grades_of(form: dict[str, Any]) -> str:
    marks = (
        ["纸质"] * form["paper"]
        + ["待核对"] * (form["paper"] and not form["confirmed"])
        + ["结束后收到"] * form["late"]
    )
    said = f"办理工作{GRADES[form['work']]}，办理结果{GRADES[form['result']]}"
    return said + (f"（{'、'.join(marks)}）" if marks else "")


def rater_of(form: dict[str, Any]) -> str:
    return str(form["who"] or form["body"])


def office_round(user: Any, row: Any, forms: list[dict[str, Any]], view: Eyes, *, deciding: bool) -> RoundShown:
    ratings = [Fact(rater_of(form), grades_of(form)) for form in forms]
    notes = reasons(forms, named=True, anyway=True)
    notes += [f"{form['body']}审定情况：{form['approval']}" for form in forms if form["approval"]]
    for form in forms:
        if form["flags"]:
            words = f"已核查：{form['checked']}" if form["checked"] else f"请核查（{'、'.join(form['flags'])}）"
            notes.append(f"{rater_of(form)}：{words}")
        if form["explained"]:
            on = short_day(date.fromisoformat(form["explained_on"]))
            notes.append(f"{rater_of(form)}：{on}经说明接受。{form['explained']}")
    acts = [act for form in forms for act in acts_on_form(form, closed=row.closed_at is not None)]
    if row.closed_at:
        ratings.insert(0, Fact("结果", row.get_outcome_display()))
    elif deciding:
        acts.append(Act("核实不满意", to("confirm_dissatisfaction", row.assignment), kind="primary"))
    if row.round == row.assignment.round and allowed(user, "handling.record_evaluation", row.assignment, view):
        acts.append(Act("登记纸质评价", to("record_evaluation", row.assignment)))
    sentence = "" if forms else "还没有收到评价。"
    return RoundShown(title_of(row), ratings, notes, sentence, acts)


def acts_on_form(form: dict[str, Any], *, closed: bool) -> list[Act]:
    """What the office can do with one form; it never changes what the proposer said."""
    who = f"（{rater_of(form)}）"
    if form["paper"] and not form["confirmed"]:
        return [Act(f"核对纸质评价{who}", reverse("handling:confirm_evaluation", args=[form["id"]]))]
    acts = []
    if form["flags"] and not form["checked"]:
        acts.append(Act(f"登记核查{who}", reverse("handling:check_flags", args=[form["id"]])))
    against = Evaluation.Grade.DISSATISFIED in (form["work"], form["result"])
    if against and not form["explained"] and form["late"] == closed:
        acts.append(Act(f"登记说明情况{who}", reverse("handling:explain_dissatisfaction", args=[form["id"]])))
    if closed and form["text"]:
        words = "停止向单位提供" if form["cleared"] else "向单位提供"
        acts.append(Act(f"{words}意见{who}", reverse("handling:clear_evaluation", args=[form["id"]])))
    return acts


def digest(row: Any, forms: list[dict[str, Any]], *, all_counts: bool) -> list[Fact]:
    """The outcome; how many of each grade only where that points at nobody."""
    facts = [Fact("结果", row.get_outcome_display())]
    counted = [form for form in forms if not form["late"] and (form["confirmed"] or not form["paper"])]
    order = list(GRADES).index
    worst = [max(form["work"], form["result"], key=order) for form in counted]
    if worst:
        facts.append(Fact("最低评价", GRADES[max(worst, key=order)]))
    if all_counts or len(counted) >= FEW:
        facts += [Fact(label, f"{worst.count(grade)}份") for grade, label in GRADES.items()]
        facts.append(Fact("未反馈", f"{row.missing}人"))
    return facts


def reasons(forms: list[dict[str, Any]], *, named: bool, anyway: bool = False) -> list[str]:
    """What was written. With `named` whoever agreed is named, or everyone (`anyway`); a single rater is known."""
    written = []
    for form in forms:
        text = "：".join(filter(None, [form["reason"], form["text"]]))
        known = named and (anyway or form["named"])
        who = f"{form['who'] or form['body']}——" if known else ""
        if text:
            written.append(f"{who}{text}")
    return written


def own_round(user: Any, row: Any, own: list[dict[str, Any]], view: Eyes) -> RoundShown:
    acts = []
    if not own and allowed(user, "handling.evaluate", row.assignment, view):
        acts.append(
            Act("评价", reverse("handling:evaluate", args=[row.assignment.public_id, row.round]), kind="primary")
        )
    if not row.closed_at:
        acts += [Act("撤回评价", reverse("handling:withdraw_evaluation", args=[form["id"]])) for form in own]
    ratings = [Fact(form["who"] or form["body"], grades_of(form)) for form in own]
    ended = "评价已经结束；您仍可补交，补交的评价会单独记录。" if row.closed_at else "请对这份答复作出评价。"
    if not view.rates:
        ended = "" if row.closed_at else "由提案组织的秘书长或召集人评价。"
    mark = ["您在本承办单位工作，这份评价会加注说明。"] if Eye.UNIT in view.of(row.assignment) else []
    return RoundShown(title_of(row), ratings, reasons(own, named=False) + mark, "" if own else ended, acts)


# files and acts ------------------------------------------------------------------------------------------------------


def file_row(one: Attachment) -> FileRow:
    size = f"{max(one.size // 1024, 1)} KB" if one.size < 1024 * 1024 else f"{one.size / 1024 / 1024:.1f} MB"
    return FileRow(
        one.name, size, to("attachment", one), "" if one.scan == "clean" else one.get_scan_display(), key_of(one)
    )


def key_of(one: Attachment) -> str:
    return str(one.public_id) if removable(one) else ""


def to(name: str, row: Any) -> str:
    return reverse(f"handling:{name}", args=[row.public_id])


WORDS = {
    "sign_for": "签收",
    "object": "申请退回",
    "pass_inside": "内部分办",
    "record_contact": "登记沟通",
    "send_opinion": "提交会办意见",
    "draft_reply": "拟写答复",
    "ask_extension": "申请延期",
    "revoke_extension": "撤销延期",
    "call_coordination": "召开协调会",
    "transfer": "调整承办单位",
    "add_unit": "增加承办单位",
    "make_lead": "改为主办",
    "release": "不再承办",
    "name_successor": "指定承接单位",
    "chase": "催办",
    "consult_jointly": "登记联合会商",
    "reopen": "重新办理",
    "papers": "公文",
}
URGENT = ("sign_for", "draft_reply", "send_opinion")
WORDED = ("draft_reply", "send_opinion", "record_contact", "consult_jointly")
"""Acts that take words; what is handled offline has none of them (P19)."""
OF_THE_UNIT = (*URGENT, "object", "pass_inside", "record_contact", "ask_extension")


def fill_acts(user: Any, panels: Panels, waiting: Sequence[Objection | ExtensionRequest]) -> None:
    """What this person can do now: of his own, with each of several units, and from a unit's paper."""
    for row in panels.assignments:
        offered = [name for name in WORDS if offer(user, name, row, panels, waiting)]
        outside = Eye.UNIT not in panels.view.of(row)
        several = len(panels.assignments) > 1 and outside
        if outside and (theirs := [Act(WORDS[name], to(name, row)) for name in offered if name in OF_THE_UNIT]):
            panels.recorded.append((str(row.unit), theirs))
            offered = [name for name in offered if name not in OF_THE_UNIT]
        if several and offered:
            panels.by_unit.append((str(row.unit), [act_on(row, name) for name in offered]))
            continue
        for name in offered:
            primary = name in URGENT and not any(act.kind == "primary" for act in panels.acts)
            panels.acts.append(Act(WORDS[name], to(name, row), kind="primary" if primary else ""))


def coordinated(row: Any) -> bool:
    """Whether only a meeting changes the unit of a part that `parts_of` has read."""
    return row.ruling_id is not None or row.returns >= COORDINATE_AFTER


def act_on(row: Assignment, name: str) -> Act:
    """The button of an act that stands below the unit's name."""
    return Act(WORDS[name], to(name, row), about=str(row.unit))


def offer(
    user: Any, name: str, row: Assignment, panels: Panels, waiting: Sequence[Objection | ExtensionRequest]
) -> bool:
    """Whether an act is worth offering: the right, the state, and what is already under way."""
    if not allowed(user, f"handling.{name}", row, panels.view):
        return False
    running = {clock.stage: clock for clock in panels.obligations if clock.assignment_id == row.pk and clock.is_running}
    clocks = running.keys()
    kinds = {type(request) for request in waiting if part_of(request).pk == row.pk}
    if panels.offline and name in WORDED:
        return False
    match name:
        case "object":
            window = running.get("objection_window")
            from_paper = Eye.UNIT not in panels.view.of(row)  # of a day on which it was still open
            in_time = window is not None and (from_paper or window.due_on >= timezone.localdate())
            return in_time and Objection not in kinds
        case "ask_extension":
            return bool(clocks & {*MAIN_STAGES}) and ExtensionRequest not in kinds
        case "draft_reply":
            return row.answers and row.pk not in panels.under_way
        case "reopen":
            return row.answers
        case "revoke_extension":
            extended = [one for one in panels.obligations if one.assignment_id == row.pk and one.extended]
            return any(one.is_running for one in extended) and ExtensionRequest not in kinds
        case "call_coordination":  # beside an objection its own card offers it
            return Objection not in kinds and coordinated(row) and not getattr(row, "is_called", False)
        case "transfer":
            return Objection not in kinds and not coordinated(row)
        case "add_unit":
            return row.answers
        case "release":
            return (
                row.role in (Assignment.Role.CO, Assignment.Role.SPLIT) and Objection not in kinds and not row.ruling_id
            )
        case "make_lead":
            lead = next((one for one in panels.assignments if one.role == Assignment.Role.LEAD), None)
            undecided = {part_of(one).pk for one in waiting if isinstance(one, Objection)}
            ruled = row.ruling_id or (lead and lead.ruling_id)
            in_hand = lead is not None and lead.state in IN_HAND and not (ruled or undecided & {lead.pk, row.pk})
            return row.role == Assignment.Role.CO and in_hand
        case "send_opinion":
            return not row.answers and any(one.answers and one.state in IN_HAND for one in panels.assignments)
        case "name_successor":
            over = row.state == Assignment.State.SETTLED and "commitment" not in clocks
            return row.unit.ended_on is not None and not over
        case "consult_jointly":
            return row.pk in panels.to_consult
        case _:
            return True
