"""Accounts change by a document and two persons (S6); a seat may end in mid-term."""

from datetime import timedelta
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members import actions, post
from members.actions import (
    ask_reopening,
    ask_second_factor_reset,
    close_account,
    decide_request,
    end_appointment,
    issue_code,
    unseat,
)
from members.choices import BodyKind, Role, System
from members.errors import Refused, WrongStep
from members.models import AccountRequest, AuditEntry, Person
from members.rights import may
from tests.factories import LONG_AGO, AppointmentFactory, BodyFactory, PersonFactory, appoint

pytestmark = pytest.mark.django_db
PAPER = {"document": "市协办〔2026〕1号", "reason": "离职"}


def client_of(person: Person) -> Any:
    client = Client()
    client.force_login(Person.objects.get(pk=person.pk))
    return client


def fresh(person: Person) -> Person:
    found: Person = Person.objects.get(pk=person.pk)
    return found


def verbs(subject: object) -> list[str]:
    return list(AuditEntry.objects.filter(subject=str(subject)).order_by("pk").values_list("verb", flat=True))


def told(person: Person) -> list[str]:
    """Templates in the order they came; a mail beside a message counts once."""
    return list(dict.fromkeys(person.messages.order_by("pk").values_list("template", flat=True)))


@pytest.fixture
def admin() -> Person:
    return appoint(Role.SECURITY_ADMINISTRATOR)


@pytest.fixture
def second() -> Person:
    return appoint(Role.SECRETARY_GENERAL)


@pytest.fixture
def clerk() -> Person:
    return appoint(Role.UNIT_CLERK)


@pytest.fixture
def with_phone(clerk: Person) -> Person:
    Authenticator.objects.create(user=clerk, type="totp", data={"secret": "x"})
    Authenticator.objects.create(user=clerk, type="recovery_codes", data={"seed": "x"})
    clerk.mail, clerk.mail_verified_at = "clerk@unit.example", timezone.now()
    clerk.save()
    return clerk


# accounts -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("agrees", [True, False])
def test_an_account_closes_at_once_and_opens_again_if_the_second_person_refuses(
    agrees: bool, admin: Person, second: Person, clerk: Person
) -> None:
    row = close_account(clerk, **PAPER, by=admin, now=timezone.now())
    assert not fresh(clerk).is_active

    decide_request(row, agrees=agrees, by=second, now=timezone.now())

    assert fresh(clerk).is_active is not agrees
    assert verbs(clerk.public_id) == ["account.close", "account.close.decide"]


def test_a_closed_account_stays_closed_until_a_second_person_agrees(
    admin: Person, second: Person, clerk: Person
) -> None:
    decide_request(
        close_account(clerk, **PAPER, by=admin, now=timezone.now()), agrees=True, by=second, now=timezone.now()
    )

    refused = ask_reopening(clerk, **PAPER, by=admin, now=timezone.now())
    decide_request(refused, agrees=False, by=second, now=timezone.now())
    assert not fresh(clerk).is_active
    granted = ask_reopening(clerk, **PAPER, by=admin, now=timezone.now())
    assert not fresh(clerk).is_active
    decide_request(granted, agrees=True, by=second, now=timezone.now())

    assert fresh(clerk).is_active


def test_what_an_account_is_refused(admin: Person, second: Person, clerk: Person) -> None:
    now = timezone.now()
    with pytest.raises(Refused, match="不能为自己停用账号"):
        close_account(admin, **PAPER, by=admin, now=now)
    with pytest.raises(Refused, match="请填写依据文件"):
        close_account(clerk, document=" ", reason="x", by=admin, now=now)
    with pytest.raises(WrongStep, match="已在使用"):
        ask_reopening(clerk, **PAPER, by=admin, now=now)
    row = close_account(clerk, **PAPER, by=admin, now=now)
    with pytest.raises(WrongStep, match="已经停用"):
        close_account(clerk, **PAPER, by=admin, now=now)
    with pytest.raises(WrongStep, match="请先复核"):
        ask_reopening(clerk, **PAPER, by=admin, now=now)
    for person in (admin, clerk):
        with pytest.raises(Refused, match="请由另一位同事办理"):
            decide_request(row, agrees=True, by=person, now=now)
    decide_request(row, agrees=True, by=second, now=now)
    with pytest.raises(WrongStep, match="已经复核"):
        decide_request(row, agrees=False, by=second, now=now)


