"""Who may do what: one table per app, answered from the appointments in force on the day (S1).

Nothing else gives rights: no groups, no superusers, no flags on the account.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import Q
from django.utils import timezone

from members import keys
from members.choices import PROPOSING_ROLES, UNIT_ROLES, Hat, Role, System
from members.models import Appointment, Delegation, Person

RIGHTS: dict[str, frozenset[Role]] = {
    "members.directory": frozenset(
        {
            Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR, Role.SESSION_STAFF, Role.REPORT_STAFF, Role.CONSULTATION_STAFF,
            Role.COMMITTEE_OFFICE, Role.DUTY_STAFF, Role.SECRETARY_GENERAL, Role.RESEARCH_OFFICE,
            Role.SECURITY_ADMINISTRATOR,
        }
    ),
    "members.contact_details": frozenset({Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR, Role.DUTY_STAFF}),
    "members.record_contact": frozenset({Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR, Role.DUTY_STAFF}),
    "members.add_person": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "members.correct_name": frozenset({Role.SECURITY_ADMINISTRATOR, Role.DUTY_STAFF}),
    "members.assigning_offices": frozenset({Role.PROPOSAL_DIRECTOR, Role.SYSTEM_ADMINISTRATOR}),
    "members.bodies": frozenset(Role) - {Role.AUDITOR},
    "members.change_bodies": frozenset({Role.PROPOSAL_DIRECTOR, Role.PROPOSAL_STAFF, Role.SYSTEM_ADMINISTRATOR}),
    "members.terms": frozenset({Role.PROPOSAL_DIRECTOR, Role.PROPOSAL_STAFF, Role.SYSTEM_ADMINISTRATOR}),
    "members.roll_over": frozenset({Role.PROPOSAL_DIRECTOR}),
    "members.roster": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "members.memberships": frozenset({Role.DUTY_STAFF, Role.PROPOSAL_DIRECTOR, Role.SECURITY_ADMINISTRATOR}),
    "members.appointments": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "members.appoint": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "members.confirm_appointment": frozenset({Role.SECURITY_ADMINISTRATOR, Role.SECRETARY_GENERAL, Role.PROPOSAL_DIRECTOR}),
    "members.end_appointment": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "members.accounts": frozenset({Role.SECURITY_ADMINISTRATOR}),
    "members.confirm_account": frozenset({Role.SECURITY_ADMINISTRATOR, Role.SECRETARY_GENERAL, Role.PROPOSAL_DIRECTOR}),
    "members.issue_code": frozenset({Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR, Role.SESSION_STAFF, Role.SECURITY_ADMINISTRATOR}),
    "members.withdraw_name": frozenset({Role.PROPOSAL_DIRECTOR, Role.DUTY_STAFF}),
    "members.tell_leader": frozenset({Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR}),
    "members.delegate": UNIT_ROLES | {Role.ASSIGNING_OFFICER, Role.PROPOSAL_DIRECTOR, Role.SECRETARY_GENERAL},
    "members.audit": frozenset({Role.AUDITOR}),
}  # fmt: skip
# whom a delegate can never stand in for (S2)
NEVER_DELEGATED: frozenset[str] = frozenset(
    {
        "members.appoint", "members.confirm_appointment", "members.end_appointment", "members.accounts",
        "members.confirm_account", "members.add_person", "members.correct_name",
        "members.roster", "members.audit", "members.delegate",
    }
)  # fmt: skip

_table: dict[str, frozenset[Role]] = {}
_never_delegated: set[str] = set()
_apps: set[str] = set()


def register(app: str, table: Mapping[str, frozenset[Role]], *, never_delegated: frozenset[str] = frozenset()) -> None:
    """Add an app's actions; called once in its AppConfig.ready. Two rows for one action are a mistake."""
    if app in _apps:
        return
    doubled = set(table) & set(_table)
    if doubled or not never_delegated <= set(table):
        raise ValueError(f"{app}: actions {sorted(doubled) or sorted(never_delegated - set(table))}")
    _apps.add(app)
    _table.update(table)
    _never_delegated.update(never_delegated)


