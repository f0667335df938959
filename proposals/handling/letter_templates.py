"""Letters by a unit's own .docx (公文模板): which fields there are, what a template may hold, and how it is filled (S14).

A template is looked through and filled by a child process with limits; nothing in it is executed. Plain functions of
plain values: what goes into a letter has been picked for its reader by whoever calls.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.template.loader import render_to_string

from members.errors import Refused

from .documents import said
from .letters import BLANK, Letter, Line, style
from .models import PaperKind
from .pdf import html_to_pdf

CHILD = Path(__file__).with_name("template_child.py")
SECONDS = 20

ABOUT = ("届次", "案号", "案由")
LETTER = ("发文机关", "文号", "标题", "主送", "正文", "落款", "成文日期", "抄送", *ABOUT)
FORM = ("提案", "提案者", "承办单位", "答复日期", "办理结果", "对办理工作", "对办理结果")
REGISTER = ("案号", "案由", "提案者", "承办单位", "交办", "签收", "办理期限", "与提案者沟通", "答复")
FIELDS: Mapping[str, Sequence[str]] = {
    PaperKind.REPLY: (*LETTER, "类别", "联系方式"),
    PaperKind.OPINION: LETTER,
    PaperKind.CHASE: tuple(name for name in LETTER if name not in ("主送", "抄送")),
    PaperKind.EXTENSION: LETTER,
    PaperKind.FORM: FORM,
    PaperKind.REGISTER: REGISTER,
}
"""What a template of each kind may name; nothing else comes into a letter."""
FORM_TITLES: Mapping[str, str] = {PaperKind.FORM: "提案办理征询意见表", PaperKind.REGISTER: "提案办理登记表"}
NEEDED: Mapping[str, Sequence[str]] = {
    PaperKind.REPLY: ("主送", "正文", "文号"),
    PaperKind.OPINION: ("正文",),
    PaperKind.CHASE: ("正文",),
    PaperKind.EXTENSION: ("主送", "正文"),
    PaperKind.FORM: ("提案", "提案者"),
    PaperKind.REGISTER: ("案由",),
}
"""Without these the document would not say what it has to."""


@dataclass(frozen=True)
class Filled:
    """A letter made by a template: the file, and roughly what Word will show of it."""

    content: bytes
    blocks: Sequence[Mapping[str, Any]]


class Starter(Letter):
    """The built-in letter with fields in place of words."""

    @property
    def dated(self) -> str:
        return "{成文日期}"


def looked_at(content: bytes, kind: str) -> list[str]:
    """The fields that a template uses, once it was tried. Raises Refused with all that is wrong with it, a sentence each."""
    used: list[str] = _ask(content, kind, [sample(kind)])[0]["fields"]
    return used


def filled(content: bytes, kind: str, letters: Sequence[Letter]) -> list[Filled]:
    """The template filled for each letter, all in one process. Raises Refused where it cannot be."""
    head, files = _ask(content, kind, letters)
    made, at = [], 0
    for size, blocks in zip(head["sizes"], head["shown"], strict=True):
        made.append(Filled(files[at : at + size], blocks))
        at += size
    return made


def _ask(content: bytes, kind: str, letters: Sequence[Letter]) -> tuple[dict[str, Any], bytes]:
    known = FIELDS[kind]
    asked = {
        "known": known,
        "needed": NEEDED[kind],
        "letters": [{"title": said(one.title), "values": values(one, known)} for one in letters],
    }
    command = [sys.executable, "-P", "-s", "-E", str(CHILD)]
    order = json.dumps(asked).encode() + b"\n" + content
    try:
        done = subprocess.run(command, input=order, capture_output=True, timeout=SECONDS, check=False, env={})
    except subprocess.TimeoutExpired as error:
        raise Refused("模板处理超时。请简化模板（减少图片和表格）后重新上传。", field="file") from error
    head, _, files = done.stdout.partition(b"\n")
    if done.returncode or not head:
        raise Refused("模板打不开，可能过大或已损坏。请用 WPS 或 Word 另存后重新上传。", field="file")
    answer: dict[str, Any] = json.loads(head)
    if "refused" in answer:
        raise Refused("".join(answer["refused"]), field="file")
    return answer, files


def values(letter: Letter, known: Sequence[str]) -> dict[str, list[tuple[str, int]]]:
    """What stands for each field, line by line; the lines of the text keep the order of their headings."""
    texts = {
        "发文机关": letter.head,
        "类别": letter.mark,
        "文号": letter.number,
        "标题": letter.title,
        "主送": letter.addressee,
        "落款": letter.signer,
        "成文日期": letter.dated,
        "联系方式": letter.contact,
        "抄送": letter.copies,
        **dict(letter.about),
        **dict(letter.table),
    }
    lines = {name: [(said(part), 0) for part in text.split("\n")] for name, text in texts.items()}
    lines["正文"] = [(said(line.text), line.level) for line in letter.lines]
    return {name: lines[name] for name in known if name in lines}


# for the page of a template --------------------------------------------------------------------------------------------


def starter(kind: str) -> Letter:
    """What a template can begin from: the built-in letter, each word a field."""
    if kind in (PaperKind.FORM, PaperKind.REGISTER):
        return Letter(
            title=FORM_TITLES[kind],
            lines=[],
            table=[(name, f"{{{name}}}") for name in FIELDS[kind]],
        )
    known = FIELDS[kind]

    def field(name: str) -> str:
        return f"{{{name}}}" if name in known else ""

    return Starter(
        head=field("发文机关"),
        mark=field("类别"),
        number=field("文号"),
        title=field("标题"),
        addressee=field("主送"),
        lines=[Line(field("正文"))],
        signer=field("落款"),
        contact=field("联系方式"),
        copies=field("抄送"),
    )


def sample(kind: str) -> Letter:
    """Made-up facts by which a template is tried."""
    if kind in (PaperKind.FORM, PaperKind.REGISTER):
        facts = {
            "提案": "第0000号提案《关于示例事项的建议》", "案号": "第0000号", "案由": "关于示例事项的建议",
            "提案者": "某某委员", "承办单位": "某某局（主办）", "答复日期": "2026年5月20日", "办理结果": "A类",
            "对办理工作": "□ 满意　□ 基本满意　□ 不满意", "对办理结果": "□ 满意　□ 基本满意　□ 不满意",
            "交办": "某某室　2026年3月2日", "签收": "2026年3月3日", "办理期限": "2026年6月2日",
            "与提案者沟通": "2026年4月1日　办理中　座谈\n2026年5月6日　办理中　电话", "答复": BLANK,
        }  # fmt: skip
        return Letter(title="示例", lines=[], table=[(name, facts[name]) for name in FIELDS[kind]])
    text = "这里是正文。" * 12
    return Letter(
        head="某某局",
        mark="A类",
        number="某函〔2026〕0号",
        title="关于对政协第○届○次会议第0000号提案的答复",
        addressee="某某委员",
        lines=[
            Line("来信收悉。经研究，现答复如下："),
            Line("一、关于“第一条建议”的建议", 1),
            Line(text),
            Line("（一）安排", 2),
        ],
        signer="某某局",
        on=date(2026, 5, 20),
        contact="联系人：某某，联系电话：00000000",
        copies="某某委员会、某某室",
        about=[("届次", "政协第○届○次会议"), ("案号", "第0000号"), ("案由", "关于示例事项的建议")],
    )


def filled_pdf(one: Filled, title: str) -> bytes:
    """A preview of a letter by a template, marked as one. Raises NoPdf where the house cannot make any."""
    context = {"letter": {"title": title}, "blocks": one.blocks, "style": style()}
    return html_to_pdf(render_to_string("documents/letter_pdf.html", context))
