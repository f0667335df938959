"""A believable year, told through the same actions that people use, each at its own moment.

The story ends today, so that a newcomer finds matters at every stage: due, late, objected to, answered, closed.
"""

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Any

from django.utils import timezone

from members.choices import Role
from members.inbox import engine as mailroom
from members.inbox.models import Message, State
from members.models import Body, Person, Session
from proposals import actions as front
from proposals.actions.settings import add_row
from proposals.handling import actions as handling
from proposals.handling import engine, official
from proposals.handling.eyes import eyes
from proposals.handling.models import (
    Assignment,
    Commitment,
    EvaluationRound,
    Obligation,
    PaperKind,
    Reason,
    Reply,
    ReplyPoint,
    ResultClass,
)
from proposals.models import Category, CoSignature, Proposal, Publication, Status, Text
from proposals.reports import actions as opinions
from proposals.reports.models import Opinion
from proposals.vocabularies import BY_KEY

from .bulletins import leave_bulletins
from .handed_down import leave_handed_down
from .honours import leave_honours
from .keys import tell_of_keys
from .on_the_way import leave_on_the_way
from .opinions import leave_opinions
from .outcomes import leave_outcomes
from .own_letters import bring_letters
from .people import People, make_session
from .reports import leave_reports
from .sent_up import leave_sent_up
from .texts import Draft, Writer

FRIDAY = 4
SIZES = {"city": 60, "province": 400}
GRADES = ("satisfied", "satisfied", "satisfied", "basic", "satisfied", "dissatisfied", "basic", "satisfied")
CLASSES = ("A", "A", "B", "B", "C", "A", "A", "B", "B", "E")
CATEGORIES = {
    "经济发展": "经济建设",
    "农业农村": "经济建设",
    "文化旅游": "文化建设",
    "生态环境": "生态文明建设",
}
Step = Callable[[datetime], None]


@dataclass
class Stage:
    """Everything the story needs at hand."""

    people: People
    writer: Writer
    session: Session
    members: list[Person]
    staff: Person
    director: Person
    reader: Person
    today: date
    handed_on: date
    agenda: list[tuple[datetime, int, Step]] = field(default_factory=list)
    order: "itertools.count[int]" = field(default_factory=itertools.count)
    coordinating: bool = False

    def plan(self, day: date, step: Step, *, hour: int = 10) -> None:
        """Put `step` on the agenda of that day; what lies in the future does not happen."""
        moment = timezone.make_aware(datetime.combine(day, time(hour, 5)))
        if day < self.today:
            heapq.heappush(self.agenda, (moment, next(self.order), step))


def tell(*, size: int, seed: int, now: datetime, say: Callable[[str], None]) -> int:
    """Tell the story up to yesterday and return the number of proposals."""
    stage = set_up(size, seed, now)
    plenary = size * 3 // 4
    for number in range(size):
        begin(stage, number, plenary=number < plenary)
    stage.plan(stage.handed_on, lambda at: hand_over_all(stage, at), hour=14)
    stage.plan(stage.session.opens_on or stage.today, lambda at: group_reviewers(stage, at), hour=8)
    tell_of_keys(stage.plan, staff=stage.staff, account=stage.people.account, on=stage.handed_on)
    run(stage, say)
    evening = timezone.make_aware(datetime.combine(stage.today - timedelta(days=1), time(18)))
    leave_on_the_way(stage.people, partial(draft_reply, stage), evening)
    leave_honours(stage.session, stage.staff, evening)
    leave_sent_up(stage.session, stage.staff, evening)
    bring_letters(stage.people, evening)
    leave_handed_down(stage.people, evening)
    leave_opinions(stage.people, stage.members, evening)
    leave_outcomes(stage.people, stage.members, evening)
    accepted = leave_reports(stage.people, stage.members, evening)
    leave_bulletins(stage.people, accepted, evening)
    hand_over_by_mistake(stage, evening)
    return Proposal.objects.filter(matter__session=stage.session).count()


