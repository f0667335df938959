from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from members.audit import record
from members.choices import Role
from members.errors import Refused
from members.models import Appointment, Membership, Person, Session, Term
from members.names import chinese_number


@transaction.atomic
def add_term(number: int, *, starts_on: date, by: Person | None, now: datetime) -> Term:
    """Add a term. Raises Refused if it exists."""
    if Term.objects.filter(number=number).exists():
        raise Refused(f"第{number}届已经存在。", field="number")
    term = Term.objects.create(number=number, name=f"{chinese_number(number)}届市政协", starts_on=starts_on)
    record("term.add", by=by, now=now, subject=str(number))
    return term


@transaction.atomic
def roll_over(
    number: int, *, starts_on: date, continuing: Collection[int], document: str, by: Person, now: datetime
) -> Term:
    """Begin the next term (换届, P12): the last one ends the day before, its seats with it.

    `continuing` are ids of members who stay: they get a seat like the one they had. The others' appointments as member
    and convener end; they keep an account for their own open proposals. Matters, promises and evaluations go on as they
    are, bodies too. Raises Refused unless it is the number and the time for it.
    """
    old = Term.objects.select_for_update().order_by("-number").first()
    if old is None:
        raise Refused("还没有届次，请先新增一届。")
    if number != old.number + 1:
        raise Refused(f"上一届是第{old.number}届，新一届应为第{old.number + 1}届。", field="number")
    if starts_on <= old.starts_on:
        raise Refused(f"开始日期应晚于上一届的开始日期（{old.starts_on:%Y-%m-%d}）。", field="starts_on")
    last = starts_on - timedelta(days=1)
    seats = list(Membership.objects.select_for_update().filter(term=old, ends_on=None).order_by("pk"))
    if strangers := set(continuing) - {seat.person_id for seat in seats}:
        raise Refused(f"有 {len(strangers)} 人不是上一届的现任委员，请刷新页面后重新选择。", field="continuing")
    term = add_term(number, starts_on=starts_on, by=by, now=now)
    Term.objects.filter(pk=old.pk).update(ends_on=last)
    for seat in seats:
        _hand_on(seat, term, last=last, stays=seat.person_id in continuing)
    open_session(term, 1, by=by, now=now)
    record(
        "term.roll_over", by=by, now=now, subject=str(number), starts_on=starts_on, document=document,
        stay=len(continuing), leave=len(seats) - len(continuing),
    )  # fmt: skip
    return term


def _hand_on(seat: Membership, term: Term, *, last: date, stays: bool) -> None:
    seat.ends_on = max(last, seat.starts_on)
    seat.save(update_fields=["ends_on"])
    if stays:
        belongs = {name: getattr(seat, name) for name in ("sector_id", "party_id", "committee_id", "group_id", "post")}
        Membership.objects.create(person_id=seat.person_id, term=term, starts_on=term.starts_on, **belongs)
        return
    roles = Appointment.objects.filter(person=seat.person_id, role__in=[Role.MEMBER, Role.CONVENER])
    for appointment in roles.exclude(ends_on__lte=last):
        appointment.ends_on = max(last, appointment.starts_on)
        appointment.save(update_fields=["ends_on"])


@transaction.atomic
def open_session(term: Term, number: int, *, by: Person | None, now: datetime) -> Session:
    """Add the session `number` of a term (e.g. 十四届二次会议). Raises Refused if it exists."""
    name = f"{chinese_number(term.number)}届{chinese_number(number)}次会议"
    try:
        with transaction.atomic():
            session = Session.objects.create(term=term, number=number, code=f"{term.number}-{number}", name=name)
    except IntegrityError as error:
        raise Refused(f"{name}已经存在。", field="number") from error
    record("session.open", by=by, now=now, subject=session.code)
    return session


@transaction.atomic
def date_session(
    session: Session,
    *,
    opens_on: date | None,
    closes_on: date | None,
    submissions_open_on: date | None,
    submissions_close_at: datetime | None,
    by: Person,
    now: datetime,
) -> None:
    """Set the days of a session. Raises Refused where they contradict each other."""
    session = Session.objects.select_for_update().get(pk=session.pk)
    if opens_on and closes_on and closes_on < opens_on:
        raise Refused("闭幕日期不能早于开幕日期。", field="closes_on")
    if submissions_open_on and submissions_close_at and submissions_close_at.date() < submissions_open_on:
        raise Refused("截止时间不能早于开始提交的日期。", field="submissions_close_at")
    session.opens_on, session.closes_on = opens_on, closes_on
    session.submissions_open_on, session.submissions_close_at = submissions_open_on, submissions_close_at
    session.save(update_fields=["opens_on", "closes_on", "submissions_open_on", "submissions_close_at"])
    record("session.date", by=by, now=now, subject=session.code, opens_on=opens_on, closes_on=closes_on)
