"""Appointments: granted by one, confirmed by another, ended, lent."""

from datetime import timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone

from members.actions import (
    appoint,
    confirm,
    decide_request,
    delegate,
    end_absence,
    end_appointment,
    note_absence,
    refuse_appointment,
    revoke_delegation,
)
from members.choices import Role
from members.filters import AppointmentFilter
from members.models import Absence, AccountRequest, Appointment, Delegation, Person
from members.page_forms import AppointForm, AwayForm, DecideForm, DelegateForm, EndForm, ReasonForm
from members.pages import SIGNED_IN, ActionPage, BulkPage, ConfirmPage, FormPage, ListPage
from members.queries import colleagues_of
from members.rights import RIGHTS
from members.shown import Act, Crumb, Fact
from members.views.people import OfPerson


class Appointments(ListPage[Appointment]):
    action = "members.appointments"
    title = "任职"
    template_name = "members/appointments.html"
    filterset_class = AppointmentFilter
    unit_word = "项"
    empty_sentence = "没有符合条件的任职。"

    def get_queryset(self) -> QuerySet[Appointment]:
        rows = Appointment.objects.select_related("person", "body", "granted_by", "confirmed_by")
        return rows.order_by("-granted_at", "-pk")

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**_doing(self.request.user), **kwargs)


def _doing(user: Any) -> dict[str, Any]:
    """What the list offers to this person."""
    return {
        "today": timezone.localdate(),
        "perms_confirm": user.has_perm("members.confirm_appointment"),
        "perms_end": user.has_perm("members.end_appointment"),
    }


class ToConfirm(ListPage[Appointment]):
    action = "members.confirm_appointment"
    title = "待复核的任职"
    template_name = "members/appointments.html"
    unit_word = "项"
    empty_sentence = "没有待复核的任职。"

    def get_queryset(self) -> QuerySet[Appointment]:
        rows = Appointment.objects.waiting().select_related("person", "body", "granted_by", "confirmed_by")
        return rows.order_by("granted_at", "pk")

    def bulk_acts(self) -> list[Act]:
        return [Act("复核通过", reverse("members:confirm_many"), "", "primary")]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**_doing(self.request.user), **kwargs)


class ConfirmMany(BulkPage[Appointment]):
    action = "members.confirm_appointment"
    title = "复核任职"
    submit_label = "复核通过"
    done_verb = "复核"
    unit_word = "项"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("待复核的任职", reverse("members:to_confirm"))]

    def get_queryset(self) -> QuerySet[Appointment]:
        return Appointment.objects.waiting().select_related("person", "body").order_by("granted_at", "pk")

    def name_of(self, row: Appointment) -> str:
        return f"{row.person.name}　{row.body.name} {row.get_role_display()}　依据：{row.document or '—'}"

    def why_not(self, row: Appointment) -> str:
        return "须由授予人和本人以外的第二人复核" if self.person.pk in (row.granted_by_id, row.person_id) else ""

    def act(self, row: Appointment, form: Any) -> None:
        confirm(row, by=self.person, now=timezone.now())


class Appoint(OfPerson, ActionPage[Person]):
    action = "members.appoint"
    title = "授予角色"
    form_class = AppointForm
    submit_label = "授予，等待复核"
    done_sentence = "已授予，须由另一人复核后生效。"

    def get_initial(self) -> dict[str, Any]:
        return {"starts_on": timezone.localdate()}

    def form_valid(self, form: AppointForm) -> HttpResponseBase:
        facts = dict(form.cleaned_data)
        role = Role(facts.pop("role"))
        appoint(self.object, facts.pop("body"), role, by=self.person, now=timezone.now(), **facts)
        return HttpResponseRedirect(self.person_url())


