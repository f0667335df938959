"""The disclosure review: what waits, one proposal with its masked copy, and the decisions (公开审查)."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet, Subquery
from django.db.models.expressions import OuterRef
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.choices import Role
from members.days import short_day
from members.inbox.many import ManyPage
from members.pages import Column, ListPage, Signed
from members.rights import roles_of
from members.shown import Act, Crumb, Fact, Tab
from proposals import actions, many, masking, word_list
from proposals.actions.publishing import texts_of
from proposals.disclosure import delivered, points_of
from proposals.handling.models import Matter, Obligation, Reply
from proposals.handling.queries import labels_of, suggestions_of
from proposals.masking import Piece
from proposals.models import Proposal, Publication
from proposals.public import address_of
from proposals.publication_forms import (
    MaskForm,
    PublishForm,
    PublishManyForm,
    PublishOnPaperForm,
    ReasonForm,
    ReasonOnPaperForm,
)

from .base import PaperPage, ProposalConfirm, ProposalPage, name_of, to

TABS = (
    ("waiting", "待审查"),
    ("checked", "已核对"),
    ("coming", "待公布"),
    ("public", "已公开"),
    ("refused", "不予公开"),
    ("withdrawn", "已撤回"),
)


IN_REVIEW = ("waiting", "checked")


class Disclosures(Signed, ListPage[Publication]):
    """What was laid before the reviewers, by what became of it."""

    action = "proposals.disclosures"
    title = "公开审查"
    template_name = "proposals/disclosures.html"
    id_path = "proposal__matter__public_id"
    columns = (
        Column("案号", lambda row: row.proposal.matter.number or ""),
        Column("案由", lambda row: row.proposal.matter.title),
        Column("公开情况", lambda row: actions.said_of(row, row.proposal)),
        Column("送审日期", lambda row: row.waiting_since and timezone.localdate(row.waiting_since)),
        Column("审查期限", lambda row: row.due_on),
        Column("核对日期", lambda row: row.checked_at and timezone.localdate(row.checked_at)),
        Column("公布日期", lambda row: row.publish_on),
    )

    @property
    def tab(self) -> str:
        asked = self.request.GET.get("tab", "")
        return asked if asked in dict(TABS) else TABS[0][0]

    @property
    def empty_sentence(self) -> str:  # type: ignore[override]  # by tab
        if self.tab == "checked":
            return "没有已核对、待公开的提案。"
        return "没有待公开审查的提案。" if self.tab == "waiting" else "这里还没有提案。"

    def get_queryset(self) -> QuerySet[Publication]:
        today, state = timezone.localdate(), Publication.State
        rows = Publication.objects.filter(proposal__matter__in=Matter.objects.visible_to(self.me))
        match self.tab:
            case "coming":
                rows = rows.filter(state=state.RELEASED, publish_on__gt=today)
            case "public":
                rows = rows.public(today)
            case "refused" | "withdrawn":
                rows = rows.filter(state=self.tab)
            case "checked":
                rows = rows.waiting().exclude(checked_mark="")
            case _:
                rows = rows.waiting()
        clocks = Obligation.objects.running().filter(matter=OuterRef("proposal__matter"), stage="publication")
        rows = rows.annotate(
            due_on=Subquery(clocks.values("due_on")[:1]), clock=Subquery(clocks.values("public_id")[:1])
        )
        rows = rows.select_related("proposal__matter")
        return rows.order_by("waiting_since", "-decided_at", "pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        tabs = [Tab(label, f"{self.request.path}?tab={key}", key == self.tab) for key, label in TABS]
        return super().get_context_data(tabs=tabs, waiting=self.tab in IN_REVIEW, **kwargs)

    def bulk_acts(self) -> list[Act]:
        if self.tab in IN_REVIEW and self.me.has_perm("proposals.publish_many"):
            return [Act("公开", reverse("proposals:publish_many"), "megaphone", whole=True)]
        return []

    def exports_ticked(self) -> bool:
        return True


class PublishMany(ManyPage[Publication]):
    """Publishes those of which a reviewer has looked at the copy, on one day."""

    action = "proposals.publish_many"
    title = "批量公开"
    form_class = PublishManyForm
    submit_label = "决定公开"
    many_class = many.PublishMany
    list_page = Disclosures

    def crumbs(self) -> list[Crumb]:
        return [Crumb("公开审查", reverse("proposals:disclosures"))]


@dataclass(frozen=True)
class Part:
    """One text under review: the original with what is masked told apart, and the public copy."""

    label: str
    original: list[Piece]
    copy: str


@dataclass(frozen=True)
class ReplyUnderReview:
    title: str
    attribute: str
    is_public: bool
    parts: list[Part]
    acts: list[Act]


OUT_OF_SIGHT = "这件提案现在不能办理公开，可能已经暂停查看。刚才的提交没有生效，也没有公布任何内容。"


class OfPublication(ProposalPage):
    """A page about the review of one proposal."""

    action = "proposals.review_publication"

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = super().get_queryset().filter(publication__isnull=False)
        return rows.select_related("publication__checked_by", "matter__merged_into")

    def crumbs(self) -> list[Crumb]:
        way = [Crumb("公开审查", reverse("proposals:disclosures"))]
        return [*way, Crumb(name_of(self.object), to(self.object, "disclosure"))]

    @property
    def publication(self) -> Publication:
        row: Publication = self.object.publication
        return row

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The act; of what has gone out of sight meanwhile, a sentence and what was typed, and nothing of the proposal."""
        try:
            return super().post(request, *args, **kwargs)
        except Http404:
            rows = Publication.objects.filter(proposal__matter__public_id=kwargs["public_id"])
            if not rows.exclude(proposal__matter__participants__person=self.me).exists():
                raise
        fields = getattr(self.form_class, "base_fields", {}).items()
        typed = [Fact(str(one.label), words, wide=True) for name, one in fields if (words := request.POST.get(name))]
        return self.both_texts(OUT_OF_SIGHT, typed, [], reload_url=reverse("proposals:disclosures"))


