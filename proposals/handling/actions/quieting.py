"""A matter that nobody is chased about for a while (不自动催办), and chased again."""

from datetime import datetime

from django.db import transaction

from members.errors import Refused, WrongStep
from members.inbox.actions import cancel
from members.models import Person
from proposals.handling import chase
from proposals.handling.models import Event, Matter, Obligation


@transaction.atomic
def set_quiet(matter: Matter, *, quiet: bool, reason: str, by: Person, now: datetime) -> Event:
    """Stop or take up the chasing of all its limits; the limits run on, and the offices' sheets are still prepared.

    What was about to be sent is taken back, save the notice of a prepared sheet.
    """
    matter = matter.locked()
    if matter.is_closed:
        raise WrongStep("该件已经办结，不再催办。")
    if matter.quiet == quiet:
        raise WrongStep("该件已经是不自动催办。" if quiet else "该件没有停止自动催办。")
    if not reason.strip():
        raise Refused("请写明原因。", field="reason")
    matter.quiet = quiet
    matter.save(update_fields=["quiet"])
    if quiet:
        running = Obligation.objects.running().filter(matter=matter).order_by("pk").select_for_update(of=("self",))
        cancel([row.pk for row in running], keep=chase.MUTE_TEMPLATES)
    return matter.record("quieted" if quiet else "unquieted", by=by, now=now, reason=reason.strip())
