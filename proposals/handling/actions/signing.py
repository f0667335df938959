"""A reply goes up through its unit for signature (送签), step by step, and comes back with a reason or goes out."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from members.errors import Refused, Stale, WrongStep
from members.inbox.actions import Fact, remind, tell
from members.models import Body, Delegation, Person
from members.rights import standing_of
from proposals.handling import clocks, queries
from proposals.handling.attachments import letters_of, scan_of
from proposals.handling.models import (
    Access,
    Assignment,
    Countersign,
    Event,
    Reply,
    ReplyVersion,
    Signature,
    SigningKind,
    SigningStep,
)
from proposals.handling.models.signing import Signer
from proposals.handling.versions import content_of, hash_of

from .freezing import freeze
from .giving import subject_of
from .paper import (
    Paper,
    acted_at,
    acts_for,
    in_the_open,
    lock,
    not_blocked,
    not_own_proposal,
    paper_facts,
    sheet_needed,
)
from .replying import back_to_draft, hand_in, lock_reply, needs_scan, note_why_now, ready_to_go
from .sharing import stop_signing

State = ReplyVersion.State


# the unit's own steps -------------------------------------------------------------------------------------------------


@transaction.atomic
def add_step(
    unit: Body, *, kind: str, order: int, person: Person | None = None, role: str = "", by: Person, now: datetime
) -> SigningStep:
    """Put a step into the unit's way; what is being signed already keeps the steps that it began with."""
    steps = list(SigningStep.objects.current().select_for_update(of=("self",)).filter(unit=unit))
    if taken := next((step for step in steps if step.order == order), None):
        raise Refused(f"次序 {order} 已经是“{taken.get_kind_display()}”，请另填一个次序。", field="order")
    if kind == SigningKind.COUNTERSIGN:
        if any(step.kind == kind for step in steps):
            raise Refused("已经有会办会签环节。", field="kind")
        person, role = None, ""
    elif (person is None) == (not role):
        raise Refused("请选择由谁签批：一位同事，或一个角色的任何人。", field="signer")
    if person and not acts_for(person, unit.pk, on=timezone.localdate(now)):
        raise Refused(f"{person}不是{unit}的工作人员，请先由安全管理员办理任职。", field="signer")
    return SigningStep.objects.create(unit=unit, kind=kind, order=order, person=person, role=role)


@transaction.atomic
def end_step(step: SigningStep, *, now: datetime) -> None:
    """Take a step out of the unit's way; the row stays."""
    fresh = SigningStep.objects.select_for_update(of=("self",)).get(pk=step.pk)
    if fresh.ended_on:
        raise WrongStep("这个环节已经停用。")
    fresh.ended_on = timezone.localdate(now)
    fresh.save(update_fields=["ended_on"])


def steps_for(assignment: Assignment, *, on: date) -> list[SigningStep]:
    """The steps that this reply takes, in order. Raises Refused where nobody could sign one of them."""
    steps = list(assignment.unit.signing_steps.current().select_related("person").order_by("order"))
    if not helpers_of(assignment):
        steps = [step for step in steps if step.kind != SigningKind.COUNTERSIGN]
    signed = [step for step in steps if step.kind != SigningKind.COUNTERSIGN]
    if not signed:
        raise Refused("本单位的签批环节里没有签批人，请先在“签批环节”中设置。")
    for step in signed:
        if not queries.signers_at(assignment.unit_id, step, on=on).people:
            raise Refused(f"“{step.get_kind_display()}”环节（{step.who}）现在没有人可以签批，请先在“签批环节”中调整。")
    return steps


def helpers_of(assignment: Assignment) -> list[Assignment]:
    """The co-handlers whose word a lead asks for."""
    if assignment.role != Assignment.Role.LEAD:
        return []
    rows = assignment.matter.assignments.current().filter(role=Assignment.Role.CO)
    return list(rows.select_related("unit", "office").order_by("pk"))


# up, and back ---------------------------------------------------------------------------------------------------------


