"""A proposal is handed in, from the proposer's own hand or from paper, and may be taken back."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction

from members.choices import CONVENED_KINDS
from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import Person, Session
from members.uploads import Clean
from proposals.handling import clocks, numbering, readers
from proposals.handling.actions import Paper, paper_facts
from proposals.handling.actions.attaching import attach, hand_in_files
from proposals.handling.actions.sharing import end
from proposals.handling.models import Assignment, Commitment, Exposure, Participant, Policy, Purpose
from proposals.handling.queries import clerks_of, people_in
from proposals.models import EDITABLE, Claim, CoSignature, Proposal, Status, Text

from .base import (
    SECRETARIES,
    concerned,
    drop_clocks,
    end_clocks,
    expect,
    first_proposer,
    handling_it,
    lock,
    move,
    proposal_office,
    proposers,
    subject_of,
    today,
    told,
)
from .cosigning import answerers, end_invitations, freeze, is_stale, join
from .drafting import Behind, begin, change_proposer, form_of
from .merging import not_answered, withdraw_follower, withdraw_from_main

Source = Proposal.Source
State = CoSignature.State


@dataclass(frozen=True)
class Limits:
    """How long a proposal may be, in characters by code point; the body may pass `soft` with a warning."""

    title: int
    soft: int
    hard: int


LIMIT_CODES = {"title_characters": 50, "body_soft_characters": 1500, "body_hard_characters": 2500}


def limits(now: datetime) -> Limits:
    """The limits in force, in one query; the newest row of each code holds."""
    rows = Policy.objects.filter(code__in=LIMIT_CODES, starts_on__lte=today(now)).order_by("starts_on")
    kept = LIMIT_CODES | {row.code: int(row.value) for row in rows}
    return Limits(kept["title_characters"], kept["body_soft_characters"], kept["body_hard_characters"])


def missing(proposal: Proposal, *, by: Person, now: datetime) -> list[tuple[str, str]]:
    """What still keeps the proposal from being submitted by this person: (field, sentence)."""
    return faults_of(proposal, proposal.text(), limits(now), by=by, on=today(now))


def faults_of(proposal: Proposal, text: Text, most: Limits, *, by: Person, on: date) -> list[tuple[str, str]]:
    faults = []
    if not text.title:
        faults.append(("title", "请填写案由。"))
    elif len(text.title) > most.title:
        faults.append(("title", f"案由最多{most.title}字，现在有{len(text.title)}字。"))
    if not text.situation:
        faults.append(("situation", "请写明情况和问题。"))
    if not text.suggestions:
        faults.append(("suggestions", "请至少写一条具体建议。"))
    if text.length > most.hard:
        faults.append(("situation", f"正文最多{most.hard}字，现在有{text.length}字，请精简或改为附件。"))
    if not proposal.consents and not proposal.consent_reason:
        faults.append(("consent_reason", "不同意公开的，请写明理由。"))
    if proposal.form == Proposal.Form.COLLECTIVE:
        faults += _missing_from_collective(proposal, by=by, on=on)
    return faults


def _missing_from_collective(proposal: Proposal, *, by: Person, on: date) -> list[tuple[str, str]]:
    """Signer, contact person and proof of the signature; a sector or a group of members has no seal (P14).

    Its convener signs: by handing the proposal in himself, or on a page that is scanned.
    """
    faults = []
    if not proposal.signer:
        faults.append(("signer", "集体提案要写明签发人（负责人或召集人）。"))
    if not proposal.matter.participants.filter(role=Participant.Role.CONTACT, left_at=None).exists():
        faults.append(("contact", "集体提案要指定一位联系人。"))
    if proposal.matter.attachments.kept().filter(purpose=Purpose.SIGNATURES).exists():
        return faults
    body = proposal.matter.participants.leading().select_related("body").get().body
    if body is None or body.kind not in CONVENED_KINDS:
        faults.append(("seal", "集体提案要上传签字盖章页的扫描件。"))
    elif by.pk not in people_in(SECRETARIES, on=on, bodies=[body.pk]):
        faults.append(("signature", "请由召集人本人在系统内提交，或者上传召集人签名页的扫描件。"))
    return faults


@transaction.atomic
def submit(proposal: Proposal, *, not_secret: bool, by: Person, now: datetime, paper: Paper | None = None) -> Proposal:
    """Hand the proposal in (提交): it gets a receipt number, the office sees it, review begins.

    Invitations not answered by now drop out, and their people are told. `not_secret` is the proposer's word
    that nothing secret is in it. Raises Refused with the first fault, WrongStep from a wrong state.
    """
    proposal = lock(proposal)
    expect(proposal, *EDITABLE)
    if not not_secret:
        raise Refused("请确认内容不涉及国家秘密。涉密事项请按保密规定线下提交。", field="not_secret")
    if faults := missing(proposal, by=by, now=now):
        raise Refused(faults[0][1], field=faults[0][0])
    _check_signatures(proposal)
    again = proposal.submissions > 0
    revision = freeze(proposal, by=by, now=now)
    expired = _drop_unanswered(proposal, by=by, now=now)
    for row in (
        proposal.cosignatures.filter(state=State.AGREED).select_related("person", "body").order_by("answered_at")
    ):
        join(proposal, row)
    _receive(proposal, by=by, now=now)
    move(proposal, Status.SUBMITTED, exposure=Exposure.OFFICE)
    end_clocks(proposal.matter, "revision", by=by, now=now)
    clocks.start(
        proposal.matter,
        "review",
        round=proposal.submissions,
        body=proposal_office(on=today(now)),
        anchor_on=today(now),
        by=by,
        now=now,
    )
    event = proposal.matter.record(
        "resubmitted" if again else "submitted",
        by=by,
        now=now,
        receipt=proposal.receipt,
        hash=revision.hash,
        **paper_facts(paper),
    )
    people = proposers(proposal.matter, on=today(now))
    tell([*people, by.pk], event_id=event.pk, template="proposal_submitted", subject=subject_of(proposal), now=now)
    told(proposal, expired, event, "cosign_expired", now=now)
    return proposal


def _check_signatures(proposal: Proposal) -> None:
    stale = [
        row
        for row in proposal.cosignatures.filter(state=State.AGREED).select_related("person", "body")
        if is_stale(row, proposal)
    ]
    if stale:
        names = "、".join(str(row) for row in stale)
        raise Refused(f"{names}同意的是修改前的文字。请重新征求联名，或移除后再提交。")


def _drop_unanswered(proposal: Proposal, *, by: Person, now: datetime) -> list[int]:
    rows = end_invitations(proposal, State.EXPIRED, by=by, now=now, reason="提案已提交")
    if rows:
        proposal.matter.record("cosign_expired", by=by, now=now, names="、".join(str(row) for row in rows))
    return sorted({person for row in rows for person in answerers(row, on=today(now))})


def _receive(proposal: Proposal, *, by: Person, now: datetime) -> None:
    """Receipt number, session and window; a second submission keeps all three.

    The session is that of the day of receipt, whenever the draft was begun.
    """
    if proposal.submitted_at is None:
        session = proposal.matter.session if proposal.receipt else Session.objects.current(now)
        if session is None:
            raise Refused("还没有设置届次，暂时不能提交。请联系提案委。")
        proposal.off_session = not session.accepts(now)
        proposal.matter.session = session
        proposal.matter.save(update_fields=["session"])
        proposal.submitted_at = now
    if proposal.receipt is None:
        _give_receipt(proposal)
    proposal.form = form_of(proposal)
    proposal.submissions += 1
    _open_to_readers(proposal, by=by, now=now)
    proposal.save(
        update_fields=[
            "receipt",
            "form",
            "off_session",
            "submitted_at",
            "submissions",
            "submitted_version",
            "draft_title",
            "updated_at",
        ]
    )


def _open_to_readers(proposal: Proposal, *, by: Person, now: datetime) -> None:
    """What was the writers' own until now, title and files, belongs to what is handed in."""
    proposal.submitted_version = proposal.version
    if proposal.draft_title is not None:
        proposal.matter.title, proposal.draft_title = proposal.draft_title, None
        proposal.matter.save(update_fields=["title"])
    hand_in_files(proposal.matter, by=by, now=now)


