"""Issues that the committee has opened to members (向委员开放): a list and the words of each, without who reported them (S20)."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from members.forms import PlainForm
from members.pages import ConfirmPage, DetailPage, ListPage, Signed
from members.shown import Crumb
from proposals.handling.sights import note
from proposals.reports.actions import bulletins
from proposals.reports.editing_forms import ReasonForm
from proposals.reports.models import Issue, IssueItem

from .base import in_step
from .bulletins import ActOnIssue


class Opened(Signed, ListPage[Issue]):
    """The newest first."""

    action = "reports.opened"
    title = "已开放的刊物"
    template_name = "reports/opened.html"
    unit_word = "期"
    empty_sentence = "还没有向委员开放的刊物。"

    def get_queryset(self) -> QuerySet[Issue]:
        return opened_now().order_by("-issued_on", "-pk")


class OpenedIssue(Signed, DetailPage[Issue]):
    """What of it may be read today: an item whose level was raised, or that is suspended, is not there."""

    action = "reports.opened"
    template_name = "reports/opened_issue.html"

    def get_queryset(self) -> QuerySet[Issue]:
        return opened_now()

    def get_title(self) -> str:
        return str(self.object)

    def crumbs(self) -> list[Crumb]:
        return [Crumb("已开放的刊物", reverse("reports:opened"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = IssueItem.objects.opened().filter(issue=self.object).select_related("report", "edition").in_order()
        items = list(rows)
        note(self.me, [one.report.matter_id for one in items])
        return super().get_context_data(issue=self.object, editions=[one.edition for one in items], **kwargs)


def opened_now() -> QuerySet[Issue]:
    """Those of which something may be read."""
    return Issue.objects.filter(pk__in=IssueItem.objects.opened().values("issue")).select_related("series")


class OpenToMembers(ActOnIssue, ConfirmPage[Issue]):
    action = "reports.issue"
    states = (Issue.State.ISSUED,)
    title = "向委员开放"
    form_class = PlainForm
    submit_label = "向委员开放"
    question = (
        "开放后，委员和各信息报送单位可以阅读本期正文，写信息时会看到其中的相近内容；反映人姓名不显示。可以随时取消。"
    )
    done_sentence = "已向委员开放。"

    def get_queryset(self) -> QuerySet[Issue]:
        return in_step(self.request, super().get_queryset(), opened_on=None)

    def do(self, form: Any) -> None:
        bulletins.open_to_members(self.object, by=self.me, now=timezone.now())


class CloseToMembers(ActOnIssue, ConfirmPage[Issue]):
    action = "reports.issue"
    states = (Issue.State.ISSUED,)
    title = "取消向委员开放"
    form_class = ReasonForm
    submit_label = "取消开放"
    question = "取消后，委员不能再阅读本期，相近内容中也不再出现。"
    done_sentence = "已取消向委员开放。"

    def get_queryset(self) -> QuerySet[Issue]:
        return in_step(self.request, super().get_queryset(), opened_on__isnull=False)

    def do(self, form: Any) -> None:
        bulletins.close_to_members(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())
