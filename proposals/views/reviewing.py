"""The review desk: a pile, one proposal with its text left and the decision right, and one page a decision."""

from typing import Any

from django.db import models
from django.db.models import ExpressionWrapper, Q, QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.pages import BulkPage, ListPage
from members.shown import Act, Crumb, Tab
from proposals import actions, word_list
from proposals.forms import (
    AdviseForm,
    CloseHistoryForm,
    CorrectForm,
    DeclineForm,
    FileForm,
    MergeForm,
    PlainForm,
    ReturnForm,
    TurnForm,
    UndoForm,
    UnmergeForm,
)
from proposals.handling import clocks
from proposals.handling.actions import Paper, why_not_over
from proposals.handling.panels import suspend_act
from proposals.handling.sights import note
from proposals.models import Claim, Proposal, Status
from proposals.rights import in_hands_of

from .base import PaperPage, ProposalConfirm, ProposalPage, Signed, name_of, to
from .writing import facts_of

UNDECIDED = (Status.SUBMITTED, Status.REVIEWING)


class ReviewQueue(Signed, ListPage[Proposal]):
    """What has to be decided, the oldest first; who is at it stands beside it."""

    action = "proposals.review"
    title = "审查立案"
    template_name = "proposals/review_queue.html"
    empty_sentence = "没有待审查的提案。"

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = undecided(self.me).select_related("matter", "category", "claim__by")
        if self.request.GET.get("mine"):
            rows = rows.filter(claim__by=self.me)
        return rows.prefetch_related("matter__participants__person", "matter__participants__body").order_by(
            "submitted_at", "pk"
        )

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = bool(self.request.GET.get("mine"))
        path = self.request.path
        tabs = [Tab("全部待审查", path, not mine), Tab("我正在审查", f"{path}?mine=1", mine)]
        return super().get_context_data(tabs=tabs, **kwargs)


def undecided(user: Any) -> QuerySet[Proposal]:
    return in_hands_of(Proposal.objects.filter(status__in=UNDECIDED), user, "proposals.review")


def next_after(proposal: Proposal, user: Any) -> str:
    """The next undecided one that no colleague holds, or the pile."""
    rows = (
        undecided(user)
        .exclude(pk=proposal.pk)
        .exclude(claim__by__isnull=False, claim__in=Claim.objects.exclude(by=user))
    )
    behind = ExpressionWrapper(Q(submitted_at__lte=proposal.submitted_at), models.BooleanField())
    row = rows.select_related("matter").annotate(behind=behind).order_by("behind", "submitted_at", "pk").first()
    return to(row, "review") if row else reverse("proposals:review_queue")


