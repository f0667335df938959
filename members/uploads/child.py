"""The child process that opens a stranger's file: run as a script, it imports nothing of ours.

`child.py image|office|pdf|csv` reads the file on standard input. It prints one JSON line with `refused` (a sentence
for the user) or `kind`, and for pictures the picture made anew behind that line.
"""

import io
import json
import re
import resource
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL.Image import Image

MEMORY = 512 * 2**20
SECONDS = 20
MEGABYTE = 2**20

ENTRIES = 1_000
UNPACKED = 50 * MEGABYTE
RATIO = 100
# a file that unpacks to less than this is no bomb, however well it is packed
SMALL = MEGABYTE

JPEG_PIXELS = 100_000_000
PNG_PIXELS = 36_000_000
LONGEST_SIDE = 4_096


class Refused(Exception):
    """The text is for the user."""


@dataclass
class Seen:
    """What the file turned out to be."""

    kind: str
    content: bytes = b""
    facts: dict[str, object] = field(default_factory=dict)


def main(what: str) -> None:
    _limit_ourselves()
    try:
        seen = LOOKS[what](sys.stdin.buffer.read())
        head: dict[str, object] = {"kind": seen.kind, **seen.facts}
        content = seen.content
    except Refused as error:
        head, content = {"refused": str(error)}, b""
    except MemoryError:
        head, content = {"refused": "文件太大，内存不足以检查。请压缩或拆分后重新上传。"}, b""
    sys.stdout.buffer.write(json.dumps(head).encode() + b"\n" + content)


def _limit_ourselves() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


# pictures ------------------------------------------------------------------------------------------------------------


def look_at_image(content: bytes) -> Seen:
    """Decode the picture and write it anew: no EXIF, no comments, nothing appended."""
    from PIL import Image, ImageOps  # here, so that the limits are set before a decoder is loaded

    Image.MAX_IMAGE_PIXELS = None  # our own limits follow
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG")) as image:
            kind = image.format or ""
            _refuse_giant(kind, image.width * image.height, *image.size)
            image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
            upright = ImageOps.exif_transpose(image)
            return Seen(kind.lower(), _written_anew(upright, kind), {"width": upright.width, "height": upright.height})
    except (OSError, SyntaxError, ValueError, struct.error, zlib.error) as error:
        raise Refused("图片已损坏，打不开。请重新拍照或扫描后上传。") from error


def _refuse_giant(kind: str, pixels: int, width: int, height: int) -> None:
    if pixels > (JPEG_PIXELS if kind == "JPEG" else PNG_PIXELS):
        raise Refused(f"图片有 {width}×{height} 个像素，太大了。请缩小后重新上传。")


def _written_anew(image: "Image", kind: str) -> bytes:
    out = io.BytesIO()
    if kind == "JPEG":
        image.convert("RGB" if image.mode != "L" else "L").save(out, "JPEG", quality=88, exif=b"", icc_profile=None)
    else:
        plain = image if image.mode in ("1", "L", "LA", "P", "RGB", "RGBA") else image.convert("RGB")
        plain.info = {"transparency": image.info["transparency"]} if "transparency" in image.info else {}
        plain.save(out, "PNG")
    return out.getvalue()


# Word and Excel ------------------------------------------------------------------------------------------------------

DOCUMENT = b"wordprocessingml.document.main+xml"
WORKBOOK = b"spreadsheetml.sheet.main+xml"
MACROS = (b"macroenabled", b"vbaproject", b"ms-office.activex", b"ms-excel.intlmacrosheet", b"ms-excel.macrosheet")
DTD = re.compile(rb"<!\s*(?:doctype|entity)", re.IGNORECASE)
RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>", re.IGNORECASE)
# the harmless file that every scanner must find, in two halves so that this file is not found itself
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
HARMLESS_OUTSIDE = (b"/hyperlink", b"/externallinkpath")
FIELDS = re.compile(rb"\b(?:INCLUDETEXT|INCLUDEPICTURE|DDEAUTO|DDE)\b")


def look_at_office(content: bytes) -> Seen:
    """Read every part of a .docx or .xlsx once, as it really unpacks, and refuse what is no plain document."""
    types, fields = b"", False
    for name, data in unpacked(content):
        if EICAR in data:
            raise Refused("文件带有病毒，没有接收。请查杀后重新制作文件。")
        _refuse_part(name, data)
        if name == "[Content_Types].xml":
            types = data.lower()
        if name.startswith("word/") and name.endswith(".xml"):
            fields = fields or FIELDS.search(data) is not None
    if any(mark in types for mark in MACROS):
        raise Refused("文件带有宏。请另存为不带宏的 .docx 或 .xlsx 后重新上传。")
    if fields:
        raise Refused("文件引用了外部内容（INCLUDE 或 DDE 域）。请删除这些域后重新上传。")
    if DOCUMENT in types:
        return Seen("docx")
    if WORKBOOK in types:
        return Seen("xlsx")
    raise Refused("压缩包不能上传。请上传 Word、PDF 或图片，每个文件单独上传。")


def _refuse_part(name: str, data: bytes) -> None:
    lower = name.lower()
    if lower.endswith("vbaproject.bin") or "/activex/" in lower or lower.startswith("xl/macrosheets/"):
        raise Refused("文件带有宏或控件。请另存为不带宏的 .docx 或 .xlsx 后重新上传。")
    if "/embeddings/" in lower and not lower.endswith((".xlsx", ".docx")):
        raise Refused("文件里嵌有其他程序的对象。请删除嵌入的对象后重新上传。")
    if lower.endswith((".xml", ".rels", ".vml")) and (DTD.search(data) or DTD.search(data.replace(b"\0", b""))):
        raise Refused("文件含有外部定义（DTD），没有接收。请用 WPS 或 Word 另存后重新上传。")
    if lower.endswith(".rels"):
        _refuse_outside(data)


