"""Big and spiteful tables cost bounded time and memory."""

import resource
import time
from pathlib import Path

import xlsxwriter

from config.portal.registers.parser import read_register
from config.portal.registers.reading import read_sheets
from config.portal.registers.text import clean_title, one_line

from .books import HEADER, MATCHER, line, sheet


def test_twelve_thousand_rows_are_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "big.xlsx"
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    page = book.add_worksheet("登记表")
    page.write_row(0, 0, HEADER)
    for number in range(1, 12_001):
        page.write_row(number, 0, [number, f"关于第{number}件事的建议", "林见山", "市教育局", "市财政局", "2026.3.5"])
    book.close()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    register = read_register(read_sheets(path), MATCHER)

    assert len(register.entries) == 12_000
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150 * 1024


def test_long_runs_of_space_and_marks_are_read_in_linear_time() -> None:
    started = time.monotonic()
    for text in (
        "甲" + " " * 30_000 + "乙",
        "甲" + "\n " * 15_000 + "乙",
        "（" * 30_000,
        "《" * 30_000,
        "一" * 30_000,
        "主办" * 15_000,
        "1" * 30_000,
    ):
        one_line(text)
        clean_title(text)
        for word in HEADER:
            read_register([sheet(line(), line("0002", **{word: text}))], MATCHER)
            read_register([sheet(line(), [text])], MATCHER)

    assert time.monotonic() - started < 10
