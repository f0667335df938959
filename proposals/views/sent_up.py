"""Proposals that go to a higher body (转报上级): the office's lists, and a form for each step."""

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.days import full_day
from members.errors import Refused
from members.models import Session
from members.pages import Column, ListPage, Signed
from members.shown import Crumb, Fact, Tab
from proposals import actions
from proposals.models import Fate, Proposal, SentUp
from proposals.naming import title_shown, units_of
from proposals.rights import in_hands_of
from proposals.sent_up import may_answer, next_steps, sendings_of_list, suggested
from proposals.sent_up_forms import DropForm, FateForm, RecordAnswerForm, SendUpForm, SentForm, UndoForm

from .base import PaperPage, ProposalPage, SaysTooLate, name_of, to
from .reading import PEOPLE


class SentUpFilter(django_filters.FilterSet):
    session = django_filters.ModelChoiceFilter(
        field_name="proposal__matter__session",
        queryset=Session.objects.newest_first(),
        to_field_name="code",
        label="届次",
        empty_label="全部届次",
    )
    state = django_filters.ChoiceFilter(choices=SentUp.State.choices, label="状态", empty_label="全部状态")

    class Meta:
        model = SentUp
        fields: list[str] = []


def tabs(current: str) -> list[Tab]:
    pages = (("转报情况", "proposals:sent_up"), ("可转报的提案", "proposals:may_go_up"))
    return [Tab(label, reverse(name), name == current) for label, name in pages]


def last_fate(row: SentUp) -> str:
    fates = sorted(row.fates.all(), key=lambda one: (one.on, one.pk))
    return str(fates[-1]) if fates else ""


