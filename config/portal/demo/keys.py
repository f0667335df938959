"""Key proposals of the story: one that is only a candidate, one in progress with an instruction, one finished."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.utils import timezone

from members.choices import Role
from members.models import Person
from proposals import actions as front
from proposals.models import Proposal, Status

Plan = Callable[[date, Callable[[datetime], None]], None]


def tell_of_keys(plan: Plan, *, staff: Person, account: Callable[[Role], Person], on: date) -> None:
    """Put on the agenda what becomes of three proposals from the hand-over of `on` on."""
    plan(on + timedelta(days=2), lambda at: _shortlist(plan, staff, account, at))


def _shortlist(plan: Plan, staff: Person, account: Callable[[Role], Person], at: datetime) -> None:
    rows = list(Proposal.objects.filter(status=Status.ASSIGNED, matter__placeholder=False).order_by("pk")[:3])
    for row in rows:
        front.shortlist(row, reason="事关全市中心工作，群众关注，督办能见成效。", by=staff, now=at)
    if rows:
        office = account(Role.ASSIGNING_OFFICER).appointments.get().body
        front.ask_opinions(rows[0], [office], by=staff, now=at)
    for place, row in enumerate(rows[1:]):
        _follow(plan, row, staff, account, timezone.localdate(at), finished=place == 1)


def _follow(
    plan: Plan, row: Proposal, staff: Person, account: Callable[[Role], Person], day: date, *, finished: bool
) -> None:
    leader, secretary = account(Role.LEADER), account(Role.LEADER_SECRETARY)

    def choose(at: datetime) -> None:
        front.choose_key(row, on=timezone.localdate(at), number="", text="会议同意列为年度重点提案。", by=staff, now=at)

    def lead(at: datetime) -> None:
        front.name_leader(row, leader=leader, secretary=secretary, by=staff, now=at)
        front.hand_notice(row, on=timezone.localdate(at), how="当面送交", by=staff, now=at)

    def prepare(at: datetime) -> None:
        text = "先走访主办单位和两个街道，摸清现状；再召开一次协商座谈，商定办理措施；年内听取一次进展。"
        front.plan_key(row, text=text, due_on=timezone.localdate(at) + timedelta(days=100), by=staff, now=at)

    def visit(at: datetime) -> None:
        on = timezone.localdate(at)
        front.record_visit(
            row,
            front.Visit(
                kind="research", on=on, place="两个街道和社区服务中心", people="领办领导、提案者、主办单位负责人",
                notes="现场看了两处点位，单位介绍了经费和用地的困难，提案者提出分步实施。",
                next_step="召开协商座谈", next_on=on + timedelta(days=75),
            ),
            by=staff, now=at,
        )  # fmt: skip

    def instruct(at: datetime) -> None:
        on = timezone.localdate(at)
        front.record_instruction(row, kind="read", level="city", leader=leader, on=on, by=staff, now=at)
        front.record_instruction(
            row, kind="instruction", level="city_main", leader=None, leader_name="市政府主要领导", on=on,
            text="请主办单位会同有关方面认真研究，拿出具体办法。",
            units=[part.unit for part in row.matter.assignments.current()], by=staff, now=at,
        )  # fmt: skip

    def finish(at: datetime) -> None:
        text = "主办单位出台了实施办法，首批两处点位已经建成使用。"
        front.finish_key(row, result=text, on=timezone.localdate(at), by=staff, now=at)

    steps = ((3, choose), (6, lead), (10, prepare), (25, visit), (28, finish if finished else instruct))
    for days, step in steps:
        plan(day + timedelta(days=days), step)
