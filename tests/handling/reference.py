"""A slow, obvious reference of the clocks: it counts day by day and imports nothing of the engine.

Dates of a limit are found by walking the days one at a time; reminders by trying every moment of a ladder.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Any

DAY = timedelta(days=1)
CHINA = timezone(timedelta(hours=8))


@dataclass
class Days:
    """Which days are worked on: the holidays and make-up days, everything else by the weekday."""

    off: set[date] = field(default_factory=set)
    work: set[date] = field(default_factory=set)

    def worked(self, day: date) -> bool:
        if day in self.work:
            return True
        return day not in self.off and day.isoweekday() <= 5

    def on_or_after(self, day: date) -> date:
        while not self.worked(day):
            day += DAY
        return day

    def on_or_before(self, day: date) -> date:
        while not self.worked(day):
            day -= DAY
        return day

    def later(self, day: date, n: int) -> date:
        while n:
            day += DAY
            n -= self.worked(day)
        return day

    def earlier(self, day: date, n: int) -> date:
        while n:
            day -= DAY
            n -= self.worked(day)
        return day

    def between(self, start: date, end: date) -> int:
        """Workdays after `start` up to `end`."""
        count = 0
        while start < end:
            start += DAY
            count += self.worked(start)
        return count


def month_later(day: date, months: int) -> date:
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        if month == 13:
            year, month = year + 1, 1
        if month == 0:
            year, month = year - 1, 12
    number = day.day
    while True:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1


@dataclass(frozen=True)
class Limit:
    """A limit as the law states it."""

    unit: str
    amount: int
    before: bool = False
    rolls: bool = True


@dataclass(frozen=True)
class Change:
    """pause, resume, complete, cancel, reopen; extend (by amount, or to a day), take_back; new_rule; follow (a lead's day).

    An amount without `unit` is in the limit's own.
    """

    kind: str
    on: date
    seq: int
    amount: int = 0
    to_on: date | None = None
    takes_back: int | None = None
    unit: str = ""
    limit: Limit | None = None


@dataclass(frozen=True)
class Bound:
    """A follower ends so many workdays before its lead, yet never before its own first `floor` workdays."""

    workdays: int
    floor: int = 2


More = list[tuple[int, str]]
"""Extensions by amount, each with its unit."""


def due(
    limit: Limit,
    anchor: date,
    changes: Sequence[Change],
    days: Days,
    fixed: date | None = None,
    bound: Bound | None = None,
) -> date:
    """Walk from the anchor (or from the date a decision set) to the last day."""
    gone = {change.takes_back for change in changes if change.kind == "take_back"}
    known = sorted((c for c in changes if c.seq not in gone), key=lambda c: (c.on, c.seq))
    by_seq = sorted(known, key=lambda c: c.seq)
    for change in by_seq:
        if change.kind == "new_rule" and change.limit:
            limit = change.limit
    stopped = standing_days(known)
    more: More = []
    last, since = fixed, date.min
    for change in known:
        if change.kind != "extend":
            continue
        if change.to_on is None:
            more.append((change.amount, change.unit or limit.unit))
            continue
        until_now = {day for day in stopped if since <= day < change.on}
        if change.to_on > walk(limit, anchor, last, more, until_now, days):
            last, more, since = change.to_on, [], change.on
    end = walk(limit, anchor, last, more, {day for day in stopped if day >= since}, days)
    leads = [change.to_on for change in by_seq if change.kind == "follow"]
    if bound is None or not leads or leads[-1] is None:
        return end
    return max(min(end, days.earlier(leads[-1], bound.workdays)), min(end, days.later(anchor, bound.floor)))


def counting(limit: Limit, anchor: date, stopped: set[date]) -> set[date]:
    """Of the days on which the clock stood, those that the limit would have counted."""
    return {day for day in stopped if day > anchor or (day == anchor and not limit.amount)}


def standing_days(changes: Iterable[Change]) -> set[date]:
    """Every day on which the clock stood: from the day it was stopped, without the day it went on.

    What was ended stands until it is opened again, whoever resumes it.
    """
    known = list(changes)
    return between(known, {"pause"}, {"resume", "reopen"}) | between(known, {"complete", "cancel"}, {"reopen"})


def between(changes: Iterable[Change], stops: set[str], starts: set[str]) -> set[date]:
    found: set[date] = set()
    stopped: date | None = None
    for change in changes:
        if change.kind in stops and stopped is None:
            stopped = change.on
        elif change.kind in starts and stopped is not None:
            while stopped < change.on:
                found.add(stopped)
                stopped += DAY
            stopped = None
    return found


def on_by(day: date, amount: int, unit: str, days: Days) -> date:
    """The day `amount` units away."""
    if unit == "month":
        return month_later(day, amount)
    if unit == "day":
        return day + amount * DAY
    if amount == 0:
        return day
    return days.later(day, amount) if amount > 0 else days.earlier(day, -amount)


def walk(limit: Limit, anchor: date, last: date | None, more: More, stopped: set[date], days: Days) -> date:
    own = sum(amount for amount, unit in more if unit == limit.unit)
    others = [(amount, unit) for amount, unit in more if unit != limit.unit]
    if not limit.before and limit.unit == "workday" and not others and (last is None or limit.rolls):
        return walk_workdays(limit, anchor, last, own, stopped, days)
    end = unpaused(limit, anchor, last, own, days)
    for amount, unit in others:
        end = on_by(end, amount, unit, days)
    if not limit.before:
        end = put_off(limit, anchor, end, stopped, days)
    return rolled(limit, end, days)


def rolled(limit: Limit, day: date, days: Days) -> date:
    if not limit.rolls:
        return day
    return days.on_or_before(day) if limit.before else days.on_or_after(day)


def unpaused(limit: Limit, anchor: date, last: date | None, own: int, days: Days) -> date:
    """Where the period, or the date that was set, ends with the extensions in its own unit."""
    if last is not None:
        return on_by(rolled(limit, last, days) if limit.unit == "workday" else last, own, limit.unit, days)
    amount = -(limit.amount - own) if limit.before else limit.amount + own
    if limit.unit == "workday" and amount == 0:
        return days.on_or_after(anchor)
    return on_by(anchor, amount, limit.unit, days)


def walk_workdays(limit: Limit, anchor: date, last: date | None, more: int, stopped: set[date], days: Days) -> date:
    """The day on which the last workday of the period is used up; days on which the clock stood use up none."""
    skipped = counting(limit, anchor, stopped)
    if last is not None:
        day = days.on_or_after(last)
        left, today, first = days.between(date(last.year - 1, 1, 1), day) + more, date(last.year - 1, 1, 1), False
    else:
        left, today, first = limit.amount + more, anchor, limit.amount == 0 and more == 0
    if first:
        left, today = 1, anchor - DAY
    while left:
        today += DAY
        if days.worked(today) and today not in skipped:
            left -= 1
    return today


def put_off(limit: Limit, anchor: date, end: date, stopped: set[date], days: Days) -> date:
    """Put an end off by each day (each workday) that the clock stood before it had run out."""
    counted = counting(limit, anchor, stopped)
    for day in sorted(stopped):
        last = rolled(limit, end, days)
        if day > last and day - DAY not in counted:
            break
        if day > end and day - DAY not in counted:
            end = last
        if day in counted and limit.unit == "workday":
            end = days.later(end, int(days.worked(day)))
        elif day in counted:
            end += DAY
    return end


# reminders ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Rung:
    """A step of a ladder: `offset` workdays from the last day, at nine, repeated `times` times."""

    name: int
    offset: int
    severity: int
    audience: tuple[str, ...]
    every: int = 0
    times: int = 1
    only_for_office: bool = False


CONCERNED = Rung(0, 0, 0, ("handler", "assigning_office"))
HOLDER_ALONE = Rung(0, 0, 0, ("handler",))
COMMITTEE_ONLY = {"evaluation", "confirm_dissatisfaction"}
"""Limits of which no assigning office hears, whoever is missing."""
UNIT_ONLY = {"internal"}
"""And those that are nobody's outside the unit."""


@dataclass(frozen=True)
class Post:
    """Somebody's place: a role in a body for a time."""

    person: int
    body: int
    role: str
    since: date
    until: date = date.max


@dataclass
class Case:
    """One running limit."""

    name: int
    limit: Limit
    anchor: date
    started: date
    rungs: Sequence[Rung]
    stage: str = ""
    body: int | None = None
    person: int | None = None
    office: int | None = None
    fixed: date | None = None
    changes: list[Change] = field(default_factory=list)
    lead_due: date | None = None
    state: str = "open"
    epoch: int = 1
    due: date = date.min
    handled: set[tuple[int, int]] = field(default_factory=set)
    planned: list[tuple[datetime, int, int, int]] = field(default_factory=list)
    wakes: datetime | None = None

    def note(self, kind: str, on: date, **details: Any) -> None:
        self.changes.append(Change(kind, on, seq=len(self.changes) + 2, **details))


@dataclass
class Book:
    """All limits and posts, and every message that ought to be written."""

    days: Days
    posts: list[Post] = field(default_factory=list)
    channels: dict[int, tuple[str, ...]] = field(default_factory=dict)
    cases: dict[int, Case] = field(default_factory=dict)
    facts: set[str] = field(default_factory=set)
    sendings: set[str] = field(default_factory=set)

    def open(self, case: Case, now: datetime) -> None:
        self.cases[case.name] = case
        case.due = self.last_day(case)
        self.look_ahead(case, now)

    def last_day(self, case: Case) -> date:
        own = due(case.limit, case.anchor, case.changes, self.days, case.fixed)
        if case.lead_due is None:
            return own
        earliest = min(own, self.days.later(case.anchor, 2))
        return max(earliest, min(own, self.days.earlier(case.lead_due, 10)))

    def end(self, case: Case) -> None:
        case.state, case.wakes = "ended", None

    def pause(self, case: Case, on: date) -> None:
        case.note("pause", on)
        case.state, case.wakes = "paused", None

    def change(self, case: Case, now: datetime) -> bool:
        """Work the last day out again; a different one begins a new epoch."""
        new = self.last_day(case)
        moved = new != case.due
        if moved:
            case.due, case.epoch, case.handled = new, case.epoch + 1, set()
        self.look_ahead(case, now)
        return moved

    def look_ahead(self, case: Case, now: datetime) -> None:
        case.planned = sorted(self.plan(case))
        left = [one[0] for one in case.planned if one[2:] not in case.handled]
        case.wakes = None
        if left and case.state == "open":
            case.wakes = left[0] if left[0] > now else self.office_opens(now)

    def plan(self, case: Case) -> Iterable[tuple[datetime, int, int, int]]:
        for rung in case.rungs:
            for n in range(1, rung.times + 1):
                far = rung.offset + rung.every * (n - 1)
                if far < 0:
                    day = self.days.earlier(case.due, -far)
                else:
                    day = self.days.later(case.due, far) if far else self.days.on_or_before(case.due)
                if day > case.started or rung.offset >= 0:
                    yield datetime(day.year, day.month, day.day, 9, tzinfo=CHINA), rung.severity, rung.name, n

    def office_opens(self, now: datetime) -> datetime:
        """The next minute at which the office is open, from `now` on."""
        local = now.astimezone(CHINA)
        while not (self.days.worked(local.date()) and 540 <= local.hour * 60 + local.minute <= 1050):
            local = (local + timedelta(minutes=1)).replace(second=0, microsecond=0)
        return local

    def tick(self, now: datetime) -> None:
        """Look at every limit and write what is due."""
        for case in self.cases.values():
            if case.wakes is not None and case.wakes <= now:
                self.fire(case, now)

    def fire(self, case: Case, now: datetime) -> None:
        come = [one for one in case.planned if one[2:] not in case.handled and one[0] <= now]
        if come:
            _, _, name, n = max(come, key=lambda one: (one[1], one[0], one[3], one[2]))
            case.handled |= {one[2:] for one in come}
            rung = next(rung for rung in case.rungs if rung.name == name)
            self.tell(case, rung, n, now)
        left = [one[0] for one in case.planned if one[2:] not in case.handled]
        case.wakes = left[0] if left else None

    def tell(self, case: Case, rung: Rung, n: int, now: datetime) -> None:
        today = now.astimezone(CHINA).date()
        people, vacant = self.audience(case, rung, today)
        for person in people:
            self.write(f"o{case.name}:e{case.epoch}:s{rung.name}:n{n}", person, now)
        if vacant is not None:
            for person in self.holding(today, {"system_administrator"}):
                self.write(f"vacant:b{vacant}:{today}", person, now)

    def announce(self, case: Case, now: datetime, act: str) -> None:
        """Tell whom it concerns that an act from afar has moved the last day: the holder and the assigning office.

        The office is left out where the limit is none of its business.
        """
        rung = HOLDER_ALONE if case.stage in COMMITTEE_ONLY | UNIT_ONLY else CONCERNED
        people = {case.person} if case.person else self.audience(case, rung, now.astimezone(CHINA).date())[0]
        for person in people:
            for channel in self.channels.get(person, ("inapp",)):
                self.facts.add(f"moved:o{case.name}:{case.due}:p{person}:{channel}")
                self.sendings.add(f"{act}:p{person}:{channel}")

    def write(self, stem: str, person: int, now: datetime) -> None:
        hour = now.astimezone(CHINA).strftime("%Y-%m-%dT%H")
        for channel in self.channels.get(person, ("inapp",)):
            key = f"{stem}:p{person}:{channel}"
            if key not in self.facts:
                self.facts.add(key)
                self.sendings.add(f"digest:p{person}:{channel}:{hour}")

    def holding(self, today: date, roles: set[str], body: int | None = None) -> set[int]:
        return {
            post.person
            for post in self.posts
            if post.role in roles and post.since <= today <= post.until and (body is None or post.body == body)
        }

    def audience(self, case: Case, rung: Rung, today: date) -> tuple[set[int], int | None]:
        people: set[int] = set()
        vacant: int | None = None
        staff = self.holding(today, {"proposal_staff", "proposal_director"})
        officers = (self.holding(today, {"assigning_officer"}, case.office) if case.office else set()) or staff
        if case.stage in COMMITTEE_ONLY:
            officers = staff
        if case.stage in UNIT_ONLY:
            officers = staff = set()
        for whom in rung.audience:
            if whom == "assigning_office":
                people |= officers
            elif whom == "proposal_office":
                people |= staff
            elif whom == "person":
                people |= {case.person} if case.person else set()
            else:
                roles = {"unit_head", "proposal_director"}
                heads = self.holding(today, roles, case.body)
                workers = {"unit_clerk", "assigning_officer", "proposal_staff"}
                found = heads if whom == "holder_heads" else self.holding(today, workers, case.body)
                if not found and whom != "holder_heads":
                    vacant = case.body
                people |= found or heads or officers
        return people, vacant