@transaction.atomic
def send_up(reply: Reply, *, why: str = "", why_now: str = "", by: Person, now: datetime) -> ReplyVersion:
    """Freeze the draft as a new version and ask for the first signature (送签).

    A letter that is dated before today has its sealed scan with it; any other is dated on the day of the last
    signature.
    """
    today = timezone.localdate(now)
    if not acts_for(by, reply.assignment.unit_id, on=today):
        raise Refused("送签由承办单位自己办理；纸质签发的答复，请直接登记发出。")
    not_own_proposal(reply.assignment, by=by, paper=None)
    reply = lock_reply(reply, *Reply.DRAFTING)
    in_the_open(reply.assignment)
    ready_to_go(reply, now=now)
    needs_scan(reply, scan_of_letter(reply), on=today)
    steps = steps_for(reply.assignment, on=today)
    version = freeze(reply, why=why, by=by, now=now)
    Signature.objects.bulk_create(
        Signature(version=version, order=order, kind=step.kind, person=step.person, role=step.role)
        for order, step in enumerate(steps, start=1)
    )
    reply.state, reply.return_reason = Reply.State.SIGNING, ""
    reply.save(update_fields=["state", "return_reason"])
    note_why_now(reply, why_now, by=by, now=now)
    version.reply = reply
    event = record(version, "reply_sent_up", by=by, now=now, number=version.number, why=version.why)
    take_turn(version, event, by=by, now=now)
    return version


def take_turn(version: ReplyVersion, event: Event, *, by: Person, now: datetime) -> None:
    """Ask whoever is to sign next; the unit's clerks where nobody of them is at his post."""
    signature = version.signatures.select_related("person").get(order=version.turn)
    assignment, today = version.reply.assignment, timezone.localdate(now)
    if signature.kind == SigningKind.COUNTERSIGN:
        ask_co_handlers(version, by=by, now=now)
        return
    post = queries.signers_at(assignment.unit_id, signature, on=today, but=behind(assignment))
    subject = {**subject_of(assignment), "version": str(version.public_id)}
    tell(post.people, event_id=event.pk, template="reply_to_sign", subject=subject, now=now)
    if not post.manned:
        tell_of_vacancy(version, signature, but=post.people, now=now)


def tell_of_vacancy(version: ReplyVersion, signature: Signature, *, but: Collection[int] = (), now: datetime) -> None:
    """The unit's clerks hear once a step that nobody of those whose turn it is is at his post, nor anybody for them."""
    assignment = version.reply.assignment
    clerks = {*queries.clerks_of([assignment.unit_id], on=timezone.localdate(now)), version.by_id} - {*but}
    subject = {**subject_of(assignment), "version": str(version.public_id)}
    stem = f"signature{signature.pk}:vacant"
    remind([Fact(stem, person, "signer_missing", subject) for person in sorted(clerks)], now=now)


def look_for_signers(*, now: datetime) -> int:
    """Whose turn it is may go on leave, or leave the unit, after he was asked: then the clerks are told as well.

    Returns how many replies wait before an empty post.
    """
    rows = Signature.objects.exclude(kind=SigningKind.COUNTERSIGN).filter(
        order=F("version__turn"), version__state=State.SIGNING, version__reply__assignment__ended_at=None
    )
    rows = rows.exclude(version__reply__assignment__matter__access=Access.SUSPENDED)
    vacant = 0
    for row in rows.select_related("person", "version__reply__assignment__matter").order_by("pk"):
        part = row.version.reply.assignment
        post = queries.signers_at(part.unit_id, row, on=timezone.localdate(now), but=behind(part))
        if not post.manned:
            vacant += 1
            tell_of_vacancy(row.version, row, but=post.people, now=now)
    return vacant