class SentUps(Signed, ListPage[SentUp]):
    """What was asked, sent, and what became of it, newest first."""

    action = "proposals.sent_up"
    title = "转报上级"
    template_name = "proposals/sent_up.html"
    filterset_class = SentUpFilter
    empty_sentence = "没有符合条件的转报。"
    columns = (
        Column("届次", lambda row: row.proposal.matter.session.name if row.proposal.matter.session else ""),
        Column("案号", lambda row: row.proposal.matter.number or ""),
        Column("案由", lambda row: row.title_shown),
        Column("上级机关", lambda row: row.to),
        Column("状态", lambda row: row.get_state_display()),
        Column("转报日期", lambda row: row.sent_on),
        Column("文号", lambda row: row.number),
        Column("最近去向", last_fate),
    )

    def get_queryset(self) -> QuerySet[SentUp]:
        rows = sendings_of_list(self.me).annotate(title_shown=title_shown(self.me, "proposal__matter"))
        rows = rows.select_related("proposal__matter__session").prefetch_related("fates")
        return rows.order_by("-asked_at", "-pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = list(kwargs["page_obj"])
        steps = next_steps(self.me, rows)
        for row in rows:
            row.fate, row.act = last_fate(row), steps.get(row.pk)
        return super().get_context_data(tabs=tabs("proposals:sent_up"), **kwargs)


class MayGoUp(Signed, ListPage[Proposal]):
    """Of which a unit answered that the powers lie higher up: a suggestion, nothing follows by itself."""

    action = "proposals.sent_up"
    title = "可转报上级的提案"
    template_name = "proposals/may_go_up.html"
    id_path = "matter__public_id"
    empty_sentence = "没有答复为“权限在上级”而尚未转报的提案。"
    columns = (
        Column("届次", lambda row: row.matter.session.name if row.matter.session else ""),
        Column("案号", lambda row: row.matter.number or ""),
        Column("案由", lambda row: row.title_shown),
        Column("承办单位", units_of),
    )

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = suggested(self.me).annotate(title_shown=title_shown(self.me))
        return rows.select_related("matter__session").prefetch_related(*PEOPLE).order_by("-pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        for row in kwargs["page_obj"]:
            row.units_shown = units_of(row)
        return super().get_context_data(tabs=tabs("proposals:may_go_up"), **kwargs)


class SendUp(SaysTooLate):
    """Whither and why: the proposer is asked, or his consent on paper is kept at once."""

    action = "proposals.send_up"
    title = "转报上级：征求提案者意见"
    form_class = SendUpForm
    submit_label = "征求意见"

    @property
    def done_sentence(self) -> str:  # type: ignore[override]  # what was done hangs on the sheet
        return "已登记提案者同意，请转报后登记日期。" if self.paper else "已请提案者答复是否同意。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        """On to the list where more may go up, if this one stood there."""
        suggested_here = suggested(self.me).filter(pk=self.object.pk).exists()
        data, self.paper = form.cleaned_data, self.paper_of(form)
        said = {"to": data["to"], "reason": data["reason"]}
        actions.ask_to_send_up(self.object, **said, by=self.me, now=timezone.now(), paper=self.paper)
        more = suggested_here and suggested(self.me).exists()
        return HttpResponseRedirect(reverse("proposals:may_go_up") if more else to(self.object, "detail"))


class OneSending(PaperPage):
    """A step of one way up; the page is about its proposal."""

    action = "proposals.send_up"
    submit_label = "登记"

    def get_object(self) -> Proposal:
        rows = SentUp.objects.select_related("proposal__matter").filter(proposal__in=self.proposals())
        self.row = self.row_of(rows)
        return self.row.proposal

    def row_of(self, rows: QuerySet[SentUp]) -> SentUp:
        return get_object_or_404(rows, public_id=self.kwargs["public_id"])

    def proposals(self) -> QuerySet[Proposal]:
        """Whatever has become of the proposal since: the action says what."""
        return in_hands_of(Proposal.objects.all(), self.me, self.action, whenever=True)

    def get_title(self) -> str:
        return f"{self.title}：{self.row.to}"

    def do(self, form: Any) -> None:
        raise NotImplementedError

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form)
        return HttpResponseRedirect(to(self.object, "detail"))


class RecordAnswer(OneSending):
    title = "登记提案者的答复"
    form_class = RecordAnswerForm
    done_sentence = "已登记提案者的答复。"

    def do(self, form: Any) -> None:
        agrees = form.cleaned_data["agrees"]
        actions.answer_sending(self.row, agrees=agrees, by=self.me, now=timezone.now(), paper=self.sheet_of(form))


class InHouse(OneSending):
    """A step that is taken in the house, without a sheet."""

    def get_form_kwargs(self) -> dict[str, Any]:
        return ProposalPage.get_form_kwargs(self)


class RecordSent(OneSending):
    title = "登记转报"
    form_class = SentForm
    done_sentence = "已登记转报，提案者和承办单位会收到通知。"

    def do(self, form: Any) -> None:
        actions.record_sent(self.row, **form.facts(), by=self.me, now=timezone.now())
        self.keep(form)


class UndoSent(InHouse):
    title = "撤销转报登记"
    form_class = UndoForm
    submit_label = "撤销登记"
    done_sentence = "已撤销，请重新登记转报。提案者和承办单位会收到通知。"

    def do(self, form: Any) -> None:
        actions.undo_sent(self.row, **form.cleaned_data, by=self.me, now=timezone.now())


class RecordFate(OneSending):
    title = "登记去向"
    form_class = FateForm
    done_sentence = "已登记去向，提案者会收到通知。"

    def do(self, form: Any) -> None:
        actions.record_fate(self.row, **form.facts(), by=self.me, now=timezone.now())
        self.keep(form)


class UndoFate(InHouse):
    """Takes back what was entered last; the address names it, so that nothing else is taken back."""

    title = "撤销去向登记"
    form_class = UndoForm
    submit_label = "撤销登记"
    done_sentence = "已撤销这条去向，提案者会收到通知。"

    def row_of(self, rows: QuerySet[SentUp]) -> SentUp:
        self.fate = get_object_or_404(Fate, sent_up__in=rows, public_id=self.kwargs["public_id"])
        return rows.get(pk=self.fate.sent_up_id)

    def get_title(self) -> str:
        return f"{self.title}：{self.row.to}（{full_day(self.fate.on)}{self.fate.get_kind_display()}）"

    def do(self, form: Any) -> None:
        actions.undo_fate(self.fate, **form.cleaned_data, by=self.me, now=timezone.now())


class Drop(InHouse):
    title = "不再转报"
    form_class = DropForm
    submit_label = "不再转报"
    done_sentence = "已登记不再转报。"

    def do(self, form: Any) -> None:
        actions.drop_sending(self.row, **form.cleaned_data, by=self.me, now=timezone.now())


class Answer(InHouse):
    """One sentence and two buttons, for the first proposer."""

    action = "proposals.answer_sending"
    title = "是否同意转报"
    template_name = "proposals/answer_sending.html"
    done_sentence = "您的答复已收到，谢谢。要改变答复的，请联系提案委。"

    def proposals(self) -> QuerySet[Proposal]:
        """Those that this person leads; drafters write for the organisation, and do not speak for it."""
        rows = in_hands_of(Proposal.objects.all(), self.me, self.action, whenever=True)
        found = rows.filter(sent_up__public_id=self.kwargs["public_id"]).select_related("matter")
        own = [row.pk for row in found.prefetch_related(PEOPLE[0]) if may_answer(self.me, row)]
        return Proposal.objects.filter(pk__in=own)

    def crumbs(self) -> list[Crumb]:
        return [Crumb(name_of(self.object), self.object.get_absolute_url())]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.row
        waits = row.state == SentUp.State.ASKED and not actions.why_not_sent_up(self.object)
        named = f"{name_of(self.object)}《{self.object.matter.title}》"
        facts = [Fact("提案", named, wide=True), Fact("上级机关", row.to), Fact("转报理由", row.reason, wide=True)]
        return super().get_context_data(row=row, facts=facts, waits=waits, **kwargs)

    def do(self, form: Any) -> None:
        said = self.request.POST.get("answer")
        if said not in ("yes", "no"):
            raise Refused("请选择同意或者不同意。")
        actions.answer_sending(self.row, agrees=said == "yes", by=self.me, now=timezone.now())
