"""Proposals: text, co-signing, review and allocation."""

from .key import Instruction, KeyOpinion, KeyProposal, KeyVisit
from .office import AllocationPart, Batch, CategoryReviewer, Claim, PreConsultation, Review, ReviewPass
from .proposal import (
    EDITABLE,
    NEXT,
    Category,
    CoSignature,
    Proposal,
    ProposalQuerySet,
    Revision,
    Status,
    Text,
    become_all,
)
from .publication import Publication, PublicReply

__all__ = [
    "EDITABLE",
    "NEXT",
    "AllocationPart",
    "Batch",
    "Category",
    "CategoryReviewer",
    "Claim",
    "CoSignature",
    "Instruction",
    "KeyOpinion",
    "KeyProposal",
    "KeyVisit",
    "PreConsultation",
    "Proposal",
    "ProposalQuerySet",
    "PublicReply",
    "Publication",
    "Review",
    "ReviewPass",
    "Revision",
    "Status",
    "Text",
    "become_all",
]
