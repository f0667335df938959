"""The registration desk and the plenary's figures (收件登记、大会提案情况, P15), and placeholders (P19)."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.errors import Stale
from members.member_fields import member_labels
from members.models import Session
from members.pages import FormPage, Page, Signed
from members.shown import Count
from members.widgets import looked_up
from proposals import actions, word_list
from proposals.fields import unit_names
from proposals.forms import ConfirmTextForm, LinkProposerForm, OfflineForm, PlaceholderForm, ProposerForm, RegisterForm
from proposals.handling.actions import Part
from proposals.handling.models import Stage
from proposals.handling.sights import note
from proposals.models import Proposal, Text
from proposals.queries import figures
from proposals.similar import similar_to

from .base import ProposalPage, to, words_of
from .writing import facts_of

ENTERED = ("paper", "photo")
NEWEST = 10
FIGURES = (
    ("received", "收到"),
    ("filed", "立案"),
    ("merged", "并案"),
    ("turned", "转意见建议"),
    ("passed", "转社情民意、上级政协"),
    ("declined", "不予立案"),
    ("withdrawn", "撤案"),
)


class Register(Signed, FormPage):
    """One screen: who, how it came, and the receipt number is there; then the text is typed."""

    action = "proposals.enter"
    title = "收件登记"
    form_class = RegisterForm
    template_name = "proposals/register.html"
    submit_label = "登记并取收件号"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.me}

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        proposal = actions.register(
            form.behind(), source=data["source"], original=data["original"], by=self.me, now=timezone.now()
        )
        if data["title"]:
            text = Text(title=data["title"])
            proposal = actions.save_text(proposal, text, version=None, by=self.me, now=timezone.now())
            if words := word_list.warning(text):
                messages.warning(self.request, words)
        return HttpResponseRedirect(to(proposal, "write"))

    def get_form(self) -> Any:
        form = super().get_form()
        form.fields["title"].widget.attrs |= looked_up(reverse("proposals:similar"))
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        similar = similar_to(self.request.POST.get("title", "")[:300], self.me)
        rows = Proposal.objects.visible_to(self.me).filter(source__in=ENTERED, receipt__isnull=False)
        newest = rows.select_related("matter", "entered_by").order_by("-pk")[:NEWEST]
        return super().get_context_data(newest=newest, members=member_labels(), similar=similar, **kwargs)


class CorrectProposer(ProposalPage):
    """The desk wrote down the wrong proposer: who it really is."""

    action = "proposals.correct_proposer"
    title = "更改提案者"
    form_class = ProposerForm
    template_name = "proposals/with_names.html"
    submit_label = "更改"
    done_sentence = "提案者已更改，原来登记的和新的提案者都会收到通知。"

    def get_queryset(self) -> QuerySet[Proposal]:
        return super().get_queryset().filter(source__in=ENTERED)

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.correct_proposer(self.object, form.behind(), by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "detail"))

    def get_form(self) -> Any:
        form = super().get_form()
        place = self.object.matter.participants.leading().select_related("person", "body").get()
        form.fields["body" if place.body_id else "proposer"].help_text = f"现在登记的是：{place}。"
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(members=member_labels(), **kwargs)


class ConfirmText(ProposalPage):
    """The proposer says that the typed text is his own: by a tap, or on the telephone."""

    action = "proposals.confirm_text"
    template_name = "proposals/confirm_text.html"
    form_class = ConfirmTextForm
    title = "核对文字"
    submit_label = "核对无误，提交"
    done_sentence = "文字已核对，提案已提交。"

    def by_desk(self) -> bool:
        return self.me.has_perm("proposals.enter")

    def get_initial(self) -> dict[str, Any]:
        return {} if self.by_desk() else {"how": "本人在线核对"}

    def get_queryset(self) -> QuerySet[Proposal]:
        return super().get_queryset().prefetch_related("matter__suggestions")

    def shown(self) -> dict[str, str]:
        return words_of(self.object.text())

    def check_seen(self) -> None:
        """Whoever says that the text is his own says it of the very words that he was shown (S10)."""
        if not self.marks():
            raise Stale("请先看过录入的文字，再确认。")
        super().check_seen()

    def form_valid(self, form: Any) -> HttpResponseBase:
        if "ask" in self.request.POST:
            actions.ask_to_confirm(self.object, by=self.me, now=timezone.now())
            return HttpResponseRedirect(to(self.object, "detail"))
        how = form.cleaned_data["how"] if self.by_desk() else "本人在线核对"
        actions.confirm_text(self.object, how=how, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "detail"))

    def get_form(self) -> Any:
        form = super().get_form()
        form.fields["how"].required = "ask" not in self.request.POST
        return form

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        text = self.object.text()
        note(self.me, [self.object.matter_id])
        return super().get_context_data(
            text=facts_of(text),
            alarm=word_list.warning(text),
            by_desk=self.by_desk(),
            faults=actions.missing(self.object, by=self.me, now=timezone.now()),
            **kwargs,
        )


class Plenary(Page):
    """The live figure of a session: 截至×月×日×时."""

    action = "proposals.plenary"
    title = "大会提案情况"
    template_name = "proposals/plenary.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        sessions = list(Session.objects.newest_first())
        wanted = self.request.GET.get("session", "")
        session = next((row for row in sessions if row.code == wanted), None) or Session.objects.current(timezone.now())
        found = figures(session, self.person) if session else None
        return super().get_context_data(
            session=session,
            sessions=sessions,
            now=timezone.now(),
            heads=["项目", *(label for _, label in FIGURES)],
            counts=[Count(label, found.total[name]) for name, label in FIGURES] if found else [],
            by_form=_table(found.by_form) if found else [],
            by_category=_table(found.by_category) if found else [],
            **kwargs,
        )


def _table(rows: list[tuple[str, dict[str, int]]]) -> list[list[Any]]:
    return [[label, *(counts[name] for name, _ in FIGURES)] for label, counts in rows]


class Placeholder(Signed, FormPage):
    """Keeps a number for what is handled offline: no title, no text."""

    action = "proposals.placeholder"
    title = "登记涉密占位"
    form_class = PlaceholderForm
    template_name = "proposals/placeholder.html"
    submit_label = "取号并交办"
    done_sentence = "已登记占位，单位已收到只含编号的通知。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        now, data = timezone.now(), form.cleaned_data
        parts = [Part(share.unit, share.role, actions.office_of(share.unit, now=now)) for share in form.shares()]
        proposal = actions.hold_place(
            data["session"], parts, form=data["form"], category=data["category"], fixed_on=data["fixed_on"],
            by=self.me, now=now,
        )  # fmt: skip
        return HttpResponseRedirect(to(proposal, "detail"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(units=unit_names(), **kwargs)


class Offline(ProposalPage):
    """How far a proposal has come that is handled offline: dates, no words."""

    action = "proposals.offline"
    title = "登记线下办理情况"
    form_class = OfflineForm
    submit_label = "登记"
    done_sentence = "已登记线下办理情况。"

    def get_form(self) -> Any:
        form = super().get_form()
        if self.object.matter.stage == Stage.ANSWERED:
            del form.fields["answered_on"]
        return form

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = {"answered_on": None, **form.cleaned_data}
        actions.record_offline(self.object, **data, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "detail"))


class LinkProposer(ProposalPage):
    """Says who stands behind an imported proposal."""

    action = "proposals.link_proposer"
    title = "关联提案者"
    form_class = LinkProposerForm
    template_name = "proposals/link_proposer.html"
    submit_label = "关联"
    done_sentence = "已关联提案者。"

    def get_queryset(self) -> QuerySet[Proposal]:
        return super().get_queryset().filter(source=Proposal.Source.IMPORT)

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.link_proposer(self.object, **form.cleaned_data, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "detail"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(members=member_labels(), proposer=self.object.proposer_text, **kwargs)
