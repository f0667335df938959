"""A proposal is begun and written, by its proposer or for him from paper."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings
from django.db import transaction

from members.errors import Refused, Stale
from members.models import Body, Person, Session
from proposals.handling import readers
from proposals.handling.actions.attaching import detach, leave_out
from proposals.handling.models import Access, Attachment, Exposure, Kind, Matter, Participant, Priority, Suggestion
from proposals.models import EDITABLE, Category, CoSignature, Proposal, Status, Text

from .base import drop_clocks, expect, lock, move, proposers, today, told
from .cosigning import answerers

Role = Participant.Role
Form = Proposal.Form
Source = Proposal.Source
MOST_DRAFTERS = 3
MOST_IN_TITLE = 300
MOST_IN_DRAFT = 20_000


@dataclass(frozen=True)
class Behind:
    """Who raises the proposal: a member, or an organisation with its contact person and drafters (P14)."""

    person: Person | None = None
    body: Body | None = None
    contact: Person | None = None
    drafters: Sequence[Person] = field(default=())


@dataclass(frozen=True)
class Details:
    """What is filled in beside the text."""

    consents: bool = True
    consent_reason: str = ""
    internal: bool = False
    category: Category | None = None
    priority: Priority | None = None
    wished_units: Sequence[Body] = field(default=())
    signer: str = ""
    approval: str = ""


@transaction.atomic
def begin(behind: Behind, *, by: Person, now: datetime, source: str = Source.ONLINE) -> Proposal:
    """Make an empty draft that nobody but its authors sees."""
    matter = Matter.objects.create(
        kind=Kind.PROPOSAL, stage=Status.DRAFT, exposure=Exposure.DRAFT, session=Session.objects.current(now)
    )
    form = Form.COLLECTIVE if behind.body else Form.INDIVIDUAL
    proposal = Proposal.objects.create(matter=matter, form=form, source=source, entered_by=by)
    _stand_behind(matter, behind)
    readers.refresh(matter)
    return proposal


@transaction.atomic
def change_proposer(proposal: Proposal, behind: Behind, *, by: Person, now: datetime) -> Proposal:
    """Say anew who raises a proposal that is still being written."""
    proposal = lock(proposal)
    expect(proposal, *EDITABLE)
    if proposal.matter.participants.filter(role=Role.COSIGNER).exists() and behind.body:
        raise Refused("已有联名人的提案不能改为集体提案，请先移除联名人。")
    signed = proposal.matter.participants.cosigning().exclude(body__isnull=False, body=behind.body)
    proposal.matter.participants.exclude(pk__in=signed.values("pk")).delete()
    _stand_behind(proposal.matter, behind)
    proposal.form = Form.COLLECTIVE if behind.body else form_of(proposal)
    proposal.save(update_fields=["form", "updated_at"])
    readers.refresh(proposal.matter)
    return proposal


def _stand_behind(matter: Matter, behind: Behind) -> None:
    if (behind.person is None) == (behind.body is None):
        raise Refused("请选择提案者：一位委员，或者一个组织。")
    if len(behind.drafters) > MOST_DRAFTERS:
        raise Refused(f"执笔人最多{MOST_DRAFTERS}位。")
    rows = [Participant(matter=matter, person=behind.person, role=Role.FIRST)] if behind.person else []
    if behind.body:
        rows.append(Participant(matter=matter, body=behind.body, role=Role.ORGANISATION))
        if behind.contact:
            rows.append(Participant(matter=matter, person=behind.contact, role=Role.CONTACT, order=1))
        for order, drafter in enumerate(dict.fromkeys(behind.drafters), start=2):
            rows.append(Participant(matter=matter, person=drafter, role=Role.DRAFTER, order=order))
    Participant.objects.bulk_create(rows)


def form_of(proposal: Proposal) -> Form:
    """A proposal that others have signed is a joint one; nobody has to say so."""
    if proposal.matter.participants.filter(role=Role.ORGANISATION).exists():
        return Form.COLLECTIVE
    signed = proposal.cosignatures.filter(state="agreed").exists()
    return Form.JOINT if signed else Form.INDIVIDUAL


@transaction.atomic
def save_text(
    proposal: Proposal, text: Text, *, version: int | None, by: Person, now: datetime, details: Details | None = None
) -> Proposal:
    """Save what has been typed, complete or not; the server's copy is the autosave (S16).

    Raises Stale if somebody saved another text since `version` was opened; nothing is overwritten then. Saving
    the same text twice changes nothing.
    """
    text = tidy(text)
    proposal = lock(proposal)
    expect(proposal, *EDITABLE)
    if version is not None and version != proposal.version and text != proposal.text():
        raise Stale("这件提案已在别处修改过。请对照两份文字，决定保留哪些内容后再保存。")
    if text != proposal.text():
        _write(proposal, text)
    if details is not None:
        _detail(proposal, details)
    return proposal


def tidy(text: Text) -> Text:
    """One kind of line break, no empty suggestion, and no more than a draft may hold."""
    suggestions = tuple(kept for part in text.suggestions if (kept := _clean(part)))
    tidied = Text(" ".join(text.title.split()), _clean(text.situation), _clean(text.analysis), suggestions)
    if len(tidied.title) > MOST_IN_TITLE:
        raise Refused(f"案由太长，最多保存{MOST_IN_TITLE}字。", field="title")
    if tidied.length > MOST_IN_DRAFT:
        raise Refused(f"文字太长，草稿最多保存{MOST_IN_DRAFT}字。请把附带材料作为附件上传。")
    return tidied


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").strip()


def _write(proposal: Proposal, text: Text) -> None:
    matter = proposal.matter
    if proposal.submissions:
        proposal.draft_title = text.title
    else:
        matter.title = text.title
        matter.save(update_fields=["title"])
    proposal.situation, proposal.analysis = text.situation, text.analysis
    proposal.version += 1
    proposal.save(update_fields=["situation", "analysis", "version", "draft_title", "updated_at"])
    write_suggestions(matter, text.suggestions)


def write_suggestions(matter: Matter, suggestions: Iterable[str]) -> None:
    """Number the suggestions anew from 1."""
    matter.suggestions.all().delete()
    Suggestion.objects.bulk_create(
        Suggestion(matter=matter, number=number, text=text) for number, text in enumerate(suggestions, start=1)
    )


def takes_internal(proposal: Proposal) -> bool:
    """Not on the internet, where nothing above public is taken in (S24); what is internal already stays so."""
    return settings.ZONE != "internet" or proposal.internal


def must_suit_zone(proposal: Proposal, *, internal: bool) -> None:
    """Raises Refused for what this zone does not take in."""
    if internal and not takes_internal(proposal):
        raise Refused(
            "本系统部署在互联网上，不办理“不公开（内部）”的提案。请不要填写不宜公开的内容，改为线下提交，由提案委登记涉密占位。",
            field="internal",
        )


def _detail(proposal: Proposal, details: Details) -> None:
    must_suit_zone(proposal, internal=details.internal)
    proposal.consents, proposal.consent_reason = details.consents, details.consent_reason.strip()
    proposal.internal, proposal.category = details.internal, details.category
    proposal.signer, proposal.approval = details.signer.strip(), details.approval.strip()
    proposal.save(
        update_fields=["consents", "consent_reason", "internal", "category", "signer", "approval", "updated_at"]
    )
    proposal.wished_units.set(details.wished_units)
    matter = proposal.matter
    matter.priority = details.priority
    matter.access = Access.INTERNAL if details.internal else Access.OPEN
    matter.save(update_fields=["priority", "access"])


@transaction.atomic
def remove_file(proposal: Proposal, file: Attachment, *, by: Person, now: datetime, reason: str = "") -> None:
    """Take away a file that was handed in by mistake.

    While the text is written its authors do it; of what was handed in before, the office has it until it is handed in
    again. Later whoever keeps the file does it, with a reason, and they are told.
    """
    proposal = lock(proposal)
    if not proposal.editable and not reason.strip():
        raise Refused("请写明删除的原因，提案者会看到这段话。", field="reason")
    if proposal.written_again and not file.draft:
        leave_out(file)
        return
    detach(file, by=by, now=now)
    if not proposal.editable:
        event = proposal.matter.record("file_removed", by=by, now=now, name=file.name, reason=reason.strip())
        told(proposal, proposers(proposal.matter, on=today(now)), event, "file_removed", now=now)


@transaction.atomic
def discard(proposal: Proposal, *, by: Person, now: datetime) -> None:
    """Throw a draft away; it keeps a row without text, so that its number of events stays true.

    Whoever was asked to sign it is told that it is gone.
    """
    proposal = lock(proposal)
    expect(proposal, Status.DRAFT, Status.COSIGNING)
    if proposal.receipt:
        raise Refused("已经有收件号的提案不能删除，请办理撤案。")
    asked = list(proposal.cosignatures.filter(state__in=CoSignature.LIVE).select_related("person", "body"))
    drop_clocks(proposal.matter, "cosign", by=by, now=now, reason="草稿已删除")
    proposal.cosignatures.filter(pk__in=[row.pk for row in asked]).update(state=CoSignature.State.REMOVED)
    _write(proposal, Text())
    proposal.revisions.update(title="", situation="", analysis="", suggestions=[])
    proposal.matter.participants.filter(left_at=None).update(left_at=now)
    move(proposal, Status.WITHDRAWN, closed_at=now)
    event = proposal.matter.record("discarded", by=by, now=now)
    for row in asked:
        told(proposal, answerers(row, on=today(now)), event, "cosign_removed", now=now, cosignature=str(row.public_id))


def details_of(proposal: Proposal) -> Details:
    """What is filled in now, to change one thing of it with `dataclasses.replace`."""
    return Details(
        consents=proposal.consents,
        consent_reason=proposal.consent_reason,
        internal=proposal.internal,
        category=proposal.category,
        priority=proposal.matter.priority,
        wished_units=list(proposal.wished_units.all()),
        signer=proposal.signer,
        approval=proposal.approval,
    )
