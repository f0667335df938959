"""A committee's year: what happens to five hundred proposals, done on the engine and on the reference alike."""

import random
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from email.message import EmailMessage
from functools import partial
from heapq import heappop, heappush

from django.db import connection

from members.choices import Role
from members.inbox import engine as inbox
from members.models import Body, Person
from proposals.handling import clocks, engine, workdays
from proposals.handling.models import Assignment, CalendarDay, CalendarVersion, LadderStep, Matter, Obligation, TimeRule
from tests.factories import LONG_AGO, PersonFactory
from tests.handling import reference
from tests.handling.factories import ZONE, House, assignment, at, house, matter, unit

START, END = date(2026, 1, 5), date(2026, 12, 31)
OUTAGE = (at(date(2026, 6, 2), 10), at(date(2026, 6, 5), 10))
NEW_HOLIDAY, NEW_WORKDAY = date(2026, 6, 3), date(2026, 6, 6)
PLENARY = date(2026, 2, 27)


class Ledger:
    """Takes every mail and remembers which."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def open(self) -> None:
        pass

    def deliver(self, mail: EmailMessage) -> None:
        self.taken.append(mail["Message-ID"])

    def close(self) -> None:
        pass


@dataclass
class Counts:
    """How much of everything happened."""

    commands: int = 0
    extensions: int = 0
    objections: int = 0
    transfers: int = 0
    edits: int = 0


@dataclass
class World:
    """Both accounts of the same year."""

    seed: int
    proposals: int
    home: House = field(default_factory=house)
    counts: Counts = field(default_factory=Counts)
    ledger: Ledger = field(default_factory=Ledger)
    acts: list[tuple[datetime, int, Callable[[datetime], None]]] = field(default_factory=list)
    planned: int = 0
    rows: dict[int, Obligation] = field(default_factory=dict)
    of: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    ended: dict[int, datetime] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.book = reference.Book(_days())
        self.units = [unit() for _ in range(max(4, self.proposals // 12))]
        self.people = [PersonFactory() for _ in range(max(6, self.proposals // 5))]
        self.ladders = _ladders()
        self.rules = {rule.code: rule for rule in TimeRule.objects.all()}
        self._post_everybody()

    # who is where

    def _post_everybody(self) -> None:
        home = self.home
        self.post(home.officer, home.office, Role.ASSIGNING_OFFICER)
        self.post(home.staff, home.proposal_office, Role.PROPOSAL_STAFF)
        self.post(home.admin, home.admin.appointments.get().body, Role.SYSTEM_ADMINISTRATOR)
        for one in self.units:
            self.post(one.clerk, one.body, Role.UNIT_CLERK)
            self.post(one.head, one.body, Role.UNIT_HEAD)
        for one in self.random.sample(self.units, len(self.units) // 4):
            self.leave(one.clerk, date(2026, self.random.randint(3, 9), 15))
        for person in [home.officer, *(one.clerk for one in self.units[::8])]:
            person.mail = f"p{person.pk}@example.test"
            person.save()
            self.book.channels[person.pk] = ("inapp", "email")

    def post(self, person: Person, body: Body, role: str) -> None:
        self.book.posts.append(reference.Post(person.pk, body.pk, role, LONG_AGO))

    def leave(self, person: Person, until: date) -> None:
        person.appointments.update(ends_on=until)
        self.book.posts = [
            reference.Post(post.person, post.body, post.role, post.since, until) if post.person == person.pk else post
            for post in self.book.posts
        ]

    # the acts, each on both accounts

    def start(
        self, now: datetime, case: Matter, *codes: str, held: Assignment | None = None, body: Body | None = None,
        person: Person | None = None, round: int = 1, fixed: date | None = None,
    ) -> list[int]:  # fmt: skip
        """Start clocks of one holder together, as a hand-over does; `fixed` is the last day of the reply."""
        wanted = [
            clocks.Wanted(
                case, code, now.date(), assignment=held, round=round, body=body, person=person,
                fixed_on=fixed if code == "reply" else None,
            )
            for code in codes
        ]  # fmt: skip
        rows = clocks.start_many(wanted, by=None, now=now)
        for row in rows:
            self._started(row, case, now)
        return [row.pk for row in rows]

    def _started(self, row: Obligation, case: Matter, now: datetime) -> None:
        rule = self.rules[row.stage]
        slow = reference.Case(
            row.pk,
            reference.Limit(rule.unit, rule.amount),
            now.date(),
            now.date(),
            self.ladders.get(rule.ladder_id or 0, ()),
            stage=row.stage,
            body=row.holder_body_id,
            person=row.holder_person_id,
            office=self.home.office.pk,
            fixed=row.fixed_on,
        )
        if row.stage == "co_opinion":
            leads = [self.book.cases[pk].due for pk in self.running(case) if self.rows[pk].stage == "reply"]
            slow.lead_due = min(leads, default=None)
        self.rows[row.pk] = row
        self.of[case.pk].append(row.pk)
        self.book.open(slow, now)
        if row.stage == "reply":
            self.followers_follow(case, slow.due, now)
        self.counts.commands += 1

    def running(self, case: Matter) -> list[int]:
        return [pk for pk in self.of[case.pk] if self.book.cases[pk].state != "ended"]

    def followers_follow(self, case: Matter, lead_due: date, now: datetime, *, act: str = "") -> None:
        for pk in self.running(case):
            if self.rows[pk].stage == "co_opinion" and self.book.cases[pk].lead_due != lead_due:
                self.book.cases[pk].lead_due = lead_due
                if self.book.change(self.book.cases[pk], now) and act:
                    self.book.announce(self.book.cases[pk], now, act)

    def is_running(self, pk: int) -> bool:
        return self.book.cases[pk].state != "ended"

    def complete(self, now: datetime, pk: int) -> None:
        if self.is_running(pk):
            clocks.complete(self.rows[pk], by=None, now=now)
            self._ended(now, pk)

    def cancel(self, now: datetime, pk: int) -> None:
        if self.is_running(pk):
            clocks.cancel(self.rows[pk], by=None, now=now, reason="调整")
            self._ended(now, pk)

    def _ended(self, now: datetime, pk: int) -> None:
        self.book.end(self.book.cases[pk])
        self.ended[pk] = now
        self.counts.commands += 1

    def close(self, now: datetime, case: Matter) -> None:
        clocks.cancel_all(matter=case, by=None, now=now, reason="办结")
        for pk in self.running(case):
            self._ended(now, pk)

    def pause(self, now: datetime, pk: int) -> None:
        if self.book.cases[pk].state == "open":
            clocks.pause(self.rows[pk], by=None, now=now, reason="送审")
            self.book.pause(self.book.cases[pk], now.date())
            self.counts.commands += 1

    def resume(self, now: datetime, pk: int) -> None:
        slow = self.book.cases[pk]
        if slow.state == "paused":
            clocks.resume(self.rows[pk], by=None, now=now)
            slow.note("resume", now.date())
            slow.state = "open"
            self.moved(pk, now)

    def extend(self, now: datetime, pk: int) -> None:
        slow = self.book.cases[pk]
        if slow.state == "ended" or now.date() > slow.due:
            return
        by_date = self.random.random() < 0.4
        to_on = slow.due + timedelta(days=self.random.randint(5, 25))
        if by_date:
            clocks.extend(self.rows[pk], to_on=to_on, by=None, now=now, reason="x")
            slow.note("extend", now.date(), to_on=to_on)
        else:
            clocks.extend(self.rows[pk], amount=1, by=None, now=now, reason="x")
            slow.note("extend", now.date(), amount=1)
        self.counts.extensions += 1
        self.moved(pk, now)
        if self.random.random() < 0.15:
            clocks.revoke(self.rows[pk], by=None, now=now, reason="x")
            slow.note("take_back", now.date(), takes_back=slow.changes[-1].seq)
            self.moved(pk, now)

    def moved(self, pk: int, now: datetime) -> None:
        self.counts.commands += 1
        if self.book.change(self.book.cases[pk], now) and self.rows[pk].stage == "reply":
            self.followers_follow(self.rows[pk].matter, self.book.cases[pk].due, now)

    def transfer(self, now: datetime, case: Matter, old: Body, new: Body) -> None:
        for pk in self.running(case):
            if self.book.cases[pk].body == old.pk:
                clocks.move_holder(self.rows[pk], new, by=None, now=now)
                self.book.cases[pk].body = new.pk
                self.counts.commands += 1
        self.counts.transfers += 1

    def edit_calendar(self, now: datetime, on: date, *, is_workday: bool) -> None:
        workdays.set_local_day(on, is_workday=is_workday, name="本地调整")
        while engine.refold(now=now):
            pass
        if is_workday:
            self.book.days.work.add(on)
        else:
            self.book.days.off.add(on)
        self.counts.edits += 1
        act = f"clocks:c{CalendarVersion.objects.get().version}"
        for pk in sorted(self.book.cases, key=lambda pk: (self.rows[pk].stage != "reply", pk)):
            slow = self.book.cases[pk]
            if slow.state == "ended" or not self.book.change(slow, now):
                continue
            self.book.announce(slow, now, act)
            if self.rows[pk].stage == "reply":
                self.followers_follow(self.rows[pk].matter, slow.due, now, act=act)

    # what is going to happen

    def plan(self) -> None:
        chosen = self.random.sample(range(self.proposals), self.proposals)
        some = self.proposals // 25
        extended, objecting = set(chosen[: 4 * some]), set(chosen[4 * some : 6 * some + 2])
        moved = set(chosen[6 * some + 2 : 7 * some + 4])
        for number in range(self.proposals):
            plenary = number < self.proposals * 3 // 5
            day = PLENARY if plenary else START + timedelta(days=self.random.randint(0, 250))
            self.later(
                day,
                0,
                partial(self.give, extended=number in extended, objecting=number in objecting, moved=number in moved),
            )
        first, second = at(date(2026, 4, 20), 8), at(date(2026, 5, 26), 20)
        heappush(self.acts, (first, -2, lambda now: self.edit_calendar(now, NEW_HOLIDAY, is_workday=False)))
        heappush(self.acts, (second, -1, lambda now: self.edit_calendar(now, NEW_WORKDAY, is_workday=True)))

    def later(self, day: date, days: int, act: Callable[[datetime], None]) -> None:
        """Do `act` that many days after `day`, at some hour, also in the evening and at weekends."""
        moment = datetime.combine(
            day + timedelta(days=days), time(self.random.randint(8, 20), self.random.randint(1, 59)), ZONE
        )
        self.planned += 1
        heappush(self.acts, (moment, self.planned, act))

    def give(self, now: datetime, extended: bool, objecting: bool, moved: bool) -> None:
        case = matter(self.home)
        helpers = self.random.choice([0, 0, 0, 0, 1, 2])
        lead, *others = self.random.sample(self.units, 1 + helpers)
        fixed = date(2026, 6, 4) if now.date() == PLENARY and self.random.random() < 0.3 else None
        self.hand_to(now, case, lead.body, "lead" if helpers else "sole", extended, objecting, moved, fixed)
        for other in others:
            held = assignment(self.home, case, other.body, role="co")
            sign, opinion = self.start(now, case, "sign_for", "co_opinion", held=held, body=other.body)
            self.later(now.date(), self.random.randint(0, 7), partial(self.complete, pk=sign))
            self.later(now.date(), self.random.randint(8, 60), partial(self.complete, pk=opinion))

    def hand_to(
        self, now: datetime, case: Matter, body: Body, role: str, extended: bool, objecting: bool, moved: bool,
        fixed: date | None,
    ) -> None:  # fmt: skip
        held = assignment(self.home, case, body, role=role)
        given = now.date()
        met = ["first_contact"] if self.random.random() < 0.3 else []
        sign, reply, *contact = self.start(now, case, "sign_for", "reply", *met, held=held, body=body, fixed=fixed)
        if objecting:
            self.later(given, self.random.randint(1, 3), lambda then: self.object(then, case, held, sign, extended))
        self.later(
            given,
            self.random.randint(9 if objecting else 0, 16 if objecting else 8),
            lambda then: self.complete(then, sign),
        )
        if contact:
            self.later(given, self.random.randint(10, 45), lambda then: self.complete(then, contact[0]))
        answered = self.random.randint(55, 130)
        if extended:
            self.later(given, self.random.randint(20, 50), lambda then: self.extend(then, reply))
        if self.random.random() < 0.2:
            self.later(given, answered - 12, lambda then: self.pause(then, reply))
            self.later(given, answered - 6, lambda then: self.resume(then, reply))
        if moved:
            heir = self.random.choice([one.body for one in self.units if one.body != body])
            self.later(given, self.random.randint(5, 50), lambda then: self.transfer(then, case, body, heir))
        self.later(given, answered, lambda then: self.answer(then, case, held, reply))

    def object(self, now: datetime, case: Matter, held: Assignment, sign: int, extended: bool) -> None:
        self.pause(now, sign)
        [decision] = self.start(now, case, "objection_decision", held=held, body=self.home.office)
        self.counts.objections += 1
        upheld = self.random.random() < 0.5

        def decide(then: datetime) -> None:
            self.complete(then, decision)
            if upheld:
                for pk in self.running(case):
                    if self.rows[pk].assignment_id == held.pk:
                        self.cancel(then, pk)
                Assignment.objects.filter(pk=held.pk).update(ended_at=then, state="ended")
                held_before = set(Assignment.objects.filter(matter=case).values_list("unit", flat=True))
                fresh = self.random.choice([one.body for one in self.units if one.body.pk not in held_before])
                self.hand_to(then, case, fresh, held.role, extended, False, False, None)
            else:
                self.resume(then, sign)

        self.later(now.date(), self.random.randint(1, 10), decide)

    def answer(self, now: datetime, case: Matter, held: Assignment, reply: int) -> None:
        if not self.is_running(reply):
            return
        self.complete(now, reply)
        for person in self.random.sample(self.people, self.random.choice([0, 0, 1, 1, 2])):
            [form] = self.start(now, case, "evaluation", held=held, person=person)
            if self.random.random() < 0.6:
                self.later(now.date(), self.random.randint(1, 30), partial(self.complete, pk=form))
        if self.random.random() < 0.1:
            self.later(now.date(), 8, lambda then: self.dissatisfied(then, case, held))
        else:
            self.later(now.date(), self.random.randint(25, 40), lambda then: self.close(then, case))

    def dissatisfied(self, now: datetime, case: Matter, held: Assignment) -> None:
        [office] = self.start(now, case, "confirm_dissatisfaction", held=held, body=self.home.proposal_office)

        def confirm(then: datetime) -> None:
            self.close(then, case)
            [pk] = self.start(then, case, "rehandle", held=held, body=held.unit, round=2)
            self.later(then.date(), self.random.randint(15, 50), lambda at_last: self.complete(at_last, pk))

        self.later(now.date(), self.random.randint(0, 9), lambda then: self.complete(then, office))
        self.later(now.date(), 10, confirm)

    # the year goes by

    def run(self) -> None:
        """Acts happen between the engine's looks, three a day; mail goes out at one."""
        self.plan()
        for now in hours():
            if now.day == 1 and now.hour == 9:
                sweep()
            while self.acts and self.acts[0][0] < now:
                moment, _, act = heappop(self.acts)
                act(moment)
            if OUTAGE[0] <= now < OUTAGE[1]:
                continue
            if now.hour == 13:
                inbox.send(now=now, transport=self.ledger)
            engine.scan(now=now)
            self.book.tick(now)


def sweep() -> None:
    """What autovacuum does within a month; the simulated month is over in seconds."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE handling_obligation, handling_clockevent, handling_checkpoint, inbox_message")


def hours() -> Iterator[datetime]:
    day = START
    while day <= END:
        yield from (at(day, hour) for hour in (9, 13, 17))
        day += timedelta(days=1)


def _days() -> reference.Days:
    special = CalendarDay.objects.exclude(source="weekend").values_list("date", "is_workday")
    days = list(special)
    return reference.Days({day for day, works in days if not works}, {day for day, works in days if works})


def _ladders() -> dict[int, list[reference.Rung]]:
    found: dict[int, list[reference.Rung]] = {}
    for step in LadderStep.objects.all():
        rung = reference.Rung(
            step.pk,
            step.offset_workdays,
            step.severity,
            tuple(step.audience_rule),
            step.repeat_every or 0,
            step.max_repeats,
        )
        found.setdefault(step.ladder_id, []).append(rung)
    return found
