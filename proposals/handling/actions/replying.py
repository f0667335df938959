"""Co-handlers' opinions and units' replies, in rounds that are never overwritten."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from members.errors import Refused, Stale, WrongStep
from members.inbox.actions import tell
from members.models import Person
from proposals.handling import clocks, owners, queries
from proposals.handling.blanks import blanks_of, still_blank
from proposals.handling.classes import class_of, faults_of_powers
from proposals.handling.models import (
    Assignment,
    Commitment,
    CoOpinion,
    EvaluationRound,
    Matter,
    Reply,
    ReplyPoint,
    ReplyVersion,
    ResultClass,
    Stage,
    Suggestion,
)

from .attaching import release_letters
from .doc_numbering import keep_number
from .extending import within_limit
from .freezing import freeze
from .giving import restage, subject_of
from .paper import (
    Paper,
    acted_on,
    acts_for,
    expect,
    in_the_open,
    lock,
    not_in_judgement,
    not_own_proposal,
    office_sheet_needed,
    paper_facts,
    unit_sheet_needed,
)
from .promising import faults_of_promises, give_promises
from .sharing import drop_requests

State = Assignment.State


@dataclass(frozen=True)
class PointGiven:
    """The answer to one suggestion; `same_as` stands for 同第 n 条."""

    result: ResultClass | None = None
    text: str = ""
    same_as: Suggestion | None = None


@transaction.atomic
def send_opinion(
    assignment: Assignment,
    *,
    text: str,
    by: Person,
    now: datetime,
    doc_no: str = "",
    letter_on: date | None = None,
    paper: Paper | None = None,
) -> CoOpinion:
    """A co-handler's opinion for the lead (会办意见); a second one is a new version, nothing is overwritten."""
    unit_sheet_needed(assignment, by=by, now=now, paper=paper)
    assignment = lock(assignment)
    in_the_open(assignment)
    if assignment.answers:
        raise Refused("主办、独办、分办单位直接答复，不提交会办意见。")
    expect(assignment, State.SIGNED, State.ANSWERED)
    if assignment.objections.undecided().exists():
        raise Refused("退回申请还没有决定。要提交会办意见，请先撤回退回申请。")
    if not text.strip():
        raise Refused("请填写会办意见。")
    waiting = assignment.matter.assignments.current().answering().filter(state__in=[State.PENDING, State.SIGNED])
    lead = waiting.order_by("-round").first()
    if lead is None:
        raise WrongStep("主办单位已经答复，不再接收会办意见。")
    version = assignment.opinions.filter(round=lead.round).count() + 1
    opinion = CoOpinion.objects.create(
        assignment=assignment,
        round=lead.round,
        version=version,
        text=text,
        doc_no=doc_no,
        letter_on=letter_on,
        by=by,
        at=now,
    )
    if doc_no:
        keep_number(opinion, assignment=assignment, on=timezone.localdate(now))
    assignment.state = State.ANSWERED
    assignment.save(update_fields=["state"])
    for obligation in clocks.open_for(assignment=assignment).filter(stage__in=["co_opinion", "internal"]):
        clocks.complete(obligation, by=by, now=now, on=paper.on if paper else None)
    event = assignment.matter.record(
        "opinion_sent",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        version=version,
        **paper_facts(paper),
    )
    restage(assignment.matter)
    leads = assignment.matter.assignments.current().filter(role=Assignment.Role.LEAD).values_list("unit_id", flat=True)
    tell(
        queries.clerks_of(leads, on=timezone.localdate(now)),
        event_id=event.pk,
        template="opinion_sent",
        subject=subject_of(assignment),
        now=now,
    )
    return opinion


def suggestions_to_answer(assignment: Assignment, among: Sequence[Suggestion] | None = None) -> list[Suggestion]:
    """What this unit answers of the matter and of those merged into it: not what another answering unit was named for."""
    rows = list(queries.suggestions_of(assignment.matter) if among is None else among)
    named = {one.unit_id for one in rows} - {None, assignment.unit_id}
    if not named:
        return rows
    others = assignment.matter.assignments.current().answering().filter(unit__in=named)
    theirs = set(others.values_list("unit_id", flat=True))
    return [one for one in rows if one.unit_id not in theirs]


