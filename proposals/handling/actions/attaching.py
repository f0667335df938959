"""Files of a matter come in and go out (附件)."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from members import audit
from members.choices import OFFICE_ROLES, STAFF_ROLES
from members.errors import WrongStep
from members.rights import roles_of
from members.uploads import Clean, ScanState, Use, check, delete, open_file, save, scan
from proposals.handling.attachments import removable
from proposals.handling.models import Assignment, Attachment, Event, Matter, Purpose, Reply

MEGABYTE = 2**20
KEEPERS = STAFF_ROLES | OFFICE_ROLES
SCANS = frozenset(
    {Purpose.ORIGINAL, Purpose.SIGNATURES, Purpose.SHEET, Purpose.SIGNING, Purpose.EVALUATION, Purpose.OFFICE}
)


def admit(upload: "UploadedFile[Any]", *, purpose: str, by: Any) -> Clean:
    """Let a file through the one door, or raise BadFile; to be called by the form, before any transaction."""
    use = Use.SCAN if purpose in SCANS else Use.ATTACHMENT
    return check(upload, use=use, used=Attachment.objects.used_by(by), quota=quota_of(by))


def quota_of(person: Any) -> int:
    """How many bytes a person may keep here: an office keeps the papers of everybody."""
    office = roles_of(person, timezone.localdate()).keys() & KEEPERS
    megabytes: int = settings.OFFICE_QUOTA if office else settings.PERSON_QUOTA
    return megabytes * MEGABYTE


@transaction.atomic
def attach(
    matter: Matter,
    file: Clean,
    *,
    purpose: str,
    assignment: Assignment | None = None,
    reply: Reply | None = None,
    event: Event | None = None,
    draft: bool = False,
    by: Any,
    now: datetime,
) -> Attachment:
    """Keep a file that passed the door with its matter; a `draft`'s is its writers' until it is handed in."""
    return Attachment.objects.create(
        matter=matter,
        assignment=assignment,
        reply=reply,
        event=event,
        draft=draft,
        purpose=purpose,
        **asdict(put_by(file)),
        by=by,
        at=now,
    )


@dataclass(frozen=True)
class PutBy:
    """A file that lies in the store already, in words that a long job can carry."""

    name: str
    stored: str
    content_type: str
    size: int
    sha256: str
    scan: str


def put_by(file: Clean) -> PutBy:
    stored = save(file.content, file.extension)
    return PutBy(file.display_name, stored, file.content_type, file.size, file.sha256, file.scan)


def attach_to_all(matters: Iterable[Matter], file: PutBy, *, purpose: str, by: Any, now: datetime) -> dict[int, str]:
    """One sheet that stands for many matters: stored once, with a row for each; return the public ids by matter."""
    rows = [Attachment(matter=matter, purpose=purpose, **asdict(file), by=by, at=now) for matter in matters]
    return {row.matter_id: str(row.public_id) for row in Attachment.objects.bulk_create(rows)}


def throw_away(file: PutBy) -> None:
    """The act that it was to prove did not happen."""
    _deleting(file.stored)()


def release_letters(reply: Reply, *, now: datetime) -> None:
    """The reply was delivered: whoever sees the matter may open its letters now."""
    reply.letters.filter(released_at=None).update(released_at=now)


@transaction.atomic
def drop_letter(letter: Attachment, *, by: Any, now: datetime) -> None:
    """Take a letter out of a draft, whoever of the unit brought it in.

    Raises WrongStep if it has been delivered.
    """
    row = Attachment.objects.select_for_update(of=("self",)).get(pk=letter.pk)
    if row.released_at:
        raise WrongStep("答复函已经送达，不能删除。")
    if row.removed_at is None:
        Attachment.objects.filter(pk=row.pk).update(removed_at=now, removed_by=by)
        transaction.on_commit(_deleting(row.stored))


@transaction.atomic
def detach(attachment: Attachment, *, by: Any, now: datetime) -> None:
    """Take away a file that was handed in by mistake; whose it is to take away, the owner of the matter says.

    Raises WrongStep if it belongs to the record of some act, or is gone already.
    """
    take_away(_removable(attachment), by=by, now=now)


@transaction.atomic
def leave_out(attachment: Attachment) -> None:
    """Take a file out of words that are written again: what was handed in keeps it until they are handed in."""
    row = _removable(attachment)
    Attachment.objects.filter(pk=row.pk).update(leaving=True)


def hand_in_files(matter: Matter, *, by: Any, now: datetime) -> None:
    """The words were handed in again: files brought meanwhile belong to them, those left out are gone."""
    matter.attachments.filter(draft=True).update(draft=False)
    for row in matter.attachments.kept().filter(leaving=True).order_by("pk"):
        take_away(row, by=by, now=now)


def _removable(attachment: Attachment) -> Attachment:
    row = Attachment.objects.select_for_update(of=("self",)).get(pk=attachment.pk)
    if not removable(row):
        raise WrongStep("这个文件已删除，或已归入办理记录，不能再删除。")
    return row


def take_away(row: Attachment, *, by: Any, now: datetime) -> None:
    """The file goes with what it belonged to; the row stays and says who took it away, and when."""
    Attachment.objects.filter(pk=row.pk).update(removed_at=now, removed_by=by)
    transaction.on_commit(_deleting(row.stored))


def erase(matter: Matter, *, by: Any, now: datetime) -> int:
    """Purge the files of a matter (S5): contents and names; the rows stay, without either."""
    database = matter._state.db
    rows = list(matter.attachments.whole())
    for row in rows:
        Attachment.objects.using(database).filter(pk=row.pk).update(
            name="已清除", sha256="", removed_at=row.removed_at or now, removed_by=row.removed_by_id or by.pk
        )
        transaction.on_commit(_deleting(row.stored), using=database)
    return len(rows)


def scan_again(*, now: datetime, limit: int = 200) -> int:
    """Show the scanner what came in while it did not answer, oldest first; return how many it has now judged.

    An infected file is offered to nobody any more; its row and the audit say so.
    """
    if not settings.CLAMD_URL:
        return 0
    judged = 0
    for row in Attachment.objects.kept().filter(scan=ScanState.NOT_SCANNED).order_by("pk")[:limit]:
        try:
            with open_file(row.stored) as file:
                state = scan(file.read())
        except FileNotFoundError:
            continue
        if state == ScanState.NOT_SCANNED:
            break  # it does not answer now either
        with transaction.atomic():
            if state == ScanState.INFECTED:
                audit.record("handling.infected", by=None, now=now, subject=str(row.public_id), sha256=row.sha256)
            Attachment.objects.filter(pk=row.pk).update(scan=state)
        judged += 1
    return judged


def _deleting(stored: str) -> Any:
    """Deletes a file unless it still stands with another matter."""

    def unless_kept() -> None:
        if not Attachment.objects.kept().filter(stored=stored).exists():
            delete(stored)

    return unless_kept
