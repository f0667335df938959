"""The papers of a hand-over (P16): packet per unit and allocation table, as .docx and as HTML for PDF.

Plain functions of plain values: what goes in has been picked for its reader by whoever calls.
"""

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from django.template.loader import render_to_string
from docx import Document
from docx.document import Document as Paper
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt
from docx.text.paragraph import Paragraph

from members.tables import CONTROL
from proposals.handling.pdf import html_to_pdf

BODY, HEADING, TITLE = "仿宋_GB2312", "黑体", "方正小标宋简体"


@dataclass(frozen=True)
class Merged:
    """A proposal that is handled together with another (并案): its proposers get the same reply."""

    label: str
    title: str
    proposers: str
    situation: str = ""
    analysis: str = ""
    suggestions: Sequence[str] = ()


@dataclass(frozen=True)
class Sheet:
    """One proposal as its unit gets it on paper, with those merged into it."""

    number: str
    title: str
    proposers: str
    role: str
    partners: str = ""
    kind: str = ""
    category: str = ""
    filed_on: date | None = None
    due_on: date | None = None
    provisional: bool = False
    internal: bool = False
    situation: str = ""
    analysis: str = ""
    suggestions: Sequence[str] = ()
    merged: Sequence[Merged] = ()

    @property
    def titles(self) -> str:
        """What stands in a list: the title, and which proposals are handled with it."""
        return self.title + "".join(f"\n（并案：{one.label}　{one.title}）" for one in self.merged)

    @property
    def names(self) -> str:
        return "；".join(name for name in (self.proposers, *(one.proposers for one in self.merged)) if name)

    @property
    def due(self) -> str:
        """Until when it is answered, marked while a year's holidays are not known."""
        return chinese(self.due_on) + ("（暂定）" if self.due_on and self.provisional else "")


@dataclass(frozen=True)
class Packet:
    """Everything that one unit gets at a hand-over (交办包)."""

    unit: str
    sheets: Sequence[Sheet]


@dataclass(frozen=True)
class Batch:
    """One hand-over: who gives it, when, by when it is to be answered."""

    title: str
    issuers: Sequence[str]
    on: date
    packets: Sequence[Packet]
    reply_due_on: date | None = None
    requirements: Sequence[str] = ()
    contact: str = ""
    number: str = ""

    def total(self) -> int:
        """How many proposals there are: one with several units counts once."""
        return len({sheet.number for packet in self.packets for sheet in packet.sheets})


def chinese(day: date | None) -> str:
    """A date as official papers write it; empty if there is none.

    >>> chinese(date(2026, 5, 2))
    '2026年5月2日'
    """
    return f"{day.year}年{day.month}月{day.day}日" if day else ""


# Word ------------------------------------------------------------------------------------------------------------------


def packet_docx(batch: Batch, packet: Packet) -> bytes:
    """Cover, list, every proposal, receipt (签收单)."""
    paper = _paper(f"{batch.title}（{packet.unit}）")
    _cover(paper, batch, packet)
    _list(paper, packet)
    for sheet in packet.sheets:
        _new_page(paper)
        _sheet(paper, sheet)
    _new_page(paper)
    _receipt(paper, batch, packet)
    return _bytes(paper)


def allocation_docx(batch: Batch) -> bytes:
    """Which unit has which proposal, the whole batch on one table (分办表)."""
    paper = _paper(f"{batch.title}分办表", landscape=True)
    _title(paper, f"{batch.title}分办表")
    rows = [[s.number, s.titles, s.names, s.role, p.unit, s.due] for s, p in _by_number(batch)]
    _table(paper, ["案号", "案由", "提案者", "职责", "承办单位", "答复期限"], rows, [18, 92, 36, 16, 48, 30])
    _line(paper, f"共 {batch.total()} 件，涉及 {len(batch.packets)} 个单位。")
    return _bytes(paper)


def table_docx(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], *, note: str = ""
) -> bytes:
    """One wide table with its title, and a line below that says how it was counted."""
    paper = _paper(title, landscape=True)
    _title(paper, title)
    _table(paper, heads, rows, widths)
    if note:
        _line(paper, note)
    return _bytes(paper)


