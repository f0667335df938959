"""The child process that looks into a stranger's letter template and fills it: run as a script, it imports nothing of ours.

Standard input: a line of JSON with `known` and `needed` (names of fields) and `letters` (of each letter the `title` and
the `values`: for every field its lines, as [text, level]); then the .docx, which has come through the door. Standard
output: a line of JSON with `refused` (sentences for the user), or with `fields` (those that it uses), `sizes` and
`shown` (of each letter); then the letters, one behind the other. Nothing in a template is executed: text in braces is
replaced by text.
"""

import io
import json
import re
import resource
import sys
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any
from xml.sax.saxutils import escape

MEMORY = 512 * 2**20
SECONDS = 20

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
SPACE = "{http://www.w3.org/XML/1998/namespace}space"
FIELD = re.compile("[{｛]([^{}｛｝]*)[}｝]")
BRACE = re.compile("[{}｛｝]")
FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
FILLED = ("document.main+xml", "header+xml", "footer+xml", "footnotes+xml", "endnotes+xml")
CODES = frozenset({"PAGE", "NUMPAGES", "SECTIONPAGES"})
"""What Word may compute in a letter."""
TRACKED = ("ins", "del", "moveFrom", "moveTo", "commentReference")
FOREIGN = ("object", "control", "altChunk", "subDoc", "mailMerge")
OLDEST = (1980, 1, 1, 0, 0, 0)
FONTS = {1: "黑体", 2: "楷体_GB2312"}
OFFICE = "http://schemas.openxmlformats.org"
PROPERTIES = f"{OFFICE}/officeDocument/2006"
CORE = (
    f'<cp:coreProperties xmlns:cp="{OFFICE}/package/2006/metadata/core-properties" '
    'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{}</dc:title><dc:language>zh-CN</dc:language></cp:coreProperties>'
)
NAMELESS = {
    "docProps/app.xml": f'<Properties xmlns="{PROPERTIES}/extended-properties"/>',
    "docProps/custom.xml": f'<Properties xmlns="{PROPERTIES}/custom-properties"/>',
}
"""Who made the template and where is said in no letter."""

Values = Mapping[str, Sequence[tuple[str, int]]]


class Package:
    """The parts of a .docx as they came; those with text of the letter are read as trees."""

    def __init__(self, content: bytes) -> None:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            self.parts = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
        self.types = {
            one.get("PartName", "").lstrip("/"): one.get("ContentType", "")
            for one in parsed(self.parts["[Content_Types].xml"]).iterchildren()
        }
        kinds = (*FILLED, "settings+xml")
        names = [name for name, kind in self.types.items() if name in self.parts and kind.endswith(kinds)]
        self.trees = {name: parsed(self.parts[name]) for name in names}

    def texts(self) -> list[str]:
        """The parts in which fields are replaced, headers before the text."""
        found = [name for name in self.trees if self.types[name].endswith(FILLED)]
        return sorted(found, key=lambda name: ("header" not in self.types[name], name))


def parsed(content: bytes) -> Any:
    from docx.oxml.parser import parse_xml  # after the limits

    return parse_xml(content)


def main() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    order, _, content = sys.stdin.buffer.read().partition(b"\n")
    asked = json.loads(order)
    package = Package(content)
    used, faults = looked_through(package, asked["known"], asked["needed"])
    if faults:
        sys.stdout.buffer.write(json.dumps({"refused": faults}).encode() + b"\n")
        return
    made, shown = [], []
    for place, letter in enumerate(asked["letters"]):
        one = package if place == len(asked["letters"]) - 1 else Package(content)
        made.append(filled(one, letter["title"], letter["values"]))
        shown.append([block for name in one.texts() for block in blocks(one.trees[name])])
    head = {"fields": used, "sizes": [len(one) for one in made], "shown": shown}
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + b"".join(made))


# what may stand in it ------------------------------------------------------------------------------------------------


