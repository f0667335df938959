"""What the offices decide: objections, extensions, transfers, chasing, closing again."""

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from members.inbox.many import ManyPage
from members.shown import Act, Crumb, Fact
from proposals.handling import actions, forms, many
from proposals.handling.actions import Paper
from proposals.handling.models import Assignment, ExtensionApproval, ExtensionRequest, Objection
from proposals.handling.panels import extension_facts, objection_facts
from proposals.handling.remits import remit_facts

from .base import AssignmentForm, PartForm, PlainForm
from .queues import Extensions, Ledger


def by_catalogue(part: Assignment) -> list[Fact]:
    """What the catalogue of responsibilities says of the unit that has this part, and of others."""
    return remit_facts(part.matter, part.unit, on=timezone.localdate())


class OnObjection(PartForm[Objection]):
    """A form about an objection that the assigning office decides itself; what goes to a meeting is ruled there."""

    action = "handling.decide_objection"
    path = "assignment"

    def rows(self) -> QuerySet[Objection]:
        return (
            Objection.objects.filter(state__in=Objection.DECIDABLE)
            .with_returns()
            .select_related("assignment__matter", "assignment__unit", "assignment__office", "reason", "suggested")
        )

    def actor(self) -> int:
        return self.part.office_id

    def facts(self) -> list[Fact]:
        return [*super().facts(), *objection_facts(self.object), *by_catalogue(self.part)]


class DecideObjection(OnObjection):
    title = "决定退回申请"
    form_class = forms.DecideObjectionForm
    submit_label = "作出决定"
    done_sentence = "已决定，并通知有关单位。"

    def acts(self) -> list[Act]:
        key = [self.object.public_id]
        acts = [Act("召开协调会", reverse("handling:call_coordination", args=[self.part.public_id]))]
        if self.object.state == Objection.State.OPEN:
            acts.append(Act("代录建议单位意见", reverse("handling:answer_objection", args=key)))
        if self.object.state == Objection.State.DECIDING:
            acts.append(Act("征求单位意见", reverse("handling:ask_unit", args=key)))
        return acts

    def get_initial(self) -> dict[str, Any]:
        suggested = self.object.suggested
        return {"unit": suggested and suggested.public_id}

    def do(self, form: Any, paper: Paper | None) -> None:
        data, now = form.cleaned_data, timezone.now()
        if data["decision"] == "refuse":
            actions.refuse_objection(self.object, text=data["text"], by=self.me, now=now, paper=paper)
            return
        unit = data["unit"] if data["decision"] == "uphold" else None
        self.moved = actions.uphold_objection(
            self.object, unit=unit, text=data["text"], by=self.me, now=now, paper=paper
        )

    def home(self) -> str:
        moved: Assignment | None = getattr(self, "moved", None)
        return home_of(moved) if moved else super().home()


class AskUnit(OnObjection):
    """The office asks a unit of its own choice before it decides (P9)."""

    title = "征求单位意见"
    form_class = forms.AskUnitForm
    submit_label = "征求意见"
    done_sentence = "已征求意见，对方答复后会通知您。"

    def home(self) -> str:
        return reverse("handling:decide_objection", args=[self.object.public_id])

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.ask_unit(self.object, form.cleaned_data["unit"], by=self.me, now=timezone.now(), paper=paper)


