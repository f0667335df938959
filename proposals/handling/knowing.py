"""Who may know of a clock, by its stage (S1, S2): one table, asked by pages, timelines, messages and previews alike.

Whoever holds a clock knows of it and need not be named. A stage that is not in the table is its holder's and the
proposal office's.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from members.choices import Role
from members.rights import Roles, actions, roles_of

from . import owners, queries
from .events import VERBS
from .eyes import Eye, Eyes
from .models import Access, Assignment, Exposure, Matter, Obligation, Participant
from .models.clocks import ObligationQuerySet
from .rights import RIGHTS

STAFF, OFFICE, UNIT, UNITS, PROPOSER, FIRST, REVIEWER = (
    Eye.STAFF, Eye.OFFICE, Eye.UNIT, Eye.UNITS, Eye.PROPOSER, Eye.FIRST, Eye.REVIEWER
)  # fmt: skip
EVERYBODY = frozenset({STAFF, OFFICE, UNIT, UNITS, PROPOSER, Eye.LEADER})
PART = frozenset({STAFF, OFFICE, UNIT})
OFFICES = frozenset({STAFF, OFFICE})
COMMITTEE = frozenset({STAFF})

STAGES: dict[str, frozenset[Eye]] = {
    # before the hand-over
    "cosign": frozenset({FIRST, STAFF}),  # an invitation that is pending
    "revision": frozenset({STAFF, PROPOSER}),
    "review": frozenset({STAFF, PROPOSER}),
    "numbering": frozenset({STAFF, PROPOSER}),
    "assignment": frozenset({STAFF, OFFICE, PROPOSER}),
    "preconsultation": OFFICES,
    # what a unit owes
    "sign_for": EVERYBODY,
    "first_contact": EVERYBODY,
    "co_opinion": EVERYBODY,
    "reply": EVERYBODY,
    "rehandle": EVERYBODY,
    "commitment": EVERYBODY,
    "objection_window": PART,
    "countersign": PART,
    "internal": frozenset({UNIT}),
    # what offices owe, and a unit that is asked to take a part over
    "objection_opinion": OFFICES,
    "objection_decision": OFFICES,
    "coordination": OFFICES,
    "extension_decision": OFFICES,
    "reply_check": OFFICES,
    "joint_consultation": OFFICES,
    "promise_check": OFFICES,
    "opinion": frozenset({STAFF, OFFICE, PROPOSER}),
    "report_screening": frozenset({STAFF, PROPOSER}),
    "key_notice": COMMITTEE,
    "publication": frozenset({STAFF, REVIEWER}),
    # nobody outside the committee learns who has evaluated, or that a dissatisfaction is being confirmed
    "evaluation": COMMITTEE,
    "confirm_dissatisfaction": COMMITTEE,
}
JUDGING = frozenset({"evaluation", "confirm_dissatisfaction"})
"""Of these somebody of the office who stands behind the matter himself knows no more than another proposer (P13); of
what an office of its own keeps he knows no other clock either."""
INSIDE_UNITS = frozenset(stage for stage, known in STAGES.items() if not known - {UNIT})
"""What a unit counts for itself: it stands in no preview and no figure of the offices (P5)."""
TOLD_IN = ("clock_changed", "office_clock_changed", "person_clock_changed", "inside_clock_changed")
"""What a timeline says of a last day that was moved; the widest circle first."""


def eyes_on(obligation: Obligation) -> frozenset[Eye]:
    """Who besides its holder may know of this clock; what stands on a draft is nobody's business at the office."""
    found = STAGES.get(obligation.stage, COMMITTEE)
    return found - OFFICES if obligation.matter.exposure == Exposure.DRAFT else found


def knows(view: Eyes, obligation: Obligation) -> bool:
    """Whether somebody who sees the matter, and stands to it so, may know of the clock."""
    return bool(view.of(obligation.assignment) & eyes_on(obligation))


