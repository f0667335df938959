"""A register's rows as entries, faults and warnings. No database, no file, no clock."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from .dates import parse_date
from .headers import Field, Header, find_header, meaning, normal
from .marks import CLASSES, clean_doc_no, parse_class
from .numbers import parse_number
from .sheets import Sheet, filled_down
from .text import Cell, clean_title, one_line, same_words, text_of, value_of
from .units import Matcher, Named, Role, look_up, read_units

LONGEST_TITLE = 300
LONGEST_REMARK = 32_767  # what a spreadsheet program itself can hold
LONGEST_CELL = 2_000

SAYS_HELP = re.compile(
    r"说明|填表|填写|示例|样[表例本]|模[板版]|字典|代码|参数|帮助|readme|help|sample|template", re.IGNORECASE
)
SECTION = re.compile(
    r"^\s*(?:第?[一二三四五六七八九十]+(?:[、.．]|部分|类)|[(（][一二三四五六七八九十]+[)）])|(?:方面|[类组])\s*(?:[(（:：共计]*\d+\s*件[)）]?)?$"
)
SECTION_MARK = re.compile(r"^\s*(?:第?[一二三四五六七八九十]+(?:[、.．]|部分)?|[(（][一二三四五六七八九十]+[)）])\s*")
SECTION_END = re.compile(r"(?:方面|类|组)?(?:的?提案)?\s*(?:[(（:：共计,，]*\d+\s*件[)）]?)?$")
TOTAL = re.compile(r"^(?:合\s*计|总\s*计|小\s*计|累\s*计|共\s*计|共\s*\d+\s*件|本页)")
FOOTER = re.compile(
    r"(?:填表|制表|审核|填报|经办|负责|复核|统计|签字|签发|联系|打印|录入|核对)(?:人|单位|日期|时间|部门|电话)?(?:签字)?\s*[:：]|^(?:注|备注|说明|附注)\s*[:：]|^第\s*\d+\s*页|（签章）|（盖章）"
)
SAMPLE = frozenset({"例", "例如", "示例", "样例", "举例", "填写示例", "填写说明", "样表"})


class NotARegister(Exception):
    """The file holds no proposal register; the text is for the user."""


@dataclass(frozen=True)
class Note:
    """Something to tell about one row (as numbered in the sheet) and column."""

    row: int
    column: str
    code: str
    message: str


@dataclass(frozen=True)
class Entry:
    """One proposal as the register has it, normalised."""

    row: int
    number: str
    title: str
    proposer: str = ""
    cosigners: str = ""
    kind: str = ""
    category: str = ""
    lead: str = ""
    co: tuple[str, ...] = ()
    split: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    assigned_on: date | None = None
    due_on: date | None = None
    doc_no: str = ""
    replied_on: date | None = None
    reply_class: str = ""
    remark: str = ""
    other: dict[str, str] = field(default_factory=dict)
    raw: dict[str, str] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    """Words of the clerk that nothing of ours could be made of, by their columns."""
    codes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Register:
    """What was read: entries to import, rows that are there already, errors, warnings, and notes on the whole file."""

    sheet: str
    header: Header
    entries: tuple[Entry, ...]
    skipped: tuple[Note, ...]
    errors: tuple[Note, ...]
    warnings: tuple[Note, ...]
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> int:
        return len(self.entries) + len(self.skipped) + len(self.errors)


Knows = Callable[[str], bool]


def always(text: str) -> bool:
    return True


def read_register(
    sheets: Sequence[Sheet],
    matcher: Matcher,
    *,
    year: int | None = None,
    known: Mapping[str, str] | None = None,
    only: str = "",
    classes: frozenset[str] = CLASSES,
    today: date | None = None,
    fits_category: Knows = always,
    fits_form: Knows = always,
) -> Register:
    """Read the register among the sheets.

    `year` is the session's, for dates without one; `known` are the numbers and titles that the session already has;
    `only` names the sheet to take; nothing has been done after `today`; the last two tell which words for category
    and form the house knows. Raises NotARegister where no sheet has a header with number and title.
    """
    sheet, header, notes = choose(sheets, only)
    numbers = frozenset(header.columns(Field.NUMBER))
    reading = Reading(filled_down(sheet, header.last, but=numbers), header, matcher, known or {}, classes)
    reading.today, reading.fits = today, {Field.CATEGORY: fits_category, Field.KIND: fits_form}
    reading.year = year_of(reading, year)
    for row in range(header.last + 1, len(sheet.rows)):
        reading.take(row)
    return Register(
        sheet.name,
        header,
        tuple(reading.entries),
        tuple(reading.skipped),
        tuple(reading.errors),
        tuple(reading.warnings),
        tuple(notes),
    )


def choose(sheets: Sequence[Sheet], only: str) -> tuple[Sheet, Header, list[str]]:
    """The sheet with a register's header and most rows; help and hidden sheets are never taken unless named."""
    found = [(sheet, header) for sheet in sheets if (header := find_header(sheet)) and (not only or sheet.name == only)]
    fit = [(sheet, header) for sheet, header in found if only or not (sheet.hidden or SAYS_HELP.search(sheet.name))]
    if not fit:
        raise NotARegister(why_not(sheets, [sheet.name for sheet, _ in found], only))
    fit.sort(key=lambda pair: -data_rows(*pair))
    others = [sheet.name for sheet, header in fit[1:] if data_rows(sheet, header)]
    notes = [f"工作表“{name}”也有提案登记表的表头，本次没有导入；需要时请指定该工作表再导入一次。" for name in others]
    return *fit[0], notes


