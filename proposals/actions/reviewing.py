"""The office reads, and decides: returned, filed, declined, turned into an opinion (审查立案)."""

from collections.abc import Collection, Iterable
from datetime import date, datetime
from typing import Any

from django.db import models, transaction

from members.choices import System
from members.errors import Refused, WrongStep
from members.models import Body, Person
from proposals.handling import clocks, numbering
from proposals.handling.actions import Paper, paper_facts
from proposals.handling.models import Priority, Reason
from proposals.handling.queries import policy
from proposals.models import Category, Claim, Proposal, Review, ReviewPass, Status
from proposals.queries import letters, series_of
from proposals.reports import actions as reports

from .base import (
    drop_clocks,
    end_clocks,
    expect,
    holder,
    lock,
    move,
    proposal_office,
    proposers,
    today,
    told,
)

UNDECIDED = (Status.SUBMITTED, Status.REVIEWING)


@transaction.atomic
def claim(proposal: Proposal, *, by: Person, now: datetime, take_over: bool = False) -> Claim:
    """Say that one is reading this proposal; colleagues see it. Claiming twice changes nothing.

    Raises WrongStep if a colleague has it, unless it is taken over on purpose.
    """
    proposal = lock(proposal)
    expect(proposal, *UNDECIDED)
    not_own(proposal, by)
    held = Claim.objects.filter(proposal=proposal).select_related("by").first()
    if held and held.by_id == by.pk:
        return held
    if held and not take_over:
        raise WrongStep(f"{held.by.name}正在审查这件提案。如需接手，请点“接手审查”。")
    row, _ = Claim.objects.update_or_create(proposal=proposal, defaults={"by": by, "at": now})
    if proposal.status == Status.SUBMITTED:
        move(proposal, Status.REVIEWING)
    proposal.matter.record("claimed", by=by, now=now, earlier=held.by.name if held else "")
    return row


@transaction.atomic
def release(proposal: Proposal, *, by: Person, now: datetime) -> None:
    """Put a claimed proposal back into the common pile."""
    proposal = lock(proposal)
    expect(proposal, Status.REVIEWING)
    held = Claim.objects.filter(proposal=proposal).first()
    if held is None or held.by_id != by.pk:
        raise WrongStep("这件提案现在不是您在审查。")
    held.delete()
    if not proposal.reviews.filter(submission=proposal.submissions).exists():
        move(proposal, Status.SUBMITTED)
    proposal.matter.record("released", by=by, now=now)


def passes() -> list[ReviewPass]:
    return list(ReviewPass.objects.filter(ended_on=None).order_by("order"))


def pass_now(proposal: Proposal) -> tuple[ReviewPass | None, bool]:
    """The pass that this submission stands in, None where no passes are kept, and whether it decides."""
    return after_passes(
        proposal.reviews.filter(submission=proposal.submissions).values_list("review_pass_id", flat=True)
    )


def after_passes(done: Iterable[int], kept: list[ReviewPass] | None = None) -> tuple[ReviewPass | None, bool]:
    """The same, from the ids of the passes that are done; `kept` are the passes, where they are at hand."""
    behind, kept = set(done), passes() if kept is None else kept
    stands = next((row for row in kept if row.pk not in behind or row == kept[-1]), None)
    return stands, stands is None or stands == kept[-1]


@transaction.atomic
def advise(
    proposal: Proposal,
    *,
    advice: str,
    text: str,
    by: Person,
    now: datetime,
    reason: Reason | None = None,
    category: Category | None = None,
    units: Collection[Body] = (),
    key_candidate: bool = False,
    paper: Paper | None = None,
) -> Review:
    """Write what this pass recommends; the proposal goes to the next one, sorted as it is advised.

    Filing needs a category, a merge the words into which one, everything else a coded ground.
    """
    use = GROUNDS.get(advice)
    if advice == Review.Advice.FILE and category is None:
        raise Refused("建议立案的，请选择类别。", field="category")
    if use and (reason is None or reason.use != use):
        raise Refused(f"请选择{Reason.Use(use).label}一类的理由。", field="reason")
    if reason and not use:
        raise Refused("建议立案或并案的，不选理由。", field="reason")
    if advice == Review.Advice.MERGE and not text.strip():
        raise Refused("建议并案的，请在审查意见中写明并入哪一件。", field="text")
    if key_candidate and advice != Review.Advice.FILE:
        raise Refused("只有建议立案的，才能列为重点提案候选。", field="key_candidate")
    proposal = lock(proposal)
    _reading(proposal, by)
    stands, final = pass_now(proposal)
    if final or stands is None:
        raise WrongStep("这是最后一次审查，请直接作出决定。")
    row = Review.objects.create(
        proposal=proposal,
        review_pass=stands,
        advice=advice,
        reason=reason,
        category=category,
        key_candidate=key_candidate,
        text=text.strip(),
        by=by,
        at=now,
        submission=proposal.submissions,
    )
    row.units.set(units)
    _sorted(proposal, category or proposal.category, units, key_candidate)
    Claim.objects.filter(proposal=proposal).delete()
    if proposal.status == Status.SUBMITTED:
        move(proposal, Status.REVIEWING)
    ground = f"，理由：{reason}" if reason else ""
    advised = f"{row.get_advice_display()}{ground}"
    proposal.matter.record("advised", by=by, now=now, name=stands.name, advice=advised, **paper_facts(paper))
    return row