def _paper(title: str, *, landscape: bool = False) -> Paper:
    """An empty A4 paper with the margins of official papers, numbered pages, and no author in its properties."""
    paper = Document()
    section = paper.sections[0]
    width, height = (Mm(297), Mm(210)) if landscape else (Mm(210), Mm(297))
    section.orientation = WD_ORIENT.LANDSCAPE if landscape else WD_ORIENT.PORTRAIT
    section.page_width, section.page_height = width, height
    section.top_margin, section.bottom_margin = Mm(30), Mm(25)
    section.left_margin, section.right_margin = Mm(28), Mm(26)
    _page_number(section.footer.paragraphs[0])
    style = paper.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(14)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)
    facts = paper.core_properties
    facts.title, facts.author, facts.comments, facts.last_modified_by = said(title)[:255], "", "", ""
    return paper


def _page_number(paragraph: Paragraph) -> None:
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    element = OxmlElement("w:fldSimple")
    element.set(qn("w:instr"), "PAGE")
    paragraph._p.append(element)


def said(text: str) -> str:
    """Text without what no Word file may hold."""
    return CONTROL.sub("", text)


def words(paragraph: Paragraph, text: str, font: str, size: float) -> None:
    run = paragraph.add_run(said(text))
    run.font.size = Pt(size)
    run._element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)


def _title(paper: Paper, text: str, size: float = 22) -> None:
    paragraph = paper.add_heading(level=1)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    words(paragraph, text, TITLE, size)


def _heading(paper: Paper, text: str) -> None:
    words(paper.add_heading(level=2), text, HEADING, 15)


def _line(paper: Paper, text: str, *, indent: bool = True, align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT) -> None:
    paragraph = paper.add_paragraph()
    paragraph.alignment = align
    if indent and align == WD_ALIGN_PARAGRAPH.LEFT:
        paragraph.paragraph_format.first_line_indent = Pt(28)
    words(paragraph, text, BODY, 14)


