"""Registers of reports, and lists of what higher CPPCCs adopted, as clerks keep them. Pure: sheets in, rows out."""

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from .dates import parse_date
from .parser import NotARegister, Note
from .sheets import Sheet
from .text import Cell, clean_title, narrow, one_line, same_words, value_of

COLUMNS = {
    "title": ("标题", "题目", "信息标题", "信息题目", "信息名称", "篇名", "案由", "title"),
    "year": ("年份", "年度", "year"),
    "on": ("日期", "采用日期", "刊发日期", "报送日期", "编发日期", "采用时间", "date"),
    "submitter": ("反映人", "作者", "撰稿人", "报送人", "报送单位", "来源单位", "供稿人", "供稿单位", "submitter"),
    "adopted_by": ("采用单位", "采用情况", "采用", "采用机构", "adopted_by"),
    "form": ("采用方式", "采用形式", "采用类型", "form"),
    "journal": ("刊物", "刊物期号", "期号", "刊物和期号", "采用刊物", "journal"),
    "leader_action": ("领导批示", "批示情况", "批示", "领导批示情况", "leader_action"),
    "remark": ("备注", "说明", "remark"),
}
MEANS = {word: name for name, words in COLUMNS.items() for word in words}
HEADER_WITHIN = 20
LONGEST = {"title": 300, "submitter": 200, "adopted_by": 400, "journal": 80, "leader_action": 300, "remark": 500}
SUMMARY_WORDS = ("合计", "总计", "共计", "填表人", "制表")
APART = re.compile(r"[|｜;；\n]+")
IN_BRACKETS = re.compile(r"[（(](.+)[）)]$")
NATION, PROVINCE, CITY, COUNTY = "nation", "province", "city", "county"
MUNICIPALITIES = ("北京市", "天津市", "上海市", "重庆市")
FORMS = {
    "单篇": "single",
    "综合": "combined",
    "合": "combined",
    "原文": "original",
    "转发": "original",
    "转报": "original",
}


@dataclass(frozen=True)
class Adopted:
    """Who adopted a report, how high, in which journal."""

    adopter: str
    level: str
    journal: str = ""
    form: str = "single"


@dataclass(frozen=True)
class Instructed:
    """What a leader did with a report: read, wrote on it, passed it on."""

    kind: str
    level: str
    leader: str


@dataclass(frozen=True)
class Entry:
    """One report of the register; texts are clean."""

    row: int
    title: str
    on: date
    submitter: str = ""
    adopted: tuple[Adopted, ...] = ()
    instructed: Instructed | None = None
    note: str = ""
    form: str = "single"
    journal: str = ""

    @property
    def key(self) -> tuple[str, int]:
        return same_words(self.title), self.on.year


@dataclass
class Reported:
    """What a file holds."""

    sheet: str
    rows: int = 0
    entries: list[Entry] = field(default_factory=list)
    errors: list[Note] = field(default_factory=list)
    warnings: list[Note] = field(default_factory=list)
    skipped: list[Note] = field(default_factory=list)


def read_reported(sheets: Iterable[Sheet], *, known: Collection[tuple[str, int]] = (), today: date) -> Reported:
    """Take the sheet whose header names most; raises NotARegister if none names titles.

    `known` are the titles and years that are there already: such a row is skipped.
    """
    found = [
        (len(columns), -at, sheet, row, columns) for at, sheet in enumerate(sheets) for row, columns in _headers(sheet)
    ]
    if not found:
        raise NotARegister("没有找到信息登记表：表头须有“标题”，并至少有“年份”“日期”“采用单位”“反映人”等一列。")
    _, _, sheet, row, columns = max(found, key=lambda one: one[:2])
    return _Reader(sheet, row, columns, set(known), today).read()


def _headers(sheet: Sheet) -> Iterator[tuple[int, dict[str, int]]]:
    if sheet.hidden:
        return
    for row, cells in enumerate(sheet.rows[:HEADER_WITHIN]):
        columns: dict[str, int] = {}
        for at, cell in enumerate(cells):
            name = MEANS.get(_word(cell))
            if name and name not in columns:
                columns[name] = at
        if "title" in columns and len(columns) > 1:
            yield row, columns
            return


def _word(cell: Cell) -> str:
    return "".join(narrow(value_of(cell)).split()).strip("*:").casefold()


