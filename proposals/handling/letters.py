"""Letters on the grid of GB/T 9704-2012 (公文格式): 22 lines of 28 characters, as .docx and as HTML for screen and PDF.

Plain functions of plain values: what goes in has been picked for its reader by whoever calls. Fonts are named and never
shipped: the .docx is opened, signed and sealed on a machine of the office that has them; a PDF from here is a preview.
"""

import io
import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from docx import Document
from docx.document import Document as Paper
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

from .documents import BODY, HEADING, TITLE, chinese, said, words
from .pdf import html_to_pdf

TEMPLATE_VERSION = 1
"""Goes up whenever a letter of the same facts would look different."""

KAI = "楷体_GB2312"
TOP, BOTTOM, LEFT, RIGHT = 37, 35, 28, 26
WIDTH, HEIGHT = 210 - LEFT - RIGHT, 297 - TOP - BOTTOM
LINES, CHARACTERS = 22, 28
SIZE = 16
POINTS = 72 / 25.4
LINE_TWIPS = round(HEIGHT / LINES * POINTS * 20)
CLOSER = math.floor((WIDTH / CHARACTERS * POINTS - SIZE) * 20)
"""What is added to each character, in 1/20 of a point: 28 characters of 16 points are wider than the page's text.

A grid of characters would do in Word alone: other programs give two of its cells to whatever is wider than one.
"""
RED = RGBColor(0xD7, 0x00, 0x0F)
DIGITS = "零一二三四五六七八九"
OLDEST = (1980, 1, 1, 0, 0, 0)
LETTERHEAD_AT, MARK_LINE = 30, 8
BLANK = "　" * 20


@dataclass(frozen=True)
class Line:
    """A paragraph: 0 plain, 1 and 2 headings of the first and second order, -1 without indent."""

    text: str
    level: int = 0


@dataclass(frozen=True)
class Letter:
    """An official document. With `head` it is a letter with a red letterhead (信函格式), without it a plain page."""

    title: str
    lines: Sequence[Line]
    head: str = ""
    mark: str = ""
    number: str = ""
    addressee: str = ""
    table: Sequence[tuple[str, str]] = ()
    signer: str = ""
    on: date | None = None
    contact: str = ""
    copies: str = ""
    about: Sequence[tuple[str, str]] = ()
    """Facts of the matter for templates of the issuer's own; the built-in letter says them in its title."""

    @property
    def signers(self) -> list[str]:
        """Who seals it, one below the other where several issue it together."""
        return self.signer.splitlines()

    @property
    def dated(self) -> str:
        """The date, or room for one."""
        return chinese(self.on) or "　　　年　　月　　日"


def numeral(number: int) -> str:
    """A number below a hundred as titles write it.

    >>> [numeral(n) for n in (2, 10, 14, 30, 21)]
    ['二', '十', '十四', '三十', '二十一']
    """
    tens, ones = divmod(number, 10)
    return ("" if not tens else "十" if tens == 1 else f"{DIGITS[tens]}十") + (DIGITS[ones] if ones or not tens else "")


def paragraphs(text: str, level: int = 0) -> list[Line]:
    return [Line(part.strip(), level) for part in text.splitlines() if part.strip()]


# Word ------------------------------------------------------------------------------------------------------------------


def letter_docx(letter: Letter) -> bytes:
    """The same words give the same file, byte for byte: its hash says whether a copy is the one that was made."""
    paper = grid_paper(letter.title)
    if letter.head:
        _letterhead(paper, letter)
    else:
        _page_numbers(paper)
    if letter.number:
        _plain(paper, letter.number, align=WD_ALIGN_PARAGRAPH.RIGHT)
    if letter.head or letter.number:
        paper.add_paragraph()
    _title(paper, letter.title)
    paper.add_paragraph()
    if letter.addressee:
        _plain(paper, f"{letter.addressee}：")
    for line in letter.lines:
        add_line(paper, line)
    if letter.table:
        _facts(paper, letter.table)
    _ending(paper, letter)
    return stable(paper)


def grid_paper(title: str) -> Paper:
    """An empty A4 paper whose text stands on the grid, and no author in its properties."""
    paper = Document()
    section = paper.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(TOP), Mm(BOTTOM)
    section.left_margin, section.right_margin = Mm(LEFT), Mm(RIGHT)
    section.footer_distance = Mm(BOTTOM - 7)
    grid = section._sectPr.find(qn("w:docGrid"))
    if grid is None:
        grid = OxmlElement("w:docGrid")
        section._sectPr.append(grid)
    for name, value in (("type", "lines"), ("linePitch", LINE_TWIPS)):
        grid.set(qn(f"w:{name}"), str(value))
    style = paper.styles["Normal"]
    style.font.name, style.font.size = "Times New Roman", Pt(SIZE)
    style.element.rPr.rFonts.set(qn("w:eastAsia"), BODY)
    closer = OxmlElement("w:spacing")
    closer.set(qn("w:val"), str(CLOSER))
    style.element.rPr.find(qn("w:sz")).addprevious(closer)
    shape = style.paragraph_format
    shape.space_before = shape.space_after = Pt(0)
    shape.line_spacing = 1
    facts = paper.core_properties
    facts.title, facts.author, facts.comments, facts.last_modified_by, facts.language = (
        said(title)[:255],
        "",
        "",
        "",
        "zh-CN",
    )
    return paper


