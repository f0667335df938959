"""Numbers, units and the hand-over (统一编号、拟办、交办)."""

import uuid
from dataclasses import asdict, replace
from typing import Any

from django.db.models import BooleanField, ExpressionWrapper, Prefetch, Q, QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.errors import Refused, Stale, WrongStep
from members.inbox.actions import start_job
from members.inbox.models import LongJob
from members.models import Body, Session
from members.pages import ActionPage, FormPage, ListPage, SeenMixin, Signed
from members.shown import Act, Crumb, Tab
from proposals import actions
from proposals.batches import AT_ONCE, HAND_OVER, said
from proposals.fields import unit_names
from proposals.filters import AllocationFilter
from proposals.forms import (
    AllocationForm,
    ConsultationForm,
    ConsultationOnPaperForm,
    ConsultUnitsForm,
    HandOverForm,
    NumberingForm,
)
from proposals.handling.actions import Paper
from proposals.handling.actions.attaching import PutBy, put_by, throw_away
from proposals.handling.models import Suggestion
from proposals.handling.remits import remits_for
from proposals.handling.sights import note
from proposals.models import AllocationPart, PreConsultation, Proposal, Status
from proposals.queries import asked_of
from proposals.rights import in_hands_of

from .base import ManyProposals, ProposalPage, name_of, to
from .writing import facts_of