def verb_of(obligation: Obligation) -> str:
    """The verb by which the timeline says that the last day was moved: none that more people read than may know of it."""
    known = STAGES.get(obligation.stage, COMMITTEE)
    return next(verb for verb in TOLD_IN if VERBS[verb].audience <= known)


def known_to(rows: ObligationQuerySet, user: Any) -> ObligationQuerySet:
    """The clocks that `user` may know of today: those that he holds, and of visible matters those of the table.

    Two queries, for his appointments and his audiences, come before.
    """
    if not user.is_authenticated:
        return rows.none()
    return _known(rows, user, _visible(user))


def named_to(rows: ObligationQuerySet, user: Any) -> ObligationQuerySet:
    """Of these the ones that may be called by their matter's name: whoever is invited to co-sign sees no draft."""
    visible = _visible(user)
    return _known(rows, user, visible).filter(visible)


def _visible(user: Any) -> Q:
    return Q(matter__in=Matter.objects.visible_to(user).values("pk"))


def _known(rows: ObligationQuerySet, user: Any, visible: Q) -> ObligationQuerySet:
    """Of a part that a unit has in hand its people know as they see it; what stands before the parts is its holder's."""
    roles = roles_of(user, timezone.localdate())
    units, offices = _through(roles, "handling.read_unit"), _through(roles, "handling.decide")
    organisations = _bodies(roles, queries.SECRETARY_ROLES)
    own = Q(holder_person=user) | Q(holder_body__in=units | offices | organisations, assignment=None)
    given = Assignment.objects.current().filter(office__in=offices)
    led = Q(matter__office__in=offices) | Q(matter__in=given.values("matter"))
    behind = Participant.objects.filter(Q(person=user) | Q(body__in=organisations), left_at=None)
    relations = {
        Eye.OFFICE: Q(assignment__office__in=offices) | Q(assignment=None) & led,
        Eye.UNIT: Q(assignment__unit__in=units),
        Eye.UNITS: Q(matter__in=Assignment.objects.current().filter(unit__in=units).values("matter")),
        Eye.LEADER: Q(matter__leader=user),
        Eye.PROPOSER: _of(behind),
        Eye.FIRST: Q(matter__in=behind.exclude(pk__in=behind.cosigning()).values("matter")),
    }
    if RIGHTS["handling.oversee"].by.keys() & roles.keys():
        relations[Eye.STAFF] = ~Q(stage__in=JUDGING) | ~_of(behind)
    elif kept := owners.kept_with({action for action, roles_of_it in actions().items() if roles_of_it & roles.keys()}):
        relations[Eye.STAFF] = Q(matter__kind__in=kept)
    if RIGHTS["handling.review_disclosure"].by.keys() & roles.keys():
        relations[Eye.REVIEWER] = Q(pk__isnull=False)
    own_kept = Q(matter__kind__in=owners.kept_apart()) & _of(behind)
    for eye in OFFICES & relations.keys():
        relations[eye] &= ~own_kept
    shown = Q(pk__in=[])
    for eye, stands in relations.items():
        of_stage = Q(stage__in=[stage for stage, known in STAGES.items() if eye in known])
        shown |= stands & (of_stage | ~Q(stage__in=list(STAGES)) if eye in COMMITTEE else of_stage)
    return rows.filter(own & ~Q(matter__access=Access.SUSPENDED) | visible & shown)


def _through(roles: Roles, action: str) -> set[int]:
    """The bodies through which somebody with these roles may do `action`; `bodies_of` would read them each time."""
    return _bodies(roles, RIGHTS[action].by)


def _bodies(roles: Roles, wanted: Iterable[Role]) -> set[int]:
    return set().union(*(roles.get(role, ()) for role in wanted))


def _of(places: QuerySet[Participant]) -> Q:
    """The condition on a clock that its matter, or one merged into it, has one of these places."""
    joined = places.exclude(matter__merged_into=None)
    return Q(matter__in=places.values("matter")) | Q(matter__in=joined.values("matter__merged_into"))