class DecideExtension(PartForm[ExtensionRequest]):
    """One office's word; an officer speaks for the assigning office, staff for the proposal office."""

    action = "handling.decide_extension"
    path = "obligation__assignment"
    title = "审批延期"
    form_class = forms.DecideExtensionForm
    submit_label = "提交审批"
    done_sentence = "已审批。"

    def rows(self) -> QuerySet[ExtensionRequest]:
        return ExtensionRequest.objects.asked().select_related(
            "obligation__assignment__matter", "obligation__assignment__unit", "obligation__assignment__office"
        )

    @property
    def keeper(self) -> bool:
        return False

    def office(self) -> str:
        return many.office_for(self.me, self.part)

    def acts(self) -> list[Act]:
        """The way to the assigning office's word on paper, as long as it is wanting."""
        if (
            self.office() == ExtensionApproval.Office.ASSIGNING
            or self.object.approvals.filter(office="assigning").exists()
        ):
            return []
        return [Act("代录交办机构的审批", reverse("handling:record_extension", args=[self.object.public_id]))]

    def facts(self) -> list[Fact]:
        given = [f"{row.get_office_display()}已同意" for row in self.object.approvals.all()]
        return [*super().facts(), *extension_facts(self.object), Fact("审批进展", "，".join(given) or "还没有审批")]

    def do(self, form: Any, paper: Paper | None) -> None:
        data = form.cleaned_data
        actions.decide_extension(
            self.object,
            office=self.office(),
            agrees=data["agrees"],
            reason=data["reason"],
            by=self.me,
            now=timezone.now(),
        )


class RecordExtensionDecision(DecideExtension):
    """The assigning office's word, recorded from its sheet by the proposal office (P1)."""

    title = "代录交办机构的延期审批"

    @property
    def keeper(self) -> bool:
        return True

    def office(self) -> str:
        return ExtensionApproval.Office.ASSIGNING

    def do(self, form: Any, paper: Paper | None) -> None:
        data = form.cleaned_data
        actions.decide_extension(
            self.object,
            office=self.office(),
            agrees=data["agrees"],
            reason=data["reason"],
            by=self.me,
            now=timezone.now(),
            paper=paper,
        )


class OfficeForm(AssignmentForm):
    """An act of the assigning office; others record it from its sheet."""

    def actor(self) -> int:
        return self.part.office_id


class RevokeExtension(OfficeForm):
    action = "handling.revoke_extension"
    title = "撤销延期"
    form_class = forms.ReasonForm
    submit_label = "撤销最近一次延期"
    done_sentence = "已撤销延期，并通知有关各方。"

    def do(self, form: Any, paper: Paper | None) -> None:
        reason = form.cleaned_data["reason"]
        actions.revoke_extension(self.object, reason=reason, by=self.me, now=timezone.now(), paper=paper)


def home_of(part: Assignment) -> str:
    """The page of a part, or of another unit's part where this one has ended."""
    if part.ended_at is None:
        return reverse("handling:part", args=[part.public_id])
    left = part.matter.assignments.current().order_by("pk").first()
    return reverse("handling:part", args=[left.public_id]) if left else reverse("handling:ledger")


class SharingForm(OfficeForm):
    """A change of the units; it ends at the page of the part that came out of it."""

    def change(self, data: dict[str, Any], paper: Paper | None) -> Assignment:
        raise NotImplementedError

    def do(self, form: Any, paper: Paper | None) -> None:
        self.changed = self.change(form.cleaned_data, paper)

    def home(self) -> str:
        changed: Assignment | None = getattr(self, "changed", None)
        return home_of(changed) if changed else super().home()


class Transfer(SharingForm):
    action = "handling.transfer"
    title = "调整承办单位"
    form_class = forms.TransferForm
    submit_label = "调整"
    done_sentence = "已调整，新的单位期限从决定之日起算。"

    def facts(self) -> list[Fact]:
        return [*super().facts(), *by_catalogue(self.part)]

    def change(self, data: dict[str, Any], paper: Paper | None) -> Assignment:
        return actions.transfer(
            self.object, data["unit"], reason=data["reason"], by=self.me, now=timezone.now(), paper=paper
        )


class AddUnit(SharingForm):
    action = "handling.add_unit"
    title = "增加承办单位"
    form_class = forms.AddUnitForm
    submit_label = "增加"
    done_sentence = "已增加，并通知有关各方。"

    def change(self, data: dict[str, Any], paper: Paper | None) -> Assignment:
        return actions.add_unit(
            self.object, data["unit"], reason=data["reason"], by=self.me, now=timezone.now(), paper=paper
        )


