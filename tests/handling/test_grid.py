"""Letters stand on the grid of GB/T 9704: 22 lines of 28 characters, on paper and in the preview."""

import io
import re
import zipfile
from datetime import date
from pathlib import Path
from xml.etree.ElementTree import fromstring, indent, register_namespace, tostring

import pytest
from docx import Document
from docx.shared import Mm, Pt
from pypdf import PdfReader

from config.portal import health
from members.uploads import Use, check
from proposals.handling import pdf
from proposals.handling.documents import Batch, Packet
from proposals.handling.hand_over import notice
from proposals.handling.letters import Letter, Line, letter_docx, letter_pdf
from proposals.handling.volumes import Entry, Given, Place, volume_docx, volume_pdf
from tests.uploads.made import upload

GOLDEN = Path(__file__).with_name("golden")
W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
register_namespace("w", W)

REPLY = Letter(
    head="市民政局",
    mark="B类",
    number="民函〔2026〕12号",
    title="关于对政协第十四届二次会议第0127号提案的答复",
    addressee="林溪、白露委员",
    lines=[Line("来信收悉。"), Line("一、关于“增加床位”的建议", 1), Line("年内增加。", 0), Line("（一）具体安排", 2)],
    signer="市民政局",
    on=date(2026, 5, 20),
    contact="联系人：沈青，联系电话：88662417",
    copies="市政协提案委员会、市政府督查室",
)
FORM = Letter(title="提案办理征询意见表", lines=[Line("仅限本人填写。")], table=[("提案", "第1号"), ("意见", "一\n二")])

OPINION = Letter(
    head="市财政局",
    number="财函〔2026〕3号",
    title="关于政协第十四届二次会议第0127号提案的会办意见",
    addressee="市民政局",
    lines=[Line("同意增加床位，所需资金由两局商定。")],
    signer="市财政局",
    on=date(2026, 4, 2),
    copies="市政协提案委员会、市政府督查室",
)
CHASE = Letter(
    head="市政府督查室",
    number="督〔2026〕5号",
    title="关于办理第0127号提案的督办单",
    lines=[Line("市民政局："), Line("请抓紧办理。")],
    signer="市政府督查室",
    on=date(2026, 6, 3),
)
EXTENSION = Letter(
    head="市政府督查室",
    number="督函〔2026〕5号",
    title="关于第0127号提案延期答复的批复",
    addressee="市民政局",
    lines=[Line("同意延期。"), Line("请按期答复。")],
    signer="市政府督查室",
    on=date(2026, 5, 20),
    copies="市政协提案委员会",
)
REGISTER = Letter(title="提案办理登记表", lines=[], table=[("案号", "第0127号"), ("批办意见", "\n\n"), ("归档", "\n")])
NOTICE = notice(
    Batch(
        title="市政协十四届二次会议提案",
        issuers=["市政府督查室", "市政协提案委员会"],
        on=date(2026, 2, 26),
        packets=[Packet("市民政局", [])],
        reply_due_on=date(2026, 5, 22),
        requirements=["明确分管负责人和经办人。"],
        number="督函〔2026〕1号",
    )
)
ENTRY = Entry(
    "社会建设",
    "第0127号",
    "关于增加床位的建议",
    facts=[("提案者", "林溪")],
    situation="床位不足。",
    suggestions=["增加床位。"],
    replies=[
        Given("市民政局", "民函〔2026〕12号", date(2026, 5, 20), "B类", [Line("一、床位", 1), Line("年内增加。")])
    ],
)
PLACES = [Place("社会建设", ENTRY.heading), Place("城乡建设", "第0128号　关于停车的建议")]