class OfAppointment:
    object: Appointment

    def get_queryset(self) -> QuerySet[Appointment]:
        return Appointment.objects.select_related("person", "body", "granted_by")

    def crumbs(self) -> list[Crumb]:
        return [Crumb("待复核的任职", reverse("members:to_confirm"))]

    def facts(self) -> list[Fact]:
        row = self.object
        return [
            Fact("人员", row.person.name),
            Fact("单位", row.body.name),
            Fact("角色", row.get_role_display()),
            Fact("期限", f"{row.starts_on} 至 {row.ends_on or '长期'}"),
            Fact("依据文件", row.document),
            Fact("授予人", row.granted_by.name if row.granted_by else "服务器"),
        ]


class Confirm(OfAppointment, ConfirmPage[Appointment]):
    action = "members.confirm_appointment"
    title = "复核任职"
    submit_label = "复核通过"
    done_sentence = "已复核，任职生效。"

    def get_queryset(self) -> QuerySet[Appointment]:
        return super().get_queryset().exclude(granted_by=None)

    def get_question(self) -> str:
        return "请对照依据文件核对。复核后立即生效，并通知本人。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        confirm(self.object, by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("members:to_confirm"))


class Refuse(OfAppointment, ActionPage[Appointment]):
    action = "members.confirm_appointment"
    title = "退回任职"
    form_class = ReasonForm
    submit_label = "退回"
    done_sentence = "已退回。"

    def get_queryset(self) -> QuerySet[Appointment]:
        return super().get_queryset().exclude(granted_by=None)

    def form_valid(self, form: ReasonForm) -> HttpResponseBase:
        refuse_appointment(self.object, reason=form.cleaned_data["reason"], by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("members:to_confirm"))


class End(OfAppointment, ActionPage[Appointment]):
    action = "members.end_appointment"
    title = "结束任职"
    form_class = EndForm
    submit_label = "结束任职"
    done_sentence = "任职已结束，请另一位同事复核。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("任职", reverse("members:appointments"))]

    def get_initial(self) -> dict[str, Any]:
        return {"on": timezone.localdate() - timedelta(days=1)}

    def form_valid(self, form: EndForm) -> HttpResponseBase:
        end_appointment(self.object, by=self.person, now=timezone.now(), **form.cleaned_data)
        return HttpResponseRedirect(reverse("members:appointments"))


class Requests(ListPage[AccountRequest]):
    """What waits for the second person."""

    action = "members.confirm_account"
    title = "待复核账号"
    template_name = "members/requests.html"
    unit_word = "项"
    empty_sentence = "没有待复核的账号事项。"

    def get_queryset(self) -> QuerySet[AccountRequest]:
        rows = AccountRequest.objects.waiting().select_related("person", "appointment__body", "asked_by")
        return rows.order_by("asked_at", "pk")


class DecideRequest(ActionPage[AccountRequest]):
    action = "members.confirm_account"
    template_name = "members/decide_request.html"
    form_class = DecideForm
    submit_label = "复核"
    done_sentence = "已复核。"

    def get_queryset(self) -> QuerySet[AccountRequest]:
        return AccountRequest.objects.waiting().select_related("person", "appointment__body", "asked_by")

    def get_title(self) -> str:
        return f"复核：{self.object.get_kind_display()}"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("待复核账号", reverse("members:requests"))]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        row = self.object
        facts = [Fact("人员", row.person.name), Fact("事项", row.get_kind_display())]
        if row.appointment:
            facts.append(Fact("任职", f"{row.appointment.body.name} {row.appointment.get_role_display()}"))
        facts += [
            Fact("依据文件", row.document),
            Fact("原因", row.reason or "—"),
            Fact("提出人", row.asked_by.name),
            Fact("现在", "已生效，不同意即恢复" if row.kind in ("close", "end") else "尚未生效，同意后生效"),
        ]
        return super().get_context_data(facts=facts, **kwargs)

    def form_valid(self, form: DecideForm) -> HttpResponseBase:
        decide_request(self.object, agrees=form.cleaned_data["agrees"], by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("members:requests"))


