"""How a person stands to a matter today: the ground of every question about its parts (S2, S4)."""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from django.utils import timezone

from members.rights import Roles, bodies_of, may, standing_of

from . import owners, queries
from .models import Assignment, Matter, Participant


class Eye(StrEnum):
    """A relation to a matter, or to one unit's part of it."""

    PROPOSER = "proposer"  # stands behind the matter, or acts for the organisation that does
    FIRST = "first"  # leads among them, or writes for who does: who invites others
    STAFF = "staff"  # the proposal office, or whose office keeps matters of this kind
    LEADER = "leader"  # leads the key proposal (领办)
    OFFICE = "office"  # the office that assigned this part
    UNIT = "unit"  # the unit whose part it is
    UNITS = "units"  # any unit that handles the matter
    LEAD = "lead"  # the unit that leads, towards its co-handlers' parts
    CO = "co"  # a co-handler, towards the lead's part
    REVIEWER = "reviewer"  # who decides what of it is published


LEADING = frozenset({Assignment.Role.LEAD, Assignment.Role.SOLE})


@dataclass(frozen=True)
class Eyes:
    """`general` holds for the whole matter; units and offices are those that this person acts for in it.

    Of the places behind the matter, `participants` are those he holds, `rates` those for which he evaluates, `answers`
    those for which he says whether a contact took place.
    """

    general: frozenset[Eye] = frozenset()
    units: frozenset[int] = frozenset()
    offices: frozenset[int] = frozenset()
    leads: bool = False
    helps: bool = False
    participants: frozenset[int] = field(default_factory=frozenset)
    rates: frozenset[int] = field(default_factory=frozenset)
    answers: frozenset[int] = field(default_factory=frozenset)

    def of(self, assignment: Assignment | None) -> frozenset[Eye]:
        """The relations to one unit's part; without one, to the matter as a whole."""
        found = set(self.general)
        if self.units:
            found.add(Eye.UNITS)
        if assignment is None:
            found |= {Eye.OFFICE} if self.offices else set()
            return frozenset(found)
        if assignment.unit_id in self.units:
            found.add(Eye.UNIT)
        if assignment.office_id in self.offices:
            found.add(Eye.OFFICE)
        if self.leads and assignment.role == Assignment.Role.CO:
            found.add(Eye.LEAD)
        if self.helps and assignment.role in LEADING:
            found.add(Eye.CO)
        return frozenset(found)


def eyes(user: Any, matter: Matter, assignments: Collection[Assignment] | None = None, *, merged: bool = True) -> Eyes:
    """How `user` stands to `matter`; two queries, one if the current assignments are at hand.

    What an office of its own keeps from its authors, it keeps from one of its people who is an author, too (P13, P18).
    `merged` is False where it is known that nothing was merged into it: its own participants may be at hand, too.
    """
    if not user.is_authenticated:
        return Eyes()
    today = timezone.localdate()
    rows = list(matter.assignments.current()) if assignments is None else assignments
    in_units, in_offices = bodies_of(user, "handling.read_unit", today), bodies_of(user, "handling.decide", today)
    mine = [row for row in rows if row.unit_id in in_units]
    places = places_of(user, matter, merged=merged)
    general = {Eye.PROPOSER} if places.held else set()
    if places.first:
        general.add(Eye.FIRST)
    course = owners.course_of(matter)
    keeps = not (places.held and course.has_own_keepers)
    if keeps and may(user, course.oversee):
        general.add(Eye.STAFF)
    if matter.leader_id == user.pk:
        general.add(Eye.LEADER)
    if may(user, "handling.review_disclosure"):
        general.add(Eye.REVIEWER)
    offices = {row.office_id for row in rows} | {matter.office_id}
    return Eyes(
        general=frozenset(general),
        units=frozenset(row.unit_id for row in mine),
        offices=frozenset(office for office in offices if keeps and office in in_offices),
        leads=any(row.role in LEADING for row in mine),
        helps=any(row.role == Assignment.Role.CO for row in mine),
        participants=places.held,
        rates=places.rates,
        answers=places.answers,
    )


@dataclass(frozen=True)
class Places:
    """Where somebody stands among those behind a matter, or behind one merged into it."""

    held: frozenset[int]  # his own, and those of organisations he acts for
    first: frozenset[int]  # of these, where he does not only co-sign
    rates: frozenset[
        int
    ]  # for which he evaluates: an organisation once, by its secretary or convener, never a delegate
    answers: frozenset[int]  # for which he confirms a contact: the contact person does it for his organisation (P14)


def places_of(user: Any, matter: Matter, *, merged: bool = True) -> Places:
    standing = standing_of(user, timezone.localdate())
    bodies, mine = (_raising(roles) for roles in (standing.all(), standing.own))
    rows = list(queries.participants_of(matter) if merged else queries.own_participants(matter))
    held = {row.pk for row in rows if row.person_id == user.pk or row.body_id in bodies}
    first = {row.pk for row in rows if row.pk in held and not row.cosigns and row.matter_id == matter.pk}
    raised = {row.pk for row in rows if row.pk in held and row.role in Participant.EVALUATING}
    rates = {row.pk for row in rows if row.pk in raised and (row.person_id == user.pk or row.body_id in mine)}
    contact_in = {row.matter_id for row in rows if row.person_id == user.pk and row.role == Participant.Role.CONTACT}
    spoken_for = {row.pk for row in rows if row.leads and row.body_id and row.matter_id in contact_in}
    return Places(frozenset(held), frozenset(first), frozenset(rates), frozenset(raised | spoken_for))


def _raising(roles: Roles) -> set[int]:
    """The organisations for which these roles speak."""
    return {body for role in queries.SECRETARY_ROLES for body in roles.get(role, ())}
