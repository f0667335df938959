"""People: the list, one person, what can be done with an account."""

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from members.actions import (
    add_person,
    ask_reopening,
    ask_second_factor_reset,
    close_account,
    correct_name,
    issue_code,
    record_contact,
    seat,
    tell_leader,
    unseat,
    withdraw_name,
)
from members.actions.codes import may_issue_code
from members.audit import record
from members.choices import Role
from members.filters import PersonFilter
from members.models import Appointment, Membership, Person
from members.page_forms import (
    AddPersonForm,
    CorrectNameForm,
    DocumentForm,
    EndSeatForm,
    MembershipForm,
    ReasonForm,
    RecordContactForm,
)
from members.pages import ActionPage, Column, ConfirmPage, DetailPage, FormPage, ListPage
from members.queries import with_standing
from members.shown import Act, Crumb, Fact


def roles_text(person: Any) -> str:
    return "、".join(f"{row.body} {row.get_role_display()}" for row in person.present_appointments)


def sector_text(person: Any) -> str:
    return next((str(seat.sector) for seat in person.present_memberships if seat.sector), "")


class People(ListPage[Person]):
    action = "members.directory"
    title = "人员"
    template_name = "members/people.html"
    filterset_class = PersonFilter
    unit_word = "人"
    empty_sentence = "没有符合条件的人员。"
    columns = (Column("姓名", lambda p: p.name), Column("任职", roles_text), Column("界别", sector_text))

    def get_queryset(self) -> QuerySet[Person]:
        people: QuerySet[Person] = with_standing(Person.objects.order_by("name", "pk"), timezone.localdate())
        return people

    def acts(self) -> list[Act]:
        wanted = [
            ("members.add_person", Act("新增人员", reverse("members:add_person"), "plus", "primary")),
            ("members.appointments", Act("任职", reverse("members:appointments"), "users")),
        ]
        return [act for action, act in wanted if self.request.user.has_perm(action)]


class AddPerson(FormPage):
    """One account with its first role; nobody can sign in before a second person has confirmed the role."""

    action = "members.add_person"
    title = "新增人员"
    form_class = AddPersonForm
    submit_label = "新增，等待复核"
    done_sentence = "已新增，任职须由另一位同事复核后生效；复核后可为其开具登录码。"

    def crumbs(self) -> list[Crumb]:
        return [Crumb("人员", reverse("members:people"))]

    def form_valid(self, form: AddPersonForm) -> HttpResponseBase:
        facts = dict(form.cleaned_data)
        name, body, role = (facts.pop(field) for field in ("name", "body", "role"))
        person = add_person(name, body, Role(role), by=self.person, now=timezone.now(), **facts)
        return HttpResponseRedirect(reverse("members:person", args=[person.public_id]))


class OfPerson:
    """Pages about one person, reached from the list."""

    object: Person

    def get_queryset(self) -> QuerySet[Person]:
        people: QuerySet[Person] = Person.objects.all()
        return people

    def crumbs(self) -> list[Crumb]:
        here = reverse("members:person", args=[self.object.public_id])
        return [Crumb("人员", reverse("members:people")), Crumb(self.object.name, here)]

    def person_url(self) -> str:
        return reverse("members:person", args=[self.object.public_id])