class Numbering(Signed, FormPage):
    """Choose the order, look at every number beforehand, confirm: one transaction (P4)."""

    action = "proposals.number"
    title = "统一编号"
    form_class = NumberingForm
    template_name = "proposals/numbering.html"
    submit_label = "确认编号"

    def prepare(self) -> None:
        asked = self.request.POST if self.request.method == "POST" else self.request.GET
        code, order = asked.get("session", ""), asked.get("order", "")
        named = next((row for row in Session.objects.newest_first() if row.code == code), None)
        self.session = named or Session.objects.current(timezone.now())
        self.order = order if order in actions.Order.values else actions.Order.COLLECTIVE_CATEGORY
        self.rows = actions.waiting(self.session, self.order) if self.session else []

    def get_initial(self) -> dict[str, Any]:
        return {"session": self.session, "order": self.order, "expected": actions.stamp_of_run(self.rows)}

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        numbered = actions.run(data["session"], data["order"], data["expected"], by=self.me, now=timezone.now())
        first, last = numbered[0].matter.number, numbered[-1].matter.number
        self.done_sentence = f"已编号 {len(numbered)} 件：第{first}号至第{last}号。"
        return HttpResponseRedirect(reverse("proposals:allocation"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        rows = actions.preview(self.session, self.rows, now=timezone.now()) if self.session else []
        return super().get_context_data(
            session=self.session,
            sessions=Session.objects.newest_first(),
            order=self.order,
            orders=actions.Order.choices,
            rows=rows,
            **kwargs,
        )


class AllocationDesk(Signed, ListPage[Proposal]):
    """Filed proposals with the units that are wished, drafted and asked."""

    action = "proposals.allocate"
    title = "拟办与交办"
    template_name = "proposals/allocation_desk.html"
    filterset_class = AllocationFilter
    id_path = "matter__public_id"
    empty_sentence = "没有待交办的提案。"

    def get_queryset(self) -> QuerySet[Proposal]:
        return allocatable(self.me).order_by("matter__session_id", "filed_at", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        path = self.request.path
        drafted = self.request.GET.get("drafted", "")
        tabs = [
            Tab("全部", path, not drafted),
            Tab("待拟办", f"{path}?drafted=no", drafted == "no"),
            Tab("已拟办", f"{path}?drafted=yes", drafted == "yes"),
        ]
        return super().get_context_data(tabs=tabs, hand_over_all=f"{reverse('proposals:hand_over')}?all=1", **kwargs)

    def bulk_acts(self) -> list[Act]:
        return [
            Act("拟给同样的单位", reverse("proposals:allocate_many"), "building-2", whole=True),
            Act("交办", reverse("proposals:hand_over"), "send", whole=True),
        ]


PARTS = Prefetch("allocation", AllocationPart.objects.select_related("unit").order_by("pk"))
SUGGESTIONS = Prefetch("matter__suggestions", Suggestion.objects.select_related("unit").order_by("number"))


def allocatable(user: Any) -> QuerySet[Proposal]:
    rows = Proposal.objects.filter(status=Status.FILED).select_related("matter__office", "matter__session", "category")
    rows = rows.prefetch_related(PARTS, "preconsultations__unit", "wished_units")
    return in_hands_of(rows, user, "proposals.allocate")


def next_undrafted(proposal: Proposal, user: Any) -> str:
    """The next one without a draft in the order of the desk, or the desk."""
    rows = in_hands_of(Proposal.objects.filter(allocation=None), user, "proposals.allocate").exclude(pk=proposal.pk)
    place = Q(filed_at=proposal.filed_at, pk__lt=proposal.pk) | Q(filed_at__lt=proposal.filed_at)
    earlier_session = Q(matter__session__lt=proposal.matter.session_id)
    before = earlier_session | (Q(matter__session=proposal.matter.session_id) & place)
    behind = ExpressionWrapper(before, BooleanField())
    order = ("behind", "matter__session_id", "filed_at", "pk")
    row = rows.select_related("matter").annotate(behind=behind).order_by(*order).first()
    return to(row, "allocation_of") if row else reverse("proposals:allocation")


class Allocation(ProposalPage):
    """The units of one proposal: the wished ones proposed, one of them leading; saved, the next one opens."""

    action = "proposals.allocate"
    form_class = AllocationForm
    template_name = "proposals/allocation.html"
    title = "拟定承办单位"
    submit_label = "保存拟办"

    def get_queryset(self) -> QuerySet[Proposal]:
        return super().get_queryset().prefetch_related(PARTS, SUGGESTIONS)

    def get_initial(self) -> dict[str, Any]:
        rows = list(self.object.allocation.all())
        shares = [actions.Share(row.unit, row.role) for row in rows] or actions.proposed(self.object)
        split = any(share.role == "split" for share in shares)
        lead = next((share.unit for share in shares if share.role in ("sole", "lead")), None)
        return {
            "way": "split" if split else "lead",
            "lead": lead,
            "others": [share.unit for share in shares if share.unit != lead],
        }

    def shown(self) -> dict[str, str]:
        """The draft that one began with: a colleague's later one is not overwritten unseen."""
        rows = self.object.allocation.all()
        named = [row for row in self.object.matter.suggestions.all() if row.unit]
        return {
            "拟办单位": "、".join(f"{row.unit.name}（{row.get_role_display()}）" for row in rows) or "未拟定",
            "逐条指定单位": "；".join(f"建议{row.number}：{row.unit}" for row in named) or "未指定",
        }

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.allocate(self.object, form.shares(), suggestions=self.named(), by=self.me, now=timezone.now())
        if "consult" in self.request.POST:
            actions.consult_units(self.object, by=self.me, now=timezone.now())
        self.done_sentence = f"{name_of(self.object)}已保存拟办。"
        return HttpResponseRedirect(next_undrafted(self.object, self.me))

    def typed_for(self, number: int) -> str:
        typed: str = self.request.POST.get(f"unit_{number}", "")
        return typed.replace("\x00", "").strip()[:128]

    def named(self) -> dict[int, Body | None]:
        """The unit that each suggestion names; raises Refused with the first name that is no unit's."""
        names = {row.number: self.typed_for(row.number) for row in self.object.matter.suggestions.all()}
        found = Body.objects.units().match_many([name for name in names.values() if name])
        for number, name in names.items():
            if name and found[name][0] is None:
                raise Refused(f"建议 {number}：没有找到单位“{name[:40]}”。请从提示中选择，或写全称；不指定的请留空。")
        return {number: found[name][0] if name else None for number, name in names.items()}

    def suggestions(self) -> list[Any]:
        """Each with the name that stands in its line: what was typed, or the unit on record."""
        rows: list[Any] = list(self.object.matter.suggestions.all())
        for row in rows:
            on_record = row.unit.name if row.unit else ""
            row.line = self.typed_for(row.number) if self.request.method == "POST" else on_record
        return rows

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        proposal = self.object
        note(self.me, [proposal.matter_id])
        suggestions = self.suggestions()
        return super().get_context_data(
            proposal=proposal,
            text=facts_of(proposal.text()),
            units=unit_names(),
            next_url=next_undrafted(proposal, self.me),
            wished=proposal.wished_units.order_by("pk"),
            suggestions=suggestions,
            remits=remits_for(proposal.matter, on=timezone.localdate()),
            named=any(row.line for row in suggestions),
            asked=proposal.preconsultations.select_related("unit", "answered_by").order_by("pk"),
            **kwargs,
        )


class AllocateMany(ManyProposals):
    """The same units for several proposals; one that has a draft keeps it."""

    action = "proposals.allocate"
    form_class = AllocationForm
    template_name = "proposals/allocate_many.html"
    title = "批量拟定承办单位"
    submit_label = "保存拟办"
    done_verb = "拟办"
    list_page = AllocationDesk

    def crumbs(self) -> list[Crumb]:
        return [Crumb("拟办与交办", reverse("proposals:allocation"))]

    def get_queryset(self) -> QuerySet[Proposal]:
        return allocatable(self.me).order_by("matter__session_id", "filed_at", "pk")

    def why_not(self, row: Proposal) -> str:
        return actions.DRAFTED.rstrip("。") if row.allocation.all() else ""

    def act(self, row: Proposal, form: Any) -> None:
        actions.allocate(row, form.shares(), only_first=True, by=self.me, now=timezone.now())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(units=unit_names(), **kwargs)


class ConsultUnits(ProposalPage):
    """Asks units of the draft beforehand, once more if need be."""

    action = "proposals.allocate"
    form_class = ConsultUnitsForm
    template_name = "pages/form.html"
    title = "征求拟办单位意见"
    submit_label = "发出征求意见"
    done_sentence = "已发给拟办单位征求意见，单位会看到提案内容和拟定职责。"

    def get_back_url(self) -> str:
        return to(self.object, "allocation_of")

    def get_form_kwargs(self) -> dict[str, Any]:
        parts = list(self.object.allocation.order_by("pk"))
        known = set(self.object.preconsultations.values_list("unit_id", "role"))
        new = [part.unit_id for part in parts if (part.unit_id, part.role) not in known]
        offered = Body.objects.filter(pk__in=[part.unit_id for part in parts]).order_by("pinyin", "pk")
        kwargs = super().get_form_kwargs()
        return {**kwargs, "offered": offered, "initial": {"units": [body for body in offered if body.pk in new]}}

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.consult_units(self.object, units=form.cleaned_data["units"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.get_back_url())


class Consultations(Signed, ListPage[PreConsultation]):
    """What one's own unit is asked beforehand."""

    action = "proposals.answer_preconsultation"
    title = "承办意向征求"
    template_name = "proposals/consultations.html"
    empty_sentence = "没有向本单位征求意见的提案。"

    def get_queryset(self) -> QuerySet[PreConsultation]:
        return asked_of(self.me).order_by("-asked_at", "-pk")


class Consultation(SeenMixin, Signed, ActionPage[PreConsultation]):
    """A unit's answer."""

    action = "proposals.answer_preconsultation"
    form_class = ConsultationForm
    template_name = "proposals/consultation.html"
    title = "承办意向"
    submit_label = "答复"
    done_sentence = "已答复。"

    def get_queryset(self) -> QuerySet[PreConsultation]:
        return asked_of(self.me)

    def shown(self) -> dict[str, str]:
        return {"拟定职责": self.object.get_role_display()}

    def check_locked(self) -> None:
        self.object.proposal.matter.locked()
        self.object = self.get_object()
        self.check_seen()

    def crumbs(self) -> list[Crumb]:
        return [Crumb("承办意向征求", reverse("proposals:consultations"))]

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        actions.answer_consultation(
            self.object,
            accepts=data["accepts"],
            text=data["text"],
            by=self.me,
            now=timezone.now(),
            paper=self.paper_of(form),
        )
        return HttpResponseRedirect(self.home())

    def home(self) -> str:
        return reverse("proposals:consultations")

    def paper_of(self, form: Any) -> Paper | None:
        return None

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        note(self.me, [self.object.proposal.matter_id])
        proposal = self.object.proposal
        text = replace(proposal.text(), title=proposal.matter.title_for_units)
        return super().get_context_data(text=facts_of(text), **kwargs)


class RecordConsultation(Consultation):
    """A unit's answer on paper, recorded by whoever keeps the file (P1)."""

    action = "proposals.record_preconsultation"
    form_class = ConsultationOnPaperForm
    title = "代录单位的承办意向"
    submit_label = "登记"
    done_sentence = "已登记。"

    def get_queryset(self) -> QuerySet[PreConsultation]:
        proposals = in_hands_of(Proposal.objects.all(), self.me, self.action)
        rows = PreConsultation.objects.filter(proposal__in=proposals)
        return rows.select_related("proposal__matter", "unit")

    def crumbs(self) -> list[Crumb]:
        return [Crumb("拟定承办单位", self.home())]

    def home(self) -> str:
        return to(self.object.proposal, "allocation_of")

    def paper_of(self, form: Any) -> Paper | None:
        paper: Paper = form.paper()
        return paper


class HandOver(SeenMixin, Signed, FormPage):
    """Who gets what until when; confirmed, each clerk has one message with the list.

    Chosen are ticked rows, or with `?all=1` everything with units under the filter of the desk.
    What is handed over is what was previewed: a row more or less, or other units, and nothing is done (409).
    """

    action = "proposals.hand_over"
    form_class = HandOverForm
    template_name = "proposals/hand_over.html"
    title = "批量交办"
    submit_label = "确认交办"
    stale_sentence = "预览之后有变化：{changed}。请重新预览后再确认交办。"
    gone_words = "有提案已不在待交办之列"

    def shown(self) -> dict[str, str]:
        return {
            row.matter.label: "、".join(f"{part.unit}{part.role}" for part in row.allocation.all()) for row in self.rows
        }

    def check_locked(self) -> None:
        if not self.marks() and self.request.POST.get("all"):
            raise Stale("请先预览要交办的提案，再确认。")
        actions.lock_many(self.rows)
        self.prepare()
        self.check_seen()

    def prepare(self) -> None:
        asked = self.request.POST if self.request.method == "POST" else self.request.GET
        rows = in_hands_of(allocatable(self.me), self.me, "proposals.hand_over")
        if asked.get("all"):
            shown = AllocationDesk.shown_to(self.request)  # a form is sent to the address of its preview
            rows = rows.filter(allocation__isnull=False, matter__public_id__in=shown).distinct()
        else:
            rows = rows.filter(matter__public_id__in=[key for key in asked.getlist("row") if is_uuid(key)])
        self.rows = list(rows.order_by("pk"))

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        if not self.rows:
            form.add_error(None, "没有选中可以交办的提案。请回到列表，先勾选。")
            return self.form_invalid(form)
        paper, scan = form.paper(), put_by(data["paper_scan"]) if data["paper_scan"] else None
        if len(self.rows) > AT_ONCE:
            return HttpResponseRedirect(reverse("inbox:job", args=[self.later(data, paper, scan).public_id]))
        try:
            batches, refused = actions.hand_over_by_session(
                self.rows,
                name=data["name"],
                fixed_on=data["fixed_on"],
                notice=data["notice"],
                by=self.me,
                now=timezone.now(),
                paper=paper,
                scan=scan,
            )
        except (Refused, WrongStep):
            if scan:
                throw_away(scan)
            raise
        self.done_sentence = said(batches, refused)
        if len(batches) > 1:
            return HttpResponseRedirect(reverse("proposals:batches"))
        return HttpResponseRedirect(reverse("proposals:batch", args=[batches[0].public_id]))

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.me}

    def later(self, data: dict[str, Any], paper: Paper | None, scan: PutBy | None) -> LongJob:
        """Hundreds go as a long job, whose page says how far it is and what stayed behind."""
        fixed_on = data["fixed_on"].isoformat() if data["fixed_on"] else ""
        args = {
            "batch": str(uuid.uuid4()),
            "rows": [str(row.public_id) for row in self.rows],
            "name": data["name"],
            "fixed_on": fixed_on,
            "notice": data["notice"],
            "paper": paper and {**asdict(paper), "on": paper.on.isoformat()},
            "scan": scan and asdict(scan),
        }
        title = f"交办 {len(self.rows)} 件"
        return start_job(HAND_OVER, title=title, args=args, back=self.get_back_url(), by=self.me, now=timezone.now())

    def get_back_url(self) -> str:
        return reverse("proposals:allocation")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        plan = actions.plan(self.rows, now=timezone.now())
        return super().get_context_data(
            plan=plan, everything=bool(self.request.GET.get("all") or self.request.POST.get("all")), **kwargs
        )


def is_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True
