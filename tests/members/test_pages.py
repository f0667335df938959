from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.choices import BodyKind, Role, System
from members.models import Appointment, AuditEntry, Body, Delegation, Membership, Person, Session
from members.rights import may
from members.templatetags.pieces import qr_code
from tests.factories import AppointmentFactory, BodyFactory, MembershipFactory, PersonFactory, SessionFactory, appoint

pytestmark = pytest.mark.django_db
HOSTILE = '<script>alert(1)</script>"\u202e𠮷䶮'


def client_of(person: Person) -> Any:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def admin() -> Person:
    return appoint(Role.SECURITY_ADMINISTRATOR)


@pytest.fixture
def director() -> Person:
    return appoint(Role.PROPOSAL_DIRECTOR)


PAGES = [
    ("members:people", Role.PROPOSAL_STAFF, Role.MEMBER),
    ("members:appointments", Role.SECURITY_ADMINISTRATOR, Role.PROPOSAL_STAFF),
    ("members:to_confirm", Role.SECRETARY_GENERAL, Role.UNIT_HEAD),
    ("members:requests", Role.SECRETARY_GENERAL, Role.PROPOSAL_STAFF),
    ("members:bodies", Role.MEMBER, Role.AUDITOR),
    ("members:add_body", Role.PROPOSAL_STAFF, Role.UNIT_CLERK),
    ("members:terms", Role.PROPOSAL_STAFF, Role.MEMBER),
    ("members:add_term", Role.SYSTEM_ADMINISTRATOR, Role.MEMBER),
    ("members:open_session", Role.PROPOSAL_DIRECTOR, Role.MEMBER),
    ("members:audit", Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR),
    ("members:delegate", Role.UNIT_HEAD, Role.MEMBER),
]


@pytest.mark.parametrize(("page", "may_open", "may_not"), PAGES)
def test_pages_open_for_those_who_may(page: str, may_open: Role, may_not: Role) -> None:
    assert client_of(appoint(may_open)).get(reverse(page)).status_code == 200
    assert client_of(appoint(may_not)).get(reverse(page)).status_code == 403
    assert Client().get(reverse(page)).status_code == 302


OF_PERSON = [
    ("person", Role.PROPOSAL_STAFF),
    ("contact", Role.PROPOSAL_STAFF),
    ("appoint", Role.SECURITY_ADMINISTRATOR),
    ("seat", Role.DUTY_STAFF),
    ("issue_code", Role.SESSION_STAFF),
    ("account", Role.SECURITY_ADMINISTRATOR),
    ("reset_second_factor", Role.SECURITY_ADMINISTRATOR),
    ("withdraw_name", Role.PROPOSAL_DIRECTOR),
]


@pytest.mark.parametrize(("page", "role"), OF_PERSON)
def test_pages_of_a_person(page: str, role: Role) -> None:
    person = appoint(Role.UNIT_CLERK, name=HOSTILE)
    address = reverse(f"members:{page}", args=[person.public_id])

    answer = client_of(appoint(role)).get(address)

    assert answer.status_code == 200
    assert "<script>alert" not in answer.content.decode()
    assert client_of(appoint(Role.MEMBER)).get(address).status_code == 403


def test_reminders_are_switched_on_for_a_leader_by_the_proposal_office_alone() -> None:
    leader, clerk, staff = appoint(Role.LEADER, name="周行"), appoint(Role.UNIT_CLERK), appoint(Role.PROPOSAL_STAFF)
    desk, address = client_of(staff), reverse("members:tell_leader", args=[leader.public_id])
    page = reverse("members:person", args=[leader.public_id])
    assert "向其发提醒" in desk.get(page).content.decode()
    assert "向其发提醒" not in desk.get(reverse("members:person", args=[clerk.public_id])).content.decode()
    assert "系统默认不向领导发任何提醒" in desk.get(address).content.decode()

    assert desk.post(address).status_code == 302

    leader.refresh_from_db()
    assert leader.told_as_leader
    assert AuditEntry.objects.get(verb="person.tell_leader").by == staff
    assert "停止向领导发提醒" in desk.get(address).content.decode()
    desk.post(address)
    leader.refresh_from_db()
    assert not leader.told_as_leader
    assert desk.get(reverse("members:tell_leader", args=[clerk.public_id])).status_code == 404
    assert client_of(appoint(Role.SECURITY_ADMINISTRATOR)).get(address).status_code == 403
    assert client_of(leader).post(address).status_code == 403