class PersonPage(DetailPage[Person]):
    action = "members.directory"
    template_name = "members/person.html"

    def get_queryset(self) -> QuerySet[Person]:
        return with_standing(Person.objects.all(), timezone.localdate())

    def get_title(self) -> str:
        return self.object.name

    def crumbs(self) -> list[Crumb]:
        return [Crumb("人员", reverse("members:people"))]

    def acts(self) -> list[Act]:
        user, args = self.request.user, [self.object.public_id]
        wanted = [
            ("members.appoint", "授予角色", "members:appoint"),
            ("members.memberships", "委员信息", "members:seat"),
            ("members.contact_details", "查看联系方式", "members:contact"),
            ("members.record_contact", "登记联系方式", "members:record_contact"),
            ("members.correct_name", "更正姓名", "members:correct_name"),
            ("members.withdraw_name", "停止公开姓名", "members:withdraw_name"),
            ("members.accounts", "停用账号" if self.object.is_active else "启用账号", "members:account"),
        ]
        if may_issue_code(self.person, self.object, now=timezone.now()):
            wanted.append(("members.issue_code", "开具登录码", "members:issue_code"))
        if any(row.role == Role.LEADER for row in self.object.present_appointments):  # type: ignore[attr-defined]  # fetched
            label = "不再向其发提醒" if self.object.told_as_leader else "向其发提醒"
            wanted.append(("members.tell_leader", label, "members:tell_leader"))
        if any(seat.ends_on is None for seat in self.object.present_memberships):  # type: ignore[attr-defined]  # fetched
            wanted.append(("members.memberships", "结束委员资格", "members:unseat"))
        if user.has_perm("members.accounts") and is_mfa_enabled(self.object):
            wanted.append(("members.accounts", "重置两步验证", "members:reset_second_factor"))
        return [Act(label, reverse(name, args=args)) for action, label, name in wanted if user.has_perm(action)]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person: Any = self.object
        facts = [Fact("姓名", person.name), Fact("账号", "使用中" if person.is_active else "已停用")]
        if person.withdrawn_at:
            facts.append(Fact("公开", "姓名已停止公开"))
        for seat_ in person.present_memberships:
            belongs = [str(body) for body in (seat_.sector, seat_.party, seat_.committee, seat_.group) if body]
            facts.append(Fact(f"{seat_.term}委员", "、".join(belongs) or "—"))
            if seat_.post:
                facts.append(Fact("工作单位及职务", seat_.post))
        return super().get_context_data(facts=facts, appointments=person.present_appointments, **kwargs)


class Contact(OfPerson, DetailPage[Person]):
    """Phone, mail and address: to those entitled, each view a row in the audit (S2)."""

    action = "members.contact_details"
    title = "联系方式"
    template_name = "members/contact.html"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().get(request, *args, **kwargs)
        record("person.view_contact", by=request.user, now=timezone.now(), subject=str(self.object.public_id))
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        person = self.object
        facts = [
            Fact("手机号", person.phone or "未填写"),
            Fact("电子邮箱", person.mail or "未填写"),
            Fact("通讯地址", person.address or "未填写"),
        ]
        return super().get_context_data(facts=facts, **kwargs)


class RecordContact(OfPerson, ActionPage[Person]):
    """Staff write down phone, mail and address; who opens the form sees them, which is a row in the audit."""

    action = "members.record_contact"
    title = "登记联系方式"
    form_class = RecordContactForm
    submit_label = "保存"
    done_sentence = "已保存，已告知本人。"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = super().get(request, *args, **kwargs)
        record("person.view_contact", by=request.user, now=timezone.now(), subject=str(self.object.public_id))
        return response

    def get_initial(self) -> dict[str, Any]:
        return {name: getattr(self.object, name) for name in ("phone", "mail", "address")}

    def form_valid(self, form: RecordContactForm) -> HttpResponseBase:
        record_contact(self.object, by=self.person, now=timezone.now(), **form.cleaned_data)
        return HttpResponseRedirect(self.person_url())


class CorrectName(OfPerson, ActionPage[Person]):
    action = "members.correct_name"
    title = "更正姓名"
    form_class = CorrectNameForm
    submit_label = "更正"
    done_sentence = "已更正，已告知本人。"

    def get_initial(self) -> dict[str, Any]:
        return {"name": self.object.name}

    def form_valid(self, form: CorrectNameForm) -> HttpResponseBase:
        correct_name(self.object, by=self.person, now=timezone.now(), **form.cleaned_data)
        return HttpResponseRedirect(self.person_url())


class IssueCode(OfPerson, ConfirmPage[Person]):
    action = "members.issue_code"
    title = "开具登录码"
    submit_label = "开具并打印"

    def get_question(self) -> str:
        return (
            f"为{self.object.name}开具一次性登录码。请先当面核对本人身份。登录码24小时内有效；"
            "用它登录后须改密码，24小时内不能评价、联名和签署。"
        )

    def form_valid(self, form: Any) -> HttpResponseBase:
        code = issue_code(self.object, by=self.person, now=timezone.now())
        slips = [{"name": self.object.name, "username": self.object.username, "code": code}]
        return TemplateResponse(self.request, "members/slips.html", {"slips": slips, "title": "登录码条", "hours": 24})


