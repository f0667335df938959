"""Lists of proposals and the page of one (提案列表、详情)."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet
from django.db.models.functions import Length
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.pages import Column, DetailPage, ListPage, Signed
from members.shown import Act, Crumb, Fact, FileRow, Mark, Tab
from members.tables import NEEDS_SECOND_PERSON
from proposals import actions
from proposals.aspects import behind, my_organisations, sees_invitations, sees_office_work, shown_text, writes
from proposals.filters import ProposalFilter
from proposals.forms import KeepPaperForm, TakeOutForm, WithdrawForm, WithdrawOnPaperForm
from proposals.handling import clocks
from proposals.handling.knowing import known_to
from proposals.handling.models import Assignment, Exposure, Matter, Obligation, Participant, Stage
from proposals.handling.panels import Panels, main_clock, panels_of, suspend_act
from proposals.handling.panels.links import file_rows, with_removal
from proposals.handling.sights import note, noted
from proposals.handling.standing import next_due
from proposals.keyed import view_of
from proposals.models import EDITABLE, Instruction, Proposal, Publication, SentUp, Status, Text
from proposals.models.publication import OVER
from proposals.naming import outside, proposers_of, title_shown, units_of
from proposals.public import address_of
from proposals.queries import steps
from proposals.reports.models import Opinion, Referral, Report
from proposals.rights import is_held
from proposals.sent_up import Shown, sendings_for

from .base import OneProposal, PaperPage, ProposalPage, name_of, to
from .writing import facts_of

PEOPLE = (
    Prefetch("matter__participants", Participant.objects.named()),
    Prefetch("matter__assignments", Assignment.objects.select_related("unit")),
)


def listed(user: Any) -> QuerySet[Proposal]:
    """Rows of a list in this person's sight, with what a line shows."""
    rows = (
        Proposal.objects.visible_to(user)
        .annotate(outside=outside(user), title_shown=title_shown(user))
        .exclude(status=Status.DRAFT)
        .exclude(status=Status.WITHDRAWN, receipt__isnull=True)
    )
    return rows.select_related("matter__session", "category").prefetch_related(*PEOPLE)


class Proposals(Signed, ListPage[Proposal]):
    """Every proposal this person may see, newest first."""

    action = "proposals.list"
    title = "提案"
    template_name = "proposals/list.html"
    filterset_class = ProposalFilter
    id_path = "matter__public_id"
    empty_sentence = "没有符合条件的提案。"
    columns = (
        Column("届次", lambda row: row.matter.session.name if row.matter.session else ""),
        Column("案号", lambda row: row.matter.number or ""),
        Column("收件号", lambda row: row.receipt or ""),
        Column("案由", lambda row: row.title_shown),
        Column("提案者", proposers_of),
        Column("形式", lambda row: row.get_form_display()),
        Column("类别", lambda row: row.category.name if row.category else ""),
        Column("状态", lambda row: row.matter.get_stage_display()),
        Column("重点提案", lambda row: "是" if row.matter.key else ""),
        Column("承办单位", units_of),
        Column("提交日期", lambda row: timezone.localdate(row.submitted_at) if row.submitted_at else ""),
    )
    sorts = {
        "number": ("matter__session_id", "number_length", "matter__number", "pk"),
        "received": ("submitted_at", "pk"),
    }

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = listed(self.me).annotate(number_length=Length("matter__number"))
        if self.watches:
            rows = rows.annotate(next_due=next_due())
        return rows.order_by(F("submitted_at").desc(nulls_last=True), "-pk")

    def export(self, rows: QuerySet[Proposal]) -> HttpResponseBase:
        answer = super().export(rows)
        if answer.status_code == 200:
            note(self.me, rows.order_by().values_list("matter", flat=True)[:NEEDS_SECOND_PERSON])
        return answer

    @property
    def watches(self) -> bool:
        """Whether the deadlines of all units are this person's business."""
        return bool(self.me.has_perm("handling.ledger"))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(watches=self.watches, reviews=self.me.has_perm("proposals.review"), **kwargs)

    def acts(self) -> list[Act]:
        if self.me.has_perm("proposals.write"):
            return [Act("写提案", reverse("proposals:begin"), "pen-line", "primary")]
        return []

    def bulk_acts(self) -> list[Act]:
        """Only among answered ones: elsewhere a choice of rows can be taken away as a table and no more."""
        if self.request.GET.get("stage") == Stage.ANSWERED and self.me.has_perm("proposals.close_history"):
            return [Act("历史提案办结", reverse("proposals:close_history_many"), "circle-check", whole=True)]
        return []

    def exports_ticked(self) -> bool:
        return self.watches


