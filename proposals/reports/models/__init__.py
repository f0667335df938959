"""Reports on social conditions, and members' opinions outside proposals and reports."""

from .adoption import Adoption, CreditRule, Feedback, Instruction, Level
from .edition import AuthorWord, Edition
from .issue import Delivery, Issue, IssueItem, IssueSignature, Recipient, Series, SeriesYear
from .opinion import Opinion
from .quota import Quota
from .referral import Referral
from .report import MOST_CHARACTERS, NOTHING_BEGUN, TO_SCREEN, WRITTEN, Report, Status, Submission, Words, handed_in

__all__ = [
    "MOST_CHARACTERS",
    "NOTHING_BEGUN",
    "TO_SCREEN",
    "WRITTEN",
    "Adoption",
    "AuthorWord",
    "CreditRule",
    "Delivery",
    "Edition",
    "Feedback",
    "Instruction",
    "Issue",
    "IssueItem",
    "IssueSignature",
    "Level",
    "Opinion",
    "Quota",
    "Recipient",
    "Referral",
    "Report",
    "Series",
    "SeriesYear",
    "Status",
    "Submission",
    "Words",
    "handed_in",
]
