"""How a line names those behind a proposal and those who handle it; reads only what is prefetched."""

from proposals.handling.models import Assignment, Participant
from proposals.models import Proposal


def proposers_of(proposal: Proposal) -> str:
    """The names on the list: the first, and how many more."""
    rows = [
        row for row in proposal.matter.participants.all() if row.left_at is None and row.role in Participant.EVALUATING
    ]
    rows.sort(key=lambda row: (row.order, row.pk))
    if not rows:
        return proposal.proposer_text
    return str(rows[0]) if len(rows) == 1 else f"{rows[0]}等{len(rows)}人" if rows[0].person_id else f"{rows[0]}等"


def units_of(proposal: Proposal) -> str:
    rows = [row for row in proposal.matter.assignments.all() if row.ended_at is None]
    rows.sort(key=lambda row: (row.role == Assignment.Role.CO, row.pk))
    return "、".join(f"{row.unit.name}（{row.get_role_display()}）" for row in rows) or proposal.units_text
