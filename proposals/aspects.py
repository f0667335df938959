"""Which parts of a visible proposal a person may read (S2)."""

from typing import Any

from django.utils import timezone

from members.choices import Role
from members.rights import may, roles_of
from proposals.handling.models import Participant
from proposals.models import Proposal, Text

AUTHOR_ROLES = (
    Participant.Role.FIRST,
    Participant.Role.ORGANISATION,
    Participant.Role.CONTACT,
    Participant.Role.DRAFTER,
)
SECRETARIES = (Role.ORGANISATION_SECRETARY, Role.CONVENER)


def my_organisations(user: Any) -> set[int]:
    """Bodies in whose name `user` raises and signs."""
    roles = roles_of(user, timezone.localdate())
    return {body for role in SECRETARIES for body in roles.get(role, ())}


def writes(user: Any, proposal: Proposal) -> bool:
    """Whether `user` is among those who write the text: first proposer, contact person, drafters, secretary.

    An organisation that co-signs does not write.
    """
    mine = my_organisations(user)
    rows = proposal.matter.participants.all()
    return any(
        row.role in AUTHOR_ROLES
        and row.left_at is None
        and (row.person_id == user.pk or (row.body_id in mine and row.order == 0))
        for row in rows
    ) or (proposal.source in (Proposal.Source.PAPER, Proposal.Source.PHOTO) and may(user, "proposals.enter"))


def behind(user: Any, proposal: Proposal) -> bool:
    """Whether `user` is one of the proposers, co-signers included."""
    mine = my_organisations(user)
    rows = proposal.matter.participants.all()
    return any(row.left_at is None and (row.person_id == user.pk or row.body_id in mine) for row in rows)


def shown_text(user: Any, proposal: Proposal) -> Text:
    """The text as `user` may read it: whoever does not write sees the last one handed in, never a draft."""
    if proposal.matter.placeholder:
        return Text()
    if proposal.editable and not writes(user, proposal):
        last = proposal.revisions.filter(version=proposal.submitted_version or 0).first()
        return last.text() if last else Text()
    return proposal.text()


def sees_office_work(user: Any) -> bool:
    """Review notes, claims, allocation drafts, what units said beforehand."""
    return may(user, "proposals.claim") or may(user, "proposals.allocate")


def sees_invitations(user: Any, proposal: Proposal) -> bool:
    """Pending and declined invitations."""
    return writes(user, proposal) or may(user, "proposals.cosign_on_paper")