def _give_receipt(proposal: Proposal) -> None:
    session = proposal.matter.session
    if session is None:
        raise Refused("还没有设置届次，暂时不能收件。请联系系统管理员。")
    proposal.receipt = f"收{session.code}-{numbering.take(session, 'receipt'):04d}"


@transaction.atomic
def register(behind: Behind, *, source: str, by: Person, now: datetime, original: Clean | None = None) -> Proposal:
    """Receive a proposal on paper or as a photo (收件登记): its receipt number is there at once (P15).

    `original` is the scan or photo of it, if it was taken in already.
    The office sees it from now on; it is reviewed once typed and confirmed by its proposer.
    """
    proposal = begin(behind, by=by, now=now, source=source)
    if proposal.matter.session is None:
        raise Refused("还没有设置届次，暂时不能收件。请联系系统管理员。")
    proposal.matter.exposure = Exposure.OFFICE
    proposal.matter.save(update_fields=["exposure"])
    readers.refresh(proposal.matter)
    _give_receipt(proposal)
    proposal.save(update_fields=["receipt", "updated_at"])
    scan = attach(proposal.matter, original, purpose=Purpose.ORIGINAL, by=by, now=now) if original else None
    paper = Paper(
        who=str(behind.person or behind.body),
        on=today(now),
        sheet=proposal.get_source_display(),
        scan=str(scan.public_id) if scan else "",
    )
    event = proposal.matter.record(
        "registered",
        by=by,
        now=now,
        receipt=proposal.receipt,
        source=proposal.get_source_display(),
        **paper_facts(paper),
    )
    told(proposal, proposers(proposal.matter, on=today(now)), event, "registered", now=now)
    return proposal


