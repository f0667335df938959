"""Small registers for tests, written as clerks write them. Everything in them is made up."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

from config.portal.registers.sheets import Area, Sheet
from config.portal.registers.text import Cell
from config.portal.registers.units import from_names

BODIES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "市教育局": (("市教体局",), ("市教育委员会",)),
    "市财政局": ((), ()),
    "市交通运输局": (("市交通局", "市交运局"), ("市交通局",)),
    "市发展和改革委员会": (("市发改委",), ()),
    "市生态环境局": ((), ("市环境保护局", "市环保局")),
    "市文化和旅游局": (("市文旅局",), ("市旅游局",)),
    "市科学技术协会": (("市科协",), ()),
}
MATCHER = from_names(BODIES)

HEADER = ("提案编号", "案由", "提案者", "主办单位", "会办单位", "交办日期", "答复文号", "答复日期", "办理类别", "备注")


def sheet(*rows: Sequence[Cell], header: Sequence[Cell] = HEADER, merged: Iterable[Area] = (), **more: Any) -> Sheet:
    """A sheet of one header and these rows below it; row 2 of the sheet is the first of them."""
    return Sheet("登记表", [list(header), *map(list, rows)], merged=tuple(merged), **more)


def line(number: Cell = "0001", title: Cell = "关于增设过街天桥的建议", **cells: Cell) -> list[Cell]:
    """A row below HEADER; other cells by their header's word."""
    given: Mapping[str, Cell] = {"提案编号": number, "案由": title, "提案者": "林见山", "主办单位": "市教育局", **cells}
    return [given.get(word) for word in HEADER]


def write_book(path: Path) -> Path:
    """A second register: other words, other order, three levels of trouble."""
    book = xlsxwriter.Workbook(path)
    book.add_worksheet("填表说明").write_column(0, 0, ["案号", "0001"])
    help_sheet = book.get_worksheet_by_name("填表说明")
    help_sheet.write_row(3, 0, ["案号", "提案题目", "提案委员", "牵头单位"])
    help_sheet.write_row(4, 0, ["0001", "示例：关于某事的提案", "张某", "市教育局"])
    page = book.add_worksheet("全部提案")
    middle = book.add_format({"align": "center"})
    day = book.add_format({"num_format": "yyyy/m/d"})
    moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    page.merge_range("A1:K1", "示例市政协十四届二次会议提案办理情况汇总", middle)
    page.write("A2", "单位：件")
    page.merge_range("A3:A4", "备 注", middle)
    page.merge_range("B3:D3", "答复情况", middle)
    page.write_row("B4", ["类别", "日期", "文号"])
    page.merge_range("E3:F3", "承办", middle)
    page.write_row("E4", ["牵头\n单位", "协办部门"])
    page.merge_range("G3:G4", "交办时间", middle)
    page.merge_range("H3:H4", "提案委员\n（第一提案人）", middle)
    page.merge_range("I3:I4", "提案题目", middle)
    page.merge_range("J3:J4", "案号", middle)
    page.merge_range("K3:K4", "联系电话", middle)
    page.write("A5", "（一）民生类（4件）")
    rows: list[list[Any]] = [
        [
            "",
            "Ａ类",
            date(2025, 5, 20),
            "教函(2025) 8号",
            "市教体局",
            "市财政局 市文旅局",
            "2025.2.18",
            "苏望岳",
            "《关于加强校车管理的提案》",
            3,
            "13800000000",
        ],
        [
            "",
            "b",
            "二〇二五年六月一日",
            "",
            "市环保局",
            "",
            datetime(2025, 2, 18, 9, 30),
            "𠮷半夏、吴䶮",
            "垃圾分类\n进校园",
            "第４号",
            "",
        ],
        [
            "",
            "",
            "",
            "",
            "市交通局，市科协",
            "和谐社区促进会",
            "45706",
            "苏望岳等3人",
            "关于\u00a0公交进村的建议",
            "０００５",
            "",
        ],
        ["=1+1", "", "", "", "", "市财政局", "2月18日", "", "关于“一件事”改革的建议", " 6 ", ""],
    ]
    for number, row in enumerate(rows, start=5):
        for column, value in enumerate(row):
            if isinstance(value, datetime):
                page.write_datetime(number, column, value, moment)
            elif isinstance(value, date):
                page.write_datetime(number, column, datetime(value.year, value.month, value.day), day)
            elif value != "":
                page.write(number, column, value) if isinstance(value, int) else page.write_string(
                    number, column, value
                )
    page.write_row(
        9,
        0,
        [
            "备注",
            "类别",
            "日期",
            "文号",
            "牵头单位",
            "协办部门",
            "交办时间",
            "提案委员",
            "提案题目",
            "案号",
            "联系电话",
        ],
    )
    page.write_formula(10, 9, "=J9+2", None, 8)
    page.write_string(10, 8, "关于夜间公交的建议")
    page.write_string(10, 4, "市交运局")
    page.write_string(11, 9, "9-10")
    page.write_string(11, 8, "一行写了两件")
    page.write_string(13, 7, "小计")
    page.write_string(13, 8, "5件")
    page.write_string(14, 0, "填表人：（略）")
    page.write_string(14, 7, "审核人：（略）")
    book.close()
    return path
