"""Not at one's post for some days (不在岗), and who stands in."""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from members.audit import record
from members.errors import Refused, WrongStep
from members.models import Absence, Appointment, Person
from members.rights import RIGHTS

from .appointments import delegate

LONGEST = timedelta(days=366)


@transaction.atomic
def note_absence(*, starts_on: date, ends_on: date, to: Person | None = None, by: Person, now: datetime) -> Absence:
    """Note the days on which `by` is away, both included; reminders then go to `to`, who gets his posts lent.

    Without a stand-in they go where those of an empty post go. Raises Refused for impossible days or a `to` who
    works in none of the bodies.
    """
    today = timezone.localdate(now)
    if not today <= starts_on <= ends_on:
        raise Refused("不在岗的日期须从今天或以后开始，结束不早于开始。", field="ends_on")
    if ends_on - starts_on > LONGEST:
        raise Refused("一次登记不超过一年。", field="ends_on")
    if Absence.objects.filter(person=by, starts_on__lte=ends_on, ends_on__gte=starts_on, revoked_at=None).exists():
        raise WrongStep("这些天已经登记过不在岗。")
    if to is not None:
        _lend_all(to, starts_on=starts_on, ends_on=ends_on, by=by, now=now)
    absence = Absence.objects.create(person=by, starts_on=starts_on, ends_on=ends_on, noted_at=now)
    stand_in = to.public_id if to else None
    record("absence.note", by=by, now=now, subject=str(absence.public_id), on=starts_on, until=ends_on, to=stand_in)
    return absence


def _lend_all(to: Person, *, starts_on: date, ends_on: date, by: Person, now: datetime) -> None:
    today = timezone.localdate(now)
    bodies = Appointment.objects.in_force(today).filter(person=to).values("body")
    own = Appointment.objects.in_force(today).filter(person=by, body__in=bodies, role__in=RIGHTS["members.delegate"])
    posts = list(own.order_by("pk"))
    if not posts:
        raise Refused("只能委托给本单位已有任职的同事。", field="to")
    for post in posts:
        delegate(post, to, starts_on=starts_on, ends_on=ends_on, by=by, now=now)


@transaction.atomic
def end_absence(absence: Absence, *, by: Person, now: datetime) -> None:
    """Be back earlier: reminders come again from now on. What was lent is taken back by itself."""
    absence = Absence.objects.select_for_update(of=("self",)).get(pk=absence.pk)
    if absence.person_id != by.pk:
        raise Refused("只有本人可以撤销登记。")
    if absence.revoked_at is not None:
        raise WrongStep("这项登记已经撤销。")
    absence.revoked_at = now
    absence.save(update_fields=["revoked_at"])
    record("absence.end", by=by, now=now, subject=str(absence.public_id))
