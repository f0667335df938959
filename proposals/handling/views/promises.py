"""Promises: written with the draft, reported, decided about, their ledger and their public words (P25)."""

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django_filters import FilterSet

from members.days import short_day
from members.errors import Refused, Stale, WrongStep
from members.pages import ActionPage, Column, ListPage, Page, Signed
from members.shown import Crumb, Fact
from proposals.handling import actions, forms, queries
from proposals.handling.actions import Paper
from proposals.handling.filters import OwnPromiseFilter, PromiseFilter
from proposals.handling.forms.replying import key_of
from proposals.handling.models import Access, Commitment, CommitmentStep, Obligation, PublicWord, ReplyPoint
from proposals.handling.reminders import name_of
from proposals.handling.rights import in_hands_of

from .base import PartForm
from .queues import Waiting
from .replying import WithDraft


class DraftPromises(WithDraft):
    """The promises of the draft, point by point: an answer that is under way or planned needs at least one."""

    action = "handling.draft_reply"
    title = "承诺事项"
    template_name = "handling/draft_promises.html"
    form_class = forms.PromiseForm
    done_sentence = "承诺事项已保存。"

    @property
    def keeper(self) -> bool:
        """The sheet is named when the letter is sent, not while it is typed."""
        return False

    def prepare(self) -> None:
        super().prepare()
        if not self.course.promises:
            raise Refused(actions.NO_PROMISES)
        draft = actions.readable_draft(self.object, by=self.me)
        if draft is None:
            raise WrongStep("还没有答复稿。请先拟写答复，选好各条的办理结果。")
        self.draft = draft
        points = ReplyPoint.objects.filter(reply=draft, same_as=None, result__isnull=False)
        points = points.select_related("result", "suggestion__matter", "reply__assignment__matter")
        self.points = sorted(
            points, key=lambda one: (one.suggestion.matter_id != self.matter.pk, one.suggestion.number)
        )
        if not self.points:
            raise WrongStep("答复稿中还没有选好办理结果的答复，请先逐条选择，再填写承诺事项。")
        self.labels = queries.labels_of(queries.suggestions_of(self.matter))
        rows = Commitment.objects.filter(point__reply=draft).select_related("point__suggestion__matter")
        self.written = list(rows.order_by("point__suggestion__number", "due_on", "pk"))
        wanted = self.request.POST.get("row") or self.request.GET.get("row")
        self.change = next((row for row in self.written if str(row.public_id) == wanted), None)
        self.submit_label = "保存修改" if self.change else "加入承诺事项"

    def version(self) -> int | None:
        """Whoever changes a promise does it upon the draft that he was shown; one more is just added."""
        return self.draft.version if self.change else None

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if "drop" not in request.POST:
            return super().post(request, *args, **kwargs)
        try:
            self.prepare()
            for row in self.written:
                if str(row.public_id) == request.POST["drop"]:
                    actions.drop_promise(row, by=self.me, now=timezone.now())
        except (Refused, WrongStep) as error:
            return self.refuse(str(error))
        return HttpResponseRedirect(self.here())

    def here(self) -> str:
        return reverse("handling:draft_promises", args=[self.object.public_id])

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "points": self.points, "labels": self.labels}

    def get_initial(self) -> dict[str, Any]:
        if self.change:
            row = self.change
            key = key_of(row.point.suggestion)
            return {"point": key, "text": row.text, "measure": row.measure, "due_on": row.due_on}
        promised = {row.point_id for row in self.written}
        wanting = (one for one in self.points if one.result and one.result.promises and one.pk not in promised)
        first = next(wanting, self.points[0])
        return {"point": key_of(first.suggestion)}

    def form_valid(self, form: Any) -> HttpResponseBase:
        if self.request.POST.get("row") and self.change is None:
            raise Stale("这项承诺已由同事删除。您写的内容已保留在下面，仍需要的请作为新的一项加入。")
        actions.promise(**form.values(), change=self.change, by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.here())

    def get_back_url(self) -> str:
        return reverse("handling:draft_reply", args=[self.object.public_id])

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        promised = {row.point_id for row in self.written}
        wanting = [one for one in self.points if one.result and one.result.promises and one.pk not in promised]
        return super().get_context_data(
            written=[(self.labels.get(row.point.suggestion_id, ""), row) for row in self.written],
            change=self.change,
            wanting="、".join(self.labels.get(one.suggestion_id, "") for one in wanting),
            send_url=self.way_on(),
            here=self.here(),
            **kwargs,
        )


class PromiseForm(PartForm[Commitment]):
    """Something the unit says of a promise that it has given."""

    path = "assignment"

    def rows(self) -> QuerySet[Commitment]:
        return Commitment.objects.running().select_related(
            "assignment__matter", "assignment__unit", "assignment__office", "clock"
        )

    def facts(self) -> list[Fact]:
        return [*super().facts(), *facts_of(self.object)]


