from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members import audit
from members.inbox import actions, queries
from members.inbox.filters import LedgerFilter, MessageFilter
from members.inbox.forms import MarkAllRead, ToldByPhone
from members.inbox.models import LongJob, Message
from members.inbox.work import is_allowed
from members.models import Person
from members.pages import SIGNED_IN, ActionPage, Column, ConfirmPage, DetailPage, FormPage, ListPage, Page
from members.shown import Act, Crumb, Fact, Tab
from members.uploads import open_file

INBOX = "消息"
UNDELIVERED = "未送达名单"
UNSENT = "送不到的通知"
LEDGER = "发送台账"


class InboxList(ListPage[Message]):
    action = SIGNED_IN
    title = INBOX
    template_name = "inbox/list.html"
    filterset_class = MessageFilter
    unit_word = "条"
    empty_sentence = "没有消息。有新的交办、提醒或答复时，会在这里告诉您。"

    def get_queryset(self) -> QuerySet[Message]:
        return Message.objects.inbox_of(self.person).order_by("-created_at", "-id")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        page = kwargs["page_obj"]
        return super().get_context_data(
            shown=queries.shown(page.rows, self.person), upto=timezone.now().isoformat(), **kwargs
        )


class MarkAllReadPage(FormPage):
    action = SIGNED_IN
    title = "全部标为已读"
    form_class = MarkAllRead
    submit_label = "全部标为已读"

    def get_initial(self) -> dict[str, Any]:
        return {"upto": timezone.now().isoformat()}

    def crumbs(self) -> list[Crumb]:
        return [Crumb(INBOX, reverse("inbox:list"))]

    def form_valid(self, form: MarkAllRead) -> HttpResponseBase:
        actions.mark_all_read(self.person, upto=form.cleaned_data["upto"], now=timezone.now())
        return HttpResponseRedirect(reverse("inbox:list"))


