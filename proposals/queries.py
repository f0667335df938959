"""Questions about proposals that span tables."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from members import keys
from members.models import Membership, Person, Session
from members.rights import bodies_of
from members.shown import Step
from proposals.handling.models import Kind, Matter, Stage
from proposals.handling.queries import policy
from proposals.models import (
    Batch,
    CategoryReviewer,
    CoSignature,
    PreConsultation,
    Proposal,
    Review,
    ReviewPass,
    Revision,
    Status,
)

WAY = (
    ("提交", frozenset({Stage.DRAFT, Stage.COSIGNING, Stage.RETURNED})),
    ("审查立案", frozenset({Stage.SUBMITTED, Stage.REVIEWING, Stage.TO_NUMBER})),
    ("交办", frozenset({Stage.FILED, Stage.TO_SIGN})),
    ("办理答复", frozenset({Stage.COORDINATING, Stage.HANDLING, Stage.REHANDLING})),
    ("委员评价", frozenset({Stage.ANSWERED})),
    ("办结", frozenset({Stage.CLOSED, Stage.CLOSED_SILENT, Stage.ARCHIVED})),
)


def steps(stage: str) -> list[Step]:
    """The way of a proposal in plain words; those that left it show only how far they came."""
    place = next((number for number, (_, stages) in enumerate(WAY) if stage in stages), None)
    if place is None:
        return []
    ended = stage in WAY[-1][1]
    return [
        Step(label, "done" if number < place or ended else "now" if number == place else "todo")
        for number, (label, _) in enumerate(WAY)
    ]


def invitations_for(person: Person, bodies: set[int]) -> QuerySet[CoSignature]:
    """Invitations that wait for this person, or for an organisation he acts for."""
    open_ones = cosignatures_of(person, bodies).filter(state=CoSignature.State.INVITED)
    return open_ones.exclude(Q(due_on__lt=timezone.localdate())).order_by(F("due_on"), "pk")


def cosignatures_of(person: Person, bodies: set[int]) -> QuerySet[CoSignature]:
    """What this person was asked to sign, by himself or for an organisation; whoever is asked is no reader yet.

    `frozen_title` is the title of the words that he is asked about. Nothing of a suspended matter.
    """
    rows = CoSignature.objects.filter(Q(person=person) | Q(body__in=bodies))
    rows = rows.exclude(proposal__matter__readers=[keys.SUSPENDED])
    frozen = Revision.objects.filter(proposal=OuterRef("proposal"), hash=OuterRef("text_hash")).order_by("-version")
    rows = rows.annotate(frozen_title=Subquery(frozen.values("title")[:1]))
    return rows.select_related("proposal__matter", "invited_by", "person", "body")


def standing(proposal: Proposal, *, on: date) -> QuerySet[CoSignature]:
    """Who has signed, or may still answer: whoever let his day pass can be asked again."""
    return proposal.cosignatures.filter(state__in=CoSignature.LIVE).exclude(Q(state="invited", due_on__lt=on))


def inviting(proposal: Proposal, text: str, *, on: date) -> QuerySet[Person]:
    """Current members who can still be invited, found by name, pinyin or initials."""
    asked = standing(proposal, on=on).filter(person__isnull=False)
    behind = proposal.matter.participants.leading().filter(person__isnull=False)
    found: QuerySet[Person] = Person.objects.members(on).search(text)
    found = found.exclude(pk__in=asked.values("person")).exclude(pk__in=behind.values("person"))
    return found.order_by("pinyin", "pk")


def sectors_of(people: list[int], *, on: date) -> dict[int, str]:
    """The sector of each member, by person."""
    rows = Membership.objects.in_force(on).filter(person__in=people).select_related("sector")
    return {row.person_id: str(row.sector or "") for row in rows}


def asked_of(user: Any) -> QuerySet[PreConsultation]:
    """What this person's units are asked before the hand-over."""
    units = bodies_of(user, "proposals.answer_preconsultation", timezone.localdate())
    rows = PreConsultation.objects.filter(unit__in=units, proposal__matter__in=Matter.objects.visible_to(user))
    return rows.filter(proposal__status=Status.FILED).select_related("proposal__matter", "unit")