GROUNDS: dict[str, str] = {
    Review.Advice.RETURN: Reason.Use.RETURN,
    Review.Advice.DECLINE: Reason.Use.DECLINE,
    Review.Advice.TURN: Reason.Use.DECLINE,
    Review.Advice.LEAD: Reason.Use.DECLINE,
    Review.Advice.HIGHER: Reason.Use.DECLINE,
}
"""From which list an advice takes its ground; filing and merging need none."""


def _sorted(proposal: Proposal, category: Category | None, units: Collection[Body], key_candidate: bool) -> None:
    proposal.category, proposal.key_candidate = category, key_candidate
    proposal.save(update_fields=["category", "key_candidate", "updated_at"])
    proposal.suggested_units.set(units)


def why_contested(proposal: Proposal, kept: list[ReviewPass]) -> str:
    """Why a proposal is not filed together with others: it needs a look of its own. Empty if nothing speaks against it.

    Asks nothing where the reviews are prefetched.
    """
    done = [row for row in proposal.reviews.all() if row.submission == proposal.submissions]
    stands, final = after_passes((row.review_pass_id for row in done), kept)
    if stands and not final:
        return f"还没有完成{stands.name}，请先填写审查建议。"
    if any(row.advice != Review.Advice.FILE for row in done):
        return "有审查建议不是立案，请逐件决定。"
    if len({row.category_id for row in done}) > 1:
        return "各轮审查建议的类别不一致，请逐件决定。"
    if proposal.category is None:
        return "还没有确定类别，请逐件决定。"
    return ""


@transaction.atomic
def file_uncontested(
    proposal: Proposal, *, by: Person, now: datetime, paper: Paper | None = None, sending: str = ""
) -> Proposal:
    """File as the passes advised it, or refuse what needs a look of its own.

    The proposers of what is filed in one `sending` get one message each (P3).
    """
    proposal = lock(proposal)
    _reading(proposal, by)
    if why := why_contested(proposal, passes()):
        raise Refused(why)
    assert proposal.category is not None  # asked just now
    return file(
        proposal,
        category=proposal.category,
        units=list(proposal.suggested_units.order_by("pk")),
        key_candidate=proposal.key_candidate,
        by=by,
        now=now,
        paper=paper,
        sending=sending,
    )


def _reading(proposal: Proposal, by: Person) -> None:
    """Whoever decides has claimed the proposal; nobody decides under a colleague's hands."""
    expect(proposal, *UNDECIDED)
    not_own(proposal, by)
    held_by_nobody_else(proposal, by)


def held_by_nobody_else(proposal: Proposal, by: Person) -> None:
    held = Claim.objects.filter(proposal=proposal).select_related("by").first()
    if held and held.by_id != by.pk:
        raise WrongStep(f"{held.by.name}正在审查这件提案，请先接手再决定。")


def not_own(proposal: Proposal, by: Person) -> None:
    """Somebody of the office who is a member too leaves the own proposal to colleagues (P13)."""
    if proposal.matter.participants.filter(person=by, left_at=None).exists():
        raise Refused("您是本件的提案者，不能审查自己的提案。请由其他同事审查。")


def _not_followed(proposal: Proposal) -> None:
    """Nobody is left behind by a main proposal that goes no further."""
    if proposal.matter.followers.exists():
        raise Refused("有提案并入本案，请先取消并案。")


def _deciding(proposal: Proposal, by: Person, now: datetime) -> Proposal:
    """The proposal, locked and in its last pass; an unclaimed one is claimed by deciding."""
    proposal = lock(proposal)
    _reading(proposal, by)
    stands, final = pass_now(proposal)
    if stands and not final:
        raise WrongStep(f"还没有完成{stands.name}，不能作出决定。")
    if proposal.status == Status.SUBMITTED:
        proposal.become(Status.REVIEWING)
    return proposal


