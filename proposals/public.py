"""What everybody may read without an account: published proposals with masked texts and agreed names (M16, S19).

Only the copies of `Publication` are read here, never the proposal's own words. Who agreed to be named, and has not been
taken off the public pages since, is asked each time (P13); a name that may not be read is hidden in the texts, too.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet
from django.db.models.functions import StrIndex
from django.urls import reverse
from django.utils import timezone

from members.shown import Fact
from proposals.handling.models import Assignment, EvaluationRound, Matter, Participant, Stage
from proposals.handling.queries import PublicCommitment, public_commitments
from proposals.masking import MARK, mask
from proposals.models import Award, AwardEntry, Proposal, Publication, PublicReply
from proposals.naming import may_be_named

NOBODY_NAMED = "提案者（未公开姓名）"
PLAIN_STAGES = {
    Stage.ANSWERED: "已答复",
    Stage.CLOSED: "已办结",
    Stage.CLOSED_SILENT: "已办结",
    Stage.ARCHIVED: "已办结",
}


def published(on: date | None = None) -> QuerySet[Publication]:
    """What is public today, the newest first, with everything that a line of it needs."""
    rows = Publication.objects.public(on or timezone.localdate())
    rows = rows.select_related("proposal__matter__session", "proposal__category").prefetch_related(
        Prefetch("proposal__matter__participants", Participant.objects.named()),
        Prefetch("proposal__matter__assignments", Assignment.objects.select_related("unit")),
    )
    return rows.order_by(F("publish_on").desc(), "-pk")


def called(rows: QuerySet[Publication], words: str) -> QuerySet[Publication]:
    """Of these the ones whose title has the words; a title with a name that was taken off answers to none."""
    gone = Participant.objects.filter(matter=OuterRef("proposal__matter"), person__withdrawn_at__isnull=False)
    named = gone.alias(place=StrIndex(OuterRef("title"), F("person__name"))).filter(place__gt=0)
    return rows.filter(~Exists(named), title__icontains=words)


def address_of(matter: Matter) -> str:
    return reverse("portal:open_proposal", args=[matter.public_id])


def veil(proposal: Proposal) -> Callable[[str], str]:
    """Hides in a text the names of those behind the proposal that may not be read."""
    people = proposal.matter.participants.all()
    names = {row.person.name for row in people if row.person and not named(row, proposal)}
    names -= {row.person.name for row in people if row.person and named(row, proposal)}

    def veiled(text: str) -> str:
        for name in sorted(names, key=len, reverse=True):
            text = text.replace(name, MARK)
        return text

    return veiled


def named(row: Participant, proposal: Proposal) -> bool:
    return row.left_at is None and may_be_named(row, proposal)


def names_of(proposal: Proposal) -> str:
    """The proposers who agreed to be named, in their order, and that there are others."""
    rows = [row for row in proposal.matter.participants.all() if row.role in Participant.EVALUATING]
    rows = sorted((row for row in rows if row.left_at is None), key=lambda row: (row.order, row.pk))
    shown = [str(row) for row in rows if may_be_named(row, proposal)]
    if not shown:
        return NOBODY_NAMED
    return "、".join(shown) + (f"等{len(rows)}位提案者" if len(shown) < len(rows) else "")


def units_of(proposal: Proposal) -> list[Assignment]:
    rows = [row for row in proposal.matter.assignments.all() if row.ended_at is None]
    return sorted(rows, key=lambda row: (row.role == Assignment.Role.CO, row.pk))


@dataclass(frozen=True)
class Line:
    """A published proposal as lists, feeds and open data name it."""

    row: Publication
    url: str
    session: str
    number: str
    title: str
    proposers: str
    category: str
    units: str
    published_on: date
    gist: str


def line_of(row: Publication) -> Line:
    proposal, matter = row.proposal, row.proposal.matter
    veiled = veil(proposal)
    assert row.publish_on is not None
    return Line(
        row=row,
        url=address_of(matter),
        session=str(matter.session or ""),
        number=matter.number or "",
        title=veiled(row.title),
        proposers=names_of(proposal),
        category=str(proposal.category or ""),
        units="、".join(one.unit.name for one in units_of(proposal)) or "",
        published_on=row.publish_on,
        gist=veiled(row.situation)[:200],
    )


def lines_of(rows: Iterable[Publication]) -> list[Line]:
    return [line_of(row) for row in rows]


@dataclass(frozen=True)
class PublicAnswer:
    suggestion: str
    text: str
    result: str = ""


@dataclass(frozen=True)
class Replied:
    title: str
    facts: list[Fact]
    text: str
    answers: list[PublicAnswer]


def text_of(row: Publication) -> list[Fact]:
    """The proposal's own text, part by part."""
    veiled = veil(row.proposal)
    parts = [Fact("情况与问题", veiled(row.situation), wide=True), Fact("原因分析", veiled(row.analysis), wide=True)]
    parts += [Fact(f"建议 {number}", veiled(words), wide=True) for number, words in enumerate(row.suggestions, start=1)]
    return [part for part in parts if part.value]


