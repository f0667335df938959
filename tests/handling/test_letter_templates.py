"""A unit's own letter template: looked through, tried, released by a second person, kept in all its versions (S14)."""

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from docx import Document
from pytest_django.fixtures import Settings

from config.portal.actions.files import clear_orphans
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.inbox.registry import Rendered, render
from members.models import AuditEntry, Person
from members.uploads import Use, check
from proposals.handling import actions
from proposals.handling.letter_templates import FIELDS, filled, looked_at, sample, starter
from proposals.handling.letters import Letter, Line, letter_docx
from proposals.handling.models import IssuedPaper, LetterTemplate, PaperKind
from tests.handling.conftest import House, give, signed
from tests.handling.test_papers import delivered, page_of, signed_in, text_of, words
from tests.uploads.made import part, upload, with_parts

MAIN = "word/document.xml"


@pytest.fixture
def files(house: House, settings: Settings, tmp_path: Path) -> Iterator[None]:
    settings.MEDIA_ROOT = tmp_path
    house.now = timezone.now() - timedelta(days=20)
    yield


def template(*lines: str, table: list[list[str]] | None = None, header: str = "") -> bytes:
    """A .docx as somebody types it; `|` cuts a line into runs, as Word does without asking."""
    paper = Document()
    paper.core_properties.author = "某人"
    if header:
        paper.sections[0].header.paragraphs[0].text = header
    for line in lines:
        paragraph = paper.add_paragraph()
        for piece in line.split("|"):
            paragraph.add_run(piece)
    for row in table or []:
        cells = paper.add_table(rows=1, cols=len(row)).rows[0].cells
        for cell, text in zip(cells, row, strict=True):
            cell.text = text
    file = io.BytesIO()
    paper.save(file)
    return file.getvalue()


WHOLE = template("{文号}", "{主送}：", "{正文}", "落款 {落|款}　{成文日期}", "抄送：{抄送}。", header="{发文机关}红头")


def paragraphs(content: bytes) -> list[str]:
    return [one.text for one in Document(io.BytesIO(content)).paragraphs]


# what it does ------------------------------------------------------------------------------------------------------------


def test_fields_are_replaced_wherever_word_has_cut_them_and_each_line_becomes_a_paragraph() -> None:
    letter = Letter(
        head="市<民政>局", title="答复", number="民函〔2026〕1号", addressee="林溪委员", signer="市民政局",
        lines=[Line("来信收悉。"), Line("一、关于床位", 1), Line("{落款} {{ 1 }}\x0b")],
    )  # fmt: skip

    one = filled(WHOLE, "reply", [letter])[0]

    assert paragraphs(one.content) == [
        "民函〔2026〕1号", "林溪委员：", "来信收悉。", "一、关于床位", "{落款} {{ 1 }}", f"落款 市民政局　{letter.dated}",
    ]  # fmt: skip
    paper = Document(io.BytesIO(one.content))
    assert paper.sections[0].header.paragraphs[0].text == "市<民政>局红头"
    assert paper.paragraphs[3].runs[0]._element.xpath("./w:rPr/w:rFonts/@w:eastAsia") == ["黑体"]
    assert next(block["text"] for block in one.blocks) == "市<民政>局红头"
    assert (paper.core_properties.author, paper.core_properties.title) == ("", "答复")
    assert check(upload("函.docx", one.content), use=Use.ATTACHMENT).extension == "docx"
    assert filled(WHOLE, "reply", [letter])[0].content == one.content


def test_a_cell_keeps_its_place_and_takes_several_lines() -> None:
    content = template("征询意见表", table=[["提案", "{提案}"], ["提案者", "姓名：{提案者}"], ["结果", "{办理结果}"]])
    letter = Letter(title="表", lines=[], table=[("提案", "第1号"), ("提案者", "林溪\n白露"), ("办理结果", "")])

    text = words(filled(content, "form", [letter])[0].content)

    assert text.endswith("提案\n第1号\n提案者\n姓名：林溪\n白露\n结果\n")


