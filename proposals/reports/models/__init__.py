"""Reports on social conditions, and members' opinions outside proposals and reports."""

from .opinion import Opinion
from .referral import Referral
from .report import MOST_CHARACTERS, TO_SCREEN, WRITTEN, Report, Status, Submission, Words, handed_in

__all__ = [
    "MOST_CHARACTERS",
    "TO_SCREEN",
    "WRITTEN",
    "Opinion",
    "Referral",
    "Report",
    "Status",
    "Submission",
    "Words",
    "handed_in",
]
