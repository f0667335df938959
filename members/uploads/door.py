import hashlib
import json
import socket
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import models

from members.errors import Refused
from members.uploads.names import display_name, extension_of

CHILD = Path(__file__).with_name("child.py")
SECONDS = 20
MEGABYTE = 2**20


class BadFile(Refused):
    """The file does not come in; the text tells the user why and what to do."""


class Use(models.TextChoices):
    ATTACHMENT = "attachment", "附件"
    SCAN = "scan", "扫描件"
    REGISTER = "register", "登记表"
    TEMPLATE = "template", "公文模板"


class ScanState(models.TextChoices):
    NOT_SCANNED = "not_scanned", "未查毒"
    CLEAN = "clean", "已查毒"
    INFECTED = "infected", "有病毒"


@dataclass(frozen=True)
class Clean:
    """A file that passed the door; only its content and our words about it are left."""

    display_name: str
    extension: str
    content_type: str
    content: bytes
    sha256: str
    scan: ScanState

    @property
    def size(self) -> int:
        return len(self.content)


@dataclass(frozen=True)
class _Allowance:
    kinds: frozenset[str]
    largest: int
    words: str


ALLOWED = {
    Use.ATTACHMENT: _Allowance(
        frozenset({"pdf", "docx", "jpg", "png", "xlsx"}),
        20 * MEGABYTE,
        "PDF、Word（.docx）、Excel（.xlsx）或 JPG、PNG 图片",
    ),
    Use.SCAN: _Allowance(frozenset({"pdf", "jpg", "png"}), 20 * MEGABYTE, "PDF 或 JPG、PNG 图片"),
    Use.TEMPLATE: _Allowance(frozenset({"docx"}), 5 * MEGABYTE, "Word（.docx）模板"),
    Use.REGISTER: _Allowance(frozenset({"xlsx", "csv"}), 10 * MEGABYTE, "Excel（.xlsx）或 CSV 表格"),
}

CONTENT_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jpg": "image/jpeg",
    "png": "image/png",
    "csv": "text/csv",
}
NAMES = {
    "pdf": "PDF 文件", "docx": "Word 文档", "xlsx": "Excel 表格", "jpg": "JPG 图片", "png": "PNG 图片", "csv": "文本表格"
}  # fmt: skip
SPELLINGS = {"jpeg": "jpg", "jpe": "jpg", "jfif": "jpg", "txt": "csv"}
SIGNATURES = {
    b"%PDF-": "pdf",
    b"PK\x03\x04": "office",
    b"\xff\xd8\xff": "image",
    b"\x89PNG\r\n\x1a\n": "image",
}
OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# the harmless test file that every scanner must find, in two halves so that this file is not found itself
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


def check(upload: "UploadedFile[Any]", *, use: Use, used: int = 0, quota: int | None = None) -> Clean:
    """Look at an uploaded file and return what may come in, or raise BadFile.

    `used` is what this person has stored already; above `quota` (PERSON_QUOTA if nothing is said) nothing more comes in.
    """
    quota = settings.PERSON_QUOTA * MEGABYTE if quota is None else quota
    allowance = ALLOWED[use]
    content = _read(upload, allowance)
    if used + len(content) > quota:
        raise BadFile(
            f"您已上传的文件共 {used // MEGABYTE} MB，再存将超过每人 {quota // MEGABYTE} MB。请联系系统管理员调高上限。"
        )
    kind, content = _look(content, allowance)
    if kind not in allowance.kinds:
        raise BadFile(f"这里不能上传{NAMES[kind]}，只收{allowance.words}。")
    _refuse_lying_name(upload.name or "", kind)
    state = scan(content)
    if state == ScanState.INFECTED:
        raise BadFile("文件带有病毒，没有接收。请查杀后重新制作文件。")
    return Clean(
        display_name=display_name(upload.name or "", kind),
        extension=kind,
        content_type=CONTENT_TYPES[kind],
        content=content,
        sha256=hashlib.sha256(content).hexdigest(),
        scan=state,
    )


