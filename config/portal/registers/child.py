"""The child process that opens a stranger's table: run as a script, it imports nothing of ours.

It prints one JSON line a sheet (an object) and one a row (a list), or one object with `refused`.
"""

import csv
import html
import io
import json
import math
import re
import resource
import sys
import zipfile
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import IO, Any

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MEMORY = 512 * 2**20
SECONDS = 20
LARGEST = 50 * 2**20
ENTRIES = 1_000
RATIO = 100
ROWS = 60_000
COLUMNS = 200
CELLS = 1_500_000
LONGEST = 32_768  # letters of a cell; one more than is taken, so that the parser can say so

OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
GUARDED = re.compile("''*[=+\\-@＝＋－＠\t\r]")


class Refused(Exception):
    """The file cannot be read; the text is for the user."""


def main(path: Path, out: IO[str]) -> None:
    limit_ourselves()
    try:
        content = path.read_bytes()
        write = write_workbook if content[:4] == b"PK\x03\x04" or content[:8] == OLD_EXCEL else write_csv
        write(content, out)
    except Refused as error:
        say(out, {"refused": str(error)})
    except MemoryError:
        say(out, {"refused": "文件太大，内存不足以读取。请只保留提案登记表，另存后重试。"})


def limit_ourselves() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def say(out: IO[str], value: Any) -> None:
    out.write(json.dumps(value, ensure_ascii=True, separators=(",", ":")) + "\n")


def head(
    name: str, *, hidden: bool = False, text: bool = False, merged: Any = (), formulas: Any = ()
) -> dict[str, Any]:
    return {"name": name, "hidden": hidden, "text": text, "merged": list(merged), "formulas": list(formulas)}


def write_workbook(content: bytes, out: IO[str]) -> None:
    formulas = checked_archive(content) if content[:2] == b"PK" else {}
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        for number, about in enumerate(book.sheets_metadata):
            if about.typ != SheetTypeEnum.WorkSheet:
                continue
            sheet = book.get_sheet_by_index(number)
            height, width = sheet.total_height, sheet.total_width
            if height > ROWS or (width > COLUMNS and height * width > CELLS):
                raise Refused(
                    f"工作表“{about.name}”有 {height} 行、{width} 列，超过 {ROWS} 行。请只保留提案登记表后重试。"
                )
            merged = [[*start, *end] for start, end in sheet.merged_cell_ranges or []]
            hidden = about.visible != SheetVisibleEnum.Visible
            say(out, head(about.name, hidden=hidden, merged=merged, formulas=sorted(formulas.get(about.name, ()))))
            for row in sheet.to_python(skip_empty_area=False):
                say(out, trimmed([cell_to(cell) for cell in row[:COLUMNS]]))
    except CalamineError as error:
        raise Refused(
            "表格文件已损坏、加了密码或不是 Excel 格式。请用 WPS 或 Excel 打开后另存为 .xlsx 重试。"
        ) from error


def trimmed(row: list[Any]) -> list[Any]:
    while row and row[-1] in ("", None):
        row.pop()
    return row


def cell_to(value: Any) -> Any:
    match value:
        case datetime():
            return {"at": value.isoformat()}
        case date():
            return {"on": value.isoformat()}
        case time() | timedelta():
            return {"text": str(value)}
        case str():
            return value[:LONGEST]
        case float() if not math.isfinite(value):
            return ""
        case _:
            return value


# A cell with a formula, whatever prefix and attributes; its address stands in the first group.
FORMULA = re.compile(rb"<(?:\w+:)?c\b([^<>]*)>\s*<(?:\w+:)?f\b")
RELATION = re.compile(rb"<(?:\w+:)?Relationship\b([^<>]*)>")
SHEET = re.compile(rb"<(?:\w+:)?sheet\b([^<>]*)>")
ATTRIBUTE = re.compile(rb"([\w:]+)\s*=\s*[\"']([^\"']*)[\"']")
ADDRESS = re.compile(rb'\br="([A-Z]{1,3})(\d{1,7})"')


