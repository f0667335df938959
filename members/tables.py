"""Tables that leave the house (S13, S22): every export goes through this writer."""

import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import IO, Any, Literal

import xlsxwriter
from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.http import content_disposition_header

from members import audit
from members.errors import Refused

Format = Literal["xlsx", "csv"]

NEEDS_REASON = 200
NEEDS_SECOND_PERSON = 5_000
LONGEST_CELL = 32_767
IN_MEMORY = 2 * 2**20

# what a spreadsheet program would take for a formula, also behind quotes that are there already
RUNS = re.compile("'*[=+\\-@＝＋－＠\t\r]")
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
WIDEST = 60


@dataclass(frozen=True)
class Table:
    """What is on the screen, as text: a title, the names of the columns, and rows that may come from a cursor."""

    title: str
    columns: Sequence[str]
    rows: Iterable[Sequence[Any]]


def text_of(value: Any) -> str:
    """A cell as people write it; dates as ISO, moments in local time."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case datetime():
            return f"{timezone.localtime(value):%Y-%m-%d %H:%M}"
        case date():
            return value.isoformat()
        case _:
            return CONTROL.sub("", str(value))


def quoted(text: str) -> str:
    """Put a ' before what a spreadsheet would run.

    >>> quoted("=1+1"), quoted("一般"), unquoted(quoted("'=1"))
    ("'=1+1", '一般', "'=1")
    """
    return f"'{text}" if RUNS.match(text) else text


def unquoted(text: str) -> str:
    """Take away, once, the ' that `quoted` put there."""
    return text[1:] if text.startswith("'") and RUNS.match(text) else text


def csv_lines(table: Table) -> Iterator[str]:
    """The table as CSV for Excel and WPS: with a byte-order mark, and no cell that runs."""
    yield "\ufeff" + _csv_line(table.columns)
    for row in table.rows:
        yield _csv_line([text_of(value) for value in row])


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line).writerow([quoted(cell) for cell in cells])
    return line.getvalue()


def write_xlsx(table: Table, file: IO[bytes], *, mark: str = "") -> None:
    """Write the table row by row, every cell as text; `mark` is printed at the foot of each page."""
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, options)
    book.set_properties({"title": table.title, "comments": mark})
    sheet = book.add_worksheet(re.sub(r"[\[\]:*?/\\']", " ", table.title)[:31] or "表")
    sheet.freeze_panes(1, 0)
    sheet.set_footer(f"&L{mark.replace('&', '&&')}&R&P / &N"[:255])
    for column, name in enumerate(table.columns):
        sheet.set_column(column, column, min(WIDEST, max(10, 2 * len(name) + 2)))
    bold = book.add_format({"bold": True})
    for column, name in enumerate(table.columns):
        sheet.write_string(0, column, name, bold)
    for number, row in enumerate(table.rows, start=1):
        for column, value in enumerate(row):
            sheet.write_string(number, column, text_of(value)[:LONGEST_CELL])
    book.close()


def export(
    request: HttpRequest,
    table: Table,
    *,
    count: int,
    name: str,
    format: Format = "xlsx",
    personal: bool = False,
    reason: str = "",
    now: datetime,
) -> HttpResponseBase:
    """Answer with the table as a file, and write down who took what.

    `count` is how many rows there are, `personal` whether they hold personal data. Raises Refused
    when a reason is missing, or when it takes a second person.
    """
    refuse_export(count, personal=personal, reason=reason)
    by = request.user if request.user.is_authenticated else None
    audit.record("export", by=by, subject=name, now=now, rows=count, reason=reason, format=format)
    local = timezone.localtime(now)
    filename = f"{table.title}{local:%Y%m%d-%H%M}.{format}"
    if format == "csv":
        answer = StreamingHttpResponse(csv_lines(table), content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=filename)
        return answer
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  the response closes it
    write_xlsx(table, file, mark=f"{request.user} {local:%Y-%m-%d %H:%M} 导出")
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=filename)


def needs_reason(count: int, *, personal: bool) -> bool:
    return personal or count > NEEDS_REASON


def refuse_export(count: int, *, personal: bool, reason: str) -> None:
    if count > NEEDS_SECOND_PERSON:
        raise Refused(f"一次最多导出 {NEEDS_SECOND_PERSON} 行，现在有 {count} 行。请先筛选再导出。")
    if needs_reason(count, personal=personal) and not reason.strip():
        what = "含有个人信息" if personal else f"有 {count} 行，超过 {NEEDS_REASON} 行"
        raise Refused(f"导出的内容{what}，请写明用途后再导出。")
