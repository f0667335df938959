"""What became of a report outside: adoption, instructions, units, feedback; a form each."""

from typing import Any, TypeVar

from django.db.models import Q, QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.utils import timezone

from members.days import short_day
from members.pages import ActionPage, ConfirmPage, RowMixin, Signed
from members.shown import Crumb, Fact
from proposals.handling.models import Matter
from proposals.handling.sights import note
from proposals.reports.actions import adopting, assigning
from proposals.reports.answers import said_by_units, words_of
from proposals.reports.hands import of_others
from proposals.reports.models import Report
from proposals.reports.models.adoption import Adoption, Feedback, Instruction, main_of
from proposals.reports.models.issue import Delivery
from proposals.reports.outcome_forms import (
    AdoptionForm,
    AssignReportForm,
    CorrectionForm,
    DropForm,
    FeedbackForm,
    InstructionForm,
)

from .base import OneReport, about, in_step, list_crumbs


class Outcome(OneReport, ActionPage[Report]):
    """A form of the office about one report that has left the house."""

    action = "reports.record_outcome"

    def get_queryset(self) -> QuerySet[Report]:
        """What came of the own report is a colleague's to write down, and its author's to read (P13, P18).

        What went into another one is the business of that, for whoever sees it.
        """
        seen = Matter.objects.visible_to(self.me)
        rows = of_others(self.me).filter(Q(matter__merged_into=None) | Q(matter__merged_into__in=seen))
        return rows.select_related("matter__session", "claimed_by")

    def version(self) -> int | None:
        """The actions lock the report and look at its state themselves."""
        return None

    def form_valid(self, form: Any) -> HttpResponseBase:
        self.do(form)
        return HttpResponseRedirect(self.object.get_absolute_url())

    def do(self, form: Any) -> None:
        raise NotImplementedError


class RecordAdoption(Outcome):
    title, submit_label, form_class = "登记采用", "登记", AdoptionForm
    done_sentence = "已登记，所有反映人会收到通知。"

    def do(self, form: Any) -> None:
        adopting.record_adoption(self.object, **form.cleaned_data, by=self.me, now=timezone.now())


class RecordInstruction(Outcome):
    """From the page of a report, or from a 送阅单 that came back (`?delivery=`)."""

    title, submit_label, form_class = "登记领导批示", "登记", InstructionForm
    done_sentence = "已登记。批示、转办的，反映人会知道有批示和层级。"

    def prepare(self) -> None:
        super().prepare()
        wanted = self.request.GET.get("delivery", "")
        rows = Delivery.objects.visible_to(self.me).select_related("recipient").exclude(returned="")
        rows = rows.filter(issue__items__report=main_of(self.object)).distinct()
        found = {str(row.public_id): row for row in rows}
        self.delivery = found.get(wanted)

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.me}

    def get_initial(self) -> dict[str, Any]:
        if self.delivery is None:
            return {}
        slip = self.delivery
        leader = slip.recipient.person
        return {
            "kind": slip.returned,
            "on": slip.returned_on,
            "leader": leader and leader.public_id,
            "leader_name": "" if leader else slip.recipient.name[:40],
        }

    def do(self, form: Any) -> None:
        facts = form.cleaned_data
        adopting.record_instruction(self.object, **facts, delivery=self.delivery, by=self.me, now=timezone.now())


class AssignReport(Outcome):
    title, submit_label, form_class = "交办承办单位", "交办", AssignReportForm
    done_sentence = "已交办，承办单位和反映人会收到通知。"

    def get_form_kwargs(self) -> dict[str, Any]:
        rows = main_of(self.object).instructions.counted().order_by("-on", "-pk")
        return {**super().get_form_kwargs(), "instructions": rows}

    def get_initial(self) -> dict[str, Any]:
        last = main_of(self.object).instructions.counted().order_by("-on", "-pk").first()
        return {"instruction": last and last.public_id}

    def do(self, form: Any) -> None:
        assigning.assign_report(self.object, **form.given(), by=self.me, now=timezone.now())