def checked_archive(content: bytes) -> dict[str, set[tuple[int, int]]]:
    """Refuse bombs, document types and macros while streaming; return the formula cells of each sheet."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile as error:
        raise Refused("文件已损坏，打不开。请重新保存后再试。") from error
    names = archive.namelist()
    if len(names) > ENTRIES or "xl/workbook.xml" not in names:
        raise Refused("这不是 Excel 工作簿（.xlsx）。")
    if any(name.endswith("vbaProject.bin") for name in names):
        raise Refused("文件带有宏。请另存为不带宏的 .xlsx 后重试。")
    total, formulas = 0, {}
    for info in archive.infolist():
        data = unpacked(archive, info, LARGEST - total)
        total += len(data)
        if total > RATIO * max(len(content), 10_000):
            raise Refused("文件压缩异常（解开后过大），没有读取。")
        if info.filename.endswith((".xml", ".rels")) and b"<!doctype" in data[:65536].lower():
            raise Refused("文件含有外部定义（DTD），没有读取。")
        if info.filename.startswith("xl/worksheets/") and (cells := formula_cells(data)):
            formulas[info.filename.removeprefix("xl/")] = cells
    return by_sheet_name(archive, formulas) if formulas else {}


def unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, room: int) -> bytes:
    try:
        with archive.open(info) as entry:
            data = entry.read(room + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError) as error:
        raise Refused("文件已损坏或加了密码。请取消密码、重新保存后再试。") from error
    if len(data) > room:
        raise Refused(f"文件解开后超过 {LARGEST // 2**20} MB，没有读取。")
    return data


def formula_cells(data: bytes) -> set[tuple[int, int]]:
    addresses = (ADDRESS.search(found[1]) for found in FORMULA.finditer(data))
    return {(int(address[2]) - 1, column_number(address[1])) for address in addresses if address}


def column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def by_sheet_name(
    archive: zipfile.ZipFile, formulas: dict[str, set[tuple[int, int]]]
) -> dict[str, set[tuple[int, int]]]:
    """From part names to sheet names, through the workbook's relations."""
    relations = (attributes(found[1]) for found in RELATION.finditer(archive.read("xl/_rels/workbook.xml.rels")))
    parts = {one.get("Id"): one.get("Target", "").removeprefix("/xl/") for one in relations}
    named = {}
    for found in SHEET.finditer(archive.read("xl/workbook.xml")):
        given = attributes(found[1])
        relation = next((value for key, value in given.items() if key.endswith(":id")), "")
        if parts.get(relation) in formulas:
            named[given.get("name", "")] = formulas[parts[relation]]
    return named


def attributes(tag: bytes) -> dict[str, str]:
    return {name.decode(): html.unescape(value.decode("utf-8", "replace")) for name, value in ATTRIBUTE.findall(tag)}


def write_csv(content: bytes, out: IO[str]) -> None:
    text = decoded(content)
    if text.lstrip()[:1] == "<":
        raise Refused("这是网页格式的表格。请用 WPS 或 Excel 打开后另存为 .xlsx 再试。")
    csv.field_size_limit(LARGEST)
    say(out, head("csv", text=True))
    try:
        for number, row in enumerate(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter(text))):
            if number >= ROWS:
                raise Refused(f"文件超过 {ROWS} 行。")
            say(out, trimmed([unquoted(cell[: LONGEST + 1]) for cell in row[:COLUMNS]]))
    except csv.Error as error:
        raise Refused("CSV 文件的引号不成对，读不下去。请用 WPS 或 Excel 打开后另存为 .xlsx 再试。") from error


def decoded(content: bytes) -> str:
    """UTF-8, UTF-16 with its mark, or GB18030 (never GBK: it lacks 䶮 and 𠮷)."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        encodings = ["utf-16"]
    elif b"\x00" in content[:65536]:
        encodings = []
    else:
        encodings = ["utf-8-sig", "gb18030"]
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Refused("这不是表格文件（.xlsx、.xls 或 .csv），或者文字编码无法识别。")


def delimiter(text: str) -> str:
    """The mark that stands most often in the first lines that have one."""
    lines = text[:20_000].splitlines()[:30]
    return max(",\t;", key=lambda mark: sum(line.count(mark) for line in lines))


def unquoted(cell: str) -> str:
    """Take away the ' that tables of ours put before a cell that a spreadsheet would run."""
    return cell[1:] if GUARDED.match(cell) else cell


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.stdout)
