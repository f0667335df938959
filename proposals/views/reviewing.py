"""The review desk: a pile, one proposal with its text left and the decision right, and one page a decision."""

from typing import Any, ClassVar

from django.contrib.postgres.aggregates import StringAgg
from django.db import models
from django.db.models import Exists, ExpressionWrapper, OuterRef, Q, QuerySet
from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from members.forms import PlainForm
from members.models import Body, Person, Session
from members.pages import FormPage, ListPage, Signed
from members.shown import Act, Crumb, Tab
from proposals import actions, word_list
from proposals.fields import unit_names
from proposals.filters import GROUPS, ReviewFilter
from proposals.forms import (
    AdviseForm,
    CloseHistoryForm,
    CorrectForm,
    DeclineForm,
    FileForm,
    GroundForm,
    GroupsForm,
    MergeForm,
    ReturnForm,
    TurnForm,
    UndoForm,
    UnmergeForm,
)
from proposals.handling import clocks
from proposals.handling.actions import Paper, why_not_over
from proposals.handling.panels import suspend_act
from proposals.handling.sights import note
from proposals.models import Category, CategoryReviewer, Claim, Proposal, Status
from proposals.models import Review as Advised
from proposals.naming import proposers_of
from proposals.queries import in_group_of, standing_in
from proposals.rights import in_hands_of

from .base import ManyProposals, PaperPage, ProposalConfirm, ProposalPage, to, words_of
from .reading import Proposals
from .writing import facts_of

UNDECIDED = (Status.SUBMITTED, Status.REVIEWING)


class ReviewQueue(Signed, ListPage[Proposal]):
    """What has to be decided, the oldest first; who is at it stands beside it. One's own categories open by themselves."""

    action = "proposals.review"
    title = "审查立案"
    template_name = "proposals/review_queue.html"
    filterset_class = ReviewFilter
    empty_sentence = "没有待审查的提案。"

    @cached_property
    def has_group(self) -> bool:
        return CategoryReviewer.objects.filter(person=self.me).exists()

    @property
    def group(self) -> str:
        wanted = self.request.GET.get("group", "")
        return wanted if wanted in dict(GROUPS) else "mine" if self.has_group else "all"

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = undecided(self.me).select_related("matter", "category", "claim__by")
        if self.group == "claimed":
            rows = rows.filter(claim__by=self.me)
        elif self.group == "mine":
            rows = rows.filter(in_group_of(self.me))
        people = ("matter__participants__person", "matter__participants__body")
        return rows.prefetch_related("reviews", *people).order_by("submitted_at", "pk")

    def acts(self) -> list[Act]:
        if self.me.has_perm("proposals.category_groups"):
            return [Act("类别分组", reverse("proposals:category_groups"), "users")]
        return []

    def bulk_acts(self) -> list[Act]:
        acts = [Act("开始审查", reverse("proposals:claim_many"), "gavel")]
        if self.me.has_perm("proposals.decide"):
            acts.append(Act("立案", reverse("proposals:file_many"), "circle-check"))
        return acts

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        path = self.request.path
        offered = [(key, label) for key, label in GROUPS if key != "mine" or self.has_group]
        tabs = [Tab(label, f"{path}?group={key}", key == self.group) for key, label in offered]
        kept = actions.passes()
        for row in kwargs["page_obj"]:
            done = [one.review_pass_id for one in row.reviews.all() if one.submission == row.submissions]
            row.stands = actions.after_passes(done, kept)[0]
        return super().get_context_data(tabs=tabs, **kwargs)


class ReviewMany(ManyProposals):
    """Something done with several proposals of the queue."""

    form_class = PlainForm

    def crumbs(self) -> list[Crumb]:
        return [Crumb("审查立案", reverse("proposals:review_queue"))]

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = Proposal.objects.select_related("matter", "category", "claim__by").prefetch_related("reviews")
        return in_hands_of(rows, self.me, self.action).order_by("submitted_at", "pk")

    def held(self, row: Proposal) -> str:
        claim = getattr(row, "claim", None)
        return f"{claim.by.name}正在审查" if claim and claim.by_id != self.me.pk else ""


