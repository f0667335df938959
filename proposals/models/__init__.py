"""Proposals: text, co-signing, review and allocation."""

from .office import AllocationPart, Batch, Claim, PreConsultation, Review, ReviewPass
from .proposal import NEXT, Category, CoSignature, Proposal, Revision, Status, text_hash

__all__ = [
    "NEXT", "AllocationPart", "Batch", "Category", "Claim", "CoSignature", "PreConsultation", "Proposal", "Review",
    "ReviewPass", "Revision", "Status", "text_hash",
]
