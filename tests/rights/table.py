"""Who may open which address, written by hand (S1). An address or a role that is missing here fails the walk.

A row says which roles hold the right; whether a *row* of data opens is asked besides, and answered by 404.
"""

from dataclasses import dataclass

from members.choices import Role


@dataclass(frozen=True)
class Row:
    """`row`: the address names a row of data. `public`: anyone, signed in or not."""

    roles: frozenset[Role]
    row: bool = False
    public: bool = False


def roles(*names: str) -> frozenset[Role]:
    return frozenset(Role(name) for name in names)


EVERYBODY = frozenset(Role)
PUBLIC = EVERYBODY
UNITS = roles("unit_clerk", "unit_handler", "unit_deputy", "unit_head")
CLERKS = roles("unit_clerk", "unit_deputy", "unit_head")
SEALS = roles("unit_clerk", "unit_head")
STAFF = roles("proposal_staff", "proposal_director")
DESK = STAFF | roles("session_staff")
KEEPERS = STAFF | roles("assigning_officer")
PROPOSERS = roles("member", "organisation_secretary")
WRITERS = PROPOSERS | roles("convener")

TABLE: dict[str, Row] = {
    "proposals:list": Row(
        UNITS | DESK | WRITERS | roles("assigning_officer", "leader", "leader_secretary", "secretary_general")
    ),
    "proposals:mine": Row(WRITERS),
    "proposals:begin": Row(WRITERS),
    "proposals:register": Row(DESK),
    "proposals:plenary": Row(DESK),
    "proposals:placeholder": Row(STAFF),
    "proposals:invitations": Row(PROPOSERS),
    "proposals:invitation": Row(PROPOSERS, row=True),
    "proposals:remove_cosigner": Row(DESK | WRITERS, row=True),
    "proposals:review_queue": Row(DESK),
    "proposals:numbering": Row(STAFF),
    "proposals:allocation": Row(KEEPERS),
    "proposals:hand_over": Row(KEEPERS),
    "proposals:batch": Row(KEEPERS, row=True),
    "proposals:batch_papers": Row(KEEPERS, row=True),
    "proposals:unit_papers": Row(UNITS),
    "proposals:consultations": Row(SEALS),
    "proposals:consultation": Row(SEALS, row=True),
    "proposals:detail": Row(
        UNITS | DESK | WRITERS | roles("assigning_officer", "leader", "leader_secretary", "secretary_general"), row=True
    ),
    "proposals:write": Row(WRITERS | DESK, row=True),
    "proposals:autosave": Row(WRITERS | DESK, row=True),
    "proposals:add_file": Row(WRITERS | DESK, row=True),
    "proposals:organisation": Row(WRITERS | DESK, row=True),
    "proposals:cosigners": Row(WRITERS | DESK, row=True),
    "proposals:ask_again": Row(WRITERS | DESK, row=True),
    "proposals:cosign_on_paper": Row(DESK, row=True),
    "proposals:check": Row(WRITERS | DESK, row=True),
    "proposals:done": Row(WRITERS | DESK, row=True),
    "proposals:discard": Row(WRITERS | DESK, row=True),
    "proposals:confirm_text": Row(DESK | WRITERS, row=True),
    "proposals:withdraw": Row(WRITERS | STAFF, row=True),
    "proposals:review": Row(DESK, row=True),
    "proposals:advise": Row(DESK, row=True),
    "proposals:file": Row(STAFF, row=True),
    "proposals:send_back": Row(STAFF, row=True),
    "proposals:decline": Row(STAFF, row=True),
    "proposals:turn": Row(STAFF, row=True),
    "proposals:merge": Row(STAFF, row=True),
    "proposals:unmerge": Row(STAFF, row=True),
    "proposals:allocation_of": Row(KEEPERS, row=True),
    "proposals:consult_units": Row(KEEPERS, row=True),
    "proposals:archive": Row(STAFF, row=True),
    "handling:queue": Row(UNITS),
    "handling:ledger": Row(DESK | roles("assigning_officer")),
    "handling:objections": Row(KEEPERS),
    "handling:extensions": Row(KEEPERS),
    "handling:letter_dates": Row(KEEPERS),
    "handling:dissatisfied": Row(STAFF),
    "handling:paper_evaluations": Row(STAFF),
    "handling:suspensions": Row(DESK | roles("report_staff")),
    "handling:sign_for_many": Row(CLERKS | KEEPERS),
    "handling:pass_many": Row(CLERKS),
    "handling:chase_many": Row(KEEPERS),
    "handling:part": Row(UNITS | DESK | roles("assigning_officer"), row=True),
    "handling:sign_for": Row(CLERKS | KEEPERS, row=True),
    "handling:pass_inside": Row(CLERKS, row=True),
    "handling:object": Row(KEEPERS | SEALS, row=True),
    "handling:ask_extension": Row(KEEPERS | SEALS, row=True),
    "handling:record_contact": Row(UNITS | KEEPERS, row=True),
    "handling:send_opinion": Row(UNITS | KEEPERS, row=True),
    "handling:draft_reply": Row(UNITS | KEEPERS, row=True),
    "handling:autosave_reply": Row(UNITS | KEEPERS, row=True),
    "handling:reply": Row(KEEPERS | SEALS, row=True),
    "handling:transfer": Row(KEEPERS, row=True),
    "handling:name_successor": Row(KEEPERS, row=True),
    "handling:chase": Row(KEEPERS, row=True),
    "handling:reopen": Row(KEEPERS, row=True),
    "handling:consult_jointly": Row(KEEPERS, row=True),
    "handling:evaluate": Row(PROPOSERS, row=True),
    "handling:record_evaluation": Row(STAFF, row=True),
    "handling:confirm_dissatisfaction": Row(STAFF, row=True),
    "handling:decide_objection": Row(KEEPERS, row=True),
    "handling:coordinate_objection": Row(KEEPERS, row=True),
    "handling:answer_objection": Row(KEEPERS | SEALS, row=True),
    "handling:withdraw_objection": Row(SEALS, row=True),
    "handling:decide_extension": Row(KEEPERS, row=True),
    "handling:record_extension": Row(KEEPERS, row=True),
    "handling:withdraw_extension": Row(SEALS, row=True),
    "handling:confirm_contact": Row(STAFF | PROPOSERS, row=True),
    "handling:letter_date": Row(KEEPERS, row=True),
    "handling:return_reply": Row(KEEPERS, row=True),
    "handling:withdraw_evaluation": Row(PROPOSERS, row=True),
    "handling:confirm_evaluation": Row(STAFF, row=True),
    "handling:clear_evaluation": Row(STAFF, row=True),
    "handling:suspend": Row(DESK | roles("report_staff"), row=True),
    "handling:lift_suspension": Row(roles("proposal_director"), row=True),
    "handling:purge": Row(STAFF, row=True),
    "handling:why": Row(UNITS | DESK | PROPOSERS | roles("assigning_officer", "system_administrator"), row=True),
    "handling:attachment": Row(EVERYBODY, row=True),
    "members:people": Row(
        DESK
        | roles(
            "committee_office",
            "consultation_staff",
            "duty_staff",
            "report_staff",
            "research_office",
            "secretary_general",
            "security_administrator",
        )
    ),
    "members:person": Row(
        DESK
        | roles(
            "committee_office",
            "consultation_staff",
            "duty_staff",
            "report_staff",
            "research_office",
            "secretary_general",
            "security_administrator",
        ),
        row=True,
    ),
    "members:contact": Row(STAFF | roles("duty_staff"), row=True),
    "members:appoint": Row(roles("security_administrator"), row=True),
    "members:seat": Row(roles("duty_staff", "proposal_director", "security_administrator"), row=True),
    "members:issue_code": Row(DESK | roles("security_administrator"), row=True),
    "members:account": Row(roles("security_administrator"), row=True),
    "members:withdraw_name": Row(roles("duty_staff", "proposal_director"), row=True),
    "members:appointments": Row(roles("security_administrator")),
    "members:to_confirm": Row(roles("proposal_director", "secretary_general", "security_administrator")),
    "members:confirm": Row(roles("proposal_director", "secretary_general", "security_administrator"), row=True),
    "members:refuse": Row(roles("proposal_director", "secretary_general", "security_administrator"), row=True),
    "members:end": Row(roles("security_administrator"), row=True),
    "members:delegations": Row(EVERYBODY),
    "members:delegate": Row(UNITS | roles("assigning_officer", "proposal_director", "secretary_general")),
    "members:revoke": Row(EVERYBODY, row=True),
    "members:bodies": Row(EVERYBODY - roles("auditor")),
    "members:add_body": Row(STAFF | roles("system_administrator")),
    "members:body": Row(EVERYBODY - roles("auditor"), row=True),
    "members:add_name": Row(STAFF | roles("system_administrator"), row=True),
    "members:succeed": Row(STAFF | roles("system_administrator"), row=True),
    "members:terms": Row(STAFF | roles("system_administrator")),
    "members:add_term": Row(STAFF | roles("system_administrator")),
    "members:open_session": Row(STAFF | roles("system_administrator")),
    "members:session": Row(STAFF | roles("system_administrator"), row=True),
    "members:audit": Row(roles("auditor")),
    "inbox:list": Row(EVERYBODY),
    "inbox:mark_all_read": Row(EVERYBODY),
    "inbox:undelivered": Row(DESK | roles("duty_staff")),
    "inbox:undelivered_mail": Row(DESK | roles("duty_staff")),
    "inbox:resend": Row(DESK | roles("duty_staff"), row=True),
    "inbox:told_by_phone": Row(DESK | roles("duty_staff"), row=True),
    "inbox:jobs": Row(EVERYBODY),
    "inbox:job": Row(EVERYBODY, row=True),
    "inbox:retry_job": Row(EVERYBODY, row=True),
    "inbox:job_file": Row(EVERYBODY, row=True),
    "inbox:message": Row(EVERYBODY, row=True),
    "inbox:sent_mail": Row(PUBLIC, public=True),
    "inbox:sent_mail_page": Row(PUBLIC, row=True, public=True),
    "account_home": Row(EVERYBODY),
    "account_login": Row(PUBLIC, public=True),
    "account_logout": Row(EVERYBODY),
    "account_inactive": Row(PUBLIC, public=True),
    "account_code": Row(PUBLIC, public=True),
    "account_reauthenticate": Row(EVERYBODY),
    "account_reset_password": Row(PUBLIC, public=True),
    "account_change_password": Row(EVERYBODY),
    "account_preferences": Row(EVERYBODY),
    "account_contact": Row(EVERYBODY),
    "account_mail": Row(EVERYBODY),
    "account_prove_mail": Row(EVERYBODY),
    "account_devices": Row(EVERYBODY),
    "account_end_devices": Row(EVERYBODY),
    "mfa_index": Row(EVERYBODY),
    "mfa_authenticate": Row(PUBLIC, public=True),
    "mfa_reauthenticate": Row(EVERYBODY),
    "mfa_activate_totp": Row(EVERYBODY),
    "mfa_deactivate_totp": Row(EVERYBODY),
    "mfa_view_recovery_codes": Row(EVERYBODY),
    "mfa_generate_recovery_codes": Row(EVERYBODY),
    "portal:home": Row(PUBLIC, public=True),
    "portal:open": Row(PUBLIC, public=True),
    "portal:desk": Row(EVERYBODY),
    "portal:settings": Row(EVERYBODY),
    "portal:import_proposals": Row(STAFF | roles("system_administrator")),
    "portal:import_check": Row(STAFF | roles("system_administrator"), row=True),
    "portal:import_result": Row(STAFF | roles("system_administrator"), row=True),
    "portal:import_faults": Row(STAFF | roles("system_administrator"), row=True),
    "portal:import_people": Row(roles("security_administrator")),
    "portal:roster_check": Row(roles("security_administrator"), row=True),
    "portal:display": Row(PUBLIC, public=True),
    "portal:save_view": Row(EVERYBODY),
    "portal:drop_view": Row(EVERYBODY),
    "portal:session": Row(PUBLIC, public=True),
    "portal:accessibility": Row(PUBLIC, public=True),
    "portal:privacy": Row(PUBLIC, public=True),
    "portal:browser": Row(PUBLIC, public=True),
    "portal:healthz": Row(PUBLIC, public=True),
    "portal:readyz": Row(PUBLIC, public=True),
    "portal:kit": Row(PUBLIC, public=True),
    "portal:kit_part": Row(PUBLIC, row=True, public=True),
}
