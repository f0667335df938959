"""What was sent to whom and when, and what came back of it."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from members.pages import ActionPage, Column, DetailPage, ListPage, Signed
from members.shown import Crumb, Fact
from members.widgets import Day
from proposals.handling.letters import letter_docx
from proposals.handling.models import Access
from proposals.handling.views.files import word_file
from proposals.reports import bulletin_files
from proposals.reports.actions import bulletins, delivering
from proposals.reports.bulletin_forms import DeliverForm, ReturnForm
from proposals.reports.editing_forms import ReasonForm
from proposals.reports.models import Delivery, Issue, Recipient, Series

from .bulletins import ActOnIssue, issue_crumbs

RECIPIENTS = Recipient.objects.in_order()
BACK = [("no", "没有退回"), *Delivery.Returned.choices]


def of_sending(row: Delivery) -> list[Fact]:
    return [Fact("期次", str(row.issue)), Fact("发送日期", row.sent_on)]


class DeliveryFilter(django_filters.FilterSet):
    recipient = django_filters.ModelChoiceFilter(
        queryset=RECIPIENTS, to_field_name="public_id", label="发送对象", empty_label="全部对象"
    )
    kind = django_filters.ChoiceFilter(
        field_name="recipient__kind", choices=Recipient.Kind.choices, label="类别", empty_label="全部类别"
    )
    series = django_filters.ModelChoiceFilter(
        field_name="issue__series",
        queryset=Series.objects.order_by("pk"),
        to_field_name="public_id",
        label="刊物",
        empty_label="全部刊物",
    )
    returned = django_filters.ChoiceFilter(choices=BACK, method="by_return", label="送阅单", empty_label="不限")
    since = django_filters.DateFilter(field_name="sent_on", lookup_expr="gte", label="发送日期从", widget=Day)
    until = django_filters.DateFilter(field_name="sent_on", lookup_expr="lte", label="发送日期到", widget=Day)

    class Meta:
        model = Delivery
        fields: list[str] = []

    def by_return(self, rows: QuerySet[Delivery], name: str, word: str) -> QuerySet[Delivery]:
        return rows.filter(returned="" if word == "no" else word)


class Deliveries(Signed, ListPage[Delivery]):
    """What went to whom, the newest first; no title of a report stands in it."""

    action = "reports.issues"
    title = "发送登记"
    template_name = "reports/deliveries.html"
    filterset_class = DeliveryFilter
    unit_word = "条"
    empty_sentence = "没有符合条件的发送记录。"
    columns = (
        Column("刊物", lambda row: row.issue.series.name),
        Column("期号", lambda row: row.issue.mark),
        Column("级别", lambda row: row.get_level_display()),
        Column("发送对象", lambda row: row.recipient.name),
        Column("类别", lambda row: row.recipient.get_kind_display()),
        Column("发送日期", lambda row: row.sent_on),
        Column("方式", lambda row: row.get_how_display()),
        Column("份数", lambda row: row.copies),
        Column("送阅单", lambda row: row.get_returned_display()),
        Column("退回日期", lambda row: row.returned_on or ""),
        Column("登记人", lambda row: row.by.name),
    )

    def crumbs(self) -> list[Crumb]:
        return [Crumb("社情民意刊物", reverse("reports:issues"))]

    def get_queryset(self) -> QuerySet[Delivery]:
        rows = Delivery.objects.visible_to(self.me).select_related("issue__series", "recipient", "by")
        return rows.order_by("-sent_on", "-pk")

    def export(self, rows: QuerySet[Delivery]) -> HttpResponseBase:
        """Sensitive ones leave the house in no table (S20)."""
        return super().export(rows.exclude(level=Access.SENSITIVE))


class Deliver(ActOnIssue, ActionPage[Issue]):
    """Whom the issue was sent to, on one day in one way."""

    action = "reports.issue"
    states = (Issue.State.ISSUED,)
    title = "登记发送"
    form_class = DeliverForm
    submit_label = "登记发送"
    done_sentence = "已登记发送。"

    @cached_property
    def offered(self) -> list[Recipient]:
        """Who may still get it; of a special brief its addressee alone."""
        issue = self.object
        rows = Recipient.objects.current().exclude(pk__in=issue.deliveries.values("recipient")).in_order()
        return list(rows.filter(pk=issue.addressee_id) if issue.addressee_id else rows)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "offered": self.offered, "issue": self.object}

    def get_initial(self) -> dict[str, Any]:
        return {
            "recipients": [str(one.public_id) for one in bulletins.fixed_recipients(self.object) if one in self.offered]
        }

    def do(self, form: Any) -> None:
        said = {name: form.cleaned_data[name] for name in ("on", "how", "copies")}
        delivering.deliver(self.object, form.chosen(), **said, by=self.me, now=timezone.now())


class Slip(Signed, DetailPage[Delivery]):
    """The sheet that goes with a copy to a leader, to be filled in by hand (送阅单, P18); each is written down."""

    action = "reports.issue"

    def get_queryset(self) -> QuerySet[Delivery]:
        rows = Delivery.objects.visible_to(self.me).filter(recipient__kind=Recipient.Kind.LEADER)
        return rows.select_related("issue__series", "recipient")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return {}

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> Any:
        row = self.object
        read = bulletin_files.reading(row.issue, self.me)
        bulletin_files.note_download(read, self.me, now=timezone.now(), form="slip")
        return word_file(letter_docx(bulletin_files.slip_of(row, read)), f"送阅单{row.issue}.docx")


class RecordReturn(Signed, ActionPage[Delivery]):
    """What a leader put on the slip that went with an issue (送阅单, P18)."""

    action = "reports.issue"
    title = "登记送阅单退回"
    form_class = ReturnForm
    submit_label = "登记"
    done_sentence = "已登记。"

    def get_queryset(self) -> QuerySet[Delivery]:
        return Delivery.objects.visible_to(self.me).select_related("issue__series", "recipient")

    def version(self) -> int:
        return int(bool(self.object.returned))

    def get_initial(self) -> dict[str, Any]:
        row = self.object
        return {"kind": row.returned, "on": row.returned_on} if row.returned else {}

    def get_title(self) -> str:
        return f"{self.title}：{self.object.recipient}"

    def crumbs(self) -> list[Crumb]:
        return issue_crumbs(self.object.issue)

    def form_valid(self, form: Any) -> HttpResponseBase:
        again = self.opened_version() == 1
        delivering.record_return(self.object, **form.cleaned_data, again=again, by=self.me, now=timezone.now())
        if form.cleaned_data["kind"] != Delivery.Returned.READ:
            self.done_sentence = "已登记。领导写了什么，请在写到的那一篇下面登记批示。"
        return HttpResponseRedirect(self.object.issue.get_absolute_url())

    def facts(self) -> list[Fact]:
        return of_sending(self.object)


class DropDelivery(Signed, ActionPage[Delivery]):
    """Takes back what was entered of a sending by mistake."""

    action = "reports.issue"
    title = "撤销发送登记"
    form_class = ReasonForm
    submit_label = "撤销"
    done_sentence = "已撤销。登记错了的，请重新登记发送。"

    def get_queryset(self) -> QuerySet[Delivery]:
        return Delivery.objects.visible_to(self.me).select_related("issue__series", "recipient")

    def version(self) -> None:
        return None

    def get_title(self) -> str:
        return f"{self.title}：{self.object.recipient}"

    def crumbs(self) -> list[Crumb]:
        return issue_crumbs(self.object.issue)

    def facts(self) -> list[Fact]:
        return of_sending(self.object)

    def form_valid(self, form: Any) -> HttpResponseBase:
        delivering.drop_delivery(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.object.issue.get_absolute_url())
