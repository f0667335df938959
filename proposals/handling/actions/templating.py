"""Units and offices bring their own letter templates; a second person puts one into use (公文模板, S14)."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from members import audit
from members.errors import Refused, WrongStep
from members.inbox.actions import tell
from members.models import AssigningOffice, AuditEntry, Body, Person
from members.uploads import Clean, save
from proposals.handling.letter_templates import looked_at
from proposals.handling.models import LetterTemplate, PaperKind
from proposals.handling.queries import people_in, proposal_office, proposal_staff
from proposals.handling.rights import RIGHTS

State = LetterTemplate.State
OWN_ROLES = tuple(RIGHTS["handling.letter_templates"].by)


def kinds_of(body: Body) -> list[PaperKind]:
    """What a body writes: units answer, assigning offices chase and decide, the proposal office asks for evaluations."""
    kinds = [PaperKind.REPLY, PaperKind.OPINION, PaperKind.REGISTER]
    if AssigningOffice.objects.filter(office=body).exists():
        kinds = [PaperKind.CHASE, PaperKind.EXTENSION]
    if body == proposal_office(on=timezone.localdate()):
        kinds.append(PaperKind.FORM)
    return kinds


def bring_template(body: Body, kind: str, file: Clean, *, by: Person, now: datetime) -> LetterTemplate:
    """Keep a .docx that passed the door as the next version, to be looked at by a second person.

    What is in use stays in use. Raises Refused with every field that is unknown, broken or wanting.
    """
    if kind not in kinds_of(body):
        raise Refused(f"{PaperKind(kind).label}不由{body}行文。请选择本单位行文的文种。", field="kind")
    used = looked_at(file.content, kind)
    with transaction.atomic():
        Body.objects.select_for_update(of=("self",)).get(pk=body.pk)
        rows = LetterTemplate.objects.filter(body=body, kind=kind)
        row = LetterTemplate.objects.create(
            body=body,
            kind=kind,
            version=(rows.aggregate(last=Max("version"))["last"] or 0) + 1,
            name=file.display_name,
            stored=save(file.content, file.extension),
            size=file.size,
            sha256=file.sha256,
            uses=used,
            by=by,
            at=now,
        )
        entry = audit.record("handling.bring_template", by=by, now=now, **named(row))
        _tell(second_persons(row, on=timezone.localdate(now)), "template_brought", row, entry, now=now)
    return row


def second_persons(row: LetterTemplate, *, on: date) -> list[int]:
    """Who may put it into use: colleagues of the body, or the proposal office where the uploader has none."""
    colleagues = [one for one in people_in(OWN_ROLES, on=on, bodies=[row.body_id]) if one != row.by_id]
    return colleagues or [one for one in proposal_staff(on=on) if one != row.by_id]


def _tell(people: Iterable[int], template: str, row: LetterTemplate, entry: AuditEntry, *, now: datetime) -> None:
    # an audit row counts below zero, so that it never shares a key with a matter's event
    tell(people, event_id=-entry.pk, template=template, subject={"template": str(row.public_id)}, now=now)


@transaction.atomic
def use_template(row: LetterTemplate, *, by: Person, now: datetime) -> LetterTemplate:
    """From now on the body's documents of this kind are made by it; the one before it is kept.

    The first time a second person does it; what was in use before may be taken up again by anyone of the body.
    """
    row = locked(row)
    if row.state == State.ON:
        raise WrongStep(f"{row}已经在使用中。")
    if row.released_by_id is None:
        if row.by_id == by.pk:
            raise Refused("模板须由另一位同事核对后启用，上传人不能自己启用。本单位没有其他人的，请提案委启用。")
        row.released_by, row.released_at = by, now
    LetterTemplate.objects.filter(body=row.body_id, kind=row.kind, state=State.ON).update(state=State.OFF)
    row.state, row.refused = State.ON, ""
    row.save(update_fields=["state", "refused", "released_by", "released_at"])
    entry = audit.record("handling.use_template", by=by, now=now, **named(row))
    _tell({row.by_id} - {by.pk}, "template_in_use", row, entry, now=now)
    return row


@transaction.atomic
def refuse_template(row: LetterTemplate, *, reason: str, by: Person, now: datetime) -> LetterTemplate:
    """The second person does not put it into use, and says why to whoever brought it (不启用)."""
    row = locked(row)
    if row.state != State.WAITING:
        raise WrongStep(f"{row}现在是“{row.get_state_display()}”，不能再退回。")
    if row.by_id == by.pk:
        raise Refused("这是您自己上传的模板，不用了请“停用”。")
    if not reason.strip():
        raise Refused("请写明不启用的原因，上传人会看到。", field="reason")
    row.state, row.refused = State.OFF, reason.strip()
    row.save(update_fields=["state", "refused"])
    entry = audit.record("handling.refuse_template", by=by, now=now, **named(row))
    _tell([row.by_id], "template_refused", row, entry, now=now)
    return row


@transaction.atomic
def stop_template(row: LetterTemplate, *, by: Person, now: datetime) -> LetterTemplate:
    """Lay aside what is in use, or what one has brought oneself: documents are made by the built-in letter again."""
    row = locked(row)
    if row.state == State.OFF:
        raise WrongStep(f"{row}已经停用。")
    if row.state == State.WAITING and row.by_id != by.pk:
        raise Refused("这个模板还没有启用过。不同意启用的，请选“不启用”并写明原因。")
    row.state = State.OFF
    row.save(update_fields=["state"])
    audit.record("handling.stop_template", by=by, now=now, **named(row))
    return row


def locked(row: LetterTemplate) -> LetterTemplate:
    """The row as it is now, its body's templates locked: one is put into use at a time."""
    rows = LetterTemplate.objects.select_for_update(of=("self",)).filter(body=row.body_id, kind=row.kind).order_by("pk")
    return next(one for one in rows.select_related("body") if one.pk == row.pk)


def named(row: LetterTemplate) -> dict[str, Any]:
    """What the audit keeps of it: which version it was, and by its hash which words."""
    return {"subject": str(row.public_id), "kind": row.kind, "version": row.version, "sha256": row.sha256}
