"""What stands on record about people and bodies is made and put right on pages, with a document or a reason."""

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.backend import AppointmentBackend
from members.choices import BodyKind, NameKind, Role
from members.inbox.models import Message
from members.models import AssigningOffice, AuditEntry, Body, Person
from tests.factories import BodyFactory, MembershipFactory, PersonFactory, TermFactory, appoint

pytestmark = pytest.mark.django_db


def client_of(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def told(person: Person) -> list[str]:
    return list(Message.objects.filter(recipient=person, channel="inapp").values_list("template", flat=True))


NEW = {"body": "市教育局", "role": Role.UNIT_CLERK, "starts_on": "2026-03-02", "document": "市教发〔2026〕3号"}


def test_one_person_is_added_with_a_role_that_a_second_one_confirms() -> None:
    PersonFactory(name="单小明")
    client, page = client_of(appoint(Role.SECURITY_ADMINISTRATOR)), reverse("members:add_person")
    assert page in client.get(reverse("members:people")).content.decode()

    again = client.post(page, {**NEW, "name": "单小明"})
    assert (again.status_code, "已有名为“单小明”的人员" in again.content.decode()) == (422, True)
    sent = client.post(page, {**NEW, "name": "单小明", "namesake": "on", "phone": "13800000000"})

    person = Person.objects.get(name="单小明", phone_index__gt="")
    assert sent.headers["Location"] == reverse("members:person", args=[person.public_id])
    assert not person.appointments.get().is_confirmed
    assert not AppointmentBackend().user_can_authenticate(person)
    assert set(AuditEntry.objects.values_list("verb", flat=True)) >= {"account.open", "appointment.grant"}
    assert client_of(appoint(Role.DUTY_STAFF)).get(page).status_code == 403


def test_a_wrong_name_is_put_right_and_its_owner_told() -> None:
    person = appoint(Role.MEMBER, name="陆用")
    client, page = client_of(appoint(Role.DUTY_STAFF)), reverse("members:correct_name", args=[person.public_id])

    assert client.post(page, {"name": "陆用", "document": "证件"}).status_code == 422
    assert client.post(page, {"name": "陆勇", "document": "证件核对"}).status_code == 302

    person.refresh_from_db()
    assert (person.name, person.pinyin.split()[0]) == ("陆勇", "luyong")
    assert told(person) == ["members.name_corrected"]
    assert AuditEntry.objects.get(verb="person.name").facts.facts == {"old": "陆用", "document": "证件核对"}
    assert "由“陆用”更正为“陆勇”" in client_of(person).get("/inbox/").content.decode()
    assert client_of(appoint(Role.PROPOSAL_STAFF)).get(page).status_code == 403


def test_staff_write_down_contact_data_and_a_new_mail_is_unproved() -> None:
    person = appoint(Role.MEMBER, mail="old@example.cn", mail_verified_at=timezone.now())
    staff = appoint(Role.PROPOSAL_STAFF)
    client, page = client_of(staff), reverse("members:record_contact", args=[person.public_id])
    assert "old@example.cn" in client.get(page).content.decode()
    new = {"phone": "13800000001", "mail": "new@example.cn", "address": "", "document": "本人电话告知"}

    assert client.post(page, {**new, "phone": "电话"}).status_code == 422
    assert client.post(page, new).status_code == 302

    person.refresh_from_db()
    assert (person.phone, person.mail, person.mail_verified_at) == ("13800000001", "new@example.cn", None)
    assert told(person) == ["members.contact_changed"]
    verbs = AuditEntry.objects.filter(subject=str(person.public_id)).order_by("pk").values_list("verb", flat=True)
    assert list(verbs) == ["person.view_contact", "person.contact"]
    own = client.post(reverse("members:record_contact", args=[staff.public_id]), new)
    assert (own.status_code, "我的账号" in own.content.decode()) == (422, True)
    assert client_of(appoint(Role.UNIT_CLERK)).get(page).status_code == 403


def body_page(name: str, body: Body) -> str:
    return reverse(f"members:{name}", args=[body.public_id])


def test_a_body_is_put_right() -> None:
    body = BodyFactory(name="市记错局", short_name="记错局")
    body.names.create(name="记错局", kind=NameKind.SHORT)
    client, page = client_of(appoint(Role.PROPOSAL_STAFF)), body_page("correct_body", body)
    right: dict[str, Any] = {
        "name": "市记错局", "short_name": "记对局", "kind": "party_body", "system": "party", "parent": "",
        "phone": "8765", "reason": "录入有误",
    }  # fmt: skip
    assert page in client.get(body_page("body", body)).content.decode()

    assert client.post(page, {**right, "name": "市教育局"}).status_code == 422
    assert client.post(page, {**right, "parent": "市记错局"}).status_code == 422
    assert client.post(page, right).status_code == 302

    body.refresh_from_db()
    assert (body.short_name, body.kind, body.system, body.phone) == ("记对局", "party_body", "party", "8765")
    assert list(body.names.values_list("name", flat=True)) == ["记对局"]
    assert AuditEntry.objects.get(verb="body.correct").facts.facts["old"]["kind"] == "department"
    assert client.post(page, right).status_code == 422
    assert client_of(appoint(Role.UNIT_CLERK)).get(page).status_code == 403


def test_a_kind_that_does_not_suit_its_people_is_refused() -> None:
    unit, sector = BodyFactory(name="市有人局"), BodyFactory(name="某界测试", kind=BodyKind.SECTOR)
    appoint(Role.UNIT_CLERK, unit)
    MembershipFactory(sector=sector)
    client = client_of(appoint(Role.PROPOSAL_STAFF))

    for body, kind, sentence in (
        (unit, "sector", "先结束任职"), (sector, "group", "先更正委员信息"), (unit, "section", "科室须填写上级单位"),
    ):  # fmt: skip
        sent = client.post(
            body_page("correct_body", body), {"name": body.name, "kind": kind, "system": "cppcc", "reason": "x"}
        )
        assert (sent.status_code, sentence in sent.content.decode()) == (422, True)


def test_a_wrong_alias_goes_and_a_name_once_borne_stays() -> None:
    body = BodyFactory(name="市现名局")
    body.names.create(name="市别的局", kind=NameKind.ALIAS)
    body.names.create(name="市旧名局", kind=NameKind.FORMER, until=date(2020, 1, 1))
    client, page = client_of(appoint(Role.PROPOSAL_STAFF)), body_page("drop_name", body)

    borne = client.post(page, {"name": "市旧名局", "reason": "x"})
    assert (borne.status_code, "不能删除" in borne.content.decode()) == (422, True)
    assert client.post(page, {"name": "市教育局", "reason": "x"}).status_code == 422
    assert client.post(page, {"name": "市别的局", "reason": "不是该单位"}).status_code == 302

    assert Body.objects.match("市别的局") == (None, None)
    assert AuditEntry.objects.get(verb="body.drop_name").facts.facts["name"] == "市别的局"


def test_which_office_assigns_to_a_system_is_set_on_one_page() -> None:
    client, page = client_of(appoint(Role.PROPOSAL_DIRECTOR)), reverse("members:assigning_offices")
    now = {row.system: row.office.name for row in AssigningOffice.objects.select_related("office")}
    office = BodyFactory(name="市督查考评室测试", kind=BodyKind.OFFICE)
    assert page in client.get(reverse("members:bodies")).content.decode()

    assert client.post(page, {**now, "government": "教育界"}).status_code == 422
    assert client.post(page, now).status_code == 422
    assert client.post(page, {**now, "government": office.name, "mass": ""}).status_code == 302

    rows = dict(AssigningOffice.objects.values_list("system", "office__name"))
    assert rows == {**{key: name for key, name in now.items() if key != "mass"}, "government": office.name}
    assert AuditEntry.objects.filter(verb="body.assigning_office").count() == 1 + ("mass" in now)
    appoint(Role.ASSIGNING_OFFICER, office)
    assert client_of(appoint(Role.PROPOSAL_STAFF)).get(page).status_code == 403


@pytest.mark.parametrize(
    ("place", "name"), [("sector", "市教育局"), ("party", "市教育局"), ("committee", "民盟市委会"), ("group", "教育界")]
)
def test_the_page_of_a_seat_takes_only_what_it_can_be(place: str, name: str) -> None:
    person, term = appoint(Role.MEMBER), TermFactory()

    sent = client_of(appoint(Role.DUTY_STAFF)).post(
        reverse("members:seat", args=[person.public_id]), {"term": term.number, "starts_on": "2026-03-02", place: name}
    )

    assert (sent.status_code, "不能作为" in sent.content.decode()) == (422, True)
