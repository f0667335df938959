"""Files as people bring them, and as spiteful ones would."""

import io
import struct
import zipfile
import zlib

from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document
from PIL import Image
from PIL.Image import Exif
from xlsxwriter import Workbook

GPS = 0x8825
EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + "EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
MACRO_TYPE = b"application/vnd.ms-excel.sheet.macroEnabled.main+xml"
PLAIN_TYPE = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"


def upload(name: str, content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def docx(text: str = "关于停车的建议") -> bytes:
    file = io.BytesIO()
    document = Document()
    document.add_paragraph(text)
    document.save(file)
    return file.getvalue()


def xlsx(rows: list[list[str]] | None = None) -> bytes:
    file = io.BytesIO()
    book = Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet()
    for number, row in enumerate(rows or [["案由"], ["停车"]]):
        sheet.write_row(number, 0, row)
    book.close()
    return file.getvalue()


def with_parts(content: bytes, changed: dict[str, bytes]) -> bytes:
    """The same archive with parts added or replaced."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in changed:
                new.writestr(name, old.read(name))
        for name, data in changed.items():
            new.writestr(name, data)
    return file.getvalue()


def part(content: bytes, name: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def picture(kind: str = "JPEG", size: tuple[int, int] = (60, 40)) -> bytes:
    """A picture that says where it was taken."""
    exif = Exif()
    exif[GPS] = {1: "N", 2: (29.0, 35.0, 0.0)}
    exif[0x0112] = 6  # lies on its side
    file = io.BytesIO()
    Image.new("RGB", size, "navy").save(file, kind, exif=exif)
    return file.getvalue()


def png_claiming(width: int, height: int) -> bytes:
    """A few bytes that say they are a giant."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


def pdf(inside: bytes = b"") -> bytes:
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R " + inside + b">>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\nstartxref\n0\n%%EOF\n"
    )


def pdf_with_object_stream(inside: bytes) -> bytes:
    packed = zlib.compress(inside)
    stream = b"3 0 obj<</Type/ObjStm/N 1/First 4/Length %d/Filter/FlateDecode>>stream\n" % len(packed)
    return pdf().replace(b"trailer", stream + packed + b"\nendstream endobj\ntrailer")


def lying_about_size(content: bytes, name: str, size: int) -> bytes:
    """The same archive, the directory and the local header claiming another size for one entry."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        info = archive.getinfo(name)
    true, false = struct.pack("<I", info.file_size), struct.pack("<I", size)
    at = info.header_offset + 22
    changed = content[:at] + false + content[at + 4 :] if content[at : at + 4] == true else content
    directory = changed.rfind(b"PK\x01\x02", 0, changed.rfind(name.encode()))
    at = directory + 24
    assert changed[at : at + 4] == true
    return changed[:at] + false + changed[at + 4 :]