def _decided(proposal: Proposal, *, by: Person, now: datetime, reason: Reason | None = None, text: str = "") -> None:
    proposal.decided_reason, proposal.decided_text, proposal.key_candidate = reason, text.strip(), False
    proposal.save(update_fields=["decided_reason", "decided_text", "key_candidate", "updated_at"])
    Claim.objects.filter(proposal=proposal).delete()
    end_clocks(proposal.matter, "review", by=by, now=now)


@transaction.atomic
def send_back(
    proposal: Proposal, *, reason: Reason, text: str, by: Person, now: datetime, paper: Paper | None = None
) -> Proposal:
    """Return the proposal for changes (退回修改); the proposer's own clock starts."""
    proposal = _deciding(proposal, by, now)
    if not text.strip():
        raise Refused("请写明需要修改什么，提案者会看到这段话。", field="text")
    _decided(proposal, by=by, now=now, reason=reason, text=text)
    move(proposal, Status.RETURNED)
    clocks.start(
        proposal.matter,
        "revision",
        round=proposal.submissions,
        anchor_on=today(now),
        by=by,
        now=now,
        **holder(proposal.matter),
    )
    event = proposal.matter.record(
        "returned", by=by, now=now, reason=str(reason), text=text.strip(), **paper_facts(paper)
    )
    told(proposal, proposers(proposal.matter, on=today(now)), event, "returned", now=now)
    return proposal


@transaction.atomic
def file(
    proposal: Proposal,
    *,
    category: Category,
    by: Person,
    now: datetime,
    priority: Priority | None = None,
    unit_title: str = "",
    text: str = "",
    units: Collection[Body] = (),
    key_candidate: bool = False,
    paper: Paper | None = None,
    sending: str = "",
) -> Proposal:
    """File the proposal (立案). It gets its number at once, or waits for the numbering run (P4).

    `units` are what the allocation begins with, `key_candidate` puts it up for the key proposals; only the offices know.
    """
    proposal = _deciding(proposal, by, now)
    _decided(proposal, by=by, now=now, text=text)
    _sorted(proposal, category, units, key_candidate)
    proposal.filed_at = now
    proposal.save(update_fields=["filed_at", "updated_at"])
    matter = proposal.matter
    matter.priority = priority or matter.priority
    matter.unit_title = unit_title.strip() or matter.title
    matter.office = matter.office or leading_office(proposal, now=now)
    at_once = matter.number is not None or not waits_for_run(proposal, now=now)
    move(
        proposal,
        Status.FILED if at_once else Status.TO_NUMBER,
        priority=matter.priority,
        unit_title=matter.unit_title,
        office=matter.office,
    )
    if at_once:
        start_assignment_clock(proposal, by=by, now=now)
        if matter.number is None:
            give_number(proposal, now=now)
    else:
        start_numbering_clock(proposal, by=by, now=now)
    event = matter.record(
        "filed", by=by, now=now, number=matter.number or "", category=str(category), **paper_facts(paper)
    )
    told(proposal, proposers(matter, on=today(now)), event, "filed", now=now, sending=sending)
    return proposal


def waits_for_run(proposal: Proposal, *, now: datetime) -> bool:
    """Whether the number comes with the session's numbering run; off-session proposals follow it one by one."""
    if policy("number_at", on=today(now), default="filing") != "run":
        return False
    waiting = Proposal.objects.filter(status=Status.TO_NUMBER, matter__session=proposal.matter.session)
    return not proposal.off_session or waiting.exists()


def give_number(proposal: Proposal, *, now: datetime) -> None:
    """The last statement of filing: the series stays locked from here to the commit."""
    matter = proposal.matter
    if matter.session is None:
        raise Refused("这件提案没有届次，不能编号。")
    letter = letters(on=today(now))[proposal.form]
    matter.number = letter + numbering.written(numbering.take(matter.session, series_of(letter)))
    matter.save(update_fields=["number"])


def start_numbering_clock(proposal: Proposal, *, by: Person, now: datetime) -> None:
    session = proposal.matter.session
    closes = session.closes_on if session and session.closes_on else today(now)
    clocks.start(
        proposal.matter,
        "numbering",
        body=proposal_office(on=today(now)),
        anchor_on=max(closes, today(now)),
        by=by,
        now=now,
    )


