"""What the side menu and the desk offer of opinions and leads."""

from datetime import date
from typing import Any

from django.urls import reverse

from members.desk import Waiting, Work
from members.desk import register as put
from members.navigation import Entry
from members.navigation import register as offer
from proposals.reports.models import Issue, Opinion
from proposals.reports.queries import in_editing


def register() -> None:
    offer(
        Entry("办理", "意见建议", "message-square-reply", "reports:opinions", "reports.opinions", order=90),
        Entry("办理", "编辑中的信息", "pen-line", "reports:editing", "reports.edit", order=88),
        Entry("办理", "社情民意刊物", "file-text", "reports:issues", "reports.read_issue", order=89),
        Entry("办理", "社情民意线索", "inbox", "reports:leads", "reports.leads", order=91),
    )
    put(waiting, action="reports.handle_opinion", order=45)
    put(to_edit, action="reports.edit", order=43)
    put(to_sign, action="reports.sign_or_check", order=44)


def waiting(user: Any, on: date) -> Work:
    rows = Opinion.objects.visible_to(user).filter(status=Opinion.Status.RECEIVED)
    url = f"{reverse('reports:opinions')}?status=received"
    return Work(counts=[Waiting("待办意见建议", rows, url, only_if_any=True)])


def to_edit(user: Any, on: date) -> Work:
    return Work(counts=[Waiting("编辑中的信息", in_editing(user), reverse("reports:editing"), only_if_any=True)])


def to_sign(user: Any, on: date) -> Work:
    """What waits for this person's word: to be signed, or to be checked by another than who sent it up."""
    rows = Issue.objects.visible_to(user)
    way, state = reverse("reports:issues"), Issue.State
    counts = []
    if user.has_perm("reports.check_issue"):
        mine = rows.filter(state=state.CHECKING).exclude(sent_by=user)
        counts.append(Waiting("待核稿的刊物", mine, f"{way}?state={state.CHECKING}", only_if_any=True))
    if user.has_perm("reports.sign_issue"):
        counts.append(Waiting("待签发的刊物", rows.filter(state=state.SIGNING), f"{way}?state={state.SIGNING}"))
    return Work(counts=counts)