def actions() -> dict[str, frozenset[Role]]:
    """Return every registered action with the roles that grant it."""
    return dict(_table)


Roles = dict[Role, set[int]]


@dataclass(frozen=True)
class Lender:
    """Who lent an appointment (委托人)."""

    name: str
    public_id: uuid.UUID


@dataclass(frozen=True)
class Standing:
    """What a person is on a day: own roles, lent roles, and the systems of the offices among their bodies."""

    own: Roles = field(default_factory=dict)
    lent: Roles = field(default_factory=dict)
    systems: dict[int, System] = field(default_factory=dict)
    lenders: dict[tuple[Role, int], Lender] = field(default_factory=dict)

    def all(self) -> Roles:
        joined = {role: set(bodies) for role, bodies in self.own.items()}
        for role, bodies in self.lent.items():
            joined.setdefault(role, set()).update(bodies)
        return joined

    def has_two_hats(self) -> bool:
        roles = self.all().keys()
        return bool(roles & PROPOSING_ROLES) and bool(roles - PROPOSING_ROLES)

    def wearing(self, hat: str) -> "Standing":
        """The same with the roles of one capacity only; who has but one keeps what he has."""
        if not hat or not self.has_two_hats():
            return self
        own, lent = (
            {role: bodies for role, bodies in side.items() if (role in PROPOSING_ROLES) == (hat == Hat.MEMBER)}
            for side in (self.own, self.lent)
        )
        return Standing(own, lent, self.systems, self.lenders)


NOBODY = Standing()


def standing_of(user: Any, on: date) -> Standing:
    """What this person is on that day, in the capacity chosen for this session (`Person.hat`)."""
    if not isinstance(user, Person) or not user.is_active:
        return NOBODY
    return whole_standing(user, on).wearing(user.hat)


def whole_standing(user: Person, on: date) -> Standing:
    """Read the appointments in force once; the person of a request keeps the answer (see `AppointmentBackend`)."""
    kept: dict[date, Standing] | None = getattr(user, "standings", None)
    if kept is not None and on in kept:
        return kept[on]
    standing = _read(user, on)
    if kept is not None:
        kept[on] = standing
    return standing


@contextmanager
def read_once(user: Person) -> Iterator[None]:
    """Read this person's appointments once for a piece of work, as for the person of a request."""
    if hasattr(user, "standings"):
        yield
        return
    user.standings = {}
    try:
        yield
    finally:
        del user.standings


def _read(user: Person, on: date) -> Standing:
    """Whoever was a member and is none any more stands as a former member, without an appointment of its own (P13)."""
    lent = Delegation.objects.in_force(on).filter(to=user).values("appointment")
    standing = Standing()
    rows = Appointment.objects.confirmed().filter(Q(person=user) | Q(pk__in=lent), starts_on__lte=on)
    columns = ("person_id", "body_id", "role", "body__system", "ends_on", "person__name", "person__public_id")
    for person_id, body_id, role, system, ends_on, name, public_id in rows.values_list(*columns):
        side, held = standing.own if person_id == user.pk else standing.lent, Role(role)
        if ends_on is not None and ends_on < on:
            if side is standing.lent or held != Role.MEMBER:
                continue
            held = Role.FORMER_MEMBER
        side.setdefault(held, set()).add(body_id)
        standing.systems[body_id] = System(system)
        if person_id != user.pk:
            standing.lenders[Role(role), body_id] = Lender(name, public_id)
    if Role.MEMBER in standing.own:
        standing.own.pop(Role.FORMER_MEMBER, None)
    return standing


def roles_of(user: Any, on: date) -> Roles:
    """Return the roles in force with their bodies, lent ones included."""
    return standing_of(user, on).all()


def bodies_of(user: Any, action: str, on: date) -> set[int]:
    """Return the bodies through which `user` may do `action`."""
    granting = _table.get(action, frozenset())
    return set().union(*(bodies for role, bodies in roles_for(user, action, on).items() if role in granting))


def roles_for(user: Any, action: str, on: date) -> Roles:
    standing = standing_of(user, on)
    return standing.own if action in _never_delegated else standing.all()


