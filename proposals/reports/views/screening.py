"""The screening desk: one pile with claims, a report with its text left and the decision right, a page a decision."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import Count, F, Min, QuerySet, Window
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from members.forms import PlainForm
from members.inbox.many import ManyPage
from members.pages import BulkPage, ConfirmPage, ListPage, Signed
from members.shown import Act, Crumb, Fact, Tab
from proposals.handling import clocks
from proposals.handling.models import Obligation, Reason
from proposals.handling.panels import suspend_act
from proposals.handling.panels.links import file_rows
from proposals.reports import actions, many
from proposals.reports.filters import QueueFilter
from proposals.reports.hands import (
    due_to_screen,
    is_party_to,
    party,
    same_text,
    similar_to,
    stands_behind,
    to_screen,
)
from proposals.reports.models import Referral, Report, Status, Words, handed_in
from proposals.reports.report_forms import (
    KeepForm,
    KeepManyForm,
    LeadForm,
    LevelForm,
    ReferForm,
    ReturnForm,
    WithdrawLeadForm,
)
from proposals.reports.telling import telling

from .base import OneReport, ReportAct, facts_of, in_step, screening_crumbs, shown_of, to
from .report import PEOPLE, authors_of
from .writing import alarm_of

GROUPS = [
    ("all", "全部待筛选"),
    ("mine", "我正在筛选"),
    ("due", "今天到期或已过期"),
    ("urgent", "急报"),
    ("same", "内容相同的"),
]
QUEUE = "reports:screening"


class Queue(Signed, ListPage[Report]):
    """What has to be screened: urgent ones first, then the oldest; the same text through two channels stands together."""

    action = "reports.screen"
    title = "信息筛选"
    template_name = "reports/queue.html"
    filterset_class = QueueFilter
    unit_word = "篇"
    id_path = "matter__public_id"
    empty_sentence = "没有待筛选的信息。"

    @property
    def group(self) -> str:
        wanted = self.request.GET.get("group", "")
        return wanted if wanted in dict(GROUPS) else "all"

    def get_queryset(self) -> QuerySet[Report]:
        rows = to_screen(self.me).select_related("matter", "claimed_by").prefetch_related(PEOPLE)
        if self.group == "mine":
            rows = rows.filter(claimed_by=self.me)
        elif self.group == "due":
            rows = rows.filter(pk__in=due_to_screen(self.me).values("pk"))
        elif self.group == "urgent":
            rows = rows.filter(urgent=True)
        elif self.group == "same":
            several = (
                to_screen(self.me).order_by().values("fingerprint").annotate(amount=Count("pk")).filter(amount__gt=1)
            )
            rows = rows.filter(fingerprint__in=several.values("fingerprint"))
        since = Window(Min("submitted_at"), partition_by=[F("fingerprint")])
        return rows.annotate(since=since).order_by("-urgent", "since", "fingerprint", "submitted_at", "pk")

    def bulk_acts(self) -> list[Act]:
        return [
            Act("开始筛选", reverse("reports:claim_many"), "gavel"),
            Act("采编", reverse("reports:accept_many"), "circle-check"),
            Act("留存备查", reverse("reports:keep_many"), "bookmark"),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        path = self.request.path
        tabs = [Tab(label, f"{path}?group={key}", key == self.group) for key, label in GROUPS]
        shown = list(kwargs["page_obj"])
        together, due = self.together(shown), self.due(shown)
        for row in shown:
            row.people, row.together, row.due_on = authors_of(row), together[row.fingerprint], due.get(row.matter_id)
        return super().get_context_data(tabs=tabs, **kwargs)

    def together(self, shown: Sequence[Report]) -> Counter[str]:
        """How many of those to be screened have the text of each row of this page, whatever the filter leaves out."""
        rows = to_screen(self.me).filter(fingerprint__in={row.fingerprint for row in shown})
        return Counter(rows.values_list("fingerprint", flat=True))

    def due(self, shown: Sequence[Report]) -> dict[int, date]:
        rows = Obligation.objects.running().filter(
            matter__in=[row.matter_id for row in shown], stage="report_screening"
        )
        return dict(rows.values_list("matter_id", "due_on"))


class ClaimMany(Signed, BulkPage[Report]):
    """Takes several for oneself; colleagues see it."""

    action = "reports.screen"
    title = "开始筛选多篇"
    form_class = PlainForm
    submit_label = "开始筛选"
    done_verb = "开始筛选"
    unit_word = "篇"
    id_path = "matter__public_id"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("信息筛选", reverse(QUEUE))]

    def get_queryset(self) -> QuerySet[Report]:
        return to_screen(self.me).select_related("matter", "claimed_by").order_by("submitted_at", "pk")

    def name_of(self, row: Report) -> str:
        return f"{row.matter.label}　{row.matter.title}"

    def why_not(self, row: Report) -> str:
        return f"{row.claimed_by}正在筛选" if row.claimed_by and row.claimed_by != self.me else ""

    def act(self, row: Report, form: Any) -> None:
        actions.claim(row, by=self.me, now=timezone.now())


class DecideMany(ManyPage[Report]):
    """One decision on several; authors are told in one message each."""

    action = "reports.screen"
    unit_word = "篇"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("信息筛选", reverse(QUEUE))]


class AcceptMany(DecideMany):
    title, submit_label, form_class, many_class = "采编多篇", "全部采编", PlainForm, many.Accept


class KeepMany(DecideMany):
    title, submit_label, form_class, many_class = "留存多篇备查", "全部留存", KeepManyForm, many.Keep


def next_after(report: Report, user: Any) -> str:
    """The next one that no colleague holds, or the pile."""
    rows = to_screen(user).exclude(pk=report.pk).exclude(matter__in=party(user).values("matter"))
    free = rows.filter(claimed_by=None) | rows.filter(claimed_by=user)
    row = free.select_related("matter").order_by("-urgent", "submitted_at", "pk").first()
    return to(row, "screen") if row else reverse(QUEUE)


class Screen(ReportAct):
    """Text left, decision right; `n` goes to the next. Opening changes nothing, claiming is a button."""

    action = "reports.screen"
    template_name = "reports/screen.html"
    form_class = PlainForm
    submit_label = "开始筛选"

    def get_queryset(self) -> QuerySet[Report]:
        rows = super().get_queryset().annotate(party=stands_behind(self.me)).prefetch_related(PEOPLE)
        return in_step(self.request, rows, status=Status.SUBMITTED)

    def get_title(self) -> str:
        return f"筛选 {self.object.matter.label}"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("信息筛选", reverse(QUEUE))]

    def shown(self) -> dict[str, str]:
        return as_read(self.object)

    def check_locked(self) -> None:
        """To claim is no decision: the links of this page carry what was read."""

    def form_valid(self, form: Any) -> HttpResponseBase:
        if "release" in self.request.POST:
            actions.release(self.object, by=self.me, now=timezone.now())
            return HttpResponseRedirect(reverse(QUEUE))
        actions.claim(self.object, by=self.me, now=timezone.now(), take_over="take_over" in self.request.POST)
        return HttpResponseRedirect(to(self.object, "screen"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        report, matter = self.object, self.object.matter
        words = handed_in(report)
        clock = clocks.open_for(matter=matter, stage="report_screening").first()
        same = list(same_text(report, self.me).prefetch_related(PEOPLE)[:10])
        twins = {row.get_absolute_url() for row in same}
        return super().get_context_data(
            report=report,
            people=authors_of(report),
            text=facts_of(words),
            length=words.length,
            alarm=alarm_of(words),
            hint=self.hint(words),
            mine=report.claimed_by_id == self.me.pk,
            clock=clock,
            files=file_rows(report.matter, self.me),
            same=[(row, authors_of(row)) for row in same],
            combine_url=self.combine_url(same),
            similar=[one for one in similar_to(matter.title, self.me, besides=report) if one.url not in twins],
            next_url=next_after(report, self.me),
            own=is_party_to(self.me, report),
            **kwargs,
        )

    def hint(self, words: Words) -> dict[str, str]:
        """What of the text points to a reason for keeping it, with the way to do so; whoever screens judges himself."""
        code, word = telling(words)
        rows = Reason.objects.in_force(timezone.localdate()).filter(use=Reason.Use.REPORT_KEEP, code=code)
        if not code or (reason := rows.first()) is None:
            return {}
        text = f"文中有“{word}”，可能属于“{reason}”，请核对。属实的，可以按这一理由留存备查，并告知反映人去处。"
        return {"text": text, "url": f"{to(self.object, 'keep')}?ground={code}&seen={self.version()}"}

    def combine_url(self, same: list[Report]) -> str:
        """The way to make one of them, with both sources credited (P30)."""
        if not same:
            return ""
        try:
            return to(self.object, "combine")
        except NoReverseMatch:
            return ""

    def acts(self) -> list[Act]:
        return [
            Act("调整级别", to(self.object, "set_level"), "lock", "ghost"),
            *suspend_act(self.me, self.object.matter),
        ]


def as_read(report: Report) -> dict[str, str]:
    """What a decision is made on; sent back, changed and handed in again, it must be read again."""
    return {"提交情况": f"第{report.submissions}次提交", **shown_of(handed_in(report))}


class Decision(ReportAct):
    """A form of the office about one report; the next one follows."""

    action = "reports.screen"
    statuses: tuple[str, ...] = (Status.SUBMITTED,)

    def get_queryset(self) -> QuerySet[Report]:
        return in_step(self.request, super().get_queryset(), status__in=self.statuses)

    def crumbs(self) -> list[Crumb]:
        if self.object.status == Status.SUBMITTED:
            return screening_crumbs(self.object)
        return super().crumbs()

    def shown(self) -> dict[str, str]:
        return as_read(self.object)

    def form_valid(self, form: Any) -> HttpResponseBase:
        screened = self.object.status == Status.SUBMITTED
        self.decide(form.cleaned_data)
        self.done_sentence = f"{self.object.matter.label}{self.done_sentence}"
        return HttpResponseRedirect(next_after(self.object, self.me) if screened else self.object.get_absolute_url())

    def decide(self, data: dict[str, Any]) -> None:
        raise NotImplementedError


class GiveBack(Decision):
    title, submit_label, form_class = "退回修改", "退回", ReturnForm
    done_sentence = "已退回，反映人会收到通知。"

    def decide(self, data: dict[str, Any]) -> None:
        actions.give_back(self.object, **data, by=self.me, now=timezone.now())


class Keep(Decision):
    title, submit_label, form_class = "留存备查", "留存", KeepForm
    done_sentence = "已留存，反映人会收到通知。"
    statuses = (Status.SUBMITTED, Status.EDITING)

    def get_initial(self) -> dict[str, Any]:
        return {"reason": self.request.GET.get("ground", "")}

    def decide(self, data: dict[str, Any]) -> None:
        actions.keep(self.object, **data, by=self.me, now=timezone.now())


class Refer(Decision):
    title, submit_label, form_class = "原文转送", "转送", ReferForm
    done_sentence = "已登记转送，反映人会收到通知。"
    statuses = (Status.SUBMITTED, Status.KEPT)

    def decide(self, data: dict[str, Any]) -> None:
        actions.refer_original(self.object, **data, by=self.me, now=timezone.now())


class Accept(Decision):
    """Takes it up for the bulletin; the editors go on. The page that shows a report sends this at once."""

    title, submit_label, form_class = "采编", "采编", PlainForm
    done_sentence = "已采编，转入编辑。"
    template_name = "pages/confirm.html"
    statuses = (Status.SUBMITTED, Status.KEPT, Status.REFERRED)

    def decide(self, data: dict[str, Any]) -> None:
        actions.accept(self.object, by=self.me, now=timezone.now())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(question="采编后转入编辑，反映人会收到通知。", **kwargs)


class Lead(Decision):
    title, submit_label, form_class = "转提案线索", "转为线索", LeadForm
    done_sentence = "已转为提案线索，反映人会收到通知，可以据此写提案。"
    statuses = (Status.SUBMITTED, Status.KEPT)

    def decide(self, data: dict[str, Any]) -> None:
        actions.lead_to_proposal(self.object, **data, by=self.me, now=timezone.now())


class WithdrawLead(Decision):
    """It was no lead after all; it is screened again."""

    title, submit_label, form_class = "撤销转提案线索", "撤销并重新筛选", WithdrawLeadForm
    done_sentence = "已撤销转提案线索，重新筛选。反映人会收到通知。"
    statuses = (Status.TURNED,)

    def get_queryset(self) -> QuerySet[Report]:
        return super().get_queryset().select_related("led_to")

    def decide(self, data: dict[str, Any]) -> None:
        actions.withdraw_lead(self.object, **data, by=self.me, now=timezone.now())


class SetLevel(Decision):
    """Raises or lowers the level; whoever may no longer see it sees it no more."""

    title, submit_label, form_class, done_sentence = "调整级别", "调整", LevelForm, "级别已调整。"

    def get_queryset(self) -> QuerySet[Report]:
        return in_step(
            self.request, OneReport.get_queryset(self), status__in=set(Status) - {Status.DRAFT, Status.WITHDRAWN}
        )

    def shown(self) -> dict[str, str]:
        return {"级别": self.object.matter.get_access_display()}

    def get_initial(self) -> dict[str, Any]:
        return {"access": self.object.matter.access}

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.set_level(self.object, **form.cleaned_data, by=self.me, now=timezone.now())
        seen = Report.objects.visible_to(self.me).filter(pk=self.object.pk).exists()
        return HttpResponseRedirect(self.object.get_absolute_url() if seen else reverse("reports:list"))


class TakeUp(Signed, ConfirmPage[Referral]):
    """A proposal that was not filed becomes a report, with its proposer's consent that was given already."""

    action = "reports.screen"
    title = "形成社情民意信息"
    submit_label = "形成信息"
    form_class = PlainForm
    question = "形成一篇待筛选的社情民意信息，原提案者列为反映人，会收到通知；两边互相可以查到。"

    def get_queryset(self) -> QuerySet[Referral]:
        rows = Referral.objects.visible_to(self.me).filter(kind=Referral.Kind.LEAD).select_related("origin")
        return in_step(self.request, rows, origin__reports=None)

    def get_object(self) -> Referral:
        return get_object_or_404(self.get_queryset(), public_id=self.kwargs["public_id"])

    def version(self) -> int | None:
        return None

    def crumbs(self) -> list[Crumb]:
        return [Crumb("社情民意线索", reverse("reports:leads"))]

    def facts(self) -> list[Fact]:
        lead = self.object
        return [
            Fact("标题", lead.origin.title, wide=True),
            Fact("内容", lead.text, wide=True),
            Fact("提案者同意情况", lead.consent, wide=True),
        ]

    def form_valid(self, form: Any) -> HttpResponseBase:
        origin = self.object.origin
        named = f"第{origin.number}号提案" if origin.number else "一件未立案的提案"
        report = actions.take_up_proposal(self.object, title=origin.title, named=named, by=self.me, now=timezone.now())
        messages.success(self.request, f"已形成信息，编号{report.matter.number}。")
        return HttpResponseRedirect(to(report, "screen"))
