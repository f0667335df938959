"""Registers of proposals come in: the one way behind the command and the pages."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from config.portal.actions.files import forget_registers, lock_register
from config.portal.models import RegisterFile
from config.portal.registers.numbers import parse_number
from config.portal.registers.parser import Entry, NotARegister, Note, Register, read_register
from config.portal.registers.reading import read_sheets
from config.portal.registers.units import Kind as NameKind
from config.portal.registers.units import Match, Matcher
from members import audit, uploads
from members.choices import UNIT_KINDS
from members.errors import Refused, WrongStep
from members.inbox.actions import start_job
from members.inbox.models import LongJob
from members.inbox.work import Product, Progress
from members.models import Body, BodyName, Person, Session, Term
from members.names import spellings
from proposals.actions.importing import (
    Imported,
    Row,
    category_of,
    current_categories,
    form_word,
    import_proposals,
    numbers_of,
)

CODE = re.compile(r"([1-9]\d?)-([1-9]\d?)")
JOB = "import_proposals"
DIGITS = "〇一二三四五六七八九"
NAMES_APART = re.compile(r"[、，,;；\n/／]+|\s{2,}")
AND_OTHERS = re.compile(r"等(?:\d+|[一二三四五六七八九十]+)?[人名位]?(?:委员)?$")


@dataclass(frozen=True)
class Units:
    """The bodies that may act, under every name they answer to."""

    matcher: Matcher
    by_name: Mapping[str, Body]


@dataclass(frozen=True)
class Preview:
    """What a file would bring to a session, before anything is written."""

    code: str
    register: Register
    units: Units

    @property
    def summary(self) -> dict[str, Any]:
        """The shape that scripts rely on; `imported` is what would come in."""
        return summary_of(self.register, imported=len(self.register.entries))


@dataclass(frozen=True)
class Result:
    """What an import did."""

    summary: dict[str, Any]
    imported: Imported


def session_parts(code: str) -> tuple[int, int]:
    """Term and number of a session code such as 14-2, or Refused."""
    found = CODE.fullmatch(code.strip())
    if not found:
        raise Refused("届次写作“届-次”，例如 14-2（十四届二次会议）。", field="session")
    return int(found[1]), int(found[2])


def preview(path: Path, code: str, *, only: str = "", on: date | None = None) -> Preview:
    """Read a file against what the session has already, on a day (today); raises Refused with a sentence."""
    term, number = session_parts(code)
    try:
        sheets = read_sheets(path)
        units = all_units()
        session = Session.objects.filter(term__number=term, number=number).first()
        known = known_numbers(session)
        year = session.opens_on.year if session and session.opens_on else None
        categories = current_categories()
        register = read_register(
            sheets,
            units.matcher,
            year=year,
            known=known,
            only=only,
            today=on or timezone.localdate(),
            fits_category=lambda text: category_of(text, categories) is not None,
            fits_form=lambda text: form_word(text) is not None,
        )
    except NotARegister as error:
        raise Refused(str(error), field="file") from error
    return Preview(f"{term}-{number}", register, units)


def all_units() -> Units:
    """Every name that units answer to, with the body that bears it today, in a constant number of queries."""
    units = Body.objects.filter(kind__in=UNIT_KINDS)
    names = {
        *units.values_list("name", flat=True),
        *BodyName.objects.filter(body__in=units).values_list("name", flat=True),
    }
    by_form: dict[str, Match] = {}
    by_name: dict[str, Body] = {}
    for name, (body, how) in units.match_many(names).items():
        if body is not None:
            kind: NameKind = "former" if how == "former" else "alias" if how else "name"
            by_form[spellings(name)[0]] = Match(body.name, kind)
            by_name[body.name] = body

    def matcher(text: str) -> Match | None:
        return next((by_form[form] for form in spellings(text) if form in by_form), None)

    return Units(matcher, by_name)


def known_numbers(session: Session | None) -> dict[str, str]:
    """The session's numbers as the register prints them, with their titles."""
    if session is None:
        return {}
    return {parse_number(number) or number: title for number, title in numbers_of(session).items()}