def _read(upload: "UploadedFile[Any]", allowance: _Allowance) -> bytes:
    if not upload.size:
        raise BadFile("文件是空的。请重新选择文件。")
    if upload.size > allowance.largest:
        raise BadFile(
            f"文件有 {upload.size / MEGABYTE:.1f} MB，超过 {allowance.largest // MEGABYTE} MB。请压缩或拆分后上传。"
        )
    upload.seek(0)
    content: bytes = upload.read(allowance.largest + 1)
    return content


def _look(content: bytes, allowance: _Allowance) -> tuple[str, bytes]:
    """Tell the kind by the content alone, and return the content that is kept."""
    if EICAR in content[:1_024]:
        raise BadFile("文件带有病毒，没有接收。请查杀后重新制作文件。")
    if content.startswith(OLD_OFFICE):
        raise BadFile("旧格式的 Office 文件（.doc、.xls）或加了密码的文件不能上传。请另存为 .docx 或 .xlsx。")
    look = next((look for mark, look in SIGNATURES.items() if content.startswith(mark)), "")
    if look:
        return _ask_child(look, content)
    if "csv" in allowance.kinds and _is_text(content):
        return "csv", content
    raise BadFile(f"看不出这是什么文件。只收{allowance.words}。")


def _ask_child(look: str, content: bytes) -> tuple[str, bytes]:
    """Let a process with limits open the file; its death is an answer too."""
    command = [sys.executable, "-s", "-E", str(CHILD), look]
    try:
        done = subprocess.run(command, input=content, capture_output=True, timeout=SECONDS, check=False, env={})
    except subprocess.TimeoutExpired as error:
        raise BadFile("文件检查超时，没有接收。请压缩、拆分或重新导出后上传。") from error
    head, _, made_anew = done.stdout.partition(b"\n")
    if done.returncode or not head:
        raise BadFile("文件无法检查，可能过大或已损坏，没有接收。请重新导出后上传。")
    answer = json.loads(head)
    if "refused" in answer:
        raise BadFile(answer["refused"])
    kind: str = answer["kind"]
    return SPELLINGS.get(kind, kind), made_anew or content


def _is_text(content: bytes) -> bool:
    if b"\0" in content:
        return False
    return any(_decodes(content, encoding) for encoding in ("utf-8-sig", "gb18030"))


def _decodes(content: bytes, encoding: str) -> bool:
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _refuse_lying_name(name: str, kind: str) -> None:
    written = extension_of(name).lower()
    if written and SPELLINGS.get(written, written) != kind:
        raise BadFile(f"文件名以 .{written} 结尾，内容却是{NAMES[kind]}。请用正确的扩展名重新保存后上传。")


def scan(content: bytes) -> ScanState:
    """Ask the virus scanner, if one is configured; no answer is no clean bill."""
    if EICAR in content:
        return ScanState.INFECTED
    if not settings.CLAMD_URL:
        return ScanState.NOT_SCANNED
    try:
        answer = _ask_clamd(settings.CLAMD_URL, content)
    except OSError:
        return ScanState.NOT_SCANNED
    if answer.endswith(b"FOUND"):
        return ScanState.INFECTED
    return ScanState.CLEAN if answer.endswith(b"OK") else ScanState.NOT_SCANNED


def _ask_clamd(address: str, content: bytes) -> bytes:
    """Speak clamd's INSTREAM to unix:///path or tcp://host:port."""
    url = urlsplit(address)
    with socket.socket(socket.AF_UNIX if url.scheme == "unix" else socket.AF_INET) as line:
        line.settimeout(SECONDS)
        line.connect(url.path if url.scheme == "unix" else (url.hostname, url.port or 3310))
        line.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), MEGABYTE):
            part = content[start : start + MEGABYTE]
            line.sendall(struct.pack("!I", len(part)) + part)
        line.sendall(struct.pack("!I", 0))
        return line.recv(4_096).rstrip(b"\0\n")