def _refuse_outside(data: bytes) -> None:
    for relation in RELATION.findall(data):
        lower = relation.lower()
        if b'targetmode="external"' in lower.replace(b"'", b'"').replace(b" ", b"") and not any(
            kind in lower for kind in HARMLESS_OUTSIDE
        ):
            raise Refused("文件引用了外部模板或外部图片。请改为嵌入后重新上传。")


def unpacked(content: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield name and real content of every entry; believe nothing that the directory says."""
    entries = _entries(content)
    total, end_before = 0, 0
    for info in sorted(entries, key=lambda entry: entry.header_offset):
        start, stop = _span(content, info)
        if info.header_offset < end_before:
            raise Refused("文件结构异常（内容互相重叠），没有接收。")
        end_before = stop
        room = min(UNPACKED, max(SMALL, RATIO * len(content))) - total
        data = _inflated(content[start:stop], info, room)
        total += len(data)
        yield info.filename, data


def _entries(content: bytes) -> list[zipfile.ZipInfo]:
    if content[:4] != b"PK\x03\x04":
        raise Refused("文件已损坏，打不开。请重新保存后上传。")
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError, struct.error) as error:
        raise Refused("文件已损坏，打不开。请重新保存后上传。") from error
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > ENTRIES:
        raise Refused(f"文件里有 {len(entries)} 个部件，超过 {ENTRIES} 个，没有接收。")
    if len(set(names)) < len(names) or any(_strange(name) for name in names):
        raise Refused("文件结构异常（内部名称不合规），没有接收。")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise Refused("文件加了密码。请去掉密码后重新上传。")
    return entries


def _strange(name: str) -> bool:
    return name.startswith(("/", "\\")) or "\\" in name or ":" in name or ".." in name.split("/")


def _span(content: bytes, info: zipfile.ZipInfo) -> tuple[int, int]:
    """Where the packed bytes of an entry really stand, by its local header."""
    header = content[info.header_offset : info.header_offset + 30]
    if len(header) < 30 or header[:4] != b"PK\x03\x04":
        raise Refused("文件已损坏，打不开。请重新保存后上传。")
    name_length, extra_length = struct.unpack("<HH", header[26:30])
    start = info.header_offset + 30 + name_length + extra_length
    return start, start + info.compress_size


def _inflated(packed: bytes, info: zipfile.ZipInfo, room: int) -> bytes:
    """Unpack at most `room` bytes, whatever length the header claims."""
    if info.compress_type == zipfile.ZIP_STORED:
        data, ended = packed, True
    elif info.compress_type == zipfile.ZIP_DEFLATED:
        inflate = zlib.decompressobj(-15)
        try:
            data = inflate.decompress(packed, max(room, 0) + 1)
        except zlib.error as error:
            raise Refused("文件已损坏，打不开。请重新保存后上传。") from error
        ended = inflate.eof
    else:
        raise Refused("文件用了不认识的压缩方式。请用 WPS 或 Office 另存后重新上传。")
    if len(data) > room:
        raise Refused("文件解开后过大，没有接收。请拆分或删去大图后重新上传。")
    if not ended or len(data) != info.file_size:
        raise Refused("文件结构异常（标明的大小与实际不符），没有接收。")
    return data


# PDF -----------------------------------------------------------------------------------------------------------------

ACTIVE = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/RichMedia", b"/XFA")
HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
STREAM = re.compile(rb"/ObjStm\b.{0,500}?stream\r?\n", re.DOTALL)
NAME_END = rb"(?![A-Za-z0-9])"


def look_at_pdf(content: bytes) -> Seen:
    """A PDF from the first byte to the last, without scripts, launches or files inside."""
    if b"%%EOF" not in content[-2_048:]:
        raise Refused("PDF 文件不完整。请重新导出或扫描后上传。")
    if b"PK\x05\x06" in content[-66_000:]:
        raise Refused("文件既是 PDF 又是压缩包，没有接收。请重新导出 PDF 后上传。")
    for text in _pdf_texts(content):
        plain = HEX.sub(lambda found: bytes([int(found[1], 16)]), text)
        if b"/Encrypt" in plain and re.search(rb"/Encrypt\s+\d+\s+\d+\s+R", plain):
            raise Refused("PDF 加了密码或限制。请去掉后重新上传。")
        if any(re.search(re.escape(mark) + NAME_END, plain) for mark in ACTIVE):
            raise Refused("PDF 里有脚本、附件或可执行的内容。请重新打印成 PDF 后上传。")
    return Seen("pdf")


def _pdf_texts(content: bytes) -> Iterator[bytes]:
    """What stands outside of streams, and what object streams unpack to."""
    yield re.sub(rb"\bstream\r?\n.*?\bendstream\b", b" ", content, flags=re.DOTALL)
    total = 0
    for found in STREAM.finditer(content):
        end = content.find(b"endstream", found.end())
        try:
            data = zlib.decompressobj().decompress(content[found.end() : end], UNPACKED - total + 1)
        except zlib.error:
            continue
        total += len(data)
        if total > UNPACKED:
            raise Refused("PDF 解开后过大，没有接收。请压缩或拆分后重新上传。")
        yield data


LOOKS: dict[str, Callable[[bytes], Seen]] = {
    "image": look_at_image,
    "office": look_at_office,
    "pdf": look_at_pdf,
}

if __name__ == "__main__":
    main(sys.argv[1])