@transaction.atomic
def correct_proposer(proposal: Proposal, behind: Behind, *, by: Person, now: datetime) -> Proposal:
    """Put right whose proposal the desk has entered, as long as it is being typed (更改提案者).

    Both are told; whoever was named by mistake sees it no more and learns only the receipt number. What he may have
    confirmed must be confirmed anew. Raises Refused where nothing changes or a co-signer would lead.
    """
    proposal = lock(proposal)
    expect(proposal, Status.DRAFT, Status.COSIGNING)
    _entered(proposal)
    place = proposal.matter.participants.leading().select_related("person", "body").get()
    if (place.person, place.body) == (behind.person, behind.body):
        raise Refused("提案者没有变化。", field="proposer")
    if behind.person and proposal.cosignatures.filter(person=behind.person, state__in=CoSignature.LIVE).exists():
        raise Refused(f"{behind.person.name}已在联名人之中，请先移除后再更改。", field="proposer")
    earlier, old = proposers(proposal.matter, on=today(now)), str(place)
    proposal = change_proposer(proposal, behind, by=by, now=now)
    proposal.text_confirmed_at, proposal.text_confirmed_how = None, ""
    proposal.save(update_fields=["text_confirmed_at", "text_confirmed_how", "updated_at"])
    event = proposal.matter.record("proposer_changed", by=by, now=now, old=old, new=str(behind.person or behind.body))
    later = proposers(proposal.matter, on=today(now))
    told(proposal, later, event, "registered", now=now)
    told(proposal, sorted({*earlier} - {*later}), event, "not_yours", now=now)
    return proposal


@transaction.atomic
def ask_to_confirm(proposal: Proposal, *, by: Person, now: datetime) -> None:
    """Ask the proposer whether the typed text is his own (请提案者核对)."""
    proposal = lock(proposal)
    expect(proposal, *EDITABLE)
    _entered(proposal)
    leading = Person.objects.filter(pk__in=first_proposer(proposal.matter, on=today(now))).order_by("pk")
    faults = [missing(proposal, by=person, now=now) for person in leading] or [missing(proposal, by=by, now=now)]
    if all(faults):
        raise Refused(faults[0][0][1], field=faults[0][0][0])
    event = proposal.matter.record("confirmation_asked", by=by, now=now)
    told(proposal, first_proposer(proposal.matter, on=today(now)), event, "confirm_text", now=now)


