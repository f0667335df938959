"""Lists: a unit's queue, the offices' ledger, and what waits for a decision."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Count, F, QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from members.days import short_day
from members.inbox.queries import group_text
from members.pages import Column, ListPage, Signed
from members.rights import bodies_of
from members.shown import Act, Tab
from members.tables import NEEDS_SECOND_PERSON
from proposals.handling.filters import ExtensionFilter, LedgerFilter, QueueFilter
from proposals.handling.models import (
    Access,
    Assignment,
    Coordination,
    CoordinationOpinion,
    Evaluation,
    EvaluationRound,
    ExtensionRequest,
    Objection,
    Reply,
)
from proposals.handling.queries import consultations_due, rounds_to_confirm
from proposals.handling.rights import in_hands_of
from proposals.handling.sights import note
from proposals.handling.standing import in_tab, late_duty, of_unit, with_clock

State = Assignment.State

TABS: dict[str, str] = {
    "": "全部在办",
    "pending": "待签收",
    "signed": "办理中",
    "soon": "7天内到期",
    "overdue": "已逾期",
    "objected": "申请退回",
    "answered": "已答复",
}


def said_outside(part: Assignment, when: str) -> str:
    """A line that may be pasted into a group chat: number, title of what is not held back, unit and day (P26)."""
    matter = part.matter
    number = matter.numbered or "未编号"
    title = matter.unit_title or matter.title if matter.access == Access.OPEN else ""
    return "　".join(filter(None, [number, title, part.unit.name, when]))


def full_address(request: HttpRequest) -> str:
    return settings.SITE_URL.rstrip("/") + request.get_full_path()


class Parts(Signed, ListPage[Assignment]):
    """Rows are assignments, sorted by what is due first."""

    unit_word = "件"
    sorts: ClassVar[dict[str, tuple[str, ...]]] = {"due": ("due_on", "pk"), "number": ("matter__number", "pk")}
    columns: ClassVar[Sequence[Column]] = (
        Column("编号", lambda row: row.matter.number or ""),
        Column("案由", lambda row: row.matter.unit_title or row.matter.title),
        Column("上级来源", lambda row: row.matter.origin),
        Column("承办单位", lambda row: row.unit.name),
        Column("职责", lambda row: row.get_role_display()),
        Column("状态", lambda row: row.get_state_display()),
        Column("交办日期", lambda row: timezone.localdate(row.given_at)),
        Column("签收日期", lambda row: row.signed_at and timezone.localdate(row.signed_at)),
        Column("答复期限", lambda row: row.due_on),
        Column("暂定", lambda row: "暂定" if row.provisional else ""),
    )

    def scope(self) -> QuerySet[Assignment]:
        raise NotImplementedError

    @property
    def tab(self) -> str:
        wanted = self.request.GET.get("tab", "")
        return wanted if wanted in TABS else ""

    def get_queryset(self) -> QuerySet[Assignment]:
        rows = with_clock(self.scope()).filter(in_tab(self.tab, timezone.localdate()))
        rows = rows.select_related("matter", "unit", "handler").annotate(late_duty=late_duty(timezone.localdate()))
        return rows.order_by(F("due_on").asc(nulls_last=True), "pk")

    def tabs(self) -> list[Tab]:
        today = timezone.localdate()
        counted = with_clock(self.scope()).aggregate(
            **{tab or "all": Count("pk", filter=in_tab(tab, today), distinct=True) for tab in TABS}
        )
        return [
            Tab(label, f"?tab={tab}" if tab else self.request.path, tab == self.tab, counted[tab or "all"])
            for tab, label in TABS.items()
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        lines = [said_outside(row, f"期限{short_day(row.due_on)}" if row.due_on else "") for row in kwargs["page_obj"]]
        tabs = self.tabs()
        title = "　".join([self.get_title(), *(tab.label for tab in tabs if tab.current and self.tab)])
        text = group_text(title, lines, url=full_address(self.request)) if lines else ""
        return super().get_context_data(tabs=tabs, group_text=text, **kwargs)

    def bulk_acts(self) -> list[Act]:
        return []

    def export(self, rows: QuerySet[Assignment]) -> HttpResponseBase:
        """What is sensitive leaves in no table (S20)."""
        rows = rows.exclude(matter__access=Access.SENSITIVE)
        answer = super().export(rows)
        if answer.status_code == 200:
            note(self.me, rows.order_by().values_list("matter", flat=True)[:NEEDS_SECOND_PERSON])
        return answer


class Queue(Parts):
    """A unit's queue over all that it has in hand."""

    action = "handling.read_unit"
    title = "本单位办理"
    template_name = "handling/queue.html"
    filterset_class = QueueFilter
    columns = (
        *Parts.columns,
        Column("经办人", lambda row: str(row.handler or "")),
        Column("内部时限", lambda row: row.internal_due_on),
    )
    empty_sentence = "这里没有需要办理的提案。"

    def scope(self) -> QuerySet[Assignment]:
        return of_unit(self.me, timezone.localdate())

    def bulk_acts(self) -> list[Act]:
        offered = [
            ("handling.sign_for", Act("签收", reverse("handling:sign_for_many"), "check")),
            ("handling.pass_inside", Act("内部分办", reverse("handling:pass_many"), "send")),
        ]
        return [act for action, act in offered if self.me.has_perm(action)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        units = bodies_of(self.me, "handling.answer_objection", timezone.localdate())
        rows = Objection.objects.filter(state=Objection.State.OPEN, suggested__in=units)
        asked = in_hands_of(rows, self.me, "handling.answer_objection", "assignment").order_by("pk")
        asked = asked.select_related("assignment__matter", "assignment__unit")
        invited = in_hands_of(
            CoordinationOpinion.objects.filter(at=None, unit__in=units, coordination__in=Coordination.objects.open()),
            self.me,
            "handling.coordination_opinion",
            "coordination__assignment",
        ).select_related("coordination__assignment__matter", "coordination__assignment__unit")
        return super().get_context_data(
            asked=list(asked[:20]), invited=list(invited.order_by("pk")[:20]), inside=True, **kwargs
        )


class Ledger(Parts):
    """Everything that has been assigned: an office sees its own, the proposal office all."""

    action = "handling.ledger"
    title = "办理台账"
    template_name = "handling/queue.html"
    filterset_class = LedgerFilter
    empty_sentence = "没有符合条件的交办件。"

    def scope(self) -> QuerySet[Assignment]:
        rows = Assignment.objects.current().exclude(state=State.SETTLED)
        if self.request.GET.get("state") == State.SETTLED:
            rows = Assignment.objects.current()
        return in_hands_of(rows, self.me, "handling.ledger")

    def bulk_acts(self) -> list[Act]:
        offered = [
            ("handling.chase", Act("催办", reverse("handling:chase_many"), "bell", whole=True)),
            ("handling.sign_for", Act("登记签收（纸质）", reverse("handling:sign_for_many"), "check")),
        ]
        return [act for action, act in offered if self.me.has_perm(action)]

    def exports_ticked(self) -> bool:
        return True


class Waiting(Signed, ListPage[Any]):
    """What waits for one decision, the oldest first."""

    template_name = "handling/waiting.html"
    path: ClassVar[str] = "assignment"
    page: ClassVar[str] = ""
    act_word: ClassVar[str] = "办理"

    def rows(self) -> QuerySet[Any]:
        raise NotImplementedError

    def get_queryset(self) -> QuerySet[Any]:
        return in_hands_of(self.rows(), self.request.user, self.action, self.path).order_by("pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        lines = [{**self.line(row), "row": row} for row in context["page_obj"]]
        said = [said_outside(line["part"], short_day(timezone.localdate(line["at"]))) for line in lines]
        text = group_text(self.get_title(), said, url=full_address(self.request)) if said else ""
        return {**context, "lines": lines, "act_word": self.act_word, "group_text": text}

    def line(self, row: Any) -> dict[str, Any]:
        """What the list shows of a row: part, what, when, where to act."""
        raise NotImplementedError


class Objections(Waiting):
    action = "handling.decide_objection"
    title = "退回申请"
    empty_sentence = "没有待决定的退回申请。"
    act_word = "决定"

    def rows(self) -> QuerySet[Objection]:
        rows = Objection.objects.undecided().with_returns()
        return rows.select_related("assignment__matter", "assignment__unit", "reason", "suggested")

    def line(self, row: Objection) -> dict[str, Any]:
        what = f"{row.reason}；建议由{row.suggested}办理" if row.suggested else str(row.reason)
        what += f"；该件已调整{row.returns}次" if row.returns else ""  # type: ignore[attr-defined]  # with_returns
        url = reverse("handling:decide_objection", args=[row.public_id])
        if row.state == Objection.State.COORDINATING:
            url = reverse("handling:call_coordination", args=[row.assignment.public_id])
        return {"part": row.assignment, "what": what, "state": row.get_state_display(), "at": row.raised_at, "url": url}


class Extensions(Waiting):
    action = "handling.decide_extension"
    filterset_class = ExtensionFilter
    path = "obligation__assignment"
    title = "延期申请"
    empty_sentence = "没有待审批的延期申请。"
    act_word = "审批"

    def rows(self) -> QuerySet[ExtensionRequest]:
        return ExtensionRequest.objects.asked().select_related(
            "obligation__assignment__matter", "obligation__assignment__unit"
        )

    def bulk_acts(self) -> list[Act]:
        return [Act("同意延期", reverse("handling:grant_extensions"), "check", whole=True)]

    def line(self, row: ExtensionRequest) -> dict[str, Any]:
        url = reverse("handling:decide_extension", args=[row.public_id])
        what = f"由{short_day(row.old_due)}延至{short_day(row.to_on)}；{row.reason}"
        part = row.obligation.assignment
        return {"part": part, "what": what, "state": row.get_state_display(), "at": row.asked_at, "url": url}


class ReplyChecks(Waiting):
    """Replies that the office looks at first: each one if it has set that, and letters that are older than their day."""

    action = "handling.check_reply"
    title = "答复审核"
    empty_sentence = "没有待审核的答复。"
    act_word = "核对"

    def rows(self) -> QuerySet[Reply]:
        return Reply.objects.checking().select_related("assignment__matter", "assignment__unit", "result")

    def line(self, row: Reply) -> dict[str, Any]:
        url = reverse("handling:check_reply", args=[row.public_id])
        why = ["审核答复"] * row.to_check + ["确认落款日期"] * row.date_to_confirm
        what = f"{'、'.join(why)}　落款{short_day(row.letter_on)}　{row.doc_no}"
        return {
            "part": row.assignment,
            "what": what,
            "state": row.get_state_display(),
            "at": row.drafted_at,
            "url": url,
        }


class Dissatisfactions(Waiting):
    action = "handling.confirm_dissatisfaction"
    title = "待核实的不满意"
    empty_sentence = "没有待核实的不满意评价。"
    act_word = "核实"

    def rows(self) -> QuerySet[EvaluationRound]:
        """The rounds whose forms make the reply unsatisfactory under the rule in force: the office's clock runs."""
        return rounds_to_confirm().select_related("assignment__matter", "assignment__unit")

    def line(self, row: EvaluationRound) -> dict[str, Any]:
        url = reverse("handling:confirm_dissatisfaction", args=[row.assignment.public_id])
        what = f"第{row.round}轮答复"
        return {"part": row.assignment, "what": what, "state": "待核实", "at": row.opened_at, "url": url}


class PaperForms(Waiting):
    action = "handling.confirm_evaluation"
    path = "round_row__assignment"
    title = "待核对的纸质评价"
    empty_sentence = "没有待核对的纸质评价。"
    act_word = "核对"

    def rows(self) -> QuerySet[Evaluation]:
        rows = Evaluation.objects.to_confirm()
        return rows.select_related("round_row__assignment__matter", "round_row__assignment__unit", "by")

    def line(self, row: Evaluation) -> dict[str, Any]:
        url = reverse("handling:confirm_evaluation", args=[row.public_id])
        part = row.round_row.assignment
        return {"part": part, "what": f"{row.by}录入", "state": "待核对", "at": row.at, "url": url}


class Flagged(Waiting):
    """Forms with something odd about them (S9): the office looks into each, and says how."""

    action = "handling.confirm_evaluation"
    path = "round_row__assignment"
    title = "需核查的评价"
    empty_sentence = "没有需要核查的评价。"
    act_word = "核查"

    def rows(self) -> QuerySet[Evaluation]:
        rows = Evaluation.objects.to_check()
        return rows.select_related(
            "round_row__assignment__matter", "round_row__assignment__unit", "participant__person", "participant__body"
        )

    def line(self, row: Evaluation) -> dict[str, Any]:
        url = reverse("handling:check_flags", args=[row.public_id])
        what = f"{row.participant}：{'、'.join(row.flags)}"
        return {"part": row.round_row.assignment, "what": what, "state": "待核查", "at": row.at, "url": url}


class LateDissatisfactions(Waiting):
    """Dissatisfied forms that came after the end: the office has the matter handled again, or explains (P8)."""

    action = "handling.confirm_evaluation"
    path = "round_row__assignment"
    title = "结束后收到的不满意"
    empty_sentence = "没有评价结束后收到的不满意评价。"
    act_word = "登记说明"

    def rows(self) -> QuerySet[Evaluation]:
        rows = Evaluation.objects.late_against()
        return rows.select_related(
            "round_row__assignment__matter", "round_row__assignment__unit", "participant__person", "participant__body"
        )

    def line(self, row: Evaluation) -> dict[str, Any]:
        url = reverse("handling:explain_dissatisfaction", args=[row.public_id])
        what = f"{row.participant}补交，可重新办理或登记说明"
        return {"part": row.round_row.assignment, "what": what, "state": "待决定", "at": row.at, "url": url}


class Consultations(Waiting):
    """Still dissatisfied after a second handling: both sides are to be gathered."""

    action = "handling.consult_jointly"
    title = "待联合会商"
    empty_sentence = "没有待组织的联合会商。"
    act_word = "登记会商"

    def rows(self) -> QuerySet[EvaluationRound]:
        return consultations_due().select_related("assignment__matter", "assignment__unit")

    def line(self, row: EvaluationRound) -> dict[str, Any]:
        url = reverse("handling:consult_jointly", args=[row.assignment.public_id])
        what = f"第{row.round}轮答复仍不满意"
        return {"part": row.assignment, "what": what, "state": "待会商", "at": row.closed_at, "url": url}