class FeedBack(Outcome):
    title, submit_label, form_class = "反馈反映人", "反馈并办结", FeedbackForm
    done_sentence = "已反馈，所有反映人会收到通知。"

    def get_initial(self) -> dict[str, Any]:
        """What the units answered is where the office begins."""
        replies = said_by_units(main_of(self.object).matter)
        return {
            "units": "、".join(dict.fromkeys(reply.issuer.name for reply in replies))[:200],
            "text": "\n".join(words_of(reply) for reply in replies)[:5000],
        }

    def do(self, form: Any) -> None:
        assigning.feed_back(self.object, **form.cleaned_data, by=self.me, now=timezone.now())


E = TypeVar("E", Adoption, Feedback, Instruction)


class Entered(Signed, RowMixin[E]):
    """One thing that was entered of what became of a report; the action looks at its state itself."""

    action = "reports.record_outcome"

    def version(self) -> int | None:
        return None

    def facts(self) -> list[Fact]:
        row: Any = self.object
        return [*about(row.report), Fact("已登记", f"{row}，{short_day(row.on)}")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        note(self.me, [self.object.report.matter_id])
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]  # mixed into pages
        return context

    def crumbs(self) -> list[Crumb]:
        report = self.object.report
        return [*list_crumbs(self.me), Crumb(report.matter.label, report.get_absolute_url())]


class DropAdoption(Entered[Adoption], ActionPage[Adoption]):
    """Takes back an adoption that was entered by mistake."""

    title, submit_label, form_class = "撤销采用记录", "撤销", DropForm
    done_sentence = "已撤销，反映人会收到通知。"

    def get_queryset(self) -> QuerySet[Adoption]:
        rows = Adoption.objects.filter(report__in=of_others(self.me)).select_related("report__matter")
        return in_step(self.request, rows, dropped_at=None)

    def form_valid(self, form: Any) -> HttpResponseBase:
        adopting.drop_adoption(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.object.report.get_absolute_url())


class DropInstruction(Entered[Instruction], ActionPage[Instruction]):
    """Takes back what was entered of a leader by mistake; the right one is entered anew."""

    title, submit_label, form_class = "撤销批示记录", "撤销", DropForm
    done_sentence = "已撤销。登记错了的，请重新登记正确的。"

    def get_queryset(self) -> QuerySet[Instruction]:
        return Instruction.objects.filter(report__in=of_others(self.me)).select_related("report__matter")

    def form_valid(self, form: Any) -> HttpResponseBase:
        adopting.drop_instruction(self.object, reason=form.cleaned_data["reason"], by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.object.report.get_absolute_url())


class ReleaseInstruction(Entered[Instruction], ConfirmPage[Instruction]):
    """Lets the authors read what a leader wrote."""

    title, submit_label = "同意转告批示内容", "同意转告"
    question = "同意后，所有反映人都可以看到下面的批示内容。"
    done_sentence = "已同意转告，反映人会收到通知。"

    def get_queryset(self) -> QuerySet[Instruction]:
        return Instruction.objects.filter(report__in=of_others(self.me)).select_related("report__matter")

    def facts(self) -> list[Fact]:
        row = self.object
        return [Fact("领导", f"{row.leader_name}（{row}）"), Fact("日期", row.on), Fact("内容", row.text, wide=True)]

    def form_valid(self, form: Any) -> HttpResponseBase:
        adopting.release_instruction(self.object, by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.object.report.get_absolute_url())


class CorrectFeedback(Entered[Feedback], ActionPage[Feedback]):
    """Tells the authors that what they were told was not right, and what is."""

    title, submit_label, form_class = "更正反馈", "更正并告知", CorrectionForm
    done_sentence = "已更正，所有反映人会收到通知。原来的反馈保留。"

    def get_queryset(self) -> QuerySet[Feedback]:
        rows = Feedback.objects.filter(report__in=of_others(self.me)).select_related("report__matter")
        return in_step(self.request, rows, corrected_by=None)

    def facts(self) -> list[Fact]:
        row = self.object
        return [*about(row.report), Fact("反馈日期", row.on), Fact("已经告知", row.text, wide=True)]

    def get_initial(self) -> dict[str, Any]:
        return {"units": self.object.units, "text": self.object.text}

    def form_valid(self, form: Any) -> HttpResponseBase:
        assigning.correct_feedback(self.object, **form.cleaned_data, by=self.me, now=timezone.now())
        return HttpResponseRedirect(self.object.report.get_absolute_url())
