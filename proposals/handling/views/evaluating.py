"""Proposers evaluate; the proposal office enters paper forms, confirms, and passes reasons on."""

import time
from typing import Any

from allauth.account.authentication import get_authentication_records
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from members.days import short_day
from members.devices import mark_of
from members.errors import Refused, WrongStep
from members.pages import DetailPage, Signed
from members.proof import check_password
from members.rights import roles_of
from members.shown import Act, Crumb, Fact
from proposals.handling import actions, forms, queries
from proposals.handling.actions import Paper
from proposals.handling.eyes import places_of
from proposals.handling.forms.fields import place_of
from proposals.handling.models import Assignment, Evaluation, EvaluationRound, Participant
from proposals.handling.panels import grades_of
from proposals.handling.reminders import name_of
from proposals.handling.rights import in_hands_of
from proposals.handling.safeguards import flags_for

from .base import AssignmentForm, PartConfirm, PlainForm

FRESH = 300
"""Seconds for which a password that was given counts as given just now (S9)."""


def gave_password_lately(request: HttpRequest) -> bool:
    records = get_authentication_records(request, request.user)
    given = [record["at"] for record in records if record.get("method") == "password"]
    return bool(given) and time.time() - max(given) < FRESH


class Evaluate(AssignmentForm):
    """The member's own form; the unit can never reach it."""

    action = "handling.evaluate"
    title = "评价答复"
    template_name = "handling/evaluate.html"
    form_class = forms.EvaluationForm
    submit_label = "提交评价"
    done_sentence = "评价已提交，回执已发送给您。评价结束前，您可以撤回后重新评价。"

    def prepare(self) -> None:
        super().prepare()
        number = self.kwargs["round"]
        self.row: EvaluationRound = get_object_or_404(self.object.evaluation_rounds, round=number)
        mine = places_of(self.me, self.object.matter).rates
        done = self.row.evaluations.filter(withdrawn_at=None).values("participant")
        places = Participant.objects.filter(pk__in=mine).exclude(pk__in=done)
        self.places = list(places.select_related("person", "body").order_by("order", "pk"))

    @property
    def keeper(self) -> bool:
        return False

    def home(self) -> str:
        return self.matter.get_absolute_url()

    def get_form_kwargs(self) -> dict[str, Any]:
        ask = not gave_password_lately(self.request)
        return {**super().get_form_kwargs(), "places": self.places, "ask_password": ask}

    def facts(self) -> list[Fact]:
        reply = self.object.replies.filter(round=self.row.round, state="delivered").select_related("result").first()
        return [
            *super().facts(),
            Fact("答复日期", reply and short_day(reply.replied_on)),
            Fact("办理结果", reply and reply.result),
            Fact("答复全文", "先看答复，再评价", url=f"{self.matter.get_absolute_url()}#replies-title"),
        ]

    def form_valid_once(self, form: Any) -> HttpResponseBase:
        """A password that was wrong stays counted, whatever becomes of the form."""
        if "password" in form.fields:
            check_password(self.me, form.cleaned_data["password"])
        return super().form_valid_once(form)

    def do(self, form: Any, paper: Paper | None) -> None:
        if not self.places:
            raise WrongStep("您已经评价过这份答复。评价结束前，可以先撤回再重新评价。")
        data, now = form.cleaned_data, timezone.now()
        address, device = self.request.META.get("REMOTE_ADDR"), mark_of(self.request)
        actions.evaluate(
            self.row,
            place_of(self.places, data["place"]),
            work=data["work"],
            result=data["result"],
            reason=data["reason"],
            text=data["text"],
            approval=data.get("approval", ""),
            name_to_unit=data["name_to_unit"],
            by=self.me,
            now=now,
            address=address,
            device=device,
            flags=flags_for(self.me, self.object.unit, address=address, device=device, now=now),
        )