def why_not(sheets: Sequence[Sheet], found: list[str], only: str) -> str:
    if only and only not in [sheet.name for sheet in sheets]:
        return f"文件中没有名为“{only}”的工作表；现有：{'、'.join(sheet.name for sheet in sheets) or '无'}。"
    if found:
        return f"只有“{'、'.join(found)}”像提案登记表，但它是说明页或隐藏的工作表。确要导入，请指定该工作表。"
    return "没有找到表头：登记表须有“提案编号”和“案由”（或意思相同的）两列，另有提案者、主办单位等列。"


def data_rows(sheet: Sheet, header: Header) -> int:
    [number] = header.columns(Field.NUMBER)
    return sum(parse_number(sheet.cell(row, number)) is not None for row in range(header.last + 1, len(sheet.rows)))


def year_of(reading: "Reading", year: int | None) -> int | None:
    """The session's year if the register's full dates know it too, else the year most of them have."""
    years: Counter[int] = Counter()
    for column in [*reading.header.columns(Field.ASSIGNED), *reading.header.columns(Field.REPLIED)]:
        for row in range(reading.header.last + 1, len(reading.sheet.rows)):
            read = parse_date(reading.sheet.cell(row, column))
            if read.on and not read.assumed:
                years[read.on.year] += 1
    if year in years or not years:
        return year
    return years.most_common(1)[0][0]