def test_a_lost_second_factor_is_reset_by_two_and_the_owner_is_told(
    admin: Person, second: Person, with_phone: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[str] = []
    monkeypatch.setattr(post, "post", lambda to, *facts, **more: sent.append(to))
    client = client_of(with_phone)
    row = ask_second_factor_reset(with_phone, **PAPER, by=admin, now=timezone.now())
    assert Authenticator.objects.filter(user=with_phone).count() == 2
    assert told(with_phone) == ["members.second_factor_asked"]

    decide_request(row, agrees=True, by=second, now=timezone.now())

    assert not Authenticator.objects.filter(user=with_phone).exists()
    assert client.get("/accounts/").status_code == 302  # its sessions have ended
    assert told(with_phone)[1:] == ["members.second_factor_reset"]
    assert sent == ["clerk@unit.example"]
    assert verbs(with_phone.public_id)[-2:] == ["account.factor.decide", "second_factor.reset"]
    with pytest.raises(WrongStep, match="没有开启两步验证"):
        ask_second_factor_reset(with_phone, **PAPER, by=admin, now=timezone.now())


def test_a_refused_reset_leaves_the_second_factor(admin: Person, second: Person, with_phone: Person) -> None:
    row = ask_second_factor_reset(with_phone, **PAPER, by=admin, now=timezone.now())
    with pytest.raises(WrongStep, match="等待复核"):
        ask_second_factor_reset(with_phone, **PAPER, by=admin, now=timezone.now())

    decide_request(row, agrees=False, by=second, now=timezone.now())

    assert Authenticator.objects.filter(user=with_phone).count() == 2


# appointments ---------------------------------------------------------------------------------------------------------


def test_an_appointment_ends_at_once_and_is_restored_if_the_second_person_refuses(
    admin: Person, second: Person, clerk: Person
) -> None:
    appointment = clerk.appointments.get()
    yesterday = timezone.localdate() - timedelta(days=1)
    row = end_appointment(appointment, on=yesterday, **PAPER, by=admin, now=timezone.now())
    assert not may(fresh(clerk), "members.delegate")

    decide_request(row, agrees=False, by=second, now=timezone.now())

    assert may(fresh(clerk), "members.delegate")
    assert told(clerk) == ["members.appointment_ended", "members.appointment_restored"]
    assert verbs(appointment.public_id) == ["appointment.end", "appointment.restore"]


def test_an_appointment_that_has_a_successor_cannot_be_restored_over_it(
    admin: Person, second: Person, clerk: Person
) -> None:
    appointment, today = clerk.appointments.get(), timezone.localdate()
    row = end_appointment(appointment, on=today - timedelta(days=1), **PAPER, by=admin, now=timezone.now())
    AppointmentFactory(person=clerk, body=appointment.body, role=Role.UNIT_CLERK, starts_on=today)

    with pytest.raises(Refused, match="时间重叠"):
        decide_request(row, agrees=False, by=second, now=timezone.now())

    assert AccountRequest.objects.waiting().get() == row


def test_what_the_end_of_an_appointment_is_refused(admin: Person, clerk: Person) -> None:
    today, now = timezone.localdate(), timezone.now()
    with pytest.raises(Refused, match="不能为自己结束任职"):
        end_appointment(admin.appointments.get(), on=today, **PAPER, by=admin, now=now)
    with pytest.raises(Refused, match="依据文件"):
        end_appointment(clerk.appointments.get(), on=today, document="", by=admin, now=now)
    with pytest.raises(Refused, match="不能早于开始日期"):
        end_appointment(clerk.appointments.get(), on=LONG_AGO - timedelta(days=1), **PAPER, by=admin, now=now)
    end_appointment(clerk.appointments.get(), on=today, **PAPER, by=admin, now=now)
    with pytest.raises(WrongStep, match="等待复核"):
        end_appointment(clerk.appointments.get(), on=today, **PAPER, by=admin, now=now)


# login codes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.PROPOSAL_DIRECTOR, Role.AUDITOR, Role.ASSIGNING_OFFICER])
def test_only_a_security_administrator_opens_an_account_with_a_second_factor(role: Role, admin: Person) -> None:
    person, staff = appoint(role), appoint(Role.PROPOSAL_STAFF)
    issuing = reverse("members:issue_code", args=[person.public_id])

    with pytest.raises(Refused, match="须由安全管理员开具"):
        issue_code(person, by=staff, now=timezone.now())
    assert client_of(staff).post(issuing).status_code == 422
    assert issuing not in client_of(staff).get(reverse("members:person", args=[person.public_id])).content.decode()

    assert issuing in client_of(admin).get(reverse("members:person", args=[person.public_id])).content.decode()
    assert issue_code(person, by=admin, now=timezone.now())


# seats ----------------------------------------------------------------------------------------------------------------


def test_a_seat_ends_in_mid_term_with_the_appointment_as_member(admin: Person) -> None:
    member, today = appoint(Role.MEMBER), timezone.localdate()
    seat = member.memberships.get()

    unseat(seat, on=today, by=admin, now=timezone.now(), reason="市政协常委会决定〔2026〕5号")

    assert (member.memberships.get().ends_on, member.appointments.get().ends_on) == (today, today)
    assert told(member) == ["members.seat_ended"]
    assert verbs(member.public_id) == ["membership.end"]
    with pytest.raises(WrongStep, match="已经结束"):
        unseat(seat, on=today, by=admin, now=timezone.now(), reason="x")


def test_what_the_end_of_a_seat_is_refused(admin: Person) -> None:
    seat, today = appoint(Role.MEMBER).memberships.get(), timezone.localdate()

    with pytest.raises(Refused, match="自己"):
        unseat(seat, on=today, by=seat.person, now=timezone.now(), reason="x")
    with pytest.raises(Refused, match="原因"):
        unseat(seat, on=today, by=admin, now=timezone.now(), reason=" ")
    with pytest.raises(Refused, match="开始日期"):
        unseat(seat, on=seat.starts_on - timedelta(days=1), by=admin, now=timezone.now(), reason="x")


def test_the_page_that_ends_a_seat() -> None:
    member, duty = appoint(Role.MEMBER), appoint(Role.DUTY_STAFF)
    page = reverse("members:unseat", args=[member.public_id])
    assert page in client_of(duty).get(reverse("members:person", args=[member.public_id])).content.decode()
    assert client_of(appoint(Role.PROPOSAL_STAFF)).get(page).status_code == 403

    empty = client_of(duty).post(page, {"on": timezone.localdate(), "reason": ""})
    done = client_of(duty).post(page, {"on": timezone.localdate(), "reason": "市政协常委会决定〔2026〕5号"})

    assert (empty.status_code, done.status_code) == (422, 302)
    assert member.memberships.get().ends_on == timezone.localdate()
    assert client_of(duty).get(page).status_code == 404  # there is no seat any more


# pages ----------------------------------------------------------------------------------------------------------------


def test_an_account_goes_from_page_to_page(admin: Person, second: Person, clerk: Person) -> None:
    without = client_of(admin).post(reverse("members:account", args=[clerk.public_id]), {"reason": "x"})
    asked = client_of(admin).post(reverse("members:account", args=[clerk.public_id]), PAPER)
    row = AccountRequest.objects.get()
    waiting = client_of(second).get(reverse("members:requests")).content.decode()
    page = reverse("members:decide_request", args=[row.public_id])
    shown = client_of(second).get(page).content.decode()
    own = client_of(admin).post(page, {"agrees": "1"})
    himself = client_of(admin).post(reverse("members:account", args=[admin.public_id]), PAPER)
    decided = client_of(second).post(page, {"agrees": "0"})

    assert (without.status_code, asked.status_code) == (422, 302)
    assert clerk.name in waiting and page in waiting
    assert PAPER["document"] in shown and "不同意即恢复" in shown
    assert himself.status_code == 422
    assert own.status_code == 422 and "请由另一位同事办理" in own.content.decode()
    assert decided.status_code == 302
    assert fresh(clerk).is_active
    assert client_of(second).get(page).status_code == 404  # decided once
    assert client_of(appoint(Role.PROPOSAL_STAFF)).get(page).status_code == 403


def test_the_page_that_asks_for_a_new_second_factor(admin: Person, with_phone: Person) -> None:
    page = reverse("members:reset_second_factor", args=[with_phone.public_id])
    assert page in client_of(admin).get(reverse("members:person", args=[with_phone.public_id])).content.decode()
    assert client_of(appoint(Role.PROPOSAL_STAFF)).get(page).status_code == 403

    assert client_of(admin).post(page, PAPER).status_code == 302

    assert AccountRequest.objects.waiting().get().kind == "factor"


def test_the_list_costs_the_same_for_one_row_and_for_many(
    admin: Person, second: Person, django_assert_max_num_queries: Any
) -> None:
    client = client_of(second)
    end_appointment(
        appoint(Role.UNIT_CLERK).appointments.get(), on=timezone.localdate(), **PAPER, by=admin, now=timezone.now()
    )
    client.get(reverse("members:requests"))
    with django_assert_max_num_queries(15) as one:
        client.get(reverse("members:requests"))
    for _ in range(5):
        row = appoint(Role.UNIT_CLERK).appointments.get()
        end_appointment(row, on=timezone.localdate(), **PAPER, by=admin, now=timezone.now())
    with django_assert_max_num_queries(15) as many:
        client.get(reverse("members:requests"))

    assert len(many) == len(one)


def test_staff_of_a_session_are_appointed_up_to_a_day(admin: Person, clerk: Person) -> None:
    today = timezone.localdate()
    body = BodyFactory(kind=BodyKind.CPPCC_COMMITTEE, system=System.CPPCC)
    for_a_session: dict[str, Any] = {
        "starts_on": today,
        "document": "大会秘书处名单",
        "by": admin,
        "now": timezone.now(),
    }

    with pytest.raises(Refused, match="请填写结束日期"):
        actions.appoint(PersonFactory(), body, Role.SESSION_STAFF, **for_a_session)
    appointment = actions.appoint(
        PersonFactory(), body, Role.SESSION_STAFF, ends_on=today + timedelta(days=10), **for_a_session
    )

    assert appointment.ends_on == today + timedelta(days=10)