class EvaluationRow(PlainForm[Evaluation]):
    """A form about one evaluation form."""

    path = "round_row__assignment"

    def his(self) -> QuerySet[Evaluation]:
        """Nobody is led on: that there is a form is not for everybody who has a part in the matter."""
        return Evaluation.objects.none()

    def rows(self) -> QuerySet[Evaluation]:
        return Evaluation.objects.live().select_related(
            "round_row__assignment__matter",
            "round_row__assignment__unit",
            "participant__person",
            "participant__body",
            "reason",
        )

    def home(self) -> str:
        return self.matter.get_absolute_url()

    def facts(self) -> list[Fact]:
        row = self.object
        values = {
            "work": row.work,
            "result": row.result,
            "paper": row.on_paper,
            "confirmed": row.confirmed_at,
            "late": row.late,
        }
        return [
            *super().facts(),
            Fact("评价人", row.participant),
            Fact("评价", grades_of(values)),
            Fact("原因", row.reason),
            Fact("意见", row.text, wide=True),
            Fact("本组织审定情况", row.approval, wide=True),
        ]


class WithdrawEvaluation(EvaluationRow, PartConfirm[Evaluation]):
    action = "handling.withdraw_evaluation"
    title = "撤回评价"
    question = "撤回后可以重新评价，评价期限不变。"
    submit_label = "撤回评价"
    done_sentence = "已撤回，您可以重新评价。"

    def get_queryset(self) -> QuerySet[Evaluation]:
        """One's own, the one that the office entered from paper as well."""
        roles = roles_of(self.me, timezone.localdate())
        bodies = {body for role in queries.SECRETARY_ROLES for body in roles.get(role, ())}
        mine = Q(participant__person=self.me) | Q(participant__body__in=bodies)
        return super().get_queryset().filter(Q(by=self.me) | mine)

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.withdraw_evaluation(self.object, by=self.me, now=timezone.now())


class ConfirmEvaluation(EvaluationRow, PartConfirm[Evaluation]):
    action = "handling.confirm_evaluation"
    title = "核对纸质评价"
    question = "请对照征询意见表扫描件逐项核对，无误后确认。录入人不能核对自己录入的评价。"
    submit_label = "核对无误"
    done_sentence = "已核对，评价生效。"

    def rows(self) -> QuerySet[Evaluation]:
        return super().rows().filter(on_paper=True, confirmed_at=None)

    def acts(self) -> list[Act]:
        return [Act("与扫描件不符，退回", reverse("handling:reject_evaluation", args=[self.object.public_id]))]

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.confirm_evaluation(self.object, by=self.me, now=timezone.now())


class RejectEvaluation(EvaluationRow):
    """What was entered from paper does not agree with it, or has a fault: out with it, and told why."""

    action = "handling.confirm_evaluation"
    title = "退回纸质评价"
    form_class = forms.RejectForm
    submit_label = "退回"
    done_sentence = "已退回，并告知评价人；可以重新登记，也可以由本人在线评价。"

    def rows(self) -> QuerySet[Evaluation]:
        return super().rows().filter(on_paper=True, confirmed_at=None)

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.reject_evaluation(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())


class CheckFlags(EvaluationRow):
    """Somebody has looked into what seemed odd about a form (S9)."""

    action = "handling.confirm_evaluation"
    title = "核查评价"
    form_class = forms.CheckedForm
    submit_label = "已核查"
    done_sentence = "已记录核查情况。"

    def rows(self) -> QuerySet[Evaluation]:
        return super().rows().exclude(flags=[]).filter(checked_at=None)

    def facts(self) -> list[Fact]:
        return [*super().facts(), Fact("需核查", "、".join(self.object.flags), wide=True)]

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.check_flags(self.object, note=form.cleaned_data["note"], by=self.me, now=timezone.now())


class ExplainDissatisfaction(EvaluationRow):
    """The proposer was spoken to and accepts the explanation; the form stays as it is (P8)."""

    action = "handling.confirm_dissatisfaction"
    title = "登记说明情况"
    form_class = forms.ExplanationForm
    submit_label = "登记"
    done_sentence = "已登记，并告知评价人。"

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.explain_dissatisfaction(self.object, **form.cleaned_data, by=self.me, now=timezone.now())


