"""A term gives way to the next (换届, P12)."""

from datetime import date, datetime

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.actions import roll_over
from members.backend import AppointmentBackend
from members.choices import Role
from members.errors import Refused
from members.inbox.models import Message
from members.models import Appointment, AuditEntry, Membership, Session, Term
from tests.factories import BodyFactory, TermFactory, appoint

pytestmark = pytest.mark.django_db
NOW = timezone.make_aware(datetime(2026, 12, 20, 9))
FIRST = date(2027, 1, 10)
LAST = date(2027, 1, 9)


def test_members_who_stay_keep_their_place_and_the_others_an_account() -> None:
    director = appoint(Role.PROPOSAL_DIRECTOR)
    stays, leaves, clerk = appoint(Role.MEMBER), appoint(Role.MEMBER), appoint(Role.UNIT_CLERK)
    sector = BodyFactory(name="教育界测试")
    Membership.objects.filter(person=stays).update(sector=sector, post="教师")

    term = roll_over(15, starts_on=FIRST, continuing={stays.pk}, document="换届会议", by=director, now=NOW)

    old = Term.objects.get(number=14)
    assert (term.name, term.starts_on, old.ends_on) == ("十五届市政协", FIRST, LAST)
    assert Session.objects.get(term=term).code == "15-1"
    assert list(Membership.objects.filter(term=term).values_list("person", "sector", "post", "starts_on")) == [
        (stays.pk, sector.pk, "教师", FIRST)
    ]
    assert set(Membership.objects.filter(term=old).values_list("ends_on", flat=True)) == {LAST}
    ends = {person: Appointment.objects.get(person=person).ends_on for person in (stays, leaves, clerk, director)}
    assert ends == {stays: None, leaves: LAST, clerk: None, director: None}
    assert AppointmentBackend().user_can_authenticate(leaves)
    told = Message.objects.filter(template="members.seat_ended", channel="inapp")
    assert list(told.values_list("recipient", flat=True)) == [leaves.pk]
    facts = AuditEntry.objects.get(verb="term.roll_over").facts.facts
    assert (facts["stay"], facts["leave"], facts["document"]) == (1, 1, "换届会议")


@pytest.mark.parametrize(
    ("number", "starts_on", "sentence"),
    [(14, FIRST, "新一届应为第15届"), (16, FIRST, "新一届应为第15届"), (15, date(2022, 1, 10), "开始日期应晚于上一届")],
)
def test_it_is_refused_at_the_wrong_number_or_time(number: int, starts_on: date, sentence: str) -> None:
    director, member = appoint(Role.PROPOSAL_DIRECTOR), appoint(Role.MEMBER)

    with pytest.raises(Refused, match=sentence):
        roll_over(number, starts_on=starts_on, continuing={member.pk}, document="x", by=director, now=NOW)
    with pytest.raises(Refused, match="有 1 人不是上一届的现任委员"):
        roll_over(15, starts_on=FIRST, continuing={director.pk}, document="x", by=director, now=NOW)

    assert list(Term.objects.values_list("number", "ends_on")) == [(14, None)]


def test_the_director_chooses_looks_and_confirms(client: Client) -> None:
    TermFactory()
    stays, leaves = appoint(Role.MEMBER, name="顾山"), appoint(Role.MEMBER, name="林溪")
    appoint(Role.DUTY_STAFF, person=leaves)
    client.force_login(appoint(Role.PROPOSAL_DIRECTOR))
    page = reverse("members:roll_over")
    assert page in client.get(reverse("members:terms")).content.decode()
    assert "顾山" in client.get(page).content.decode()
    chosen = {"number": 15, "starts_on": "2027-01-10", "document": "换届会议", "continuing": [str(stays.public_id)]}

    bad = client.post(page, {"number": "", "starts_on": "明年", "document": "长" * 201, "continuing": ["x", "999999"]})
    assert bad.status_code == 422
    words = bad.content.decode()
    assert all(one in words for one in ("请填写第几届", "新一届开始日期请写成", "依据文件不能超过 200 字", "顾山"))
    nobody = client.post(page, {**chosen, "continuing": []})
    assert (nobody.status_code, "只勾选“没有委员连任”" in nobody.content.decode()) == (422, True)

    seen = client.post(page, chosen)
    words = seen.content.decode()
    assert seen.status_code == 200 and not Term.objects.filter(number=15).exists()
    wanted = ("届满 1 人", "连任 1 人", "随之结束的任职 1 项", "其他任职 1 项", "提案审查委员会")
    assert [one for one in wanted if one not in words] == []

    shown = seen.context["plan"].stamp
    late = appoint(Role.MEMBER, name="后来")
    changed = client.post(page, {**chosen, "shown": shown})
    assert (changed.status_code, "后来" in changed.content.decode()) == (409, True)
    assert not Term.objects.filter(number=15).exists()

    done = client.post(page, {**chosen, "shown": changed.context["plan"].stamp})
    assert done.status_code == 302
    assert list(Membership.objects.filter(term__number=15).values_list("person", flat=True)) == [stays.pk]
    assert Appointment.objects.get(person=late).ends_on == LAST
    client.force_login(appoint(Role.PROPOSAL_STAFF))
    assert client.get(page).status_code == 403
