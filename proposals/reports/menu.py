"""What the side menu and the desk offer of opinions and leads."""

from datetime import date
from typing import Any

from django.urls import reverse

from members.desk import Waiting, Work
from members.desk import register as put
from members.navigation import Entry
from members.navigation import register as offer
from proposals.reports.models import Opinion


def register() -> None:
    offer(
        Entry("办理", "意见建议", "message-square-reply", "reports:opinions", "reports.opinions", order=90),
        Entry("办理", "社情民意线索", "inbox", "reports:leads", "reports.leads", order=91),
    )
    put(waiting, action="reports.handle_opinion", order=45)


def waiting(user: Any, on: date) -> Work:
    rows = Opinion.objects.visible_to(user).filter(status=Opinion.Status.RECEIVED)
    url = f"{reverse('reports:opinions')}?status=received"
    return Work(counts=[Waiting("待办意见建议", rows, url, only_if_any=True)])