def facts_of(row: Commitment) -> list[Fact]:
    assert row.clock
    return [
        Fact("承诺事项", f"第{row.number}项：{row.text}", wide=True),
        Fact("可检验的结果", row.measure, wide=True),
        Fact("完成日期", row.clock.due_on),
        *([Fact("原承诺日期", row.due_on)] if row.due_on != row.clock.due_on else []),
    ]


class ReportProgress(PromiseForm):
    action = "handling.report_progress"
    title = "报告承诺进展"
    form_class = forms.ProgressForm
    submit_label = "报告进展"
    done_sentence = "进展已登记。"

    def do(self, form: Any, paper: Paper | None) -> None:
        text = form.cleaned_data["text"]
        actions.report_progress(self.object, text=text, by=self.me, now=timezone.now(), paper=paper)


class AskDelay(PromiseForm):
    action = "handling.report_promise"
    title = "申请调整承诺时间"
    form_class = forms.DelayForm
    submit_label = "提交申请"
    done_sentence = "申请已提交；批准前仍按原定日期落实。"

    def do(self, form: Any, paper: Paper | None) -> None:
        data = form.cleaned_data
        said = {"to": data["to"], "text": data["text"]}
        actions.ask_delay(self.object, **said, by=self.me, now=timezone.now(), paper=paper)


class ReportKept(PromiseForm):
    action = "handling.report_promise"
    title = "报告承诺已落实"
    form_class = forms.KeptForm
    submit_label = "报告落实"
    done_sentence = "已报交办机构核实；核实后，再次答复会发给每一位提案者。"

    def do(self, form: Any, paper: Paper | None) -> None:
        data = form.cleaned_data
        said = {"text": data["text"], "reply": data["reply"]}
        actions.report_kept(self.object, **said, by=self.me, now=timezone.now(), paper=paper)


class DecidePromise(PartForm[CommitmentStep]):
    """The assigning office's word on what the unit asked or reported."""

    action = "handling.decide_promise"
    path = "commitment__assignment"
    title = "核实承诺"
    form_class = forms.DecideStepForm
    submit_label = "提交决定"
    done_sentence = "已决定，并告知承办单位。"

    def rows(self) -> QuerySet[CommitmentStep]:
        return CommitmentStep.objects.asked().select_related(
            "commitment__assignment__matter",
            "commitment__assignment__unit",
            "commitment__assignment__office",
            "commitment__clock",
        )

    def get_title(self) -> str:
        kept = self.object.kind == CommitmentStep.Kind.KEPT
        return "核实承诺落实情况" if kept else "决定是否调整承诺时间"

    def actor(self) -> int:
        return self.part.office_id

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "kind": self.object.kind}

    def facts(self) -> list[Fact]:
        step = self.object
        said = [
            Fact("申请调整到", step.to_on),
            Fact("理由" if step.to_on else "落实情况", step.text, wide=True),
            Fact("再次答复", step.reply, wide=True),
        ]
        return [*super().facts(), *facts_of(step.commitment), *(fact for fact in said if fact.value)]

    def do(self, form: Any, paper: Paper | None) -> None:
        data = form.cleaned_data
        decide = actions.agree if data["agrees"] else actions.send_back
        decide(self.object, text=data["text"], by=self.me, now=timezone.now(), paper=paper)


class PromiseQuestions(Waiting):
    """What units ask or report about their promises."""

    action = "handling.decide_promise"
    path = "commitment__assignment"
    title = "待核实的承诺"
    empty_sentence = "没有待核实的落实报告，也没有待决定的调整申请。"
    act_word = "核实"

    def rows(self) -> QuerySet[CommitmentStep]:
        rows = CommitmentStep.objects.asked()
        return rows.select_related("commitment__assignment__matter", "commitment__assignment__unit")

    def line(self, row: CommitmentStep) -> dict[str, Any]:
        url = reverse("handling:decide_promise", args=[row.public_id])
        to = f"到{short_day(row.to_on)}" if row.to_on else ""
        what = f"第{row.commitment.number}项：{row.commitment.text}　{row.get_kind_display()}{to}"
        part = row.commitment.assignment
        return {"part": part, "what": what, "state": row.get_state_display(), "at": row.at, "url": url}


INSIDERS = "handling.see"
"""Who is told that a promise is late: units, offices, and leaders; not the proposers (P25)."""


def overdue_days(row: Commitment) -> str:
    """How long a promise has been late, as the list says it; nothing of one that is not."""
    clock, today = row.clock, timezone.localdate()
    late = row.state == Commitment.State.RUNNING and clock is not None and clock.status == Obligation.Status.OPEN
    return f"逾期 {(today - clock.due_on).days} 天" if clock and late and clock.due_on < today else ""