@transaction.atomic
def confirm_text(proposal: Proposal, *, how: str, by: Person, now: datetime, paper: Paper | None = None) -> Proposal:
    """The proposer says the typed text is his own, by tap or by a recorded call; it is then submitted.

    Whoever records a call or a signature for him acts on paper (P1), with or without a `paper` of his own.
    """
    proposal = lock(proposal)
    expect(proposal, *EDITABLE)
    _entered(proposal)
    if not how.strip():
        raise Refused("请写明核对方式，例如：电话核对，本人确认无误。", field="how")
    proposal.text_confirmed_at, proposal.text_confirmed_how = now, how.strip()
    proposal.save(update_fields=["text_confirmed_at", "text_confirmed_how", "updated_at"])
    if paper is None and by.pk not in first_proposer(proposal.matter, on=today(now)):
        paper = Paper(who=_names_of_first(proposal), on=today(now), sheet=how.strip())
    proposal.matter.record("text_confirmed", by=by, now=now, how=how.strip(), **paper_facts(paper))
    return submit(proposal, not_secret=True, by=by, now=now, paper=paper)


def _names_of_first(proposal: Proposal) -> str:
    rows = proposal.matter.participants.leading()
    return "、".join(str(row) for row in rows.select_related("person", "body").order_by("order", "pk"))


def _entered(proposal: Proposal) -> None:
    if proposal.source not in (Source.PAPER, Source.PHOTO):
        raise WrongStep("只有代为录入的提案需要核对文字。")


@transaction.atomic
def recall(proposal: Proposal, *, by: Person, now: datetime) -> Proposal:
    """Take a proposal back to change it, as long as nobody has begun to review it (撤回修改).

    It is a draft again; receipt number, session and day of submission stay.
    """
    proposal = lock(proposal)
    expect(proposal, Status.SUBMITTED)
    if proposal.matter.followers.exists():
        raise WrongStep("有提案并入本案，不能再撤回修改。需要修改的，请联系提案委。")
    drop_clocks(proposal.matter, "review", by=by, now=now, reason="提案者撤回修改")
    exposure = Exposure.DRAFT if proposal.source == Source.ONLINE else proposal.matter.exposure
    move(proposal, Status.DRAFT, exposure=exposure)
    event = proposal.matter.record("recalled", by=by, now=now)
    told(proposal, proposers(proposal.matter, on=today(now)), event, "recalled", now=now)
    return proposal


@transaction.atomic
def withdraw(proposal: Proposal, *, reason: str, by: Person, now: datetime, paper: Paper | None = None) -> Proposal:
    """Take a proposal back at the proposer's written request, or the reviewing body's (撤案), before any reply.

    Its number stays used. Every clock and every open invitation ends; proposers, those invited, the proposal office,
    the offices that assign it, and units that hold it or were asked beforehand are told.
    """
    if not reason.strip():
        raise Refused("请写明撤案理由。", field="reason")
    if proposal.matter.merged_into_id:
        return withdraw_follower(proposal, reason=reason, by=by, now=now, paper=paper)
    proposal = lock(proposal)
    units = list(proposal.matter.assignments.current().select_related("office"))
    if any(row.state in (Assignment.State.ANSWERED, Assignment.State.SETTLED) for row in units):
        raise WrongStep("承办单位已经答复，不能再撤案。")
    if Commitment.objects.running().filter(assignment__in=units).exists():
        raise WrongStep("承办单位已经作出承诺，正在跟踪落实，不能再撤案。")
    if proposal.matter.followers.exists():
        if not units:
            raise Refused("有提案并入本案，请先取消并案。")
        not_answered(proposal.matter)
        return withdraw_from_main(proposal, reason=reason, by=by, now=now, paper=paper)
    asked = [] if units else proposal.preconsultations.values_list("unit", flat=True)
    people = sorted(
        concerned(proposal, on=today(now))
        | handling_it(proposal.matter, units, on=today(now))
        | {*clerks_of(asked, on=today(now))}
    )
    invited = end_invitations(proposal, State.EXPIRED, by=by, now=now, reason="撤案")
    clocks.cancel_all(matter=proposal.matter, by=by, now=now, reason="撤案")
    for row in units:
        end(row, reason="撤案", by=by, now=now)
    Claim.objects.filter(proposal=proposal).delete()
    move(proposal, Status.WITHDRAWN, closed_at=now)
    event = proposal.matter.record("withdrawn", by=by, now=now, reason=reason.strip(), **paper_facts(paper))
    told(proposal, people, event, "withdrawn", now=now)
    for cosignature in invited:
        others = [person for person in answerers(cosignature, on=today(now)) if person not in people]
        told(proposal, others, event, "cosign_removed", now=now, cosignature=str(cosignature.public_id))
    return proposal
