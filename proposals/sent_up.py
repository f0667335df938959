"""Who reads what of the way up to a higher body (转报上级): asked by pages, lists, messages and the desk alike."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.urls import reverse

from members.days import full_day
from members.shown import Act, Fact
from proposals import actions
from proposals.aspects import my_organisations
from proposals.handling.eyes import Eye, Eyes
from proposals.handling.models import Access, Matter, Participant, Reply, ReplyPoint
from proposals.models import Proposal, SentUp
from proposals.rights import in_hands_of, is_held

State = SentUp.State
CONCERNED = frozenset({Eye.PROPOSER, Eye.STAFF, Eye.OFFICE, Eye.UNITS, Eye.LEADER})
"""Who learns that it was sent up, and how it fared; why, and what the proposer said, is his and the proposal office's."""


def sendings_of_list(user: Any) -> QuerySet[SentUp]:
    """Those of proposals that this person sees."""
    return SentUp.objects.filter(proposal__matter__in=Matter.objects.visible_to(user))


def sendings_asked(user: Any) -> QuerySet[SentUp]:
    """Those that wait for a yes or no of this person's."""
    own = in_hands_of(Proposal.objects.filter(status__in=actions.GOING_UP), user, "proposals.answer_sending")
    rows = SentUp.objects.filter(state=State.ASKED, proposal__in=own, proposal__matter__access=Access.OPEN)
    return rows.select_related("proposal__matter").order_by("asked_at", "pk")


def may_answer(user: Any, proposal: Proposal) -> bool:
    """Whether the yes or no is this person's: the first proposer's, or whoever acts for the leading organisation."""
    mine, role = my_organisations(user), Participant.Role
    return any(
        (row.person_id == user.pk and row.role in (role.FIRST, role.CONTACT))
        or (row.body_id in mine and row.order == 0)
        for row in proposal.matter.participants.all()
        if row.left_at is None
    )


def suggested(user: Any) -> QuerySet[Proposal]:
    """Proposals of which a delivered reply says that the powers lie higher up, and that nobody thought to send there."""
    here: dict[str, Any] = {
        "assignment__matter": OuterRef("matter"),
        "assignment__ended_at": None,
        "round": F("assignment__round"),
    }
    replies = Reply.objects.filter(**here, state=Reply.State.DELIVERED, result__beyond=True)
    points = ReplyPoint.objects.filter(
        **{f"reply__{name}": value for name, value in here.items() if name != "round"},
        reply__round=F("reply__assignment__round"),
        reply__state=Reply.State.DELIVERED,
        result__beyond=True,
    )
    rows = Proposal.objects.filter(
        internal=False, matter__access=Access.OPEN, matter__placeholder=False, matter__merged_into=None
    )
    rows = rows.filter(Exists(replies) | Exists(points)).exclude(Exists(SentUp.objects.filter(proposal=OuterRef("pk"))))
    return in_hands_of(rows, user, "proposals.send_up")


@dataclass(frozen=True)
class Shown:
    """One way up as somebody reads it, and what he may do about it."""

    row: SentUp
    facts: list[Fact]
    acts: list[Act]


def sendings_for(user: Any, proposal: Proposal, view: Eyes) -> list[Shown]:
    """The ways up of this proposal, newest first, as far as they are this person's business."""
    own = view.of(None) | ({Eye.OFFICE} if view.offices else frozenset())
    if not own & CONCERNED:
        return []
    inside = bool(own & {Eye.PROPOSER, Eye.STAFF})
    works = user.has_perm("proposals.send_up") and is_held(user, proposal, "proposals.sent_up")
    rows = proposal.sent_up.prefetch_related("fates").order_by("-asked_at", "-pk")
    if not inside:
        rows = rows.filter(state__in=SentUp.GONE)
    return [Shown(row, facts_of(row, own), acts_of(user, row, proposal, works=works)) for row in rows]


def facts_of(row: SentUp, own: Collection[Eye]) -> list[Fact]:
    inside, office = bool({Eye.PROPOSER, Eye.STAFF} & {*own}), Eye.STAFF in own
    facts = [Fact("上级机关", row.to)]
    if inside:
        facts.append(Fact("转报理由", row.reason))
        if row.answered_on:
            said = "不同意" if row.state == State.REFUSED else "同意"
            how = "（纸质或电话）" if row.on_paper else ""
            facts.append(Fact("提案者的答复", f"{full_day(row.answered_on)}{said}{how}"))
    if row.sent_on:
        facts += [Fact("转报日期", row.sent_on), Fact("文号", row.number or "无")]
    if office and row.note:
        facts.append(Fact("备注", row.note))
    for fate in sorted(row.fates.all(), key=lambda one: (one.on, one.pk)):
        text = f"：{fate.text}" if inside else ""
        facts.append(Fact("去向", f"{full_day(fate.on)}{fate.get_kind_display()}{text}"))
    return facts


OFFICE_ACTS: dict[str, tuple[tuple[str, str], ...]] = {
    State.ASKED: (("record_answer_up", "登记提案者的答复"), ("drop_sending", "不再转报")),
    State.AGREED: (("record_sent", "登记转报"), ("drop_sending", "不再转报")),
    State.SENT: (("record_fate", "登记去向"), ("undo_sent", "撤销转报登记")),
    State.KNOWN: (("record_fate", "补记去向"),),
}


def next_steps(user: Any, rows: Collection[SentUp]) -> dict[int, Act]:
    """What the office does next about each of a list, by its id; of one's own proposals nothing (P13)."""
    matters = [row.proposal.matter_id for row in rows]
    own = set(
        Participant.objects.filter(person=user, left_at=None, matter__in=matters).values_list("matter", flat=True)
    )
    steps: dict[int, Act] = {}
    for row in rows:
        if row.state in OFFICE_ACTS and row.proposal.matter_id not in own:
            name, label = OFFICE_ACTS[row.state][0]
            steps[row.pk] = Act(label, reverse(f"proposals:{name}", args=[row.public_id]))
    return steps


def acts_of(user: Any, row: SentUp, proposal: Proposal, *, works: bool) -> list[Act]:
    acts = [
        Act(label, reverse(f"proposals:{name}", args=[row.public_id]), about=str(row))
        for name, label in OFFICE_ACTS.get(row.state, ())
        if works
    ]
    if works and row.state == State.KNOWN:
        last = max(row.fates.all(), key=lambda one: one.pk)
        acts.append(Act("撤销去向登记", reverse("proposals:undo_fate", args=[last.public_id]), about=f"{row}：{last}"))
    if row.state == State.ASKED and may_answer(user, proposal) and not actions.why_not_sent_up(proposal):
        acts.insert(
            0, Act("答复是否同意转报", reverse("proposals:answer_sending", args=[row.public_id]), "check", "primary")
        )
    return acts