def set_up(size: int, seed: int, now: datetime) -> Stage:
    today = timezone.localdate(now)
    opens, since = today - timedelta(days=118), today - timedelta(days=400)
    session = make_session(
        opens, opens + timedelta(days=4), submissions_open_on=opens - timedelta(days=60), since=since
    )
    session.submissions_close_at = timezone.make_aware(datetime.combine(opens + timedelta(days=3), time(18)))
    session.save(update_fields=["submissions_close_at"])
    keep_two_passes(now)
    writer = Writer(seed)
    people = People(writer, since=since)
    members = people.members(max(12, size // 3), session.term)
    list_remits(now)
    return Stage(
        people=people,
        writer=writer,
        session=session,
        members=members,
        staff=people.account(Role.PROPOSAL_STAFF),
        director=people.account(Role.PROPOSAL_DIRECTOR),
        reader=people.account(Role.SESSION_STAFF),
        today=today,
        handed_on=today - timedelta(days=88),
    )


REMITS = (
    ("市住建局", "城市停车设施建设管理", "停车、泊位", "“三定”规定第三条"),
    ("市民政局", "养老服务体系建设", "养老、老年、床位", "“三定”规定第二条"),
    ("市教育局", "中小学和幼儿园管理", "学校、幼儿园、托育", "“三定”规定第四条"),
    ("市生态环境局", "噪声和水污染防治", "噪声、污水、河道", "“三定”规定第五条"),
)


def list_remits(now: datetime) -> None:
    """A few lines of the catalogue that allocation consults."""
    staff = Person.objects.get(username=Role.PROPOSAL_STAFF)
    given = [
        handling.RemitGiven(unit, subject, words, basis=basis)
        for name, subject, words, basis in REMITS
        if (unit := find_unit(name))
    ]
    handling.add_remits(given, starts_on=timezone.localdate(now) - timedelta(days=300), by=staff, now=now)


def keep_two_passes(now: datetime) -> None:
    """A first pass advises, by category; the pass that was there decides."""
    if len(front.passes()) == 1:
        director = Person.objects.get(username=Role.PROPOSAL_DIRECTOR)
        add_row(BY_KEY["passes"], {"name": "初审", "order": 0}, by=director, now=now)


def group_reviewers(stage: Stage, at: datetime) -> None:
    """The staff of the session share the categories; the last one is read by two."""
    categories = list(Category.objects.filter(ended_on=None).order_by("order", "pk"))
    half = len(categories) // 2
    groups = {category: [stage.reader if place < half else stage.staff] for place, category in enumerate(categories)}
    groups[categories[-1]] = [stage.staff, stage.reader]
    front.set_groups(stage.session, groups, by=stage.director, now=at)


def run(stage: Stage, say: Callable[[str], None]) -> None:
    """Let everything happen in order; between the days the engine does what it would have done."""
    day = stage.agenda[0][0].date() if stage.agenda else stage.today
    first = day
    while stage.agenda:
        moment, _, step = heapq.heappop(stage.agenda)
        while day < timezone.localdate(moment):
            turn_the_page(day)
            day += timedelta(days=1)
            if (day - first).days % 30 == 0:
                say(f"演示故事：已到 {day:%Y年%m月%d日}")
        step(moment)
    while day < stage.today:
        turn_the_page(day)
        day += timedelta(days=1)


def turn_the_page(day: date) -> None:
    """What the engine does at the end of a day; a day on which nothing is due costs two questions."""
    evening = timezone.make_aware(datetime.combine(day, time(17, 45)))
    if Obligation.objects.filter(next_at__lte=evening).exists():
        engine.scan(now=evening)
    if Message.objects.filter(state=State.PENDING, not_before__lte=evening).exists():
        mailroom.send(now=evening)
    if day.weekday() == FRIDAY:
        handling.close_lapsed_rounds(now=evening)


# before hand-over -----------------------------------------------------------------------------------------------------


def begin(stage: Stage, number: int, *, plenary: bool) -> None:
    """A proposal is written some days before it is handed in; the last few are still drafts today."""
    chance = stage.writer.chance("days", number)
    opens = stage.session.opens_on
    assert opens is not None
    written = opens - timedelta(days=chance.randint(1, 30)) if plenary else _off_session_day(stage, number, chance)
    stage.plan(written, lambda at: write(stage, number, at), hour=9)


def _off_session_day(stage: Stage, number: int, chance: random.Random) -> date:
    """Off-session proposals come until this week; a third of them in the last fortnight."""
    return stage.today - timedelta(days=chance.randint(1, 12) if number % 3 == 0 else chance.randint(13, 80))


def write(stage: Stage, number: int, at: datetime) -> None:
    draft = stage.writer.proposal(number)
    proposer = stage.members[0] if number % 9 == 0 else stage.members[number % len(stage.members)]
    proposal = front.begin(front.Behind(person=proposer), by=proposer, now=at)
    details = front.Details(
        consents=number % 11 != 3,
        consent_reason="涉及尚在商谈的合作事项。" if number % 11 == 3 else "",
        category=Category.objects.get(name=CATEGORIES.get(draft.category, "社会建设")),
        wished_units=[unit for name in draft.units if (unit := find_unit(name))],
    )
    asked = "居民代表的联系电话是13800001234。" if number % 4 == 3 else ""
    text = Text(draft.title[:50], draft.situation + asked, draft.analysis, draft.suggestions)
    proposal = front.save_text(proposal, text, version=None, by=proposer, now=at, details=details)
    day = timezone.localdate(at)
    if number % 4 == 0:
        invite(stage, proposal, number, at)
    if number % 17 != 16:
        stage.plan(day + timedelta(days=3), lambda later: submit(stage, proposal, number, draft, later), hour=15)


def invite(stage: Stage, proposal: Proposal, number: int, at: datetime) -> None:
    """Two members are asked; one in five declines."""
    proposer = proposal.matter.participants.get(role="first").person
    assert proposer is not None
    asked = [stage.members[(number + step) % len(stage.members)] for step in (3, 5)]
    if number % 8 == 0:
        asked.append(stage.members[0])
    rows = front.invite(proposal, [one for one in dict.fromkeys(asked) if one != proposer], by=proposer, now=at)
    for place, row in enumerate(rows):
        if (number + place) % 7 != 6:
            agrees = (number + place) % 5 != 4
            day = timezone.localdate(at) + timedelta(days=1)
            stage.plan(day, partial(answer_invitation, row, agrees))


def answer_invitation(row: CoSignature, agrees: bool, at: datetime) -> None:
    row.refresh_from_db()
    if row.person is not None and row.state == CoSignature.State.INVITED:
        front.answer_invitation(row, agrees=agrees, shown_hash=row.text_hash, by=row.person, now=at)


def submit(stage: Stage, proposal: Proposal, number: int, draft: Draft, at: datetime) -> None:
    proposal.refresh_from_db()
    proposer = proposal.matter.participants.get(role="first").person
    assert proposer is not None
    front.submit(proposal, not_secret=True, by=proposer, now=at)
    day = timezone.localdate(at) + timedelta(days=2)
    stage.plan(day, lambda later: advise(stage, proposal, number, draft, later), hour=10)
    day = timezone.localdate(at) + timedelta(days=3 + number % 5)
    stage.plan(day, lambda later: review(stage, proposal, number, draft, later), hour=11)


def advise(stage: Stage, proposal: Proposal, number: int, draft: Draft, at: datetime) -> None:
    """The first pass sorts: category, units, a ground where it should not be filed, now and then a key candidate."""
    proposal.refresh_from_db()
    front.claim(proposal, by=stage.reader, now=at)
    proposal.refresh_from_db()
    way = advice_for(number)
    use = front.GROUNDS.get(way)
    front.advise(
        proposal,
        advice=way,
        reason=Reason.objects.filter(use=use).order_by("pk")[number % 3 if use == "decline" else 0] if use else None,
        category=proposal.category or Category.objects.order_by("order")[0],
        units=list(dict.fromkeys(unit for name in draft.units if (unit := find_unit(name)))),
        key_candidate=way == "file" and number % 12 == 3,
        text="事实清楚，建议具体。" if way == "file" else "",
        by=stage.reader,
        now=at,
    )


def advice_for(number: int) -> str:
    """What the first pass recommends; the decision follows it."""
    if number % 19 == 7:
        return "return"
    if number % 23 == 9:
        return "decline"
    return {11: "turn", 24: "lead"}.get(number % 29, "file")


def review(stage: Stage, proposal: Proposal, number: int, draft: Draft, at: datetime) -> None:
    """Most are filed; some go back, are declined, or are withdrawn."""
    proposal.refresh_from_db()
    staff = stage.staff
    front.claim(proposal, by=staff, now=at)
    proposal.refresh_from_db()
    way = advice_for(number)
    if way == "return":
        reason = Reason.objects.filter(use="return").order_by("pk")[0]
        text = stage.writer.reason(number, "return")
        front.send_back(proposal, reason=reason, text=text, by=staff, now=at)
        if number % 2:
            again = timezone.localdate(at) + timedelta(days=4)
            stage.plan(again, lambda later: submit(stage, proposal, number + 1, draft, later), hour=15)
    elif way == "decline":
        ground = Reason.objects.filter(use="decline").order_by("pk")[number % 5]
        front.decline(proposal, ground=ground, text=stage.writer.reason(number, "decline"), by=staff, now=at)
    elif way == "turn":
        front.turn(proposal, consent="电话征得提案者同意", text="内容适合作为意见建议办理。", by=staff, now=at)
        opinion = Opinion.objects.select_related("matter").get(origin=proposal.matter)
        day = timezone.localdate(at)
        stage.plan(day + timedelta(days=4), lambda later: pass_on(stage, opinion, later))
        if number % 2:
            stage.plan(day + timedelta(days=18), lambda later: answer(stage, opinion, later))
    elif way == "lead":
        front.turn(proposal, way="lead", consent="电话征得提案者同意", text="适合以社情民意反映。", by=staff, now=at)
    else:
        front.file_uncontested(proposal, by=staff, now=at)
        day = timezone.localdate(at) + timedelta(days=2)
        if number % 13 != 12:
            stage.plan(day, lambda later: allocate(stage, proposal, number, draft, later), hour=16)


def find_unit(name: str) -> Body | None:
    return Body.objects.match(name)[0]


def allocate(stage: Stage, proposal: Proposal, number: int, draft: Draft, at: datetime) -> None:
    proposal.refresh_from_db()
    if proposal.status != Status.FILED:
        return
    units = list(dict.fromkeys(unit for name in draft.units if (unit := find_unit(name))))
    if number % 6 == 0:
        units = [stage.people.account(Role.UNIT_CLERK).appointments.get().body, *units]
    units = list(dict.fromkeys(units))[:3]
    roles = ["sole"] if len(units) == 1 else ["lead"] + ["co"] * (len(units) - 1)
    if number % 31 == 5 and len(units) > 1:
        roles = ["split"] * len(units)
    shares = [front.Share(unit, role) for unit, role in zip(units, roles, strict=True)]
    front.allocate(proposal, shares, by=stage.staff, now=at)
    if proposal.off_session:
        day = timezone.localdate(at) + timedelta(days=2)
        stage.plan(day, lambda later: hand_over(stage, [proposal], later), hour=14)


def hand_over_all(stage: Stage, at: datetime) -> None:
    """The assignment meeting: everything allocated goes out with one fixed date."""
    rows = Proposal.objects.filter(status=Status.FILED, off_session=False, allocation__isnull=False).distinct()
    due = stage.today + timedelta(days=9)
    hand_over(stage, list(rows.order_by("pk")), at, fixed_on=due, name="十五届一次会议提案交办")


def hand_over(
    stage: Stage, proposals: list[Proposal], at: datetime, *, fixed_on: date | None = None, name: str = ""
) -> None:
    ready = list(Proposal.objects.filter(pk__in=[row.pk for row in proposals], status=Status.FILED))
    if not ready:
        return
    batch, _ = front.hand_over(
        ready, session=stage.session, by=stage.staff, now=at, fixed_on=fixed_on, name=name,
        notice="请各承办单位按时签收、加强沟通、逐条答复。" if name else "",
    )  # fmt: skip
    for proposal in batch.proposals.order_by("pk"):
        for assignment in proposal.matter.assignments.order_by("pk"):
            follow(stage, assignment, at)


def hand_over_by_mistake(stage: Stage, at: datetime) -> None:
    """What waits for its hand-over went out under a wrong name, and came back before a unit had heard of it."""
    rows = Proposal.objects.filter(status=Status.FILED, allocation__isnull=False).distinct().order_by("pk")[:2]
    if not rows:
        return
    batch, _ = front.hand_over(list(rows), session=stage.session, by=stage.staff, now=at, name="平时提案交办（误发）")
    minute = at + timedelta(minutes=1)
    front.undo_hand_over(batch, reason="批次名称填错，改正后重新交办。", by=stage.staff, now=minute)


# in the units' hands --------------------------------------------------------------------------------------------------


def follow(stage: Stage, assignment: Assignment, at: datetime) -> None:
    """What this unit will do, and when; some sign late, some object, some have not begun."""
    number = assignment.pk
    chance = stage.writer.chance("unit", number)
    day = timezone.localdate(at)
    disputed = not stage.coordinating and timedelta(days=8) < stage.today - day < timedelta(days=25)
    stage.coordinating |= disputed
    if number % 16 == 5 or disputed:
        stage.plan(day + timedelta(days=3), lambda later: object_to(stage, assignment, later, disputed=disputed))
    signs = day + timedelta(days=chance.randint(1, 3) if number % 10 else 7)
    stage.plan(signs, lambda later: sign_for(stage, assignment, later))
    if assignment.answers and number % 6:
        stage.plan(day + timedelta(days=chance.randint(8, 30)), lambda later: contact(stage, assignment, later))
    if not assignment.answers and number % 5:
        stage.plan(day + timedelta(days=chance.randint(9, 32)), lambda later: opinion(stage, assignment, later))
    if assignment.answers and number % 3:
        stage.plan(day + timedelta(days=chance.randint(34, 86)), lambda later: reply(stage, assignment, later))
    elif assignment.answers and number % 2:
        stage.plan(day + timedelta(days=80), lambda later: ask_extension(stage, assignment, later))


def fresh(assignment: Assignment, *states: str) -> Assignment | None:
    """The assignment as it is now, if it is still in one of `states`."""
    return (
        Assignment.objects.select_related("matter", "unit", "office").filter(pk=assignment.pk, state__in=states).first()
    )


def sign_for(stage: Stage, assignment: Assignment, at: datetime) -> None:
    if row := fresh(assignment, "pending"):
        if row.objections.filter(state__in=["open", "deciding", "coordinating"]).exists():
            return
        handling.sign_for(row, by=stage.people.in_unit(row.unit), now=at)


def pass_on(stage: Stage, opinion: Opinion, at: datetime) -> None:
    opinions.pass_on(opinion, to="市民政局", by=stage.staff, now=at)


def answer(stage: Stage, opinion: Opinion, at: datetime) -> None:
    text = "所提建议已研究，有关内容列入下一年度工作安排，感谢您的关心。"
    opinions.answer(opinion, text=text, by=stage.staff, now=at)


def object_to(stage: Stage, assignment: Assignment, at: datetime, *, disputed: bool = False) -> None:
    row = fresh(assignment, "pending", "signed")
    if row is None:
        return
    others = Body.objects.units().exclude(pk__in=row.matter.assignments.values("unit")).order_by("pk")
    suggested = others[assignment.pk % 20]
    objection = handling.object_to(
        row, reason=Reason.objects.filter(use="objection").order_by("pk")[0],
        text=stage.writer.reason(row.pk, "objection", str(suggested)), approved_by="单位负责人", suggested=suggested,
        by=stage.people.in_unit(row.unit), now=at,
    )  # fmt: skip
    day = timezone.localdate(at)

    def answer(later: datetime) -> None:
        objection.refresh_from_db()
        accepts = row.pk % 32 == 5 and not disputed
        handling.answer_objection(
            objection, accepts=accepts, text="" if accepts else "不属于本单位职责。",
            by=stage.people.in_unit(suggested), now=later,
        )  # fmt: skip

    def decide(later: datetime) -> None:
        objection.refresh_from_db()
        officer = stage.people.officer(row.office)
        if disputed:
            coordinate(stage, row, [suggested, others[(row.pk + 1) % 20]], later)
        elif objection.suggested_accepts:
            new = handling.uphold_objection(objection, unit=suggested, text="同意调整。", by=officer, now=later)
            follow(stage, new, later)
        else:
            handling.refuse_objection(objection, text="属于你单位职责，请继续办理。", by=officer, now=later)
            stage.plan(timezone.localdate(later) + timedelta(days=1), lambda at: sign_for(stage, row, at))

    stage.plan(day + timedelta(days=2), answer)
    stage.plan(day + timedelta(days=5), decide)


def coordinate(stage: Stage, row: Assignment, units: list[Body], at: datetime) -> None:
    """A meeting is called about a matter that nobody wants; one of the units has said what it thinks of it."""
    on = timezone.localdate(at)
    meeting = handling.call_coordination(
        row, meets_on=on + timedelta(days=7), place="市政府三楼会议室", units=units,
        by=stage.people.officer(row.office), now=at,
    )  # fmt: skip
    opinion = meeting.opinions.order_by("pk")[0]

    def answer(later: datetime) -> None:
        handling.give_coordination_opinion(
            opinion, accepts=False, text="依据“三定”规定，该事项的牵头职责不在本单位，可以配合。",
            by=stage.people.in_unit(opinion.unit), now=later,
        )  # fmt: skip

    stage.plan(on + timedelta(days=2), answer)


def contact(stage: Stage, assignment: Assignment, at: datetime) -> None:
    if row := fresh(assignment, "signed"):
        record = handling.record_contact(
            row, when="during", mode=("symposium", "phone", "visit", "site")[row.pk % 4],
            held_on=timezone.localdate(at), persons="提案者、承办科室负责人",
            text=stage.writer.contact(row.pk, row.matter.title), by=stage.people.in_unit(row.unit), now=at,
        )  # fmt: skip
        first = row.matter.participants.filter(role="first").select_related("person").first()
        if first and first.person and row.pk % 3:
            person = first.person
            stage.plan(
                timezone.localdate(at) + timedelta(days=2),
                lambda later: void(
                    handling.confirm_contact(record, first, took_place=True, note="", by=person, now=later)
                ),
            )


def void(_: Any) -> None:
    """A step's answer that nobody waits for."""


def opinion(stage: Stage, assignment: Assignment, at: datetime) -> None:
    if row := fresh(assignment, "signed"):
        handling.send_opinion(row, text=stage.writer.opinion(row.pk), by=stage.people.in_unit(row.unit), now=at)


def ask_extension(stage: Stage, assignment: Assignment, at: datetime) -> None:
    if row := fresh(assignment, "signed"):
        obligation = row.obligations.filter(stage="reply", status="open").first()
        if obligation is not None and timezone.localdate(at) <= obligation.due_on:
            handling.ask_extension(
                row, to=obligation.due_on + timedelta(days=20), reason=stage.writer.reason(row.pk, "extension", "相关单位"),
                by=stage.people.in_unit(row.unit), now=at,
            )  # fmt: skip


def reply(stage: Stage, assignment: Assignment, at: datetime) -> None:
    row = fresh(assignment, "signed")
    if row is None:
        return
    letter = draft_reply(stage, row, at)
    promises = list(Commitment.objects.filter(point__reply=letter).order_by("pk"))
    handling.deliver_reply(letter, by=stage.people.in_unit(row.unit), now=at)
    for one in promises:
        keep(stage, one, at)
    if row.pk % 5 == 0:
        print_letter(row, stage.people.in_unit(row.unit), at)
    clerk, day = stage.people.in_unit(row.unit), timezone.localdate(at)
    stage.plan(day + timedelta(days=1), lambda later: disclose(stage, letter, clerk, later), hour=16)
    after = timezone.localdate(at) + timedelta(days=2 + row.pk % 9)
    stage.plan(after, lambda later: evaluate(stage, row, letter, later))


def draft_reply(stage: Stage, row: Assignment, at: datetime) -> Reply:
    """A whole reply with its promises, as the unit's clerk writes it."""
    clerk = stage.people.in_unit(row.unit)
    chosen = CLASSES[row.pk % len(CLASSES)]
    classes = {one.code: one for one in ResultClass.objects.filter(ends_on=None)}
    points = {
        suggestion.pk: handling.PointGiven(result=classes[chosen], text=stage.writer.answer(suggestion.pk, chosen))
        for suggestion in row.matter.suggestions.all()
    }
    fields = {
        "result": classes[chosen],
        "opening": f"您提出的“{row.matter.title}”收悉。现将办理情况答复如下。",
        "signer": "单位主要负责人",
        "no_contact_reason": ""
        if row.contacts.filter(round=row.round).exists()
        else "提案者出差在外，已约定答复后回访。",
    }
    letter = handling.draft_reply(row, fields, points, by=clerk, now=at)
    for point in handling.unpromised(letter):
        promise(stage, point, clerk, at)
    number(stage, row, clerk, at)
    return letter


PROMISES = (
    ("建成投用社区服务点，并向社会公布名单", "3个服务点开门服务，名单在局网站公布", 25),
    ("把有关项目列入年度投资计划并开工", "计划文件印发，项目取得施工许可", 260),
    ("修订办法并印发实施", "办法正式印发，文号可查", 16),
)
"""What is promised, by what it is checked, and within how many days: the first is kept, the last is missed."""


def promise(stage: Stage, point: ReplyPoint, clerk: Person, at: datetime) -> Commitment:
    text, measure, days = PROMISES[point.pk % len(PROMISES)]
    due = timezone.localdate(at) + timedelta(days=days)
    return handling.promise(point, text=text, measure=measure, due_on=due, by=clerk, now=at)


def keep(stage: Stage, row: Commitment, at: datetime) -> None:
    """What becomes of a promise: reported, found kept; or missed, and the matter handled again."""
    day, kind = timezone.localdate(at), [text for text, _, _ in PROMISES].index(row.text)
    if kind == 0:
        stage.plan(day + timedelta(days=12), lambda later: progress(stage, row, later))
        stage.plan(day + timedelta(days=20), lambda later: report_kept(stage, row, later))
    elif kind == 2:
        stage.plan(day + timedelta(days=24), lambda later: reopen(stage, row, later))


def running(row: Commitment) -> Commitment | None:
    rows = Commitment.objects.running().select_related("assignment__matter", "assignment__unit", "assignment__office")
    return rows.filter(pk=row.pk).first()


def progress(stage: Stage, row: Commitment, at: datetime) -> None:
    if now := running(row):
        clerk = stage.people.in_unit(now.assignment.unit)
        handling.report_progress(now, text="选址和招标已经完成，正在施工。", by=clerk, now=at)


def report_kept(stage: Stage, row: Commitment, at: datetime) -> None:
    now = running(row)
    if now is None:
        return
    clerk, officer = stage.people.in_unit(now.assignment.unit), stage.people.officer(now.assignment.office)
    reply = f"您好。我单位在答复中承诺的“{now.text}”已经落实，特此再次答复，感谢您的监督。"
    step = handling.report_kept(now, text=f"已落实：{now.measure}。", reply=reply, by=clerk, now=at)
    if row.pk % 4:
        day = timezone.localdate(at) + timedelta(days=2)
        stage.plan(day, lambda later: void(handling.agree(step, text="已现场核实。", by=officer, now=later)))


def reopen(stage: Stage, row: Commitment, at: datetime) -> None:
    now = running(row)
    if now is None or now.assignment.state != "settled":
        return
    officer = stage.people.officer(now.assignment.office)
    handling.reopen(now.assignment, reason="承诺到期没有落实。", promise=now, by=officer, now=at)


def number(stage: Stage, row: Assignment, clerk: Person, at: datetime) -> None:
    """The letter gets the next number of its unit, whose first letter sets the form of all."""
    if not handling.next_number(row, on=timezone.localdate(at)):
        handling.set_format(row.unit, "reply", stage.writer.doc_no(str(row.unit)), after=row.pk % 40, by=clerk, now=at)
    handling.give_number(row, by=clerk, now=at)


def print_letter(row: Assignment, clerk: Person, at: datetime) -> None:
    """The unit has its letter as a document, for signature and seal."""
    part = official.parts().get(pk=row.pk)
    found = [one for one in official.sources(part, eyes(clerk, part.matter)) if one.kind == PaperKind.REPLY]
    for source in found[:1]:
        handling.make_papers(part, source, [None], by=clerk, now=at)


def disclose(stage: Stage, letter: Reply, clerk: Person, at: datetime) -> None:
    """Most units propose to publish their reply, one in seven on request only; a week later the reviewer decides."""
    attribute = "on_request" if letter.pk % 7 == 3 else "active"
    reason = "涉及尚未公布的招商安排。" if attribute == "on_request" else ""
    handling.propose_disclosure(letter, attribute=attribute, reason=reason, by=clerk, now=at)
    day = timezone.localdate(at) + timedelta(days=7)
    stage.plan(day, lambda later: review_publication(stage, letter.assignment.matter_id, later), hour=9)


def review_publication(stage: Stage, matter: int, at: datetime) -> None:
    """Most are published, one in eight is not; one in four still waits. The second one is taken back later."""
    row = Publication.objects.filter(proposal__matter=matter, waiting_since__isnull=False).first()
    if row is None:
        return
    reviewer, proposal = stage.people.account(Role.DISCLOSURE_REVIEWER), row.proposal
    if row.pk % 4 == 3:  # some of those that wait have been looked at already
        if row.pk % 8 == 3:
            front.check_copy(proposal, by=reviewer, now=at)
        return
    if row.pk % 8 == 5:
        front.refuse_publication(proposal, reason="答复涉及尚在协商的事项，暂不公开。", by=reviewer, now=at)
        return
    front.publish(proposal, on=timezone.localdate(at), checked=True, by=reviewer, now=at)
    if row.pk % 16 == 2:
        day = timezone.localdate(at) + timedelta(days=2)
        stage.plan(day, lambda later: take_back(proposal, reviewer, later))


def take_back(proposal: Proposal, reviewer: Person, at: datetime) -> None:
    front.withdraw_publication(proposal, reason="附图中的住户门牌没有遮盖，改正后重新公布。", by=reviewer, now=at)


def evaluate(stage: Stage, assignment: Assignment, letter: Reply, at: datetime) -> None:
    """Most proposers answer; one in eight is dissatisfied, one in six says nothing."""
    row = EvaluationRound.objects.filter(assignment=assignment, round=letter.round, closed_at=None).first()
    if row is None:
        return
    appraise(stage, row, at)
    for participant in assignment.matter.participants.filter(role__in=["first", "cosigner"]).order_by("pk"):
        person = participant.person
        if person is None or participant.pk % 6 == 4 or person == stage.members[0]:
            continue
        grade = GRADES[(participant.pk + letter.pk) % len(GRADES)]
        text = stage.writer.reason(participant.pk, "dissatisfied") if grade == "dissatisfied" else ""
        handling.evaluate(
            row, participant, work="satisfied" if not text else "basic", result=grade, text=text, by=person, now=at
        )
        row.refresh_from_db()
    if row.closed_at is None and row.evaluations.filter(result="dissatisfied").exists() and row.pk % 2:
        day = timezone.localdate(at) + timedelta(days=3)
        stage.plan(day, lambda later: confirm(stage, row, assignment, later))


def appraise(stage: Stage, row: EvaluationRound, at: datetime) -> None:
    """Two units in three say what they think of the proposal, before anybody's evaluation is read."""
    if row.pk % 3:
        plain = row.pk % 7 == 1
        handling.appraise(
            row, topic="good", research="fair" if row.pk % 4 else "good", advice="plain" if plain else "good",
            text="建议涉及多个部门，可再细化到具体措施。" if plain else "",
            by=stage.people.in_unit(row.assignment.unit), now=at,
        )  # fmt: skip


def confirm(stage: Stage, row: EvaluationRound, assignment: Assignment, at: datetime) -> None:
    row.refresh_from_db()
    if row.closed_at is None and row.round == 1:
        handling.confirm_dissatisfaction(row, by=stage.director, now=at)
        day = timezone.localdate(at) + timedelta(days=18)
        stage.plan(day, lambda later: reply(stage, assignment, later))
