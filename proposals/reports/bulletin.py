"""A bulletin on paper (刊物): head, number, items one after the other, whom it goes to; as .docx and as HTML for PDF.

Plain functions of plain values: what goes in has been picked for its reader by whoever calls. No author stands in a
property of the file or in its name (S20).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.template.loader import render_to_string
from docx.document import Document as Paper
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_TAB_ALIGNMENT
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm
from docx.text.paragraph import Paragraph

from proposals.handling.documents import BODY, HEADING, TITLE, chinese, file_name, words
from proposals.handling.letters import (
    KAI,
    RED,
    SIZE,
    WIDTH,
    Line,
    add_line,
    grid_paper,
    paragraphs,
    stable,
    style,
)
from proposals.handling.pdf import html_to_pdf

MARKED = 12


@dataclass(frozen=True)
class Item:
    """One report in the words that were signed."""

    title: str
    lines: Sequence[Line]
    credit: str


@dataclass(frozen=True)
class Bulletin:
    """One issue as it is printed. `mark` says who took this copy and when, where that must stand on it."""

    head: str
    number: str
    publisher: str
    on: date | None
    items: Sequence[Item]
    level: str = ""
    urgent: bool = False
    addressee: str = ""
    signer: str = ""
    listed: str = ""
    mark: str = ""
    contents: list[str] = field(init=False)

    def __post_init__(self) -> None:
        titles = [item.title for item in self.items] if len(self.items) > 1 else []
        object.__setattr__(self, "contents", titles)

    @property
    def above(self) -> str:
        """What stands in the corner: how secret, how urgent."""
        return "　".join(word for word in (self.level, "急报" if self.urgent else "") if word)

    @property
    def dated(self) -> str:
        return chinese(self.on) or "　　　年　　月　　日"

    @property
    def name(self) -> str:
        """What the file is called, and what stands in its properties."""
        return file_name(f"{self.head}{self.number}")


def item(title: str, text: str, credit: str) -> Item:
    return Item(title, paragraphs(text), credit)


def bulletin_docx(bulletin: Bulletin) -> bytes:
    """The same words give the same file, byte for byte."""
    paper = grid_paper(bulletin.name)
    _page_number(paper, bulletin.mark)
    _head(paper, bulletin)
    for place, one in enumerate(bulletin.items):
        if place and len(bulletin.items) > 1:
            paper.add_paragraph().add_run().add_break(WD_BREAK.PAGE)
        _item(paper, one)
    _foot(paper, bulletin)
    return stable(paper)


def bulletin_pdf(bulletin: Bulletin) -> bytes:
    """A preview, marked as one. Raises NoPdf where the house cannot make any."""
    return html_to_pdf(render_to_string("documents/bulletin_pdf.html", {**shown(bulletin), "style": style()}))


def shown(bulletin: Bulletin) -> dict[str, Any]:
    """What `documents/bulletin.html` prints."""
    return {"bulletin": bulletin}


def _line(
    paper: Paper, text: str, *, font: str = BODY, size: int = SIZE, align: WD_ALIGN_PARAGRAPH = WD_ALIGN_PARAGRAPH.LEFT
) -> Paragraph:
    paragraph = paper.add_paragraph()
    paragraph.alignment = align
    words(paragraph, text, font, size)
    return paragraph


def _head(paper: Paper, bulletin: Bulletin) -> None:
    if bulletin.above:
        _line(paper, bulletin.above, font=HEADING)
    head = _line(paper, bulletin.head, font=TITLE, size=40, align=WD_ALIGN_PARAGRAPH.CENTER)
    head.runs[0].font.color.rgb = RED
    _line(paper, bulletin.number, align=WD_ALIGN_PARAGRAPH.CENTER)
    foot = _line(paper, f"{bulletin.publisher}\t{bulletin.dated}", font=KAI)
    foot.paragraph_format.tab_stops.add_tab_stop(Mm(WIDTH), WD_TAB_ALIGNMENT.RIGHT)
    _red_line(foot)
    if bulletin.addressee:
        _line(paper, f"专报：{bulletin.addressee}", font=HEADING)
    if bulletin.contents:
        _line(paper, "本期要目", font=HEADING, align=WD_ALIGN_PARAGRAPH.CENTER)
        for place, title in enumerate(bulletin.contents, start=1):
            _line(paper, f"{place}. {title}")


def _red_line(paragraph: Paragraph) -> None:
    borders, border = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "18"), ("space", "4"), ("color", str(RED))):
        border.set(qn(f"w:{name}"), value)
    borders.append(border)
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _item(paper: Paper, one: Item) -> None:
    paper.add_paragraph()
    _line(paper, one.title, font=TITLE, size=22, align=WD_ALIGN_PARAGRAPH.CENTER)
    paper.add_paragraph()
    for line in one.lines:
        add_line(paper, line)
    if one.credit:
        _line(paper, f"（{one.credit}）", font=KAI, align=WD_ALIGN_PARAGRAPH.RIGHT)


def _foot(paper: Paper, bulletin: Bulletin) -> None:
    paper.add_paragraph()
    for name, said in (("签发", bulletin.signer), ("报送", bulletin.listed)):
        if said:
            _line(paper, f"{name}：{said}")


def _page_number(paper: Paper, mark: str) -> None:
    paragraph = paper.sections[0].footer.paragraphs[0]
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    element = OxmlElement("w:fldSimple")
    element.set(qn("w:instr"), "PAGE")
    paragraph._p.append(element)
    if mark:
        words(paragraph, f"　{mark}", BODY, MARKED)