def drop_answers(matter: Matter) -> None:
    """Its proposer took this matter back: drafts answer its suggestions no more, nor point to them."""
    drafts = ReplyPoint.objects.filter(reply__state__in=Reply.OPEN)
    about = drafts.filter(Q(suggestion__matter=matter) | Q(same_as__matter=matter))
    Reply.objects.filter(points__in=about).update(version=F("version") + 1)
    drafts.filter(same_as__matter=matter).update(same_as=None)
    Commitment.objects.filter(point__in=drafts.filter(suggestion__matter=matter)).delete()
    drafts.filter(suggestion__matter=matter).delete()


@transaction.atomic
def draft_reply(
    assignment: Assignment,
    fields: Mapping[str, Any],
    points: Mapping[int, PointGiven],
    *,
    by: Person,
    now: datetime,
    version: int | None = None,
) -> Reply:
    """Keep the draft of this round's reply. `fields` are Reply's own columns, `points` go by suggestion id.

    Raises Stale if somebody else saved after `version` was read.
    """
    assignment = lock(assignment)
    in_the_open(assignment)
    if not assignment.answers:
        raise Refused("会办单位只向主办单位提交会办意见，不直接答复委员。")
    expect(assignment, State.SIGNED)
    reply = assignment.replies.select_for_update(of=("self",)).filter(round=assignment.round).first()
    if reply is None:
        reply = Reply(
            assignment=assignment, round=assignment.round, issuer=assignment.unit, drafted_by=by, drafted_at=now
        )
        reply.version = 0
    elif reply.state not in Reply.DRAFTING:
        raise WrongStep(not_to_be_written(reply))
    if version is not None and version != reply.version:
        raise Stale("这份答复稿刚被别人改过。您写的内容已保留在下面，请对照最新内容后再保存。")
    for name, value in fields.items():
        setattr(reply, name, value)
    reply.version += 1
    reply.save()
    if reply.doc_no or reply.version > 1:
        keep_number(reply, assignment=assignment, on=timezone.localdate(now))
    for suggestion in suggestions_to_answer(assignment):
        point = points.get(suggestion.pk)
        if point is not None:
            ReplyPoint.objects.update_or_create(
                reply=reply,
                suggestion=suggestion,
                defaults={"result": point.result, "text": point.text, "same_as": point.same_as},
            )
    return reply


@transaction.atomic
def ask_to_send(assignment: Assignment, *, by: Person, now: datetime) -> None:
    """Whoever drafts but may not send says that the draft is ready; the unit's clerk is told.

    Nobody outside the unit learns of it (S2).
    """
    assignment = lock(assignment)
    expect(assignment, State.SIGNED)
    if not assignment.replies.filter(round=assignment.round, state__in=Reply.DRAFTING).exists():
        raise WrongStep("还没有答复稿，请先拟写。")
    event = assignment.matter.record("reply_drafted", by=by, now=now, assignment=assignment, unit=str(assignment.unit))
    clerks = queries.clerks_of([assignment.unit_id], on=timezone.localdate(now))
    tell(
        [person for person in clerks if person != by.pk],
        event_id=event.pk,
        template="reply_drafted",
        subject=subject_of(assignment),
        now=now,
    )


def not_to_be_written(reply: Reply) -> str:
    """Why a reply that is on its way is not written on."""
    if reply.state == Reply.State.SIGNING:
        return "答复稿正在签批，不能再改。需要修改的，请先撤回送签。"
    return f"答复现在是“{reply.get_state_display()}”，不能再改。"


def current_draft(assignment: Assignment) -> Reply | None:
    """The reply of this round as far as it has come; None before the first word."""
    rows = assignment.replies.filter(round=assignment.round).select_related("result", "issuer", "assignment__matter")
    return rows.first()


