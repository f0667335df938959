"""Others are asked to sign, and answer for themselves (联名)."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from members.choices import Role as Office
from members.errors import Refused, Stale, WrongStep
from members.models import Body, Membership, Person, Session
from proposals.handling import clocks, readers
from proposals.handling.actions import Paper, paper_facts
from proposals.handling.models import Event, Obligation, Participant
from proposals.handling.queries import people_in
from proposals.models import EDITABLE, CoSignature, Proposal, Revision, Status

from .base import drop_clocks, expect, first_proposer, lock, move, today, told

State = CoSignature.State


def freeze(proposal: Proposal, *, by: Person, now: datetime) -> Revision:
    """Keep the text as it stands, so that everybody signs the same words."""
    text = proposal.text()
    revision, _ = Revision.objects.get_or_create(
        proposal=proposal,
        version=proposal.version,
        defaults={
            "title": text.title,
            "situation": text.situation,
            "analysis": text.analysis,
            "suggestions": list(text.suggestions),
            "hash": text.hash,
            "by": by,
            "at": now,
        },
    )
    return revision


def frozen_for(cosignature: CoSignature) -> Revision | None:
    """The text that a co-signer was shown."""
    return cosignature.proposal.revisions.filter(hash=cosignature.text_hash).order_by("-version").first()


def current_members(people: Sequence[Person], *, on: date) -> set[int]:
    rows = Membership.objects.in_force(on).filter(person__in=people, person__is_active=True)
    return set(rows.values_list("person_id", flat=True))


@transaction.atomic
def invite(
    proposal: Proposal, people: Sequence[Person], bodies: Sequence[Body] = (), *, by: Person, now: datetime
) -> list[CoSignature]:
    """Ask members, or other organisations, to sign the text as it stands now; each has his own time limit.

    Asking somebody again who has not answered, or who signed other words, sends him the new text.
    """
    proposal = lock(proposal)
    expect(proposal, *EDITABLE)
    _check_invited(proposal, people, bodies, on=today(now))
    revision = freeze(proposal, by=by, now=now)
    invited = [_invite_one(proposal, revision, by=by, now=now, person=person) for person in people]
    invited += [_invite_one(proposal, revision, by=by, now=now, body=body) for body in bodies]
    if proposal.status == Status.DRAFT:
        move(proposal, Status.COSIGNING)
    event = proposal.matter.record("invited", by=by, now=now, names="、".join(str(row) for row in invited))
    for row in invited:
        told(proposal, answerers(row, on=today(now)), event, "cosign_invited", now=now, cosignature=str(row.public_id))
    return invited


def _check_invited(proposal: Proposal, people: Sequence[Person], bodies: Sequence[Body], *, on: date) -> None:
    if not people and not bodies:
        raise Refused("请至少选择一位联名人。", field="people")
    text = proposal.text()
    if not text.title or not text.suggestions:
        raise Refused("请先写好案由和建议，再邀请联名。")
    members = current_members(people, on=on)
    strangers = [person.name for person in people if person.pk not in members]
    if strangers:
        raise Refused(f"只能邀请现任委员联名：{'、'.join(strangers)}不在其中。", field="people")
    rows = proposal.matter.participants.filter(left_at=None, role__in=["first", "organisation"])
    if any(row.person in people or row.body in bodies for row in rows):
        raise Refused("第一提案人不需要邀请自己联名。", field="people")
    if bodies and proposal.form != Proposal.Form.COLLECTIVE:
        raise Refused("组织之间才能联名。个人提案请邀请委员。", field="bodies")


def _invite_one(
    proposal: Proposal,
    revision: Revision,
    *,
    by: Person,
    now: datetime,
    person: Person | None = None,
    body: Body | None = None,
) -> CoSignature:
    row = proposal.cosignatures.filter(person=person, body=body, state__in=CoSignature.LIVE).first()
    if row is None:
        row = CoSignature(proposal=proposal, person=person, body=body)
    elif row.text_hash == revision.hash and not row.lapsed(today(now)):
        raise Refused(f"{row}已经收到过这份文字的邀请。", field="people")
    holder = {"person": person} if person else {"body": body}
    for obligation in clock_of(row):
        clocks.cancel(obligation, by=by, now=now, reason="重新邀请")
    clock = clocks.start(
        proposal.matter, _rule(proposal, now), stage="cosign", anchor_on=today(now), by=by, now=now, **holder
    )
    row.state, row.text_hash, row.due_on = State.INVITED, revision.hash, clock.due_on  # as it is read back
    row.invited_by, row.invited_at, row.answered_at, row.on_paper = by, now, None, False
    row.save()
    return row


def _rule(proposal: Proposal, now: datetime) -> str:
    """While the plenary meets, a day is what there is (P15)."""
    session = Session.objects.current(now)
    return "cosign_session" if session and session.is_open(today(now)) else "cosign"


def clock_of(row: CoSignature) -> QuerySet[Obligation]:
    return clocks.open_for(matter=row.proposal.matter, stage="cosign").filter(
        holder_person=row.person_id, holder_body=row.body_id
    )


def answerers(row: CoSignature, *, on: date) -> list[int]:
    """Who answers an invitation: the member himself, or the organisation's secretaries."""
    if row.person_id:
        return [row.person_id]
    return people_in([Office.ORGANISATION_SECRETARY, Office.CONVENER], on=on, bodies=[row.body_id or 0])


