"""Units and offices bring their own letter templates; a second person puts one into use (公文模板, S14)."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from members import audit
from members.errors import Refused, WrongStep
from members.models import AssigningOffice, Body, Person
from members.uploads import Clean, save
from proposals.handling.letter_templates import looked_at
from proposals.handling.models import LetterTemplate, PaperKind
from proposals.handling.queries import proposal_office

State = LetterTemplate.State


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
        audit.record("handling.bring_template", by=by, now=now, **named(row))
    return row


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
    row.state = State.ON
    row.save(update_fields=["state", "released_by", "released_at"])
    audit.record("handling.use_template", by=by, now=now, **named(row))
    return row


@transaction.atomic
def stop_template(row: LetterTemplate, *, by: Person, now: datetime) -> LetterTemplate:
    """Lay it aside, in use or waiting; documents are made by the built-in letter again."""
    row = locked(row)
    if row.state == State.OFF:
        raise WrongStep(f"{row}已经停用。")
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