class Disclosure(OfPublication):
    """The original beside its public copy: what was found is marked, more is masked by hand, then it is decided."""

    title = "公开审查"
    form_class = MaskForm
    template_name = "proposals/disclosure.html"
    submit_label = "更新公开文本"
    done_sentence = "公开文本已更新，请核对后再决定。"

    def get_title(self) -> str:
        return f"公开审查：{name_of(self.object)}"

    def crumbs(self) -> list[Crumb]:
        return super().crumbs()[:1]

    def get_queryset(self) -> QuerySet[Proposal]:
        return super().get_queryset().prefetch_related("matter__suggestions")

    def get_object(self) -> Proposal:
        """The proposal, each time with its replies as they are then."""
        row = super().get_object()
        self.replies = delivered(row.matter)
        return row

    def prepare(self) -> None:
        super().prepare()
        self.found = masking.find("\n".join(texts_of(self.object, self.replies)))

    def shown(self) -> dict[str, str]:
        """Whoever masks does it upon the words that he was shown."""
        row = self.publication
        return {"公开的文字": "\n".join([*texts_of(self.object, self.replies), *row.hidden, *row.kept])}

    def get_form_kwargs(self) -> dict[str, Any]:
        reviewer = Role.DISCLOSURE_REVIEWER in roles_of(self.me, timezone.localdate())
        return {**super().get_form_kwargs(), "found": self.found, "reviewer": reviewer}

    def get_initial(self) -> dict[str, Any]:
        return {"kept": self.publication.kept, "hidden": "\n".join(self.publication.hidden)}

    def form_valid(self, form: Any) -> HttpResponseBase:
        """Looked at is what the page showed: with other masks the copy is another one, to be looked at first."""
        row, kept, checked = self.publication, form.cleaned_data.get("kept", []), form.cleaned_data.get("checked")
        same = (form.words(), sorted(kept)) == (row.hidden, sorted(row.kept))
        if checked and same:
            actions.check_copy(self.object, by=self.me, now=timezone.now())
            self.done_sentence = "已核对，可以单独公开，也可以在公开审查列表中批量公开。"
        else:
            actions.set_masks(self.object, hidden=form.words(), kept=kept, by=self.me, now=timezone.now())
            if checked:
                self.done_sentence = "公开文本已更新。请看过新的公开文本，再勾选“已核对”。"
        return HttpResponseRedirect(to(self.object, "disclosure"))

    def acts(self) -> list[Act]:
        row, state, key = self.publication, Publication.State, [self.object.public_id]
        acts = []
        if row.waiting_since or row.state == state.RELEASED:
            acts.append(Act("公开", reverse("proposals:publish", args=key), "megaphone", "primary"))
        if row.waiting_since and row.state != state.RELEASED:
            acts.append(Act("不予公开", reverse("proposals:refuse_publication", args=key), "lock"))
        if row.state == state.RELEASED:
            acts.append(Act("撤回公开", reverse("proposals:withdraw_publication", args=key), "undo-2"))
        if row.is_public(timezone.localdate()):
            acts.append(Act("查看公开页", address_of(self.object.matter), "eye", "ghost"))
        return acts

    def part(self, label: str, text: str) -> Part:
        masks = (self.publication.hidden, self.publication.kept)
        return Part(label, masking.pieces(text, *masks), masking.mask(text, *masks))

    def parts(self) -> list[Part]:
        text = self.object.text()
        said = [("案由", text.title), ("情况与问题", text.situation), ("原因分析", text.analysis)]
        said += [(f"建议 {number}", words) for number, words in enumerate(text.suggestions, start=1)]
        return [self.part(label, words) for label, words in said if words]

    def under_review(self) -> list[ReplyUnderReview]:
        own = suggestions_of(self.object.matter, merged=False)
        labels = labels_of(own)
        return [self.reply_shown(reply, own, labels) for reply in self.replies]

    def reply_shown(self, reply: Reply, own: list[Any], labels: dict[int, str]) -> ReplyUnderReview:
        said = getattr(reply, "disclosure", None)
        parts = [self.part("总体说明", reply.opening)] if reply.opening else []
        for one, text, result in points_of(reply, own, labels):
            parts.append(self.part(f"{labels[one.pk]}{f'（{result}）' if result else ''}", text))
        acts = []
        if said is None or said.returned_at is None:
            url = reverse("handling:return_disclosure", args=[reply.public_id])
            acts.append(Act("退回单位补充公开属性", url, about=str(reply.assignment.unit)))
        words = said.words if said else "承办单位还没有提出，答复不会公布。"
        title = f"{reply.assignment.unit}{'二次' if reply.round > 1 else ''}答复"
        return ReplyUnderReview(title, words, bool(said and said.is_public), parts, acts)

    def secret_words(self) -> str:
        text = self.object.text()
        said = [("提案", "\n".join([text.title, text.situation, text.analysis, *text.suggestions]))]
        for reply in self.replies:
            words = "\n".join([reply.opening, *(point.text for point in reply.points.all())])
            said.append((f"{reply.assignment.unit}的答复", words))
        found = word_list.named(said)
        return f"{found}中有保密词表所列的词，请先核对是否涉密；涉密的请马上暂停查看。" if found else ""

    def said_of_check(self) -> str:
        row = self.publication
        if not row.checked_at:
            return "还没有核对公开文本"
        words = f"{row.checked_by} {short_day(timezone.localdate(row.checked_at))}已核对"
        return f"{words}，以后有变化，请重新核对" if actions.why_not_checked(row, self.replies) else words

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            parts=self.parts(),
            replies=self.under_review(),
            obstacle=actions.why_not_public(self.object),
            secret_words=self.secret_words(),
            facts=[
                Fact("案号", self.object.matter.number or "—"),
                Fact("公开情况", actions.said_of(self.publication, self.object)),
                Fact("核对", self.said_of_check()),
                Fact("提案者意愿", "同意公开" if self.object.consents else f"不同意公开：{self.object.consent_reason}"),
            ],
            **kwargs,
        )


