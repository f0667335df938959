from datetime import date, datetime

from django.db import IntegrityError, transaction

from members.audit import record
from members.errors import Refused
from members.models import Person, Session, Term
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
