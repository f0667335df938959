"""A roster of people as clerks keep it: members, and units' clerks, in one shape. Pure: sheets in, rows out."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from .dates import parse_date
from .parser import NotARegister
from .sheets import Sheet
from .text import Cell, one_line, value_of

COLUMNS = {
    "name": ("姓名", "委员姓名", "联络员姓名", "联络员", "名字", "人员"),
    "username": ("用户名", "账号", "登录名"),
    "phone": ("手机", "手机号", "手机号码", "联系电话", "电话", "移动电话", "联系方式"),
    "mail": ("邮箱", "电子邮箱", "电子邮件", "email", "e-mail"),
    "address": ("地址", "通讯地址", "联系地址"),
    "sector": ("界别", "所属界别"),
    "party": ("党派", "所属党派", "党派团体"),
    "committee": ("专委会", "专门委员会", "所属专委会", "所在专委会"),
    "group": ("活动组", "委员活动组", "小组", "所在活动组"),
    "post": ("工作单位及职务", "单位及职务", "单位职务", "职务", "工作单位和职务"),
    "term": ("届", "届次", "第几届"),
    "unit": ("单位", "单位名称", "承办单位", "所属单位", "部门"),
    "role": ("角色", "岗位", "身份", "分工"),
    "starts_on": ("开始日期", "任职日期", "起始日期", "任职时间"),
    "ends_on": ("结束日期", "截止日期", "任职截止日期", "任期至", "任职至", "到期日期"),
    "document": ("依据文件", "依据", "文号"),
}
MEANS = {word: name for name, words in COLUMNS.items() for word in words}
NOT_COLLECTED = ("身份证", "证件号", "健康", "宗教信仰", "出生")
HEADER_WITHIN = 20
DAYS = ("starts_on", "ends_on")
LONGEST = {"name": 32, "username": 64, "phone": 20, "mail": 254, "address": 200, "post": 200, "document": 200}
SUMMARY_WORDS = ("合计", "总计", "共计", "填表人", "制表")


@dataclass(frozen=True)
class Fault:
    row: int
    column: str
    message: str


@dataclass
class Line:
    """One person's row; texts are clean, days are ISO or empty."""

    row: int
    name: str
    username: str = ""
    phone: str = ""
    mail: str = ""
    address: str = ""
    sector: str = ""
    party: str = ""
    committee: str = ""
    group: str = ""
    post: str = ""
    term: str = ""
    unit: str = ""
    role: str = ""
    starts_on: str = ""
    ends_on: str = ""
    document: str = ""


@dataclass
class Roster:
    sheet: str
    labels: dict[str, str]
    lines: list[Line] = field(default_factory=list)
    errors: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Roster":
        return cls(
            value["sheet"],
            value["labels"],
            [Line(**line) for line in value["lines"]],
            [Fault(**fault) for fault in value["errors"]],
            [Fault(**fault) for fault in value["warnings"]],
        )


def read_roster(sheets: Iterable[Sheet]) -> Roster:
    """Take the sheet whose header names most; raises NotARegister if none names people."""
    found = [
        (len(columns), -at, sheet, row, columns) for at, sheet in enumerate(sheets) for row, columns in _headers(sheet)
    ]
    if not found:
        raise NotARegister("没有找到名册：表头须有“姓名”，并至少有“界别”“单位”“手机号”等一列。")
    _, _, sheet, row, columns = max(found, key=lambda one: one[:2])
    return _read(sheet, row, columns)


def _headers(sheet: Sheet) -> Iterable[tuple[int, dict[str, int]]]:
    if sheet.hidden:
        return
    for row, cells in enumerate(sheet.rows[:HEADER_WITHIN]):
        columns: dict[str, int] = {}
        for at, cell in enumerate(cells):
            name = MEANS.get(_word(cell))
            if name and name not in columns:
                columns[name] = at
        if "name" in columns and len(columns) > 1:
            yield row, columns
            return


def _word(cell: Cell) -> str:
    return "".join(value_of(cell).split()).strip("*：:").casefold()


def _read(sheet: Sheet, header: int, columns: dict[str, int]) -> Roster:
    labels = {name: value_of(sheet.cell(header, at)) for name, at in columns.items()}
    roster = Roster(sheet.name, labels)
    for at, cell in enumerate(sheet.rows[header]):
        if any(word in value_of(cell) for word in NOT_COLLECTED):
            roster.warnings.append(Fault(header + 1, value_of(cell), f"第{at + 1}列不收集，没有读取。"))
    for row in range(header + 1, len(sheet.rows)):
        values = {name: sheet.cell(row, at) for name, at in columns.items()}
        if _is_data(sheet.rows[row], values):
            _take(roster, row + 1, values)
    return roster


def _is_data(cells: list[Cell], values: dict[str, Cell]) -> bool:
    filled = [value_of(cell) for cell in cells if value_of(cell)]
    if not filled or any(filled[0].startswith(word) for word in SUMMARY_WORDS):
        return False
    if _word(values["name"]) in COLUMNS["name"]:  # the header again at a page break
        return False
    return any(value_of(cell) for cell in values.values()) and not (len(filled) == 1 and not value_of(values["name"]))


def _take(roster: Roster, row: int, values: dict[str, Cell]) -> None:
    texts = {name: one_line(value_of(cell)) for name, cell in values.items() if name not in DAYS}
    faults = [
        Fault(row, roster.labels[name], f"{roster.labels[name]}超过{most}字。")
        for name, most in LONGEST.items()
        if len(texts.get(name, "")) > most
    ]
    if not texts["name"]:
        faults.append(Fault(row, roster.labels["name"], "没有姓名。"))
    days = {name: parse_date(values.get(name)) for name in DAYS}
    faults += [Fault(row, roster.labels[name], "日期不存在或写法不清楚。") for name, day in days.items() if day.wrong]
    if faults:
        roster.errors += faults[:1]
        return
    roster.lines.append(Line(row=row, **{name: _iso(day.on) for name, day in days.items()}, **texts))


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""