def readable_draft(assignment: Assignment, *, by: Person) -> Reply | None:
    """The draft for whoever goes on with it.

    Raises Refused if the unit is drafting itself: the proposal office, which records from paper, does not
    read a reply before it is delivered (S2).
    """
    draft = current_draft(assignment)
    if draft is None or draft.drafted_by_id == by.pk:
        return draft
    today = timezone.localdate()
    if not (acts_for(by, assignment.unit_id, on=today) or acts_for(by, assignment.office_id, on=today)):
        raise Refused("承办单位正在拟写答复，请由单位自己发出；纸质答复函请与单位联系后由交办机构登记。")
    return draft


def unanswered(reply: Reply) -> list[Suggestion]:
    """Suggestions that the reply leaves without an answer of their own or a 同第 n 条."""
    given = {point.suggestion_id: point for point in reply.points.all()}
    own = {pk for pk, point in given.items() if point.text.strip() and point.result_id and not point.same_as_id}
    return [
        suggestion
        for suggestion in suggestions_to_answer(reply.assignment)
        if suggestion.pk not in own and (suggestion.pk not in given or given[suggestion.pk].same_as_id not in own)
    ]


def check_complete(reply: Reply, *, on: date) -> None:
    """Raise Refused with everything that is still missing, in one sentence each."""
    faults = []
    if missing := unanswered(reply):
        labels = queries.labels_of(queries.suggestions_of(reply.assignment.matter))
        faults.append("还有建议没有答复：" + "、".join(labels[one.pk] for one in missing) + "。")
    for where, words in blanks_of(reply).items():
        faults.append(still_blank(where, words))
    if class_of(reply) is None:
        faults.append("请选择总的办理结果类别。")
    if reply.letter_on and reply.letter_on > on:
        faults.append("落款日期不能晚于今天。")
    if reply.letter_on and reply.letter_on < timezone.localdate(reply.assignment.given_at):
        faults.append("落款日期不能早于交办日期。")
    course = owners.course_of(reply.assignment.matter)
    contacted = not course.contact or reply.assignment.contacts.filter(round=reply.round).exists()
    if not contacted and not reply.no_contact_reason.strip():
        faults.append("还没有与提案者沟通的记录；确实没有沟通的，请写明原因。")
    faults += faults_of_powers(reply)
    faults += faults_of_promises(reply, on=on)
    if faults:
        raise Refused("".join(faults))


@transaction.atomic
def deliver_reply(
    reply: Reply, *, by: Person, now: datetime, scan: str = "", why_now: str = "", paper: Paper | None = None
) -> Reply:
    """Send the reply to every proposer (答复), or ask the office to confirm an earlier letter date (P6).

    `scan` is the public id of the letter's attachment; a letter dated before today cannot do without. `why_now`
    says why it does not wait for opinions that are wanting: the page asks, the timeline keeps it.
    """
    unit_sheet_needed(reply.assignment, by=by, now=now, paper=paper)
    not_own_proposal(reply.assignment, by=by, paper=paper)
    reply = lock_reply(reply, *Reply.DRAFTING)
    if paper is None and reply.assignment.unit.signing_steps.current().exists():
        raise Refused("本单位设了签批环节，答复稿请先送签；签批完成后会自动发出。")
    ready_to_go(reply, now=now)
    note_why_now(reply, why_now, by=by, now=now)
    return hand_in(reply, scan=scan, by=by, now=now, paper=paper)


def ready_to_go(reply: Reply, *, now: datetime) -> None:
    """Raise unless the unit may answer now, and the reply is whole; its class follows from its answers if none was chosen."""
    expect(reply.assignment, State.SIGNED)
    if reply.assignment.objections.undecided().exists():
        raise Refused("退回申请还没有决定。要直接答复，请先撤回退回申请。")
    check_complete(reply, on=timezone.localdate(now))
    if reply.result_id is None:
        reply.result = class_of(reply)
        reply.save(update_fields=["result"])