@transaction.atomic
def answer_invitation(
    cosignature: CoSignature,
    *,
    agrees: bool,
    shown_hash: str,
    by: Person,
    now: datetime,
    note: str = "",
    name_public: bool = False,
) -> CoSignature:
    """Agree to the very words that were shown, or decline.

    Raises Stale if the text has changed since: the page then shows both. Nobody can do it for another.
    """
    proposal, row = _lock_row(cosignature)
    if by.pk not in answerers(row, on=today(now)):
        raise Refused("联名只能由被邀请人本人确认。")
    if by.blocked_until and by.blocked_until > now:
        raise Refused("账号刚重置过密码，24小时内不能确认联名。请稍后再来。")
    if row.state != State.INVITED:
        raise WrongStep(f"这份邀请现在是“{row.get_state_display()}”，不需要再确认。")
    if not proposal.editable:
        raise WrongStep("这件提案已经提交或撤回，不再征求联名。")
    if row.lapsed(today(now)):
        raise WrongStep("这份邀请已经过期。如仍愿意联名，请联系第一提案人重新邀请。")
    if agrees and not shown_hash == row.text_hash == proposal.text().hash:
        raise Stale("您打开邀请之后，提案文字有改动。请看过新的文字再确认。")
    row.state = State.AGREED if agrees else State.DECLINED
    row.answered_at, row.note, row.name_public = now, note.strip(), agrees and name_public
    row.save(update_fields=["state", "answered_at", "note", "name_public"])
    for obligation in clock_of(row):
        clocks.complete(obligation, by=by, now=now)
    if not agrees:
        leave_out(proposal, [row], now=now)
        _back_to_draft(proposal)
    event = proposal.matter.record("cosigned" if agrees else "cosign_declined", by=by, now=now, name=str(row))
    told(
        proposal,
        first_proposer(proposal.matter, on=today(now)),
        event,
        "cosign_answered",
        now=now,
        cosignature=str(row.public_id),
    )
    return row


def _lock_row(cosignature: CoSignature) -> tuple[Proposal, CoSignature]:
    proposal = lock(cosignature.proposal)
    row = CoSignature.objects.select_for_update(of=("self",)).get(pk=cosignature.pk)
    row.proposal = proposal
    return proposal, row


@transaction.atomic
def ask_again(proposal: Proposal, *, by: Person, now: datetime) -> list[CoSignature]:
    """Send the changed text to everyone who was asked about other words; an earlier consent no longer holds."""
    proposal = lock(proposal)
    asked = proposal.cosignatures.filter(state__in=CoSignature.LIVE).select_related("person", "body")
    stale = [row for row in asked if is_stale(row, proposal)]
    if not stale:
        raise WrongStep("文字没有改动，不需要重新征求。")
    people = [row.person for row in stale if row.person]
    bodies = [row.body for row in stale if row.body]
    return invite(proposal, people, bodies, by=by, now=now)


def is_stale(row: CoSignature, proposal: Proposal) -> bool:
    """Signed or shown other words than those that stand now; a name on paper stays as it is."""
    return not row.on_paper and row.text_hash != proposal.text().hash


@transaction.atomic
def remove_cosigner(cosignature: CoSignature, *, by: Person, now: datetime) -> CoSignature:
    """Take a name out again before submission."""
    proposal, row = _lock_row(cosignature)
    expect(proposal, *EDITABLE)
    if row.state not in CoSignature.LIVE:
        raise WrongStep(f"{row}已不在联名人之中。")
    event = end_invitation(row, by=by, now=now, reason="移除联名人")
    told(proposal, answerers(row, on=today(now)), event, "cosign_removed", now=now, cosignature=str(row.public_id))
    return row


def end_invitation(row: CoSignature, *, by: Person, now: datetime, reason: str) -> Event:
    """Nobody is asked for this name any more, and it stands nowhere; the matter is locked."""
    proposal = row.proposal
    row.state = State.REMOVED
    row.save(update_fields=["state"])
    for obligation in clock_of(row):
        clocks.cancel(obligation, by=by, now=now, reason=reason)
    leave_out(proposal, [row], now=now)
    _back_to_draft(proposal)
    return proposal.matter.record("cosigner_removed", by=by, now=now, name=str(row))