def may(user: Any, action: str) -> bool:
    """Tell whether any appointment in force today grants `action`; an unknown action is granted to nobody."""
    granting = _table.get(action, frozenset())
    return bool(granting & roles_for(user, action, timezone.localdate()).keys())


def acting_for(user: Any, bodies: Collection[int] = ()) -> Lender | None:
    """Return whose appointment `user` acts with on the page of this request, if his own ones would not do (S2).

    `bodies` are those whose act it is; without them any body of the right counts.
    """
    action = getattr(user, "action", "")
    if not action:
        return None
    granting, standing = _table.get(action, frozenset()), standing_of(user, timezone.localdate())
    if any(role in granting and (not bodies or held & set(bodies)) for role, held in standing.own.items()):
        return None
    lenders = ((role, body, lender) for (role, body), lender in sorted(standing.lenders.items(), key=str))
    return next((lender for role, body, lender in lenders if role in granting and (not bodies or body in bodies)), None)


OFFICE_KEYS: dict[Role, frozenset[int]] = {
    Role.MEMBER: frozenset({keys.MEMBERS}),
    Role.CONVENER: frozenset({keys.MEMBERS}),
    Role.PROPOSAL_STAFF: frozenset({keys.PROPOSAL_OFFICE, keys.STAFF}),
    Role.PROPOSAL_DIRECTOR: frozenset({keys.PROPOSAL_OFFICE, keys.STAFF, keys.SUSPENDED}),
    Role.SESSION_STAFF: frozenset({keys.PROPOSAL_OFFICE, keys.STAFF}),
    Role.REPORT_STAFF: frozenset({keys.REPORT_OFFICE, keys.SENSITIVE_REPORTS, keys.STAFF}),
    Role.REPORT_EDITOR: frozenset({keys.REPORT_OFFICE, keys.STAFF}),
    Role.CONSULTATION_STAFF: frozenset({keys.CONSULTATION, keys.STAFF}),
    Role.COMMITTEE_OFFICE: frozenset({keys.STAFF}),
    Role.RESEARCH_OFFICE: frozenset({keys.STAFF}),
    Role.SECRETARY_GENERAL: frozenset({keys.STAFF}),
    Role.DUTY_STAFF: frozenset({keys.STAFF}),
    Role.PARTY_OFFICE: frozenset({keys.PARTY_OFFICE}),
    Role.GOVERNMENT_OFFICE: frozenset({keys.GOVERNMENT_OFFICE}),
    Role.LEADER: frozenset({keys.LEADERS}),
    Role.LEADER_SECRETARY: frozenset({keys.LEADERS}),
    Role.DISCLOSURE_REVIEWER: frozenset({keys.DISCLOSURE}),
    Role.AUDITOR: frozenset({keys.AUDIT}),
}
ASSIGNING_KEYS = {
    System.PARTY: keys.ASSIGNING_PARTY, System.GOVERNMENT: keys.ASSIGNING_GOVERNMENT, System.CPPCC: keys.ASSIGNING_CPPCC,
}  # fmt: skip
BODY_ROLES = UNIT_ROLES | {
    Role.ASSIGNING_OFFICER, Role.ORGANISATION_SECRETARY, Role.CONVENER, Role.LIAISON_OFFICER, Role.COUNTY_CPPCC,
    Role.COMMITTEE_OFFICE,
}  # fmt: skip


def keys_of(user: Any) -> list[int]:
    """Return the audience keys that open rows to `user` today; everybody has the public one."""
    if not isinstance(user, Person) or not user.is_active:
        return [keys.PUBLIC]
    standing = standing_of(user, timezone.localdate())
    found = {keys.PUBLIC, keys.person_key(user.pk)}
    for role, bodies in standing.all().items():
        found |= OFFICE_KEYS.get(role, frozenset())
        if role == Role.ASSIGNING_OFFICER:
            found |= {ASSIGNING_KEYS[standing.systems[pk]] for pk in bodies if standing.systems[pk] in ASSIGNING_KEYS}
        if role in BODY_ROLES:
            found |= {keys.body_key(pk) for pk in bodies}
    return sorted(found)
