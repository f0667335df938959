"""What leaders wrote on a proposal is recorded by the office that keeps the sheet (圈阅、批示、转办, P18)."""

from collections.abc import Sequence
from datetime import date, datetime

from django.conf import settings
from django.db import transaction

from members.errors import Refused, WrongStep
from members.models import Body, Person
from members.rights import bodies_of
from proposals.handling.models import Assignment, Matter
from proposals.handling.queries import HEAD_ROLES, clerks_of, people_in
from proposals.models import Instruction, Proposal, Status
from proposals.rights import offices_in

from .base import expect, lock, not_later, proposers, today, told

Kind = Instruction.Kind
INSTRUCTED = (Status.FILED, Status.ASSIGNED, Status.CLOSED)
RIGHT = "proposals.instruct"


@transaction.atomic
def record_instruction(
    proposal: Proposal,
    *,
    kind: str,
    level: str,
    leader: Person | None,
    leader_name: str = "",
    on: date,
    text: str = "",
    units: Sequence[Body] = (),
    by: Person,
    now: datetime,
) -> Instruction:
    """Record what came back with a 送阅单. Having read it (圈阅) counts as nothing and nobody outside is told.

    The proposers learn that there is an instruction, and at what level; the units that it is for read it. On the
    internet only the fact is kept (S24).
    """
    proposal = lock(proposal)
    expect(proposal, *INSTRUCTED)
    matter, day, text = proposal.matter, today(now), text.strip()
    name = leader.name if leader else leader_name.strip()
    if not name:
        raise Refused("请选择领导，或填写领导姓名。", field="leader_name")
    not_later(on, now, "日期")
    if kind == Kind.READ and (text or units):
        raise Refused("圈阅只表示已阅，不填写内容和批给的单位；有具体意见的请选“批示”或“转办”。", field="kind")
    if kind == Kind.INSTRUCTION and not text and settings.ZONE != "internet":
        raise Refused("请填写批示内容；只画圈、签名的请选“圈阅”。", field="text")
    if text and settings.ZONE == "internet":
        raise Refused(
            "本系统部署在互联网区，不登记领导批示的内容：请只登记类别、层级和日期，原件线下传阅。", field="text"
        )
    handling = set(Assignment.objects.current().filter(matter=matter).values_list("unit_id", flat=True))
    strangers = [unit.name for unit in units if unit.pk not in handling]
    if strangers:
        raise Refused(f"{'、'.join(strangers)}不是本件的承办单位，请先交办或增加该单位。", field="units")
    row = Instruction.objects.create(
        proposal=proposal, kind=kind, level=level, leader=leader, leader_name=name, on=on, text=text,
        office_id=_office_of(by, matter, day), by=by, at=now,
    )  # fmt: skip
    row.units.set(units)
    if kind == Kind.READ:
        matter.record("leader_read", by=by, now=now, level=row.get_level_display())
        return row
    event = matter.record("instructed", by=by, now=now, level=row.get_level_display(), kind=row.get_kind_display())
    told(proposal, proposers(matter, on=day), event, "instructed", now=now)
    addressed = [unit.pk for unit in units]
    people = {*clerks_of(addressed, on=day), *people_in(HEAD_ROLES, on=day, bodies=addressed)}
    told(proposal, people, event, "instruction_given", now=now)
    return row


@transaction.atomic
def release_instruction(row: Instruction, *, by: Person, now: datetime) -> Instruction:
    """The office that keeps the words lets the proposers and the units read them."""
    proposal = lock(row.proposal)
    row = Instruction.objects.select_for_update(of=("self",)).get(pk=row.pk)
    if row.released_at:
        raise WrongStep("这份批示的内容已经同意转告。")
    if not row.text:
        raise WrongStep("这份记录没有内容可以转告。")
    row.released_by, row.released_at = by, now
    row.save(update_fields=["released_by", "released_at"])
    matter = proposal.matter
    event = matter.record("instruction_released", by=by, now=now, level=row.get_level_display())
    told(proposal, proposers(matter, on=today(now)), event, "instruction_released", now=now)
    return row


def _office_of(person: Person, matter: Matter, on: date) -> int:
    """The office in whose name somebody records: it keeps the sheet. One of the matter's own, if he is of several."""
    bodies = bodies_of(person, RIGHT, on)
    if not bodies:
        raise Refused("只有提案委和交办机构可以登记领导批示。")
    return min(bodies & offices_in(matter) or bodies)
