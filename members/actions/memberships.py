from datetime import date, datetime, timedelta

from django.db import transaction

from members import notices
from members.audit import record
from members.choices import BodyKind
from members.errors import Refused, WrongStep
from members.models import Appointment, Body, Membership, Person, Term

BELONGS: dict[str, tuple[str, frozenset[BodyKind]]] = {
    "sector": ("界别", frozenset({BodyKind.SECTOR})),
    "party": ("党派团体", frozenset({BodyKind.DEMOCRATIC_PARTY, BodyKind.SECTOR, BodyKind.ORGANISATION})),
    "committee": ("专门委员会", frozenset({BodyKind.CPPCC_COMMITTEE})),
    "group": ("活动组", frozenset({BodyKind.GROUP, BodyKind.JOINT_GROUP})),
}
"""What a seat belongs to, and the kinds of bodies that it may be."""


def must_belong(column: str, body: Body | None) -> None:
    """Raise Refused for a body of a kind that nobody belongs to in this column."""
    label, kinds = BELONGS[column]
    if body is not None and body.kind not in kinds:
        raise Refused(f"“{body.name}”是{body.get_kind_display()}，不能作为{label}，请核对名称。", field=column)


@transaction.atomic
def seat(
    person: Person,
    term: Term,
    *,
    starts_on: date,
    by: Person | None,
    now: datetime,
    sector: Body | None = None,
    party: Body | None = None,
    committee: Body | None = None,
    group: Body | None = None,
    post: str = "",
) -> Membership:
    """Record a person's seat in a term from a day on; an open seat of that term ends the day before.

    A seat says what somebody belongs to; what a member may do comes from the appointment as member.
    Raises Refused where the new seat would begin before or with the open one and differ from it, and for a body that
    is no sector, party, committee or group.
    """
    facts = {"sector": sector, "party": party, "committee": committee, "group": group, "post": post}
    seats = Membership.objects.select_for_update().filter(person=person, term=term, ends_on=None)
    open_seat = seats.first()
    for column, body in (("sector", sector), ("party", party), ("committee", committee), ("group", group)):
        if open_seat is None or getattr(open_seat, column) != body:
            must_belong(column, body)
    if open_seat is not None:
        if all(getattr(open_seat, name) == value for name, value in facts.items()):
            return open_seat
        if starts_on <= open_seat.starts_on:
            raise Refused("新的委员信息须从现有信息开始之后的日期起生效。", field="starts_on")
        open_seat.ends_on = starts_on - timedelta(days=1)
        open_seat.save(update_fields=["ends_on"])
    seated = Membership.objects.create(person=person, term=term, starts_on=starts_on, **facts)
    record("membership.seat", by=by, now=now, subject=str(person.public_id), term=term.number)
    return seated


@transaction.atomic
def unseat(membership: Membership, *, on: date, by: Person, now: datetime, reason: str) -> None:
    """End a seat with `on` as its last day, and the appointment as member with it; the person is told.

    Own open proposals stay with the person, who keeps a limited account (P13). Raises WrongStep if the
    seat has ended, Refused for one's own and without a reason.
    """
    membership = Membership.objects.select_for_update(of=("self",)).get(pk=membership.pk)
    if membership.ends_on is not None:
        raise WrongStep("该委员资格已经结束。")
    if by.pk == membership.person_id:
        raise Refused("不能结束自己的委员资格，请由另一位同事办理。")
    if not reason.strip():
        raise Refused("请写明原因和依据，例如：市政协常委会决定〔2026〕5号。", field="reason")
    if on < membership.starts_on:
        raise Refused("结束日期不能早于开始日期。", field="on")
    membership.ends_on = on
    membership.save(update_fields=["ends_on"])
    for appointment in Appointment.objects.filter(person=membership.person, role="member").on_day(on):
        appointment.ends_on = on
        appointment.save(update_fields=["ends_on"])
    subject = str(membership.person.public_id)
    entry = record("membership.end", by=by, now=now, subject=subject, on=on, reason=reason.strip())
    words = {"term": membership.term.name, "on": f"{on:%Y年%m月%d日}"}
    notices.tell([membership.person_id], entry, "members.seat_ended", now=now, **words)
