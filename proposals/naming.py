"""How a line names those behind a proposal and those who handle it; reads only what is prefetched."""

from typing import Any

from django.db.models import BooleanField, Case, ExpressionWrapper, F, Q, When
from django.utils import timezone

from members import keys
from members.choices import UNIT_ROLES
from members.rights import keys_of, roles_of
from proposals.handling.models import Assignment, Participant
from proposals.models import Proposal

ANYBODY = frozenset({keys.PUBLIC, keys.MEMBERS})


def outside(user: Any) -> "ExpressionWrapper[Q]":
    """An annotation `outside`: whether `user` sees the proposal only because it was published, as anybody does."""
    nearer = sorted(set(keys_of(user)) - ANYBODY)
    return ExpressionWrapper(~Q(matter__readers__overlap=nearer), output_field=BooleanField())


def title_shown(user: Any, to: str = "matter") -> "Case | F":
    """An annotation: the title as `user` may read it; who sees a proposal for a unit alone reads the units' title (S3).

    `to` is the path from the row to its matter.
    """
    units = [body for role in UNIT_ROLES for body in roles_of(user, timezone.localdate()).get(role, ())]
    title = F(f"{to}__title")
    if not units:
        return title
    nearer = sorted(set(keys_of(user)) - {keys.body_key(body) for body in units})
    plain = Q(**{f"{to}__readers__overlap": nearer}) | Q(**{f"{to}__unit_title": ""})
    return Case(When(plain, then=title), default=F(f"{to}__unit_title"))


def may_be_named(row: Participant, proposal: Proposal) -> bool:
    """Whether the public may read this name: its bearer agreed, and has not been taken off the public pages (P13)."""
    if row.person is None:
        return True
    agreed = row.name_public or (row.role == Participant.Role.FIRST and proposal.consents)
    return agreed and row.person.withdrawn_at is None


def proposers_of(proposal: Proposal) -> str:
    """The names on the list: the first, and how many more. To outsiders only those who may be named."""
    rows = [
        row for row in proposal.matter.participants.all() if row.left_at is None and row.role in Participant.EVALUATING
    ]
    rows.sort(key=lambda row: (row.order, row.pk))
    from_outside = getattr(proposal, "outside", False)
    if from_outside:
        rows = [row for row in rows if may_be_named(row, proposal)]
    if not rows:
        return "" if from_outside else proposal.proposer_text
    return str(rows[0]) if len(rows) == 1 else f"{rows[0]}等{len(rows)}人" if rows[0].person_id else f"{rows[0]}等"


def units_of(proposal: Proposal) -> str:
    rows = [row for row in proposal.matter.assignments.all() if row.ended_at is None]
    rows.sort(key=lambda row: (row.role == Assignment.Role.CO, row.pk))
    return "、".join(f"{row.unit.name}（{row.get_role_display()}）" for row in rows) or proposal.units_text
