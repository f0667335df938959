"""A report that was turned into a lead becomes a proposal, written by its author."""

from datetime import datetime

from django.db import transaction

from members.errors import Refused
from members.models import Person
from proposals.handling.models import Access
from proposals.models import Proposal, Text
from proposals.reports import actions as reports
from proposals.reports.models import Report
from proposals.splitting import split

from .drafting import Behind, Details, begin, save_text, takes_internal


@transaction.atomic
def begin_from_report(report: Report, *, by: Person, now: datetime) -> Proposal:
    """Begin a draft with the words of one's own report (据此写提案); both know of each other.

    What was not open as a report begins as an internal proposal.

    Raises WrongStep if that was done before.
    """
    if not report.matter.participants.filter(person=by, left_at=None).exists():
        raise Refused("只有反映人本人可以据此写提案。")
    words = report.words
    proposal = begin(Behind(person=by), by=by, now=now)
    text = Text(words.title, words.situation, words.cause, tuple(split(words.suggestion)))
    internal = report.matter.access != Access.OPEN and takes_internal(proposal)
    proposal = save_text(proposal, text, version=None, details=Details(internal=internal), by=by, now=now)
    reports.became_proposal(report, proposal.matter, by=by, now=now)
    return proposal
