"""Files on the disk that no row of the house knows any more."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from config.portal.models import RegisterFile
from config.portal.models.register_file import KEPT_FOR
from members.errors import WrongStep
from members.inbox.models import JobState, LongJob
from members.uploads import delete, stored_before
from proposals.handling.models import Attachment, IssuedPaper, LetterTemplate

logger = logging.getLogger(__name__)

YOUNG = timedelta(days=2)  # a request or a job may still be about to write its row
FEW = 20


@transaction.atomic
def forget_registers(*, now: datetime) -> None:
    """Registers that were brought but not imported go within the hour, but for what is being imported just now."""
    rows = RegisterFile.objects.waiting().filter(uploaded_at__lt=now - KEPT_FOR)
    locked = list(rows.select_for_update(skip_locked=True))
    at_work = _at_work()  # asked with the locks held: who leaves a register to a job locks it first
    for row in locked:
        if row.public_id not in at_work:
            _drop(row)


@transaction.atomic
def give_up(kept: RegisterFile) -> None:
    """The register is not imported after all: its file goes at once."""
    row = lock_register(kept)
    if row.imported_at or row.public_id in _at_work():
        raise WrongStep("这个文件已经导入，或者正在导入，文件随后自动删除。请刷新页面查看结果。")
    _drop(row)


def lock_register(kept: RegisterFile) -> RegisterFile:
    """The register as it is now. Raises WrongStep for one that went meanwhile."""
    row = RegisterFile.objects.select_for_update(of=("self",)).filter(pk=kept.pk).first()
    if row is None:
        raise WrongStep("文件已清理，请重新上传。")
    return row


def _drop(row: RegisterFile) -> None:
    name = row.file
    row.delete()
    transaction.on_commit(lambda: delete(name), robust=True)


def _at_work() -> set[UUID]:
    """The registers that a job imports, or is about to."""
    jobs = LongJob.objects.filter(state__in=[JobState.WAITING, JobState.RUNNING], args__has_key="register")
    return {UUID(register) for register in jobs.values_list("args__register", flat=True)}


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