class Mine(Signed, ListPage[Proposal]):
    """One's own: drafts, what is on its way, what one signed; a former member's as long as they are open (P13)."""

    action = "proposals.own"
    title = "我的提案"
    template_name = "proposals/mine.html"
    empty_sentence = "还没有提案。"

    def get_queryset(self) -> QuerySet[Proposal]:
        own = Matter.objects.visible_to(self.me).filter(participants__person=self.me, participants__left_at=None)
        bodies = Matter.objects.visible_to(self.me).filter(
            participants__body__in=my_organisations(self.me), participants__left_at=None
        )
        rows = Proposal.objects.filter(matter__in=own.values("pk")) | Proposal.objects.filter(
            matter__in=bodies.values("pk")
        )
        if not self.me.has_perm("proposals.write"):
            rows = rows.filter(matter__closed_at=None)
        if self.request.GET.get("drafts"):
            rows = rows.filter(status__in=[Status.DRAFT, Status.COSIGNING, Status.RETURNED])
        return rows.select_related("matter__session").prefetch_related(*PEOPLE).order_by("-updated_at", "-pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        path, drafts = self.request.path, bool(self.request.GET.get("drafts"))
        tabs = [Tab("全部", path, not drafts), Tab("草稿箱", f"{path}?drafts=1", drafts)]
        return super().get_context_data(tabs=tabs, **kwargs)

    def acts(self) -> list[Act]:
        if self.me.has_perm("proposals.write"):
            return [Act("写提案", reverse("proposals:begin"), "pen-line", "primary")]
        return []


class Detail(OneProposal, DetailPage[Proposal]):
    """One proposal as this person may see it: where it is, who holds it, what was said."""

    action = "proposals.list"
    template_name = "proposals/detail.html"
    panels: Panels
    sendings: list[Shown]

    def may_open(self, user: Any) -> bool:
        return bool(user.is_authenticated)

    def get_queryset(self) -> QuerySet[Proposal]:
        rows = Proposal.objects.visible_to(self.me).annotate(
            outside=outside(self.me),
            noted=noted(self.me),
            title_shown=title_shown(self.me),
            instructed=Exists(Instruction.objects.filter(proposal=OuterRef("pk")).exclude(kind=Instruction.Kind.READ)),
            goes_up=Exists(SentUp.objects.filter(proposal=OuterRef("pk"))),
            after_report=Exists(Report.objects.filter(led_to=OuterRef("matter"))),
        )
        rows = rows.select_related(
            "matter__session",
            "matter__office",
            "matter__priority",
            "matter__merged_into",
            "category",
            "decided_reason",
            "key",
            "publication",
        )
        return rows.prefetch_related(PEOPLE[0])

    def get_title(self) -> str:
        return self.read_title() or name_of(self.object)

    def read_title(self) -> str:
        """As this person reads it: changed but not handed in again only for those who write."""
        proposal = self.object
        if proposal.draft_title is not None and writes(self.me, proposal):
            return proposal.draft_title
        title: str = proposal.title_shown  # type: ignore[attr-defined]  # annotated
        return title

    def crumbs(self) -> list[Crumb]:
        if self.me.has_perm("proposals.list") and not behind(self.me, self.object):
            return [Crumb("提案", reverse("proposals:list"))]
        return [Crumb("我的提案", reverse("proposals:mine"))] if self.me.has_perm("proposals.own") else []

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        proposal, matter = self.object, self.object.matter
        drafting = proposal.status == Status.FILED and sees_office_work(self.me)
        if not getattr(proposal, "noted", False):
            note(self.me, [matter.pk])
        self.panels = panels_of(self.me, matter)
        goes_up = getattr(proposal, "goes_up", False)
        self.sendings = sendings_for(self.me, proposal, self.panels.view) if goes_up else []
        return super().get_context_data(
            proposal=proposal,
            matter=matter,
            kicker=self.kicker(),
            people=proposers_of(proposal),
            marks=self.marks(),
            steps=steps(matter.stage),
            due=self.due(),
            text=facts_of(self.text()),
            panels=self.panels,
            sendings=self.sendings,
            facts=self.facts(),
            followers=self.linked(Matter.objects.filter(merged_into=matter))
            if self.panels.merged and proposal.filed_at
            else [],
            main=self.linked(Matter.objects.filter(pk=matter.merged_into_id)) if matter.merged_into_id else [],
            cosigners=self.cosigners(),
            files=self.files(),
            decision=self.decision(),
            allocation=proposal.allocation.select_related("unit").order_by("pk") if drafting else [],
            asked=proposal.preconsultations.select_related("unit").order_by("pk") if drafting else [],
            **kwargs,
        )

    def text(self) -> Text:
        """What this person may read of it; once units have it, each suggestion says which of them was named for it."""
        text = shown_text(self.me, self.object)
        text = replace(text, title=self.read_title() if text != Text() else "")
        if not self.panels.assignments or self.object.editable or self.object.matter.placeholder:
            return text
        own = [row for row in self.panels.suggestions if row.matter_id == self.object.matter_id]
        return replace(text, suggestions=tuple(row.for_units for row in own))

    def due(self) -> Obligation | None:
        """The day that everybody waits for: the leading unit's answer, or the office's own next step."""
        if self.panels.assignments:
            clock = main_clock(self.panels.assignments[0], self.panels.obligations)
            return clock if clock and clock.is_running else None
        rows = clocks.open_for(matter=self.object.matter).exclude(stage__in=["objection_window", "cosign"])
        return known_to(rows, self.me).order_by("due_on").first()

    def files(self) -> list[FileRow]:
        rows = self.panels.files if self.panels.assignments else file_rows(self.object.matter, self.me)
        return (
            with_removal(rows, "proposals:remove_file") if self.may_do("proposals.remove_file", "remove_file") else rows
        )

    def kicker(self) -> str:
        proposal, matter = self.object, self.object.matter
        parts = [str(matter.session or ""), f"第{matter.number}号" if matter.number else proposal.receipt or "草稿"]
        return " · ".join(part for part in [*parts, str(proposal.category or "")] if part)

    def marks(self) -> list[Mark]:
        proposal = self.object
        marks = [Mark(proposal.get_form_display())]
        if proposal.matter.key:
            marks.append(Mark("重点提案", "key", "flag"))
        if proposal.internal:
            marks.append(Mark("内部", "warn", "lock"))
        if proposal.off_session:
            marks.append(Mark("平时提案"))
        if any(row.withdrew for row in proposal.matter.participants.all()):
            marks.append(Mark("本案提案者已撤案", "warn"))
        if proposal.matter.placeholder:
            marks.append(Mark("线下办理", "warn", "lock"))
        return [*marks, *self.panels.marks]

    def facts(self) -> list[Fact]:
        proposal, matter = self.object, self.object.matter
        facts = [Fact("收件号", proposal.receipt or "—"), Fact("提交方式", proposal.get_source_display())]
        if proposal.submitted_at:
            facts.append(Fact("提交时间", proposal.submitted_at))
        if proposal.status in WENT:
            facts += self.went()
        if getattr(proposal, "after_report", False):
            facts += self.report_facts("据以起草的信息", led_to=matter)
        if matter.priority_id:
            facts.append(Fact("市委中心工作", str(matter.priority)))
        if matter.office_id:
            facts.append(Fact("牵头交办机构", str(matter.office)))
        if writes(self.me, proposal) or sees_office_work(self.me):
            facts.append(
                Fact(
                    "公开意愿", "同意公开" if proposal.consents else f"不同意公开：{proposal.consent_reason}", wide=True
                )
            )
            if proposal.source == Proposal.Source.IMPORT and sees_office_work(self.me):
                facts += self.as_registered()
            if proposal.status in BEFORE_FILING:
                wished = "、".join(body.name for body in proposal.wished_units.order_by("pk"))
                facts.append(Fact("建议承办单位", wished or "未填写", wide=True))
        if proposal.status in OVER and self.knows_publication():
            facts.append(self.publication_fact())
        return facts

    def knows_publication(self) -> bool:
        """Whether what becomes of the publication is this person's business: all that stand behind or handle it."""
        me, view = self.me, self.panels.view
        return bool(
            behind(me, self.object) or sees_office_work(me) or view.units or me.has_perm("proposals.disclosures")
        )

    def publication_fact(self) -> Fact:
        row: Publication | None = getattr(self.object, "publication", None)
        words = actions.said_of(row, self.object)
        out = row is not None and row.is_public(timezone.localdate())
        return Fact("公开情况", words, wide=True, url=address_of(self.object.matter) if out else "")

    def went(self) -> list[Fact]:
        """Where a proposal went that was not filed here."""
        matter = self.object.matter
        if opinion := Opinion.objects.visible_to(self.me).filter(origin=matter).select_related("matter").first():
            return [Fact("转为意见建议", opinion.matter.label, url=opinion.get_absolute_url())]
        if referral := Referral.objects.visible_to(self.me).filter(origin=matter).first():
            facts = [Fact(referral.get_kind_display(), referral.to or "已转"), Fact("转送日期", referral.on)]
            return facts + self.report_facts("社情民意信息", origin=matter)
        return []

    def report_facts(self, label: str, **where: Any) -> list[Fact]:
        """The report that was made of it, or that it was written after, for whoever sees that."""
        row = Report.objects.visible_to(self.me).filter(**where).select_related("matter").first()
        return [Fact(label, row.matter.label, url=row.get_absolute_url())] if row else []

    def as_registered(self) -> list[Fact]:
        """The words of the register that no column of ours holds: somebody checks them (请人工确认)."""
        proposal = self.object
        words = [
            Fact("原登记提案者", proposal.proposer_text, wide=True),
            Fact("原登记承办单位", proposal.units_text, wide=True),
            Fact("原登记备注", proposal.import_note, wide=True),
        ]
        return [fact for fact in words if fact.value]

    def linked(self, matters: QuerySet[Matter]) -> list[Fact]:
        """Merged proposals that this person may open as well."""
        rows = Proposal.objects.visible_to(self.me).filter(matter__in=matters).select_related("matter").order_by("pk")
        rows = rows.annotate(title_shown=title_shown(self.me))
        return [
            Fact(row.receipt or "", row.title_shown, wide=True, url=row.get_absolute_url())  # type: ignore[attr-defined]  # annotated
            for row in rows
        ]

    def cosigners(self) -> list[Any]:
        alone = self.object.form == Proposal.Form.INDIVIDUAL and not self.object.editable
        if alone or not sees_invitations(self.me, self.object):
            return []
        return list(
            self.object.cosignatures.exclude(state="removed")
            .select_related("person", "body")
            .order_by("invited_at", "pk")
        )

    def decision(self) -> str:
        proposal = self.object
        if not proposal.decided_text or not (behind(self.me, proposal) or sees_office_work(self.me)):
            return ""
        reason = f"{proposal.decided_reason}。" if proposal.decided_reason else ""
        return f"提案委的审查意见：{reason}{proposal.decided_text}"

    def acts(self) -> list[Act]:
        """What this person may do with this proposal now, the most likely first."""
        found = [
            Act(label, to(self.object, name), icon) for action, name, label, icon in ACTS if self.may_do(action, name)
        ]
        likely = next((act for act in found if act.label in LIKELY), None)
        own = [Act(act.label, act.url, act.icon, "primary") if act is likely else act for act in found]
        asked = [act for shown in self.panels.rounds for act in shown.acts if act.kind == "primary"]
        asked = [Act(f"去{act.label}", act.url, "star", "primary") for act in asked[:1]]
        wanted = [act for shown in self.sendings for act in shown.acts if act.kind == "primary"][: not asked]
        return [*asked, *wanted, *self.panels.acts, *own, *self.key_act(), *suspend_act(self.me, self.object.matter)]

    def key_act(self) -> list[Act]:
        """The way to the page of supervision and instructions, for whoever finds something there."""
        proposal = self.object
        stands = view_of(self.me, proposal, self.panels.view, getattr(proposal, "key", None))
        told = proposal.matter.key or getattr(proposal, "instructed", False)
        found = (stands.works and proposal.filed_at) or (stands.concerned and told)
        return [Act("督办与批示", to(proposal, "key"), "flag")] if found else []

    def may_do(self, action: str, name: str) -> bool:
        shows = SHOWS.get(name)
        if not self.me.has_perm(action) or (shows and not shows(self.object)):
            return False
        return is_held(self.me, self.object, action)


BEFORE_FILING = {*EDITABLE, Status.SUBMITTED, Status.REVIEWING, Status.TO_NUMBER}
"""As long as the units that the proposer wished for are of use to a reader."""
Shows = Callable[[Proposal], bool]
ENTERED = ("paper", "photo")
WENT = (Status.TURNED, Status.REPORTED, Status.PASSED_UP)
ACTS = (
    ("proposals.write", "write", "继续写", "pen-line"),
    ("proposals.revise", "write", "继续写", "pen-line"),
    ("proposals.confirm_text", "confirm_text", "核对文字", "check"),
    ("proposals.correct_proposer", "correct_proposer", "更改提案者", "user-round"),
    ("proposals.review", "review", "审查", "gavel"),
    ("proposals.allocate", "allocation_of", "拟定承办单位", "building-2"),
    ("proposals.merge", "merge", "并案", "git-merge"),
    ("proposals.merge", "unmerge", "取消并案", "undo-2"),
    ("proposals.turn", "turn", "转其他渠道", "shuffle"),
    ("proposals.cosign_on_paper", "cosign_on_paper", "登记纸质联名", "users"),
    ("proposals.send_up", "send_up", "转报上级", "send"),
    ("proposals.offline", "offline", "登记线下办理情况", "calendar-days"),
    ("proposals.correct", "correct", "更正", "pen-line"),
    ("proposals.undo", "undo", "撤销决定", "undo-2"),
    ("proposals.link_proposer", "link_proposer", "关联提案者", "user-round"),
    ("proposals.keep_paper", "keep_paper", "补存纸质材料", "paperclip"),
    ("proposals.close_history", "close_history", "历史提案办结", "circle-check"),
    ("proposals.archive", "archive", "归档", "bookmark"),
    ("proposals.review_publication", "disclosure", "公开审查", "eye"),
    ("proposals.open_publication", "open_publication", "送公开审查", "send"),
    ("proposals.recall", "recall", "撤回修改", "undo-2"),
    ("proposals.withdraw", "withdraw", "撤案", "undo-2"),
    ("proposals.discard", "discard", "删除草稿", "trash-2"),
    ("proposals.take_out", "take_out", "提案者变动", "user-round"),
)
LIKELY = ("继续写", "核对文字", "审查", "拟定承办单位", "归档")


def is_waiting(proposal: Proposal) -> bool:
    row: Publication | None = getattr(proposal, "publication", None)
    return row is not None and row.waiting_since is not None


SHOWS: dict[str, Shows] = {
    "confirm_text": lambda proposal: (
        proposal.source in ENTERED and proposal.editable and proposal.text_confirmed_at is None
    ),
    "correct_proposer": lambda proposal: proposal.source in ENTERED,
    "archive": lambda proposal: proposal.matter.merged_into_id is None,
    "close_history": lambda proposal: proposal.source == "import" and proposal.matter.stage == Stage.ANSWERED,
    "merge": lambda proposal: proposal.status != Status.MERGED,
    "unmerge": lambda proposal: (
        proposal.matter.merged_into is not None and proposal.matter.merged_into.exposure == Exposure.OFFICE
    ),
    "turn": lambda proposal: proposal.status == Status.DECLINED,
    "disclosure": lambda proposal: getattr(proposal, "publication", None) is not None,
    "open_publication": lambda proposal: not is_waiting(proposal) and not actions.why_not_public(proposal),
    "send_up": lambda proposal: not actions.why_not_sent_up(proposal),
    "offline": lambda proposal: proposal.matter.placeholder,
    "link_proposer": lambda proposal: proposal.source == "import",
    "withdraw": lambda proposal: proposal.receipt is not None,
    "discard": lambda proposal: proposal.receipt is None,
    "take_out": lambda proposal: proposal.receipt is not None and proposal.form != Proposal.Form.COLLECTIVE,
}


class Withdraw(PaperPage):
    """Takes a proposal back; the desk records the written request."""

    action = "proposals.withdraw"
    title = "撤案"
    submit_label = "撤案"
    done_sentence = "已撤案。"

    def by_desk(self) -> bool:
        return not writes(self.me, self.object) or self.me.has_perm("proposals.decide")

    def get_form(self) -> Any:
        if self.by_desk():
            return WithdrawOnPaperForm(**self.get_form_kwargs())
        return WithdrawForm(**ProposalPage.get_form_kwargs(self))

    def form_valid(self, form: Any) -> HttpResponseBase:
        paper = self.sheet_of(form) if self.by_desk() else None
        left = actions.withdraw(
            self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now(), paper=paper
        )
        if left.status != Status.WITHDRAWN:
            self.done_sentence = "本案提案者已撤案，并入的提案继续办理。"
        return HttpResponseRedirect(to(self.object, "detail"))


class KeepPaper(PaperPage):
    """A sheet that came in after the act: its scan belongs to the proposal and stands on its timeline."""

    action = "proposals.keep_paper"
    form_class = KeepPaperForm
    title = "补存纸质材料"
    submit_label = "补存"
    done_sentence = "纸质材料已存入本件。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        data = form.cleaned_data
        actions.keep_paper(
            self.object, data["scan"], what=data["what"], paper=form.paper(), by=self.me, now=timezone.now()
        )
        return HttpResponseRedirect(to(self.object, "detail"))


class TakeOut(ProposalPage):
    """A proposer has died or was removed; somebody else goes on (P13)."""

    action = "proposals.take_out"
    form_class = TakeOutForm
    title = "提案者变动"
    submit_label = "登记"
    done_sentence = "已登记提案者变动。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "proposal": self.object}

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.take_out(self.object, **form.cleaned_data, by=self.me, now=timezone.now())
        return HttpResponseRedirect(to(self.object, "detail"))


class Done(OneProposal, DetailPage[Proposal]):
    """After submission: the number, and what happens next."""

    action = "proposals.write"
    template_name = "proposals/done.html"
    title = "提交成功"

    def may_open(self, user: Any) -> bool:
        return bool(user.has_perm("proposals.write") or user.has_perm("proposals.revise"))

    def get_queryset(self) -> QuerySet[Proposal]:
        return Proposal.objects.visible_to(self.me).filter(receipt__isnull=False).select_related("matter__session")

    def crumbs(self) -> list[Crumb]:
        return [Crumb("我的提案", reverse("proposals:mine"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        clock = clocks.open_for(matter=self.object.matter, stage="review").first()
        return super().get_context_data(
            proposal=self.object,
            due_on=clock.due_on if clock else None,
            provisional=bool(clock and clock.provisional),
            **kwargs,
        )