class ClearEvaluation(EvaluationRow, PartConfirm[Evaluation]):
    action = "handling.clear_evaluation"
    title = "向承办单位提供意见"
    submit_label = "确定"
    done_sentence = "已更改。"

    def get_question(self) -> str:
        if self.object.text_cleared:
            return "确定后，承办单位不再看到这份评价的原因和意见。"
        return "确定后，评价结束时承办单位可以看到这份评价的原因和意见；除非评价人同意，不显示姓名。"

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.clear_evaluation(self.object, cleared=not self.object.text_cleared, by=self.me, now=timezone.now())


def missing_forms(part: Assignment) -> tuple[EvaluationRound, list[Participant]]:
    """The latest round of a unit's reply, and the proposers who have not evaluated it."""
    row = part.evaluation_rounds.order_by("-round").first()
    if row is None:
        raise Http404
    done = set(row.evaluations.filter(withdrawn_at=None).values_list("participant", flat=True))
    return row, [one for one in queries.evaluators(part.matter) if one.pk not in done]


class RecordEvaluation(AssignmentForm):
    """Proposal staff enter a returned paper form; a colleague confirms it (S9)."""

    action = "handling.record_evaluation"
    title = "登记纸质评价"
    form_class = forms.PaperEvaluationForm
    submit_label = "登记，交同事核对"
    done_sentence = "已登记，请另一位同事核对后生效。"

    def prepare(self) -> None:
        super().prepare()
        self.row, self.places = missing_forms(self.object)

    def acts(self) -> list[Act]:
        return [Act("打印空白表", reverse("handling:evaluation_sheets", args=[self.object.public_id]))]

    @property
    def keeper(self) -> bool:
        return True

    def home(self) -> str:
        return self.matter.get_absolute_url()

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "places": self.places}

    def do(self, form: Any, paper: Paper | None) -> None:
        if not self.places:
            raise Refused("所有提案者都已评价。")
        data = form.cleaned_data
        actions.evaluate(
            self.row,
            place_of(self.places, data["place"]),
            work=data["work"],
            result=data["result"],
            reason=data["reason"],
            text=data["text"],
            by=self.me,
            now=timezone.now(),
            paper=paper,
        )


class EvaluationSheets(Signed, DetailPage[Assignment]):
    """A form on paper (征询意见表) for each proposer who has not answered yet, with the code of the same form on screen."""

    action = "handling.record_evaluation"
    title = "征询意见表"
    template_name = "handling/evaluation_sheets.html"

    def get_queryset(self) -> QuerySet[Assignment]:
        return in_hands_of(Assignment.objects.select_related("matter", "unit"), self.me, self.action)

    def crumbs(self) -> list[Crumb]:
        return [Crumb(name_of(self.object.matter), self.object.matter.get_absolute_url())]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row, places = missing_forms(self.object)
        reply = self.object.replies.filter(round=row.round, state="delivered").select_related("result").first()
        shown = {"name": name_of(self.object.matter), "row": row, "places": places, "reply": reply}
        return super().get_context_data(grades=Evaluation.Grade.labels, **shown, **kwargs)


class ConfirmDissatisfaction(PartConfirm[Assignment], AssignmentForm):
    action = "handling.confirm_dissatisfaction"
    title = "核实不满意"
    question = "核实后本轮评价结束，承办单位会看到结果并二次办理；二次办理后仍不满意的，由交办机构组织联合会商。"
    form_class = forms.ActForm
    submit_label = "核实，转二次办理"
    done_sentence = "已核实。"

    @property
    def keeper(self) -> bool:
        return False

    def home(self) -> str:
        return self.matter.get_absolute_url()

    def acts(self) -> list[Act]:
        """The other way out: whoever was dissatisfied was spoken to, and accepts the explanation."""
        rows = Evaluation.objects.against().filter(round_row=queries.open_round(self.object))
        rows = rows.select_related("participant__person", "participant__body").order_by("pk")
        address = "handling:explain_dissatisfaction"
        return [Act(f"{form.participant}接受说明", reverse(address, args=[form.public_id])) for form in rows]

    def do(self, form: Any, paper: Paper | None) -> None:
        row = queries.open_round(self.object)
        if row is None:
            raise WrongStep("没有正在进行的评价。")
        actions.confirm_dissatisfaction(row, by=self.me, now=timezone.now())
