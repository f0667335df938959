"""Replies, answer by answer, with their letters and what may be said of them outside."""

from collections.abc import Sequence
from typing import Any

from django.contrib.postgres.aggregates import JSONBAgg
from django.db.models import Q, QuerySet
from django.db.models.functions import JSONObject

from members.shown import Act, Fact
from proposals.handling.aspects import Aspect, aspects
from proposals.handling.blocks import Answer, ReplyShown
from proposals.handling.eyes import Eye, Eyes
from proposals.handling.models import Attachment, Matter, Reply, Suggestion
from proposals.handling.owners import course_of
from proposals.handling.queries import labels_of
from proposals.handling.rights import allowed

from .links import file_row, to


def replies_shown(
    user: Any,
    matter: Matter,
    rows: Sequence[Reply],
    view: Eyes,
    files: Sequence[Attachment],
    suggestions: Sequence[Suggestion],
) -> list[ReplyShown]:
    """The replies that this person may read, the latest round first."""
    for row in rows:
        row.assignment.matter = matter
    readable = [row for row in rows if aspects(view, row) & {Aspect.REPLY, Aspect.DRAFT_REPLY}]
    readable.sort(key=lambda row: (-row.round, row.pk))
    return [told_of(user, row, view, reply_shown(row, files, suggestions)) for row in readable]


def told_of(user: Any, row: Reply, view: Eyes, shown: ReplyShown) -> ReplyShown:
    """The same with what the unit proposed for its publication, and the way to propose it or to put it back."""
    matter = row.assignment.matter
    if Aspect.DISCLOSURE not in aspects(view, row) or matter.placeholder or not course_of(matter).disclosure:
        return shown
    said = getattr(row, "disclosure", None)
    shown.facts.append(Fact("公开属性", said.words if said else "承办单位还没有提出"))
    if allowed(user, "handling.propose_disclosure", row.assignment, view):
        wanted = row.state == Reply.State.DELIVERED and (said is None or said.returned_at is not None)
        primary = wanted and Eye.UNIT in view.of(row.assignment)
        label = "提出公开属性" if said is None else "更改公开属性"
        shown.acts.append(
            Act(label, to("disclosure", row), kind="primary" if primary else "", about=str(row.assignment.unit))
        )
    put_back = said is not None and said.returned_at is not None
    delivered = row.state == Reply.State.DELIVERED and not put_back
    if delivered and allowed(user, "handling.return_disclosure", row.assignment, view):
        shown.acts.append(Act("公开属性退回单位", to("return_disclosure", row), about=str(row.assignment.unit)))
    return shown


def with_points(replies: QuerySet[Reply]) -> QuerySet[Reply]:
    """Replies with what `reply_shown` needs of each, in one query."""
    points = JSONObject(
        suggestion="points__suggestion_id", text="points__text",
        result="points__result__code", same="points__same_as_id",
    )  # fmt: skip
    rows = replies.select_related("assignment__unit", "issuer", "result", "disclosure")
    return rows.annotate(given=JSONBAgg(points, filter=Q(points__isnull=False)))


def reply_shown(row: Any, files: Sequence[Attachment], suggestions: Sequence[Suggestion]) -> ReplyShown:
    state = "" if row.state == Reply.State.DELIVERED else f"（{row.get_state_display()}）"
    title = f"{row.assignment.unit}{'二次' if row.round > 1 else ''}答复{state}"
    facts = [
        Fact("行文单位", row.issuer.name if row.issuer_id != row.assignment.unit_id else ""),
        Fact("文号", row.doc_no),
        Fact("落款日期", row.letter_on),
        Fact("签发人", row.signer),
        Fact("办理结果", row.result),
        Fact("联系人", " ".join(filter(None, [row.contact_name, row.contact_phone]))),
        Fact("未面商原因", row.no_contact_reason, wide=True),
        Fact("退回修改意见", row.return_reason if row.state == Reply.State.RETURNED else "", wide=True),
    ]
    letters = [one for one in files if one.reply_id == row.pk]
    return ReplyShown(
        title=title,
        facts=[fact for fact in facts if fact.value],
        answers=answers_of(row.given or [], suggestions),
        text=row.opening,
        files=[file_row(one) for one in letters],
        acts=[],
    )


def answers_of(points: Sequence[dict[str, Any]], suggestions: Sequence[Suggestion]) -> list[Answer]:
    """The answers in the order of the suggestions, each called as everywhere else."""
    labels, given = labels_of(suggestions), {point["suggestion"]: point for point in points}
    return [
        Answer(
            f"{labels[one.pk]}：{one.for_units}",
            f"同{labels[point['same']]}" if point["same"] else point["text"],
            f"{point['result']}类" if point["result"] else "",
        )
        for one in suggestions
        if (point := given.get(one.pk))
    ]
