"""What a unit does with its part."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members import audit
from members.days import short_day
from members.errors import WrongStep
from members.pages import BulkPage, DetailPage, Signed
from members.rights import bodies_of
from members.shown import Act, Crumb, Fact, Mark
from proposals.handling import actions, clocks, forms, owners, queries
from proposals.handling.actions import Paper
from proposals.handling.actions.attaching import attach
from proposals.handling.actions.paper import acts_for
from proposals.handling.aspects import Aspect, aspects
from proposals.handling.eyes import eyes, places_of
from proposals.handling.forms.fields import place_of
from proposals.handling.models import Assignment, Contact, ExtensionRequest, Objection, Participant, Purpose
from proposals.handling.panels import main_clock, panels_of, parts_of, suspend_act
from proposals.handling.reminders import name_of
from proposals.handling.rights import in_hands_of
from proposals.handling.sights import note, noted

from .base import AssignmentForm, PartConfirm, PartForm, way_to


class Part(Signed, DetailPage[Assignment]):
    """One unit's part of a matter, with everything that this person may see of the whole."""

    action = "handling.see"
    template_name = "handling/part.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """The part; from one that was adjusted, or is another unit's, on to what this person holds of the matter."""
        try:
            return super().get(request, *args, **kwargs)
        except Http404:
            asked = Assignment.objects.filter(public_id=kwargs["public_id"])
            if not (way := way_to(self.me, asked, "")):
                raise
        if not asked.current().exists():
            messages.info(request, "这件交办已经调整。以下是这件事项现在的情况。")
        return HttpResponseRedirect(way)

    def get_queryset(self) -> QuerySet[Assignment]:
        return in_hands_of(Assignment.objects.current(), self.request.user, self.action)

    def get_object(self) -> Assignment:
        """The part of the address; all parts of its matter are read with it."""
        asked = self.get_queryset().filter(public_id=self.kwargs["public_id"])
        rows = Assignment.objects.current().filter(matter__in=asked.values("matter"))
        self.parts = parts_of(rows.select_related("matter__session").annotate(noted=noted(self.me)))
        found = next((row for row in self.parts if row.public_id == self.kwargs["public_id"]), None)
        if not isinstance(found, Assignment):
            raise Http404
        return found

    def get_title(self) -> str:
        return name_of(self.object.matter)

    def crumbs(self) -> list[Crumb]:
        if self.me.has_perm("handling.read_unit"):
            return [Crumb("办理", reverse("handling:queue"))]
        return [Crumb("办理台账", reverse("handling:ledger"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        part, matter = self.object, self.object.matter
        if not self.parts[0].noted:
            note(self.me, [matter.pk])
        self.panels = panels_of(self.me, matter, parts=self.parts)
        text = owners.of(matter).text(matter)
        clock = main_clock(part, self.panels.obligations)
        running = clock if clock and clock.is_running else None
        return super().get_context_data(
            panels=self.panels,
            matter=matter,
            text=[line for line in text.split("\n")[1:] if line.strip()],
            suggestions=self.suggestions(),
            addressed=self.addressed(),
            kicker=f"{matter.session or ''} {part.unit.name}{part.get_role_display()}",
            people="　".join(
                filter(
                    None,
                    (
                        f"{part.office}{short_day(timezone.localdate(part.given_at))}交办",
                        owners.of(matter).source(matter),
                    ),
                )
            ),
            marks=[
                *([Mark(matter.origin, "info")] if matter.origin else []),
                *([Mark(part.get_state_display())] if part.get_state_display() != matter.get_stage_display() else []),
                *self.panels.marks,
            ],
            details_url=self.details_url(),
            due_on=running and running.due_on,
            started_on=running and running.started_on,
            provisional=running and running.provisional,
            why_url=running and reverse("handling:why", args=[running.public_id]),
            **kwargs,
        )

    def addressed(self) -> list[Fact]:
        """What leaders wrote to the units that this person acts for."""
        units = self.panels.view.units
        told = owners.of(self.object.matter).addressed(self.object.matter, units) if units else []
        return [Fact(who, words or "没有登记内容", wide=True) for who, words in told]

    def suggestions(self) -> list[Fact]:
        """What is answered one by one, where the text alone does not say it: merged proposals, units that were named."""
        rows = self.panels.suggestions
        labels, own = queries.labels_of(rows), self.object.matter_id
        if all(row.matter_id == own and row.unit is None for row in rows):
            return []
        return [
            Fact(labels[row.pk], row.for_units + (f"（{row.matter.label}）" if row.matter_id != own else ""), wide=True)
            for row in rows
        ]

    def details_url(self) -> str:
        seen = Aspect.CONTACT_DETAILS in aspects(self.panels.view, self.object)
        seen = seen and owners.course_of(self.object.matter).contact
        return reverse("handling:contact_details", args=[self.object.public_id]) if seen else ""

    def acts(self) -> list[Act]:
        return [*self.panels.acts, *suspend_act(self.me, self.object.matter)]


class ContactDetails(Signed, DetailPage[Assignment]):
    """How to reach the proposers, for those who must; each view is written down (S2)."""

    action = "handling.see"
    title = "提案者联系方式"
    template_name = "handling/contact_details.html"

    def get_queryset(self) -> QuerySet[Assignment]:
        rows = Assignment.objects.current().select_related("matter", "unit", "office")
        return in_hands_of(rows, self.request.user, self.action)

    def crumbs(self) -> list[Crumb]:
        return [Crumb(name_of(self.object.matter), reverse("handling:part", args=[self.object.public_id]))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        matter = self.object.matter
        speaks = owners.course_of(matter).contact  # else nobody outside learns who is behind it
        if not speaks or Aspect.CONTACT_DETAILS not in aspects(eyes(self.me, matter), self.object):
            raise Http404
        audit.record("view_contact_details", by=self.me, subject=str(matter.public_id), now=timezone.now())
        rows = queries.participants_of(matter).select_related("person", "body").order_by("order", "pk")
        facts = [Fact(str(row), contact_of(row) or "没有登记") for row in rows]
        return super().get_context_data(facts=facts, **kwargs)


def contact_of(row: Participant) -> str:
    if row.body is not None:
        return row.body.phone
    person = row.person
    return " ".join(filter(None, [person.phone, person.address])) if person else ""


class SignFor(PartConfirm[Assignment], AssignmentForm):
    action = "handling.sign_for"
    title = "签收"
    question = "签收后请在期限内办理；不属于本单位职责的，可在退回期限内申请退回。"
    form_class = forms.ActForm
    submit_label = "签收"
    done_sentence = "已签收。"

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.sign_for(self.object, by=self.me, now=timezone.now(), paper=paper)


class ManyParts(Signed, BulkPage[Assignment]):
    """One act on several parts; whoever keeps the file names the one sheet that stands for all (P1)."""

    template_name = "handling/bulk.html"

    def crumbs(self) -> list[Crumb]:
        if self.me.has_perm("handling.read_unit"):
            return [Crumb("本单位办理", reverse("handling:queue"))]
        return [Crumb("办理台账", reverse("handling:ledger"))]

    def get_queryset(self) -> QuerySet[Assignment]:
        rows = Assignment.objects.select_related("matter", "unit", "office").order_by("pk")
        return in_hands_of(rows, self.request.user, self.action)

    def prepare(self) -> None:
        super().prepare()
        today = timezone.localdate()
        units = {row.unit_id for row in self.rows}
        self.foreign = {unit for unit in units if not acts_for(self.me, unit, on=today)}

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "by": self.me, "part": None, "keeper": bool(self.foreign)}

    def name_of(self, row: Assignment) -> str:
        return f"{name_of(row.matter)}（{row.unit}）" if self.foreign else name_of(row.matter)

    def paper_of(self, row: Assignment, form: Any) -> Paper | None:
        """The sheet as it stands for this part, its scan kept with each matter."""
        if row.unit_id not in self.foreign:
            return None
        scan = form.cleaned_data.get("paper_scan")
        now = timezone.now()
        kept = attach(row.matter, scan, purpose=form.purpose, assignment=row, by=self.me, now=now) if scan else None
        paper: Paper | None = form.paper(str(kept.public_id) if kept else "")
        return paper

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(keeper=bool(self.foreign), **kwargs)


class SignForMany(ManyParts):
    action = "handling.sign_for"
    title = "批量签收"
    form_class = forms.ActForm
    submit_label = "全部签收"
    done_verb = "签收"

    def act(self, row: Assignment, form: Any) -> None:
        actions.sign_for(row, by=self.me, now=timezone.now(), paper=self.paper_of(row, form))


class PassMany(ManyParts):
    action = "handling.pass_inside"
    title = "批量内部分办"
    form_class = forms.PassInsideForm
    submit_label = "全部分办"
    done_verb = "分办"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "units": {row.unit_id for row in self.rows}}

    def act(self, row: Assignment, form: Any) -> None:
        paper, sending = self.paper_of(row, form), self.sending()
        actions.pass_inside(row, by=self.me, now=timezone.now(), sending=sending, paper=paper, **form.inside())


class PassInside(AssignmentForm):
    action = "handling.pass_inside"
    title = "内部分办"
    form_class = forms.PassInsideForm
    submit_label = "分办"
    done_sentence = "已分办。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "units": {self.object.unit_id}}

    def get_initial(self) -> dict[str, Any]:
        """What stands now; whoever records from a sheet does not read what is inside a unit (S2)."""
        row = self.object
        if self.keeper:
            return {}
        return {
            "deputy": row.deputy and row.deputy.public_id,
            "section": row.section,
            "handler": row.handler and row.handler.public_id,
            "internal_due_on": row.internal_due_on,
            "comment": row.head_comment,
        }

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.pass_inside(self.object, by=self.me, now=timezone.now(), paper=paper, **form.inside())


class ObjectTo(AssignmentForm):
    action = "handling.object"
    title = "申请退回"
    form_class = forms.ObjectionForm
    submit_label = "提交退回申请"
    done_sentence = "退回申请已提交，交办机构决定前请继续办理，期限照常计算。"

    def do(self, form: Any, paper: Paper | None) -> None:
        data = form.cleaned_data
        actions.object_to(
            self.object,
            reason=data["reason"],
            text=data["text"],
            approved_by=data["approved_by"],
            suggested=data["suggested"],
            by=self.me,
            now=timezone.now(),
            paper=paper,
        )


class WithdrawObjection(PartConfirm[Objection]):
    action = "handling.withdraw_objection"
    path = "assignment"
    title = "撤回退回申请"
    question = "撤回后由本单位继续办理。"
    form_class = forms.ActForm
    submit_label = "撤回申请"
    done_sentence = "已撤回。"

    def rows(self) -> QuerySet[Objection]:
        return Objection.objects.select_related("assignment__matter", "assignment__unit")

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.withdraw_objection(self.object, by=self.me, now=timezone.now(), paper=paper)


class AnswerObjection(PartForm[Objection]):
    """The unit that an objection suggests says whether the matter is its own."""

    action = "handling.answer_objection"
    path = "assignment"
    title = "答复是否接办"
    form_class = forms.AnswerObjectionForm
    submit_label = "提交意见"
    done_sentence = "意见已提交交办机构。"

    def rows(self) -> QuerySet[Objection]:
        return Objection.objects.filter(suggested__isnull=False).select_related(
            "assignment__matter", "assignment__unit", "suggested", "reason"
        )

    def his(self) -> QuerySet[Objection]:
        units = bodies_of(self.me, self.action, timezone.localdate())
        return Objection.objects.filter(suggested__in=units)

    def actor(self) -> int:
        return int(self.object.suggested_id or 0)

    def facts(self) -> list[Fact]:
        row = self.object
        note(self.me, [self.matter.pk])
        text = owners.of(self.matter).text(self.matter)
        return [
            *super().facts(),
            Fact("退回原因", f"{row.reason}：{row.text}", wide=True),
            Fact("提案内容", text, wide=True),
        ]

    def home(self) -> str:
        return reverse("handling:queue" if self.me.has_perm("handling.read_unit") else "handling:objections")

    def do(self, form: Any, paper: Paper | None) -> None:
        data = form.cleaned_data
        actions.answer_objection(
            self.object, accepts=data["accepts"], text=data["text"], by=self.me, now=timezone.now(), paper=paper
        )


class AskExtension(AssignmentForm):
    action = "handling.ask_extension"
    title = "申请延期"
    form_class = forms.ExtensionForm
    submit_label = "提交延期申请"
    done_sentence = "延期申请已提交；批准前仍按原期限办理。"

    def facts(self) -> list[Fact]:
        clock = clocks.open_for(assignment=self.part).filter(stage__in=actions.EXTENDED).first()
        return [*super().facts(), *([Fact("现在的期限", clock.due_on)] if clock else [])]

    def do(self, form: Any, paper: Paper | None) -> None:
        data = form.cleaned_data
        actions.ask_extension(
            self.object,
            to=data["to"],
            reason=f"{data['reason']}：{data['text']}",
            by=self.me,
            now=timezone.now(),
            paper=paper,
        )


class WithdrawExtension(PartConfirm[ExtensionRequest]):
    action = "handling.withdraw_extension"
    path = "obligation__assignment"
    title = "撤回延期申请"
    question = "撤回后仍按原期限办理。"
    form_class = forms.ActForm
    submit_label = "撤回申请"
    done_sentence = "已撤回。"

    def rows(self) -> QuerySet[ExtensionRequest]:
        return ExtensionRequest.objects.select_related("obligation__assignment__matter", "obligation__assignment__unit")

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.withdraw_extension(self.object, by=self.me, now=timezone.now(), paper=paper)


class RecordContact(AssignmentForm):
    action = "handling.record_contact"
    title = "登记沟通情况"
    form_class = forms.ContactForm
    submit_label = "登记"
    done_sentence = "已登记，并请提案者核对。"

    def do(self, form: Any, paper: Paper | None) -> None:
        data = form.cleaned_data
        kept = {name: data[name] for name in ("when", "mode", "held_on", "persons", "text")}
        actions.record_contact(self.object, **kept, by=self.me, now=timezone.now(), paper=paper)


class ConfirmContact(PartForm[Contact]):
    """A proposer says whether a recorded contact took place; staff record what one said on paper or by telephone."""

    action = "handling.confirm_contact"
    path = "assignment"
    title = "核对沟通记录"
    form_class = forms.ContactAnswerForm
    submit_label = "提交核对"
    done_sentence = "谢谢，已记录。"

    def rows(self) -> QuerySet[Contact]:
        return Contact.objects.select_related("assignment__matter", "assignment__unit")

    @property
    def keeper(self) -> bool:
        return not self.mine

    def home(self) -> str:
        return self.matter.get_absolute_url()

    def facts(self) -> list[Fact]:
        row = self.object
        return [
            *super().facts(),
            Fact("沟通", f"{short_day(row.held_on)} {row.get_mode_display()}（{row.get_when_display()}）"),
            Fact("参加人员", row.persons),
            Fact("沟通情况", row.text, wide=True),
        ]

    def prepare(self) -> None:
        super().prepare()
        self.mine = places_of(self.me, self.matter).answers
        rows = queries.evaluators(self.matter)
        answered = set(self.object.answers.values_list("participant", flat=True))
        open_ones = [row for row in rows if row.pk not in answered]
        self.places = [row for row in open_ones if row.pk in self.mine] if self.mine else open_ones

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "places": self.places}

    def do(self, form: Any, paper: Paper | None) -> None:
        if not self.places:
            raise WrongStep("这次沟通已经核对过了。")
        key = form.cleaned_data["place"]
        place = self.places[0] if len(self.places) == 1 and not key else place_of(self.places, key)
        actions.confirm_contact(
            self.object,
            place,
            took_place=form.cleaned_data["took_place"],
            note=form.cleaned_data["note"],
            by=self.me,
            now=timezone.now(),
            paper=paper,
        )


class SendOpinion(AssignmentForm):
    action = "handling.send_opinion"
    title = "提交会办意见"
    form_class = forms.OpinionForm
    submit_label = "提交会办意见"
    done_sentence = "会办意见已交主办单位。"

    def do(self, form: Any, paper: Paper | None) -> None:
        data = form.cleaned_data
        actions.send_opinion(
            self.object,
            text=data["text"],
            doc_no=data["doc_no"],
            letter_on=data["letter_on"],
            by=self.me,
            now=timezone.now(),
            paper=paper,
        )
        if data["letter"]:
            self.keep(data["letter"], Purpose.OPINION)
