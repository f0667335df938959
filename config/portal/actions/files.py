"""Files on the disk that no row of the house knows any more."""

import logging
from datetime import datetime, timedelta

from config.portal.models import RegisterFile
from members.inbox.models import LongJob
from members.uploads import delete, stored_before
from proposals.handling.models import Attachment, IssuedPaper, LetterTemplate

logger = logging.getLogger(__name__)

YOUNG = timedelta(days=2)  # a request or a job may still be about to write its row
REGISTERS_KEPT = timedelta(days=1)
FEW = 20


def forget_registers(*, now: datetime) -> None:
    """Registers that were brought but never imported go after a day."""
    for row in RegisterFile.objects.waiting().filter(uploaded_at__lt=now - REGISTERS_KEPT):
        row.delete()
        delete(row.file)


def clear_orphans(*, now: datetime) -> int:
    """Delete files that a crash or a broken request left behind; return how many.

    If most files seem to belong to nobody, the rows are what is missing, as with a wrong or a fresh database: then
    nothing is deleted and the log says so.
    """
    known = {
        *Attachment.objects.kept().values_list("stored", flat=True),
        *IssuedPaper.objects.kept().values_list("stored", flat=True),
        *LetterTemplate.objects.values_list("stored", flat=True),
        *LongJob.objects.exclude(file="").values_list("file", flat=True),
        *RegisterFile.objects.exclude(file="").values_list("file", flat=True),
    }
    old = list(stored_before(now - YOUNG))
    orphans = [name for name in old if name not in known]
    if len(orphans) > max(FEW, len(old) // 2):
        logger.error(
            "%d of %d files belong to no row; none was deleted: is this the right database?", len(orphans), len(old)
        )
        return 0
    for name in orphans:
        delete(name)
    return len(orphans)