def replies_of(row: Publication) -> list[Replied]:
    """The published replies with their result class; what is not published is said by `left_out`."""
    veiled = veil(row.proposal)
    rows = PublicReply.objects.filter(publication=row).select_related("reply__assignment__unit", "reply__result")
    shown = []
    for one in rows.order_by("reply__assignment__role", "reply__assignment_id", "reply__round"):
        reply = one.reply
        facts = [Fact("答复日期", reply.replied_on), Fact("办理结果", reply.result)]
        answers = [
            PublicAnswer(answer["suggestion"], veiled(answer["text"]), answer["result"]) for answer in one.answers
        ]
        title = f"{reply.assignment.unit}{'二次' if reply.round > 1 else ''}答复"
        shown.append(Replied(title, [fact for fact in facts if fact.value], veiled(one.opening), answers))
    return shown


def evaluation_of(row: Publication) -> list[Fact]:
    """How the proposers found the replies, only if the reviewers publish that: the outcome, never a form."""
    if not row.with_evaluation:
        return []
    rounds: Any = EvaluationRound.objects.filter(
        assignment__matter=row.proposal.matter_id, assignment__ended_at=None, closed_at__isnull=False
    )
    last: dict[int, EvaluationRound] = {}
    for one in rounds.select_related("assignment__unit").order_by("round", "pk"):
        last[one.assignment_id] = one
    return [Fact(str(one.assignment.unit), one.get_outcome_display()) for one in last.values()]


def promises_of(row: Publication) -> list[PublicCommitment]:
    """What the units promised in replies that are published, in the words that the reviewers have passed (P25)."""
    veiled = veil(row.proposal)
    replies = PublicReply.objects.filter(publication=row).values_list("reply_id", flat=True)
    return [
        replace(one, text=veiled(mask(one.text, row.hidden, row.kept)))
        for one in public_commitments(row.proposal.matter, replies)
    ]


@dataclass(frozen=True)
class Announced:
    """An award as everybody may read it: published proposals, or units as they were called then."""

    title: str
    lines: list[Line]
    units: list[str]


def honours(on: date | None = None) -> list[Announced]:
    """The awards that were announced, the newest session first; an award of which nothing is public is not there.

    By number and by name: places come of evaluations and appraisals, which are nobody's outside (S2).
    """
    awards = Award.objects.filter(state=Award.State.ANNOUNCED).select_related("session")
    rows = list(awards.order_by("-session__term__number", "-session__number", "honour"))
    found: dict[int, list[AwardEntry]] = {row.pk: [] for row in rows}
    for entry in AwardEntry.objects.filter(award__in=rows, chosen=True).order_by("unit__pinyin", "pk"):
        found[entry.award_id].append(entry)
    chosen = [entry.proposal_id for of in found.values() for entry in of if entry.proposal_id]
    lines = {row.proposal_id: line_of(row) for row in published(on).filter(proposal__in=chosen)} if chosen else {}
    shown = [
        Announced(
            str(row),
            sorted(
                (lines[one.proposal_id] for one in found[row.pk] if one.proposal_id in lines),
                key=lambda line: line.number.zfill(12),
            ),
            [one.unit_name for one in found[row.pk] if one.unit_name],
        )
        for row in rows
    ]
    return [one for one in shown if one.lines or one.units]


def honour_of(proposal: Proposal) -> str:
    """As what it was announced, if it was."""
    rows = AwardEntry.objects.filter(proposal=proposal, chosen=True, award__state=Award.State.ANNOUNCED)
    return "、".join(str(row.award) for row in rows.select_related("award__session").order_by("pk"))


def facts_of(row: Publication) -> list[Fact]:
    proposal, matter = row.proposal, row.proposal.matter
    units = [f"{one.unit.name}（{one.get_role_display()}）" for one in units_of(proposal)]
    facts = [
        Fact("届次", str(matter.session or "")),
        Fact("案号", f"第{matter.number}号" if matter.number else ""),
        Fact("提案者", names_of(proposal)),
        Fact("类别", str(proposal.category or "")),
        Fact("承办单位", "、".join(units), wide=True),
        Fact("办理情况", PLAIN_STAGES.get(Stage(matter.stage), "办理中")),
        Fact("表彰", honour_of(proposal)),
        Fact("公布日期", row.publish_on),
    ]
    return [fact for fact in facts if fact.value]
