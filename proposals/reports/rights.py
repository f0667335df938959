"""Who may do what with reports, opinions and leads (S1): by role; which rows, `visible_to` says."""

from members.choices import Role

OFFICE = frozenset({Role.PROPOSAL_STAFF, Role.PROPOSAL_DIRECTOR, Role.REPORT_STAFF})
AUTHORS = frozenset({Role.MEMBER, Role.ORGANISATION_SECRETARY, Role.CONVENER})
REPORT_OFFICE = frozenset({Role.REPORT_STAFF, Role.REPORT_EDITOR})

RIGHTS: dict[str, frozenset[Role]] = {
    "reports.opinions": OFFICE | AUTHORS,
    "reports.handle_opinion": OFFICE,
    "reports.leads": OFFICE | {Role.REPORT_EDITOR},
    "reports.oversee": REPORT_OFFICE,
}