class ClaimMany(ReviewMany):
    """Takes several for oneself; colleagues see it."""

    action = "proposals.claim"
    title = "开始审查多件"
    submit_label = "开始审查"
    done_verb = "开始审查"

    def why_not(self, row: Proposal) -> str:
        return self.held(row)

    def act(self, row: Proposal, form: Any) -> None:
        actions.claim(row, by=self.me, now=timezone.now())


class FileMany(ReviewMany):
    """Files what nobody contests, each in the category and for the units that review suggests."""

    action = "proposals.decide"
    title = "立案多件"
    template_name = "proposals/file_many.html"
    submit_label = "立案"
    done_verb = "立案"

    def get_queryset(self) -> QuerySet[Proposal]:
        return (
            super()
            .get_queryset()
            .prefetch_related("suggested_units", "matter__participants__person", "matter__participants__body")
        )

    def prepare(self) -> None:
        super().prepare()
        self.kept = actions.passes()

    def name_of(self, row: Proposal) -> str:
        parts = [super().name_of(row), f"提案者：{proposers_of(row)}"]
        if row.category:
            parts.append(f"类别：{row.category}")
        if units := row.suggested_units.all():
            parts.append(f"建议承办：{'、'.join(unit.name for unit in units)}")
        if row.key_candidate:
            parts.append("重点提案候选")
        return "　".join(parts)

    def why_not(self, row: Proposal) -> str:
        return self.held(row) or actions.why_contested(row, self.kept).rstrip("。")

    def act(self, row: Proposal, form: Any) -> None:
        actions.file_uncontested(row, by=self.me, now=timezone.now(), sending=self.sending())


class CategoryGroups(Signed, FormPage):
    """Who reviews which category in a session (P15)."""

    action = "proposals.category_groups"
    title = "类别分组"
    template_name = "proposals/category_groups.html"
    form_class = GroupsForm
    submit_label = "保存分组"
    done_sentence = "已保存分组。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("审查立案", reverse("proposals:review_queue"))]

    def prepare(self) -> None:
        self.sessions = list(Session.objects.newest_first())
        code = self.request.GET.get("session", "")
        named = next((row for row in self.sessions if row.code == code), None)
        session = named or Session.objects.current(timezone.now())
        if session is None:
            raise Http404
        self.session = session

    def version(self) -> int:
        return actions.stamp_of_groups(self.session)

    def get_form_kwargs(self) -> dict[str, Any]:
        categories = list(Category.objects.filter(ended_on=None).order_by("order", "pk"))
        held = actions.groups_of(self.session)
        among = set().union(*held.values())
        now = actions.reviewers(now=timezone.now())
        offered = Person.objects.filter(Q(pk__in=among) | Q(pk__in=now.values("pk"))).order_by("pinyin", "pk")
        people = {person.pk: person for person in offered}
        initial = {
            f"category_{row.public_id}": [people[one] for one in sorted(held[row.pk])]
            for row in categories
            if row.pk in held
        }
        return {**super().get_form_kwargs(), "categories": categories, "offered": offered, "initial": initial}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(session=self.session, sessions=self.sessions, **kwargs)

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.set_groups(self.session, form.groups(), by=self.me, now=timezone.now(), seen=self.opened_version())
        return HttpResponseRedirect(self.request.get_full_path())


def as_read(proposal: Proposal) -> dict[str, str]:
    """What a decision is made on; recalled, changed and handed in again, it must be read again."""
    return {"提交情况": f"第{proposal.submissions}次提交", **words_of(proposal.text())}


def undecided(user: Any) -> QuerySet[Proposal]:
    return in_hands_of(Proposal.objects.filter(status__in=UNDECIDED), user, "proposals.review")


