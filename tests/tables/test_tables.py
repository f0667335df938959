"""Tables that leave the house are text, and come back as they went."""

import csv
import io
import json
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from django.test import RequestFactory
from python_calamine import CalamineWorkbook

from config.portal.registers import reading
from members import tables
from members.errors import Refused
from members.models import AuditEntry
from members.tables import Table
from tests.factories import PersonFactory

NOW = datetime(2026, 5, 22, 1, 0, tzinfo=UTC)
SPITEFUL = [
    "=HYPERLINK(\"http://evil\",\"点\")", "+1", "-1", "@SUM(A1)", "＝1", "＋1", "－1", "＠a", "\t=1", "\r=1", "'=1", "''=1",
    "'一般", "=", "𠮷䶮😀", "换\n行", '"引号",逗号', "<script>", "2026-05-22", "007", "1e5", "",
]  # fmt: skip


def csv_of(table: Table) -> bytes:
    return "".join(tables.csv_lines(table)).encode()


def xlsx_of(table: Table, **facts: str) -> bytes:
    file = io.BytesIO()
    tables.write_xlsx(table, file, **facts)
    return file.getvalue()


def read_back(content: bytes, tmp_path: Path, name: str) -> list[list[str]]:
    """What our own importer sees."""
    file = tmp_path / name
    file.write_bytes(content)
    done = subprocess.run([sys.executable, str(reading.CHILD), str(file)], capture_output=True, check=True)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return [line for line in lines if isinstance(line, list)]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_what_went_out_comes_back_the_same(kind: str, tmp_path: Path) -> None:
    table = Table("提案", ["案由", "尾"], [[text, "x"] for text in SPITEFUL])

    content = csv_of(table) if kind == "csv" else xlsx_of(table)

    back = read_back(content, tmp_path, f"a.{kind}")
    assert back[0] == ["案由", "尾"]
    assert [row[0] for row in back[1:]] == SPITEFUL


def test_no_cell_of_a_csv_begins_like_a_formula() -> None:
    text = csv_of(Table("t", ["=a"], [[text] for text in SPITEFUL])).decode("utf-8-sig")

    cells = [row[0] for row in csv.reader(io.StringIO(text, newline="")) if row]
    assert not [cell for cell in cells if cell[:1] in set("=+-@＝＋－＠\t\r")]


def test_every_cell_of_a_workbook_is_text() -> None:
    values = ["=1+1", 5, 2.5, True, None, date(2026, 5, 22), NOW, "http://example.com", "a\0b", "长" * 40_000]

    book = CalamineWorkbook.from_filelike(io.BytesIO(xlsx_of(Table("表", ["值"], [[value] for value in values]))))

    cells = [row[0] for row in book.get_sheet_by_index(0).to_python()[1:]]
    assert cells == [
        "=1+1", "5", "2.5", "是", "", "2026-05-22", "2026-05-22 09:00", "http://example.com", "ab", "长" * 32_767
    ]  # fmt: skip


def test_a_title_that_no_sheet_may_have_still_makes_a_workbook() -> None:
    assert xlsx_of(Table("提案[1]/第*次?: 'a'" + "长" * 40, ["a"], []), mark="张三 & 李四")


@pytest.mark.django_db
def test_an_export_is_written_down() -> None:
    person = PersonFactory()
    request = RequestFactory().get("/")
    request.user = person

    answer = tables.export(request, Table("提案", ["案由"], [["停车"]]), count=1, name="proposals", now=NOW)

    assert answer["Content-Disposition"].startswith("attachment")
    entry = AuditEntry.objects.get(verb="export")
    assert (entry.by, entry.subject, entry.facts.facts["rows"]) == (person, "proposals", 1)
    answer.close()


@pytest.mark.parametrize(
    ("count", "personal", "reason", "says"),
    [(201, False, "", "写明用途"), (1, True, " ", "个人信息"), (5_001, False, "汇总", "一次最多导出 5000 行")],
)
def test_large_and_personal_exports_need_a_reason(count: int, personal: bool, reason: str, says: str) -> None:
    with pytest.raises(Refused, match=says):
        tables.refuse_export(count, personal=personal, reason=reason)


@pytest.mark.parametrize(
    ("count", "personal", "reason"), [(200, False, ""), (201, False, "汇总"), (1, True, "电话通知")]
)
def test_other_exports_do_not(count: int, personal: bool, reason: str) -> None:
    tables.refuse_export(count, personal=personal, reason=reason)


def test_ten_thousand_rows_are_written_without_holding_them() -> None:
    rows = ([str(number), "停车"] for number in range(10_000))

    lines = tables.csv_lines(Table("t", ["号", "案由"], rows))

    assert next(lines) == "\ufeff号,案由\r\n"
    assert next(lines) == "0,停车\r\n"