class Reading:
    """One pass over the rows below the header."""

    def __init__(
        self, sheet: Sheet, header: Header, matcher: Matcher, known: Mapping[str, str], classes: frozenset[str]
    ) -> None:
        self.sheet, self.header, self.matcher, self.classes = sheet, header, matcher, classes
        self.year: int | None = None
        self.today: date | None = None
        self.fits: dict[Field, Knows] = {}
        self.unread: dict[str, str] = {}
        self.section = ""
        self.doubted: set[str] = set()
        self.titles = {number: same_words(title) for number, title in known.items()}
        self.numbers: dict[str, str] = {}
        for number, words in self.titles.items():
            self.numbers.setdefault(words, number)
        self.taken_at: dict[str, int] = {}
        self.class_is_category = self.holds_no_classes()
        self.entries: list[Entry] = []
        self.skipped: list[Note] = []
        self.errors: list[Note] = []
        self.warnings: list[Note] = []

    # --- which rows are data -------------------------------------------------

    def take(self, row: int) -> None:
        texts = [text_of(cell) for cell in self.sheet.rows[row]]
        filled = [text for text in texts if text]
        number = parse_number(self.cell(row, Field.NUMBER)) or ""
        if not filled or (self.is_beside_number(filled) if number else self.is_no_data(row, filled)):
            return
        fault = self.fault(row, texts)
        if fault:
            self.errors.append(fault)
            return
        title = clean_title(self.cell(row, Field.TITLE))
        if not self.is_new(row, number, title):
            return
        self.keep(row, number, title)

    def is_beside_number(self, filled: list[str]) -> bool:
        """A row with a number is data, but for a sample row and the line that counts the columns."""
        return filled[0] in SAMPLE or (len(filled) > 2 and filled == [str(at) for at in range(1, len(filled) + 1)])

    def is_no_data(self, row: int, filled: list[str]) -> bool:
        return self.repeats_header(filled) or self.closes_the_table(row, filled) or self.opens_section(row, filled)

    def repeats_header(self, filled: list[str]) -> bool:
        """The header again at a page break, or one of its levels."""
        if len(filled) < 2:
            return False
        if all(re.fullmatch(r"[(（]?(\d{1,2}|[甲乙丙丁戊])[)）]?", text) for text in filled) and len(filled) > 2:
            return True  # the line that counts the columns
        own = {normal(label) for label in self.header.labels.values()}
        return all(
            len(text) <= 20 and (normal(text) in own or meaning([normal(text)]) is not Field.OTHER) for text in filled
        )

    def closes_the_table(self, row: int, filled: list[str]) -> bool:
        """A total, a signature line, a remark below the table."""
        title = clean_title(self.cell(row, Field.TITLE))
        if TOTAL.match(filled[0]) and not re.search(r"[^\d\s件个条共计合]", title.replace(filled[0], "")):
            return True
        if FOOTER.search(filled[0]) and len(filled[0]) <= LONGEST_CELL:
            return True
        return not title and any(FOOTER.search(text) for text in filled)

    def opens_section(self, row: int, filled: list[str]) -> bool:
        """A line of one cell: 一、经济建设方面, or the table's title again after a page break."""
        if len(set(filled)) > 1:
            return False
        wide = any(
            area.top <= row <= area.bottom and area.right - area.left + 1 >= max(2, self.header.width // 2)
            for area in self.sheet.merged
        )
        section = SECTION.search(filled[0]) and len(filled[0]) <= 40
        if section:
            self.section = SECTION_END.sub("", SECTION_MARK.sub("", one_line(filled[0]))).strip(" ：:")
        return bool(wide or section or not value_of(self.cell(row, Field.TITLE)))

    # --- what is wrong with a row --------------------------------------------

    def fault(self, row: int, texts: list[str]) -> Note | None:
        if self.sheet.text and any(texts[self.header.width :]):
            more = len(texts) - self.header.width
            return Note(row + 1, "表外", "extra_column", f"这一行比表头多出 {more} 列，内容可能错位，请核对后改正。")
        for column, field_ in self.header.fields.items():
            most = LONGEST_REMARK if field_ in (Field.REMARK, Field.OTHER, Field.IGNORED) else LONGEST_CELL
            if len(texts[column] if column < len(texts) else "") > most:
                return Note(
                    row + 1, self.header.labels[column], "cell_too_long", f"单元格超过 {most} 字，请删减或另作附件。"
                )
        raw = value_of(self.cell(row, Field.NUMBER))
        if not clean_title(self.cell(row, Field.TITLE)):
            return self.note(row, Field.TITLE, "missing_title", "案由为空，请补填。")
        if not raw:
            return self.note(row, Field.NUMBER, "missing_number", "提案编号为空，请补填。")
        if not parse_number(self.cell(row, Field.NUMBER)):
            return self.note(
                row, Field.NUMBER, "invalid_number", f"提案编号“{short(raw)}”不是一个编号，请每行只写一个。"
            )
        length = len(clean_title(self.cell(row, Field.TITLE)))
        if length > LONGEST_TITLE:
            return self.note(row, Field.TITLE, "title_too_long", f"案由有 {length} 字，最多 {LONGEST_TITLE} 字。")
        return None

    def is_new(self, row: int, number: str, title: str) -> bool:
        """False for a number that is there: skipped with the same title, an error with another."""
        words = same_words(title)
        if number not in self.titles:
            return True
        where = f"本表第 {self.taken_at[number]} 行" if number in self.taken_at else "已有的提案"
        if self.titles[number] == words:
            self.skipped.append(self.note(row, Field.NUMBER, "duplicate_same", f"与{where}编号、案由均相同，已跳过。"))
        else:
            message = f"编号 {number} 与{where}相同而案由不同，没有覆盖，请核对编号。"
            self.errors.append(self.note(row, Field.NUMBER, "duplicate_conflict", message))
        return False

    # --- a row that comes in --------------------------------------------------

    def keep(self, row: int, number: str, title: str) -> None:
        before = len(self.warnings)
        self.unread = {}
        self.hint_same_title(row, number, title)
        lead, co, split, unknown = self.units(row)
        assigned_on = self.past_day(row, Field.ASSIGNED)
        replied_on = self.past_day(row, Field.REPLIED)
        due_on = self.limit(row, assigned_on)
        if assigned_on and replied_on and replied_on < assigned_on:
            self.warn(row, Field.REPLIED, "reply_before_assigned", "答复日期早于交办日期，已照录，请核对。")
        result, category = self.result_and_category(row)
        doc_no = clean_doc_no(self.cell(row, Field.DOC_NO))
        if (
            (doc_no or result)
            and not replied_on
            and self.header.columns(Field.REPLIED)
            and not text_of(self.cell(row, Field.REPLIED))
        ):
            self.warn(row, Field.REPLIED, "reply_without_date", "有答复文号或办理类别而没有答复日期，请补记。")
        entry = Entry(
            row=row + 1,
            number=number,
            title=title,
            proposer=one_line(self.text(row, Field.PROPOSER)),
            cosigners=one_line(self.joined(row, Field.COSIGNERS)),
            kind=self.word(row, Field.KIND, self.text(row, Field.KIND), "unknown_form", "按提案者判断"),
            category=self.category(row, category),
            lead=lead,
            co=co,
            split=split,
            unknown=unknown,
            assigned_on=assigned_on,
            due_on=due_on,
            doc_no=doc_no,
            replied_on=replied_on,
            reply_class=result,
            remark=self.text(row, Field.REMARK),
            other=self.others(row),
            raw=self.raw(row),
            unread=self.unread,
        )
        self.warn_of_formulas(row)
        codes = tuple(note.code for note in self.warnings[before:])
        self.entries.append(Entry(**{**vars(entry), "codes": codes}))
        self.titles[number] = same_words(title)
        self.numbers.setdefault(same_words(title), number)
        self.taken_at[number] = row + 1

    def hint_same_title(self, row: int, number: str, title: str) -> None:
        other = self.numbers.get(same_words(title))
        if other and other != number:
            self.warn(
                row,
                Field.TITLE,
                "possible_duplicate_title",
                f"案由与 {other} 号提案相同，已导入；如属重复，可并案办理。",
            )

    def units(self, row: int) -> tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
        """Lead, co-handlers, split handlers by their present names, and names that nobody bears."""
        by_role: dict[Role, list[str]] = {"lead": [], "co": [], "split": []}
        unknown: list[str] = []
        for field_, named in self.named(row):
            match = look_up(named.raw, self.matcher)
            if match is None:
                unknown.append(named.raw)
                message = f"没有名为“{short(named.raw)}”的单位，原文已保留，请人工确认。"
                self.warn(row, field_, f"unknown_unit:{short(named.raw)}", message)
                continue
            if match.kind == "former":
                self.warn(row, field_, "former_name", f"“{named.raw}”是旧名，已按现名“{match.name}”导入。")
            by_role[named.role].append(match.name)
        return *self.roles(row, by_role, bool(unknown)), tuple(dict.fromkeys(unknown))

    def named(self, row: int) -> list[tuple[Field, Named]]:
        roles: tuple[tuple[Field, Role], ...] = ((Field.LEAD, "lead"), (Field.CO, "co"), (Field.SPLIT, "split"))
        return [
            (field_, named)
            for field_, role in roles
            for column in self.header.columns(field_)
            for named in read_units(self.sheet.cell(row, column), role, self.matcher)
        ]

    def roles(
        self, row: int, by_role: dict[Role, list[str]], unknown: bool
    ) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
        leads, co, split = (list(dict.fromkeys(by_role[role])) for role in ("lead", "co", "split"))
        if len(leads) > 1:
            self.warn(
                row, Field.LEAD, "multiple_leads", f"主办栏有 {len(leads)} 家单位，首家“{leads[0]}”作主办，其余作会办。"
            )
        elif not leads and not split and not unknown and self.header.columns(Field.LEAD):
            self.warn(row, Field.LEAD, "no_lead_unit", "没有主办单位，导入为待交办。")
        lead = leads[0] if leads else ""
        if lead and lead in co + split:
            self.warn(row, Field.CO, "lead_repeated_in_co", f"主办单位“{lead}”又列入会办，已去重。")
        others = [name for name in dict.fromkeys([*leads[1:], *co]) if name != lead]
        return lead, tuple(others), tuple(name for name in split if name != lead)

    def day(self, row: int, field_: Field) -> date | None:
        cell = self.cell(row, field_)
        read = parse_date(cell, self.year)
        if read.wrong:
            self.warn(row, field_, "invalid_date", f"“{short(text_of(cell))}”不是存在的日期，已留空，请补记。")
        elif read.assumed and read.on:
            self.warn(
                row, field_, "year_assumed", f"“{short(text_of(cell))}”年份不全，已按 {read.on.year} 年导入，请核对。"
            )
        return read.on

    def past_day(self, row: int, field_: Field) -> date | None:
        """A day on which something was done: one that is still to come is the clerk's slip."""
        on = self.day(row, field_)
        if on and self.today and on > self.today:
            message = f"“{short(text_of(self.cell(row, field_)))}”在今天之后，没有采用，请核对年份后补记。"
            self.warn(row, field_, "future_date", message)
            return None
        return on

    def limit(self, row: int, assigned_on: date | None) -> date | None:
        """The last day that the register sets: one before the day of assignment starts no clock."""
        due_on = self.day(row, Field.DUE)
        if due_on and assigned_on and due_on < assigned_on:
            message = "办理期限早于交办日期，没有采用，时限按现行规则从交办日期起算，请核对。"
            self.warn(row, Field.DUE, "due_before_assigned", message)
            due_on = None
        if due_on is None and (raw := text_of(self.cell(row, Field.DUE))):
            self.unread[Field.DUE.value] = one_line(raw)
        return due_on

    def category(self, row: int, text: str) -> str:
        """The row's own category, else that of its section; an unknown section is told of once."""
        if found := self.word(row, Field.CATEGORY, text, "unknown_category", "没有归类"):
            return found
        if self.section and not self.fits[Field.CATEGORY](self.section):
            self.unread.setdefault(Field.CATEGORY.value, self.section)
            if self.section not in self.doubted:
                self.doubted.add(self.section)
                message = f"没有名为“{short(self.section)}”的提案分类，此标题下的提案没有归类，原文已保留，请人工确认。"
                self.warn(row, Field.CATEGORY, "unknown_category", message)
            return ""
        return self.section

    def word(self, row: int, field_: Field, text: str, code: str, instead: str) -> str:
        """A word of a list of ours, or nothing: then the clerk's own stays in the note."""
        if not text or self.fits[field_](text):
            return text
        self.warn(row, field_, code, f"没有名为“{short(text)}”的{field_.value}，{instead}，原文已保留，请人工确认。")
        self.unread[field_.value] = one_line(text)
        return ""

    def result_and_category(self, row: int) -> tuple[str, str]:
        category = one_line(self.text(row, Field.CATEGORY))
        cell = self.cell(row, Field.CLASS)
        if self.class_is_category:
            return "", category or one_line(value_of(cell))
        result = parse_class(cell, self.classes)
        if result is None:
            self.warn(
                row,
                Field.CLASS,
                "invalid_class",
                f"办理类别“{short(text_of(cell))}”不在 {'、'.join(sorted(self.classes))} 之内，已留空。",
            )
        return result or "", category

    def holds_no_classes(self) -> bool:
        """A column headed 类别 under a vague word may hold subjects instead of result classes."""
        cells = [self.cell(row, Field.CLASS) for row in range(self.header.last + 1, len(self.sheet.rows))]
        filled = [cell for cell in cells if value_of(cell)]
        return len(filled) >= 3 and not any(parse_class(cell, CLASSES | self.classes | {"D"}) for cell in filled)

    def others(self, row: int) -> dict[str, str]:
        """Columns that the register has and we do not read, under the clerk's own words."""
        pairs = (
            (self.header.labels[column], value_of(self.sheet.cell(row, column)))
            for column in self.header.columns(Field.OTHER)
        )
        return {label: text for label, text in pairs if text}

    def raw(self, row: int) -> dict[str, str]:
        """The cells of units, dates and class as the clerk wrote them."""
        kept = (
            Field.NUMBER,
            Field.LEAD,
            Field.CO,
            Field.SPLIT,
            Field.ASSIGNED,
            Field.REPLIED,
            Field.CLASS,
            Field.DOC_NO,
        )
        return {field_.value: text for field_ in kept if (text := self.joined(row, field_))}

    def warn_of_formulas(self, row: int) -> None:
        for column, field_ in self.header.fields.items():
            if field_ not in (Field.IGNORED, Field.OTHER) and (row, column) in self.sheet.formulas:
                value = text_of(self.sheet.cell(row, column))
                message = (
                    f"单元格是公式，已按表中算出的值“{short(value)}”导入。"
                    if value
                    else "单元格是公式而没有算出的值，已留空。"
                )
                self.warnings.append(Note(row + 1, self.header.labels[column], "formula", message))

    # --- cells and notes -------------------------------------------------------

    def cell(self, row: int, field_: Field) -> Cell:
        columns = self.header.columns(field_)
        return self.sheet.cell(row, columns[0]) if columns else None

    def text(self, row: int, field_: Field) -> str:
        return value_of(self.cell(row, field_))

    def joined(self, row: int, field_: Field) -> str:
        return "、".join(
            filter(None, (value_of(self.sheet.cell(row, column)) for column in self.header.columns(field_)))
        )

    def note(self, row: int, field_: Field, code: str, message: str) -> Note:
        return Note(row + 1, self.header.label(field_), code, message)

    def warn(self, row: int, field_: Field, code: str, message: str) -> None:
        self.warnings.append(self.note(row, field_, code, message))


def short(text: str, most: int = 40) -> str:
    """A quotation that fits a message."""
    text = one_line(text)
    return text if len(text) <= most else f"{text[:most]}…"


def codes_of(notes: Iterable[Note]) -> list[str]:
    return [note.code for note in notes]