@pytest.mark.parametrize("kind", PaperKind.values)
def test_the_letter_to_begin_from_is_a_good_template_of_every_kind(kind: str) -> None:
    begun = letter_docx(starter(kind))

    used = looked_at(begun, kind)
    text = words(filled(begun, kind, [sample(kind)])[0].content)

    assert set(used) <= set(FIELDS[kind])
    assert not re.search("[{}]", text)
    assert sample(kind).title in text or kind in ("form", "register")


def test_an_own_letter_from_the_beginning_is_the_built_in_one() -> None:
    letter = sample("reply")

    made = filled(letter_docx(starter("reply")), "reply", [letter])[0].content

    assert paragraphs(made) == paragraphs(letter_docx(letter))


# what it must not hold ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (["{主送}{正文}{文号}", "{电话号码}{身份}"], "不认识的字段：{电话号码}{身份}。可以用的字段：{发文机关}{文号}"),
        (["{主送}{正文}{文号}", "编号 {文号"], "“编号 {文号”里的花括号不成对"),
        (["{主送}{正文}{{ 文号 }}"], "花括号不成对"),
        (["{主送}{正文}{% for x in y %}{文号}"], "不认识的字段：{% for x in y %}"),
        (["{主送}{正文}"], "缺少{文号}"),
        (["没有字段"], "缺少{主送}{正文}{文号}"),
    ],
)
def test_unknown_broken_and_wanting_fields_are_named(lines: list[str], says: str) -> None:
    with pytest.raises(Refused) as refused:
        looked_at(template(*lines), "reply")

    assert says in str(refused.value)


FIELD_CODE = '<w:p><w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText>{}</w:instrText></w:r><w:r><w:instrText>{}</w:instrText></w:r><w:r><w:fldChar w:fldCharType="end"/></w:r></w:p>'
OUTSIDE = '<Relationship Id="rId99" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/hyperlink" Target="http://127.0.0.1/" TargetMode="&#69;xternal"/>'


@pytest.mark.parametrize(
    ("inside", "name", "says"),
    [
        (FIELD_CODE.format("INCL", "UDETEXT x"), MAIN, "域“INCLUDETEXT”"),
        ('<w:p><w:fldSimple w:instr=" MERGEFIELD x "/></w:p>', MAIN, "域“MERGEFIELD”"),
        ('<w:p><w:ins w:id="1"><w:r><w:t>x</w:t></w:r></w:ins></w:p>', MAIN, "修订或批注"),
        ("<w:p><w:r><w:object/></w:r></w:p>", MAIN, "嵌入对象、控件"),
        ("<w:mailMerge/>", "word/settings.xml", "邮件合并"),
        (OUTSIDE, "word/_rels/document.xml.rels", "超链接或引用了外部文件"),
    ],
)
def test_what_could_run_or_reach_outside_is_refused(inside: str, name: str, says: str) -> None:
    old = part(WHOLE, name)
    end = re.search(rb"<w:sectPr|</w:settings>|</Relationships>", old)
    assert end is not None
    hostile = with_parts(WHOLE, {name: old[: end.start()] + inside.encode() + old[end.start() :]})

    with pytest.raises(Refused, match=says):
        looked_at(hostile, "reply")


def test_page_numbers_are_welcome() -> None:
    old = part(WHOLE, MAIN)
    numbered = old.replace(b"<w:sectPr", FIELD_CODE.format(" PA", r"GE  \* MERGEFORMAT ").encode() + b"<w:sectPr", 1)

    assert "正文" in looked_at(with_parts(WHOLE, {MAIN: numbered}), "reply")


# who does what -----------------------------------------------------------------------------------------------------------


def brought(house: House, content: bytes = WHOLE, kind: str = "reply") -> LetterTemplate:
    clean = check(upload("本局答复函.docx", content), use=Use.TEMPLATE)
    return actions.bring_template(house.unit, kind, clean, by=house.clerk, now=house.later())


def typed(house: House, content: bytes, name: str = "函.docx") -> dict[str, Any]:
    return {"body": house.unit.public_id, "kind": "reply", "file": upload(name, content)}


