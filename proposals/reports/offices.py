"""Which office keeps opinions and reports: the report office, and for opinions the proposal office as well."""

from datetime import date

from members.choices import Role
from members.models import Body, Person
from members.rights import roles_of
from proposals.handling import queries


def office_of(person: Person, *, on: date) -> Body:
    """The office in whose name this person gives work to units: his report office, else the proposal office."""
    own = Body.objects.filter(pk__in=roles_of(person, on).get(Role.REPORT_STAFF, ())).order_by("pk").first()
    return own or queries.proposal_office(on=on)