class Ledger(Signed, ListPage[Commitment]):
    """The promises of all years (承诺台账): a unit's own, an office's, all for the proposal office, a proposer's own."""

    action = "handling.read_promises"
    title = "承诺台账"
    template_name = "handling/promises.html"
    unit_word = "项"
    empty_sentence = "没有符合条件的承诺事项。"
    sorts = {"due": ("clock__due_on", "pk"), "number": ("assignment__matter__number", "pk")}
    columns = (
        Column("编号", lambda row: row.assignment.matter.number or ""),
        Column("案由", lambda row: row.assignment.matter.title_for_units),
        Column("承办单位", lambda row: row.assignment.unit.name),
        Column("承诺事项", lambda row: row.text),
        Column("可检验的结果", lambda row: row.measure),
        Column("承诺日期", lambda row: row.given_on),
        Column("原定完成日期", lambda row: row.due_on),
        Column("完成日期", lambda row: row.clock.due_on),
        Column("状态", lambda row: row.get_state_display()),
        Column("落实日期", lambda row: row.kept_on),
    )

    def export_columns(self) -> Sequence[Column]:
        """That something is late is said inside only (P25)."""
        return (*self.columns, Column("逾期", overdue_days)) if self.inside else self.columns

    @property
    def inside(self) -> bool:
        return self.me.has_perm(INSIDERS) or self.me.has_perm("handling.promise_figures")

    def get_queryset(self) -> QuerySet[Commitment]:
        rows = Commitment.objects.given().with_requests()
        rows = rows.select_related("assignment__matter__session", "assignment__unit", "clock")
        return in_hands_of(rows, self.me, self.action, "assignment").order_by("clock__due_on", "pk")

    def filtered(self, rows: QuerySet[Commitment]) -> tuple[QuerySet[Commitment], FilterSet | None]:
        kind = PromiseFilter if self.inside else OwnPromiseFilter
        filterset = kind(self.request.GET, queryset=rows, request=self.request)
        self.found = filterset.qs
        return self.sorted(filterset.qs), filterset

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        figures = queries.promise_figures(self.found, on=today) if self.inside else None
        return super().get_context_data(
            figures=figures,
            today=today,
            inside=self.inside,
            by_unit=reverse("handling:promise_figures") if self.me.has_perm("handling.promise_figures") else "",
            **kwargs,
        )


class Figures(Signed, Page):
    """How promises stand by unit: totals only, each leading to the rows behind it for whoever may read them."""

    action = "handling.promise_figures"
    title = "承诺落实情况（按单位）"
    template_name = "handling/promise_figures.html"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("承诺台账", reverse("handling:promises"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        rows: QuerySet[Commitment] = Commitment.objects.given()
        rows = rows.exclude(assignment__matter__access=Access.SUSPENDED)
        if not self.me.has_perm("handling.oversee") and self.me.has_perm("handling.decide"):
            rows = in_hands_of(rows, self.me, "handling.decide", "assignment")
        units = queries.promise_figures_by_unit(rows, on=today)
        return super().get_context_data(
            units=units, total=queries.promise_figures(rows, on=today), today=today, **kwargs
        )


class PublicWords(Signed, ListPage[PublicWord]):
    """Public changes of promises that the disclosure reviewer has not looked at yet, the oldest first."""

    action = "handling.review_word"
    title = "承诺公开审查"
    template_name = "handling/public_words.html"
    unit_word = "项"
    empty_sentence = "没有待审查的公开内容。"

    def get_queryset(self) -> QuerySet[PublicWord]:
        rows = queries.words_to_review(self.me).select_related(
            "commitment__assignment__matter", "commitment__assignment__unit"
        )
        return rows.order_by("pk")


class ReviewWord(Signed, ActionPage[PublicWord]):
    action = "handling.review_word"
    title = "审查公开内容"
    template_name = "handling/form.html"
    form_class = forms.ReviewWordForm
    submit_label = "提交审查意见"
    done_sentence = "已审查。"

    def get_queryset(self) -> QuerySet[PublicWord]:
        """Those that wait; whoever comes second is told so by the action, with what he typed."""
        rows = queries.words_for(self.me)
        rows = rows if self.request.method == "POST" else rows.waiting()
        return rows.select_related("commitment__assignment__matter", "commitment__assignment__unit")

    def crumbs(self) -> list[Crumb]:
        return [Crumb("承诺公开审查", reverse("handling:public_words"))]

    def version(self) -> int | None:
        return None

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "word": self.object}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.object.commitment
        facts = [
            Fact("事项", name_of(row.assignment.matter), wide=True),
            Fact("承诺单位", row.assignment.unit.name),
            Fact("承诺事项", row.text, wide=True),
            Fact("可检验的结果", row.measure, wide=True),
            Fact("对外公开为", self.object.said),
        ]
        return super().get_context_data(facts=facts, **kwargs)

    def form_valid(self, form: Any) -> HttpResponseBase:
        actions.review_word(self.object, **form.cleaned_data, by=self.me, now=timezone.now())
        return HttpResponseRedirect(reverse("handling:public_words"))