class MessagePage(DetailPage[Message]):
    """One message; whoever opens it has read it."""

    action = SIGNED_IN
    template_name = "inbox/message.html"

    def get_queryset(self) -> QuerySet[Message]:
        return Message.objects.inbox_of(self.person)

    def get_object(self) -> Message:
        message = super().get_object()
        actions.mark_read(message, now=timezone.now())
        [self.shown] = queries.shown([message], self.person)
        return message

    def get_title(self) -> str:
        return self.shown.title

    def crumbs(self) -> list[Crumb]:
        return [Crumb(INBOX, reverse("inbox:list"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        url = settings.SITE_URL.rstrip("/") + self.request.path
        text = queries.as_text(self.shown.title, self.shown.lines, url=url) if self.shown.lines else ""
        return super().get_context_data(shown=self.shown, text=text, **kwargs)


def within_call(person: Person) -> QuerySet[Person]:
    return queries.within_call(person, on=timezone.localdate())


class UndeliveredPage(Page):
    """Whom nothing reaches (未送达名单): telephone numbers are shown, so each view is written down."""

    action = "inbox.undelivered"
    title = UNDELIVERED
    template_name = "inbox/undelivered.html"
    per_page: ClassVar[int] = 50

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = queries.unreached(now=timezone.now(), among=within_call(self.person))
        with_phone = self.person.has_perm("members.contact_details")
        if with_phone and rows:
            audit.record("inbox.undelivered", by=self.person, now=timezone.now(), people=len(rows))
        shown = rows[: self.per_page]
        lines = [f"{row.person.name}　{row.waiting}条未读" for row in shown]
        url = settings.SITE_URL.rstrip("/") + reverse("inbox:list")
        return super().get_context_data(
            rows=shown,
            count=len(rows),
            with_phone=with_phone,
            tabs=_tabs(self.request),
            text=queries.group_text("请下列同志登录查看通知", lines, url=url) if lines else "",
            **kwargs,
        )


class ToldByPhonePage(ActionPage[Person]):
    action = "inbox.told_by_phone"
    title = "登记电话通知"
    form_class = ToldByPhone
    submit_label = "已电话通知"
    template_name = "inbox/told_by_phone.html"

    def get_queryset(self) -> QuerySet[Person]:
        return within_call(self.person)

    def crumbs(self) -> list[Crumb]:
        return [Crumb(UNDELIVERED, reverse("inbox:undelivered"))]

    def form_valid(self, form: ToldByPhone) -> HttpResponseBase:
        actions.told_by_phone(self.object, note=form.cleaned_data["note"], by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("inbox:undelivered"))


class UndeliveredMailList(ListPage[Message]):
    action = "inbox.undelivered"
    title = UNSENT
    template_name = "inbox/undelivered_mail.html"
    unit_word = "条"
    empty_sentence = "没有退回的邮件，也没有送不到的短信。"

    def get_queryset(self) -> QuerySet[Message]:
        rows = Message.objects.undeliverable().filter(recipient__in=within_call(self.person))
        return rows.select_related("recipient").order_by("-created_at", "-id")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(tabs_=_tabs(self.request), **kwargs)


class LedgerPage(ListPage[Message]):
    """What left the house, or should have (发送台账): to whom, by which channel, how it ended; never what it said (S4)."""

    action = "inbox.ledger"
    title = LEDGER
    template_name = "inbox/ledger.html"
    filterset_class = LedgerFilter
    unit_word = "条"
    empty_sentence = "没有符合条件的通知。"
    personal = True
    columns = (
        Column("收件人", lambda row: row.recipient.name),
        Column("渠道", lambda row: row.by_what()),
        Column("状态", lambda row: row.get_state_display()),
        Column("次数", lambda row: row.attempts),
        Column("生成时间", lambda row: row.created_at),
        Column("送出时间", lambda row: row.sent_at),
        Column("问题", lambda row: row.error),
        Column("标识", lambda row: row.key),
        Column("邮件标识", lambda row: row.message_id),
    )

    def get_queryset(self) -> QuerySet[Message]:
        return Message.objects.outgoing().select_related("recipient").order_by("-created_at", "-id")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            tabs_=_tabs(self.request), may_resend=self.person.has_perm("inbox.resend"), **kwargs
        )


class ResendPage(ConfirmPage[Message]):
    action = "inbox.resend"
    title = "重发通知"
    submit_label = "重发"
    done_sentence = "已排队重发，几分钟内发出。"

    def get_queryset(self) -> QuerySet[Message]:
        return (
            Message.objects.undeliverable().filter(recipient__in=within_call(self.person)).select_related("recipient")
        )

    def crumbs(self) -> list[Crumb]:
        return [Crumb(UNSENT, reverse("inbox:undelivered_mail"))]

    def facts(self) -> list[Fact]:
        return [
            Fact("收件人", self.object.recipient.name),
            Fact("渠道", self.object.get_channel_display()),
            Fact("原因", self.object.error, wide=True),
        ]

    def form_valid(self, form: Any) -> HttpResponseBase:
        if not actions.resend(self.object, by=self.person, now=timezone.now()):
            self.done_sentence = "这条提醒所说的期限已经结束或改变，没有再发，已从未送达名单中撤下。"
        return HttpResponseRedirect(reverse("inbox:undelivered_mail"))


class JobList(ListPage[LongJob]):
    action = SIGNED_IN
    title = "长任务"
    template_name = "inbox/jobs.html"
    unit_word = "项"
    empty_sentence = "没有长任务。批量生成文书、导出等较久的工作会列在这里。"

    def get_queryset(self) -> QuerySet[LongJob]:
        return LongJob.objects.of(self.person).order_by("-created_at", "-id")


class JobPage(DetailPage[LongJob]):
    action = SIGNED_IN
    template_name = "inbox/job.html"

    def get_queryset(self) -> QuerySet[LongJob]:
        return LongJob.objects.of(self.person)

    def get_title(self) -> str:
        return self.object.title

    def crumbs(self) -> list[Crumb]:
        return [Crumb("长任务", reverse("inbox:jobs"))]

    def acts(self) -> list[Act]:
        return [Act("返回", self.object.back, "", "ghost")] if self.object.back else []


class RetryJobPage(ConfirmPage[LongJob]):
    action = SIGNED_IN
    title = "重新开始"
    submit_label = "重新开始"

    def get_queryset(self) -> QuerySet[LongJob]:
        return LongJob.objects.of(self.person)

    def facts(self) -> list[Fact]:
        return [Fact("任务", self.object.title), Fact("上次的问题", self.object.error, wide=True)]

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.retry_job(self.object, by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("inbox:job", args=[self.object.public_id]))


class JobFile(Page):
    """The file that a job left behind, for a day and for whoever started it."""

    action = SIGNED_IN

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        job = get_object_or_404(LongJob.objects.of(self.person).exclude(file=""), public_id=kwargs["public_id"])
        if not is_allowed(job):
            raise Http404
        try:
            file = open_file(job.file)
        except FileNotFoundError as error:
            raise Http404 from error
        audit.record("download", by=self.person, subject=str(job.public_id), now=timezone.now(), kind=job.kind)
        return FileResponse(file, as_attachment=True, filename=job.file_name)


def _tabs(request: HttpRequest) -> list[Tab]:
    pages = [("未送达的人", "inbox:undelivered"), (UNSENT, "inbox:undelivered_mail")]
    mine = pages if request.user.has_perm("inbox.undelivered") else []
    return [
        Tab(label, reverse(name), current=request.path == reverse(name))
        for label, name in [*mine, (LEDGER, "inbox:ledger")]
    ]
