"""How a line of a list names proposers and units; everything it reads is prefetched."""

from django import template

from proposals.models import Proposal
from proposals.naming import proposers_of
from proposals.naming import units_of as units

register = template.Library()


@register.simple_tag
def proposers(proposal: Proposal) -> str:
    return proposers_of(proposal)


@register.filter
def units_of(proposal: Proposal) -> str:
    return units(proposal)
