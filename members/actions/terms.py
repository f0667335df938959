import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from members import notices
from members.audit import record
from members.choices import Role
from members.errors import Refused, Stale
from members.models import Appointment, Membership, Person, Session, Term
from members.names import chinese_number

OF_A_TERM = (Role.MEMBER, Role.CONVENER)
"""Posts that end with the seat."""


@transaction.atomic
def add_term(number: int, *, starts_on: date, by: Person | None, now: datetime) -> Term:
    """Add a term. Raises Refused if it exists."""
    if Term.objects.filter(number=number).exists():
        raise Refused(f"第{number}届已经存在。", field="number")
    term = Term.objects.create(number=number, name=f"{chinese_number(number)}届市政协", starts_on=starts_on)
    record("term.add", by=by, now=now, subject=str(number))
    return term


@dataclass(frozen=True)
class RollOver:
    """What the beginning of the next term would do: shown before it is done."""

    old: Term
    number: int
    starts_on: date
    stay: list[Membership]
    leave: list[Membership]
    ending: list[Appointment]  # as member and convener, of those who leave
    kept: list[Appointment]  # other posts of those who leave: they go on unless somebody ends them

    @property
    def last(self) -> date:
        return self.starts_on - timedelta(days=1)

    @property
    def stamp(self) -> str:
        """The same as long as the same would happen."""
        rows = [[(row.pk, row.ends_on) for row in part] for part in (self.stay, self.leave, self.ending, self.kept)]
        return hashlib.sha256(repr((self.old.pk, self.number, self.starts_on, rows)).encode()).hexdigest()


def plan_roll_over(number: int, *, starts_on: date, continuing: Collection[int]) -> RollOver:
    """Who would stay and who would leave. Raises Refused unless it is the number and the time for it."""
    old = Term.objects.select_for_update().order_by("-number").first()
    if old is None:
        raise Refused("还没有届次，请先新增一届。")
    if number != old.number + 1:
        raise Refused(f"上一届是第{old.number}届，新一届应为第{old.number + 1}届。", field="number")
    if starts_on <= old.starts_on:
        raise Refused(f"开始日期应晚于上一届的开始日期（{old.starts_on:%Y-%m-%d}）。", field="starts_on")
    last = starts_on - timedelta(days=1)
    rows = Membership.objects.select_for_update(of=("self",)).filter(term=old, ends_on=None)
    seats = list(rows.select_related("person", "term").order_by("pk"))
    if strangers := set(continuing) - {seat.person_id for seat in seats}:
        raise Refused(f"有 {len(strangers)} 人不是上一届的现任委员，请刷新页面后重新选择。", field="continuing")
    leave = [seat for seat in seats if seat.person_id not in continuing]
    posts = Appointment.objects.filter(person__in=[seat.person_id for seat in leave]).exclude(ends_on__lte=last)
    held = list(posts.select_related("person", "body").order_by("person__pinyin", "pk"))
    return RollOver(
        old,
        number,
        starts_on,
        stay=[seat for seat in seats if seat.person_id in continuing],
        leave=leave,
        ending=[post for post in held if post.role in OF_A_TERM],
        kept=[post for post in held if post.role not in OF_A_TERM],
    )


@transaction.atomic
def roll_over(
    number: int,
    *,
    starts_on: date,
    continuing: Collection[int],
    document: str,
    by: Person,
    now: datetime,
    shown: str | None = None,
) -> Term:
    """Begin the next term (换届, P12): the last one ends the day before, its seats with it.

    `continuing` are ids of members who stay: they get a seat like the one they had. The others' appointments as member
    and convener end, and they are told; they keep an account for their own open proposals. Matters, promises and
    evaluations go on as they are, bodies too. `shown` is the stamp of the plan that was looked at: raises Stale if
    something else would happen now.
    """
    plan = plan_roll_over(number, starts_on=starts_on, continuing=continuing)
    if shown is not None and shown != plan.stamp:
        raise Stale("您核对之后，委员名单或任职有变动。请按现在的情况重新核对。")
    term = add_term(number, starts_on=starts_on, by=by, now=now)
    Term.objects.filter(pk=plan.old.pk).update(ends_on=plan.last)
    over: list[Membership | Appointment] = [*plan.stay, *plan.leave, *plan.ending]
    for row in over:
        row.ends_on = max(plan.last, row.starts_on)
        row.save(update_fields=["ends_on"])
    for seat in plan.stay:
        belongs = {name: getattr(seat, name) for name in ("sector_id", "party_id", "committee_id", "group_id", "post")}
        Membership.objects.create(person_id=seat.person_id, term=term, starts_on=term.starts_on, **belongs)
    open_session(term, 1, by=by, now=now)
    entry = record(
        "term.roll_over", by=by, now=now, subject=str(number), starts_on=starts_on, document=document,
        stay=len(plan.stay), leave=len(plan.leave),
    )  # fmt: skip
    words = {"term": plan.old.name, "on": f"{plan.last:%Y年%m月%d日}"}
    notices.tell([seat.person_id for seat in plan.leave], entry, "members.seat_ended", now=now, **words)
    return term


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