def test_a_forged_id_is_not_found(admin: Person) -> None:
    client = client_of(admin)

    assert client.get("/members/people/00000000-0000-4000-8000-000000000000/").status_code == 404
    assert client.get("/members/people/1/").status_code == 404
    assert client.get("/members/people/1%27%20or%201=1/").status_code == 404


@pytest.mark.parametrize("page", ["members:people", "members:appointments", "members:bodies", "members:audit"])
def test_lists_cost_the_same_for_one_row_and_for_fifty(page: str, django_assert_max_num_queries: Any) -> None:
    role = {"members:audit": Role.AUDITOR}.get(page, Role.SECURITY_ADMINISTRATOR)
    client = client_of(appoint(role))
    client.get(reverse(page))

    with django_assert_max_num_queries(15) as one:
        client.get(reverse(page))
    for _ in range(30):
        person = appoint(Role.UNIT_CLERK)
        MembershipFactory(person=person)
        AuditEntry.objects.create(at=timezone.now(), verb="x", by=person)
    with django_assert_max_num_queries(15) as many:
        client.get(reverse(page))

    assert len(many) == len(one)


@pytest.mark.parametrize("text", ["shanxiaoming", "sxm", "单小", "SXM"])
def test_people_are_found_by_name_and_sound(text: str, director: Person) -> None:
    PersonFactory(name="单小明")
    PersonFactory(name="别的人")

    page = client_of(director).get(reverse("members:people"), {"q": text}).content.decode()

    assert "单小明" in page and "别的人" not in page


def test_rare_characters_survive(director: Person) -> None:
    person = PersonFactory(name="𠮷䶮")

    page = client_of(director).get(reverse("members:people"), {"q": "𠮷"}).content.decode()

    assert person.name in page


def test_people_are_filtered_by_role_sector_and_body(director: Person) -> None:
    sector = Body.objects.get(name="教育界")
    clerk = appoint(Role.UNIT_CLERK, Body.objects.get(name="市教育局"))
    member = appoint(Role.MEMBER)
    member.memberships.update(sector=sector)
    client = client_of(director)

    def names(**query: Any) -> set[str]:
        page = client.get(reverse("members:people"), query)
        return {row.name for row in page.context["page_obj"]}

    assert names(role="unit_clerk") == {clerk.name}
    assert names(sector=sector.public_id) == {member.name}
    assert names(body="教育局") == {clerk.name}


def test_contact_details_are_shown_to_those_entitled_and_each_view_is_written_down() -> None:
    person = PersonFactory(phone="13800001234", address="某路1号")
    staff = appoint(Role.PROPOSAL_STAFF)
    client = client_of(staff)
    page = client.get(reverse("members:person", args=[person.public_id])).content.decode()
    assert "13800001234" not in page and "某路" not in page

    shown = client.get(reverse("members:contact", args=[person.public_id])).content.decode()

    assert "13800001234" in shown and "某路1号" in shown
    entry = AuditEntry.objects.get(verb="person.view_contact")
    assert (entry.by, entry.subject) == (staff, str(person.public_id))


def test_a_role_is_granted_by_one_and_confirmed_by_another(admin: Person, director: Person) -> None:
    person = PersonFactory()
    facts = {"body": "教育局", "role": "unit_clerk", "starts_on": timezone.localdate(), "document": "市教发〔2026〕3号"}

    answer = client_of(admin).post(reverse("members:appoint", args=[person.public_id]), facts)
    appointment = Appointment.objects.get(person=person)
    assert answer.status_code == 302
    assert not appointment.is_confirmed
    own = client_of(admin).post(reverse("members:confirm", args=[appointment.public_id]))
    assert own.status_code == 422
    client_of(director).post(reverse("members:confirm", args=[appointment.public_id]))

    appointment.refresh_from_db()
    assert appointment.confirmed_by == director
    assert may(person, "members.delegate")
    assert list(AuditEntry.objects.filter(verb__startswith="appointment").order_by("pk").values_list("verb", "by")) == [
        ("appointment.grant", admin.pk),
        ("appointment.confirm", director.pk),
    ]
    assert person.messages.filter(template="members.appointed").exists()


def test_nobody_grants_himself_a_role(admin: Person) -> None:
    facts = {"body": "市政协", "role": "auditor", "starts_on": timezone.localdate(), "document": "x"}

    answer = client_of(admin).post(reverse("members:appoint", args=[admin.public_id]), facts)

    assert answer.status_code == 422
    assert "不能给自己" in answer.content.decode()