def note_why_now(reply: Reply, why_now: str, *, by: Person, now: datetime) -> None:
    if why_now.strip():
        units = "、".join(str(row.unit) for row in without_opinion(reply.assignment))
        facts: dict[str, Any] = {"units": units, "reason": why_now.strip()}
        reply.assignment.matter.record("replied_without", by=by, now=now, assignment=reply.assignment, **facts)


def needs_scan(reply: Reply, scan: str, *, on: date) -> None:
    if reply.letter_on and reply.letter_on < on and not scan:
        raise Refused("落款日期早于今天的答复函，请同时上传盖章扫描件（PDF 或图片），由交办机构确认日期。")


def hand_in(reply: Reply, *, scan: str, frozen: bool = False, by: Person, now: datetime, paper: Paper | None) -> Reply:
    """A signed reply goes to the proposers, or first to the assigning office: reply and matter are locked.

    The office looks at it if it looks at every reply, and if the letter is older than today (P6). Meanwhile the unit's
    clock rests (P7), and the reply keeps the day on which it was signed. What the office looks at is kept as a version,
    unless it was `frozen` for its signatures: sent back, the next one shows what changed.
    """
    today = timezone.localdate(now)
    assignment = reply.assignment
    needs_scan(reply, scan, on=today)
    for obligation in clocks.open_for(assignment=assignment, stage="internal"):
        clocks.complete(obligation, by=by, now=now)
    reply.date_to_confirm = reply.letter_on is not None and reply.letter_on < today
    reply.to_check = owners.course_of(assignment.matter).checked or queries.checks_replies(assignment.office)
    if not (reply.date_to_confirm or reply.to_check):
        return deliver(reply, on=today, by=by, now=now, paper=paper)
    if not frozen:
        freeze(reply, state=ReplyVersion.State.SIGNED, by=by, now=now)
    reply.state, reply.letter_on = Reply.State.CHECKING, reply.letter_on or today
    reply.save(update_fields=["state", "letter_on", "to_check", "date_to_confirm"])
    for obligation in reply_clocks(assignment):
        why = "补录答复函，待确认落款日期" if reply.date_to_confirm else "答复送交办机构审核"
        clocks.pause(obligation, by=by, now=now, reason=why)
    clocks.start(
        assignment.matter,
        "reply_check",
        assignment=assignment,
        round=reply.round,
        body=assignment.office,
        anchor_on=today,
        by=by,
        now=now,
    )
    verb = "reply_date_asked" if reply.date_to_confirm else "reply_check_asked"
    event = assignment.matter.record(
        verb,
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        letter_on=reply.letter_on,
        scan=scan,
        **paper_facts(paper),
    )
    people = queries.officers_of(assignment.office, on=today)
    tell(people, event_id=event.pk, template=verb, subject=subject_of(assignment), now=now)
    return reply


def without_opinion(assignment: Assignment) -> list[Assignment]:
    """Co-handlers that have not given their opinion yet; a second round waits for none."""
    if assignment.role != Assignment.Role.LEAD or assignment.round > 1:
        return []
    rows = assignment.matter.assignments.current().filter(role=Assignment.Role.CO, opinions=None)
    return list(rows.select_related("unit").order_by("pk"))


def lock_reply(reply: Reply, *states: str) -> Reply:
    """The reply as it is now, matter and assignment locked first."""
    assignment = lock(reply.assignment)
    fresh = Reply.objects.select_for_update(of=("self",)).get(pk=reply.pk)
    fresh.assignment = assignment
    if fresh.state not in states:
        raise WrongStep(f"答复现在是“{fresh.get_state_display()}”，不能这样做。请刷新页面。")
    return fresh


def checked(reply: Reply, *, by: Person, now: datetime, paper: Paper | None) -> None:
    """The office has looked at the letter: its own days (P7) are over."""
    for obligation in clocks.open_for(assignment=reply.assignment, stage="reply_check"):
        clocks.complete(obligation, by=by, now=now, on=acted_on(paper, now=now))


def reply_clocks(assignment: Assignment) -> list[Any]:
    return list(clocks.open_for(assignment=assignment).filter(stage__in=["reply", "rehandle"]))