def add_line(paper: Paper, line: Line) -> None:
    font = {1: HEADING, 2: KAI}.get(line.level, BODY)
    paragraph = paper.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    if line.level >= 0:
        _indent(paragraph)
    if line.level > 0:
        paragraph.paragraph_format.keep_with_next = True
    words(paragraph, line.text, font, SIZE)


def _indent(paragraph: Paragraph) -> None:
    """Two characters, however wide they are."""
    indent = paragraph._p.get_or_add_pPr().get_or_add_ind()
    indent.set(qn("w:firstLineChars"), "200")
    indent.set(qn("w:firstLine"), str(2 * SIZE * 20))


def _plain(paper: Paper, text: str, *, align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT) -> Paragraph:
    paragraph = paper.add_paragraph()
    paragraph.alignment = align
    words(paragraph, text, BODY, SIZE)
    return paragraph


def _title(paper: Paper, text: str) -> None:
    paragraph = paper.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    words(paragraph, text, TITLE, 22)


def _ending(paper: Paper, letter: Letter) -> None:
    """Seal and date stand four characters from the right, then the contact, then who else gets the letter."""
    if letter.signer:
        for _ in range(2):
            paper.add_paragraph()
        for text in (*letter.signers, letter.dated):
            paragraph = _plain(paper, text, align=WD_ALIGN_PARAGRAPH.RIGHT)
            paragraph.paragraph_format.right_indent = Pt(4 * SIZE)
            paragraph.paragraph_format.keep_together = True
    if letter.contact:
        add_line(paper, Line(f"（{letter.contact}）"))
    if letter.copies:
        paper.add_paragraph()
        _plain(paper, f"抄送：{letter.copies}。")


def _letterhead(paper: Paper, letter: Letter) -> None:
    """On the first page: the class above to the right, the red name at 30 mm, double red lines below it and at the foot."""
    section = paper.sections[0]
    section.different_first_page_header_footer = True
    section.header_distance = Mm(LETTERHEAD_AT - MARK_LINE)
    header = section.first_page_header
    mark = header.paragraphs[0]
    _exactly(mark, MARK_LINE)
    mark.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    words(mark, letter.mark, HEADING, SIZE)
    name = header.add_paragraph()
    name.alignment = WD_ALIGN_PARAGRAPH.CENTER
    words(name, letter.head, TITLE, 26)
    name.runs[0].font.color.rgb = RED
    name.paragraph_format.space_after = Mm(2)
    _red_lines(name, "bottom", "thickThinSmallGap")
    foot = section.first_page_footer.paragraphs[0]
    _red_lines(foot, "top", "thinThickSmallGap")
    section.footer_distance = Mm(20)
    _page_numbers(paper)


def _exactly(paragraph: Paragraph, millimetres: float) -> None:
    paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
    paragraph.paragraph_format.line_spacing = Mm(millimetres)


def _red_lines(paragraph: Paragraph, side: str, kind: str) -> None:
    """A double line of 170 mm: seven to either side of the text."""
    shape = paragraph.paragraph_format
    shape.left_indent = shape.right_indent = Mm(-(170 - WIDTH) / 2)
    borders, border = OxmlElement("w:pBdr"), OxmlElement(f"w:{side}")
    for name, value in (("val", kind), ("sz", "24"), ("space", "11"), ("color", str(RED))):
        border.set(qn(f"w:{name}"), value)
    borders.append(border)
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _page_numbers(paper: Paper) -> None:
    paragraph = paper.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    words(paragraph, "— ", "宋体", 14)
    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)
    words(paragraph, " —", "宋体", 14)


def _facts(paper: Paper, rows: Sequence[tuple[str, str]]) -> None:
    table = paper.add_table(rows=0, cols=2, style="Table Grid")
    table.autofit = False
    for name, value in rows:
        cells = table.add_row().cells
        for cell, text, width, font in ((cells[0], name, 36, HEADING), (cells[1], value, WIDTH - 36, BODY)):
            cell.width = Mm(width)
            parts = text.split("\n")
            words(cell.paragraphs[0], parts[0], font, 12)
            for part in parts[1:]:
                words(cell.add_paragraph(), part, font, 12)


def stable(paper: Paper, *, body: str = "") -> bytes:
    """The file without the moment at which it was packed; `body` are paragraphs, as XML, that follow the paper's own."""
    made, file = io.BytesIO(), io.BytesIO()
    paper.save(made)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if body and name == "word/document.xml":
                content = content.replace(b"<w:sectPr", body.encode() + b"<w:sectPr", 1)
            new.writestr(zipfile.ZipInfo(name, OLDEST), content, zipfile.ZIP_DEFLATED)
    return file.getvalue()


# screen and PDF --------------------------------------------------------------------------------------------------------


def shown(letter: Letter) -> dict[str, Any]:
    """What `documents/letter.html` prints."""
    return {"letter": letter, "rows": [(name, value.split("\n")) for name, value in letter.table]}


def letter_pdf(letter: Letter) -> bytes:
    """A preview, marked as one. Raises NoPdf where the house cannot make any."""
    context = {**shown(replace(letter, lines=list(letter.lines))), "style": style()}
    return html_to_pdf(render_to_string("documents/letter_pdf.html", context))


@cache
def style() -> str:
    """The style sheet of the page, word for word: the PDF fetches nothing."""
    return (Path(settings.BASE_DIR) / "static" / "css" / "letter.css").read_text(encoding="utf-8")
