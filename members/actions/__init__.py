from members.actions.absence import end_absence, note_absence
from members.actions.appointments import (
    appoint,
    confirm,
    delegate,
    refuse_appointment,
    revoke_delegation,
)
from members.actions.bodies import add_body, add_name, correct_body, drop_name, set_assigning_offices, succeed
from members.actions.codes import issue_code, prove_mail, send_mail_code, send_reset_code, spend_code
from members.actions.memberships import seat, unseat
from members.actions.people import (
    add_person,
    change_contact,
    change_password,
    correct_name,
    new_person,
    record_contact,
    tell_leader,
    withdraw_name,
)
from members.actions.requests import (
    ask_reopening,
    ask_second_factor_reset,
    close_account,
    decide_request,
    end_appointment,
)
from members.actions.sessions import end_sessions
from members.actions.terms import add_term, date_session, open_session, plan_roll_over, roll_over

__all__ = [
    "add_body",
    "add_name",
    "add_person",
    "add_term",
    "appoint",
    "ask_reopening",
    "ask_second_factor_reset",
    "change_contact",
    "change_password",
    "close_account",
    "confirm",
    "correct_body",
    "correct_name",
    "date_session",
    "decide_request",
    "delegate",
    "drop_name",
    "end_absence",
    "end_appointment",
    "end_sessions",
    "issue_code",
    "new_person",
    "note_absence",
    "open_session",
    "plan_roll_over",
    "prove_mail",
    "record_contact",
    "refuse_appointment",
    "revoke_delegation",
    "roll_over",
    "seat",
    "send_mail_code",
    "send_reset_code",
    "set_assigning_offices",
    "spend_code",
    "succeed",
    "tell_leader",
    "unseat",
    "withdraw_name",
]
