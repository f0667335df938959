"""What a drill stages, and what became of it: the plan is counted here, never asked of the engine."""

import itertools
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count

from members import keys
from members.choices import Role
from members.inbox.models import Channel, Message, State
from members.models import Body, Person
from proposals.handling import clocks
from proposals.handling.clockwork import engine_now
from proposals.handling.clockwork.ladder import local_day
from proposals.handling.models import Exposure, Kind, Matter, Obligation, TimeRule
from tests.factories import BodyFactory, PersonFactory, SessionFactory, appoint
from tests.handling.factories import rule
from tests.inbox.sink import Sink

numbers = itertools.count(1)
A_MATTER = 20  # clocks share one, as a proposal's many co-signers do
LONG_AGO = timedelta(days=14)
FIRST = {"anchor": "start", "offset_workdays": 0, "audience_rule": ["person"], "template": "clock.soon"}


def one_step(code: str, **step: object) -> TimeRule:
    """A rule whose ladder has a single step, on the first day."""
    known = TimeRule.objects.filter(code=code).first()
    return known or rule(code, 60, "workday", ({**FIRST, **step},))


def three_steps() -> TimeRule:
    steps = tuple({**FIRST, "code": f"s{number}", "offset_workdays": number} for number in range(3))
    return TimeRule.objects.filter(code="drill_steps").first() or rule("drill_steps", 60, "workday", steps)


def matter(readers: Sequence[int] = ()) -> Matter:
    return Matter.objects.create(
        kind=Kind.PROPOSAL,
        session=SessionFactory(),
        number=f"{next(numbers):05}",
        title="关于演练的建议",
        exposure=Exposure.HANDLING,
        readers=[keys.PROPOSAL_OFFICE, *readers],
    )


def person(address: str = "p") -> Person:
    name: Person = PersonFactory(digest_hour=0)
    name.mail = f"{address}{name.pk}@example.test"
    name.save()
    return name


def plant(amount: int, *, by: TimeRule | None = None, address: str = "p", due: bool = True) -> list[int]:
    """Clocks each held by a person of his own who has exactly one reminder to come; with `due` it is due now."""
    code, now = (by or one_step("drill")).code, engine_now()
    anchor = local_day(now - LONG_AGO if due else now)
    people = [person(address) for _ in range(amount)]
    wanted = []
    for start in range(0, amount, A_MATTER):
        case = matter()
        wanted += [clocks.Wanted(case, code, anchor, person=one) for one in people[start : start + A_MATTER]]
    return _due([row.pk for row in clocks.start_many(wanted, by=None, now=now)], due=due)


def plant_with_units(amount: int) -> list[int]:
    """The same, each held by a unit with one clerk and reminded of its last day: a new one takes the reminder back."""
    step = {"audience_rule": ["holder_clerks"], "anchor": "due", "offset_workdays": -58}
    code, now = one_step("drill_unit", **step).code, engine_now()
    wanted: list[clocks.Wanted] = []
    for _ in range(0, amount, A_MATTER):
        bodies: list[Body] = [BodyFactory() for _ in range(min(A_MATTER, amount - len(wanted)))]
        for body in bodies:
            appoint(Role.UNIT_CLERK, body, person=person())
        case = matter([keys.body_key(body.pk) for body in bodies])
        wanted += [clocks.Wanted(case, code, local_day(now - LONG_AGO), body=body) for body in bodies]
    return _due([row.pk for row in clocks.start_many(wanted, by=None, now=now)], due=True)


def _due(ids: list[int], *, due: bool) -> list[int]:
    if due:
        Obligation.objects.filter(pk__in=ids).update(next_at=engine_now())
    return ids


def delivered(ids: Collection[int]) -> int:
    """How many of these clocks have a mail marked as sent."""
    sent = Message.objects.filter(about__in=ids, channel=Channel.EMAIL, state=State.SENT)
    return sent.values("about").distinct().count()


@dataclass(frozen=True)
class Found:
    """What became of a plan of one reminder a clock, inside and by mail."""

    lost: int
    doubled_inside: int
    doubled_mails: int


def found(ids: Collection[int], sink: Sink) -> Found:
    """Compare the plan with what the inbox holds and what the mail server took."""
    facts = Message.objects.filter(about__in=ids)
    inside = dict(facts.filter(channel=Channel.INAPP).values_list("about").annotate(amount=Count("id")))
    mailed = dict(facts.filter(channel=Channel.EMAIL, state=State.SENT).values_list("about", "message_id"))
    taken = Counter(sink.ledger)
    lost = sum(1 for pk in ids if pk not in inside or not taken[mailed.get(pk, "")])
    planned_twice = sum(amount - 1 for amount in inside.values())
    planned_twice += (
        facts.filter(channel=Channel.EMAIL).count()
        - facts.filter(channel=Channel.EMAIL).values("about").distinct().count()
    )
    twice = sum(taken[message] - 1 for message in set(mailed.values()) if taken[message])
    return Found(lost, planned_twice, twice)
