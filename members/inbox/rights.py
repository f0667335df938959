"""Who may do what about messages (S1). Reading one's own inbox needs no right but an account."""

from members.choices import Role

OFFICE = frozenset({Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR, Role.DUTY_STAFF, Role.SESSION_STAFF})

RIGHTS: dict[str, frozenset[Role]] = {
    "inbox.undelivered": OFFICE | {Role.ASSIGNING_OFFICER},
    "inbox.ledger": OFFICE | {Role.SYSTEM_ADMINISTRATOR},
    "inbox.told_by_phone": OFFICE | {Role.ASSIGNING_OFFICER},
    "inbox.resend": OFFICE | {Role.ASSIGNING_OFFICER},
}
