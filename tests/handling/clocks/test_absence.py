"""Who is away is not chased: whoever stands in is, or the unit's head, at once."""

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.actions import delegate, end_absence, note_absence
from members.choices import Role
from members.errors import Refused, WrongStep
from members.inbox.models import Message
from members.models import Absence, AuditEntry, Delegation, Person
from proposals.handling import chase, engine
from proposals.handling.actions import Part, announce, assign
from proposals.handling.actions.chasing import chase as press
from proposals.handling.models import Assignment
from tests.factories import appoint
from tests.handling.factories import House, assignment, at, house, matter, reply_clock

pytestmark = [pytest.mark.django_db, pytest.mark.engine]
T_10, TODAY = date(2026, 5, 19), date(2026, 5, 18)


@pytest.fixture
def home() -> House:
    return house()


def told(template: str = "clock.soon") -> set[Person]:
    return {message.recipient for message in Message.objects.filter(template=template)}


def away(person: Person, to: Person | None = None) -> Absence:
    return note_absence(starts_on=TODAY, ends_on=date(2026, 5, 22), to=to, by=person, now=at(TODAY))


def test_whoever_stands_in_is_chased_in_the_place_of_who_is_away(home: House) -> None:
    colleague = appoint(Role.UNIT_HANDLER, home.unit.body)
    reply_clock(home)

    absence = away(home.unit.clerk, colleague)
    engine.scan(now=at(T_10, 9))

    assert told() == {colleague}
    assert not Message.objects.filter(template="clock.vacancy").exists()
    entry = AuditEntry.objects.get(verb="absence.note")
    assert (entry.by, entry.facts.facts["to"]) == (home.unit.clerk, str(colleague.public_id))
    assert Delegation.objects.get().to == colleague
    end_absence(absence, by=home.unit.clerk, now=at(T_10))
    directory = chase.Directory.read([home.unit.body.pk], on=T_10)
    assert directory.at(home.unit.body.pk, chase.CLERKS) == {home.unit.clerk.pk, colleague.pk}


def test_what_is_lent_by_somebody_at_his_post_is_chased_with_both(home: House) -> None:
    colleague = appoint(Role.UNIT_HANDLER, home.unit.body)
    post = home.unit.clerk.appointments.get()
    delegate(post, colleague, starts_on=TODAY, ends_on=T_10, by=home.unit.clerk, now=at(TODAY))
    reply_clock(home)

    engine.scan(now=at(T_10, 9))

    assert told() == {home.unit.clerk, colleague}


def test_a_handlers_stand_in_is_chased_and_without_one_the_clerk(home: House) -> None:
    handler, colleague = (appoint(Role.UNIT_HANDLER, home.unit.body) for _ in range(2))
    case = matter(home)
    held = assignment(home, case, handler=handler)
    reply_clock(home, matter=case, assignment=held)
    away(handler)

    engine.scan(now=at(T_10, 9))
    assert told() == {home.unit.clerk}

    Absence.objects.all().delete()
    away(handler, colleague)
    assert chase.concerned(
        case.obligations.get(), chase.Directory.read([home.unit.body.pk, home.office.pk], on=T_10)
    ) == {colleague.pk, home.officer.pk}


def test_a_unit_whose_clerks_are_all_away_or_disabled_escalates_at_once_and_alarms(home: House) -> None:
    second = appoint(Role.UNIT_CLERK, home.unit.body)
    Person.objects.filter(pk=second.pk).update(is_active=False)
    away(home.unit.clerk)
    reply_clock(home)

    engine.scan(now=at(T_10, 9))

    assert told() == {home.unit.head}
    assert told("clock.vacancy") == {home.admin}


def test_the_directory_costs_the_same_queries_however_many_are_away(home: House) -> None:
    matters = [reply_clock(home).matter_id]
    with CaptureQueriesContext(connection) as none:
        chase.Directory.read([home.unit.body.pk], matters=matters, on=T_10)
    away(home.unit.clerk, home.unit.head)
    away(home.officer)
    with CaptureQueriesContext(connection) as some:
        chase.Directory.read([home.unit.body.pk], matters=matters, on=T_10)

    assert len(some) == len(none) == 3


@pytest.mark.parametrize(
    ("days", "refusal"),
    [
        ((TODAY, date(2026, 5, 17)), "结束不早于开始"),
        ((date(2026, 5, 1), date(2026, 5, 22)), "从今天或以后"),
        ((TODAY, date(2028, 5, 22)), "不超过一年"),
    ],
)
def test_impossible_days_are_refused(home: House, days: tuple[date, date], refusal: str) -> None:
    with pytest.raises(Refused, match=refusal):
        note_absence(starts_on=days[0], ends_on=days[1], by=home.unit.clerk, now=at(TODAY))


def test_a_stand_in_works_in_the_same_body_and_days_are_noted_once(home: House) -> None:
    with pytest.raises(Refused, match="本单位"):
        away(home.unit.clerk, home.officer)
    away(home.unit.clerk)
    with pytest.raises(WrongStep, match="已经登记"):
        away(home.unit.clerk)
    assert not Delegation.objects.exists()


def test_a_clerk_notes_days_away_on_a_page_and_takes_them_back(home: House, client: Client) -> None:
    client.force_login(home.unit.clerk)
    today = timezone.localdate()
    facts = {"starts_on": today, "ends_on": today, "to": home.unit.head.public_id}

    assert client.post(reverse("members:be_away"), facts).status_code == 302
    absence = Absence.objects.get()
    back = reverse("members:be_back", args=[absence.public_id])
    assert back in client.get(reverse("members:delegations")).content.decode()
    other = Client()
    other.force_login(home.officer)
    assert other.post(back).status_code == 404
    assert client.post(back).status_code == 302
    absence.refresh_from_db()
    assert absence.revoked_at is not None


def test_pressing_by_hand_reaches_the_stand_in_too(home: House) -> None:
    colleague = appoint(Role.UNIT_HANDLER, home.unit.body)
    held = assignment(home, matter(home), state=Assignment.State.PENDING)
    away(home.unit.clerk, colleague)

    press(held, by=home.officer, now=at(T_10))

    assert told("chased") >= {colleague}


def test_what_is_handed_over_while_the_clerk_is_away_reaches_the_head_too(home: House) -> None:
    away(home.unit.clerk)

    given = assign(matter(home), [Part(home.unit.body, "sole", home.office)], by=home.officer, now=at(TODAY))
    announce([given], sending="handover:x", now=at(TODAY))

    assert told("assigned") == {home.unit.clerk, home.unit.head}  # the clerk finds it when he is back
    assert not told("clock.vacancy")


def test_what_is_handed_over_while_nobody_is_there_alarms_the_office_and_the_administrator(home: House) -> None:
    away(home.unit.clerk)
    away(home.unit.head)

    given = assign(matter(home), [Part(home.unit.body, "sole", home.office)], by=home.officer, now=at(TODAY))
    announce([given], sending="handover:x", now=at(TODAY))

    assert told("assigned") == {home.unit.clerk, home.unit.head}
    assert (told("nobody_to_sign"), told("clock.vacancy")) == ({home.officer}, {home.admin})
