"""A reply frozen into plain words, and what has changed from one such version to the next."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from difflib import SequenceMatcher
from typing import Any, Literal

from members.days import full_day

from .attachments import letters_of
from .models import Commitment, Reply, ReplyPoint
from .queries import labels_of, suggestions_of

Content = Mapping[str, Any]
FIELDS = {
    "result": "办理结果",
    "opening": "总体说明",
    "issuer": "行文单位",
    "doc_no": "文号",
    "letter_on": "落款日期",
    "signer": "签发人",
    "contact": "联系人",
    "no_contact_reason": "未面商原因",
    "letters": "答复函",
    "promises": "承诺事项",
}
CLAUSE = re.compile(r"[^，。；：、！？\n]*[，。；：、！？\n]|[^，。；：、！？\n]+")


def content_of(reply: Reply) -> dict[str, Any]:
    """Everything that is signed, in the words that a reader sees."""
    suggestions = suggestions_of(reply.assignment.matter)
    labels = labels_of(suggestions)
    given = {point.suggestion_id: point for point in reply.points.select_related("result")}
    return {
        "result": str(reply.result or ""),
        "opening": reply.opening,
        "issuer": reply.issuer.name,
        "doc_no": reply.doc_no,
        "letter_on": reply.letter_on.isoformat() if reply.letter_on else "",
        "signer": reply.signer,
        "contact": " ".join(filter(None, [reply.contact_name, reply.contact_phone])),
        "no_contact_reason": reply.no_contact_reason,
        "letters": "\n".join(f"{one.name}（{one.sha256[:8]}）" for one in letters_of(reply)),
        "promises": "\n".join(
            f"{row.text}（{row.measure}，{row.due_on.isoformat()}前完成）"
            for row in Commitment.objects.filter(point__reply=reply).order_by("due_on", "pk")
        ),
        "points": [
            {
                "label": labels[one.pk],
                "suggestion": one.for_units,
                "text": _text_of(given[one.pk], labels),
                "result": f"{point.result.code}类" if (point := given[one.pk]).result else "",
            }
            for one in suggestions
            if one.pk in given
        ],
    }


def _text_of(point: ReplyPoint, labels: Mapping[int, str]) -> str:
    return f"同{labels.get(point.same_as_id, '另一条')}" if point.same_as_id else point.text


def hash_of(content: Content) -> str:
    return hashlib.sha256(json.dumps(content, ensure_ascii=False, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Piece:
    """A stretch of text that stayed, came or went."""

    kind: Literal["", "ins", "del"]
    text: str


@dataclass(frozen=True)
class Difference:
    label: str
    pieces: list[Piece]


def differences(old: Content, new: Content) -> list[Difference]:
    """What the newer version says otherwise, part by part; what both say alike is left out."""
    before, after = _parts(old), _parts(new)
    labels = dict.fromkeys([*after, *before])
    return [
        Difference(label, pieces(before.get(label, ""), after.get(label, "")))
        for label in labels
        if before.get(label, "") != after.get(label, "")
    ]


def said_of(content: Content, name: str) -> str:
    """What a version says in one of its fields, with the day of the letter as it stands on paper."""
    words = str(content.get(name, ""))
    if name == "letter_on" and words:
        return full_day(date.fromisoformat(words))
    return words


def _parts(content: Content) -> dict[str, str]:
    parts = {label: said_of(content, name) for name, label in FIELDS.items()}
    for point in content.get("points", []):
        parts[f"{point['label']}的办理结果"] = point["result"]
        parts[f"{point['label']}的答复"] = point["text"]
    return parts


def pieces(old: str, new: str) -> list[Piece]:
    """The two texts woven into one, clause by clause."""
    before, after = CLAUSE.findall(old), CLAUSE.findall(new)
    woven: list[Piece] = []
    for tag, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            woven.append(Piece("", "".join(after[j1:j2])))
            continue
        if i2 > i1:
            woven.append(Piece("del", "".join(before[i1:i2])))
        if j2 > j1:
            woven.append(Piece("ins", "".join(after[j1:j2])))
    return woven