def next_after(proposal: Proposal, user: Any) -> str:
    """The next undecided one that no colleague holds, one's own categories first, or the pile.

    Who only advises is not led to what waits for the decision.
    """
    rows = (
        undecided(user)
        .exclude(pk=proposal.pk)
        .exclude(claim__by__isnull=False, claim__in=Claim.objects.exclude(by=user))
    )
    if not user.has_perm("proposals.decide"):
        kept = actions.passes()
        rows = rows.exclude(standing_in(kept[-1], kept)) if kept else rows.none()
    behind = ExpressionWrapper(Q(submitted_at__lte=proposal.submitted_at), models.BooleanField())
    rows = rows.select_related("matter").annotate(behind=behind, own=in_group_of(user))
    row = rows.order_by("-own", "behind", "submitted_at", "pk").first()
    return to(row, "review") if row else reverse("proposals:review_queue")


class Review(ProposalPage):
    """Text left, decision right; `n` goes to the next. Opening changes nothing, claiming is a button."""

    action = "proposals.review"
    template_name = "proposals/review.html"
    form_class = PlainForm
    submit_label = "开始审查"

    def get_queryset(self) -> QuerySet[Proposal]:
        return super().get_queryset().select_related("claim__by").prefetch_related("matter__suggestions")

    def get_title(self) -> str:
        return f"审查 {self.object.receipt or ''}"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("审查立案", reverse("proposals:review_queue"))]

    def shown(self) -> dict[str, str]:
        return as_read(self.object)

    def check_locked(self) -> None:
        """To claim is no decision: the forms and links of this page carry what was read."""

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
        units = units_about(proposal)
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
            wished=[unit for unit in units if unit.wished],
            file_form=self.file_form(units) if final and decides else None,
            units=[unit.name for unit in units if final and decides],
            **kwargs,
        )

    def acts(self) -> list[Act]:
        return suspend_act(self.me, self.object.matter)

    def earlier_reviews(self) -> list[Any]:
        """What the passes before this one recommended."""
        rows = self.object.reviews.filter(submission=self.object.submissions)
        rows = rows.select_related("review_pass", "by", "category", "reason")
        return list(rows.annotate(units_named=StringAgg("units__name", "、", order_by="units__pk")).order_by("pk"))

    def file_form(self, units: list[Any]) -> FileForm:
        named = [unit for unit in units if unit.suggested] or [unit for unit in units if unit.wished]
        return FileForm(initial=advised(self.object, named), auto_id="file_%s", by=self.me)


def units_about(proposal: Proposal) -> list[Any]:
    """Every unit that may be named, with whether the proposer wished and review suggested it: one query."""
    suggested, wished = (
        Exists(through.objects.filter(proposal=proposal, body=OuterRef("pk")))
        for through in (Proposal.suggested_units.through, Proposal.wished_units.through)
    )
    rows = Body.objects.annotate(suggested=suggested, wished=wished)
    rows = rows.filter(Q(pk__in=Body.objects.units().values("pk")) | Q(suggested=True) | Q(wished=True))
    return list(rows.order_by("pinyin", "pk"))


def advised(proposal: Proposal, units: list[Body]) -> dict[str, Any]:
    """What a decision or the next advice begins with: how review has sorted the proposal so far."""
    return {
        "category": proposal.category,
        "priority": proposal.matter.priority,
        "units": units,
        "key_candidate": proposal.key_candidate,
    }


class Decision(PaperPage):
    """One decision: reason where one is needed, then on to the next proposal."""

    action = "proposals.decide"

    def get_queryset(self) -> QuerySet[Proposal]:
        return super().get_queryset().prefetch_related("matter__suggestions")

    def crumbs(self) -> list[Crumb]:
        queue = Crumb("审查立案", reverse("proposals:review_queue"))
        return [queue, Crumb(self.object.receipt or "提案", to(self.object, "review"))]

    def shown(self) -> dict[str, str]:
        return as_read(self.object)

    def last_advice(self) -> Advised | None:
        rows = self.object.reviews.filter(submission=self.object.submissions).select_related("reason")
        return rows.order_by("-pk").first()

    def form_valid(self, form: Any) -> HttpResponseBase:
        after = next_after(self.object, self.me)
        self.decide(form.cleaned_data, self.paper_of(form))
        return HttpResponseRedirect(after)

    def decide(self, data: dict[str, Any], paper: Paper | None) -> None:
        raise NotImplementedError


