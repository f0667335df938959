"""What pages show of a reply on its way through its unit: the frozen text, and who has signed or is to sign."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.urls import reverse
from django.utils import timezone

from members.days import short_day
from members.shown import Act, Fact

from .aspects import Aspect, aspects
from .blocks import Answer, ReplyShown, RequestShown
from .eyes import Eye, Eyes
from .models import Assignment, Countersign, ReplyVersion, Signature, SigningKind
from .queries import waiting_for
from .rights import allowed
from .versions import FIELDS, said_of

State = ReplyVersion.State
Role = Assignment.Role
IN_TEXT = ("opening",)


def with_signatures(versions: QuerySet[ReplyVersion]) -> QuerySet[ReplyVersion]:
    signed = Signature.objects.select_related("person").order_by("order")
    return versions.select_related("by").prefetch_related(Prefetch("signatures", signed))


def text_of(version: ReplyVersion) -> ReplyShown:
    """The frozen text, as the proposers would read it."""
    content = version.content
    facts = [Fact(label, said_of(content, name), wide=True) for name, label in FIELDS.items() if name not in IN_TEXT]
    answers = [
        Answer(f"{point['label']}：{point['suggestion']}", point["text"], point["result"])
        for point in content.get("points", [])
    ]
    title = f"答复稿{version}（{version.get_state_display()}）"
    return ReplyShown(title, [fact for fact in facts if fact.value], answers, content.get("opening", ""))


def words_of(version: ReplyVersion) -> list[Fact]:
    """What each co-handler said of it, and what the lead did about that."""
    rows = version.countersigns.select_related("assignment__unit").order_by("pk")
    return [Fact(f"{row.assignment.unit}会签", word_of(row), wide=True) for row in rows]


def word_of(row: Countersign) -> str:
    said = row.get_answer_display() + (f"：{row.text}" if row.text else "") + ("（逾期提交）" if row.late else "")
    return (said or "还没有会签") + (f"\n处理情况：{row.settled}" if row.settled else "")


def countersigns_shown(user: Any, parts: Sequence[Assignment], view: Eyes) -> list[RequestShown]:
    """What co-handlers said of the latest version, for whoever reads their opinions, with the way to give one."""
    by_id = {part.pk: part for part in parts if Aspect.OPINION in aspects(view, part) and part.role == Role.CO}
    rows = Countersign.objects.filter(assignment__in=by_id).select_related("version").order_by("assignment", "-pk")
    shown, known = [], set()
    for row in rows:
        part = by_id[row.assignment_id]
        if row.assignment_id in known:
            continue
        known.add(row.assignment_id)
        asked = (
            not row.answer and row.version.state == State.SIGNING and allowed(user, "handling.countersign", part, view)
        )
        own = Eye.UNIT in view.of(part)
        words = "会签" if own else "登记会签（纸质）"
        acts = [Act(words, to("countersign", row), kind="primary" if own else "")] if asked else []
        if own and not asked:
            acts = [Act("查看会签的答复稿", to("reply_version", row.version), about=str(part.unit))]
        shown.append(RequestShown(f"{part.unit}会签答复稿{row.version}", [Fact("意见", word_of(row), wide=True)], acts))
    return shown


def steps_of(version: ReplyVersion) -> list[Fact]:
    """Step by step: who signed and what was said, or who is to."""
    at = short_day(timezone.localdate(version.at))
    signatures = version.signatures.all()
    sent = "送签" if signatures else "送交办机构审核"
    first = Fact(sent, f"{version.by}　{at}" + (f"　{version.why}" if version.why else ""), wide=True)
    return [first, *(Fact(row.get_kind_display(), said_at(row, version), wide=True) for row in signatures)]


def said_at(row: Signature, version: ReplyVersion) -> str:
    if row.kind == SigningKind.COUNTERSIGN:
        if row.order < version.turn or version.state == State.SIGNED:
            return "已结束"
        return "会签中" if version.state == State.SIGNING and row.order == version.turn else "还没有会签"
    if row.at:
        word = "同意" if row.agrees else "退回修改"
        return f"{row.name}　{short_day(timezone.localdate(row.at))}{word}" + (f"：{row.text}" if row.text else "")
    return f"{row.who}　待签批" if version.state == State.SIGNING and row.order == version.turn else row.who


def requests_shown(user: Any, parts: Sequence[Assignment], view: Eyes) -> list[RequestShown]:
    """What is being signed in this person's own unit, and what he can do about it; each version has its page."""
    own = {part.pk: part for part in parts if Eye.UNIT in view.of(part)}
    if not own:
        return []
    versions = ReplyVersion.objects.filter(reply__assignment__in=own).select_related("reply")
    rows = list(with_signatures(versions.order_by("reply__assignment", "-reply__round", "-number")))
    today = timezone.localdate()
    waiting = [row.pk for row in rows if row.state == State.SIGNING]
    mine = set(waiting_for(user, on=today).filter(pk__in=waiting).values_list("pk", flat=True)) if waiting else set()
    shown = []
    for part in own.values():
        of_part = [row for row in rows if row.reply.assignment_id == part.pk]
        if not of_part:
            continue
        acts = [
            act for row in of_part if row.state == State.SIGNING for act in acts_on(user, row, part, view, mine=mine)
        ]
        acts += [
            Act(f"查看{'二次答复' if row.reply.round > 1 else ''}{row}", to("reply_version", row)) for row in of_part
        ]
        newest = of_part[0]
        title = f"{part.unit}答复稿{newest}（{newest.get_state_display()}）"
        shown.append(RequestShown(title, steps_of(newest), acts))
    return shown


def acts_on(user: Any, row: ReplyVersion, part: Assignment, view: Eyes, *, mine: set[int]) -> list[Act]:
    acts = []
    if allowed(user, "handling.sign_reply", part, view):
        his = row.pk in mine
        acts.append(Act("签批" if his else "登记纸质签批", to("sign_reply", row), kind="primary" if his else ""))
    turn = next(one for one in row.signatures.all() if one.order == row.turn)
    if turn.kind == SigningKind.COUNTERSIGN:
        acts = [Act("处理会签意见，继续送签", to("settle_countersigns", row))]
    if allowed(user, "handling.send_up", part, view):
        acts.append(Act("撤回送签", to("take_back", row)))
    return acts


def to(name: str, row: Any) -> str:
    return reverse(f"handling:{name}", args=[row.public_id])