@transaction.atomic
def approve_reply(
    reply: Reply,
    *,
    result: ResultClass | None = None,
    points: Mapping[int, ResultClass] | None = None,
    reason: str = "",
    by: Person,
    now: datetime,
    paper: Paper | None = None,
) -> Reply:
    """The assigning office lets a reply go (审核通过); the reply counts from the day on its letter.

    It may correct the class of the whole (`result`) or of single suggestions (`points`, by suggestion id) with a
    reason (改类): the unit is told what was and what is.
    """
    office_sheet_needed(reply.assignment, by=by, now=now, paper=paper)
    not_in_judgement(reply.assignment, by=by)
    reply = lock_reply(reply, Reply.State.CHECKING)
    assert reply.letter_on is not None
    _correct_classes(reply, result, points or {}, reason=reason.strip(), by=by, now=now, paper=paper)
    if faults := faults_of_powers(reply) + faults_of_promises(reply, on=reply.letter_on):
        raise Refused("".join(faults) + "请退回修改，由承办单位填写。")
    checked(reply, by=by, now=now, paper=paper)
    return deliver(reply, on=reply.letter_on, by=by, now=now, paper=paper)


def _correct_classes(
    reply: Reply,
    result: ResultClass | None,
    points: Mapping[int, ResultClass],
    *,
    reason: str,
    by: Person,
    now: datetime,
    paper: Paper | None,
) -> None:
    labels = queries.labels_of(queries.suggestions_of(reply.assignment.matter))
    rows = list(reply.points.select_related("result").order_by("pk"))
    other = [row for row in rows if row.result and points.get(row.suggestion_id, row.result) != row.result]
    changes = [(f"{labels[row.suggestion_id]}的办理结果", row, points[row.suggestion_id]) for row in other]
    corrected: list[tuple[str, Reply | ReplyPoint, ResultClass]] = [*changes]
    if result and result != reply.result:
        corrected.insert(0, ("办理结果", reply, result))
    if not corrected:
        return
    if not reason:
        raise Refused("改了办理结果类别的，请写明原因，单位会看到。", field="reason")
    for what, row, new in corrected:
        old, row.result = row.result, new
        row.save(update_fields=["result"])
        facts: dict[str, Any] = {"what": what, "old": old.code if old else "", "new": new.code, "reason": reason}
        event = reply.assignment.matter.record(
            "class_changed", by=by, now=now, assignment=reply.assignment, **facts, **paper_facts(paper)
        )
    people = queries.clerks_of([reply.assignment.unit_id], on=timezone.localdate(now))
    tell(people, event_id=event.pk, template="class_changed", subject=subject_of(reply.assignment), now=now)


@transaction.atomic
def return_reply(reply: Reply, *, reason: str, by: Person, now: datetime, paper: Paper | None = None) -> Reply:
    """Send a reply back (答复退回修改): the unit's clock goes on."""
    office_sheet_needed(reply.assignment, by=by, now=now, paper=paper)
    not_in_judgement(reply.assignment, by=by)
    reply = lock_reply(reply, Reply.State.CHECKING)
    if not reason.strip():
        raise Refused("退回修改请写明原因。")
    checked(reply, by=by, now=now, paper=paper)
    back_to_draft(reply, reason)
    for obligation in reply_clocks(reply.assignment):
        clocks.resume(obligation, by=by, now=now)
    within_limit(reply.assignment, by=by, now=now)
    event = reply.assignment.matter.record(
        "reply_returned",
        by=by,
        now=now,
        assignment=reply.assignment,
        unit=str(reply.assignment.unit),
        reason=reason,
        **paper_facts(paper),
    )
    tell(
        queries.clerks_of([reply.assignment.unit_id], on=timezone.localdate(now)),
        event_id=event.pk,
        template="reply_returned",
        subject=subject_of(reply.assignment),
        now=now,
    )
    return reply


def back_to_draft(reply: Reply, reason: str) -> None:
    reply.state, reply.return_reason = Reply.State.RETURNED, reason
    reply.to_check = reply.date_to_confirm = False
    reply.save(update_fields=["state", "return_reason", "to_check", "date_to_confirm"])