class Decision(OfPublication, PaperPage):
    """A decision of the reviewers; the proposal office records it from its sheet."""

    on_paper_class: type[Any]

    def by_desk(self) -> bool:
        return Role.DISCLOSURE_REVIEWER not in roles_of(self.me, timezone.localdate())

    def get_form(self) -> Any:
        if self.by_desk():
            return self.on_paper_class(**PaperPage.get_form_kwargs(self))
        return self.form_class(**ProposalPage.get_form_kwargs(self))

    def sheet(self, form: Any) -> Any:
        return self.sheet_of(form) if self.by_desk() else None

    def get_back_url(self) -> str:
        return to(self.object, "disclosure")


class Publish(Decision):
    title = "公开"
    form_class = PublishForm
    on_paper_class = PublishOnPaperForm
    submit_label = "决定公开"
    done_sentence = "已决定公开，并通知提案者和承办单位。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        actions.publish(
            self.object,
            on=data["publish_on"],
            with_evaluation=data["with_evaluation"],
            checked=data["checked"],
            by=self.me,
            now=timezone.now(),
            paper=self.sheet(form),
        )
        return HttpResponseRedirect(to(self.object, "disclosure"))


class RefusePublication(Decision):
    title = "不予公开"
    form_class = ReasonForm
    on_paper_class = ReasonOnPaperForm
    submit_label = "不予公开"
    done_sentence = "已决定不予公开，并通知提案者和承办单位。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        reason = form.cleaned_data["reason"]
        actions.refuse_publication(self.object, reason=reason, by=self.me, now=timezone.now(), paper=self.sheet(form))
        return HttpResponseRedirect(to(self.object, "disclosure"))


class WithdrawPublication(Decision):
    action = "proposals.withdraw_publication"
    title = "撤回公开"
    form_class = ReasonForm
    on_paper_class = ReasonOnPaperForm
    submit_label = "撤回公开"
    done_sentence = "已撤回公开，公开页、订阅和开放数据中都不再有这件提案。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        reason = form.cleaned_data["reason"]
        actions.withdraw_publication(self.object, reason=reason, by=self.me, now=timezone.now(), paper=self.sheet(form))
        return HttpResponseRedirect(to(self.object, "disclosure"))


class OpenPublication(ProposalConfirm):
    """Lays before the reviewers what does not come to them by itself: imported, corrected, or to be looked at again."""

    action = "proposals.open_publication"
    title = "送公开审查"
    question = "提案和已送达的答复将送公开审查员审查，没有提出公开属性的承办单位会收到通知。"
    submit_label = "送公开审查"
    done_sentence = "已送公开审查。"

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = super().get_queryset().select_related("matter__merged_into")
        return rows.exclude(Q(publication__isnull=False) & Q(publication__waiting_since__isnull=False))

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.open_publication(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "disclosure"))
