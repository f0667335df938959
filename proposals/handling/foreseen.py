"""What the ladder is going to say: the same plan and the same directory that the engine asks, told beforehand."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from members.models import Body, Person

from . import chase, clockface
from .aspects import Aspect, aspects
from .clockwork.calendar import WorkCalendar
from .clockwork.ladder import Firing, waiting
from .eyes import Eye, Eyes
from .models import Assignment, Audience, Checkpoint, Exposure, Kind, Ladder, LadderStep, Matter, Obligation
from .workdays import today


@dataclass(frozen=True)
class Foreseen:
    """One message of the ladder: when, in which words, to whom. `people` are names, as far as one may read them."""

    at: datetime
    step: str
    n: int
    to: str
    people: list[str] = field(default_factory=list)
    vacant: bool = False

    @property
    def words(self) -> str:
        again = f"（第 {self.n} 次）" if self.n > 1 else ""
        named = f"（{'、'.join(self.people)}）" if self.people else ""
        return f"{self.step}{again}：{self.to}{named}" + ("，承办单位无人在岗，已升级" if self.vacant else "")


def audience_of(step: LadderStep) -> str:
    return "、".join(Audience(one).label for one in step.audience_rule)


def sample_holder(ladder: Ladder) -> Body | None:
    """Some body that is under this ladder now, for a preview that nobody has chosen one for."""
    rows = Obligation.objects.open().filter(rule__ladder=ladder, holder_body__isnull=False)
    latest = rows.select_related("holder_body").order_by("-pk").first()
    return latest.holder_body if latest else None


def on_sample(
    firings: Iterable[Firing], steps: dict[int, LadderStep], body: Body | None, stage: str, *, now: datetime
) -> list[Foreseen]:
    """The plan of a ladder with the people of `body`, as if it held such a limit today."""
    found = list(firings)
    if body is None:
        return [_foreseen(one, steps[one.step]) for one in found]
    office = Body.objects.assigning_office_for(body)
    sample = Obligation(
        holder_body=body,
        stage=stage,
        matter=Matter(kind=Kind.PROPOSAL, office=office, exposure=Exposure.HANDLING),
        assignment=Assignment(office=office) if office else None,
    )
    return _named(sample, found, steps, on=today(now))


def coming(
    obligation: Obligation, view: Eyes, user: Any, calendar: WorkCalendar, *, now: datetime
) -> list[Foreseen] | None:
    """The reminders still to come of a running clock, as far as `user` may know of them; None is nothing at all.

    A person's own limit is that person's and the proposal office's. Names are for the offices, and for a unit its own.
    """
    own = obligation.holder_person_id is not None
    if own and Eye.STAFF not in view.general and obligation.holder_person_id != user.pk:
        return None
    steps = {step.pk: step for step in _steps(obligation)}
    fired = Checkpoint.objects.filter(obligation=obligation, epoch=obligation.epoch).values_list("step_id", "n")
    firings = clockface.firings_of(obligation, steps.values(), calendar)
    left = waiting(firings, set(fired)) if obligation.status == Obligation.Status.OPEN else []
    left = [one for one in left if one.at > now]
    if obligation.matter.quiet:
        left = [one for one in left if steps[one.step].template in chase.MUTE_TEMPLATES]
    if own or Aspect.REMINDED in _aspects(obligation, view):
        only = None if own or view.general & {Eye.STAFF} or _is_office(obligation, view) else view.units
        return _named(obligation, left, steps, on=today(now), only=only)
    return [_foreseen(one, steps[one.step]) for one in left]


def _steps(obligation: Obligation) -> list[LadderStep]:
    ladder = obligation.rule.ladder_id
    return clockface.steps_by_ladder([ladder]).get(ladder, []) if ladder else []


def _aspects(obligation: Obligation, view: Eyes) -> set[Aspect]:
    if obligation.assignment is None:
        return {Aspect.REMINDED} if view.general & {Eye.STAFF} or view.offices else set()
    return set(aspects(view, obligation.assignment))


def _is_office(obligation: Obligation, view: Eyes) -> bool:
    office = obligation.assignment.office_id if obligation.assignment else obligation.matter.office_id
    return office in view.offices


def _named(
    obligation: Obligation,
    firings: Iterable[Firing],
    steps: dict[int, LadderStep],
    *,
    on: date,
    only: frozenset[int] | None = None,
) -> list[Foreseen]:
    """Resolve every step as the engine would today; with `only` the names of those bodies' people alone."""
    matters = [obligation.matter_id] if obligation.matter_id else []
    holder = obligation.holder_person
    holders = set() if holder and holder.is_active else chase.holders_of([obligation])
    directory = chase.Directory.read(chase.bodies_of(obligation), matters=matters, people=holders, on=on)
    told = {pk: chase.chased(obligation, step.audience_rule, directory) for pk, step in steps.items()}
    everybody = set[int]().union(*(one.people for one in told.values()))
    readable = (
        everybody if only is None else {one for one in everybody if any(directory.works_at(one, body) for body in only)}
    )
    names = dict(Person.objects.filter(pk__in=readable, is_active=True).values_list("pk", "name"))
    return [
        _foreseen(
            one,
            steps[one.step],
            [names[person] for person in sorted(told[one.step].people) if person in names],
            vacant=told[one.step].vacant is not None,
        )
        for one in firings
    ]


def _foreseen(one: Firing, step: LadderStep, people: list[str] | None = None, *, vacant: bool = False) -> Foreseen:
    return Foreseen(one.at, step.name, one.n, audience_of(step), people or [], vacant)