class Release(SharingForm):
    action = "handling.release"
    title = "不再承办"
    form_class = forms.ReasonForm
    submit_label = "不再由该单位承办"
    done_sentence = "已调整，并通知有关各方。"

    def change(self, data: dict[str, Any], paper: Paper | None) -> Assignment:
        return actions.release(self.object, reason=data["reason"], by=self.me, now=timezone.now(), paper=paper)


class MakeLead(SharingForm):
    action = "handling.make_lead"
    title = "改为主办"
    form_class = forms.ReasonForm
    submit_label = "改为主办，原主办单位改为会办"
    done_sentence = "已改为主办，答复期限不变。"

    def change(self, data: dict[str, Any], paper: Paper | None) -> Assignment:
        return actions.make_lead(self.object, reason=data["reason"], by=self.me, now=timezone.now(), paper=paper)


class NameSuccessor(PlainForm[Assignment], AssignmentForm):
    action = "handling.name_successor"
    title = "指定承接单位"
    form_class = forms.SuccessorForm
    submit_label = "指定"
    done_sentence = "已指定，期限不变。"

    def do(self, form: Any, paper: Paper | None) -> None:
        unit = form.cleaned_data["unit"]
        self.part_now = actions.name_successor(self.object, unit, by=self.me, now=timezone.now())

    def home(self) -> str:
        return home_of(getattr(self, "part_now", self.object))


class Reopen(OfficeForm):
    action = "handling.reopen"
    title = "重新办理"
    form_class = forms.ReopenForm
    submit_label = "重新办理"
    done_sentence = "已重新办理，并通知承办单位。"

    def get_form_kwargs(self) -> dict[str, Any]:
        missed = self.object.commitments.overdue(on=timezone.localdate()).order_by("number")
        return {**super().get_form_kwargs(), "missed": list(missed)}

    def do(self, form: Any, paper: Paper | None) -> None:
        said = {"reason": form.cleaned_data["reason"], "promise": form.promise()}
        actions.reopen(self.object, **said, by=self.me, now=timezone.now(), paper=paper)


class ConsultJointly(OfficeForm):
    action = "handling.consult_jointly"
    title = "登记联合会商"
    form_class = forms.ConsultationForm
    submit_label = "登记"
    done_sentence = "已登记。"

    def do(self, form: Any, paper: Paper | None) -> None:
        data = form.cleaned_data
        actions.consult_jointly(
            self.object,
            held_on=data["held_on"],
            present=data["present"],
            minutes=data["minutes"],
            by=self.me,
            now=timezone.now(),
            paper=paper,
        )


class Chase(PlainForm[Assignment], AssignmentForm):
    action = "handling.chase"
    title = "催办"
    form_class = forms.ChaseForm
    submit_label = "发送催办"
    done_sentence = "已催办，承办单位联络员会收到通知。"

    def do(self, form: Any, paper: Paper | None) -> None:
        actions.chase(self.object, text=form.cleaned_data["text"], by=self.me, now=timezone.now())


class ChaseMany(ManyPage[Assignment]):
    action = "handling.chase"
    title = "批量催办"
    form_class = forms.ChaseForm
    submit_label = "发送催办"
    many_class = many.Chase
    list_page = Ledger

    def crumbs(self) -> list[Crumb]:
        return [Crumb("办理台账", reverse("handling:ledger"))]


class GrantExtensions(ManyPage[ExtensionRequest]):
    action = "handling.decide_extension"
    title = "批量同意延期"
    form_class = forms.GrantExtensionsForm
    submit_label = "同意延期"
    many_class = many.GrantExtensions
    list_page = Extensions

    def crumbs(self) -> list[Crumb]:
        return [Crumb("延期申请", reverse("handling:extensions"))]