def start_assignment_clock(proposal: Proposal, *, by: Person, now: datetime) -> None:
    """From filing: 30 days after the session closes, five working days off-session."""
    session = proposal.matter.session
    closes = session.closes_on if session and session.closes_on else today(now)
    anchor = today(now) if proposal.off_session else max(closes, today(now))
    clocks.start(
        proposal.matter,
        "assignment_offsession" if proposal.off_session else "assignment",
        stage="assignment",
        body=proposal.matter.office or proposal_office(on=today(now)),
        anchor_on=anchor,
        by=by,
        now=now,
    )


def units_to_begin_with(proposal: Proposal) -> list[Body]:
    """The units that review suggests, or those that the proposer wished where it names none."""
    return list(proposal.suggested_units.order_by("pk")) or list(proposal.wished_units.order_by("pk"))


def leading_office(proposal: Proposal, *, now: datetime) -> Body:
    """The office that the suggested or wished units belong to, until the allocation says otherwise (P9)."""
    for unit in units_to_begin_with(proposal):
        if office := Body.objects.assigning_office_for(unit):
            return office
    offices = Body.objects.assigning_offices().filter(system=System.GOVERNMENT).order_by("pk")
    return offices.first() or proposal_office(on=today(now))


@transaction.atomic
def decline(
    proposal: Proposal, *, ground: Reason, text: str, by: Person, now: datetime, paper: Paper | None = None
) -> Proposal:
    """Do not file the proposal (不予立案), on a coded ground that the proposer is told in words."""
    proposal = _deciding(proposal, by, now)
    _not_followed(proposal)
    if not text.strip():
        raise Refused("请写明不予立案的理由，提案者会看到这段话。", field="text")
    _decided(proposal, by=by, now=now, reason=ground, text=text)
    move(proposal, Status.DECLINED, closed_at=now)
    event = proposal.matter.record(
        "declined", by=by, now=now, ground=str(ground), text=text.strip(), **paper_facts(paper)
    )
    told(proposal, proposers(proposal.matter, on=today(now)), event, "declined", now=now)
    return proposal


class Way(models.TextChoices):
    """Where a proposal that is not filed may go with its proposer's consent."""

    OPINION = "opinion", "转意见建议（有答复）"
    LEAD = "lead", "转社情民意线索"
    HIGHER = "higher", "转上级政协"


WAYS = {Way.OPINION: Status.TURNED, Way.LEAD: Status.REPORTED, Way.HIGHER: Status.PASSED_UP}


@transaction.atomic
def turn(
    proposal: Proposal,
    *,
    consent: str,
    text: str,
    by: Person,
    now: datetime,
    way: str = Way.OPINION,
    to: str = "",
    on: date | None = None,
    paper: Paper | None = None,
) -> Proposal:
    """Turn the proposal into an opinion with an answer of its own, a report lead, or one for a higher CPPCC.

    The proposer's consent is needed for all three (转意见建议、转社情民意、转上级政协); `to` and `on` say to which higher
    CPPCC it went, and when.
    """
    if not consent.strip():
        raise Refused("请写明提案者何时、以何种方式同意转办。", field="consent")
    if proposal.status == Status.DECLINED:
        proposal = lock(proposal)
        expect(proposal, Status.DECLINED)
    else:
        proposal = _deciding(proposal, by, now)
        _not_followed(proposal)
        _decided(proposal, by=by, now=now, text=text)
    status = WAYS[Way(way)]
    drop_clocks(proposal.matter, "review", by=by, now=now, reason=status.label)
    move(proposal, status, closed_at=now)
    facts: dict[str, Any] = {"consent": consent.strip()}
    if status == Status.TURNED:
        office = proposal_office(on=today(now))
        opinion = reports.receive(
            proposal.matter,
            named=proposal.reference,
            text=_body(proposal),
            office=office,
            consent=consent.strip(),
            by=by,
            now=now,
        )
        facts["opinion"] = opinion.matter.number
    else:
        went = reports.refer(
            proposal.matter, way, text=_body(proposal), consent=consent.strip(), to=to, on=on, by=by, now=now
        )
        facts |= {"to": went.to, "on": went.on}
    event = proposal.matter.record(status.value, by=by, now=now, **facts, **paper_facts(paper))
    told(proposal, proposers(proposal.matter, on=today(now)), event, status.value, now=now)
    if status == Status.REPORTED:
        reports.tell_of_lead(event, "lead_came", now=now, referral=str(went.public_id))
    return proposal


def _body(proposal: Proposal) -> str:
    text = proposal.text()
    suggestions = [f"{number}. {words}" for number, words in enumerate(text.suggestions, start=1)]
    return "\n".join(part for part in (text.situation, text.analysis, *suggestions) if part)
