"""What handling asks of a proposal (`handling.owners`): called with the matter locked, never calls back."""

from members import keys
from proposals.handling.models import Assignment, Exposure, Matter
from proposals.models import Proposal, Status
from proposals.reports.models import Opinion

ERASED = "（已清除）"


class ProposalOwner:
    def assigned(self, matter: Matter) -> None:
        _become(matter.proposal, Status.ASSIGNED)

    def answered(self, matter: Matter, round: int) -> None:
        """Nothing changes on the proposal's side: the stage says it all."""

    def settled(self, matter: Matter) -> None:
        _become(matter.proposal, Status.CLOSED)
        for follower in Proposal.objects.filter(matter__merged_into=matter).select_related("matter"):
            _become(follower, Status.CLOSED)
            follower.matter.closed_at = matter.closed_at
            follower.matter.save(update_fields=["closed_at"])

    def reopened(self, matter: Matter) -> None:
        _become(matter.proposal, Status.ASSIGNED)

    def readers(self, matter: Matter) -> set[int]:
        """The proposers; those merged into it and, for a follower, the units of the main one; units asked first."""
        audience = _behind(matter)
        if matter.exposure == Exposure.DRAFT:
            return audience
        for follower in matter.followers.all():
            audience |= _behind(follower)
        if matter.merged_into_id:
            current = Assignment.objects.current().filter(matter=matter.merged_into_id)
            units = current.values_list("unit_id", flat=True)
            audience |= {keys.body_key(unit) for unit in units}
        if matter.proposal.status == Status.FILED:
            asked = matter.proposal.preconsultations.values_list("unit_id", flat=True)
            audience |= {keys.body_key(unit) for unit in asked}
        return audience

    def erase(self, matter: Matter) -> None:
        """A purge takes the words from the proposal, its frozen texts, its reviews and what others wrote on it."""
        proposal = matter.proposal
        here = matter._state.db
        Proposal.objects.using(here).filter(pk=proposal.pk).update(
            situation="",
            analysis="",
            consent_reason=ERASED,
            decided_text="",
            proposer_text="",
            units_text="",
            import_note="",
            approval="",
            text_confirmed_how="",
        )
        proposal.revisions.update(title="", situation="", analysis="", suggestions=[])
        proposal.reviews.update(text="")
        proposal.cosignatures.update(note="")
        proposal.preconsultations.update(text="")
        Opinion.objects.using(here).filter(origin=matter).update(text=ERASED)

    def text(self, matter: Matter) -> str:
        if matter.placeholder:
            return ""
        text = matter.proposal.text()
        return "\n".join([text.title, text.situation, text.analysis, *text.suggestions])


def _behind(matter: Matter) -> set[int]:
    """Keys of those who stand behind a matter."""
    rows = matter.participants.filter(left_at=None).values_list("person_id", "body_id")
    return {keys.person_key(person) if person else keys.body_key(body) for person, body in rows}


def _become(proposal: Proposal, status: Status) -> None:
    if proposal.status != status:
        proposal.become(status)
