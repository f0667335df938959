"""How the parts in a unit's hands stand: one definition of late and of soon for desks, tabs, lists and filters."""

from datetime import date, timedelta
from typing import Any

from django.db.models import Exists, F, FilteredRelation, OuterRef, Q, QuerySet, Subquery

from members.rights import bodies_of

from .models import Assignment, Matter, Objection, Obligation
from .panels import MAIN_STAGES

DUTIES = ("sign_for", "first_contact", *MAIN_STAGES)
"""What a unit owes; an objection window is a right, and lets nothing fall due."""
SOON = timedelta(days=7)
State = Assignment.State


def with_clock(rows: QuerySet[Assignment]) -> QuerySet[Assignment]:
    """Each assignment with the one running clock that it is measured by, if any."""
    main = Q(obligations__stage__in=MAIN_STAGES, obligations__status__in=Obligation.RUNNING)
    return rows.annotate(clock=FilteredRelation("obligations", condition=main)).annotate(
        due_on=F("clock__due_on"),
        started_on=F("clock__started_on"),
        provisional=F("clock__provisional"),
        why=F("clock__public_id"),
    )


def of_unit(user: Any, on: date) -> QuerySet[Assignment]:
    """The queue of this person's units."""
    units = bodies_of(user, "handling.read_unit", on)
    rows = Assignment.objects.current().filter(unit__in=units, state__in=Assignment.OPEN)
    return rows.filter(matter__in=Matter.objects.visible_to(user))


def in_tab(tab: str, on: date) -> Q:
    """The condition of a tab over assignments; a part is late if any duty in it is, and soon if none is late yet."""
    late = Exists(owed().overdue(on=on))
    soon = Exists(owed().open().filter(due_on__gte=on, due_on__lte=on + SOON))
    undecided = Assignment.objects.filter(objections__state__in=Objection.UNDECIDED).values("pk")
    return {
        "pending": Q(state=State.PENDING),
        "signed": Q(state=State.SIGNED),
        "soon": Q(soon) & ~Q(late),
        "overdue": Q(late),
        "objected": Q(pk__in=undecided),
        "answered": Q(state=State.ANSWERED),
    }.get(tab, Q(state__in=[State.PENDING, State.SIGNED]))


def owed() -> Any:
    """The duties of the assignment that an outer query stands on."""
    return Obligation.objects.filter(assignment=OuterRef("pk"), stage__in=DUTIES)


def late_duty(on: date) -> Subquery:
    """The name of a duty that is late before the answer itself: 签收 or 首次沟通."""
    rows = owed().overdue(on=on).exclude(stage__in=MAIN_STAGES).order_by("due_on", "pk")
    return Subquery(rows.values("rule__name")[:1])


def next_due() -> Subquery:
    """When the next answer or opinion of the matter is due, for rows that name their matter."""
    rows = Obligation.objects.open().filter(matter=OuterRef("matter_id"), stage__in=MAIN_STAGES)
    return Subquery(rows.order_by("due_on", "pk").values("due_on")[:1])