def looked_through(package: Package, known: Sequence[str], needed: Sequence[str]) -> tuple[list[str], list[str]]:
    """The fields that the template uses, and what is wrong with it."""
    used: dict[str, None] = {}
    broken: dict[str, None] = {}
    for name in package.texts():
        for paragraph in package.trees[name].iter(f"{W}p"):
            text = "".join(piece.text or "" for piece in pieces_of(paragraph))
            used.update(dict.fromkeys(found.strip() for found in FIELD.findall(text)))
            if BRACE.search(FIELD.sub("", text)):
                broken[text.strip()[:30]] = None
    offered = "可以用的字段：" + "".join(f"{{{name}}}" for name in known) + "。"
    faults = [f"“{text}”里的花括号不成对，字段应写成 {{{known[0]}}} 这样，一层花括号。" for text in broken]
    if unknown := [name for name in used if name not in known]:
        said = "".join(f"{{{name}}}" for name in unknown)
        faults.append(f"模板里有不认识的字段：{said}。{offered}")
    if wanting := [name for name in needed if name not in used]:
        said = "".join(f"{{{name}}}" for name in wanting)
        faults.append(f"模板里缺少{said}，没有它公文就不完整。{offered}")
    return list(used), [*faults, *strange(package)]


def strange(package: Package) -> Iterator[str]:
    """What a letter must neither carry nor run."""
    tags = {
        node.tag.removeprefix(W) for tree in package.trees.values() for node in tree.iter() if isinstance(node.tag, str)
    }
    if tags.intersection(TRACKED) or any(kind.endswith("comments+xml") for kind in package.types.values()):
        yield "模板里有修订或批注。请接受全部修订、删除批注后再上传。"
    if tags.intersection(FOREIGN) or any("/embeddings/" in name for name in package.parts):
        yield "模板里有嵌入对象、控件或邮件合并。请删除后再上传。"
    links = [node for name, data in package.parts.items() if name.endswith(".rels") for node in parsed(data).iter()]
    if any((node.get("TargetMode") or "").lower() == "external" for node in links):
        yield "模板里有超链接或引用了外部文件。请取消超链接、改为嵌入图片后再上传。"
    codes = {code.split()[0].upper() for tree in package.trees.values() for code in codes_of(tree) if code.split()}
    if forbidden := sorted(codes - CODES):
        yield f"模板里有域“{'、'.join(forbidden)}”，只能用页码域。请按 Ctrl+Shift+F9 转为文字后再上传。"


def codes_of(tree: Any) -> Iterator[str]:
    """Every field code of Word, put together from its pieces."""
    inside: list[str] = []
    for node in tree.iter(f"{W}fldChar", f"{W}instrText", f"{W}fldSimple"):
        if node.tag == f"{W}fldSimple":
            yield node.get(f"{W}instr", "")
        elif node.tag == f"{W}instrText":
            if inside:
                inside[-1] += node.text or ""
            else:
                yield node.text or ""
        elif node.get(f"{W}fldCharType") == "begin":
            inside.append("")
        elif inside:
            yield inside.pop()
            if node.get(f"{W}fldCharType") == "separate":
                inside.append("")


# filling ---------------------------------------------------------------------------------------------------------------


def pieces_of(paragraph: Any) -> list[Any]:
    """The text nodes of a paragraph, without those of paragraphs inside it (text boxes)."""
    return [node for node in paragraph.iter(f"{W}t") if next(node.iterancestors(f"{W}p")) is paragraph]


def filled(package: Package, title: str, values: Values) -> bytes:
    """The letter: the same template and the same values give the same file, byte for byte."""
    from docx.opc.oxml import serialize_part_xml

    changed: dict[str, bytes] = {name: text.encode() for name, text in NAMELESS.items()}
    changed["docProps/core.xml"] = CORE.format(escape(title)).encode()
    for name in package.texts():
        tree = package.trees[name]
        for node in list(tree.iter(f"{W}dataBinding")):
            node.getparent().remove(node)
        for paragraph in reversed(list(tree.iter(f"{W}p"))):  # those inside others first
            fill(paragraph, values)
        changed[name] = serialize_part_xml(tree)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in package.parts.items():
            archive.writestr(zipfile.ZipInfo(name, OLDEST), changed.get(name, content), zipfile.ZIP_DEFLATED)
    return file.getvalue()


