"""Audience keys: small numbers for offices, then one for each body and each person (H1)."""

PUBLIC = 1
MEMBERS = 2
PROPOSAL_OFFICE = 3
ASSIGNING_PARTY = 4
ASSIGNING_GOVERNMENT = 5
ASSIGNING_CPPCC = 6
REPORT_OFFICE = 7
SENSITIVE_REPORTS = 8
CONSULTATION = 9
PARTY_OFFICE = 10
GOVERNMENT_OFFICE = 11
LEADERS = 12
DISCLOSURE = 13
SUSPENDED = 14
AUDIT = 15
STAFF = 16

BODY = 100_000
PERSON = 10_000_000


def body_key(pk: int) -> int:
    return BODY + pk


def person_key(pk: int) -> int:
    return PERSON + pk
