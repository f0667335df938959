"""From the first word to the units' desk."""

from proposals import actions
from proposals.handling.models import Assignment
from proposals.models import Proposal, Status

from .conftest import House


def test_a_proposal_goes_from_draft_to_the_unit(house: House, filed, clerk_unit) -> None:
    proposal: Proposal = filed()

    actions.allocate(proposal, [actions.Share(clerk_unit, "sole")], by=house.officer, now=house.later())
    _, refused = actions.hand_over([proposal], session=house.session, by=house.officer, now=house.later())

    proposal = Proposal.objects.get(pk=proposal.pk)
    assert refused == []
    assert (proposal.status, proposal.matter.number, proposal.receipt) == (Status.ASSIGNED, "0001", "收14-2-0001")
    assert Assignment.objects.get(matter=proposal.matter).unit == clerk_unit
