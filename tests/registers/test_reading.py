"""Files as strangers send them: read in a child that may die, refused with a sentence."""

import io
import zipfile
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from config.portal.registers.parser import NotARegister, codes_of, read_register
from config.portal.registers.reading import read_sheets
from config.portal.registers.sheets import Area

from .books import MATCHER

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
TEXT = "编号,案由,提案者\r\n0001,甲,林见山\r\n"


def book(path: Path, **cells: object) -> Path:
    """A workbook with these cells by address."""
    made = xlsxwriter.Workbook(path)
    page = made.add_worksheet("表")
    for address, value in cells.items():
        page.write(address, value)
    made.close()
    return path


def with_parts(path: Path, parts: dict[str, bytes]) -> Path:
    """The same archive with parts added or replaced."""
    old = zipfile.ZipFile(path).infolist()
    content = {info.filename: zipfile.ZipFile(path).read(info) for info in old} | parts
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    return path


def file(tmp_path: Path, content: bytes, name: str = "register.xlsx") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


def test_a_workbook_gives_values_merges_formulas_and_hidden_sheets(tmp_path: Path) -> None:
    path = tmp_path / "a.xlsx"
    made = xlsxwriter.Workbook(path)
    page = made.add_worksheet("数据")
    page.write_row(1, 1, ["甲", 2, 2.5, True])
    page.write_formula("B4", "=1+1", None, 2)
    page.write_formula("C4", "=1/0", None, "#DIV/0!")
    page.write_datetime("D4", datetime(2026, 3, 5), made.add_format({"num_format": "yyyy-mm-dd"}))
    page.write_datetime("E4", datetime(2026, 3, 5, 14, 30), made.add_format({"num_format": "yyyy-mm-dd hh:mm"}))
    page.merge_range("A6:A8", "并")
    made.add_worksheet("藏").hide()
    made.close()

    data, hidden = read_sheets(path)

    assert data.rows[:4] == [
        [],
        [None, "甲", 2, 2.5, True],
        [],
        [None, 2, None, date(2026, 3, 5), datetime(2026, 3, 5, 14, 30)],
    ]
    assert (data.merged, data.formulas) == ((Area(5, 0, 7, 0),), frozenset({(3, 1), (3, 2)}))
    assert (data.hidden, hidden.hidden, hidden.rows) == (False, True, [])


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_text_files_are_read_in_the_encodings_of_the_house(tmp_path: Path, encoding: str) -> None:
    text = '编号,案由,提案者\r\n0001,"关于䶮𠮷路的\r\n建议","林见山,""吴䶮"""\r\n,,\r\n'

    [sheet] = read_sheets(file(tmp_path, text.encode(encoding), "r.csv"))

    assert sheet.text
    assert sheet.rows == [["编号", "案由", "提案者"], ["0001", "关于䶮𠮷路的\r\n建议", '林见山,"吴䶮"'], []]


@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_any_usual_mark_parts_the_columns(tmp_path: Path, mark: str) -> None:
    [sheet] = read_sheets(file(tmp_path, TEXT.replace(",", mark).encode(), "r.csv"))

    assert sheet.rows == [["编号", "案由", "提案者"], ["0001", "甲", "林见山"]]


def test_the_guard_before_a_dangerous_cell_is_taken_off_once(tmp_path: Path) -> None:
    text = "编号,案由,备注\n'0001,甲,'=1+1\n0002,乙,''=1+1\n0003,丙,'＝1\n"

    [sheet] = read_sheets(file(tmp_path, text.encode(), "r.csv"))

    assert [row[2] for row in sheet.rows[1:]] == ["=1+1", "'=1+1", "＝1"]
    assert [entry.number for entry in read_register([sheet], MATCHER).entries] == ["0001", "0002", "0003"]


def test_the_name_of_a_file_says_nothing(tmp_path: Path) -> None:
    assert read_sheets(file(tmp_path, TEXT.encode(), "register.xlsx"))[0].text
    assert not read_sheets(book(tmp_path / "b.xlsx", A1="甲").rename(tmp_path / "b.csv"))[0].text


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (PNG, "不是表格文件"),
        (b"%PDF-1.7\n\x00\xff\xfe", "不是表格文件"),
        (b"<html><table><tr><td>x</td></tr></table></html>", "网页格式"),
        (b"PK\x03\x04 broken", "打不开"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, "已损坏、加了密码"),
        (b"\xff\xff\xff\x80\x80", "编码无法识别"),
    ],
)
def test_what_is_no_table_is_refused_with_a_sentence(tmp_path: Path, content: bytes, sentence: str) -> None:
    with pytest.raises(NotARegister, match=sentence):
        read_sheets(file(tmp_path, content))


def test_archives_that_are_no_plain_workbook_are_refused(tmp_path: Path) -> None:
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("word/document.xml", "x")
    cases = [
        (file(tmp_path, empty.getvalue(), "docx.xlsx"), "不是 Excel 工作簿"),
        (with_parts(book(tmp_path / "m.xlsx", A1="甲"), {"xl/vbaProject.bin": b"x"}), "带有宏"),
        (with_parts(book(tmp_path / "b.xlsx", A1="甲"), {"xl/media/x.bin": b"\0" * 40_000_000}), "压缩异常"),
        (with_parts(book(tmp_path / "e.xlsx", A1="甲"), {f"x/{number}": b"" for number in range(1001)}), "不是 Excel 工作簿"),
        (
            with_parts(book(tmp_path / "d.xlsx", A1="甲"), {"xl/workbook.xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]><x/>'}),
            "外部定义",
        ),
    ]  # fmt: skip

    for path, sentence in cases:
        with pytest.raises(NotARegister, match=sentence):
            read_sheets(path)


def test_a_cell_in_the_far_corner_kills_no_more_than_the_child(tmp_path: Path) -> None:
    with pytest.raises(NotARegister, match=r"超过|没有读完|内存不足"):
        read_sheets(book(tmp_path / "far.xlsx", A1="甲", XFD1048576="乙"))


def test_ten_megabytes_in_one_cell_are_one_refused_row(tmp_path: Path) -> None:
    text = f"编号,案由,备注\n0001,甲,{'长' * 3_500_000}\n0002,{'长' * 400},\n0003,丙,\n{'9' * 3000},{'丁' * 3000},\n"

    register = read_register(read_sheets(file(tmp_path, text.encode(), "long.csv")), MATCHER)

    assert codes_of(register.errors) == ["cell_too_long", "title_too_long", "cell_too_long"]
    assert [entry.number for entry in register.entries] == ["0003"]
    assert all(len(note.message) < 200 for note in register.errors)


def test_an_unclosed_quote_swallows_no_file(tmp_path: Path) -> None:
    text = '编号,案由,备注\n0001,甲,"没有合上\n0002,乙,\n'

    register = read_register(read_sheets(file(tmp_path, text.encode(), "q.csv")), MATCHER)

    assert [entry.number for entry in register.entries] == ["0001"]


def test_markup_stays_text(tmp_path: Path) -> None:
    path = book(
        tmp_path / "s.xlsx", A1="编号", B1="案由", C1="备注", A2="1", B2="<b>甲</b>", C2="<script>alert(1)</script>"
    )

    [entry] = read_register(read_sheets(path), MATCHER).entries

    assert (entry.title, entry.remark) == ("<b>甲</b>", "<script>alert(1)</script>")


def test_an_empty_file_has_no_register(tmp_path: Path) -> None:
    with pytest.raises(NotARegister, match="没有找到表头"):
        read_register(read_sheets(file(tmp_path, b"", "empty.csv")), MATCHER)