def ask_co_handlers(version: ReplyVersion, *, by: Person, now: datetime) -> None:
    """Every co-handler is asked for its word on this version (会签), each with days of its own (P7)."""
    assignment, today = version.reply.assignment, timezone.localdate(now)
    helpers = helpers_of(assignment)
    rows = Countersign.objects.bulk_create(Countersign(version=version, assignment=one) for one in helpers)
    clocks.start_many(
        [
            clocks.Wanted(
                assignment.matter, "countersign", today, assignment=one, round=version.reply.round, body=one.unit
            )
            for one in helpers
        ],
        by=by,
        now=now,
    )
    units = "、".join(str(one.unit) for one in helpers)
    event = record(version, "countersign_asked", by=by, now=now, number=version.number, units=units)
    for row in rows:
        people = {*queries.clerks_of([row.assignment.unit_id], on=today), *filter(None, [row.assignment.handler_id])}
        subject = {**subject_of(row.assignment), "countersign": str(row.public_id)}
        tell(sorted(people), event_id=event.pk, template="countersign_asked", subject=subject, now=now)


@transaction.atomic
def sign(
    version: ReplyVersion,
    *,
    agrees: bool,
    text: str = "",
    turn: int | None = None,
    by: Person,
    now: datetime,
    paper: Paper | None = None,
) -> ReplyVersion:
    """Agree at the step whose turn it is, or send the reply back with a reason; the last one sends it out.

    `turn` is the step that the page showed. Somebody else of the unit records what was signed on paper. Raises Stale
    if the version or the step is no longer the one that was shown, so that nobody signs another text.
    """
    not_blocked(by, now=now)
    version = fresh_version(version)
    assignment, today = version.reply.assignment, timezone.localdate(now)
    sheet_needed(assignment.unit_id, by=by, now=now, paper=paper, since=version.at)
    not_own_proposal(assignment, by=by, paper=paper)
    must_be_shown(version, turn)
    signature = version.signatures.select_related("person").get(order=version.turn)
    if signature.kind == SigningKind.COUNTERSIGN:
        raise WrongStep("现在是会签环节，请等会办单位的会签意见，或先处理会签意见。")
    lender = "" if paper else stands_for(by, signature, assignment.unit_id, on=today)
    if lender is None:
        raise Refused(f"现在由{signature.who}签批。已在纸上签批的，请填写签批人、日期和单据名称。", field="paper_who")
    if not agrees and not text.strip():
        raise Refused("退回修改的，请写明原因。", field="text")
    signature.agrees, signature.text, signature.by = agrees, text.strip(), by
    signature.name = paper.who if paper else f"{by.name}（受{lender}委托）" if lender else by.name
    signature.at = acted_at(paper, now=now)
    signature.save(update_fields=["agrees", "text", "by", "name", "at"])
    facts: dict[str, Any] = {"kind": signature.get_kind_display(), "who": signature.name, "reason": signature.text}
    facts |= {"acted_for": lender} if lender else {}
    if not agrees:
        _send_back(version, by=by, now=now, paper=paper, facts=facts)
        return version
    event = record(version, "reply_signed", by=by, now=now, **facts, **paper_facts(paper))
    go_on(version, event, by=by, now=now, paper=paper)
    return version


def go_on(version: ReplyVersion, event: Event, *, by: Person, now: datetime, paper: Paper | None) -> None:
    """The step whose turn it was is done: the next one is asked, or the reply goes out."""
    if version.signatures.filter(order__gt=version.turn).exists():
        version.turn += 1
        version.save(update_fields=["turn"])
        take_turn(version, event, by=by, now=now)
        return
    version.state = State.SIGNED
    version.save(update_fields=["state"])
    reply = version.reply
    ready_to_go(reply, now=now)
    scan, today = scan_of_letter(reply), timezone.localdate(now)
    if not scan and reply.letter_on and reply.letter_on < today:
        reply.letter_on = today
    hand_in(reply, scan=scan, frozen=True, by=by, now=now, paper=paper)


def _send_back(version: ReplyVersion, *, by: Person, now: datetime, paper: Paper | None, facts: dict[str, Any]) -> None:
    version.state = State.BACK
    version.save(update_fields=["state"])
    back_to_draft(version.reply, facts["reason"])
    event = record(version, "reply_sent_back", by=by, now=now, **facts, **paper_facts(paper))
    assignment = version.reply.assignment
    people = {version.by_id, *queries.clerks_of([assignment.unit_id], on=timezone.localdate(now))} - {by.pk}
    tell(sorted(people), event_id=event.pk, template="reply_sent_back", subject=subject_of(assignment), now=now)


