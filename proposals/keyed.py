"""Who reads what of a key proposal, and of what leaders wrote (S2, P18): asked by pages, lists and the desk alike."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, Min, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from members.rights import bodies_of, may
from proposals.handling.eyes import Eye, Eyes
from proposals.handling.models import Assignment, Matter, Obligation
from proposals.models import Instruction, KeyOpinion, KeyProposal, KeyVisit, Proposal

State = KeyProposal.State
INSIDERS = frozenset({Eye.STAFF, Eye.OFFICE, Eye.UNITS, Eye.LEADER})
"""Who reads the plan, the notes of a visit and what comes next; the proposers learn that it takes place."""


def keys_of_list(user: Any) -> QuerySet[KeyProposal]:
    """The key proposals, and the candidates, that the committee's list shows this person.

    Candidates are the proposal office's own until the council has decided.
    """
    rows = KeyProposal.objects.filter(proposal__matter__in=Matter.objects.visible_to(user))
    return rows if may(user, "proposals.shortlist") else rows.filter(state__in=KeyProposal.KEY)


def led_by(user: Any) -> QuerySet[KeyProposal]:
    """What this leader leads, or whose secretary this person is; nothing that is not visible."""
    rows = KeyProposal.objects.filter(state__in=KeyProposal.KEY, proposal__matter__in=Matter.objects.visible_to(user))
    return rows.filter(Q(proposal__matter__leader=user) | Q(secretary=user))


def with_next(rows: QuerySet[KeyProposal], *, on: date) -> QuerySet[KeyProposal]:
    """With the next day of the supervision (`next_on`, from the visits) and of the units' answers (`answer_on`)."""
    coming = KeyVisit.objects.filter(key=OuterRef("pk"), next_on__gte=on).order_by()
    answers = Obligation.objects.running().filter(matter=OuterRef("proposal__matter"), stage__in=["reply", "rehandle"])
    return rows.annotate(
        next_on=Subquery(coming.values("key").annotate(day=Min("next_on")).values("day")),
        answer_on=Subquery(answers.order_by().values("matter").annotate(day=Min("due_on")).values("day")),
        visited=Exists(KeyVisit.objects.filter(key=OuterRef("pk"))),
    )


def next_day(key: Any, *, on: date) -> tuple[date | None, str]:
    """Of a row of `with_next`: the nearest day to come, and what it is."""
    days = [(key.next_on, "下一次督办活动"), (key.answer_on, "承办单位答复期限")]
    if key.state == State.RUNNING:
        days.append((key.plan_due_on, "督办方案完成日期"))
    known = [(day, what) for day, what in days if day]
    return min(known, default=(None, ""))


def expected_of_leader(key: Any) -> str:
    """What the leader is asked for now, in words."""
    if key.state == State.LED:
        return "审定督办方案" if key.notice_on else "领办通知尚未送达"
    if key.state == State.RUNNING:
        return "继续督办，听取成效" if key.visited else "带队开展一次督办活动"
    return "督办已办结"


def candidates_asked(user: Any) -> QuerySet[KeyOpinion]:
    """The candidates about which this person's offices are asked, and have not answered."""
    bodies = bodies_of(user, "proposals.give_key_opinion", timezone.localdate())
    rows = KeyOpinion.objects.filter(body__in=bodies, answered_at=None, key__state=State.SHORTLISTED)
    rows = rows.filter(key__proposal__matter__in=Matter.objects.visible_to(user))
    return rows.select_related("key__proposal__matter", "body").order_by("asked_at", "pk")


def is_asked(user: Any, key: KeyProposal) -> bool:
    """Whether an office of this person was asked about the candidate."""
    bodies = bodies_of(user, "proposals.give_key_opinion", timezone.localdate())
    return key.state == State.SHORTLISTED and key.opinions.filter(body__in=bodies).exists()


@dataclass(frozen=True)
class View:
    """How a person stands to a key proposal."""

    eyes: frozenset[Eye]
    is_secretary: bool = False

    @property
    def office(self) -> bool:
        return Eye.STAFF in self.eyes

    @property
    def works(self) -> bool:
        """Whether it is this person's work to choose key proposals, or to record what leaders wrote."""
        return bool(self.eyes & {Eye.STAFF, Eye.OFFICE})

    @property
    def inside(self) -> bool:
        return bool(self.eyes & INSIDERS) or self.is_secretary

    @property
    def concerned(self) -> bool:
        """Whether this person stands to the matter at all, and is not only one of its readers."""
        return self.inside or Eye.PROPOSER in self.eyes


def view_of(user: Any, proposal: Proposal, view: Eyes, key: KeyProposal | None) -> View:
    own = view.of(None) | ({Eye.OFFICE} if view.offices else frozenset())
    return View(own, key is not None and key.secretary_id == user.pk and key.state in KeyProposal.KEY)


@dataclass(frozen=True)
class Told:
    """An instruction as somebody reads it; `text` is None where only the fact is his."""

    row: Instruction
    text: str | None
    may_release: bool = False


def instructions_for(user: Any, proposal: Proposal, stands: View) -> list[Told]:
    """What leaders wrote, newest first: a leader's mark of having read it is the offices' and the leader's own."""
    if not stands.concerned:
        return []
    today = timezone.localdate()
    keeping = bodies_of(user, "proposals.instruct", today)
    units = bodies_of(user, "handling.read_unit", today)
    in_hand = set(Assignment.objects.current().filter(matter=proposal.matter_id).values_list("unit_id", flat=True))
    found = []
    rows = proposal.instructions.select_related("office").prefetch_related("units").order_by("-on", "-pk")
    for row in rows:
        own = row.office_id in keeping or row.leader_id == user.pk
        addressed = any(unit.pk in units & in_hand for unit in row.units.all())
        if row.kind == Instruction.Kind.READ and not (own or stands.office or Eye.OFFICE in stands.eyes):
            continue
        may_read = own or addressed or row.released_at is not None
        can_release = row.office_id in keeping and bool(row.text) and row.released_at is None
        found.append(Told(row, row.text if may_read else None, can_release))
    return found
