"""What is kept for a time only: files without a row, files nobody scanned, signs of old forms, old messages."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pytest_django.fixtures import Settings

from config.portal.actions import files
from config.portal.models import RegisterFile
from members import audit
from members.choices import Role
from members.inbox.forgetting import forget
from members.inbox.models import Channel, JobState, LongJob, Message, PhoneNotice, State
from members.models import AuditEntry, AuditFacts
from members.uploads import ScanState, Use, check, save
from proposals.handling.actions.attaching import attach, scan_again
from proposals.handling.actions.forgetting import forget_signs
from proposals.handling.models import Attachment, Evaluation, EvaluationRound, Event, Purpose
from tests.factories import appoint
from tests.handling.conftest import build_house, give
from tests.uploads import made
from tests.uploads.conftest import Clamd
from tests.uploads.made import upload

pytestmark = pytest.mark.django_db
NOW = timezone.make_aware(datetime(2026, 11, 23, 3, 0))


@pytest.fixture(autouse=True)
def root(settings: Settings, tmp_path: Path) -> Path:
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def stored(root: Path, *, days: int) -> str:
    """A file that has lain there for that long."""
    name = save(b"content", "pdf")
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(root / name, (moment, moment))
    return name


def lying(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.glob("*/*")}


def kept_file() -> Attachment:
    house = build_house()
    matter = give(house)
    clean = check(upload("附件.pdf", made.pdf()), use=Use.ATTACHMENT)
    return attach(matter, clean, purpose=Purpose.TEXT, by=house.member, now=NOW)


def test_a_file_that_no_row_knows_goes_after_two_days_and_no_other(
    root: Path, django_capture_on_commit_callbacks: Any
) -> None:
    person = appoint(Role.PROPOSAL_STAFF)
    facts = {"by": person, "session_code": "14-2", "file_name": "登记表.xlsx", "size": 7, "sha256": ""}
    attachment = kept_file()
    old = (NOW - timedelta(days=9)).timestamp()
    os.utime(root / attachment.stored, (old, old))
    job = LongJob.objects.create(by=person, kind="x", title="x", file=stored(root, days=9), created_at=NOW)
    waiting = RegisterFile.objects.create(file=stored(root, days=9), uploaded_at=NOW, **facts)
    late = NOW - timedelta(minutes=51)
    forgotten = RegisterFile.objects.create(file=stored(root, days=9), uploaded_at=late, **facts)
    coming = RegisterFile.objects.create(file=stored(root, days=9), uploaded_at=late, **facts)
    register = {"register": str(coming.public_id)}
    LongJob.objects.create(by=person, kind="import_proposals", title="x", args=register, created_at=NOW)
    young, orphan = stored(root, days=1), stored(root, days=3)
    (root / "lost+found").mkdir()
    (root / "lost+found" / "note.txt").write_text("not ours")

    with django_capture_on_commit_callbacks(execute=True):
        files.forget_registers(now=NOW)
    assert files.clear_orphans(now=NOW) == 1
    assert files.clear_orphans(now=NOW) == 0

    assert lying(root) == {attachment.stored, job.file, waiting.file, coming.file, young, "lost+found/note.txt"}
    assert orphan not in lying(root) and not RegisterFile.objects.filter(pk=forgotten.pk).exists()


def test_with_a_wrong_database_no_file_is_deleted(root: Path, caplog: pytest.LogCaptureFixture) -> None:
    names = {stored(root, days=30) for _ in range(files.FEW + 1)}

    assert files.clear_orphans(now=NOW) == 0

    assert lying(root) == names
    assert "is this the right database?" in caplog.text


def test_what_came_in_while_the_scanner_slept_is_shown_to_it_later(settings: Settings, clamd: Clamd) -> None:
    attachment = kept_file()
    assert (attachment.scan, scan_again(now=NOW)) == (ScanState.NOT_SCANNED, 0)
    settings.CLAMD_URL = "tcp://127.0.0.1:1"
    assert scan_again(now=NOW) == 0

    settings.CLAMD_URL = clamd.url
    clamd.answer = b"stream: Win.Test FOUND\0"
    assert [scan_again(now=NOW), scan_again(now=NOW)] == [1, 0]
    attachment.refresh_from_db()
    assert attachment.scan == ScanState.INFECTED
    assert AuditEntry.objects.filter(verb="handling.infected", subject=str(attachment.public_id)).count() == 1

    Attachment.objects.update(scan=ScanState.NOT_SCANNED)
    clamd.answer = b"stream: OK\0"
    assert scan_again(now=NOW) == 1
    attachment.refresh_from_db()
    assert attachment.scan == ScanState.CLEAN


def test_address_and_device_of_a_form_go_after_a_year_and_the_form_stays() -> None:
    house = build_house()
    matter = give(house)
    place = matter.participants.get(person=house.member)
    forms = []
    for number, days in ((1, 367), (2, 365)):
        opened = EvaluationRound.objects.create(assignment=matter.assignments.get(), round=number, opened_at=NOW)
        forms.append(
            Evaluation.objects.create(
                round_row=opened,
                participant=place,
                work="satisfied",
                result="basic",
                text="好",
                by=house.member,
                at=NOW - timedelta(days=days),
                address="192.0.2.7",
                device="手机",
                flags=["same_device"],
            )
        )
    audit.record("old", by=house.staff, now=NOW - timedelta(days=3000), subject="x", why="kept")
    before = (Event.objects.count(), AuditEntry.objects.count(), AuditFacts.objects.count())

    assert [forget_signs(NOW), forget_signs(NOW)] == [1, 0]

    for form in forms:
        form.refresh_from_db()
    assert [(form.address, form.device, form.text, form.flags) for form in forms] == [
        (None, "", "好", ["same_device"]),
        ("192.0.2.7", "手机", "好", ["same_device"]),
    ]
    assert (Event.objects.count(), AuditEntry.objects.count(), AuditFacts.objects.count()) == before


def test_jobs_go_after_a_month_and_messages_after_two_years(root: Path) -> None:
    person = appoint(Role.PROPOSAL_STAFF)

    def message(key: str, days: int, **facts: object) -> Message:
        at = NOW - timedelta(days=days)
        ordinary = {"state": State.SENT, "sent_at": at, "channel": Channel.EMAIL, "template": "plain"}
        return Message.objects.create(key=key, recipient=person, not_before=at, created_at=at, **{**ordinary, **facts})

    whole = message("whole", 740)
    message("part", 740, part_of=whole)
    message("never sent", 740, state=State.PENDING, sent_at=None)
    message("young", 700, part_of=message("young whole", 740))
    for days in (40, 20):
        finished = NOW - timedelta(days=days)
        LongJob.objects.create(
            by=person, kind="x", title=f"{days}", state=JobState.DONE, created_at=finished, finished_at=finished,
            file=stored(root, days=days),
        )  # fmt: skip
        at = NOW - timedelta(days=days * 20)
        PhoneNotice.objects.create(person=person, by=person, at=at, upto=at, note=f"{days}")

    for _ in range(2):
        forget(NOW)

    assert set(Message.objects.values_list("key", flat=True)) == {"never sent", "young", "young whole"}
    assert [job.title for job in LongJob.objects.all()] == ["20"]
    assert [row.note for row in PhoneNotice.objects.all()] == ["20"]
    assert lying(root) == {LongJob.objects.get().file}
