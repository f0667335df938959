"""Questions about people and bodies that more than one page asks."""

from datetime import date

from django.db.models import Prefetch

from members.choices import Role
from members.models import Appointment, Membership, Person
from members.models.person import PersonQuerySet


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