def _table(paper: Paper, heads: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
    table = paper.add_table(rows=1, cols=len(heads), style="Table Grid")
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    table.autofit = False
    for cells, texts, font in [(table.rows[0].cells, heads, HEADING)] + [
        (table.add_row().cells, row, BODY) for row in rows
    ]:
        for cell, text, width in zip(cells, texts, widths, strict=True):
            cell.width = Mm(width)
            words(cell.paragraphs[0], text, font, 11)
    repeat = OxmlElement("w:tblHeader")
    repeat.set(qn("w:val"), "true")
    table.rows[0]._tr.get_or_add_trPr().append(repeat)


def _new_page(paper: Paper) -> None:
    paper.add_paragraph().add_run().add_break(WD_BREAK.PAGE)


def _cover(paper: Paper, batch: Batch, packet: Packet) -> None:
    for _ in range(5):
        paper.add_paragraph()
    _title(paper, batch.title, 26)
    _title(paper, "交办件")
    paper.add_paragraph()
    for text in (f"承办单位：{packet.unit}", f"件数：{len(packet.sheets)} 件", f"交办日期：{chinese(batch.on)}"):
        _line(paper, text, align=WD_ALIGN_PARAGRAPH.CENTER)
    for issuer in batch.issuers:
        _line(paper, issuer, align=WD_ALIGN_PARAGRAPH.CENTER)
    _new_page(paper)


def _list(paper: Paper, packet: Packet) -> None:
    _title(paper, "提案目录")
    rows = [[s.number, s.titles, s.names, s.role, s.due] for s in packet.sheets]
    _table(paper, ["案号", "案由", "提案者", "职责", "答复期限"], rows, [18, 66, 34, 16, 26])


def _sheet(paper: Paper, sheet: Sheet) -> None:
    _title(paper, f"第{sheet.number}号提案")
    _table(paper, ["项目", "内容"], sheet_facts(sheet), [30, 126])
    _text(paper, sheet)
    for one in sheet.merged:
        _title(paper, f"并案办理：{one.label}", 16)
        _table(paper, ["项目", "内容"], [("案由", one.title), ("提案者", one.proposers)], [30, 126])
        _text(paper, one)


def _text(paper: Paper, sheet: "Sheet | Merged") -> None:
    for heading, text in (("情况", sheet.situation), ("分析", sheet.analysis)):
        if text:
            _heading(paper, heading)
            for part in text.splitlines():
                _line(paper, part)
    if sheet.suggestions:
        _heading(paper, "建议")
    for number, text in enumerate(sheet.suggestions, start=1):
        _line(paper, f"{number}. {text}")


def sheet_facts(sheet: Sheet) -> list[tuple[str, str]]:
    """What stands above the text, without the lines that have nothing to say."""
    facts = [
        ("案由", sheet.title),
        ("提案者", sheet.proposers),
        ("类别", "、".join(word for word in (sheet.kind, sheet.category) if word)),
        ("立案日期", chinese(sheet.filed_on)),
        ("本单位职责", sheet.role),
        ("其他承办单位", sheet.partners),
        ("答复期限", sheet.due),
        ("公开意见", "不公开（内部）" if sheet.internal else ""),
    ]
    return [(name, value) for name, value in facts if value]


def _receipt(paper: Paper, batch: Batch, packet: Packet) -> None:
    _title(paper, "签收单")
    _line(paper, f"{packet.unit}今收到{batch.title}共 {len(packet.sheets)} 件：")
    _line(paper, "、".join(f"第{sheet.number}号" for sheet in packet.sheets))
    _line(paper, "如认为不属于本单位职责，请在规定期限内书面说明理由并提出建议承办单位。")
    for text in ("签收人：", "联系电话：", "分管负责人：", "签收日期：　　　年　　月　　日", "（单位盖章）"):
        _line(paper, text)


def _by_number(batch: Batch) -> list[tuple[Sheet, Packet]]:
    pairs = [(sheet, packet) for packet in batch.packets for sheet in packet.sheets]
    return sorted(pairs, key=lambda pair: (len(pair[0].number), pair[0].number, pair[0].role != "主办", pair[1].unit))


def _bytes(paper: Paper) -> bytes:
    file = io.BytesIO()
    paper.save(file)
    return file.getvalue()


# before the session -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Entry:
    """One proposal in the papers of a session; what is not for everybody has a number and nothing else."""

    number: str
    title: str
    proposers: str
    kind: str = ""
    category: str = ""
    situation: str = ""
    suggestions: Sequence[str] = ()


@dataclass(frozen=True)
class Book:
    """The proposals of a session up to a day, for its catalogue and its digest (提案目录、提案摘要)."""

    session: str
    on: date
    entries: Sequence[Entry]

    def groups(self) -> list[tuple[str, list[Entry]]]:
        """The entries by category, in their order."""
        found: dict[str, list[Entry]] = {}
        for entry in self.entries:
            found.setdefault(entry.category or "未定类别", []).append(entry)
        return list(found.items())


def catalogue_docx(book: Book) -> bytes:
    """What was raised, by category (提案目录)."""
    paper = _paper(f"{book.session}提案目录")
    _title(paper, f"{book.session}提案目录")
    _line(paper, f"截至{chinese(book.on)}，共 {len(book.entries)} 件。")
    for category, entries in book.groups():
        _heading(paper, f"{category}（{len(entries)} 件）")
        rows = [[one.number, one.title, one.proposers, one.kind] for one in entries]
        _table(paper, ["编号", "案由", "提案者", "形式"], rows, [30, 76, 30, 20])
    return _bytes(paper)


def digest_docx(book: Book) -> bytes:
    """What each proposal says, shortened (提案摘要)."""
    paper = _paper(f"{book.session}提案摘要")
    _title(paper, f"{book.session}提案摘要")
    for category, entries in book.groups():
        _heading(paper, category)
        for one in entries:
            _line(paper, f"{one.number}　{one.title}", indent=False)
            _line(paper, f"提案者：{one.proposers}" if one.proposers else "")
            _line(paper, one.situation)
            for number, text in enumerate(one.suggestions, start=1):
                _line(paper, f"{number}. {text}")
    return _bytes(paper)


def book_parts(book: Book, *, pdf: bool) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of the papers of a session. Raises NoPdf where the house cannot make any."""
    for name, make in (("提案目录", catalogue_docx), ("提案摘要", digest_docx)):
        yield f"{name}.docx", make(book)
    if pdf:
        for name, full in (("提案目录", False), ("提案摘要", True)):
            page = render_to_string("documents/book.html", {"book": book, "name": name, "full": full})
            yield f"{name}.pdf", html_to_pdf(page)


# PDF and archives --------------------------------------------------------------------------------------------------------


def packet_pdf(batch: Batch, packet: Packet) -> bytes:
    """The same as `packet_docx`, for looking at and printing. Raises NoPdf where the house cannot make any."""
    sheets = [(sheet, sheet_facts(sheet)) for sheet in packet.sheets]
    return html_to_pdf(render_to_string("documents/packet.html", {"batch": batch, "packet": packet, "sheets": sheets}))


def file_name(text: str) -> str:
    """A unit's name as a part of a file's name."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "", text)[:60].strip(". ") or "单位"


def zipped(parts: Sequence[tuple[str, bytes]]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return file.getvalue()