@pytest.mark.usefixtures("files")
def test_the_clerk_brings_it_another_releases_it_and_letters_are_made_by_it(house: House) -> None:
    part = signed(house, give(house))
    delivered(house, part)
    client = signed_in(house.clerk)

    answer = client.post(reverse("handling:letter_templates"), typed(house, WHOLE))

    row = LetterTemplate.objects.get()
    page, use = (reverse(f"handling:{name}", args=[row.public_id]) for name in ("letter_template", "use_template"))
    assert (answer.status_code, answer.headers["Location"]) == (302, page)
    shown = client.get(page).content.decode()
    assert "某函〔2026〕0号" in shown and "请另一位同事核对后启用" in shown
    refused = client.post(use)
    assert (refused.status_code, "上传人不能自己启用" in refused.content.decode()) == (422, True)
    client.post(page_of(part), {"of": "reply-1"})
    assert IssuedPaper.objects.get().template is None

    assert signed_in(house.head).post(use).status_code == 302

    client.post(page_of(part), {"of": "reply-1"})
    paper = IssuedPaper.objects.exclude(template=None).get()
    assert paper.template == row and "市民政局测试红头" not in text_of(paper)
    assert "落款 市民政局测试" in text_of(paper)
    assert f"答复函模板第1版（{row.sha256[:16]}）" in client.get(page_of(part)).content.decode()
    printed = client.get(reverse("handling:paper_page", args=[part.public_id]), {"of": "reply-1"}).content.decode()
    assert "市民政局测试红头" in printed
    verbs = AuditEntry.objects.filter(verb__contains="template").order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["handling.bring_template", "handling.use_template"]


@pytest.mark.usefixtures("files")
def test_a_refused_template_says_why_and_what_was_in_use_stays(house: House) -> None:
    row = actions.use_template(brought(house), by=house.head, now=house.later())
    url = reverse("handling:letter_templates")

    for content, name, says in (
        (template("{主送}{正文}{文号}{手机}"), "函.docx", "不认识的字段：{手机}"),
        (with_parts(WHOLE, {"word/vbaProject.bin": b"x"}), "函.docx", "宏"),
        (b"%PDF-1.4 %%EOF", "函.pdf", "只收Word"),
    ):
        answer = signed_in(house.clerk).post(url, typed(house, content, name))
        assert (answer.status_code, says in answer.content.decode()) == (422, True), says

    assert LetterTemplate.objects.get() == row
    row.refresh_from_db()
    assert row.state == "on"


@pytest.mark.usefixtures("files")
def test_versions_are_kept_one_is_in_use_and_without_any_the_built_in_letter_stands(house: House) -> None:
    part = signed(house, give(house))
    delivered(house, part)
    first = actions.use_template(brought(house), by=house.head, now=house.later())
    second = brought(house, template("第二版", "{文号}{主送}", "{正文}"))
    assert second.version == 2

    actions.use_template(second, by=house.head, now=house.later())
    signed_in(house.clerk).post(page_of(part), {"of": "reply-1"})
    actions.stop_template(second, by=house.clerk, now=house.later())
    signed_in(house.clerk).post(page_of(part), {"of": "reply-1"})
    with pytest.raises(WrongStep, match="已经停用"):
        actions.stop_template(second, by=house.clerk, now=house.later())
    actions.use_template(first, by=house.clerk, now=house.later())

    made = IssuedPaper.objects.order_by("pk")
    assert [one.template for one in made] == [second, None]
    states = LetterTemplate.objects.order_by("version").values_list("state", flat=True)
    assert list(states) == ["on", "off"]
    assert clear_orphans(now=timezone.now() + timedelta(days=9)) == 0


@pytest.mark.usefixtures("files")
def test_a_template_is_its_bodys_and_the_proposal_office_may_be_the_second_person(house: House) -> None:
    row = brought(house)
    keys = [row.public_id]
    page, file, trial = (
        reverse(f"handling:{name}", args=keys) for name in ("letter_template", "template_file", "template_sample")
    )
    for person, code in ((house.other_clerk, 404), (house.handler, 403), (house.member, 403), (house.staff, 200)):
        assert [signed_in(person).get(url).status_code for url in (page, file, trial)] == [code] * 3, person
    assert "本局答复函.docx" in signed_in(house.staff).get(reverse("handling:letter_templates")).content.decode()
    assert signed_in(house.staff).get(file).content == WHOLE
    stop = reverse("handling:stop_template", args=keys)
    assert signed_in(house.staff).post(stop).status_code == 404

    assert signed_in(house.staff).post(reverse("handling:use_template", args=keys)).status_code == 302

    row.refresh_from_db()
    assert (row.state, row.released_by) == ("on", house.staff)