class WithUnits(Decision):
    """A form that begins with what was advised, and offers units while one types."""

    template_name = "proposals/with_units.html"

    def get_initial(self) -> dict[str, Any]:
        return advised(self.object, actions.units_to_begin_with(self.object))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(units=unit_names(), **kwargs)


class WithGround(Decision):
    """A form whose ground is the one that was advised, if it is of the same list."""

    form_class: ClassVar[type[GroundForm]]

    def get_initial(self) -> dict[str, Any]:
        last = self.last_advice()
        same = last is not None and last.reason is not None and last.reason.use == self.form_class.use
        return {"reason": last.reason} if last and same else {}


class File(WithUnits):
    title, submit_label, done_sentence, form_class = "立案", "立案", "已立案。", FileForm

    def decide(self, data: dict[str, Any], paper: Paper | None) -> None:
        actions.file(
            self.object,
            category=data["category"],
            priority=data["priority"],
            unit_title=data["unit_title"],
            units=data["units"],
            key_candidate=data["key_candidate"],
            by=self.me,
            now=timezone.now(),
            paper=paper,
        )


class SendBack(WithGround):
    title, submit_label, done_sentence, form_class = "退回修改", "退回修改", "已退回提案者修改。", ReturnForm

    def decide(self, data: dict[str, Any], paper: Paper | None) -> None:
        actions.send_back(
            self.object, reason=data["reason"], text=data["text"], by=self.me, now=timezone.now(), paper=paper
        )


class Decline(WithGround):
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


WAYS: dict[str, actions.Way] = {
    Advised.Advice.TURN: actions.Way.OPINION,
    Advised.Advice.LEAD: actions.Way.LEAD,
    Advised.Advice.HIGHER: actions.Way.HIGHER,
}


class Turn(Decision):
    action = "proposals.turn"
    title, submit_label, done_sentence, form_class = "转其他渠道", "转办", "已转办，提案者会收到通知。", TurnForm

    def get_initial(self) -> dict[str, Any]:
        last = self.last_advice()
        return {"way": WAYS[last.advice]} if last and last.advice in WAYS else {}

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

    def shown(self) -> dict[str, str]:
        main = self.object.matter.merged_into
        return {"并案情况": f"并入{main.label}" if main else "没有并案"}

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

    def shown(self) -> dict[str, str]:
        return actions.recorded(self.object).lines()

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

    def shown(self) -> dict[str, str]:
        proposal = self.object
        when = proposal.filed_at or proposal.matter.closed_at
        return {"决定": f"{proposal.get_status_display()} {timezone.localtime(when):%Y-%m-%d %H:%M:%S}" if when else ""}

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.undo_decision(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "detail"))


class Advise(WithUnits):
    action = "proposals.review"
    title, submit_label, done_sentence, form_class = "填写审查建议", "提交审查建议", "已提交审查建议。", AdviseForm

    def decide(self, data: dict[str, Any], paper: Paper | None) -> None:
        given = {name: data[name] for name in ("advice", "category", "units", "key_candidate", "reason", "text")}
        actions.advise(self.object, **given, by=self.me, now=timezone.now(), paper=paper)


class CloseHistory(ProposalPage):
    action = "proposals.close_history"
    title, submit_label, done_sentence = "历史提案办结", "办结", "已办结。"
    form_class = CloseHistoryForm

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.close_history(self.object, **form.cleaned_data, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "detail"))


class CloseHistoryMany(ManyProposals):
    """Answered proposals of a register, closed with the same word for all."""

    action = "proposals.close_history"
    title = "历史提案办结"
    form_class = CloseHistoryForm
    submit_label = "办结"
    done_verb = "办结"
    list_page = Proposals

    def crumbs(self) -> list[Crumb]:
        return [Crumb("提案", reverse("proposals:list"))]

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = in_hands_of(Proposal.objects.all(), self.me, self.action)
        parts = [f"matter__assignments__{name}" for name in ("replies", "evaluation_rounds")]
        return rows.select_related("matter").prefetch_related(*parts).order_by("matter__number", "pk")

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