def fill(paragraph: Any, values: Values) -> None:
    """Replace the fields of a paragraph; one in which nothing but empty fields would stand is left out."""
    pieces = pieces_of(paragraph)
    text = "".join(piece.text or "" for piece in pieces)
    found = list(FIELD.finditer(text))
    if not found:
        return
    given = [values.get(one[1].strip()) or [("", 0)] for one in found]
    if all(len(lines) == 1 and not lines[0][0] for lines in given) and can_go(paragraph):
        paragraph.getparent().remove(paragraph)
    elif len(found) == 1 and text.strip() == found[0][0]:
        spread(paragraph, given[0])
    else:
        for one, lines in reversed(list(zip(found, given, strict=True))):
            put(pieces, one.start(), one.end(), "\n".join(line for line, _ in lines))
        for piece in pieces:
            break_lines(piece)


def can_go(paragraph: Any) -> bool:
    """Whether the text stays whole without it: no section ends here, no picture hangs here, a paragraph stands beside it."""
    beside = [one for one in (paragraph.getprevious(), paragraph.getnext()) if one is not None]
    holds = next(paragraph.iter(f"{W}sectPr", f"{W}drawing", f"{W}pict"), None) is not None
    in_text = paragraph.getroottree().getroot().tag == f"{W}document"
    return in_text and not holds and any(one.tag == f"{W}p" for one in beside)


def put(pieces: Sequence[Any], start: int, stop: int, text: str) -> None:
    """Write `text` in place of the characters from `start` to `stop`, wherever Word has cut them apart."""
    at, left = 0, text
    for piece in pieces:
        words = piece.text or ""
        begin, end = max(start - at, 0), min(stop - at, len(words))
        if begin < end:
            piece.text, left = words[:begin] + left + words[end:], ""
            piece.set(SPACE, "preserve")
        at += len(words)


def break_lines(piece: Any) -> None:
    first, *rest = (piece.text or "").split("\n")
    if not rest:
        return
    piece.text, here = first, piece
    for line in rest:
        mark, text = here.makeelement(f"{W}br"), here.makeelement(f"{W}t")
        text.text = line
        text.set(SPACE, "preserve")
        here.addnext(mark)
        mark.addnext(text)
        here = text


def spread(paragraph: Any, lines: Sequence[tuple[str, int]]) -> None:
    """A field that stands alone becomes as many paragraphs as it has lines, all in the shape of its own."""
    for text, level in lines[:-1]:
        another = deepcopy(paragraph)
        for node in list(another.iter(f"{W}bookmarkStart", f"{W}bookmarkEnd", f"{W}sectPr")):
            node.getparent().remove(node)
        for key in [key for key in another.attrib if key.endswith(("}paraId", "}textId"))]:
            del another.attrib[key]
        paragraph.addprevious(another)
        write(another, text, level)
    write(paragraph, *lines[-1])


def write(paragraph: Any, text: str, level: int) -> None:
    first, *rest = pieces_of(paragraph)
    for piece in rest:
        piece.text = ""
    first.text = text
    first.set(SPACE, "preserve")
    run = first.getparent()
    if level in FONTS and run.tag == f"{W}r":
        run.get_or_add_rPr().get_or_add_rFonts().set(f"{W}eastAsia", FONTS[level])


# what it looks like ----------------------------------------------------------------------------------------------------


def blocks(nodes: Iterable[Any]) -> Iterator[dict[str, Any]]:
    """Paragraphs and tables in their order, for a page that shows roughly what Word will."""
    for node in nodes:
        if node.tag == f"{W}p":
            align = node.find(f"{W}pPr/{W}jc")
            yield {"text": said(node), "align": "" if align is None else align.get(f"{W}val", "")}
        elif node.tag == f"{W}tbl":
            rows = [[said(cell) for cell in row.iter(f"{W}tc")] for row in node.iter(f"{W}tr")]
            yield {"rows": rows}
        elif node.tag in (f"{W}body", f"{W}sdt", f"{W}sdtContent"):
            yield from blocks(node)


def said(node: Any) -> str:
    words = []
    for one in node.iter(f"{W}t", f"{W}br", f"{W}tab", f"{W}p"):
        if next(one.iterancestors(FALLBACK), None) is not None:
            continue
        if one.tag == f"{W}t":
            words.append(one.text or "")
        elif one.tag == f"{W}tab":
            words.append("　" if one.getparent().tag == f"{W}r" else "")
        elif one is not node:
            words.append("\n")
    return "".join(words).strip("\n")


if __name__ == "__main__":
    main()