@pytest.mark.parametrize(
    ("body", "role", "sentence"),
    [
        ("无此单位", "unit_clerk", "没有名为"),
        ("教育界", "unit_clerk", "不能设"),
        ("市教育局", "assigning_officer", "不是交办机构"),
        ("市教育局", "no_such_role", "选择"),
    ],
)
def test_roles_that_do_not_fit_are_refused(body: str, role: str, sentence: str, admin: Person) -> None:
    facts = {"body": body, "role": role, "starts_on": timezone.localdate(), "document": "x"}

    answer = client_of(admin).post(reverse("members:appoint", args=[PersonFactory().public_id]), facts)

    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_the_two_sides_are_refused_with_a_sentence(admin: Person) -> None:
    person = appoint(Role.UNIT_CLERK)
    facts = {"body": "市政协", "role": "proposal_staff", "starts_on": timezone.localdate(), "document": "x"}

    answer = client_of(admin).post(reverse("members:appoint", args=[person.public_id]), facts)

    assert "不能同时担任" in answer.content.decode()


def test_an_appointment_is_ended(admin: Person) -> None:
    person = appoint(Role.UNIT_CLERK)
    appointment = person.appointments.get()
    yesterday = timezone.localdate() - timedelta(days=1)

    facts = {"on": yesterday, "reason": "调离", "document": "市教发〔2026〕3号"}
    client_of(admin).post(reverse("members:end", args=[appointment.public_id]), facts)

    assert not may(person, "members.delegate")
    again = client_of(admin).post(reverse("members:end", args=[appointment.public_id]), facts)
    assert again.status_code == 422


def test_a_waiting_appointment_can_be_sent_back(admin: Person, director: Person) -> None:
    appointment = AppointmentFactory(granted_by=admin)

    client_of(director).post(reverse("members:refuse", args=[appointment.public_id]), {"reason": "文件不符"})

    assert not Appointment.objects.filter(pk=appointment.pk).exists()
    assert AuditEntry.objects.filter(verb="appointment.refuse", by=director).exists()


def test_a_head_lends_his_role_to_a_colleague_and_takes_it_back() -> None:
    unit = BodyFactory()
    head, clerk, stranger = appoint(Role.UNIT_HEAD, unit), appoint(Role.UNIT_CLERK, unit), appoint(Role.UNIT_CLERK)
    client = client_of(head)
    facts = {
        "appointment": head.appointments.get().public_id,
        "starts_on": timezone.localdate(),
        "ends_on": timezone.localdate(),
    }

    refused = client.post(reverse("members:delegate"), {**facts, "to": stranger.public_id})
    client.post(reverse("members:delegate"), {**facts, "to": clerk.public_id})

    assert refused.status_code == 422
    delegation = Delegation.objects.get()
    assert delegation.to == clerk
    assert client_of(clerk).post(reverse("members:revoke", args=[delegation.public_id])).status_code == 404
    client.post(reverse("members:revoke", args=[delegation.public_id]))
    delegation.refresh_from_db()
    assert delegation.revoked_at is not None


def test_a_slip_is_shown_once_and_written_down() -> None:
    member, staff = appoint(Role.MEMBER), appoint(Role.PROPOSAL_STAFF)

    answer = client_of(staff).post(reverse("members:issue_code", args=[member.public_id]))

    assert member.username in answer.content.decode()
    code = answer.context["slips"][0]["code"]
    assert qr_code(f"/accounts/code/#{code}", "填写登录码的网页") in answer.content.decode()
    assert answer["Cache-Control"].startswith(("no-store", "private"))
    assert AuditEntry.objects.filter(verb="code.issue", by=staff, subject=str(member.public_id)).exists()


def test_a_body_is_added_named_and_merged(director: Person) -> None:
    client = client_of(director)
    facts = {"name": "市低空经济发展局", "short_name": "市低空局", "kind": "department", "system": "government"}

    answer = client.post(reverse("members:add_body"), facts)
    body = Body.objects.get(name="市低空经济发展局")
    assert answer.url == reverse("members:body", args=[body.public_id])
    client.post(reverse("members:add_name", args=[body.public_id]), {"name": "市低空办", "kind": "alias"})
    assert Body.objects.match("低空办") == (body, "alias")
    merged = client.post(
        reverse("members:succeed", args=[body.public_id]),
        {"kind": "merge", "on": timezone.localdate(), "heirs": "市发改委", "note": "市委〔2026〕1号"},
    )

    assert merged.status_code == 302
    assert (
        "承接市低空经济发展局"
        in client.get(
            reverse("members:body", args=[Body.objects.get(name="市发展和改革委员会").public_id])
        ).content.decode()
    )
    assert client.get(reverse("members:succeed", args=[body.public_id])).status_code == 404


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "市教育局", "x" * 200, "好" * 3_000_000])
def test_names_that_cannot_be_are_refused(name: str, director: Person) -> None:
    answer = client_of(director).post(
        reverse("members:add_body"), {"name": name, "kind": "department", "system": "government"}
    )

    assert answer.status_code in (400, 413, 422)


