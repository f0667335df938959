"""Proposals: text, co-signing, review and allocation."""

from .handed_down import HandedDown
from .honours import Award, AwardEntry, AwardFigure, Criterion, Honour, Measure
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
from .sent_up import Fate, SentUp

__all__ = [
    "EDITABLE",
    "NEXT",
    "AllocationPart",
    "Award",
    "AwardEntry",
    "AwardFigure",
    "Batch",
    "Category",
    "CategoryReviewer",
    "Claim",
    "CoSignature",
    "Criterion",
    "Fate",
    "HandedDown",
    "Honour",
    "Instruction",
    "KeyOpinion",
    "KeyProposal",
    "KeyVisit",
    "Measure",
    "PreConsultation",
    "Proposal",
    "ProposalQuerySet",
    "PublicReply",
    "Publication",
    "Review",
    "ReviewPass",
    "Revision",
    "SentUp",
    "Status",
    "Text",
    "become_all",
]
