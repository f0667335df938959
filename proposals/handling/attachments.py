"""Which files of a matter a person may open (S2): by purpose, and for letters by whether they were delivered."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet

from .events import ALL, AUTHORS, OWN_UNIT, OWN_UNIT_AND_PROPOSER, readable
from .eyes import Eye, Eyes, eyes
from .models import Attachment, Matter, Purpose, Reply

BEFORE_DELIVERY = frozenset({Eye.OFFICE, Eye.UNIT})
READERS: dict[str, frozenset[Eye]] = {
    Purpose.TEXT: ALL,
    Purpose.ORIGINAL: AUTHORS,
    Purpose.SIGNATURES: AUTHORS,
    Purpose.SHEET: OWN_UNIT,
    Purpose.MINUTES: OWN_UNIT,
    Purpose.CONTACT: OWN_UNIT_AND_PROPOSER,
    Purpose.OPINION: OWN_UNIT | {Eye.LEAD},
    Purpose.SIGNING: BEFORE_DELIVERY,  # the sheet may hold the reply itself
    Purpose.LETTER: BEFORE_DELIVERY,
    Purpose.EVALUATION: frozenset({Eye.STAFF}),
    Purpose.REPORT: AUTHORS,  # a name or a picture may tell who reports (S20)
    Purpose.OFFICE: frozenset({Eye.STAFF}),
}


def attachments_of(matter: Matter, user: Any, view: Eyes | None = None) -> list[Attachment]:
    """The files of a visible matter that `user` may open, oldest first; sheets of the office stand beside their act."""
    rows: QuerySet[Attachment] = matter.attachments.kept().exclude(purpose=Purpose.OFFICE)
    found = list(rows.select_related("assignment", "reply").order_by("at", "id"))
    if not found:
        return []
    view = view or eyes(user, matter)
    writes = readable(WRITERS, view, None)
    return [one for one in found if may_open(one, user, view) and not (one.leaving and writes)]


def may_open(attachment: Attachment, user: Any, view: Eyes) -> bool:
    """A letter is its unit's until it is delivered; a file of words not handed in again, its writers'.

    Whoever brought a file in may always look at it. The proposal office sees one only while its date waits to be
    confirmed: it may do that, and needs the seal before it.
    """
    if attachment.by_id == user.pk:
        return True
    if attachment.draft:
        return readable(WRITERS, view, None)
    audience = ALL if attachment.released_at else READERS[attachment.purpose]
    if attachment.reply is not None and attachment.reply.date_to_confirm:
        audience |= {Eye.STAFF}
    return readable(audience, view, attachment.assignment)


WRITERS = frozenset({Eye.FIRST})
OWNERS = frozenset({Purpose.TEXT, Purpose.ORIGINAL, Purpose.SIGNATURES, Purpose.REPORT})


def removable(attachment: Attachment) -> bool:
    """Whether the file belongs to what was handed in, so that a wrong one may be taken away; no part of any act."""
    kept = attachment.removed_at is None and attachment.released_at is None and not attachment.leaving
    return kept and attachment.purpose in OWNERS and attachment.assignment_id is None and attachment.event_id is None


def attachment_for(user: Any, public_id: Any) -> Attachment | None:
    """One file, or None if there is none that `user` may open."""
    row = Attachment.objects.kept().select_related("matter", "assignment", "reply").filter(public_id=public_id).first()
    if row is None or not in_sight(row, user):
        return None
    return row if may_open(row, user, eyes(user, row.matter)) else None


def in_sight(attachment: Attachment, user: Any) -> bool:
    """Whether `user` sees its matter; of a sheet that speaks of several matters, all of them (S5)."""
    about = set(Attachment.objects.filter(pk=attachment.pk).whole().values_list("matter", flat=True))
    return Matter.objects.visible_to(user).filter(pk__in=about).count() == len(about)


def letters_of(reply: Reply | None) -> list[Attachment]:
    """The letters that will be delivered with this reply, each round's with its own."""
    return list(Attachment.objects.kept().filter(reply=reply).order_by("pk")) if reply else []


def scan_of(letters: Sequence[Attachment]) -> Attachment | None:
    """The sealed letter itself, against which its date is checked: the latest picture or PDF."""
    return next((one for one in reversed(letters) if one.is_scan), None)
