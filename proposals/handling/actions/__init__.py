"""What people do with a matter in the hands of units. Each is one transaction and one event."""

from .appraising import appraise
from .catalogue import RemitGiven, add_remits, end_remit
from .chasing import chase, nobody_at
from .closing import archive, consult_jointly, settle
from .contact import confirm_contact, record_contact
from .coordinating import call_coordination, give_coordination_opinion, rule
from .countersigning import countersign, settle_countersigns
from .disclosing import propose_disclosure, return_disclosure
from .doc_numbering import from_series, give_number, next_number, next_of, number_office_paper, set_format
from .evaluating import (
    check_flags,
    clear_evaluation,
    close_lapsed_rounds,
    confirm_dissatisfaction,
    confirm_evaluation,
    evaluate,
    explain_dissatisfaction,
    reject_evaluation,
    withdraw_evaluation,
)
from .extending import (
    EXTENDED,
    NOT_ASKED_OF_OFFICE,
    OFFICE_HAS_SPOKEN,
    OWN_REQUEST,
    ask_extension,
    decide_extension,
    due_anew,
    revoke_extension,
    withdraw_extension,
)
from .giving import Given, Part, announce, assign, assign_many, pass_inside, sign_for
from .history import answer_offline, close_offline, close_past, why_not_over
from .issuing import issue_sheet, prepared_text
from .keeping import agree, ask_delay, report_kept, report_progress, review_word, send_back
from .leaving import leave
from .marking import Stricter, mark_key, stricter, unmark_key
from .objecting import (
    answer_objection,
    ask_unit,
    object_to,
    refuse_objection,
    uphold_objection,
    withdraw_objection,
)
from .paper import Paper, acts_for, paper_facts
from .papering import erase_papers, make_papers
from .promising import NO_PROMISES, drop_promise, promise, unpromised
from .purging import ask_purge, purge
from .quieting import set_quiet
from .reopening import another_round, reopen
from .replying import (
    PointGiven,
    approve_reply,
    ask_to_send,
    current_draft,
    deliver_reply,
    draft_reply,
    readable_draft,
    return_reply,
    send_opinion,
)
from .secrecy import by_number, lift_suspension, note_view, open_suspension, suspend, to_look_at
from .sharing import add_unit, make_lead, release, transfer
from .signing import add_step, end_step, look_for_signers, send_up, sign, take_back
from .succeeding import name_successor, succeed
from .templating import bring_template, kinds_of, refuse_template, stop_template, use_template
from .wording import drop_wording, keep_wording

__all__ = [
    "EXTENDED",
    "NOT_ASKED_OF_OFFICE",
    "NO_PROMISES",
    "OFFICE_HAS_SPOKEN",
    "OWN_REQUEST",
    "Given",
    "Paper",
    "Part",
    "PointGiven",
    "RemitGiven",
    "Stricter",
    "acts_for",
    "add_remits",
    "add_step",
    "add_unit",
    "agree",
    "announce",
    "another_round",
    "answer_objection",
    "answer_offline",
    "appraise",
    "approve_reply",
    "archive",
    "ask_delay",
    "ask_extension",
    "ask_purge",
    "ask_to_send",
    "ask_unit",
    "assign",
    "assign_many",
    "bring_template",
    "by_number",
    "call_coordination",
    "chase",
    "check_flags",
    "clear_evaluation",
    "close_lapsed_rounds",
    "close_offline",
    "close_past",
    "confirm_contact",
    "confirm_dissatisfaction",
    "confirm_evaluation",
    "consult_jointly",
    "coordinate_objection",
    "countersign",
    "current_draft",
    "decide_extension",
    "deliver_reply",
    "draft_reply",
    "drop_promise",
    "drop_wording",
    "due_anew",
    "end_remit",
    "end_step",
    "erase_papers",
    "evaluate",
    "explain_dissatisfaction",
    "from_series",
    "give_coordination_opinion",
    "give_number",
    "issue_sheet",
    "keep_wording",
    "kinds_of",
    "leave",
    "lift_suspension",
    "look_for_signers",
    "make_lead",
    "make_papers",
    "mark_key",
    "name_successor",
    "next_number",
    "next_of",
    "nobody_at",
    "note_view",
    "number_office_paper",
    "object_to",
    "open_suspension",
    "paper_facts",
    "pass_inside",
    "prepared_text",
    "promise",
    "propose_disclosure",
    "purge",
    "readable_draft",
    "record_contact",
    "refuse_objection",
    "refuse_template",
    "reject_evaluation",
    "release",
    "reopen",
    "report_kept",
    "report_progress",
    "return_disclosure",
    "return_reply",
    "review_word",
    "revoke_extension",
    "rule",
    "send_back",
    "send_opinion",
    "send_up",
    "set_format",
    "set_quiet",
    "settle",
    "settle_countersigns",
    "sign",
    "sign_for",
    "stop_template",
    "stricter",
    "succeed",
    "suspend",
    "take_back",
    "to_look_at",
    "transfer",
    "unmark_key",
    "unpromised",
    "uphold_objection",
    "use_template",
    "why_not_over",
    "withdraw_evaluation",
    "withdraw_extension",
    "withdraw_objection",
]
