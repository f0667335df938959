"""What every page about one proposal shares."""

import uuid
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.forms import CharField, DateField
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.pages import BulkPage, ConfirmPage, RowMixin, Signed
from members.shown import Crumb, Fact
from proposals.handling.actions import Paper
from proposals.handling.actions.attaching import attach
from proposals.handling.views.base import SeenOfMatter
from proposals.models import Proposal, Text
from proposals.rights import in_hands_of


class OneProposal(Signed, RowMixin[Proposal]):
    """Takes the proposal of the address from those in this person's hands."""

    action: ClassVar[str]
    kwargs: dict[str, Any]

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = Proposal.objects.select_related("matter__session", "category", "matter__office")
        return in_hands_of(rows, self.request.user, self.action)

    def get_object(self) -> Proposal:
        return get_object_or_404(self.get_queryset(), matter__public_id=self.kwargs["public_id"])

    def crumbs(self) -> list[Crumb]:
        return [Crumb("提案", reverse("proposals:list")), Crumb(name_of(self.object), self.object.get_absolute_url())]


class ProposalPage(OneProposal, SeenOfMatter[Proposal]):
    """A form about one proposal; what it shows (`shown`) is compared again with the matter locked."""


class PaperPage(ProposalPage):
    """A form that may name the sheet on which somebody acted; its scan is kept with the proposal (P1)."""

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.me}

    def sheet_of(self, form: Any) -> Paper:
        paper: Paper = form.paper(self.keep(form))
        return paper

    def paper_of(self, form: Any) -> Paper | None:
        """The same where the act may be done without paper: nothing, if no sheet was named."""
        paper: Paper | None = form.paper(self.keep(form))
        return paper

    def keep(self, form: Any) -> str:
        """Keep the scan with the proposal; return its public id, or nothing."""
        scan = form.cleaned_data.get("scan") or form.cleaned_data.get("paper_scan")
        if scan is None:
            return ""
        return str(attach(self.object.matter, scan, purpose=form.purpose, by=self.me, now=timezone.now()).public_id)


class SaysTooLate(PaperPage):
    """What comes when the proposal has moved on is answered with a sentence, and with what was typed."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return super().post(request, *args, **kwargs)
        except Http404:
            rows = in_hands_of(Proposal.objects.select_related("matter"), self.me, self.action, whenever=True)
            row = rows.filter(matter__public_id=kwargs["public_id"]).first()
            if row is None:
                raise
        stage = row.matter.get_stage_display()
        sentence = f"{name_of(row)}现在是“{stage}”，这一步不能办理，刚才的提交没有生效。"
        return self.too_late(sentence, row.get_absolute_url())

    def too_late(self, sentence: str, way: str) -> HttpResponse:
        fields = getattr(self.form_class, "base_fields", {}).items()
        typed = [
            Fact(str(field.label), words, wide=True)
            for name, field in fields
            if isinstance(field, CharField | DateField) and (words := self.request.POST.get(name))
        ]
        return self.both_texts(sentence, typed, [], reload_url=way)


class ManyProposals(Signed, BulkPage[Proposal]):
    """One act on several proposals."""

    id_path = "matter__public_id"

    def name_of(self, row: Proposal) -> str:
        return f"{name_of(row)}　{row.matter.title}"

    def lost(self, ids: list[str]) -> list[str]:
        """Those that this person still sees are named, with the state that they are in now."""
        rows = Proposal.objects.visible_to(self.me).filter(matter__public_id__in=ids).select_related("matter")
        named = [
            f"{name_of(row)}现在是“{row.matter.get_stage_display()}”，不能这样办理。" for row in rows.order_by("pk")
        ]
        return named + (super().lost(ids[len(named) :]) if len(named) < len(ids) else [])


class ProposalConfirm(OneProposal, ConfirmPage[Proposal]):
    """Asks before an act on one proposal."""

    def version(self) -> int | None:
        return None

    def facts(self) -> list[Fact]:
        proposal = self.object
        return [
            Fact("收件号", proposal.receipt or "—"),
            Fact("案由", proposal.matter.title or name_of(proposal)),
            Fact("状态", proposal.matter.get_stage_display()),
        ]


def words_of(text: Text) -> dict[str, str]:
    """The parts of a text by their labels, as `shown` compares them."""
    return {
        "案由": text.title,
        "情况与问题": text.situation,
        "原因分析": text.analysis,
        "建议": "\n".join(text.suggestions),
    }


def name_of(proposal: Proposal) -> str:
    matter = proposal.matter
    if matter.number:
        return f"第{matter.number}号"
    return proposal.receipt or matter.title or "未命名草稿"


def url_of(name: str, public_id: uuid.UUID) -> str:
    return reverse(f"proposals:{name}", args=[public_id])


def to(proposal: Proposal, name: str) -> str:
    return url_of(name, proposal.matter.public_id)