def leave_out(proposal: Proposal, rows: Iterable[CoSignature], *, now: datetime) -> None:
    """Whoever signed earlier words and does not sign these stands behind the proposal no longer."""
    people = [row.person_id for row in rows if row.person_id]
    bodies = [row.body_id for row in rows if row.body_id]
    places = proposal.matter.participants.cosigning().filter(left_at=None)
    if places.filter(Q(person__in=people) | Q(body__in=bodies)).update(left_at=now):
        readers.refresh(proposal.matter)


def _back_to_draft(proposal: Proposal) -> None:
    """Nobody is asked any more, nobody has signed: it is a plain draft again."""
    if proposal.status == Status.COSIGNING and not proposal.cosignatures.filter(state__in=CoSignature.LIVE).exists():
        move(proposal, Status.DRAFT)


def end_invitations(proposal: Proposal, state: str, *, by: Person, now: datetime, reason: str) -> list[CoSignature]:
    """Nobody is asked any more, and who had not answered is not named; returns whom it concerns."""
    rows = list(proposal.cosignatures.filter(state=State.INVITED).select_related("person", "body"))
    drop_clocks(proposal.matter, "cosign", by=by, now=now, reason=reason)
    proposal.cosignatures.filter(pk__in=[row.pk for row in rows]).update(state=state)
    leave_out(proposal, rows, now=now)
    return rows


@transaction.atomic
def cosign_on_paper(
    proposal: Proposal, signer: Person | Body, paper: Paper, *, by: Person, now: datetime, agrees: bool = True
) -> CoSignature:
    """Staff record what a member or an organisation answered on a sheet, until the proposal is filed (P1, P15).

    Who agrees is added, asked or not; only who was asked can decline.
    """
    proposal = lock(proposal)
    expect(proposal, *EDITABLE, Status.SUBMITTED, Status.REVIEWING, Status.TO_NUMBER)
    who = _signer(proposal, signer, now=now)
    row = proposal.cosignatures.filter(**who, state__in=CoSignature.LIVE).first()
    asked = row is not None and (row.state == State.INVITED or is_stale(row, proposal))
    if not asked and stands_behind(proposal, who):
        raise Refused(f"{signer}已在提案者之中。", field=next(iter(who)))
    if not agrees and (row is None or row.state != State.INVITED):
        raise Refused(f"没有等待{signer}答复的联名邀请，不需要登记不参加。", field="agrees")
    if row is None:
        row = CoSignature(proposal=proposal, **who, invited_by=by, invited_at=now)
    else:
        for obligation in clock_of(row):
            clocks.complete(obligation, by=by, now=now)
    row.state, row.answered_at, row.on_paper = State.AGREED if agrees else State.DECLINED, now, True
    row.text_hash = freeze(proposal, by=by, now=now).hash
    row.save()
    verb = "cosigned" if agrees else "cosign_declined"
    event = proposal.matter.record(verb, by=by, now=now, name=str(row), **paper_facts(paper))
    if not agrees:
        leave_out(proposal, [row], now=now)
        _back_to_draft(proposal)
    elif proposal.status not in EDITABLE:
        join(proposal, row)
    people = [*answerers(row, on=today(now)), *first_proposer(proposal.matter, on=today(now))]
    told(proposal, people, event, "cosign_paper" if agrees else "cosign_declined", now=now)
    return row


def _signer(proposal: Proposal, signer: Person | Body, *, now: datetime) -> dict[str, Person | Body]:
    """Whom the sheet speaks for, as columns of the invitation."""
    field = "person" if isinstance(signer, Person) else "body"
    who: dict[str, Person | Body] = {field: signer}
    if isinstance(signer, Person):
        if signer.pk not in current_members([signer], on=today(now)):
            raise Refused("只能登记现任委员的联名。", field=field)
    elif proposal.form != Proposal.Form.COLLECTIVE:
        raise Refused("只有集体提案可以由组织联名。", field=field)
    return who


def stands_behind(proposal: Proposal, who: dict[str, Person | Body]) -> bool:
    """Whether somebody is among the proposers; a co-signer is so until he declines words that were changed."""
    rows = proposal.matter.participants.filter(**who, left_at=None)
    return rows.filter(role__in=["first", "cosigner", "organisation"]).exists()


def join(proposal: Proposal, row: CoSignature) -> None:
    """Make a co-signer a participant: he is told, gets the reply and evaluates it."""
    last = proposal.matter.participants.count()
    participant, _ = Participant.objects.get_or_create(
        matter=proposal.matter,
        person=row.person,
        body=row.body,
        role=Participant.Role.COSIGNER if row.person_id else Participant.Role.ORGANISATION,
        defaults={"order": last, "name_public": row.name_public},
    )
    if participant.left_at:
        participant.left_at = None
        participant.save(update_fields=["left_at"])
    if proposal.form == Proposal.Form.INDIVIDUAL:
        proposal.form = Proposal.Form.JOINT
        proposal.save(update_fields=["form", "updated_at"])