@transaction.atomic
def confirm(seen: Preview, *, partial: bool, by: Person | None, now: datetime, file: str = "") -> Result:
    """Import what the preview found; without `partial` nothing comes in as long as one row is at fault.

    Numbers given since the preview make it Refused: nothing is overwritten, and the file is read anew.
    """
    register = seen.register
    if register.errors and not partial:
        raise Refused(
            f"有 {len(register.errors)} 行不能导入，没有导入任何提案。请改正后重试，或选择只导入没有错误的行。"
        )
    session = session_for(seen.code, year=year_of(register))
    lock(session)
    if taken := set(known_numbers(session)) & {entry.number for entry in register.entries}:
        raise Refused(f"预览之后，编号 {'、'.join(sorted(taken)[:5])} 已被使用。请重新上传文件。")
    rows = [row_of(entry, seen.units.by_name, register.sheet) for entry in register.entries]
    imported = import_proposals(rows, session, by=by, now=now)
    summary = summary_of(register, imported=imported.count)
    by_number = {entry.number: entry.row for entry in register.entries}
    summary["warnings"] += [
        {"row": by_number[number], "column": "交办日期", "code": "no_clock", "message": f"没有起算答复时限：{reason}"}
        for number, reason in imported.without_clock
    ]
    audit.record(
        "proposals.import",
        by=by,
        subject=seen.code,
        now=now,
        file=file,
        rows=summary["rows"],
        imported=summary["imported"],
        skipped=summary["skipped"],
        errors=len(summary["errors"]),
    )
    return Result(summary, imported)


def take_in(upload: "UploadedFile[Any]", code: str, *, only: str, by: Person, now: datetime) -> RegisterFile:
    """Keep an uploaded register until it is imported; it is read once now, so that a bad one is refused at once.

    Files that nobody imported in time go now.
    """
    clean = uploads.check(upload, use=uploads.Use.REGISTER, used=stored_by(by))
    forget_registers(now=now)
    name = uploads.save(clean.content, clean.extension)
    try:
        preview(path_of(name), code, only=only)
        return RegisterFile.objects.create(
            by=by,
            session_code="-".join(map(str, session_parts(code))),
            sheet=only,
            file=name,
            file_name=clean.display_name,
            size=clean.size,
            sha256=clean.sha256,
            uploaded_at=now,
        )
    except BaseException:
        uploads.delete(name)
        raise


def stored_by(person: Person) -> int:
    return RegisterFile.objects.of(person).waiting().aggregate(total=Sum("size"))["total"] or 0


def look_at(kept: RegisterFile) -> Preview:
    """The preview of an uploaded file, against the numbers as they are now."""
    return preview(path_of(kept.file), kept.session_code, only=kept.sheet)


@transaction.atomic
def bring_in(kept: RegisterFile, *, partial: bool, by: Person, now: datetime) -> Result:
    """Import an uploaded file: once, however often it is asked for; the file itself goes, its result stays."""
    kept = lock_register(kept)
    if kept.imported_at:
        raise WrongStep("这个文件已经导入过了。")
    seen = look_at(kept)
    result = confirm(seen, partial=partial, by=by, now=now, file=kept.file_name)
    name, kept.file = kept.file, ""
    kept.imported_at = now
    kept.result = {**result.summary, "repeated": [plain(note) for note in seen.register.skipped]}
    kept.save(update_fields=["file", "imported_at", "result"])
    transaction.on_commit(lambda: uploads.delete(name), robust=True)
    return result


@transaction.atomic
def bring_in_later(kept: RegisterFile, *, partial: bool, by: Person, now: datetime) -> LongJob:
    """Leave a big register to the worker; the job's page leads back to the result."""
    lock_register(kept)
    back = reverse("portal:import_result", args=[kept.public_id])
    args = {"register": str(kept.public_id), "partial": partial}
    return start_job(JOB, title=f"导入{kept.file_name}"[:120], args=args, back=back, by=by, now=now)


def run_job(job: LongJob, progress: Progress) -> Product:
    """Import the register of a job; one that died after its work was kept has nothing left to do."""
    kept = RegisterFile.objects.of(job.by).get(public_id=job.args["register"])
    if kept.imported_at is None:
        bring_in(kept, partial=job.args["partial"], by=job.by, now=timezone.now())
        kept.refresh_from_db()
    rows = kept.result["rows"]
    progress(rows, rows)
    return Product(result={"imported": kept.result["imported"], "rows": rows})


def path_of(name: str) -> Path:
    with uploads.open_file(name) as file:
        return Path(file.name)


def lock(session: Session) -> None:
    """Two imports into one session go one after the other."""
    Session.objects.select_for_update(of=("self",), no_key=True).get(pk=session.pk)


