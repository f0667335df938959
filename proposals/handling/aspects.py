"""Which parts of a visible matter a person may read (S2): a closed list, written by hand.

Whatever is not in the table is seen by nobody. Templates, exports, attachments, documents and messages ask here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from .eyes import Eye, Eyes
from .models import Assignment, Countersign, EvaluationRound, Reply


class Aspect(StrEnum):
    CONTACT_DETAILS = "contact_details"  # a proposer's phone and address
    OBJECTION = "objection"
    EXTENSION = "extension"
    INSIDE = "inside"  # section, handler, internal date, head's comment
    CLOCKS = "clocks"
    REMINDED = "reminded"  # who is reminded and chased, by name
    CONTACTS = "contacts"
    OPINION = "opinion"
    DRAFT_REPLY = "draft_reply"
    ASKED_VERSION = "asked_version"  # the frozen reply on which a co-handler is asked for its word
    REPLY = "reply"
    PROMISES = "promises"  # what a delivered reply promised, and what became of it
    DISCLOSURE = "disclosure"  # what the unit proposed for its publication
    FORMS = "forms"  # evaluation forms with names, flags and addresses
    RESULT = "result"  # outcome of a round with reasons
    APPRAISAL = "appraisal"  # what the unit says of the proposal
    DIGEST = "digest"  # worst grade, counts where three or more returned, cleared reasons


State = Assignment.State
OPEN = frozenset(Assignment.OPEN)
EVERY = frozenset(State.values)
BEFORE = frozenset(Reply.OPEN)
DELIVERED = frozenset({Reply.State.DELIVERED})
RUNNING, CLOSED = frozenset({"running"}), frozenset({"closed"})
STAFF, OFFICE, UNIT, UNITS, PROPOSER, LEAD, REVIEWER = (
    Eye.STAFF, Eye.OFFICE, Eye.UNIT, Eye.UNITS, Eye.PROPOSER, Eye.LEAD, Eye.REVIEWER
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """Who reads an aspect while the thing it belongs to is in one of `states`."""

    aspect: Aspect
    states: frozenset[str]
    eyes: frozenset[Eye]


TABLE = (
    # of an assignment, by its state
    Row(Aspect.CONTACT_DETAILS, EVERY, frozenset({STAFF})),
    Row(Aspect.CONTACT_DETAILS, OPEN, frozenset({UNIT})),
    Row(Aspect.OBJECTION, EVERY, frozenset({STAFF, OFFICE, UNIT})),
    Row(Aspect.EXTENSION, EVERY, frozenset({STAFF, OFFICE, UNIT})),
    Row(Aspect.INSIDE, EVERY, frozenset({UNIT})),
    Row(Aspect.CLOCKS, EVERY, frozenset({STAFF, OFFICE, UNIT, UNITS, PROPOSER, Eye.LEADER})),
    Row(Aspect.REMINDED, EVERY, frozenset({STAFF, OFFICE, UNIT})),
    Row(Aspect.CONTACTS, EVERY, frozenset({STAFF, OFFICE, UNIT, PROPOSER})),
    Row(Aspect.OPINION, EVERY, frozenset({STAFF, OFFICE, UNIT, LEAD})),
    Row(Aspect.PROMISES, EVERY, frozenset({STAFF, OFFICE, UNIT, UNITS, PROPOSER})),
    # of a reply, by its state
    Row(Aspect.DRAFT_REPLY, BEFORE, frozenset({OFFICE, UNIT})),
    Row(Aspect.REPLY, DELIVERED, frozenset({STAFF, OFFICE, UNIT, UNITS, PROPOSER, REVIEWER, Eye.LEADER})),
    Row(Aspect.DISCLOSURE, DELIVERED, frozenset({STAFF, OFFICE, UNIT, REVIEWER})),
    Row(Aspect.DISCLOSURE, BEFORE, frozenset({OFFICE, UNIT})),
    # of a co-handler's countersign, by the state of its own part
    Row(Aspect.ASKED_VERSION, EVERY, frozenset({OFFICE, UNIT})),
    # of a round of evaluation, by whether it has closed
    Row(Aspect.FORMS, RUNNING | CLOSED, frozenset({STAFF})),
    Row(Aspect.RESULT, CLOSED, frozenset({STAFF, OFFICE})),
    Row(Aspect.DIGEST, CLOSED, frozenset({UNIT})),
    Row(Aspect.APPRAISAL, RUNNING, frozenset({UNIT})),
    Row(Aspect.APPRAISAL, CLOSED, frozenset({STAFF, OFFICE, UNIT, PROPOSER})),
)


Thing = Assignment | Reply | Countersign | EvaluationRound


def aspects(view: Eyes, thing: Thing) -> frozenset[Aspect]:
    """The aspects of one assignment, reply, countersign or round that somebody with this view may read now."""
    assignment, state = _place(thing)
    relations = view.of(assignment)
    kinds = OF[type(thing)]
    found = {row.aspect for row in TABLE if row.aspect in kinds and state in row.states and row.eyes & relations}
    if Eye.PROPOSER in relations:  # a proposer who works in the unit or an office sees no other evaluation (P13)
        found -= {Aspect.DIGEST, Aspect.RESULT, Aspect.FORMS}
        if state == "running":
            found.discard(Aspect.APPRAISAL)
    return frozenset(found)


OF: dict[type, Collection[Aspect]] = {
    Assignment: {
        Aspect.CONTACT_DETAILS, Aspect.OBJECTION, Aspect.EXTENSION, Aspect.INSIDE, Aspect.CLOCKS, Aspect.CONTACTS,
        Aspect.REMINDED, Aspect.OPINION, Aspect.PROMISES,
    },
    Reply: {Aspect.DRAFT_REPLY, Aspect.REPLY, Aspect.DISCLOSURE},
    Countersign: {Aspect.ASKED_VERSION},
    EvaluationRound: {Aspect.FORMS, Aspect.RESULT, Aspect.DIGEST, Aspect.APPRAISAL},
}  # fmt: skip


def _place(thing: Thing) -> tuple[Assignment, str]:
    if isinstance(thing, Assignment):
        return thing, thing.state
    if isinstance(thing, Reply):
        return thing.assignment, thing.state
    if isinstance(thing, Countersign):
        return thing.assignment, thing.assignment.state
    return thing.assignment, "closed" if thing.closed_at else "running"
