"""The one door for files: what comes in, and the sentence for what does not."""

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image
from pytest_django.fixtures import Settings

from members.uploads import BadFile, ScanState, Use, check, door
from members.uploads.door import CHILD, MEGABYTE
from members.uploads.names import display_name
from tests.uploads import made
from tests.uploads.conftest import Clamd
from tests.uploads.made import upload


def refusal(file: SimpleUploadedFile, use: Use = Use.ATTACHMENT, used: int = 0) -> str:
    with pytest.raises(BadFile) as refused:
        check(file, use=use, used=used)
    return str(refused.value)


@pytest.mark.parametrize(
    ("name", "content", "use", "kind"),
    [
        ("建议.docx", made.docx(), Use.ATTACHMENT, "docx"),
        ("附表.xlsx", made.xlsx(), Use.ATTACHMENT, "xlsx"),
        ("答复.PDF", made.pdf(), Use.ATTACHMENT, "pdf"),
        ("照片.JPEG", made.picture(), Use.SCAN, "jpg"),
        ("扫描件.png", made.picture("PNG"), Use.SCAN, "png"),
        ("没有扩展名", made.pdf(), Use.SCAN, "pdf"),
        ("登记表.csv", "案由,提案者\n停车,张三\n".encode("gb18030"), Use.REGISTER, "csv"),
        ("登记表.csv", "案由\n𠮷\n".encode(), Use.REGISTER, "csv"),
    ],
)
def test_what_people_bring_comes_in(name: str, content: bytes, use: Use, kind: str) -> None:
    clean = check(upload(name, content), use=use)

    assert (clean.extension, clean.scan) == (kind, ScanState.NOT_SCANNED)


def test_a_picture_is_made_anew_upright_and_says_nothing_about_where_it_was_taken() -> None:
    brought = made.picture(size=(60, 40)) + b"<script>alert(1)</script>" + made.docx()

    clean = check(upload("照片.jpg", brought), use=Use.ATTACHMENT)

    image = Image.open(io.BytesIO(clean.content))
    assert (image.size, dict(image.getexif())) == ((40, 60), {})
    assert b"script" not in clean.content and b"PK" not in clean.content


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("空.pdf", b"", "文件是空的"),
        ("程序.exe", b"MZ\x90\0" + b"\0" * 500, "看不出这是什么文件"),
        ("页面.html", b"<html><script>alert(1)</script></html>", "看不出这是什么文件"),
        ("旧.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500, "旧格式"),
        ("建议.pdf", made.docx(), "文件名以 .pdf 结尾，内容却是Word 文档"),
        ("建议.docx.exe", made.docx(), "文件名以 .exe 结尾"),
        ("登记表.csv", b"a,b\n", "看不出这是什么文件"),
        ("eicar.txt", made.EICAR.encode(), "病毒"),
        ("eicar.docx", made.with_parts(made.docx(), {"word/media/a.bin": made.EICAR.encode()}), "病毒"),
        ("坏.docx", made.docx()[:-200], "已损坏"),
        ("坏.jpg", b"\xff\xd8\xff" + b"\0" * 300, "图片已损坏"),
        ("半.jpg", made.picture(size=(600, 400))[:600], "图片已损坏"),
        ("断.pdf", made.pdf()[:60], "不完整"),
        ("压缩.docx", made.with_parts(made.docx(), {"[Content_Types].xml": b"<Types/>"}), "压缩包不能上传"),
    ],
)
def test_what_is_not_what_it_should_be_stays_outside(name: str, content: bytes, says: str) -> None:
    assert says in refusal(upload(name, content))


def test_a_workbook_with_macros_under_a_harmless_name_stays_outside() -> None:
    book = made.xlsx()
    types = made.part(book, "[Content_Types].xml").replace(made.PLAIN_TYPE, made.MACRO_TYPE)

    assert "宏" in refusal(upload("表.xlsx", made.with_parts(book, {"[Content_Types].xml": types})))
    assert "宏" in refusal(upload("表.xlsx", made.with_parts(book, {"xl/vbaProject.bin": b"x"})))


