"""What must not be here is taken out of sight by anybody of the staff, and who had seen it is written down (S5)."""

from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from members.choices import ADMINISTRATORS, STAFF_ROLES, Role
from members.errors import Refused, WrongStep
from members.inbox.models import LongJob
from members.models import Body, Person
from proposals import papers
from proposals.handling import actions
from proposals.handling.models import Matter, Sight, Suspension
from proposals.handling.rights import matters_for
from proposals.handling.sights import note
from proposals.models import Proposal, Status
from tests.factories import BodyFactory, appoint
from tests.handling.conftest import House, give, part_of


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def names(matter: Matter) -> list[str]:
    return list(matter.sights.order_by("person__name").values_list("person__name", flat=True))


@pytest.mark.parametrize("page", ["proposal", "part", "review"])
def test_the_act_stands_on_every_page_where_staff_read_a_matter(house: House, page: str) -> None:
    matter = give(house)
    urls = {
        "proposal": matter.get_absolute_url(),
        "part": reverse("handling:part", args=[part_of(matter, house.unit).public_id]),
        "review": reverse("proposals:review", args=[matter.public_id]),
    }
    if page == "review":
        received = {"status": Status.SUBMITTED, "submitted_at": timezone.now(), "receipt": "收0001"}
        Proposal.objects.filter(matter=matter).update(**received)
    url = reverse("handling:suspend", args=[matter.public_id])

    assert url in signed_in(house.staff).get(urls[page]).content.decode()
    if page != "review":
        reader = house.clerk if page == "part" else house.member
        assert url not in signed_in(reader).get(urls[page]).content.decode()


def test_one_act_takes_it_out_of_sight_and_the_list_names_who_had_seen_it(house: House) -> None:
    matter = give(house)
    for person, url in (
        (house.clerk, reverse("handling:part", args=[part_of(matter, house.unit).public_id])),
        (house.member, matter.get_absolute_url()),
    ):
        assert signed_in(person).get(url).status_code == 200
    url, staff = reverse("handling:suspend", args=[matter.public_id]), signed_in(house.staff)
    assert signed_in(house.clerk).get(url).status_code == 403
    assert staff.get(url).status_code == 200
    assert staff.post(url, {"reason": ""}).status_code == 422

    assert staff.post(url, {"reason": "疑似涉密"}).status_code == 302

    assert Suspension.objects.get().seen_by == sorted([house.clerk.name, house.member.name])
    assert staff.get(matter.get_absolute_url()).status_code == 404
    listed = signed_in(house.director).get(reverse("handling:suspensions")).content.decode()
    assert "疑似涉密" in listed and matter.title not in listed
    assert signed_in(house.clerk).get(reverse("handling:suspensions")).status_code == 403
    lift = signed_in(house.director).get(reverse("handling:lift_suspension", args=[matter.public_id]))
    assert house.clerk.name in lift.content.decode()


def test_suspending_twice_or_without_a_reason_is_refused(house: House) -> None:
    matter = give(house)
    with pytest.raises(Refused, match="请写明暂停查看的原因"):
        actions.suspend(matter, reason=" ", by=house.staff, now=house.later())
    actions.suspend(matter, reason="核查", by=house.staff, now=house.later())
    with pytest.raises(WrongStep, match="已经暂停查看"):
        actions.suspend(matter, reason="核查", by=house.staff, now=house.later())


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_any_of_the_committees_staff_may_suspend_what_they_see(db: None, role: Role) -> None:
    person = appoint(role)

    assert person.has_perm("handling.suspend") is (role not in ADMINISTRATORS)
    assert not matters_for(person, "handling.suspend").exists()


def test_opening_again_writes_one_row_and_moves_its_last_day(
    house: House, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    matters = [give(house).pk, give(house).pk]
    today = timezone.localdate()

    with django_assert_num_queries(1):
        note(house.clerk, matters, on=today - timedelta(days=3))
    note(house.clerk, matters[:1], on=today)
    note(house.clerk, matters[:1], on=today - timedelta(days=1))

    rows = list(Sight.objects.order_by("matter").values_list("matter", "first_on", "last_on"))
    three = today - timedelta(days=3)
    assert rows == [(matters[0], three, today), (matters[1], three, three)]


def test_papers_and_tables_that_hold_it_count_as_seen(house: House) -> None:
    matter = give(house)
    Proposal.objects.filter(matter=matter).update(status=Status.ASSIGNED)
    job = LongJob(kind=papers.UNIT, args={"unit": str(house.unit.public_id)}, by=house.clerk)
    papers.unit_papers(job, Mock())
    assert names(matter) == [house.clerk.name]

    for person, url in ((house.officer, "handling:ledger"), (house.director, "proposals:list")):
        table = signed_in(person).get(reverse(url), {"export": "xlsx"})
        assert b"".join(table.streaming_content)  # type: ignore[attr-defined]  # a download; read, it is closed
    assert names(matter) == sorted([house.clerk.name, house.officer.name, house.director.name])


def outsider() -> tuple[Person, Body]:
    body = BodyFactory()
    return appoint(Role.UNIT_CLERK, body), body


def test_a_unit_that_has_nothing_to_do_with_it_leaves_no_trace(house: House) -> None:
    matter = give(house)
    clerk, _ = outsider()

    assert signed_in(clerk).get(matter.get_absolute_url()).status_code == 404

    assert names(matter) == []
