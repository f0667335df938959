"""The papers of a hand-over."""

import io
import zipfile
from dataclasses import replace
from datetime import date

import pytest
from docx import Document

from members.uploads import Use, check
from proposals.handling import pdf
from proposals.handling.documents import (
    Batch,
    Packet,
    Sheet,
    allocation_docx,
    file_name,
    packet_docx,
    packet_pdf,
    zipped,
)
from proposals.handling.hand_over import archive_parts, notice
from proposals.handling.letters import letter_docx
from proposals.handling.pdf import NoPdf, html_to_pdf
from tests.uploads.made import upload


def sheet(number: str = "0001", role: str = "主办", **facts: object) -> Sheet:
    ordinary: dict[str, object] = {
        "title": "关于增加老旧小区停车位的建议",
        "proposers": "林溪等2人",
        "due_on": date(2026, 5, 22),
        "situation": "老旧小区停车难。\n夜间尤其突出。",
        "suggestions": ["错时共享车位。", "改造边角地。"],
    }
    return Sheet(number=number, role=role, **{**ordinary, **facts})  # type: ignore[arg-type]  # plain values


def batch(*packets: Packet) -> Batch:
    return Batch(
        title="市政协十四届二次会议提案",
        issuers=["中共市委办公室", "市人民政府办公室", "市政协办公室"],
        on=date(2026, 2, 26),
        packets=packets,
        reply_due_on=date(2026, 5, 22),
        requirements=["明确分管负责人和经办人。", "办理前、中、后与提案者沟通。"],
        contact="市政协提案委",
    )


def text_of(content: bytes) -> str:
    paper = Document(io.BytesIO(content))
    cells = [cell.text for table in paper.tables for row in table.rows for cell in row.cells]
    return "\n".join([paragraph.text for paragraph in paper.paragraphs] + cells)


def test_a_packet_holds_cover_list_every_proposal_and_receipt() -> None:
    packet = Packet("市住建局", [sheet("0001"), sheet("0002", title="关于社区食堂的建议")])

    text = text_of(packet_docx(batch(packet), packet))

    for words in (
        "承办单位：市住建局", "件数：2 件", "提案目录", "第0001号提案", "第0002号提案", "关于社区食堂的建议",
        "夜间尤其突出。", "2. 改造边角地。", "签收单", "第0001号、第0002号", "2026年5月22日",
    ):  # fmt: skip
        assert words in text


def test_rare_characters_markup_and_control_characters_do_no_harm() -> None:
    packet = Packet("市<b>局", [sheet(title="𠮷䶮😀 <script>&\x00\x0b", situation="{{ 1 }} {% x %}")])

    text = text_of(packet_docx(batch(packet), packet))

    assert "𠮷䶮😀 <script>&" in text
    assert "{{ 1 }} {% x %}" in text


def test_our_papers_pass_our_own_door_and_name_no_author() -> None:
    packet = Packet("市住建局", [sheet()])

    for content in (
        packet_docx(batch(packet), packet),
        allocation_docx(batch(packet)),
        letter_docx(notice(batch(packet))),
    ):
        clean = check(upload("件.docx", content), use=Use.ATTACHMENT)
        properties = Document(io.BytesIO(content)).core_properties
        assert (clean.extension, properties.author, properties.comments) == ("docx", "", "")


def test_the_allocation_table_counts_a_proposal_with_two_units_once() -> None:
    both = batch(
        Packet("市财政局", [sheet("0001", "会办")]), Packet("市住建局", [sheet("0001", "主办"), sheet("0010")])
    )

    text = text_of(allocation_docx(both))

    assert "共 2 件，涉及 2 个单位。" in text
    assert text.index("市住建局") < text.index("市财政局")


def test_the_notice_names_issuers_due_date_and_demands() -> None:
    text = text_of(letter_docx(notice(replace(batch(Packet("市住建局", [sheet()])), number="督函〔2026〕7号"))))

    for words in (
        "关于交办市政协十四届二次会议提案的通知",
        "请于2026年5月22日前",
        "1. 明确分管负责人",
        "市政协办公室",
        "督函〔2026〕7号",
    ):
        assert words in text


def test_the_packet_as_pdf() -> None:
    packet = Packet("市住建局", [sheet(title="停车 <img src='file:///etc/passwd'>")])

    content = packet_pdf(batch(packet), packet)

    assert content.startswith(b"%PDF-")
    assert check(upload("件.pdf", content), use=Use.ATTACHMENT).extension == "pdf"


def test_making_a_pdf_fetches_nothing() -> None:
    content = html_to_pdf("<html><body><img src='file:///etc/passwd'><link rel=stylesheet href='http://127.0.0.1:1/'>x")

    assert content.startswith(b"%PDF-")
    assert b"/Image" not in content


def test_where_no_pdf_can_be_made_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "CHILD", "/nowhere.py")

    with pytest.raises(NoPdf, match="请下载 Word 版"):
        html_to_pdf("<p>x")


def test_the_archive_has_every_paper_once_under_harmless_names() -> None:
    one = batch(Packet("../市/住建局", [sheet()]), Packet("市财政局", [sheet("0002")]))

    content = zipped(list(archive_parts(one, pdf=False)))

    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.namelist() == [
            "01 交办通知.docx",
            "02 分办表.docx",
            "交办件/01 市住建局.docx",
            "交办件/02 市财政局.docx",
        ]


def test_a_name_of_nothing_but_marks_is_still_a_name() -> None:
    assert file_name("///") == "单位"