class AccountState(OfPerson, ActionPage[Person]):
    action = "members.accounts"
    form_class = DocumentForm
    submit_label = "确定"

    def prepare(self) -> None:
        super().prepare()
        closes = self.object.is_active
        self.done_sentence = "已停用，请另一位同事复核。" if closes else "已提出，须由另一位同事复核后启用。"

    def get_title(self) -> str:
        return "停用账号" if self.object.is_active else "启用账号"

    def form_valid(self, form: DocumentForm) -> HttpResponseBase:
        act = close_account if self.object.is_active else ask_reopening
        act(self.object, by=self.person, now=timezone.now(), **form.cleaned_data)
        return HttpResponseRedirect(self.person_url())


class ResetSecondFactor(OfPerson, ActionPage[Person]):
    """For who has lost the phone and the recovery codes: nothing happens before another person agrees."""

    action = "members.accounts"
    title = "重置两步验证"
    form_class = DocumentForm
    submit_label = "提出，等待复核"
    done_sentence = "已提出，须由另一位同事复核；已通知本人。"

    def form_valid(self, form: DocumentForm) -> HttpResponseBase:
        ask_second_factor_reset(self.object, by=self.person, now=timezone.now(), **form.cleaned_data)
        return HttpResponseRedirect(self.person_url())


class WithdrawName(OfPerson, ActionPage[Person]):
    action = "members.withdraw_name"
    title = "停止公开姓名"
    form_class = ReasonForm
    submit_label = "停止公开"

    def form_valid(self, form: ReasonForm) -> HttpResponseBase:
        withdraw_name(self.object, by=self.person, now=timezone.now(), reason=form.cleaned_data["reason"])
        return HttpResponseRedirect(self.person_url())


class TellLeader(OfPerson, ConfirmPage[Person]):
    """Whether reminders go to a leader: a setting per person, off by default (P2)."""

    action = "members.tell_leader"

    def get_queryset(self) -> QuerySet[Person]:
        leading = Appointment.objects.in_force(timezone.localdate()).filter(role=Role.LEADER)
        return super().get_queryset().filter(pk__in=leading.values("person"))

    def prepare(self) -> None:
        super().prepare()
        self.submit_label = self.get_title()

    def get_title(self) -> str:
        return "停止向领导发提醒" if self.object.told_as_leader else "向领导发提醒"

    def get_question(self) -> str:
        if self.object.told_as_leader:
            return f"系统不再向{self.object.name}发时限提醒，需要时由交办机构印发督办单。"
        return f"系统默认不向领导发任何提醒。开启后，{self.object.name}兼任的工作上的时限提醒会发给本人；督办单仍由交办机构审核印发。"

    def form_valid(self, form: Any) -> HttpResponseBase:
        tell_leader(self.object, wanted=not self.object.told_as_leader, by=self.person, now=timezone.now())
        return HttpResponseRedirect(self.person_url())


class Seat(OfPerson, ActionPage[Person]):
    action = "members.memberships"
    title = "委员信息"
    form_class = MembershipForm
    submit_label = "保存"

    def get_initial(self) -> dict[str, Any]:
        last = (
            Membership.objects.filter(person=self.object, ends_on=None).select_related("term").order_by("-pk").first()
        )
        if last is None:
            return {}
        names = {
            name: getattr(last, name).name for name in ("sector", "party", "committee", "group") if getattr(last, name)
        }
        return {"term": last.term, "post": last.post, **names}

    def form_valid(self, form: MembershipForm) -> HttpResponseBase:
        facts = dict(form.cleaned_data)
        seat(self.object, facts.pop("term"), by=self.person, now=timezone.now(), **facts)
        return HttpResponseRedirect(self.person_url())


class Unseat(OfPerson, ActionPage[Person]):
    """The end of a seat in mid-term (辞去、免去、撤销委员资格)."""

    action = "members.memberships"
    title = "结束委员资格"
    form_class = EndSeatForm
    submit_label = "结束委员资格"
    done_sentence = "委员资格已结束，已通知本人。"

    def prepare(self) -> None:
        super().prepare()
        seats = Membership.objects.filter(person=self.object, ends_on=None).select_related("term", "person")
        self.seat = seats.order_by("-term__number").first()
        if self.seat is None:
            raise Http404

    def get_initial(self) -> dict[str, Any]:
        return {"on": timezone.localdate()}

    def form_valid(self, form: EndSeatForm) -> HttpResponseBase:
        assert self.seat is not None
        unseat(self.seat, by=self.person, now=timezone.now(), **form.cleaned_data)
        return HttpResponseRedirect(self.person_url())
