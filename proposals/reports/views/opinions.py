"""Opinions: a list, the page of one, passing on, answering; and the leads for reports."""

from datetime import timedelta
from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.member_fields import member_labels
from members.models import Person
from members.pages import ActionPage, Column, DetailPage, FormPage, ListPage, RowMixin
from members.shown import Act, Crumb, Fact, FileRow
from proposals.handling import clocks
from proposals.handling.attachments import attachments_of
from proposals.handling.events import AUTHORS
from proposals.handling.eyes import Eye
from proposals.handling.models import Matter, Obligation, Stage
from proposals.handling.panels import panels_of, suspend_act
from proposals.handling.panels.links import file_row
from proposals.handling.sights import note
from proposals.reports import actions
from proposals.reports.answers import said_by_units, words_of
from proposals.reports.forms import AnswerForm, AssignForm, EnterOpinionForm, PassOnForm
from proposals.reports.models import Opinion, Referral, Report
from proposals.reports.owner import FROM_MEMBERS, names_of

from .base import about
from .report import PEOPLE

A_WEEK = timedelta(days=7)


class OpinionFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label="编号或标题", method="find")
    source = django_filters.ChoiceFilter(label="来源", choices=Opinion.Source.choices, empty_label="全部来源")
    status = django_filters.ChoiceFilter(label="状态", choices=Opinion.Status.choices, empty_label="全部状态")

    class Meta:
        model = Opinion
        fields: list[str] = []

    def find(self, rows: QuerySet[Opinion], name: str, text: str) -> QuerySet[Opinion]:
        text = text.strip()
        own = Q(matter__number=text.removeprefix("第").removesuffix("号"))
        return rows.filter(own | Q(matter__title__icontains=text)) if text else rows


class Opinions(ListPage[Opinion]):
    """The office's pile, or one's own."""

    action = "reports.opinions"
    title = "意见建议"
    template_name = "reports/opinions.html"
    filterset_class = OpinionFilter
    empty_sentence = "没有符合条件的意见建议。"
    columns = (
        Column("编号", lambda row: row.matter.number or ""),
        Column("标题", lambda row: row.matter.title),
        Column("来源", lambda row: row.get_source_display()),
        Column("状态", lambda row: state_of(row)),
        Column("办理单位", lambda row: units_in(row)),
        Column("登记日期", lambda row: timezone.localdate(row.received_at)),
        Column("答复日期", lambda row: row.answered_on or ""),
    )

    def get_queryset(self) -> QuerySet[Opinion]:
        rows = Opinion.objects.visible_to(self.request.user).select_related("matter")
        due = Obligation.objects.running().filter(matter=OuterRef("matter"), stage="opinion").order_by("pk")
        rows = rows.annotate(due_on=Subquery(due.values("due_on")[:1]))
        return rows.prefetch_related("matter__assignments__unit").order_by("-received_at", "-pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        for row in kwargs["page_obj"]:
            row.units_shown, row.state_shown = units_in(row), state_of(row)
        return super().get_context_data(**kwargs)

    def acts(self) -> list[Act]:
        if not self.person.has_perm("reports.handle_opinion"):
            return []
        return [Act("登记意见建议", reverse("reports:enter_opinion"), "clipboard-list", "primary")]


def units_in(row: Opinion) -> str:
    """Who looks into it: the units that have it in hand, or in words whoever it was passed to."""
    parts = sorted((one for one in row.matter.assignments.all() if one.ended_at is None), key=lambda one: one.pk)
    return "、".join(one.unit.name for one in parts) or row.passed_to


def state_of(row: Opinion) -> str:
    """Where it is in the office's words: in the hands of units what they do says more than our own status."""
    given = any(one.ended_at is None for one in row.matter.assignments.all())
    return (
        row.matter.get_stage_display() if given and row.status != Opinion.Status.ANSWERED else row.get_status_display()
    )


class Enter(FormPage):
    """Staff write down a letter, what was said in a group discussion or on a tour."""

    action = "reports.handle_opinion"
    title = "登记意见建议"
    form_class = EnterOpinionForm
    template_name = "reports/with_members.html"
    submit_label = "登记"
    done_sentence = "已登记，反映人会收到通知。请交办、转送或直接答复。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("意见建议", reverse("reports:opinions"))]

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.person}

    def get_initial(self) -> dict[str, Any]:
        return {"source": Opinion.Source.LETTER}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(members=member_labels(), **kwargs)

    def form_valid(self, form: Any) -> HttpResponseBase:
        opinion = actions.enter_opinion(**form.cleaned_data, by=self.person, now=timezone.now())
        return HttpResponseRedirect(opinion.get_absolute_url())


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
    """One opinion: what was said, where it is, what was answered; for its units as well, without who said it."""

    action = "reports.opinions"
    template_name = "reports/opinion.html"

    def may_open(self, user: Any) -> bool:
        return bool(user.is_authenticated)

    def note_view(self) -> None:
        note(self.me, [self.object.matter_id])

    def get_queryset(self) -> QuerySet[Opinion]:
        seen = Matter.objects.visible_to(self.me).filter(pk=OuterRef("origin"))
        clock = Obligation.objects.running().filter(matter=OuterRef("matter"), stage="opinion").order_by("pk")
        days = {name: Subquery(clock.values(name)[:1]) for name in ("due_on", "started_on", "provisional")}
        return super().get_queryset().annotate(origin_seen=Exists(seen), **days).prefetch_related(PEOPLE)

    def get_title(self) -> str:
        return self.object.matter.title

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        opinion, matter = self.object, self.object.matter
        self.panels = panels_of(self.me, matter)
        general = self.panels.view.general
        self.inside = bool(general & AUTHORS)
        return super().get_context_data(
            matter=matter,
            panels=self.panels,
            shows_handling=Eye.STAFF in general or bool(self.panels.view.units),
            kicker=f"{matter.session or ''} · {matter.number}",
            state=state_of(opinion),
            people=names_of(matter) if self.inside else FROM_MEMBERS,
            clock=opinion if self.inside else None,
            text=opinion.text,
            answer=opinion.answer if self.inside else "",
            answered=f"{opinion.answered_by or '提案委'}答复",
            facts=self.facts(),
            files=self.files(),
            **kwargs,
        )

    def files(self) -> list[FileRow]:
        """The panels know them already where units have the matter."""
        if self.panels.assignments:
            return self.panels.files
        return [file_row(one) for one in attachments_of(self.object.matter, self.me, self.panels.view)]

    def facts(self) -> list[Fact]:
        opinion, origin = self.object, self.object.origin
        facts = [Fact("登记时间", opinion.received_at)]
        if self.inside:
            facts = [Fact("来源", opinion.get_source_display()), Fact("场合", opinion.occasion), *facts]
            if origin is not None:
                facts.append(Fact("原件", origin.title, url=self.url_of_origin(), wide=True))
            facts += [Fact("转送单位", opinion.passed_to), Fact("转送日期", opinion.passed_on)]
            facts.append(Fact("答复日期", opinion.answered_on))
        return [fact for fact in facts if fact.value]

    def url_of_origin(self) -> str:
        origin = self.object.origin
        assert origin is not None
        return origin.get_absolute_url() if getattr(self.object, "origin_seen", False) else ""

    def acts(self) -> list[Act]:
        return [*self.own_acts(), *self.panels.acts, *suspend_act(self.me, self.object.matter)]

    def own_acts(self) -> list[Act]:
        """What the office can do next, the first of them in colour."""
        opinion, parts = self.object, self.panels.assignments
        keeps = self.me.has_perm("reports.handle_opinion") and not self.panels.view.participants  # not one's own (P13)
        if opinion.status == Opinion.Status.ANSWERED or not keeps:
            return []
        at = [opinion.matter.public_id]
        assign = Act("交办承办单位", reverse("reports:assign_opinion", args=at), "send", "primary")
        told = Act("告知反映人", reverse("reports:answer_opinion", args=at), "message-square-reply", "primary")
        if parts:
            return [told] if opinion.matter.stage == Stage.TO_TELL else []
        passed = Act("转送单位", reverse("reports:pass_on", args=at), "send")
        return [assign, Act("答复", told.url, told.icon), passed]