def summary_of(register: Register, *, imported: int) -> dict[str, Any]:
    return {
        "rows": register.rows,
        "imported": imported,
        "skipped": len(register.skipped),
        "errors": [plain(note) for note in register.errors],
        "warnings": [plain(note) for note in register.warnings],
    }


def plain(note: Note) -> dict[str, Any]:
    """Row, column, message and code; the code without what follows its colon."""
    return {**asdict(note), "code": note.code.partition(":")[0]}


def year_of(register: Register) -> int:
    """The year that most of the register's days lie in, for a session that is not there yet."""
    years = [day.year for entry in register.entries for day in (entry.assigned_on, entry.replied_on) if day]
    return max(set(years), key=years.count) if years else timezone.localdate().year


def session_for(code: str, *, year: int) -> Session:
    """The session of that code, made with its term if it is missing; its days stay open for the office to fill in."""
    term_number, number = session_parts(code)
    session = Session.objects.filter(term__number=term_number, number=number).first()
    if session is not None:
        return session
    term, _ = Term.objects.get_or_create(
        number=term_number,
        defaults={"name": f"第{in_chinese(term_number)}届", "starts_on": date(year - number + 1, 1, 1)},
    )
    name = f"{in_chinese(term_number)}届{in_chinese(number)}次会议"
    return Session.objects.create(term=term, number=number, code=f"{term_number}-{number}", name=name)


def in_chinese(number: int) -> str:
    """A number below 100 in words.

    >>> [in_chinese(number) for number in (2, 10, 14, 20, 35)]
    ['二', '十', '十四', '二十', '三十五']
    """
    tens, ones = divmod(number, 10)
    return f"{DIGITS[tens] if tens > 1 else ''}{'十' if tens else ''}{DIGITS[ones] if ones or not tens else ''}"


def row_of(entry: Entry, by_name: Mapping[str, Body], sheet: str) -> Row:
    names = names_in(entry.proposer) + names_in(entry.cosigners)
    proposer = "；联名：".join(filter(None, (entry.proposer, entry.cosigners)))
    return Row(
        number=entry.number,
        title=entry.title,
        proposer=proposer,
        names=names,
        joint=bool(entry.cosigners or AND_OTHERS.search(entry.proposer)),
        form=entry.kind,
        category=entry.category,
        lead=by_name[entry.lead] if entry.lead else None,
        co=tuple(by_name[name] for name in entry.co),
        split=tuple(by_name[name] for name in entry.split),
        units_text="；".join(
            f"{word}：{entry.raw[word]}" for word in ("主办单位", "会办单位", "分办单位") if word in entry.raw
        ),
        assigned_on=entry.assigned_on,
        due_on=entry.due_on,
        replied_on=entry.replied_on,
        doc_no=entry.doc_no,
        reply_class=entry.reply_class,
        notes=notes_of(entry),
        facts={"sheet": sheet, "row": str(entry.row)},
    )


def names_in(text: str) -> tuple[str, ...]:
    """The proposers in one cell, without 等 n 人.

    >>> names_in("林见山、𠮷半夏等4人")
    ('林见山', '𠮷半夏')
    """
    return tuple(filter(None, (AND_OTHERS.sub("", name.strip()).strip() for name in NAMES_APART.split(text))))


def notes_of(entry: Entry) -> str:
    """The clerk's remark, columns of the register that have no place here, and what could not be understood."""
    lines = [entry.remark] if entry.remark else []
    lines += [f"{label}：{text}" for label, text in entry.other.items()]
    lines += [f"待确认的单位：{'、'.join(entry.unknown)}"] if entry.unknown else []
    understood = {"交办日期": entry.assigned_on, "答复日期": entry.replied_on, "办理类别": entry.reply_class}
    lines += [f"{word}原文：{entry.raw[word]}" for word, value in understood.items() if word in entry.raw and not value]
    lines += [f"{word}原文：{text}" for word, text in entry.unread.items()]
    if entry.assigned_on and not (entry.lead or entry.split):
        lines.append(f"登记表所载交办日期：{entry.assigned_on:%Y-%m-%d}")
    if entry.replied_on and not (entry.lead or entry.split):
        lines.append(f"登记表所载答复：{entry.replied_on:%Y-%m-%d} {entry.doc_no} {entry.reply_class}".strip())
    if entry.replied_on and not entry.assigned_on:
        lines.append("交办日期不详，按答复日期登记。")
    return "\n".join(lines)
