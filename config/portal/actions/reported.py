"""Registers of reports and adoption lists come in: the one way behind the command and the pages (P30)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils import timezone

from config.portal.actions.files import forget_registers, lock_register
from config.portal.actions.registers import path_of, plain, stored_by
from config.portal.models import RegisterFile
from config.portal.registers.parser import NotARegister
from config.portal.registers.reading import read_sheets
from config.portal.registers.reported import Entry, Reported, read_reported
from config.portal.registers.text import same_words
from members import audit, uploads
from members.errors import Refusal, Refused, WrongStep
from members.models import Person
from proposals.reports.actions.adopting import record_adoption
from proposals.reports.actions.importing import AdoptedRow, ReportRow, import_reports, issued_titles, known_titles
from proposals.reports.models import Report
from proposals.reports.models.adoption import Adoption

REPORTS, ADOPTIONS = "reports", "adoptions"
ALIKE = 0.6
"""From this likeness on a title is offered for a line of an adoption list; the person decides."""


def preview(path: Path, *, on: date | None = None) -> Reported:
    """Read a register of reports against what is there; raises Refused with a sentence."""
    known = {(same_words(title), year) for title, year in known_titles()}
    return _read(path, known=known, on=on)


def _read(path: Path, *, known: set[tuple[str, int]] | None = None, on: date | None = None) -> Reported:
    try:
        return read_reported(read_sheets(path), known=known or set(), today=on or timezone.localdate())
    except NotARegister as error:
        raise Refused(str(error).replace("提案登记表", "信息登记表"), field="file") from error


@transaction.atomic
def confirm(seen: Reported, *, partial: bool, by: Person | None, now: datetime, file: str = "") -> dict[str, Any]:
    """Import what the preview found; without `partial` nothing comes in as long as one row is at fault."""
    if seen.errors and not partial:
        raise Refused(f"有 {len(seen.errors)} 行不能导入，没有导入任何信息。请改正后重试，或选择只导入没有错误的行。")
    imported = import_reports([row_of(entry, seen.sheet) for entry in seen.entries], by=by, now=now)
    summary = summary_of(seen, imported=imported)
    counts: dict[str, Any] = {name: len(found) if isinstance(found, list) else found for name, found in summary.items()}
    audit.record("reports.import", by=by, subject=file[:120] or seen.sheet, now=now, **counts)
    return summary


def row_of(entry: Entry, sheet: str) -> ReportRow:
    told = entry.instructed
    return ReportRow(
        title=entry.title,
        on=entry.on,
        authors=entry.submitter,
        adopted=[AdoptedRow(one.level, one.adopter, one.form, one.journal) for one in entry.adopted],
        kind=told.kind if told else "",
        level=told.level if told else "",
        leader=told.leader if told else "",
        note=entry.note,
        source=f"{sheet} 第 {entry.row} 行",
    )


def summary_of(seen: Reported, *, imported: int) -> dict[str, Any]:
    """The shape that scripts rely on."""
    return {
        "rows": seen.rows,
        "imported": imported,
        "skipped": len(seen.skipped),
        "errors": [plain(note) for note in seen.errors],
        "warnings": [plain(note) for note in seen.warnings],
    }


# files on their way ------------------------------------------------------------------------------------------------------


def take_in(
    upload: "UploadedFile[Any]", *, kind: str, details: Mapping[str, str], by: Person, now: datetime
) -> RegisterFile:
    """Keep an uploaded file until it is imported; it is read once now, so that a bad one is refused at once."""
    clean = uploads.check(upload, use=uploads.Use.REGISTER, used=stored_by(by))
    forget_registers(now=now)
    name = uploads.save(clean.content, clean.extension)
    try:
        _read(path_of(name))
        return RegisterFile.objects.create(
            by=by,
            kind=kind,
            details=dict(details),
            file=name,
            file_name=clean.display_name,
            size=clean.size,
            sha256=clean.sha256,
            uploaded_at=now,
        )
    except BaseException:
        uploads.delete(name)
        raise


@transaction.atomic
def bring_in(kept: RegisterFile, *, partial: bool, by: Person, now: datetime) -> dict[str, Any]:
    """Import an uploaded register: once, however often it is asked for; the file goes, its result stays."""
    kept = _open(kept)
    seen = preview(path_of(kept.file))
    summary = confirm(seen, partial=partial, by=by, now=now, file=kept.file_name)
    _done(kept, {**summary, "repeated": [plain(note) for note in seen.skipped]}, now=now)
    return summary


def _open(kept: RegisterFile) -> RegisterFile:
    kept = lock_register(kept)
    if kept.imported_at:
        raise WrongStep("这个文件已经导入过了。")
    return kept


def _done(kept: RegisterFile, result: dict[str, Any], *, now: datetime) -> None:
    name, kept.file, kept.imported_at, kept.result = kept.file, "", now, result
    kept.save(update_fields=["file", "imported_at", "result"])
    transaction.on_commit(lambda: uploads.delete(name), robust=True)


# adoption lists ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Match:
    """A line of an adoption list and the reports that it may mean, the likeliest first; `titles` are those in print."""

    entry: Entry
    adopter: str
    level: str
    candidates: Sequence[tuple[Report, float]]
    titles: Mapping[int, str]
    again: bool = False

    @property
    def exact(self) -> Report | None:
        return next((report for report, likeness in self.candidates if likeness == 1), None)


def matches(kept: RegisterFile, by: Person) -> tuple[Reported, list[Match]]:
    """The lines of an uploaded adoption list, matched by title with what was issued or passed on in its own words."""
    seen = _read(path_of(kept.file))
    known = issued_titles(by)
    titles, printed = [(pk, same_words(title)) for pk, title in known], dict(known)
    found = {entry.row: candidates_for(same_words(entry.title), titles) for entry in seen.entries}
    wanted = {pk for pairs in found.values() for pk, _ in pairs}
    reports = {row.pk: row for row in Report.objects.visible_to(by).filter(pk__in=wanted).select_related("matter")}
    there = set(Adoption.objects.standing().filter(report__in=reports).values_list("report_id", "adopter", "on"))
    rows = []
    for entry in seen.entries:
        adopter = entry.adopted[0].adopter if entry.adopted else kept.details["adopter"]
        level = entry.adopted[0].level if entry.adopted else kept.details["level"]
        pairs = [(reports[pk], likeness) for pk, likeness in found[entry.row] if pk in reports]
        again = bool(pairs) and (pairs[0][0].pk, adopter, entry.on) in there
        rows.append(Match(entry, adopter, level, pairs, printed, again))
    return seen, rows


def candidates_for(title: str, titles: Iterable[tuple[int, str]]) -> list[tuple[int, float]]:
    """Ids with likeness, at most three: the same title alone where there is one."""
    best: dict[int, float] = {}
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(title)
    for pk, own in titles:
        if own == title:
            best[pk] = 1.0
            continue
        matcher.set_seq1(own)
        if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE:
            likeness = matcher.ratio()
            if likeness >= ALIKE:
                best[pk] = max(best.get(pk, 0), min(likeness, 0.99))
    ordered = sorted(best.items(), key=lambda pair: (-pair[1], pair[0]))
    return [pair for pair in ordered if pair[1] == 1] or ordered[:3]


@transaction.atomic
def bring_in_adoptions(
    kept: RegisterFile, chosen: Mapping[int, str], *, by: Person, now: datetime
) -> tuple[int, list[dict[str, Any]]]:
    """Record the confirmed lines: `chosen` gives the report's public id by row. Returns how many, and what was refused."""
    kept = _open(kept)
    seen, rows = matches(kept, by)
    done, refused = 0, []
    for match in rows:
        wanted = chosen.get(match.entry.row, "")
        report = next((one for one, _ in match.candidates if str(one.matter.public_id) == wanted), None)
        if report is None:
            continue
        try:
            with transaction.atomic():
                _adopt(match, report, by=by, now=now)
            done += 1
        except Refusal as error:
            refused.append({"row": match.entry.row, "column": "标题", "code": "refused", "message": str(error)})
    left = len(rows) - done - len(refused)
    result = {
        "rows": seen.rows,
        "imported": done,
        "skipped": left,
        "errors": [*(plain(note) for note in seen.errors), *refused],
        "warnings": [],
        "repeated": [],
    }
    _done(kept, result, now=now)
    audit.record("reports.import_adoptions", by=by, subject=kept.file_name[:120], now=now, imported=done, skipped=left)
    return done, refused


def _adopt(match: Match, report: Report, *, by: Person, now: datetime) -> None:
    entry = match.entry
    given = entry.adopted[0] if entry.adopted else None
    record_adoption(
        report,
        level=match.level,
        adopter=match.adopter,
        form=entry.form,
        on=entry.on,
        journal=entry.journal or (given.journal if given else ""),
        source=Adoption.Source.LISTED,
        by=by,
        now=now,
    )