class HandleOpinion(OneOpinion, ActionPage[Opinion]):
    """A form of the office about one opinion."""

    action = "reports.handle_opinion"

    def facts(self) -> list[Fact]:
        return about(self.object)

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


class AssignOpinion(HandleOpinion):
    title, submit_label, form_class = "交办承办单位", "交办", AssignForm
    done_sentence = "已交办，承办单位和反映人会收到通知。"

    def get_initial(self) -> dict[str, Any]:
        """The day by which the opinion itself is due, as long as it leaves the unit some days."""
        clock = clocks.open_for(matter=self.object.matter, stage="opinion").first()
        ahead = clock and clock.due_on > timezone.localdate() + A_WEEK
        return {"due_on": clock.due_on} if clock and ahead else {}

    def do(self, data: dict[str, Any]) -> None:
        lead, co = data["lead"], [unit for unit in data["co"] if unit != data["lead"]]
        due_on = data["due_on"]
        actions.assign_opinion(self.object, lead=lead, co=co, due_on=due_on, by=self.me, now=timezone.now())


class Answer(HandleOpinion):
    title, submit_label, done_sentence, form_class = "答复意见建议", "答复", "已答复，反映人会收到通知。", AnswerForm

    def get_initial(self) -> dict[str, Any]:
        """What the units answered is where the office begins."""
        replies = said_by_units(self.object.matter)
        if not replies:
            return {"answered_by": self.object.passed_to}
        return {
            "answered_by": "、".join(dict.fromkeys(reply.issuer.name for reply in replies))[:80],
            "answer": "\n".join(words_of(reply) for reply in replies)[:5000],
        }

    def do(self, data: dict[str, Any]) -> None:
        actions.answer(
            self.object,
            text=data["answer"],
            from_whom=data["answered_by"],
            on=data["answered_on"],
            by=self.me,
            now=timezone.now(),
        )


MADE = Prefetch("origin__reports", Report.objects.select_related("matter"))


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
        return rows.select_related("origin").prefetch_related(MADE).order_by("-on", "-pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        seen = self.request.user.has_perm("reports.list")
        takes_up = self.request.user.has_perm("reports.screen")
        return super().get_context_data(opens_reports=seen, takes_up=takes_up, **kwargs)
