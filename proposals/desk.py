"""What proposals put on a person's desk: invitations, drafts to go on with, the office's queues."""

from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from members.desk import Queue, Waiting, Work
from members.desk import register as offer
from members.shown import Act, Todo
from proposals.aspects import my_organisations
from proposals.handling.models import Matter
from proposals.keyed import candidates_asked, expected_of_leader, keys_of_list, led_by, next_day, with_next
from proposals.models import EDITABLE, KeyProposal, PreConsultation, Proposal, Publication, SentUp, Status
from proposals.queries import asked_of, invitations_for
from proposals.rights import in_hands_of
from proposals.sent_up import may_answer, sendings_asked, sendings_of_list, suggested

FEW = 5


def register() -> None:
    offer(writer, action="proposals.write", order=10)
    offer(asked_up, action="proposals.answer_sending", order=15)
    offer(invited, action="proposals.answer_invitation", order=20)
    offer(reviewer, action="proposals.review", order=30)
    offer(numberer, action="proposals.number", order=35)
    offer(allocator, action="proposals.allocate", order=40)
    offer(disclosing, action="proposals.disclosures", order=45)
    offer(going_up, action="proposals.send_up", order=46)
    offer(asked, action="proposals.answer_preconsultation", order=50)
    offer(candidates, action="proposals.give_key_opinion", order=52)
    offer(leading, action="proposals.lead_key", order=54)
    offer(led, action="proposals.led", order=10)


def own(user: Any) -> QuerySet[Proposal]:
    """Proposals that this person, or an organisation he acts for, stands behind."""
    behind = Q(participants__person=user) | Q(participants__body__in=my_organisations(user))
    matters = Matter.objects.visible_to(user).filter(behind, participants__left_at=None)
    return Proposal.objects.filter(matter__in=matters.values("pk")).select_related("matter")


def writer(user: Any, on: date) -> Work:
    """Two large entries, what was returned, and drafts to go on with."""
    rows = own(user).filter(status__in=EDITABLE).order_by("-updated_at", "-pk")[:FEW]
    todos = [
        Todo(row.matter.title or "未命名草稿", row.get_absolute_url(), note=row.matter.get_stage_display())
        for row in rows
    ]
    drafts = Queue("草稿与退回修改", todos, f"{reverse('proposals:mine')}?drafts=1")
    return Work(
        entries=[
            Act("写提案", reverse("proposals:begin"), "pen-line"),
            Act("我的提案", reverse("proposals:mine"), "file-text"),
        ],
        queues=[drafts] if todos else [],
    )


def invited(user: Any, on: date) -> Work:
    rows: list[Any] = list(invitations_for(user, my_organisations(user))[:FEW])
    if not rows:
        return Work()
    todos = [
        Todo(
            f"{row.invited_by.name}邀请您联名：{row.frozen_title}",
            reverse("proposals:invitation", args=[row.public_id]),
            when=f"{row.due_on.month}月{row.due_on.day}日前" if row.due_on else "",
        )
        for row in rows
    ]
    return Work(queues=[Queue("联名邀请", todos, reverse("proposals:invitations"))])


def reviewer(user: Any, on: date) -> Work:
    rows = in_hands_of(Proposal.objects.all(), user, "proposals.review")
    todos = [
        Todo(row.matter.title, reverse("proposals:review", args=[row.public_id]), when=row.receipt or "")
        for row in rows.select_related("matter").order_by("submitted_at", "pk")[:FEW]
    ]
    url = reverse("proposals:review_queue")
    return Work(counts=[Waiting("待审查", rows, url)], queues=[Queue("待审查", todos, url)])


def numberer(user: Any, on: date) -> Work:
    rows = Proposal.objects.visible_to(user).filter(status=Status.TO_NUMBER)
    return Work(counts=[Waiting("待编号", rows, reverse("proposals:numbering"), only_if_any=True)])


def allocator(user: Any, on: date) -> Work:
    rows = in_hands_of(Proposal.objects.all(), user, "proposals.allocate")
    url = reverse("proposals:allocation")
    return Work(
        counts=[
            Waiting("待拟办", rows.filter(allocation=None), f"{url}?drafted=no"),
            Waiting("待交办", rows.filter(allocation__isnull=False).distinct(), f"{url}?drafted=yes"),
        ]
    )


def candidates(user: Any, on: date) -> Work:
    """Candidates for the key proposals, of which an office of this person is asked what it thinks."""
    rows = list(candidates_asked(user)[:FEW])
    if not rows:
        return Work()
    todos = [
        Todo(row.key.proposal.matter.title, reverse("proposals:key_opinion", args=[row.public_id])) for row in rows
    ]
    return Work(queues=[Queue("重点提案候选征求意见", todos)])


def leading(user: Any, on: date) -> Work:
    """Key proposals that wait for a leader, a notice or a plan."""
    rows = keys_of_list(user).filter(state__in=[KeyProposal.State.CHOSEN, KeyProposal.State.LED])
    return Work(counts=[Waiting("重点提案待定领办", rows, reverse("proposals:key_list"), only_if_any=True)])


def led(user: Any, on: date) -> Work:
    """What a leader leads, the nearest day first, with what is expected of him."""
    rows = list(with_next(led_by(user), on=on).select_related("proposal__matter").order_by("plan_due_on", "pk")[:FEW])
    todos = [
        Todo(
            row.proposal.matter.title,
            reverse("proposals:key", args=[row.proposal.matter.public_id]),
            note=expected_of_leader(row),
            due_on=next_day(row, on=on)[0],
        )
        for row in rows
    ]
    return Work(queues=[Queue("我领办的重点提案", todos, reverse("proposals:led"))])


def disclosing(user: Any, on: date) -> Work:
    rows = Publication.objects.waiting().filter(proposal__matter__in=Matter.objects.visible_to(user))
    return Work(counts=[Waiting("待公开审查", rows, reverse("proposals:disclosures"), only_if_any=True)])


def asked_up(user: Any, on: date) -> Work:
    """The first proposer says whether his proposal may go to a higher body."""
    rows = sendings_asked(user).prefetch_related("proposal__matter__participants")
    todos = [
        Todo(
            f"是否同意转报{row.to}：{row.proposal.matter.title}",
            reverse("proposals:answer_sending", args=[row.public_id]),
        )
        for row in rows
        if may_answer(user, row.proposal)
    ]
    return Work(queues=[Queue("请您答复", todos[:FEW])] if todos else [])


def going_up(user: Any, on: date) -> Work:
    """Consents to act upon, and replies that say the powers lie higher up."""
    agreed = sendings_of_list(user).filter(state=SentUp.State.AGREED)
    url = reverse("proposals:sent_up")
    return Work(
        counts=[
            Waiting("待转报上级", agreed, f"{url}?state={SentUp.State.AGREED}", only_if_any=True),
            Waiting("可转报上级", suggested(user), reverse("proposals:may_go_up"), only_if_any=True),
        ]
    )


def asked(user: Any, on: date) -> Work:
    rows: list[PreConsultation] = list(asked_of(user).filter(answered_at=None).order_by("asked_at", "pk")[:FEW])
    if not rows:
        return Work()
    todos = [
        Todo(row.proposal.matter.unit_title, reverse("proposals:consultation", args=[row.public_id])) for row in rows
    ]
    return Work(queues=[Queue("承办意向征求", todos, reverse("proposals:consultations"))])