class Review(ProposalPage):
    """Text left, decision right; `n` goes to the next. Opening changes nothing, claiming is a button."""

    action = "proposals.review"
    template_name = "proposals/review.html"
    form_class = PlainForm
    submit_label = "开始审查"

    def get_queryset(self) -> QuerySet[Proposal]:
        return super().get_queryset().select_related("claim__by")

    def get_title(self) -> str:
        return f"审查 {self.object.receipt or ''}"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("审查立案", reverse("proposals:review_queue"))]

    def form_valid(self, form: Any) -> HttpResponseBase:
        if "release" in self.request.POST:
            actions.release(self.object, by=self.me, now=timezone.now())
            return HttpResponseRedirect(reverse("proposals:review_queue"))
        actions.claim(self.object, by=self.me, now=timezone.now(), take_over="take_over" in self.request.POST)
        return HttpResponseRedirect(to(self.object, "review"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        proposal = self.object
        note(self.me, [proposal.matter_id])
        claim = getattr(proposal, "claim", None)
        reviews = self.earlier_reviews()
        stands, final = actions.after_passes(row.review_pass_id for row in reviews)
        text = proposal.text()
        decides = self.me.has_perm("proposals.decide")
        clock = clocks.open_for(matter=proposal.matter, stage="review").first()
        return super().get_context_data(
            proposal=proposal,
            text=facts_of(text),
            length=text.length,
            alarm=word_list.warning(text),
            claim=claim,
            mine=claim is not None and claim.by_id == self.me.pk,
            stands=stands,
            final=final,
            decides=decides,
            due_on=clock.due_on if clock else None,
            provisional=bool(clock and clock.provisional),
            next_url=next_after(proposal, self.me),
            reviews=reviews,
            people=proposal.matter.participants.filter(left_at=None)
            .select_related("person", "body")
            .order_by("order", "pk"),
            wished=proposal.wished_units.order_by("pk"),
            file_form=self.file_form(),
            **kwargs,
        )

    def acts(self) -> list[Act]:
        return suspend_act(self.me, self.object.matter)

    def earlier_reviews(self) -> list[Any]:
        """What the passes before this one recommended."""
        rows = self.object.reviews.filter(submission=self.object.submissions)
        return list(rows.select_related("review_pass", "by").order_by("pk"))

    def file_form(self) -> FileForm:
        proposal = self.object
        return FileForm(
            initial={"category": proposal.category, "priority": proposal.matter.priority, "unit_title": ""},
            auto_id="file_%s",
            by=self.me,
        )


class Decision(PaperPage):
    """One decision: reason where one is needed, then on to the next proposal."""

    action = "proposals.decide"

    def crumbs(self) -> list[Crumb]:
        queue = Crumb("审查立案", reverse("proposals:review_queue"))
        return [queue, Crumb(self.object.receipt or "提案", to(self.object, "review"))]

    def get_initial(self) -> dict[str, Any]:
        return {"category": self.object.category, "priority": self.object.matter.priority}

    def form_valid(self, form: Any) -> HttpResponseBase:
        after = next_after(self.object, self.me)
        self.decide(form.cleaned_data, self.paper_of(form))
        return HttpResponseRedirect(after)

    def decide(self, data: dict[str, Any], paper: Paper | None) -> None:
        raise NotImplementedError


class File(Decision):
    title, submit_label, done_sentence, form_class = "立案", "立案", "已立案。", FileForm

    def decide(self, data: dict[str, Any], paper: Paper | None) -> None:
        actions.file(
            self.object,
            category=data["category"],
            priority=data["priority"],
            unit_title=data["unit_title"],
            by=self.me,
            now=timezone.now(),
            paper=paper,
        )


class SendBack(Decision):
    title, submit_label, done_sentence, form_class = "退回修改", "退回修改", "已退回提案者修改。", ReturnForm

    def decide(self, data: dict[str, Any], paper: Paper | None) -> None:
        actions.send_back(
            self.object, reason=data["reason"], text=data["text"], by=self.me, now=timezone.now(), paper=paper
        )


class Decline(Decision):
    title, submit_label, done_sentence, form_class = (
        "不予立案",
        "不予立案",
        "已作出不予立案的决定并告知提案者。",
        DeclineForm,
    )

    def decide(self, data: dict[str, Any], paper: Paper | None) -> None:
        actions.decline(
            self.object, ground=data["reason"], text=data["text"], by=self.me, now=timezone.now(), paper=paper
        )


class Turn(Decision):
    action = "proposals.turn"
    title, submit_label, done_sentence, form_class = "转其他渠道", "转办", "已转办，提案者会收到通知。", TurnForm

    def decide(self, data: dict[str, Any], paper: Paper | None) -> None:
        told = {name: data[name] for name in ("way", "to", "on", "consent", "text")}
        actions.turn(self.object, **told, by=self.me, now=timezone.now(), paper=paper)


class Merge(Decision):
    action = "proposals.merge"
    title, submit_label, done_sentence, form_class = "并案", "并案", "已并案，双方提案者都会收到通知。", MergeForm

    def get_form_kwargs(self) -> dict[str, Any]:
        offered = Proposal.objects.visible_to(self.me).exclude(pk=self.object.pk).select_related("matter")
        return {**super().get_form_kwargs(), "offered": offered, "session": self.object.matter.session}

    def decide(self, data: dict[str, Any], paper: Paper | None) -> None:
        actions.merge(self.object, data["main"], text=data["text"], by=self.me, now=timezone.now(), paper=paper)


class Unmerge(ProposalPage):
    action = "proposals.merge"
    title, submit_label, done_sentence, form_class = "取消并案", "取消并案", "已取消并案。", UnmergeForm

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.unmerge(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "detail"))


class Correct(ProposalPage):
    """Puts right what stands on record; the event keeps what was and what is."""

    action = "proposals.correct"
    title, submit_label, done_sentence, form_class = "更正", "更正", "已更正，提案者会收到通知。", CorrectForm

    def get_queryset(self) -> QuerySet[Proposal]:
        return super().get_queryset().select_related("matter__priority")

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "proposal": self.object}

    def get_initial(self) -> dict[str, Any]:
        return {**vars(actions.recorded(self.object)), "consents": "yes" if self.object.consents else "no"}

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.correct(
            self.object, form.recorded(), reason=form.cleaned_data["reason"], by=self.me, now=timezone.now()
        )
        return HttpResponseRedirect(to(self.object, "detail"))


class Undo(ProposalPage):
    """Takes back a filing or a refusal; review begins again."""

    action = "proposals.undo"
    title, submit_label, done_sentence, form_class = "撤销决定", "撤销并重新审查", "已撤销，重新进入审查。", UndoForm

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.undo_decision(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "detail"))


class Advise(Decision):
    action = "proposals.review"
    title, submit_label, done_sentence, form_class = "填写审查建议", "提交审查建议", "已提交审查建议。", AdviseForm

    def decide(self, data: dict[str, Any], paper: Paper | None) -> None:
        actions.advise(
            self.object, advice=data["advice"], text=data["text"], by=self.me, now=timezone.now(), paper=paper
        )


class CloseHistory(ProposalPage):
    action = "proposals.close_history"
    title, submit_label, done_sentence = "历史提案办结", "办结", "已办结。"
    form_class = CloseHistoryForm

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.close_history(self.object, **form.cleaned_data, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "detail"))


class CloseHistoryMany(Signed, BulkPage[Proposal]):
    """Answered proposals of a register, closed with the same word for all."""

    action = "proposals.close_history"
    title = "历史提案办结"
    form_class = CloseHistoryForm
    submit_label = "办结"
    done_verb = "办结"
    id_path = "matter__public_id"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("提案", reverse("proposals:list"))]

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = in_hands_of(Proposal.objects.all(), self.me, self.action)
        parts = [f"matter__assignments__{name}" for name in ("replies", "evaluation_rounds")]
        return rows.select_related("matter").prefetch_related(*parts).order_by("matter__number", "pk")

    def name_of(self, row: Proposal) -> str:
        return f"{name_of(row)}　{row.matter.title}"

    def why_not(self, row: Proposal) -> str:
        return why_not_over(row.matter).rstrip("。")

    def act(self, row: Proposal, form: Any) -> None:
        actions.close_history(row, **form.cleaned_data, by=self.me, now=timezone.now())


class Archive(ProposalConfirm):
    action = "proposals.archive"
    title = "归档"
    question = "全部材料归档保存，之后不能再修改。"
    submit_label = "归档"
    done_sentence = "已归档。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.archive(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "detail"))
