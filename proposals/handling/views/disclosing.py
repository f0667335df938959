"""The attribute of a reply: proposed by its unit, put back by the disclosure reviewer."""

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.utils import timezone

from members.shown import Fact
from proposals.handling import actions, forms
from proposals.handling.actions import Paper
from proposals.handling.models import Reply

from .base import PartForm, PlainForm


class OfReply:
    """A form about one reply."""

    object: Any
    path = "assignment"

    def rows(self) -> QuerySet[Reply]:
        return Reply.objects.select_related(
            "assignment__matter", "assignment__unit", "assignment__office", "disclosure", "result"
        )

    def facts(self) -> list[Fact]:
        disclosure = getattr(self.object, "disclosure", None)
        result = [Fact("办理结果", self.object.result)] if self.object.result_id else []
        said = [Fact("公开属性", disclosure.words, wide=True)] if disclosure else []
        return [*super().facts(), *result, *said]  # type: ignore[misc]  # of the page


class Disclosure(OfReply, PartForm[Reply]):
    action = "handling.propose_disclosure"
    title = "答复的公开属性"
    form_class = forms.DisclosureForm
    submit_label = "提出"
    done_sentence = "已提出答复的公开属性，由公开审查员审查。"

    def get_initial(self) -> dict[str, Any]:
        said = getattr(self.object, "disclosure", None)
        return {"attribute": said.attribute, "reason": said.reason} if said else {"attribute": "active"}

    def do(self, form: Any, paper: Paper | None) -> None:
        said = {name: form.cleaned_data[name] for name in ("attribute", "reason")}
        actions.propose_disclosure(self.object, **said, by=self.me, now=timezone.now(), paper=paper)


class ReturnDisclosure(OfReply, PlainForm[Reply]):
    action = "handling.return_disclosure"
    title = "退回单位补充公开属性"
    form_class = forms.ReturnDisclosureForm
    submit_label = "退回单位"
    done_sentence = "已退回单位，单位补充后继续审查。"

    def home(self) -> str:
        return self.matter.get_absolute_url()

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.return_disclosure(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.home())
