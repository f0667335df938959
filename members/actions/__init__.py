from members.actions.absence import end_absence, note_absence
from members.actions.appointments import (
    appoint,
    confirm,
    delegate,
    refuse_appointment,
    revoke_delegation,
)
from members.actions.bodies import add_body, add_name, succeed
from members.actions.codes import issue_code, prove_mail, send_mail_code, send_reset_code, spend_code
from members.actions.memberships import seat, unseat
from members.actions.people import (
    change_contact,
    change_password,
    new_person,
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
from members.actions.terms import add_term, date_session, open_session, roll_over

__all__ = [
    "add_body",
    "add_name",
    "add_term",
    "appoint",
    "ask_reopening",
    "ask_second_factor_reset",
    "change_contact",
    "change_password",
    "close_account",
    "confirm",
    "date_session",
    "decide_request",
    "delegate",
    "end_absence",
    "end_appointment",
    "end_sessions",
    "issue_code",
    "new_person",
    "note_absence",
    "open_session",
    "prove_mail",
    "refuse_appointment",
    "revoke_delegation",
    "roll_over",
    "seat",
    "send_mail_code",
    "send_reset_code",
    "spend_code",
    "succeed",
    "tell_leader",
    "unseat",
    "withdraw_name",
]