def told(template: str) -> list[str]:
    rows = Message.objects.filter(template=template, channel="inapp").order_by("recipient")
    return list(rows.values_list("recipient__name", flat=True))


def read(template: str, person: Person) -> list[str]:
    rows = Message.objects.filter(template=template, channel="inapp", recipient=person).order_by("pk")
    said = render([(row.template, row.subject) for row in rows], person)
    return [one.title for one in said if isinstance(one, Rendered)]


@pytest.mark.usefixtures("files")
def test_a_colleague_is_asked_to_look_and_the_uploader_hears_what_became_of_it(house: House) -> None:
    first = brought(house)
    page, refuse = (
        reverse(f"handling:{name}", args=[first.public_id]) for name in ("letter_template", "refuse_template")
    )
    assert told("template_brought") == [house.head.name]
    assert read("template_brought", house.head) == ["公文模板请您核对，合适的启用：市民政局测试答复函模板第1版"]
    head = signed_in(house.head)
    assert refuse in head.get(page).content.decode() and refuse not in signed_in(house.clerk).get(page).content.decode()

    assert head.post(refuse, {"reason": ""}).status_code == 422
    assert head.post(refuse, {"reason": "红头不对，请换成新版。"}).status_code == 302

    first.refresh_from_db()
    assert (first.state, first.refused) == ("off", "红头不对，请换成新版。")
    assert read("template_refused", house.clerk) == ["您上传的公文模板没有启用，请看原因：市民政局测试答复函模板第1版"]
    assert "红头不对，请换成新版。" in signed_in(house.clerk).get(page).content.decode()
    assert read("template_brought", house.head) == ["公文模板已由同事处理（已停用）：市民政局测试答复函模板第1版"]
    with pytest.raises(WrongStep, match="不能再退回"):
        actions.refuse_template(first, reason="再退", by=house.head, now=house.later())

    second = brought(house)
    with pytest.raises(Refused, match="请“停用”"):
        actions.refuse_template(second, reason="不用了", by=house.clerk, now=house.later())
    with pytest.raises(Refused, match="请选“不启用”并写明原因"):
        actions.stop_template(second, by=house.head, now=house.later())
    actions.use_template(second, by=house.head, now=house.later())
    assert told("template_in_use") == [house.clerk.name]
    assert render([("template_in_use", {"template": str(second.public_id)})], house.other_clerk) == [None]


@pytest.mark.usefixtures("files")
def test_where_the_unit_has_nobody_else_the_proposal_office_is_asked(house: House) -> None:
    Person.objects.filter(pk=house.head.pk).update(is_active=False)
    row = brought(house)

    assert house.staff.name in told("template_brought") and house.clerk.name not in told("template_brought")
    actions.refuse_template(row, reason="缺少落款。", by=house.staff, now=house.later())
    assert told("template_refused") == [house.clerk.name]


@pytest.mark.usefixtures("files")
def test_each_body_brings_what_it_writes_itself(house: House) -> None:
    assert actions.kinds_of(house.unit) == ["reply", "opinion", "register"]
    assert actions.kinds_of(house.assigning) == ["chase", "extension"]
    assert actions.kinds_of(house.office) == ["chase", "extension", "form"]
    with pytest.raises(Refused, match="督办单不由市民政局测试行文"):
        brought(house, kind="chase")


@pytest.mark.usefixtures("files")
def test_the_list_costs_the_same_for_one_template_and_for_three(house: House) -> None:
    def cost() -> int:
        client = Client()
        client.force_login(house.clerk)
        client.get(reverse("handling:letter_templates"))
        with CaptureQueriesContext(connection) as asked:
            client.get(reverse("handling:letter_templates"))
        return len(asked)

    brought(house)
    one = cost()
    brought(house), brought(house)

    assert cost() == one <= 15


@pytest.mark.usefixtures("files")
def test_the_starter_is_a_word_file(house: House) -> None:
    answer = signed_in(house.clerk).get(reverse("handling:template_starter", args=["reply"]))

    assert answer.headers["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert "{正文}" in archive.read(MAIN).decode()