class Delegations(ListPage[Delegation]):
    action = SIGNED_IN
    title = "不在岗与委托代办"
    template_name = "members/delegations.html"
    unit_word = "项"
    empty_sentence = "没有委托过。"

    def get_queryset(self) -> QuerySet[Delegation]:
        rows = Delegation.objects.filter(appointment__person=self.person)
        return rows.select_related("appointment__body", "to").order_by("-starts_on", "-pk")

    def crumbs(self) -> list[Crumb]:
        return [Crumb("我的账号", reverse("account_home"))]

    def acts(self) -> list[Act]:
        away = Act("登记不在岗", reverse("members:be_away"))
        if not self.request.user.has_perm("members.delegate"):
            return [away]
        return [Act("新的委托", reverse("members:delegate"), "", "primary"), away]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        today = timezone.localdate()
        absences = Absence.objects.filter(person=self.person, revoked_at=None, ends_on__gte=today)
        return super().get_context_data(today=today, absences=absences.order_by("starts_on", "pk"), **kwargs)


class Delegate(FormPage):
    action = "members.delegate"
    title = "委托同事代办"
    form_class = DelegateForm
    submit_label = "委托"
    done_sentence = "已委托，并通知受托人。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("不在岗与委托代办", reverse("members:delegations"))]

    def get_form_kwargs(self) -> dict[str, Any]:
        today, user = timezone.localdate(), self.person
        own = Appointment.objects.in_force(today).filter(person=user, role__in=sorted(RIGHTS["members.delegate"]))
        bodies = set(own.values_list("body", flat=True))
        return {
            **super().get_form_kwargs(),
            "appointments": own.select_related("body").order_by("pk"),
            "colleagues": colleagues_of(user, bodies, today),
        }

    def form_valid(self, form: DelegateForm) -> HttpResponseBase:
        facts = dict(form.cleaned_data)
        delegate(facts.pop("appointment"), facts.pop("to"), by=self.person, now=timezone.now(), **facts)
        return HttpResponseRedirect(reverse("members:delegations"))


class Revoke(ConfirmPage[Delegation]):
    action = SIGNED_IN
    title = "收回委托"
    submit_label = "收回"
    done_sentence = "已收回。"

    def get_queryset(self) -> QuerySet[Delegation]:
        return Delegation.objects.filter(appointment__person=self.person, revoked_at=None).select_related("to")

    def crumbs(self) -> list[Crumb]:
        return [Crumb("不在岗与委托代办", reverse("members:delegations"))]

    def get_question(self) -> str:
        return f"收回给{self.object.to.name}的委托，立即生效。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        revoke_delegation(self.object, by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("members:delegations"))


class BeAway(FormPage):
    action = SIGNED_IN
    title = "登记不在岗"
    form_class = AwayForm
    submit_label = "登记"
    done_sentence = "已登记。这些天的提醒不再发给您。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("不在岗与委托代办", reverse("members:delegations"))]

    def get_form_kwargs(self) -> dict[str, Any]:
        today = timezone.localdate()
        own = Appointment.objects.in_force(today).filter(
            person=self.person, role__in=sorted(RIGHTS["members.delegate"])
        )
        bodies = set(own.values_list("body", flat=True))
        return {**super().get_form_kwargs(), "colleagues": colleagues_of(self.person, bodies, today)}

    def form_valid(self, form: AwayForm) -> HttpResponseBase:
        note_absence(**form.cleaned_data, by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("members:delegations"))


class BeBack(ConfirmPage[Absence]):
    action = SIGNED_IN
    title = "撤销不在岗登记"
    submit_label = "撤销"
    done_sentence = "已撤销，提醒照常发给您。"

    def get_queryset(self) -> QuerySet[Absence]:
        return Absence.objects.filter(person=self.person, revoked_at=None)

    def crumbs(self) -> list[Crumb]:
        return [Crumb("不在岗与委托代办", reverse("members:delegations"))]

    def get_question(self) -> str:
        return "撤销后提醒立即照常发给您。委托给同事的任职如不再需要，请另行收回。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        end_absence(self.object, by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("members:delegations"))