def part(content: bytes, name: str) -> str:
    """One part of a .docx in a shape that people can compare."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        root = fromstring(archive.read(name))  # noqa: S314  # our own file
    for node in root.iter():
        for key in [key for key in node.attrib if "rsid" in key.lower()]:
            del node.attrib[key]
    indent(root)
    return tostring(root, encoding="unicode") + "\n"


@pytest.mark.parametrize(
    ("letter", "name", "golden"),
    [
        (REPLY, "word/document.xml", "letter.xml"),
        (REPLY, "word/header1.xml", "letter_head.xml"),
        (REPLY, "word/footer1.xml", "letter_foot.xml"),
        (FORM, "word/document.xml", "form.xml"),
        (OPINION, "word/document.xml", "opinion.xml"),
        (CHASE, "word/document.xml", "chase.xml"),
        (EXTENSION, "word/document.xml", "extension.xml"),
        (REGISTER, "word/document.xml", "register.xml"),
        (NOTICE, "word/document.xml", "notice.xml"),
        (NOTICE, "word/header1.xml", "notice_head.xml"),
    ],
)
def test_the_structure_of_the_file_is_the_agreed_one(letter: Letter, name: str, golden: str) -> None:
    assert part(letter_docx(letter), name) == (GOLDEN / golden).read_text(encoding="utf-8")


def test_the_structure_of_the_volume_is_the_agreed_one() -> None:
    content = volume_docx("提案及答复汇编", date(2026, 12, 1), PLACES, [ENTRY])

    assert part(content, "word/document.xml") == (GOLDEN / "volume.xml").read_text(encoding="utf-8")


def test_the_preview_of_the_volume_has_contents_with_pages_and_what_comes_first() -> None:
    reader = PdfReader(io.BytesIO(volume_pdf("提案及答复汇编", date(2026, 12, 1), PLACES, [ENTRY])))

    cover, contents, first = (page.extract_text() for page in reader.pages)
    assert "共 2 件" in cover and "预览" in cover
    assert re.search(r"关于增加床位的建议[.\s]*3", contents) and "关于停车的建议" in contents
    for said in ("床位不足。", "1. 增加床位。", "市民政局的答复", "民函〔2026〕12号　2026年5月20日　B类", "年内增加。"):
        assert said in first, said


def test_margins_grid_and_sizes_are_those_of_the_standard() -> None:
    paper = Document(io.BytesIO(letter_docx(REPLY)))
    section = paper.sections[0]

    margins = (section.top_margin, section.bottom_margin, section.left_margin, section.right_margin)
    assert [round(one.mm) for one in margins if one] == [37, 35, 28, 26]
    grid = section._sectPr.find(f"{{{W}}}docGrid")
    assert grid is not None
    assert grid.get(f"{{{W}}}type") == "lines"
    height, width = Mm(297 - 37 - 35).pt, Mm(210 - 28 - 26).pt
    assert height // (int(grid.get(f"{{{W}}}linePitch")) / 20 - 0.02) == 22
    closer = paper.styles["Normal"].element.find(f"{{{W}}}rPr/{{{W}}}spacing")
    assert width // (16 + int(closer.get(f"{{{W}}}val")) / 20) == 28
    title = next(one for one in paper.paragraphs if one.text == REPLY.title)
    assert (title.runs[0].font.size, paper.styles["Normal"].font.size) == (Pt(22), Pt(16))


def test_the_same_words_make_the_same_file_without_an_author() -> None:
    content = letter_docx(REPLY)

    assert content == letter_docx(REPLY)
    facts = Document(io.BytesIO(content)).core_properties
    assert (facts.author, facts.comments, facts.title) == ("", "", REPLY.title)
    assert check(upload("函.docx", content), use=Use.ATTACHMENT).extension == "docx"


def test_a_preview_of_solid_text_has_22_lines_of_28_characters_in_an_embedded_font() -> None:
    solid = Letter(head="市民政局", title="关于测试的答复", lines=[Line("停车" * 1000, -1)])

    reader = PdfReader(io.BytesIO(letter_pdf(solid)))

    full = reader.pages[1]
    lines = [line.strip() for line in full.extract_text().splitlines() if set(line.strip()) == {"停", "车"}]
    assert [len(line) for line in lines] == [28] * 22
    assert "预览" in full.extract_text()
    fonts = [one.get_object() for one in full["/Resources"]["/Font"].values()]  # type: ignore[index]
    inside = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for font in fonts]
    assert all({"/FontFile2", "/FontFile3"} & set(font) for font in inside)
    assert reader.trailer["/Root"]["/Lang"] == "zh-CN"  # type: ignore[index]


def test_the_doctor_names_the_packages_that_are_wanting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "LIBRARIES", {"libnowhere.so.0": "libnowhere0"})

    finding = health.pdf()

    assert (finding.level, finding.facts["missing"]) == ("warn", ["libnowhere0"])
    assert "apt install libnowhere0" in finding.text and "网页打印版" in finding.text
