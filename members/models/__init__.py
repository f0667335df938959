from members.models.appointment import Absence, Appointment, Delegation
from members.models.audit import AuditEntry, AuditFacts
from members.models.body import AssigningOffice, Body, BodyName, Succession
from members.models.once import Once
from members.models.person import Membership, Person
from members.models.request import AccountRequest
from members.models.roster import RosterDraft
from members.models.sign_in import Code, CodeUse, PasswordRecord, SignInFailures
from members.models.term import Session, Term

__all__ = [
    "Absence",
    "AccountRequest",
    "Appointment",
    "AssigningOffice",
    "AuditEntry",
    "AuditFacts",
    "Body",
    "BodyName",
    "Code",
    "CodeUse",
    "Delegation",
    "Membership",
    "Once",
    "PasswordRecord",
    "Person",
    "RosterDraft",
    "Session",
    "SignInFailures",
    "Succession",
    "Term",
]
