"""Bodies: the list, one body, its names and what becomes of it; terms and sessions."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from members.actions import (
    add_body,
    add_name,
    add_term,
    correct_body,
    date_session,
    drop_name,
    open_session,
    plan_roll_over,
    roll_over,
    set_assigning_offices,
    succeed,
)
from members.choices import BodyKind, Change, NameKind, System
from members.filters import BodyFilter
from members.models import Appointment, AssigningOffice, Body, Membership, Session, Term
from members.page_forms import (
    AssigningOfficesForm,
    BodyForm,
    CorrectBodyForm,
    DropNameForm,
    NameForm,
    OpenSessionForm,
    RollOverForm,
    SessionForm,
    SucceedForm,
    TermForm,
)
from members.pages import ActionPage, DetailPage, FormPage, ListPage
from members.shown import Act, Crumb, Fact


class Bodies(ListPage[Body]):
    action = "members.bodies"
    title = "单位与组织"
    template_name = "members/bodies.html"
    filterset_class = BodyFilter
    unit_word = "个"
    empty_sentence = "没有符合条件的单位。"

    def get_queryset(self) -> QuerySet[Body]:
        return Body.objects.select_related("parent").order_by("kind", "name", "pk")

    def acts(self) -> list[Act]:
        if not self.request.user.has_perm("members.change_bodies"):
            return []
        acts = [Act("新增单位", reverse("members:add_body"), "plus", "primary")]
        if self.request.user.has_perm("members.assigning_offices"):
            acts.append(Act("交办机构", reverse("members:assigning_offices"), "building-2"))
        return acts


class BodyPage(DetailPage[Body]):
    action = "members.bodies"
    template_name = "members/body.html"

    def get_queryset(self) -> QuerySet[Body]:
        return Body.objects.select_related("parent").prefetch_related("names", "changes__new", "origins__old")

    def get_title(self) -> str:
        return self.object.name

    def crumbs(self) -> list[Crumb]:
        return [Crumb("单位与组织", reverse("members:bodies"))]

    def acts(self) -> list[Act]:
        if self.object.ended_on or not self.request.user.has_perm("members.change_bodies"):
            return []
        args = [self.object.public_id]
        return [
            Act("更正", reverse("members:correct_body", args=args)),
            Act("增加名称", reverse("members:add_name", args=args)),
            Act("删除名称", reverse("members:drop_name", args=args)),
            Act("合并、拆分、更名、撤销", reverse("members:succeed", args=args)),
        ]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        body = self.object
        office = Body.objects.assigning_office_for(body)
        facts = [
            Fact("全称", body.name),
            Fact("类别", body.get_kind_display()),
            Fact("系统", body.get_system_display()),
            Fact("交办机构", office.name if office else "—"),
        ]
        facts += [Fact(NameKind(name.kind).label, _named(name)) for name in body.names.all()]
        if body.parent:
            facts.append(Fact("上级单位", body.parent.name, url=reverse("members:body", args=[body.parent.public_id])))
        if body.phone:
            facts.append(Fact("公务电话", body.phone))
        if body.ended_on:
            facts.append(Fact("撤销日期", f"{body.ended_on}"))
        return super().get_context_data(facts=facts, history=_history(body), people=self._people(), **kwargs)

    def _people(self) -> list[Appointment]:
        if not self.request.user.has_perm("members.directory"):
            return []
        rows = Appointment.objects.in_force(timezone.localdate()).filter(body=self.object)
        return list(rows.select_related("person").order_by("role", "pk")[:100])


def _named(name: Any) -> str:
    return f"{name.name}（用至{name.until}）" if name.until else str(name.name)


def _history(body: Body) -> list[str]:
    lines = []
    for row in body.changes.all():
        where = f"：{row.new.name}" if row.new and row.new != body else ""
        lines.append(f"{row.on} {row.get_kind_display()}{where}{f'（{row.note}）' if row.note else ''}")
    lines += [
        f"{row.on} 承接{row.old.name}（{row.get_kind_display()}）" for row in body.origins.all() if row.old != body
    ]
    return sorted(lines)


class AddBody(FormPage):
    action = "members.change_bodies"
    title = "新增单位"
    form_class = BodyForm
    submit_label = "新增"
    done_sentence = "已新增。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("单位与组织", reverse("members:bodies"))]

    def form_valid(self, form: BodyForm) -> HttpResponseBase:
        facts = dict(form.cleaned_data)
        body = add_body(
            facts.pop("name"),
            kind=BodyKind(facts.pop("kind")),
            system=System(facts.pop("system")),
            by=self.person,
            now=timezone.now(),
            **facts,
        )
        return HttpResponseRedirect(reverse("members:body", args=[body.public_id]))


class OfBody:
    object: Body

    def get_queryset(self) -> QuerySet[Body]:
        return Body.objects.current()

    def crumbs(self) -> list[Crumb]:
        here = reverse("members:body", args=[self.object.public_id])
        return [Crumb("单位与组织", reverse("members:bodies")), Crumb(self.object.name, here)]


class AddName(OfBody, ActionPage[Body]):
    action = "members.change_bodies"
    title = "增加名称"
    form_class = NameForm
    submit_label = "增加"

    def form_valid(self, form: NameForm) -> HttpResponseBase:
        kind = NameKind(form.cleaned_data["kind"])
        add_name(self.object, form.cleaned_data["name"], kind=kind, by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("members:body", args=[self.object.public_id]))


class CorrectBody(OfBody, ActionPage[Body]):
    action = "members.change_bodies"
    title = "更正单位信息"
    form_class = CorrectBodyForm
    submit_label = "更正"
    done_sentence = "已更正。真正的更名、合并和撤销请用“合并、拆分、更名、撤销”。"

    def get_initial(self) -> dict[str, Any]:
        body = self.object
        facts = {name: getattr(body, name) for name in ("name", "short_name", "kind", "system", "phone")}
        return {**facts, "parent": body.parent.name if body.parent else ""}

    def form_valid(self, form: CorrectBodyForm) -> HttpResponseBase:
        facts = dict(form.cleaned_data)
        kind, system = BodyKind(facts.pop("kind")), System(facts.pop("system"))
        correct_body(self.object, kind=kind, system=system, by=self.person, now=timezone.now(), **facts)
        return HttpResponseRedirect(reverse("members:body", args=[self.object.public_id]))


class DropName(OfBody, ActionPage[Body]):
    action = "members.change_bodies"
    title = "删除名称"
    form_class = DropNameForm
    submit_label = "删除"
    done_sentence = "已删除。"

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "names": self.object.names.order_by("name", "pk")}

    def form_valid(self, form: DropNameForm) -> HttpResponseBase:
        facts = form.cleaned_data
        drop_name(self.object, facts["name"], reason=facts["reason"], by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("members:body", args=[self.object.public_id]))


class AssigningOffices(FormPage):
    """Which office assigns to which system: all on one page (P9)."""

    action = "members.assigning_offices"
    title = "交办机构"
    form_class = AssigningOfficesForm
    template_name = "members/assigning_offices.html"
    submit_label = "保存"
    done_sentence = "已保存，新交办的件按此办理。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("单位与组织", reverse("members:bodies"))]

    def get_initial(self) -> dict[str, Any]:
        rows = list(AssigningOffice.objects.select_related("office"))
        checking = [row.system for row in rows if row.checks_replies]
        return {row.system: row.office.name for row in rows} | {"checking": checking}

    def form_valid(self, form: AssigningOfficesForm) -> HttpResponseBase:
        offices = {system: form.cleaned_data[system.value] for system in System}
        checking = [System(name) for name in form.cleaned_data["checking"]]
        set_assigning_offices(offices, checking=checking, by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("members:assigning_offices"))


class Succeed(OfBody, ActionPage[Body]):
    action = "members.change_bodies"
    title = "机构变更"
    form_class = SucceedForm
    submit_label = "办理变更"
    done_sentence = "变更已生效，未办结的事项已转给承接单位。"

    def get_initial(self) -> dict[str, Any]:
        return {"on": timezone.localdate()}

    def form_valid(self, form: SucceedForm) -> HttpResponseBase:
        facts = dict(form.cleaned_data)
        heirs, kind = facts.pop("heirs"), Change(facts.pop("kind"))
        succeed(self.object, heirs, kind=kind, by=self.person, now=timezone.now(), **facts)
        return HttpResponseRedirect(reverse("members:body", args=[self.object.public_id]))


class Terms(ListPage[Session]):
    action = "members.terms"
    title = "届次"
    template_name = "members/terms.html"
    unit_word = "次会议"
    empty_sentence = "还没有届次，请先新增一届，再新增会议。"

    def get_queryset(self) -> QuerySet[Session]:
        return Session.objects.select_related("term").newest_first()

    def acts(self) -> list[Act]:
        acts = [
            Act("新增会议", reverse("members:open_session"), "plus", "primary"),
            Act("新增一届", reverse("members:add_term"), "plus"),
        ]
        if self.request.user.has_perm("members.roll_over"):
            acts.append(Act("换届", reverse("members:roll_over"), "users"))
        return acts


class AddTerm(FormPage):
    action = "members.terms"
    title = "新增一届"
    form_class = TermForm
    submit_label = "新增"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("届次", reverse("members:terms"))]

    def form_valid(self, form: TermForm) -> HttpResponseBase:
        add_term(
            form.cleaned_data["number"],
            starts_on=form.cleaned_data["starts_on"],
            by=self.person,
            now=timezone.now(),
        )
        return HttpResponseRedirect(reverse("members:terms"))


class RollOver(FormPage):
    """The next term: choose who stays, look at what would happen, confirm just that (P12)."""

    action = "members.roll_over"
    title = "换届"
    form_class = RollOverForm
    submit_label = "下一步：核对"
    done_sentence = "新一届已开始，届满的委员已收到通知。请按“届次”页上的步骤继续。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("届次", reverse("members:terms"))]

    def prepare(self) -> None:
        self.old = Term.objects.order_by("-number").first()

    def get_initial(self) -> dict[str, Any]:
        return {"number": self.old.number + 1} if self.old else {}

    def get_form_kwargs(self) -> dict[str, Any]:
        seats = Membership.objects.filter(term=self.old, ends_on=None)
        return {**super().get_form_kwargs(), "seats": seats}

    def form_valid_once(self, form: Any) -> HttpResponseBase:
        """Only the confirmation does anything; before it the same form is looked at, as often as one likes."""
        if self.request.POST.get("shown"):
            return super().form_valid_once(form)
        return self.preview(form)

    @transaction.atomic
    def preview(self, form: Any, sentence: str = "", status: int = 200) -> TemplateResponse:
        facts = form.cleaned_data
        stay = {person.pk for person in facts["continuing"]}
        plan = plan_roll_over(facts["number"], starts_on=facts["starts_on"], continuing=stay)
        context = self.get_context_data(form=form, plan=plan, sentence=sentence, document=facts["document"])
        return TemplateResponse(self.request, "members/roll_over.html", context, status=status)

    def form_valid(self, form: RollOverForm) -> HttpResponseBase:
        facts = form.cleaned_data
        roll_over(
            facts["number"],
            starts_on=facts["starts_on"],
            continuing={person.pk for person in facts["continuing"]},
            document=facts["document"],
            shown=self.request.POST["shown"],
            by=self.person,
            now=timezone.now(),
        )
        return HttpResponseRedirect(reverse("members:terms"))

    def conflict(self, form: Any, sentence: str) -> HttpResponse:
        """What would happen has changed: shown anew, nothing done."""
        return self.preview(form, sentence, status=409)


class OpenSession(FormPage):
    action = "members.terms"
    title = "新增会议"
    form_class = OpenSessionForm
    submit_label = "新增"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("届次", reverse("members:terms"))]

    def form_valid(self, form: OpenSessionForm) -> HttpResponseBase:
        facts = form.cleaned_data
        session = open_session(facts["term"], facts["number"], by=self.person, now=timezone.now())
        return HttpResponseRedirect(reverse("members:session", args=[session.code]))


class DateSession(FormPage):
    action = "members.terms"
    form_class = SessionForm
    submit_label = "保存"
    done_sentence = "已保存。"

    def prepare(self) -> None:
        self.session = get_object_or_404(Session, code=self.kwargs["code"])

    def get_title(self) -> str:
        return self.session.name

    def crumbs(self) -> list[Crumb]:
        return [Crumb("届次", reverse("members:terms"))]

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.session, name) for name in SessionForm.base_fields}

    def form_valid(self, form: SessionForm) -> HttpResponseBase:
        date_session(self.session, by=self.person, now=timezone.now(), **form.cleaned_data)
        return HttpResponseRedirect(reverse("members:terms"))
