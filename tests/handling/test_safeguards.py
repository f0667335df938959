"""Signs that a unit may have praised itself with a member's account (S9): each is raised, and looked into."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import Settings

from members import devices
from members.actions.codes import issue_code, make_code, spend_code
from members.actions.forgetting import forget
from members.audit import record
from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.models import AuditFacts, CodeUse, Person
from proposals.handling import actions
from proposals.handling.models import Evaluation
from proposals.handling.safeguards import flags_for
from tests.factories import PASSWORD, appoint
from tests.handling.conftest import House, build_house, give, round_of, signed
from tests.handling.test_acts import answered, rated

ADDRESS, DEVICE = "203.0.113.9", "a" * 32


@pytest.fixture
def house(db: None) -> House:
    home = build_house()
    home.now = timezone.now()
    return home


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def flags(house: House, **kw: Any) -> list[str]:
    return flags_for(house.member, house.unit, address=ADDRESS, device=DEVICE, now=house.now, **kw)


def signed_in_from(person: Person, house: House, *, days: int, address: str = "", device: str = "") -> None:
    at = house.now - timedelta(days=days)
    record("sign_in", by=person, now=at, address=address or None, device=device)


def test_an_ordinary_form_raises_nothing(house: House) -> None:
    signed_in_from(house.member, house, days=1, address=ADDRESS, device=DEVICE)

    assert flags(house) == []


@pytest.mark.parametrize(("days", "found"), [(29, True), (31, False)])
def test_an_address_or_a_device_that_a_unit_used_within_thirty_days(house: House, days: int, found: bool) -> None:
    signed_in_from(house.other_clerk, house, days=days, address=ADDRESS)
    assert flags(house) == ["提交地址近30天内有承办单位账号使用过"] * found

    signed_in_from(house.clerk, house, days=days, address="203.0.113.77", device=DEVICE)
    assert flags(house)[1 if found else 0 :] == ["提交设备近30天内有承办单位账号登录过"] * found


@pytest.mark.parametrize("way", ["mailed", "counter"])
@pytest.mark.parametrize(("days", "found"), [(6, True), (8, False)])
def test_an_account_that_was_reset_within_seven_days(house: House, way: str, days: int, found: bool) -> None:
    at = house.now - timedelta(days=days)
    if way == "counter":
        code = issue_code(house.member, by=house.staff, now=at)
    else:
        code = make_code(house.member, CodeUse.RESET, now=at)
    assert spend_code(house.member.username, code, now=at) == house.member
    forget(house.now)  # the code itself is long gone

    assert flags(house) == ["账号近7天内用登录码重置过"] * found


def test_the_first_code_of_a_new_account_is_no_reset(house: House) -> None:
    code = make_code(house.member, CodeUse.FIRST, now=house.now)
    spend_code(house.member.username, code, now=house.now)

    assert flags(house) == []


def test_several_members_on_one_device_within_an_hour(house: House) -> None:
    part = signed(house, give(house, cosigned=True))
    answered(house, part)
    rated(house, round_of(part), house.cosigner, address="198.51.100.1", device=DEVICE)
    house.now = house.later()

    assert flags(house) == ["同一设备一小时内有其他委员评价"]
    house.now += timedelta(hours=2)
    assert flags(house) == []


def test_a_browser_keeps_its_mark_from_one_sign_in_to_the_next(house: House) -> None:
    for person in (house.clerk, house.member):
        person.set_password(PASSWORD)
        person.save()
    client = Client()
    for person in (house.clerk, house.member):
        answer = client.post(reverse("account_login"), {"login": person.username, "password": PASSWORD})
        assert answer.status_code == 302
        assert answer.cookies[devices.NAME]["httponly"]
        client.post(reverse("account_logout"))
    seen = set(AuditFacts.objects.filter(entry__verb="sign_in").values_list("facts__device", flat=True))
    assert seen == {devices.mark(client.cookies[devices.NAME].value)}


def flagged(house: House) -> Evaluation:
    part = signed(house, give(house))
    answered(house, part)
    form: Evaluation = rated(house, round_of(part), house.member, flags=["账号近7天内用登录码重置过"])
    return form


def test_flagged_forms_wait_on_a_list_of_the_proposal_office_until_somebody_looked_into_them(house: House) -> None:
    form = flagged(house)
    staff, queue = signed_in(house.staff), reverse("handling:flagged_evaluations")
    title, url = form.round_row.assignment.matter.title, reverse("handling:check_flags", args=[form.public_id])
    assert title in staff.get(queue).content.decode()
    assert "需核查的评价" in staff.get(reverse("portal:desk")).content.decode()
    for person in (house.clerk, house.officer, house.member):
        assert signed_in(person).get(queue).status_code == 403
        assert signed_in(person).get(url).status_code == 403
    with pytest.raises(Refused, match="请写明怎样核查"):
        actions.check_flags(form, note=" ", by=house.staff, now=house.later())

    assert staff.post(url, {"note": "已电话向本人核实。"}).status_code == 302

    assert title not in staff.get(queue).content.decode()
    assert "已电话向本人核实" in staff.get(form.round_row.assignment.matter.get_absolute_url()).content.decode()
    with pytest.raises(WrongStep, match="已经核查过"):
        actions.check_flags(form, note="再查", by=house.staff, now=house.later())


def test_lists_of_forms_ask_the_same_whatever_their_length(house: House) -> None:
    def cost(name: str) -> int:
        client = signed_in(house.staff)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(reverse(f"handling:{name}")).status_code == 200
        return len(asked)

    flagged(house)
    names = ("flagged_evaluations", "late_dissatisfied", "consultations", "issued_sheets")
    before = [cost(name) for name in names]
    flagged(house)
    flagged(house)

    assert [cost(name) for name in names] == before


@pytest.mark.parametrize("proved", [True, False])
def test_the_receipt_goes_by_mail_only_to_an_address_that_was_proved(
    house: House, settings: Settings, proved: bool
) -> None:
    settings.EMAIL_URL = settings.EMAIL_URL or "smtp://localhost"
    house.member.mail = "lin@example.test"
    house.member.mail_verified_at = house.now if proved else None
    house.member.save()

    flagged(house)

    rows = Message.objects.filter(template="evaluation_receipt", recipient=house.member)
    assert set(rows.values_list("channel", flat=True)) == ({"inapp", "email"} if proved else {"inapp"})


def test_somebody_who_works_in_the_unit_is_marked(house: House) -> None:
    appoint(Role.UNIT_HANDLER, house.unit, person=house.member)

    assert flags(house) == ["评价人在承办单位工作"]
