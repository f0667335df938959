"""Questions about people and bodies that more than one page asks."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from members.choices import Role
from members.models import Appointment, Membership, Person
from members.models.person import PersonQuerySet

COUNTED = 1_000


def amounts_of(sets: Sequence[QuerySet[Any]]) -> list[int]:
    """How many rows each of these holds, in one query; counting stops at COUNTED + 1."""
    pieces, values = [], list[Any]()
    for rows in sets:
        try:
            sql, params = rows.order_by().values("pk")[: COUNTED + 1].query.sql_with_params()
        except EmptyResultSet:
            pieces.append("0")
            continue
        pieces.append(f"(SELECT count(*) FROM ({sql}) AS counted)")  # noqa: S608  written by the ORM
        values += params
    if not values:
        return [0] * len(pieces)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(pieces)}", values)
        return list(cursor.fetchone())


def shown_amount(amount: int) -> int | str:
    return amount if amount <= COUNTED else f"{COUNTED}+"


def holding(role: Role) -> QuerySet[Person]:
    """Who holds a role today, by name."""
    held = Appointment.objects.in_force(timezone.localdate()).filter(role=role)
    people: QuerySet[Person] = Person.objects.filter(pk__in=held.values("person"), is_active=True)
    return people.order_by("pinyin", "pk")


def with_standing(people: PersonQuerySet, on: date) -> PersonQuerySet:
    """Fetch `present_appointments` and `present_memberships` of each person with them."""
    appointments = Appointment.objects.in_force(on).select_related("body").order_by("starts_on", "pk")
    memberships = Membership.objects.in_force(on).select_related("sector", "party", "committee", "group", "term")
    return people.prefetch_related(
        Prefetch("appointments", appointments, to_attr="present_appointments"),
        Prefetch("memberships", memberships.order_by("-term__number", "pk"), to_attr="present_memberships"),
    )


def colleagues_of(person: Person, bodies: set[int], on: date) -> PersonQuerySet:
    """Others with an appointment in force in one of these bodies."""
    ids = Appointment.objects.in_force(on).filter(body__in=bodies).exclude(person=person).values("person")
    found: PersonQuerySet = Person.objects.active().filter(pk__in=ids).order_by("name", "pk")
    return found


def holders(role: Role, on: date) -> PersonQuerySet:
    """People with this role in force, in any body."""
    found: PersonQuerySet = Person.objects.active().filter(
        pk__in=Appointment.objects.in_force(on).filter(role=role).values("person")
    )
    return found