@transaction.atomic
def take_back(version: ReplyVersion, *, reason: str = "", by: Person, now: datetime) -> Reply:
    """The unit takes a version back to write on (撤回送签); what was signed at it is kept."""
    version = fresh_version(version)
    if not acts_for(by, version.reply.assignment.unit_id, on=timezone.localdate(now)):
        raise Refused("送签由承办单位自己撤回。")
    must_wait(version)
    stop_signing(version.reply.assignment, reason=reason.strip(), by=by, now=now)
    version.reply.refresh_from_db(fields=["state"])
    return version.reply


# how it is done ------------------------------------------------------------------------------------------------------


def fresh_version(version: ReplyVersion) -> ReplyVersion:
    """The version as it is now, matter, assignment and reply locked first."""
    assignment = lock(version.reply.assignment)
    reply = Reply.objects.select_for_update(of=("self",)).select_related("issuer", "result").get(pk=version.reply_id)
    fresh = ReplyVersion.objects.select_for_update(of=("self",)).get(pk=version.pk)
    reply.assignment, fresh.reply = assignment, reply
    return fresh


def must_wait(version: ReplyVersion) -> None:
    """Raise unless this version still waits for a signature."""
    if version.reply.assignment.ended_at:
        raise WrongStep("这件交办已经调整或撤案，不再签批。答复稿仍保存在本单位的办理记录里。")
    if version.state != State.SIGNING:
        last = version.signatures.exclude(agrees=None).order_by("-order").first()
        who = f"（{last.name}）" if last else ""
        raise Stale(f"{version}已经“{version.get_state_display()}”{who}，不用再签批。请打开最新内容查看。")


def must_be_shown(version: ReplyVersion, turn: int | None) -> None:
    """Raise unless this is still the version and the step that was shown, and the text is what was frozen."""
    must_wait(version)
    if turn is not None and turn != version.turn:
        done = version.signatures.filter(order=turn).exclude(agrees=None).first()
        who = f"已由{done.name}签批" if done else "已有变化"
        raise Stale(f"这一环节{who}，不用再签批。请打开最新内容查看。")
    if hash_of(content_of(version.reply)) != version.hash:
        raise Stale("送签后答复的建议有变化（例如有提案撤案或取消并案）。请撤回送签，核对后重新送签。")


def stands_for(by: Person, signer: Signer, unit_id: int, *, on: date) -> str | None:
    """Whose turn `by` takes: "" for his own, the lender's name for one that was lent to him, None for none."""
    own = standing_of(by, on).own
    if signer.person_id == by.pk or any(role == signer.role and unit_id in bodies for role, bodies in own.items()):
        return ""
    lent = (
        Delegation.objects.in_force(on).filter(to=by, appointment__body=unit_id).select_related("appointment__person")
    )
    lent = (
        lent.filter(appointment__role=signer.role) if signer.role else lent.filter(appointment__person=signer.person_id)
    )
    row = next((one for one in lent.order_by("pk") if one.appointment.is_in_force(on)), None)
    return row.appointment.person.name if row else None


def scan_of_letter(reply: Reply) -> str:
    sealed = scan_of(letters_of(reply))
    return str(sealed.public_id) if sealed else ""


def behind(assignment: Assignment) -> set[int]:
    """Who stands behind the matter himself, and so leaves its reply to colleagues (P13)."""
    rows = queries.participants_of(assignment.matter).exclude(person=None)
    return set(rows.values_list("person_id", flat=True))


def record(version: ReplyVersion, verb: str, *, by: Person, now: datetime, **facts: Any) -> Event:
    assignment = version.reply.assignment
    return assignment.matter.record(verb, by=by, now=now, assignment=assignment, unit=str(assignment.unit), **facts)
