"""Honours of the story: outstanding proposals that were announced, advanced units that wait for it."""

from datetime import datetime

from django.utils import timezone

from members.models import Person, Session
from proposals import actions as front
from proposals import merits
from proposals.models import Honour


def leave_honours(session: Session, staff: Person, at: datetime) -> None:
    """The first three proposals and the first two units of the computed lists, if there are any."""
    day = timezone.localdate(at)
    for honour, places in ((Honour.PROPOSAL, 3), (Honour.UNIT, 2)):
        placed = merits.ranking(honour, session, by=staff, on=day).placed[:places]
        if not placed:
            continue
        chosen = [str(one.public_id) for one in placed]
        award = front.decide_award(honour, session, chosen, on=day, by=staff, now=at)
        if honour == Honour.PROPOSAL:
            front.announce_award(award, by=staff, now=at)
