"""Whether units spoke with the proposers before they replied, and whether these say so (P29)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import models
from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from .models import Contact, Reply
from .workdays import working_calendar

UNCONFIRMED_AFTER = 10
"""Working days after which a contact that nobody confirmed reads 未确认 (P29)."""


class State(models.TextChoices):
    """How a reply stands, by the best of its round's contacts; 未确认 is no contact that did not take place."""

    CONFIRMED = "confirmed", "已确认"
    WAITING = "waiting", "待确认"
    UNCONFIRMED = "unconfirmed", "未确认"
    DENIED = "denied", "提案者称不属实"
    NONE = "none", "未沟通"


def contact_state(yes: int, no: int, at: datetime, today: date) -> str:
    """One contact in words: once ten working days have gone it reads 未确认, never as if there had been none."""
    if no:
        return State.DENIED.label
    if yes:
        return State.CONFIRMED.label
    given = timezone.localdate(at)
    late = (today - given).days > UNCONFIRMED_AFTER and given < last_day_to_confirm(today)
    return State.UNCONFIRMED.label if late else State.WAITING.label


def last_day_to_confirm(today: date) -> date:
    """The day of which contacts may still be confirmed today; those of earlier days read 未确认."""
    return working_calendar().back(today + timedelta(days=1), UNCONFIRMED_AFTER + 1)


def by_contact(replies: QuerySet[Reply], *, on: date) -> QuerySet[Reply]:
    """Each reply with its `contact` state."""
    since = datetime.combine(last_day_to_confirm(on), time(), timezone.get_current_timezone())
    rows = Contact.objects.filter(assignment=OuterRef("assignment"), round=OuterRef("round"))
    state = Case(
        When(Exists(rows.filter(answers__took_place=True)), then=Value(State.CONFIRMED)),
        When(Exists(rows.filter(answers__isnull=True, at__gte=since)), then=Value(State.WAITING)),
        When(Exists(rows.filter(answers__isnull=True)), then=Value(State.UNCONFIRMED)),
        When(Exists(rows), then=Value(State.DENIED)),
        default=Value(State.NONE),
        output_field=models.CharField(),
    )
    return replies.annotate(contact=state)


@dataclass(frozen=True)
class Figures:
    """How many of `replies` were preceded by which contact."""

    replies: int
    confirmed: int
    waiting: int
    unconfirmed: int
    denied: int
    none: int

    @property
    def rate(self) -> str:
        """The share of replies with a contact, whether or not it is confirmed."""
        return f"{100 * (self.replies - self.none) / self.replies:.1f}%" if self.replies else "—"


def figures_by_unit(rows: QuerySet[Reply]) -> list[tuple[str, str, Figures]]:
    """Name and public id of each unit with its figures, most replies without contact first; rows of `by_contact`."""
    counts: dict[str, Any] = {state.value: Count("pk", filter=Q(contact=state.value)) for state in State}
    names = ("assignment__unit__name", "assignment__unit__public_id")
    found = rows.order_by().values(*names).annotate(replies=Count("pk"), **counts).order_by("-none", *names)
    return [(row.pop(names[0]), str(row.pop(names[1])), Figures(**row)) for row in found]
