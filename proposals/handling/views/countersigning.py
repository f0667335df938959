"""Co-handlers read the lead's frozen reply and give their word; the lead deals with it."""

from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.rights import bodies_of
from proposals.handling import actions, forms
from proposals.handling.actions import Paper
from proposals.handling.actions.countersigning import at_countersigning, current, is_over
from proposals.handling.aspects import Aspect, aspects
from proposals.handling.eyes import eyes
from proposals.handling.models import Countersign, Matter, ReplyVersion
from proposals.handling.queries import to_settle
from proposals.handling.rights import held
from proposals.handling.sights import note
from proposals.handling.signatures import text_of

from .base import PartForm
from .queues import Waiting
from .signing import OfVersion

PATH = "version__reply__assignment"


class GiveWord(PartForm[Countersign]):
    """The frozen text as a co-handler was asked for it, and its word on it."""

    action = "handling.countersign"
    path = "assignment"
    title = "会签答复稿"
    template_name = "handling/countersign.html"
    form_class = forms.CountersignForm
    submit_label = "提交会签意见"
    done_sentence = "会签意见已交主办单位。"

    def rows(self) -> QuerySet[Countersign]:
        rows = Countersign.objects.select_related("assignment__matter", "assignment__unit", "assignment__office")
        return rows.select_related(f"{PATH}__unit", "version__by")

    def get_queryset(self) -> QuerySet[Countersign]:
        """Those of matters that are still seen: whoever comes late is told so by the action."""
        rows = self.rows().filter(held(self.me, self.action, self.path))
        return rows.filter(assignment__matter__in=Matter.objects.visible_to(self.me))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The form; a version on which no word is taken any more is only read, by the unit that was asked."""
        row = get_object_or_404(self.get_queryset(), public_id=kwargs["public_id"])
        units = bodies_of(self.me, "handling.read_unit", timezone.localdate())
        if row.assignment.unit_id in units and is_over(row):
            return HttpResponseRedirect(reverse("handling:reply_version", args=[row.version.public_id]))
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """A reply before delivery is read by its unit, who was asked, and the assigning office (S2)."""
        reads = Aspect.ASKED_VERSION in aspects(eyes(self.me, self.matter), self.object)
        note(self.me, [self.matter.pk])
        version = self.object.version
        gone_on = self.object.settled_at is not None or not at_countersigning(version)
        return super().get_context_data(reply=text_of(version) if reads else None, gone_on=gone_on, **kwargs)

    def do(self, form: Any, paper: Paper | None) -> None:
        said = {name: form.cleaned_data[name] for name in ("answer", "text")}
        actions.countersign(self.object, **said, by=self.me, now=timezone.now(), paper=paper)


class Settle(OfVersion):
    """Every co-handler's word, with room for what the lead did about it."""

    action = "handling.settle_countersigns"
    title = "处理会签意见"
    form_class = forms.SettleForm
    submit_label = "处理完毕，继续送签"
    done_sentence = "会签意见已处理，答复稿继续送签。"

    @property
    def keeper(self) -> bool:
        return False

    def prepare(self) -> None:
        super().prepare()
        if not at_countersigning(self.object):
            raise Http404
        self.words = current(self.object)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "words": self.words}

    def label_of(self, name: str) -> str:
        return "处理情况" if len(name) == 32 else super().label_of(name)  # a countersign's id

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.settle_countersigns(self.object, form.settled(), by=self.me, now=timezone.now())


class Countersigns(Waiting):
    """What this unit is asked to countersign."""

    action = "handling.countersign"
    title = "待会签答复"
    empty_sentence = "没有待会签的答复稿。"
    act_word = "会签"

    def rows(self) -> QuerySet[Countersign]:
        rows = Countersign.objects.waiting().select_related("assignment__matter", "assignment__unit")
        return rows.select_related(f"{PATH}__unit")

    def line(self, row: Countersign) -> dict[str, Any]:
        url = reverse("handling:countersign", args=[row.public_id])
        what = f"{row.version.reply.assignment.unit}答复稿{row.version}"
        return {"part": row.assignment, "what": what, "state": "待会签", "at": row.version.at, "url": url}


class ToSettle(Waiting):
    """Versions with whose countersigning this unit, the lead, has to deal: words against them, and words that are late."""

    action = "handling.settle_countersigns"
    path = "reply__assignment"
    title = "会签意见待处理"
    empty_sentence = "没有待处理的会签意见。"
    act_word = "处理"

    def rows(self) -> QuerySet[ReplyVersion]:
        asked = Countersign.objects.filter(assignment__ended_at=None).select_related("assignment__unit").order_by("pk")
        rows = to_settle(on=timezone.localdate()).prefetch_related(Prefetch("countersigns", asked))
        return rows.select_related("reply__assignment__matter", "reply__assignment__unit")

    def line(self, row: ReplyVersion) -> dict[str, Any]:
        url = reverse("handling:settle_countersigns", args=[row.public_id])
        open_ones = [one for one in row.countersigns.all() if one.answer != Countersign.Answer.AGREE]
        what = "；".join(f"{one.assignment.unit}：{one.text or '还没有会签'}" for one in open_ones)
        state = next((one.get_answer_display() for one in open_ones if one.answer), "可以继续送签")
        part = row.reply.assignment
        return {"part": part, "what": what or "不用再等会签", "state": state, "at": row.at, "url": url}