def deliver(reply: Reply, *, on: date, by: Person, now: datetime, paper: Paper | None) -> Reply:
    """The reply reaches the proposers and the evaluation opens, or it stays with the office; its clocks end."""
    assignment = reply.assignment
    matter = assignment.matter
    course = owners.course_of(matter)
    reply.state, reply.delivered_by, reply.delivered_at, reply.replied_on = Reply.State.DELIVERED, by, now, on
    reply.letter_on = reply.letter_on or on
    reply.to_check = reply.date_to_confirm = False
    reply.save(
        update_fields=[
            "state",
            "delivered_by",
            "delivered_at",
            "replied_on",
            "letter_on",
            "to_check",
            "date_to_confirm",
        ]
    )
    release_letters(reply, now=now)
    clocks.complete_many(reply_clocks(assignment), by=by, now=now, on=on)
    drop_requests(assignment, by=by, now=now)
    clocks.cancel_all(assignment=assignment, by=by, now=now, reason="已答复")
    assignment.state = State.ANSWERED
    assignment.save(update_fields=["state"])
    assert reply.result is not None
    event = matter.record(
        "replied",
        by=by,
        now=now,
        assignment=assignment,
        unit=str(assignment.unit),
        result=reply.result.code,
        round=reply.round,
        on=on,
        **paper_facts(paper),
    )
    give_promises(reply, on=on, by=by, now=now)
    if course.evaluation:
        open_evaluation(assignment, by=by, now=now)
    every_reply_is_out = not matter.assignments.current().answering().exclude(state=State.ANSWERED).exists()
    if every_reply_is_out:
        release_co_handlers(assignment, by=by, now=now, event_id=event.pk)
    restage(matter)
    today = timezone.localdate(now)
    behind = queries.evaluators(matter)
    raters = queries.people_behind(behind, on=today, contacts=False)
    contacts = sorted({*queries.people_behind(behind, on=today)} - {*raters})
    tell(raters, event_id=event.pk, template="replied", subject=subject_of(assignment), now=now)
    tell(contacts, event_id=event.pk, template="replied_to_contact", subject=subject_of(assignment), now=now)
    if every_reply_is_out and not course.evaluation:
        officers = [person for person in queries.officers_of(assignment.office, on=today) if person != by.pk]
        subject = {"matter": str(matter.public_id)}
        told = "replied_to_tell" if course.answered == Stage.TO_TELL else "replied_to_office"
        tell(officers, event_id=event.pk, template=told, subject=subject, now=now)
    if every_reply_is_out:
        owners.of(matter).answered(matter, reply.round)
    return reply


def release_co_handlers(assignment: Assignment, *, by: Person, now: datetime, event_id: int) -> None:
    """Every reply is out: opinions still missing are no longer chased, and co-handlers get the reply."""
    for other in assignment.matter.assignments.current().filter(role=Assignment.Role.CO):
        if drop_requests(other, by=by, now=now):
            assignment.matter.record("objection_lapsed", by=by, now=now, assignment=other, unit=str(other.unit))
        clocks.cancel_all(assignment=other, by=by, now=now, reason="主办单位已答复")
        clerks = queries.clerks_of([other.unit_id], on=timezone.localdate(now))
        tell(clerks, event_id=event_id, template="replied_to_co_handlers", subject=subject_of(assignment), now=now)


def open_evaluation(assignment: Assignment, *, by: Person, now: datetime) -> EvaluationRound:
    """Open this round's evaluation with a clock for every proposer."""
    row = EvaluationRound.objects.create(assignment=assignment, round=assignment.round, opened_at=now)
    for participant in queries.evaluators(assignment.matter):
        clocks.start(
            assignment.matter,
            "evaluation",
            assignment=assignment,
            round=assignment.round,
            person=participant.person,
            body=participant.body,
            anchor_on=timezone.localdate(now),
            by=by,
            now=now,
        )
    return row