@pytest.mark.parametrize(
    ("part", "content", "says"),
    [
        ("word/bomb.xml", b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;">]><a>&c;</a>', "DTD"),
        ("word/x.xml", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "DTD"),
        ("word/x.xml", '<!DOCTYPE a [<!ENTITY x "y">]><a/>'.encode("utf-16"), "DTD"),
        (
            "word/_rels/settings.xml.rels",
            b'<Relationship Id="r" Type="http://x/attachedTemplate" Target="http://evil/" TargetMode="External"/>',
            "外部模板",
        ),
        ("word/embeddings/oleObject1.bin", b"x", "嵌有其他程序"),
        ("word/footer9.xml", b"<w:p>INCLUDETEXT http://evil/</w:p>", "INCLUDE"),
        ("../../evil.xml", b"<a/>", "内部名称不合规"),
    ],
)
def test_documents_that_reach_outside_stay_outside(part: str, content: bytes, says: str) -> None:
    assert says in refusal(upload("建议.docx", made.with_parts(made.docx(), {part: content})))


def test_a_bomb_is_noticed_while_it_unpacks() -> None:
    bomb = made.with_parts(made.docx(), {"word/media/zeros.bin": b"\0" * 60_000_000})

    assert len(bomb) < 150_000
    assert "解开后过大" in refusal(upload("建议.docx", bomb))


def test_a_bomb_that_claims_to_be_small_is_noticed_too() -> None:
    bomb = made.with_parts(made.docx(), {"word/media/zeros.bin": b"\0" * 3_000_000})

    assert "大小与实际不符" in refusal(upload("建议.docx", made.lying_about_size(bomb, "word/media/zeros.bin", 10)))


def test_a_thousand_parts_are_too_many() -> None:
    many = made.with_parts(made.docx(), {f"word/media/{number}.xml": b"<a/>" for number in range(1_000)})

    assert "超过 1000 个" in refusal(upload("建议.docx", many))


def test_parts_that_share_their_bytes_stay_outside() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types>wordprocessingml.document.main+xml</Types>")
        archive.writestr("a.bin", b"\0" * 900_000)
        archive.writestr("b.bin", b"\0" * 900_000)
        archive.getinfo("b.bin").header_offset = archive.getinfo("a.bin").header_offset

    assert "互相重叠" in refusal(upload("建议.docx", file.getvalue()))


def test_a_giant_picture_is_refused_before_it_is_unpacked() -> None:
    assert "20000×20000" in refusal(upload("大.png", made.png_claiming(20_000, 20_000)))


def test_a_pdf_that_is_an_archive_as_well_stays_outside() -> None:
    archive = made.docx()

    assert "又是压缩包" in refusal(upload("答复.pdf", made.pdf() + archive + b"%%EOF"))


@pytest.mark.parametrize(
    "inside", [b"/OpenAction<</S/JavaScript/JS(app.alert)>>", b"/AA<</O<</S/Launch>>>>", b"/Java#53cript"]
)
def test_a_pdf_with_something_to_run_stays_outside(inside: bytes) -> None:
    assert "脚本" in refusal(upload("答复.pdf", made.pdf(inside)))
    assert "脚本" in refusal(upload("答复.pdf", made.pdf_with_object_stream(b"1 0 <<" + inside + b">>")))


def test_a_child_that_dies_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    dying, sleeping = tmp_path / "dying.py", tmp_path / "sleeping.py"
    dying.write_text("import os; os.kill(os.getpid(), 9)")
    sleeping.write_text("import threading; threading.Event().wait()")
    monkeypatch.setattr(door, "SECONDS", 0.5)

    monkeypatch.setattr(door, "CHILD", dying)
    assert "无法检查" in refusal(upload("答复.pdf", made.pdf()))
    monkeypatch.setattr(door, "CHILD", sleeping)
    assert "超时" in refusal(upload("答复.pdf", made.pdf()))


def test_the_child_cannot_have_more_than_its_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    greedy = tmp_path / "greedy.py"
    source = CHILD.read_text().replace("LOOKS[what](sys.stdin.buffer.read())", "LOOKS['pdf'](bytearray(600_000_000))")
    greedy.write_text(source)
    monkeypatch.setattr(door, "CHILD", greedy)

    assert "内存不足" in refusal(upload("答复.pdf", made.pdf()))


def test_size_and_quota_are_kept() -> None:
    assert "超过 20 MB" in refusal(upload("大.pdf", b"%PDF-" + b"0" * 21_000_000))
    assert "超过每人" in refusal(upload("答复.pdf", made.pdf()), used=1_024 * MEGABYTE)


def test_what_is_allowed_depends_on_the_use() -> None:
    assert "这里不能上传Word 文档" in refusal(upload("签名.docx", made.docx()), use=Use.SCAN)
    assert "这里不能上传PDF 文件" in refusal(upload("表.pdf", made.pdf()), use=Use.REGISTER)


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("../../etc/passwd", "passwd.pdf"),
        ("C:\\Users\\a\\答复.pdf", "答复.pdf"),
        ("答复\u202efdp.pdf", "答复fdp.pdf"),
        ("a\r\nContent-Type: html\0.pdf", "aContent-Type html.pdf"),
        ("...", "文件.pdf"),
        ('<script>"x".pdf', "scriptx.pdf"),
        ("长" * 300 + ".pdf", "长" * 80 + ".pdf"),
        ("𠮷䶮😀.pdf", "𠮷䶮😀.pdf"),
    ],
)
def test_names_are_shown_without_tricks(given: str, shown: str) -> None:
    assert display_name(given, "pdf") == shown


def test_a_scanner_that_answers_is_believed_and_one_that_does_not_is_no_clean_bill(
    settings: Settings, clamd: Clamd
) -> None:
    settings.CLAMD_URL = clamd.url
    clamd.answer = b"stream: OK\0"
    assert check(upload("答复.pdf", made.pdf()), use=Use.ATTACHMENT).scan == ScanState.CLEAN

    clamd.answer = b"stream: Win.Test FOUND\0"
    assert "病毒" in refusal(upload("答复.pdf", made.pdf()))

    settings.CLAMD_URL = "tcp://127.0.0.1:1"
    assert check(upload("答复.pdf", made.pdf()), use=Use.ATTACHMENT).scan == ScanState.NOT_SCANNED


def test_the_child_tells_in_one_line_of_json() -> None:
    done = subprocess.run([sys.executable, str(CHILD), "pdf"], input=made.pdf(), capture_output=True, check=True)

    assert json.loads(done.stdout) == {"kind": "pdf"}