def batches_of(user: Any) -> QuerySet[Batch]:
    """Hand-overs with at least one proposal that this person sees, and how many of it those are (`shown`)."""
    inside = Proposal.objects.visible_to(user).filter(batches=OuterRef("pk")).order_by()
    counted = inside.values("batches").annotate(n=Count("pk", distinct=True)).values("n")
    return (
        Batch.objects.alias(seen=Exists(inside))
        .filter(seen=True)
        .annotate(shown=Subquery(counted))
        .select_related("by", "session", "undone_by")
    )


def in_group_of(person: Person) -> Exists:
    """Whether a proposal is of a category that this person reviews in its session."""
    return Exists(
        CategoryReviewer.objects.filter(
            person=person, session=OuterRef("matter__session"), category=OuterRef("category")
        )
    )


def standing_in(wanted: ReviewPass, kept: list[ReviewPass]) -> Q:
    """Whether a proposal stands in this pass: all before it are done, and itself is not, unless it is the last."""
    done = Review.objects.filter(proposal=OuterRef("pk"), submission=OuterRef("submissions"))
    condition = Q()
    for row in kept[: kept.index(wanted)]:
        condition &= Q(Exists(done.filter(review_pass=row)))
    if wanted != kept[-1]:
        condition &= ~Q(Exists(done.filter(review_pass=wanted)))
    return condition


LETTERS = {Proposal.Form.INDIVIDUAL: "委", Proposal.Form.JOINT: "联", Proposal.Form.COLLECTIVE: "集"}


def letters(*, on: date) -> dict[str, str]:
    """What stands before a number, by form: nothing where all proposals are one sequence (P4)."""
    split = policy("number_split", on=on, default="one") == "form"
    return {str(form): letter if split else "" for form, letter in LETTERS.items()}


def series_of(letter: str) -> str:
    """The sequence that numbers with this letter come from."""
    return f"{Kind.PROPOSAL}{letter}"


@dataclass(frozen=True)
class Figures:
    """How a session's proposals stand at a moment (截至×月×日×时), by form and by category."""

    total: dict[str, int]
    by_form: list[tuple[str, dict[str, int]]]
    by_category: list[tuple[str, dict[str, int]]]


IN = Q(receipt__isnull=False) | Q(matter__placeholder=True)
"""What came in: by receipt, or offline."""
OUTCOMES = {
    "received": IN,
    "filed": Q(filed_at__isnull=False, matter__merged_into=None) & ~Q(status=Status.WITHDRAWN),
    "merged": Q(matter__merged_into__isnull=False),
    "turned": Q(status=Status.TURNED),
    "passed": Q(status__in=[Status.REPORTED, Status.PASSED_UP]),
    "declined": Q(status=Status.DECLINED),
    "withdrawn": Q(status=Status.WITHDRAWN),
}


def figures(session: Session, user: Any) -> Figures:
    """Counts only what `user` may see, so that they agree with the lists."""
    rows = Proposal.objects.visible_to(user).filter(IN, matter__session=session)
    counts = {name: Count("pk", filter=condition) for name, condition in OUTCOMES.items()}
    forms = {row["form"]: row for row in rows.values("form").annotate(**counts).order_by("form")}
    categories = rows.values("category__name").annotate(**counts).order_by("category__order", "category__name")
    return Figures(
        total=rows.aggregate(**counts),
        by_form=[(label, _only(forms.get(form, {}))) for form, label in Proposal.Form.choices],
        by_category=[(row["category__name"] or "未定类别", _only(row)) for row in categories],
    )


def _only(row: Any) -> dict[str, int]:
    return {name: row.get(name, 0) for name in OUTCOMES}