def test_terms_and_sessions(director: Person) -> None:
    client = client_of(director)
    client.post(reverse("members:add_term"), {"number": 16, "starts_on": "2031-12-01"})
    term = SessionFactory(code="16-9").term

    answer = client.post(reverse("members:open_session"), {"term": term.number, "number": 1})
    assert answer.url == reverse("members:session", args=["16-1"])
    wrong = client.post(answer.url, {"opens_on": "2032-01-20", "closes_on": "2032-01-10"})
    right = client.post(answer.url, {"opens_on": "2032-01-10", "closes_on": "2032-01-14"})

    assert (wrong.status_code, right.status_code) == (422, 302)
    assert Session.objects.get(code="16-1").name == "十六届一次会议"


def test_a_seat_is_kept_with_its_time() -> None:
    duty, member = appoint(Role.DUTY_STAFF), appoint(Role.MEMBER)
    term = member.memberships.get().term
    today = timezone.localdate()

    client_of(duty).post(
        reverse("members:seat", args=[member.public_id]),
        {"term": term.number, "sector": "教育界", "committee": "经济委", "starts_on": today},
    )

    old, new = Membership.objects.filter(person=member).order_by("starts_on")
    assert (old.ends_on, new.sector and new.sector.name) == (today - timedelta(days=1), "教育界")


def test_reading_the_audit_is_written_down() -> None:
    auditor = appoint(Role.AUDITOR)

    client_of(auditor).get(reverse("members:audit"))

    assert AuditEntry.objects.get(verb="audit.read").by == auditor


def test_preferences_are_kept(admin: Person) -> None:
    facts = {"size": "large", "theme": "dark", "digest_hour": "8", "mail_ok": "on"}

    client_of(admin).post("/accounts/preferences/", facts)

    admin.refresh_from_db()
    assert (admin.size, admin.theme, admin.keys, admin.digest_hour, admin.mail_ok) == ("large", "dark", False, 8, True)


def test_bodies_of_every_kind_are_there() -> None:
    kinds = set(Body.objects.current().values_list("kind", flat=True))

    assert kinds == set(BodyKind.values) - {"section", "joint_group"}  # committees make their own
    assert set(Body.objects.values_list("system", flat=True)) == set(System.values)


def test_many_appointments_are_confirmed_at_once_but_never_ones_own(admin: Person, director: Person) -> None:
    waiting = [AppointmentFactory(granted_by=admin) for _ in range(3)]
    own = AppointmentFactory(person=PersonFactory(), granted_by=director)
    rows = {"row": [row.public_id for row in (*waiting, own)]}

    page = client_of(director).get(reverse("members:confirm_many"), rows)
    client_of(director).post(reverse("members:confirm_many"), rows)

    assert "第二人复核" in page.content.decode()
    assert {row.pk for row in Appointment.objects.waiting()} == {own.pk}


@pytest.mark.parametrize("moment", ["0001-01-01T00:00", "9999-12-31T23:59"])
def test_a_deadline_that_could_not_be_read_again_is_refused(moment: str) -> None:
    session, client = SessionFactory(), client_of(appoint(Role.PROPOSAL_STAFF))

    answer = client.post(reverse("members:session", args=[session.code]), {"submissions_close_at": moment})

    assert answer.status_code == 422
    assert "1900 年到 2199 年" in answer.content.decode()
    assert client.get("/proposals/").status_code == 200


def test_a_merger_in_the_year_1_is_refused() -> None:
    old, heir = BodyFactory(), BodyFactory()
    url = reverse("members:succeed", args=[old.public_id])
    typed = {"kind": "merge", "on": "0001-01-01", "heirs": heir.name, "name": "", "note": "文号"}

    assert client_of(appoint(Role.PROPOSAL_STAFF)).post(url, typed).status_code == 422
