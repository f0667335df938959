"""The collected volume of a session (提案及答复汇编): chapters, contents, every proposal with its replies, as one .docx,
and its beginning as a PDF to look at.

Plain functions of plain values, one entry after the other: what goes in has been picked for its reader by whoever calls.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from xml.sax.saxutils import escape

from django.template.loader import render_to_string

from .documents import BODY, HEADING, TITLE, chinese, said
from .letters import KAI, SIZE, Line, grid_paper, paragraphs, stable, style
from .pdf import html_to_pdf

FIELD = 'TOC \\o "1-2" \\h \\z \\u'


@dataclass(frozen=True)
class Given:
    """One delivered reply: whose, under which number and date, of which class, and what it says."""

    unit: str
    number: str
    on: date | None
    result: str
    lines: Sequence[Line]

    @property
    def facts(self) -> str:
        return "　".join(fact for fact in (self.number, chinese(self.on), self.result) if fact)


@dataclass(frozen=True)
class Entry:
    """One proposal of the volume; what is not for everybody has a number and nothing else."""

    chapter: str
    label: str
    title: str
    facts: Sequence[tuple[str, str]] = ()
    situation: str = ""
    analysis: str = ""
    suggestions: Sequence[str] = ()
    replies: Sequence[Given] = ()

    @property
    def heading(self) -> str:
        return f"{self.label}　{self.title}"


@dataclass(frozen=True)
class Place:
    """A line of the contents."""

    chapter: str
    heading: str


def volume_docx(title: str, on: date, contents: Sequence[Place], entries: Iterable[Entry]) -> bytes:
    """`contents` lists the entries beforehand, in their order: they come one by one and are not kept.

    The paragraphs are written as text: a tree of tens of thousands of them takes minutes to grow.
    """
    body = [*_cover(title, on, len(contents)), *_contents(contents)]
    chapter = ""
    for place, entry in enumerate(entries, 1):
        if entry.chapter != chapter:
            chapter = entry.chapter
            body.append(_heading(chapter, 1))
        body += _entry(entry, place)
    return stable(grid_paper(title), body="".join(body))


def volume_pdf(title: str, on: date, contents: Sequence[Place], entries: Sequence[Entry]) -> bytes:
    """A preview, marked as one, with the whole contents and the `entries` that come first.

    Raises NoPdf where the house cannot make any.
    """
    shown = [(entry, [(name, paragraphs(text)) for name, text in texts(entry) if text.strip()]) for entry in entries]
    context = {
        "title": title,
        "on": chinese(on),
        "total": len(contents),
        "contents": list(enumerate(contents, 1)),
        "entries": shown,
        "style": style(),
    }
    return html_to_pdf(render_to_string("documents/volume_pdf.html", context))


def texts(entry: Entry) -> tuple[tuple[str, str], ...]:
    return (("情况", entry.situation), ("分析", entry.analysis))


def _run(text: str, font: str = BODY, size: int = SIZE) -> str:
    fonts = f'<w:rFonts w:eastAsia="{font}"/><w:b w:val="0"/><w:color w:val="000000"/><w:sz w:val="{2 * size}"/>'
    return f'<w:r><w:rPr>{fonts}</w:rPr><w:t xml:space="preserve">{escape(said(text))}</w:t></w:r>'


def _paragraph(inside: str, shape: str = "") -> str:
    return f"<w:p><w:pPr>{shape}</w:pPr>{inside}</w:p>"


def _line(line: Line) -> str:
    font = {1: HEADING, 2: KAI}.get(line.level, BODY)
    keep = "<w:keepNext/>" if line.level > 0 else ""
    indent = '<w:ind w:firstLineChars="200" w:firstLine="640"/>' if line.level >= 0 else ""
    return _paragraph(_run(line.text, font), f'{keep}{indent}<w:jc w:val="both"/>')


def _heading(text: str, level: int, inside: str = "") -> str:
    """A chapter begins a page."""
    font, size = (TITLE, 22) if level == 1 else (HEADING, SIZE)
    page, side = ("<w:pageBreakBefore/>", "center") if level == 1 else ("", "left")
    return _paragraph(
        _run(text, font, size) + inside, f'<w:pStyle w:val="Heading{level}"/>{page}<w:jc w:val="{side}"/>'
    )


def _cover(title: str, on: date, amount: int) -> Iterator[str]:
    yield "<w:p/>" * 6
    for text, font, size in ((title, TITLE, 26), (f"共 {amount} 件　{chinese(on)}", HEADING, SIZE)):
        yield _paragraph(_run(text, font, size), '<w:jc w:val="center"/>')


def _contents(contents: Sequence[Place]) -> Iterator[str]:
    """A field of Word with its lines filled in; Word adds the page numbers when the field is updated (F9)."""
    yield _paragraph(_run("目　录", TITLE, 22), '<w:pageBreakBefore/><w:jc w:val="center"/>')
    begin = f'{_mark("begin")}<w:r><w:instrText xml:space="preserve">{FIELD}</w:instrText></w:r>{_mark("separate")}'
    yield _paragraph(begin)
    chapter = ""
    for place, one in enumerate(contents, 1):
        if one.chapter != chapter:
            chapter = one.chapter
            yield _paragraph(_run(chapter, HEADING))
        yield _paragraph(f'<w:hyperlink w:anchor="entry{place}">{_run(one.heading)}</w:hyperlink>')
    yield _paragraph(_mark("end"))


def _mark(kind: str) -> str:
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def _entry(entry: Entry, place: int) -> Iterator[str]:
    target = f'<w:bookmarkStart w:id="{place}" w:name="entry{place}"/><w:bookmarkEnd w:id="{place}"/>'
    yield _heading(entry.heading, 2, target)
    for name, value in entry.facts:
        yield _line(Line(f"{name}：{value}"))
    for name, text in texts(entry):
        lines = paragraphs(text)
        yield from map(_line, [Line(name, 2), *lines] if lines else [])
    if entry.suggestions:
        yield _line(Line("建议", 2))
    for number, text in enumerate(entry.suggestions, 1):
        yield _line(Line(f"{number}. {text}"))
    for reply in entry.replies:
        yield _heading(f"{reply.unit}的答复", 3)
        yield from map(_line, [Line(reply.facts), *reply.lines])
