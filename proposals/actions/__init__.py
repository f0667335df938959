"""What people do with a proposal, from the first word to the archive. Each is one transaction and one event."""

from .allocating import (
    Share,
    allocate,
    answer_consultation,
    consult_units,
    office_of,
    parts_of,
    proposed,
)
from .cosigning import (
    answer_invitation,
    answerers,
    ask_again,
    cosign_on_paper,
    freeze,
    frozen_for,
    invite,
    is_stale,
    remove_cosigner,
)
from .drafting import Behind, Details, begin, change_proposer, details_of, discard, save_text
from .handing_over import Plan, Refusal, hand_over, plan
from .keeping import archive, hold_place
from .merging import merge, unmerge
from .numbering import Order, run, waiting
from .reviewing import advise, after_passes, claim, decline, file, pass_now, passes, release, send_back, turn
from .submitting import (
    Limits,
    ask_to_confirm,
    confirm_text,
    faults_of,
    limits,
    missing,
    register,
    submit,
    withdraw,
)

__all__ = [
    "Behind", "Details", "Limits", "Order", "Plan", "Refusal", "Share", "advise", "after_passes", "allocate", "answer_consultation",
    "answer_invitation", "answerers", "archive", "ask_again", "ask_to_confirm", "begin", "change_proposer", "claim",
    "confirm_text", "consult_units", "cosign_on_paper", "decline", "details_of", "discard", "faults_of", "file", "freeze", "frozen_for",
    "hand_over", "hold_place", "invite", "is_stale", "limits", "merge", "missing", "office_of", "parts_of",
    "pass_now", "passes", "plan", "proposed", "register", "release", "remove_cosigner", "run", "save_text",
    "send_back", "submit", "turn", "unmerge", "waiting", "withdraw",
]
