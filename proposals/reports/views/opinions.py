"""Opinions: a list, the page of one, passing on, answering; and the leads for reports."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.models import Person
from members.pages import ActionPage, Column, DetailPage, ListPage, RowMixin
from members.shown import Act, Crumb, Fact, Tab
from proposals.handling import clocks
from proposals.handling.models import Obligation
from proposals.handling.panels import panels_of
from proposals.reports import actions
from proposals.reports.forms import AnswerForm, PassOnForm
from proposals.reports.models import Opinion, Referral


class Opinions(ListPage[Opinion]):
    """The office's pile, or one's own."""

    action = "reports.opinions"
    title = "意见建议"
    template_name = "reports/opinions.html"
    empty_sentence = "没有意见建议。"
    columns = (
        Column("编号", lambda row: row.matter.number or ""),
        Column("标题", lambda row: row.matter.title),
        Column("来源", lambda row: row.get_source_display()),
        Column("状态", lambda row: row.get_status_display()),
        Column("转送单位", lambda row: row.passed_to),
        Column("登记日期", lambda row: timezone.localdate(row.received_at)),
        Column("答复日期", lambda row: row.answered_on or ""),
    )

    def get_queryset(self) -> QuerySet[Opinion]:
        rows = Opinion.objects.visible_to(self.request.user).select_related("matter")
        if self.request.GET.get("status") in Opinion.Status.values:
            rows = rows.filter(status=self.request.GET["status"])
        due = Obligation.objects.running().filter(matter=OuterRef("matter"), stage="opinion").order_by("pk")
        rows = rows.annotate(due_on=Subquery(due.values("due_on")[:1]))
        return rows.order_by("-received_at", "-pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        path, status = self.request.path, self.request.GET.get("status", "")
        tabs = [Tab("全部", path, not status)]
        tabs += [Tab(label, f"{path}?status={value}", status == value) for value, label in Opinion.Status.choices]
        return super().get_context_data(tabs=tabs, **kwargs)


class OneOpinion(RowMixin[Opinion]):
    """Takes the opinion of the address from those that this person may see."""

    request: Any
    kwargs: dict[str, Any]

    @property
    def me(self) -> Person:
        assert isinstance(self.request.user, Person)
        return self.request.user

    def get_queryset(self) -> QuerySet[Opinion]:
        return Opinion.objects.visible_to(self.me).select_related("matter__session", "origin")

    def get_object(self) -> Opinion:
        return get_object_or_404(self.get_queryset(), matter__public_id=self.kwargs["public_id"])

    def crumbs(self) -> list[Crumb]:
        return [Crumb("意见建议", reverse("reports:opinions"))] if self.me.has_perm("reports.opinions") else []


class OpinionPage(OneOpinion, DetailPage[Opinion]):
    """One opinion: what was said, where it is, what was answered."""

    action = "reports.opinions"
    template_name = "reports/opinion.html"

    def may_open(self, user: Any) -> bool:
        return bool(user.is_authenticated)

    def get_title(self) -> str:
        return self.object.matter.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        opinion, matter = self.object, self.object.matter
        panels = panels_of(self.me, matter)
        clock = clocks.open_for(matter=matter, stage="opinion").select_related("rule").first()
        people = matter.participants.filter(left_at=None).select_related("person", "body").order_by("order", "pk")
        return super().get_context_data(
            matter=matter,
            kicker=f"{matter.session or ''} · {matter.number}",
            state=opinion.get_status_display(),
            people="、".join(str(row) for row in people),
            clock=clock,
            text=opinion.text,
            answer=opinion.answer,
            answered=f"{opinion.answered_by or '提案委'}答复",
            facts=self.facts(),
            happenings=panels.happenings,
            **kwargs,
        )

    def facts(self) -> list[Fact]:
        opinion, origin = self.object, self.object.origin
        facts = [Fact("来源", opinion.get_source_display()), Fact("登记时间", opinion.received_at)]
        if origin is not None:
            facts.append(Fact("原件", origin.title, url=self.url_of_origin(), wide=True))
        facts += [Fact("转送单位", opinion.passed_to), Fact("转送日期", opinion.passed_on)]
        facts.append(Fact("答复日期", opinion.answered_on))
        return [fact for fact in facts if fact.value]

    def url_of_origin(self) -> str:
        origin = self.object.origin
        assert origin is not None
        seen = type(origin).objects.visible_to(self.me).filter(pk=origin.pk).exists()
        return origin.get_absolute_url() if seen else ""

    def acts(self) -> list[Act]:
        opinion = self.object
        if opinion.status == Opinion.Status.ANSWERED or not self.me.has_perm("reports.handle_opinion"):
            return []
        at = [opinion.matter.public_id]
        return [
            Act("答复", reverse("reports:answer_opinion", args=at), "message-square-reply", "primary"),
            Act("转送单位", reverse("reports:pass_on", args=at), "send"),
        ]


class HandleOpinion(OneOpinion, ActionPage[Opinion]):
    """A form of the office about one opinion."""

    action = "reports.handle_opinion"

    def crumbs(self) -> list[Crumb]:
        return [*super().crumbs(), Crumb(self.object.matter.label, self.object.get_absolute_url())]

    def version(self) -> int | None:
        return None

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form.cleaned_data)
        return HttpResponseRedirect(self.object.get_absolute_url())

    def do(self, data: dict[str, Any]) -> None:
        raise NotImplementedError


class PassOn(HandleOpinion):
    title, submit_label, done_sentence, form_class = "转送单位", "转送", "已转送，反映人会收到通知。", PassOnForm

    def get_initial(self) -> dict[str, Any]:
        return {"passed_to": self.object.passed_to}

    def do(self, data: dict[str, Any]) -> None:
        actions.pass_on(self.object, to=data["passed_to"], on=data["passed_on"], by=self.me, now=timezone.now())


class Answer(HandleOpinion):
    title, submit_label, done_sentence, form_class = "答复意见建议", "答复", "已答复，反映人会收到通知。", AnswerForm

    def get_initial(self) -> dict[str, Any]:
        return {"answered_by": self.object.passed_to}

    def do(self, data: dict[str, Any]) -> None:
        actions.answer(
            self.object,
            text=data["answer"],
            from_whom=data["answered_by"],
            on=data["answered_on"],
            by=self.me,
            now=timezone.now(),
        )


class Leads(ListPage[Referral]):
    """Proposals that were turned into leads for reports, with their words."""

    action = "reports.leads"
    title = "社情民意线索"
    template_name = "reports/leads.html"
    empty_sentence = "没有提案转来的线索。"
    columns = (
        Column("标题", lambda row: row.origin.title),
        Column("内容", lambda row: row.text),
        Column("转来日期", lambda row: row.on),
    )

    def get_queryset(self) -> QuerySet[Referral]:
        rows = Referral.objects.visible_to(self.request.user).filter(kind=Referral.Kind.LEAD)
        return rows.select_related("origin").order_by("-on", "-pk")