class _Reader:
    def __init__(
        self, sheet: Sheet, header: int, columns: dict[str, int], known: set[tuple[str, int]], today: date
    ) -> None:
        self.sheet, self.header, self.columns, self.known, self.today = sheet, header, columns, known, today
        self.labels = {name: value_of(sheet.cell(header, at)) for name, at in columns.items()}
        self.found = Reported(sheet.name)

    def read(self) -> Reported:
        for row in range(self.header + 1, len(self.sheet.rows)):
            if self.is_data(row):
                self.found.rows += 1
                self.take(row)
        return self.found

    def is_data(self, row: int) -> bool:
        filled = [text for cell in self.sheet.rows[row] if (text := value_of(cell))]
        if not filled or any(filled[0].startswith(word) for word in SUMMARY_WORDS):
            return False
        if _word(self.cell(row, "title")) in COLUMNS["title"]:  # the header again at a page break
            return False
        return len(filled) > 1 or bool(value_of(self.cell(row, "title")))

    def cell(self, row: int, name: str) -> Cell:
        return self.sheet.cell(row, self.columns[name]) if name in self.columns else None

    def text(self, row: int, name: str) -> str:
        return one_line(value_of(self.cell(row, name)))

    def note(self, row: int, name: str, code: str, message: str) -> Note:
        return Note(row + 1, self.labels.get(name, COLUMNS[name][0]), code, message)

    def take(self, row: int) -> None:
        title = clean_title(self.cell(row, "title"))
        if not title:
            self.found.errors.append(self.note(row, "title", "missing_title", "标题为空，请补填。"))
            return
        for name, most in LONGEST.items():
            length = len(title if name == "title" else self.text(row, name))
            if length > most:
                label = self.labels[name]
                message = f"{label}有 {length} 字，最多 {most} 字。"
                self.found.errors.append(self.note(row, name, "cell_too_long", message))
                return
        on = self.day(row)
        if on is None:
            return
        entry = self.entry(row, title, on)
        if entry.key in self.known:
            message = "同一年份、同一标题的信息已经有了，已跳过。"
            self.found.skipped.append(self.note(row, "title", "duplicate_same", message))
            return
        self.known.add(entry.key)
        self.found.entries.append(entry)

    def day(self, row: int) -> date | None:
        """The row's day; of a year alone its last day, or today; None for a fault, which is noted."""
        name = "on" if value_of(self.cell(row, "on")) else "year"
        raw = self.cell(row, name)
        year = re.fullmatch(r"(\d{4})年?", narrow(value_of(raw)))
        if year:
            on: date | None = min(date(int(year[1]), 12, 31), self.today) if 1949 <= int(year[1]) <= 2100 else None
            future = on is not None and int(year[1]) > self.today.year
        else:
            on = parse_date(raw).on
            future = on is not None and on > self.today
        if on is None:
            self.found.errors.append(
                self.note(row, name, "missing_date", "没有可以识别的年份或日期，请补填，例如 2026。")
            )
            return None
        if future:
            self.found.errors.append(self.note(row, name, "future_date", "日期在今天之后，请核对。"))
            return None
        if year and name == "on":
            self.found.warnings.append(self.note(row, name, "year_only", f"只有年份，按 {on:%Y-%m-%d} 登记。"))
        return on

    def entry(self, row: int, title: str, on: date) -> Entry:
        said = self.text(row, "leader_action")
        instructed = instruction_in(said)
        notes = [self.text(row, "remark")] + ([said] if said and instructed is None else [])
        return Entry(
            row=row + 1,
            title=title,
            on=on,
            submitter=self.text(row, "submitter"),
            adopted=self.adopted(row),
            instructed=instructed,
            note="；".join(filter(None, notes)),
            form=form_in(self.text(row, "form")),
            journal=self.text(row, "journal")[:80],
        )

    def adopted(self, row: int) -> tuple[Adopted, ...]:
        named = [part.strip() for part in APART.split(value_of(self.cell(row, "adopted_by"))) if part.strip()]
        form, journal = form_in(self.text(row, "form")), self.text(row, "journal")
        found = []
        for text in dict.fromkeys(one_line(part) for part in named):
            inside = IN_BRACKETS.search(text)
            adopter = text[: inside.start()].strip() if inside else text
            found.append(Adopted(adopter[:80], level_of(adopter), (inside[1] if inside else journal)[:80], form))
        return tuple(found)


def level_of(name: str) -> str:
    """How high an office or a leader stands, by its name; a city where nothing else is said.

    >>> [level_of(name) for name in ("全国政协", "民进中央", "政协四川省委员会", "政协上海市委员会", "宁陕县政协", "市委办公室")]
    ['nation', 'nation', 'province', 'province', 'county', 'city']
    """
    if any(word in name for word in ("全国", "中央", "国务院", "中办", "国办")):
        return NATION
    if any(word in name for word in ("省", "自治区", *MUNICIPALITIES)):
        return PROVINCE
    return COUNTY if re.search("[县区旗]", name) else CITY


def form_in(text: str) -> str:
    """How something was adopted; by itself where nothing is said."""
    return next((form for word, form in FORMS.items() if word in text), "single")


def instruction_in(text: str) -> Instructed | None:
    """What a leader did, if that is what the words say: having read it is no instruction (P18).

    >>> instruction_in("副市长交办批示"), instruction_in("分送市委市政府领导批阅").kind, instruction_in("年度优秀信息")
    (Instructed(kind='instruction', level='city', leader='副市长'), 'read', None)
    """
    for pattern, kind in ((r"(.*?)(?:交办|作出|作了)?批示", "instruction"), (r"(.*?)(?:圈阅|批阅|传阅)", "read")):
        if found := re.match(pattern, text):
            leader = re.sub("^(分送|呈送|送|获|得到)", "", found[1]).strip("，,、 ") or "领导"
            return Instructed(kind, level_of(leader), leader[:40])
    return None
