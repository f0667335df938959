"""Who acts with a lent appointment leaves both names (S2)."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.actions import delegate
from members.models import AuditEntry, Person
from proposals.handling import actions
from proposals.handling.models import EventPayload, Matter
from tests.handling.conftest import House, give, part_of


def lend(holder: Person, to: Person) -> None:
    today = timezone.localdate()
    delegate(
        holder.appointments.get(),
        to,
        starts_on=today,
        ends_on=today + timedelta(days=3),
        by=holder,
        now=timezone.now(),
    )


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def facts_of(matter: Matter, verb: str) -> dict[str, object]:
    facts: dict[str, object] = EventPayload.objects.get(event__matter=matter, event__verb=verb).facts
    return facts


def test_the_event_and_the_timeline_name_the_lender_beside_the_delegate(house: House) -> None:
    matter = give(house)
    lend(house.head, house.handler)

    answer = browser(house.handler).post(reverse("handling:sign_for", args=[part_of(matter, house.unit).public_id]))

    assert answer.status_code == 302
    assert facts_of(matter, "signed_for")["acted_for"] == house.head.name
    event = matter.events.get(verb="signed_for")
    assert event.by == house.handler
    page = browser(house.staff).get(f"/proposals/{matter.public_id}/").content.decode()
    assert f"{house.handler.name}（受{house.head.name}委托）" in page


def test_who_may_do_it_himself_acts_for_nobody(house: House) -> None:
    matter = give(house)
    lend(house.head, house.clerk)

    browser(house.clerk).post(reverse("handling:sign_for", args=[part_of(matter, house.unit).public_id]))

    assert "acted_for" not in facts_of(matter, "signed_for")


def test_the_audit_keeps_both_as_well(house: House) -> None:
    matter = give(house)
    lend(house.director, house.colleague)
    actions.suspend(matter, reason="疑似涉密", by=house.staff, now=house.later())

    browser(house.colleague).get(reverse("handling:lift_suspension", args=[matter.public_id]))

    row = AuditEntry.objects.get(verb="view_guarded")
    assert (row.by, row.facts.facts["acted_for"]) == (house.colleague, str(house.director.public_id))
